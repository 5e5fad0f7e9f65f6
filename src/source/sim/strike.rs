//! What faults do to a simulated GPU: when they begin, while they hold, and when they end.
//!
//! Apart from the dynamics, which see only what is left here: flags, counters and degrees. An XID brings what it means
//! (facts on health, 2): counted errors, a remap, silence. Knows neither hosts nor events.

use super::fault::Kind;
use super::gpu::Gpu;
use crate::event::{Time, Xid};

/// XIDs of the faults (NVIDIA's XID catalogue).
const XID_DBE: i64 = 48;
const XID_REMAP: i64 = 63;
const XID_REMAP_FAILED: i64 = 64;
const XID_NVLINK: i64 = 74;
const XID_LOST: i64 = 79;
const XID_CONTAINED: i64 = 94;
const XID_UNCONTAINED: i64 = 95;
const XID_GSP: i64 = 119;
/// What an XID 74 leaves in the NVLink counters (J).
const NVLINK_BURST: [f64; 3] = [400.0, 20.0, 1.0];
/// NVLink replays and recoveries for each CRC error (J).
const NVLINK_SHARES: [f64; 3] = [1.0, 0.1, 0.01];
/// Corrected errors a second in a storm, at least and on top (J).
const STORM: (f64, f64) = (2000.0, 3000.0);
/// PCIe replays a second on a link that trained down (J): ten times what is expected of one that is well.
const REPLAYS: f64 = 3.0;
/// Paste dries no further than this, °C at full load (J).
const DRIEST_C: f64 = 45.0;
const HOUR_S: f64 = 3600.0;

impl Gpu {
    /// Whether a fault of this kind holds.
    pub(super) fn is(&self, kind: Kind) -> bool {
        self.faults.iter().any(|fault| fault.on == Some(true) && fault.kind == kind)
    }

    /// Begins and ends faults; `start` is the instant of the first tick by the host's clock.
    pub(super) fn script(&mut self, start: Time, elapsed: i64, xids: &mut Vec<Xid>) {
        if self.faults.is_empty() {
            return;
        }
        let mut changed = Vec::new();
        for fault in &mut self.faults {
            if let Some(began) = fault.step(elapsed) {
                changed.push((fault.kind, began, start.plus(fault.from_ms)));
            }
        }
        for (kind, began, at) in changed {
            let code = if began { self.begin(kind) } else { self.end(kind) };
            xids.extend(code.map(|code| Xid { code, at }));
        }
    }

    /// What happens when a fault begins; an XID where the driver reports one.
    fn begin(&mut self, kind: Kind) -> Option<i64> {
        match kind {
            Kind::EccDbe => {
                self.uncorrectable();
                self.life.remaps_dbe += 1.0;
                self.life.pending = 1.0;
                return Some(XID_DBE);
            }
            Kind::RowRemapPending => {
                self.life.remaps_sbe += 1.0;
                self.life.pending = 1.0;
            }
            Kind::RowRemapFailed => {
                self.life.failed = 1.0;
                return Some(XID_REMAP_FAILED);
            }
            Kind::CounterReset => self.reset(),
            Kind::Xid(code) => {
                self.follow(code);
                return Some(code);
            }
            Kind::GpuLost => {
                self.lost = true;
                return Some(XID_LOST);
            }
            Kind::GpuSwap => self.swapped = true,
            _ => {}
        }
        None
    }

    /// What an XID means for the counters and for the GPU.
    fn follow(&mut self, code: i64) {
        match code {
            XID_DBE | XID_CONTAINED | XID_UNCONTAINED => self.uncorrectable(),
            XID_REMAP => {
                self.life.remaps_dbe += 1.0;
                self.life.pending = 1.0;
            }
            XID_REMAP_FAILED => self.life.failed = 1.0,
            XID_NVLINK => self.links(NVLINK_BURST),
            // Off the bus; or its system processor answers no more calls, and the driver gives up on it.
            XID_LOST | XID_GSP => self.lost = true,
            _ => {}
        }
    }

    /// What happens when a fault ends.
    fn end(&mut self, kind: Kind) -> Option<i64> {
        match kind {
            Kind::RowRemapPending => self.life.pending = 0.0,
            Kind::RowRemapFailed => self.life.failed = 0.0,
            // Nothing but a reset brings a lost GPU back.
            Kind::GpuLost => self.reset(),
            _ => {}
        }
        None
    }

    /// A reset: counters since driver load at 0, a waiting remap done, and an answer from a GPU that gave none.
    pub(super) fn reset(&mut self) {
        self.since = super::counters::Since::default();
        self.life.pending = 0.0;
        self.lost = false;
    }

    fn uncorrectable(&mut self) {
        self.since.dbe += 1.0;
        self.life.dbe += 1.0;
    }

    fn links(&mut self, errors: [f64; 3]) {
        for (count, more) in self.since.links.iter_mut().zip(errors) {
            *count += more.round();
        }
    }

    /// What the faults that hold do in `seconds`.
    pub(super) fn suffer(&mut self, seconds: f64) {
        for at in 0..self.faults.len() {
            let Some(kind) = self.faults.get(at).filter(|fault| fault.on == Some(true)).map(|fault| fault.kind) else {
                continue;
            };
            match kind {
                Kind::SbeStorm => {
                    let errors = ((STORM.0 + STORM.1 * self.random.uniform()) * seconds).round();
                    self.since.sbe += errors;
                    self.life.sbe += errors;
                }
                Kind::PasteDrift(rate) => {
                    self.drift_c = (self.drift_c + number(rate) / 1000.0 * seconds / HOUR_S).min(DRIEST_C);
                }
                Kind::NvlinkErrors(rate) => {
                    let errors = number(rate) * seconds * (0.5 + self.random.uniform());
                    self.links(NVLINK_SHARES.map(|share| share * errors));
                }
                Kind::PcieDowntrain => {
                    self.since.replays += (REPLAYS * seconds * (0.5 + self.random.uniform())).round();
                }
                _ => {}
            }
        }
    }
}

/// A rate of the script; none is above a u16's, in thousandths.
fn number(rate: i64) -> f64 {
    i32::try_from(rate).map_or(0.0, f64::from)
}
