//! What a simulated board counts: since the driver was loaded, and over its life.
//!
//! Apart, because a reset empties the former and keeps the latter, and only a new board starts both. Knows no faults.

use super::random::Random;

/// Counters since driver load, all whole.
#[derive(Debug, Clone, Default)]
pub(super) struct Since {
    /// Energy, mJ.
    pub(super) energy_mj: f64,
    /// Time under the power cap, ns.
    pub(super) power_ns: f64,
    /// Time under thermal slowdown, ns.
    pub(super) thermal_ns: f64,
    /// Corrected memory errors.
    pub(super) sbe: f64,
    /// Uncorrectable memory errors.
    pub(super) dbe: f64,
    /// PCIe replays.
    pub(super) replays: f64,
    /// NVLink errors: CRC, replay, recovery.
    pub(super) links: [f64; 3],
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

impl Since {
    /// Some way after the driver was loaded.
    pub(super) fn some_time(random: &mut Random) -> Since {
        Since {
            energy_mj: f64::from(random.number()) * 60.0,
            // 58 to 120 on eight healthy H100 (S).
            replays: 58.0 + (62.0 * random.uniform()).round(),
            ..Since::default()
        }
    }
}

impl Life {
    /// Some way into a healthy board's life: a corrected error or four on a quarter of them (J).
    pub(super) fn some_way(random: &mut Random) -> Life {
        Life { sbe: (20.0 * random.uniform() - 15.0).max(0.0).round(), ..Life::default() }
    }
}
