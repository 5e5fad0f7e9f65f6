//! One simulated GPU: power from the work, temperature from the power, counters, and what faults do to all of them.
//!
//! `T = a + fast·P + slow·lowpass(P) + preheat·P(upstream) + the host's noise + its own` (facts/telemetry.md, section 6;
//! left out: leakage). Power is settled for all GPUs of a host before any
//! temperature, because of the upstream term. Knows no events: `fill` turns its numbers into values.

use super::board::Board;
use super::fault::{Kind, Scripted};
use super::random::{Random, along, decay};
use super::work::Half;
use crate::event::{Time, Xid};

/// XIDs of the faults: uncorrectable memory error, row remap failed, fallen off the bus (NVIDIA's XID catalogue).
const XID_DBE: i64 = 48;
const XID_REMAP_FAILED: i64 = 64;
const XID_LOST: i64 = 79;
/// Share of the limit from which the software power cap shows (D: every sample from 650 of 700 W).
pub(super) const CAP_FROM: f64 = 0.93;
/// Power never goes further above the limit than this (D: 1 %).
const OVERSHOOT: f64 = 1.01;
/// Spread of power between the GPUs of a job (A, C: 3–5 %).
const SPREAD: f64 = 0.03;
/// Power and clock that a hardware slowdown leaves (J).
const SLOWED: f64 = 0.5;
/// °C over the slowdown temperature in a thermal fault (J).
const OVERHEAT_C: f64 = 2.0;
/// Above this temperature the fans speed up, and leave this share of what is beyond it (J): no recorded board is hotter
/// than 80 °C, and without fans the hottest of a large fleet would reach its slowdown.
const FANS_FROM_C: f64 = 72.0;
const FANS_LEAVE: f64 = 0.4;
/// Own temperature noise when idle, °C.
const OWN_IDLE_C: f64 = 0.1;
/// Deviation of idle power from one reading to the next, W.
const IDLE_NOISE_W: f64 = 0.05;
/// Corrected errors a second in a storm, at least and on top (J).
const STORM: (f64, f64) = (2000.0, 3000.0);
/// Seconds over which the noise figures of a board say what is left.
pub(super) const NOISE_S: f64 = 10.0;
const NS: f64 = 1e9;

/// Counters since driver load, all whole.
#[derive(Debug, Clone, Default)]
pub(super) struct Since {
    /// Energy, mJ.
    pub(super) energy_mj: f64,
    /// Time under the power cap, ns.
    pub(super) power_ns: f64,
    /// Time under thermal slowdown, ns.
    pub(super) thermal_ns: f64,
    /// Corrected and uncorrectable memory errors.
    pub(super) sbe: f64,
    /// Uncorrectable memory errors.
    pub(super) dbe: f64,
    /// PCIe replays.
    pub(super) replays: f64,
}

/// What the board remembers over its life, all whole.
#[derive(Debug, Clone, Default)]
pub(super) struct Life {
    /// Corrected memory errors.
    pub(super) sbe: f64,
    /// Uncorrectable memory errors.
    pub(super) dbe: f64,
    /// Rows remapped for corrected errors.
    pub(super) remaps_sbe: f64,
    /// Rows remapped for uncorrectable errors.
    pub(super) remaps_dbe: f64,
    /// 1 where a remap waits for a reset.
    pub(super) pending: f64,
    /// 1 where a remap failed.
    pub(super) failed: f64,
}

/// A GPU's state.
#[derive(Debug)]
pub(super) struct Gpu {
    random: Random,
    board: &'static Board,
    idle_w: f64,
    context_w: f64,
    bias: f64,
    ambient_c: f64,
    own_c: f64,
    lagged_w: Option<f64>,
    /// True power, W.
    pub(super) power_w: f64,
    /// Power as the sensor says, W.
    pub(super) shown_w: f64,
    /// True temperature, °C.
    pub(super) temp_c: f64,
    /// The job's power as a share of the limit; 0 idle.
    pub(super) share: f64,
    /// Share of the frame buffer in use by a job; 0 idle.
    pub(super) memory: f64,
    /// Whether a context is open.
    pub(super) context: bool,
    /// Counters since driver load.
    pub(super) since: Since,
    /// Counters and flags of the board's life.
    pub(super) life: Life,
    /// Its script.
    pub(super) faults: Vec<Scripted>,
}

impl Gpu {
    /// A healthy GPU in its slot, some way into its life.
    pub(super) fn new(mut random: Random, board: &'static Board) -> Gpu {
        let of = |random: &mut Random, (mean, sd): (f64, f64)| mean + sd * random.normal();
        let since = Since {
            energy_mj: f64::from(random.number()) * 60.0,
            // 58 to 120 on eight healthy H100 (S).
            replays: 58.0 + (62.0 * random.uniform()).round(),
            ..Since::default()
        };
        let life = Life { sbe: (20.0 * random.uniform() - 15.0).max(0.0).round(), ..Life::default() };
        Gpu {
            idle_w: of(&mut random, board.idle_w),
            context_w: of(&mut random, board.context_w),
            bias: SPREAD * random.normal(),
            ambient_c: of(&mut random, board.ambient_c),
            own_c: OWN_IDLE_C * random.normal(),
            random,
            board,
            lagged_w: None,
            power_w: board.idle_w.0,
            shown_w: board.idle_w.0,
            temp_c: board.ambient_c.0,
            share: 0.0,
            memory: 0.0,
            context: false,
            since,
            life,
            faults: Vec::new(),
        }
    }

    /// Whether a fault of this kind holds.
    pub(super) fn is(&self, kind: Kind) -> bool {
        self.faults.iter().any(|fault| fault.on == Some(true) && fault.kind == kind)
    }

    /// Whether the hardware slows the clocks.
    pub(super) fn slowed(&self) -> bool {
        self.is(Kind::HwThermal) || self.is(Kind::PowerBrake)
    }

    /// Begins and ends faults; `start` is the instant of the first tick by the host's clock.
    pub(super) fn script(&mut self, start: Time, elapsed: i64, xids: &mut Vec<Xid>) {
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
                self.since.dbe += 1.0;
                self.life.dbe += 1.0;
                self.life.remaps_dbe += 1.0;
                self.life.pending = 1.0;
                Some(XID_DBE)
            }
            Kind::RowRemapPending => {
                self.life.remaps_sbe += 1.0;
                self.life.pending = 1.0;
                None
            }
            Kind::RowRemapFailed => {
                self.life.failed = 1.0;
                Some(XID_REMAP_FAILED)
            }
            Kind::CounterReset => {
                self.reset();
                None
            }
            Kind::Xid(code) => Some(code),
            Kind::GpuLost => Some(XID_LOST),
            Kind::HwThermal | Kind::PowerBrake | Kind::SbeStorm | Kind::HostLost | Kind::Frozen | Kind::ClockSkew => {
                None
            }
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

    fn reset(&mut self) {
        self.since = Since::default();
        self.life.pending = 0.0;
    }

    /// Settles this step's power.
    pub(super) fn draw_power(&mut self, half: &Half) {
        let (idle, noise) = (self.random.normal(), self.random.normal());
        self.context = half.job.is_some() || half.context;
        let level = if self.context { self.context_w } else { self.idle_w };
        (self.share, self.memory) = half.job.map_or((0.0, 0.0), |job| (job.share * (1.0 - half.dip), job.memory));
        let limit = self.board.limit_w;
        let jitter = IDLE_NOISE_W * idle;
        let mut power = level + jitter;
        if let Some(job) = half.job {
            let shared = job.in_step.sqrt() * half.noise + (1.0 - job.in_step).sqrt() * noise;
            let asked = limit * self.share * (1.0 + self.bias) * (1.0 + self.board.noise.0 * shared);
            // At the cap only a watt of noise is left (G).
            power = asked.clamp(level, limit - 2.0 + idle.abs());
        }
        if self.slowed() {
            power = (power * SLOWED).max(self.idle_w + jitter);
        }
        self.power_w = power;
        let reading = if half.job.is_some() { self.board.noise.1 * self.random.normal() } else { 0.0 };
        self.shown_w = (power + reading).clamp(0.9 * self.idle_w, limit * OVERSHOOT);
    }

    /// Settles this step's temperature; `upstream_w` is the neighbour's power where this slot stands behind one, `host_c`
    /// the host's noise.
    pub(super) fn draw_temperature(&mut self, seconds: f64, upstream_w: f64, host_c: f64) {
        let board = self.board;
        let before = self.lagged_w.unwrap_or(self.power_w);
        let tau = if self.power_w > before { board.tau_s.0 } else { board.tau_s.1 };
        let lagged = self.power_w + (before - self.power_w) * decay(seconds, tau);
        self.lagged_w = Some(lagged);
        let (sd, left) = board.own;
        let left = along(&[(0.0, 1.0), (NOISE_S, left), (10.0 * NOISE_S, 0.0)], seconds);
        let sd = if self.share > 0.0 { sd } else { sd.min(OWN_IDLE_C) };
        self.own_c = left * self.own_c + sd * (1.0 - left * left).sqrt() * self.random.normal();
        let calm = self.ambient_c + board.fast * self.power_w + board.slow * lagged + board.preheat * upstream_w;
        let over = (calm + host_c - FANS_FROM_C).max(0.0);
        self.temp_c = calm + host_c - over * (1.0 - FANS_LEAVE) + self.own_c;
        if self.is(Kind::HwThermal) {
            let [slowdown, ..] = board.limits_c;
            self.temp_c = self.temp_c.max(slowdown + OVERHEAT_C + self.own_c.clamp(-1.0, 1.0));
        }
    }

    /// Moves the counters on.
    pub(super) fn count(&mut self, seconds: f64) {
        self.since.energy_mj += (self.power_w * seconds * 1000.0).round();
        if self.capped() {
            self.since.power_ns += (seconds * NS).round();
        }
        if self.is(Kind::HwThermal) {
            self.since.thermal_ns += (seconds * NS).round();
        }
        if self.is(Kind::SbeStorm) {
            let errors = ((STORM.0 + STORM.1 * self.random.uniform()) * seconds).round();
            self.since.sbe += errors;
            self.life.sbe += errors;
        }
    }

    /// Whether the software power cap holds the clocks down.
    pub(super) fn capped(&self) -> bool {
        self.share > 0.0 && !self.slowed() && self.power_w >= CAP_FROM * self.board.limit_w
    }
}
