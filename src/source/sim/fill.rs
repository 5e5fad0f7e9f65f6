//! The values a simulated GPU reports: one line a metric, by the names of the metric table.
//!
//! What boards from Ampere on do not have (retired pages, fans on SXM) is not in the list, and stays absent. Rounding
//! comes last: whole degrees, three decimals. Knows nothing of time.

use std::sync::LazyLock;

use super::board::Board;
use super::fault::Kind;
use super::gpu::{CAP_FROM, Gpu};
use super::random::along;
use super::ranks::Quantiles;
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
/// PCIe lanes of every board; generation and lanes of a link that trained down, and what it still carries (J).
const LANES: f64 = 16.0;
const DOWN: (f64, f64) = (1.0, 8.0);
const DOWN_TRAFFIC: f64 = 0.05;
/// Memory in a fault of its own stops so far above its largest operating temperature, °C (J).
const HBM_OVER_C: f64 = 1.0;

#[rustfmt::skip]
static LINES: [(&str, Fill); 57] = [
    ("gpu_temp_c", |gpu, _| Some(gpu.temp_c.round())),
    ("memory_temp_c", |gpu, board| Some(memory_c(gpu, board).round())),
    ("power_usage_w", |gpu, _| Some(gpu.shown_w)),
    ("throttle_reasons", |gpu, _| Some(f64::from(throttle(gpu)))),
    ("power_instant_w", |gpu, board| Some(if board.snapshot { gpu.shown_w } else { gpu.power_w })),
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
    ("sm_active_pct", |gpu, board| Some(if gpu.unread.0 && util(gpu, board) >= 50.0 { 0.0 } else { sm(gpu, board) })),
    ("sm_occupancy_pct", |gpu, board| Some(occupancy(gpu, board))),
    ("tensor_active_pct", |gpu, board| Some(TENSOR * sm(gpu, board))),
    ("dram_active_pct", |gpu, board| Some(dram(gpu, board))),
    ("pcie_tx_mb_per_sec", |gpu, board| Some(PCIE_MB.0 * traffic(gpu, board))),
    ("pcie_rx_mb_per_sec", |gpu, board| Some(PCIE_MB.1 * traffic(gpu, board))),
    ("gr_engine_active_pct", |gpu, board| Some(util(gpu, board))),
    ("gpu_util_pct", |gpu, board| Some(util(gpu, board).round())),
    ("mem_copy_util_pct", |gpu, board| Some(activity(gpu, board, &DRAM).round())),
    ("sm_clock_mhz", |gpu, board| Some(clock(gpu, board))),
    ("mem_clock_mhz", |_, board| Some(board.mem_mhz)),
    ("sm_clock_max_mhz", |_, board| Some(board.sm_mhz.1)),
    ("mem_clock_max_mhz", |_, board| Some(board.mem_mhz)),
    ("pcie_replays", |gpu, _| Some(gpu.since.replays)),
    ("pcie_link_gen", |gpu, board| Some(if gpu.is(Kind::PcieDowntrain) { DOWN.0 } else { board.pcie })),
    ("pcie_link_width", |gpu, _| Some(if gpu.is(Kind::PcieDowntrain) { DOWN.1 } else { LANES })),
    ("pcie_link_gen_max", |_, board| Some(board.pcie)),
    ("pcie_link_width_max", |_, _| Some(LANES)),
    ("nvlink_crc_errors", |gpu, _| gpu.since.links.first().copied()),
    ("nvlink_replay_errors", |gpu, _| gpu.since.links.get(1).copied()),
    ("nvlink_recovery_errors", |gpu, _| gpu.since.links.get(2).copied()),
];

/// The lines by metric index; a name that is not in the metric table is left out, and a test says so.
static FILLS: LazyLock<Vec<(usize, Fill)>> =
    LazyLock::new(|| LINES.iter().filter_map(|(name, fill)| Some((metric::index(name)?, *fill))).collect());

/// The values the GPU reports now.
pub(super) fn values(gpu: &Gpu) -> Values {
    let board = gpu.board;
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
    if gpu.overheated() {
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

/// The place of a GPU whose work is known by ranks, and the table it stands in.
fn ranked<'a>(gpu: &Gpu, board: &'a Board) -> Option<(f64, &'a Quantiles)> {
    Some((gpu.rank?, board.ranks?()))
}

fn util(gpu: &Gpu, board: &Board) -> f64 {
    ranked(gpu, board).map_or_else(|| activity(gpu, board, &UTIL), |(rank, table)| table.util_pct(rank))
}

fn sm(gpu: &Gpu, board: &Board) -> f64 {
    ranked(gpu, board).map_or_else(|| activity(gpu, board, &SM), |(rank, table)| table.sm_pct(rank))
}

fn occupancy(gpu: &Gpu, board: &Board) -> f64 {
    let by_power = || OCCUPANCY * activity(gpu, board, &SM);
    ranked(gpu, board).map_or_else(by_power, |(rank, table)| table.occupancy_pct(rank))
}

fn dram(gpu: &Gpu, board: &Board) -> f64 {
    if gpu.unread.1 && util(gpu, board) >= 50.0 { 0.0 } else { activity(gpu, board, &DRAM) }
}

fn traffic(gpu: &Gpu, board: &Board) -> f64 {
    util(gpu, board) / 100.0 * if gpu.is(Kind::PcieDowntrain) { DOWN_TRAFFIC } else { 1.0 }
}

fn memory_c(gpu: &Gpu, board: &Board) -> f64 {
    let well = along(board.memory_c, gpu.temp_c);
    let [.., most] = board.limits_c;
    well + (most + HBM_OVER_C - well).max(0.0) * gpu.hbm
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
        assert_eq!(at.len(), LINES.len());
    }
}
