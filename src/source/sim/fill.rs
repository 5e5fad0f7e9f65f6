//! The values a simulated GPU reports: one line a metric, by the names of the metric table.
//!
//! What boards from Ampere on do not have (retired pages, fans on SXM) is not in the list, and stays absent. Rounding
//! comes last: whole degrees, three decimals. Knows nothing of time.

use std::sync::LazyLock;

use super::board::Board;
use super::fault::Kind;
use super::gpu::{CAP_FROM, Gpu};
use super::random::along;
use crate::event::Values;
use crate::metric;

type Fill = fn(&Gpu, &Board) -> Option<f64>;

/// Bits of `throttle_reasons` (`metric::REASONS` names them).
const IDLE: u8 = 1;
const SW_POWER_CAP: u8 = 1 << 2;
const HW_SLOWDOWN: u8 = 1 << 3;
const HW_THERMAL: u8 = 1 << 6;
const HW_POWER_BRAKE: u8 = 1 << 7;

/// Utilisation, `sm_active` and `dram_active`, %, by power as a share of the limit (D: i4, t2, t3).
const UTIL: [(f64, f64); 4] = [(0.1, 14.0), (0.30, 69.0), (0.78, 85.0), (0.98, 100.0)];
const SM: [(f64, f64); 4] = [(0.1, 9.0), (0.30, 24.0), (0.78, 64.0), (0.98, 88.0)];
const DRAM: [(f64, f64); 4] = [(0.1, 4.0), (0.30, 15.0), (0.78, 32.0), (0.98, 37.0)];
/// Tensor pipes and occupancy for each % of `sm_active`, PCIe traffic at full utilisation, MB/s (J).
const TENSOR: f64 = 0.55;
const OCCUPANCY: f64 = 0.4;
const PCIE_MB: (f64, f64) = (1450.0, 3900.0);
/// Memory the driver keeps for itself, MiB (J).
const RESERVED_MIB: f64 = 600.0;
/// Clocks move in steps of this many MHz.
const CLOCK_STEP_MHZ: f64 = 15.0;
/// What of the highest clock a hardware slowdown leaves (J).
const SLOWED_CLOCK: f64 = 0.4;
/// PCIe lanes of every board.
const LANES: f64 = 16.0;

#[rustfmt::skip]
static LINES: [(&str, Fill); 55] = [
    ("gpu_temp_c", |gpu, _| Some(gpu.temp_c.round())),
    ("memory_temp_c", |gpu, board| Some(along(board.memory_c, gpu.temp_c).round())),
    ("power_usage_w", |gpu, _| Some(gpu.shown_w)),
    ("throttle_reasons", |gpu, _| Some(f64::from(throttle(gpu)))),
    ("power_instant_w", |gpu, _| Some(gpu.power_w)),
    ("power_limit_w", |_, board| Some(board.limit_w)),
    ("power_limit_default_w", |_, board| Some(board.limit_w)),
    ("power_limit_max_w", |_, board| Some(board.limit_w)),
    ("slowdown_temp_c", |_, board| board.limits_c.first().copied()),
    ("shutdown_temp_c", |_, board| board.limits_c.get(1).copied()),
    ("max_operating_temp_c", |_, board| board.limits_c.get(2).copied()),
    ("memory_max_operating_temp_c", |_, board| board.limits_c.get(3).copied()),
    ("temp_margin_c", |gpu, board| Some(board.limits_c.get(2)? - gpu.temp_c.round()).filter(|_| board.margin)),
    ("pstate", |_, _| Some(0.0)),
    ("energy_mj", |gpu, _| Some(gpu.since.energy_mj)),
    ("power_violation_ns", |gpu, _| Some(gpu.since.power_ns)),
    ("thermal_violation_ns", |gpu, _| Some(gpu.since.thermal_ns)),
    ("recovery_action", |_, _| Some(0.0)),
    ("fb_used_mib", |gpu, board| Some(used(gpu, board))),
    ("fb_free_mib", |gpu, board| Some((board.fb_mib.0 - RESERVED_MIB - used(gpu, board)).max(0.0))),
    ("fb_total_mib", |_, board| Some(board.fb_mib.0)),
    ("utilization_pct", |gpu, board| Some(100.0 * used(gpu, board) / board.fb_mib.0)),
    ("ecc_sbe_volatile", |gpu, _| Some(gpu.since.sbe)),
    ("ecc_dbe_volatile", |gpu, _| Some(gpu.since.dbe)),
    ("ecc_sbe_aggregate", |gpu, _| Some(gpu.life.sbe)),
    ("ecc_dbe_aggregate", |gpu, _| Some(gpu.life.dbe)),
    ("remapped_rows_uncorrectable", |gpu, _| Some(gpu.life.remaps_dbe)),
    ("remapped_rows_correctable", |gpu, _| Some(gpu.life.remaps_sbe)),
    ("row_remap_failure", |gpu, _| Some(gpu.life.failed)),
    ("row_remap_pending", |gpu, _| Some(gpu.life.pending)),
    ("bank_remap_max", |gpu, board| Some(board.banks - spent(gpu))),
    ("bank_remap_high", |gpu, _| Some(spent(gpu))),
    ("bank_remap_partial", |_, _| Some(0.0)),
    ("bank_remap_low", |_, _| Some(0.0)),
    ("bank_remap_none", |gpu, _| Some(gpu.life.failed)),
    ("sram_threshold_exceeded", |_, _| Some(0.0)),
    ("sm_active_pct", |gpu, board| Some(activity(gpu, board, &SM))),
    ("sm_occupancy_pct", |gpu, board| Some(OCCUPANCY * activity(gpu, board, &SM))),
    ("tensor_active_pct", |gpu, board| Some(TENSOR * activity(gpu, board, &SM))),
    ("dram_active_pct", |gpu, board| Some(activity(gpu, board, &DRAM))),
    ("pcie_tx_mb_per_sec", |gpu, board| Some(PCIE_MB.0 * activity(gpu, board, &UTIL) / 100.0)),
    ("pcie_rx_mb_per_sec", |gpu, board| Some(PCIE_MB.1 * activity(gpu, board, &UTIL) / 100.0)),
    ("gr_engine_active_pct", |gpu, board| Some(activity(gpu, board, &UTIL))),
    ("gpu_util_pct", |gpu, board| Some(activity(gpu, board, &UTIL).round())),
    ("mem_copy_util_pct", |gpu, board| Some(activity(gpu, board, &DRAM).round())),
    ("sm_clock_mhz", |gpu, board| Some(clock(gpu, board))),
    ("mem_clock_mhz", |_, board| Some(board.mem_mhz)),
    ("sm_clock_max_mhz", |_, board| Some(board.sm_mhz.1)),
    ("mem_clock_max_mhz", |_, board| Some(board.mem_mhz)),
    ("pcie_replays", |gpu, _| Some(gpu.since.replays)),
    ("pcie_link_gen", |_, board| Some(board.pcie)),
    ("pcie_link_width", |_, _| Some(LANES)),
    ("pcie_link_gen_max", |_, board| Some(board.pcie)),
    ("pcie_link_width_max", |_, _| Some(LANES)),
    ("nvlink_crc_errors", |_, _| Some(0.0)),
];
/// NVLink counters besides the first: nothing counts them yet.
const NOUGHTS: [&str; 2] = ["nvlink_replay_errors", "nvlink_recovery_errors"];

/// The lines by metric index; a name that is not in the metric table is left out, and a test says so.
static FILLS: LazyLock<Vec<(usize, Fill)>> = LazyLock::new(|| {
    let nought: Fill = |_, _| Some(0.0);
    let noughts = NOUGHTS.iter().map(|name| (*name, nought));
    LINES.iter().copied().chain(noughts).filter_map(|(name, fill)| Some((metric::index(name)?, fill))).collect()
});

/// The values the GPU reports now.
pub(super) fn values(gpu: &Gpu, board: &Board) -> Values {
    let mut values = Values::default();
    for (at, fill) in FILLS.iter() {
        if let Some(number) = fill(gpu, board) {
            values.set_number(*at, (number * 1000.0).round() / 1000.0);
        }
    }
    values
}

fn throttle(gpu: &Gpu) -> u8 {
    let mut mask = 0;
    if gpu.is(Kind::HwThermal) {
        mask |= HW_THERMAL | HW_SLOWDOWN;
    }
    if gpu.is(Kind::PowerBrake) {
        mask |= HW_POWER_BRAKE | HW_SLOWDOWN;
    }
    if gpu.capped() {
        mask |= SW_POWER_CAP;
    }
    if mask == 0 && gpu.share <= 0.0 {
        mask = IDLE;
    }
    mask
}

/// A percentage that follows power; 0 where no job runs.
fn activity(gpu: &Gpu, board: &Board, line: &[(f64, f64)]) -> f64 {
    if gpu.share > 0.0 { along(line, gpu.power_w / board.limit_w).min(100.0) } else { 0.0 }
}

fn used(gpu: &Gpu, board: &Board) -> f64 {
    let (all, idle) = board.fb_mib;
    (idle + gpu.memory * (all - RESERVED_MIB - idle)).round()
}

/// Banks that have given a row: one a remapped row.
fn spent(gpu: &Gpu) -> f64 {
    gpu.life.remaps_sbe + gpu.life.remaps_dbe
}

fn clock(gpu: &Gpu, board: &Board) -> f64 {
    let (idle, most, cut) = board.sm_mhz;
    let free = if !gpu.context {
        idle
    } else if gpu.slowed() {
        most * SLOWED_CLOCK
    } else if gpu.capped() {
        most - cut * along(&[(CAP_FROM, 0.0), (1.0, 1.0)], gpu.power_w / board.limit_w)
    } else {
        most
    };
    (free / CLOCK_STEP_MHZ).floor() * CLOCK_STEP_MHZ
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_names_a_metric_and_no_two_the_same() {
        let mut at: Vec<usize> = FILLS.iter().map(|(at, _)| *at).collect();
        at.sort_unstable();
        at.dedup();
        assert_eq!(at.len(), LINES.len() + NOUGHTS.len());
    }
}
