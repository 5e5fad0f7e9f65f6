//! THE table: one row a metric. Codec, range checks, columns, windows, labels and `docs/metrics.md` are loops over it.
//!
//! To add a metric, add a row here and a migration for its columns; nothing else names metrics one by one except
//! the rules that judge them. Field ids and units: NVIDIA's `dcgm_fields.h` (DCGM 3.0 to 4.6); identify fields by
//! number, since 4.6 renamed most of them. This module knows no I/O and no other module.

mod reason;
mod row;

pub use reason::{REASONS, Reason};
pub use row::{Block, Kind, Metric, Recorded, Stats, Type};

use Block::{Clocks, Errors, Health, Memory, Performance};
use Kind::{Events, Gauge, Lifetime, Limit, Mask, State, Volatile};
use Type::{Int, Real};

const SPREAD: Stats = Stats::MIN.and(Stats::MAX).and(Stats::MEAN);
const FULL: Stats = SPREAD.and(Stats::LAST).and(Stats::QUANTILES);
const PEAK: Stats = Stats::MAX.and(Stats::MEAN);
const LAST: Stats = Stats::LAST;
const DELTA: Stats = Stats::DELTA;

const fn health(name: &'static str, ty: Type, kind: Kind, unit: &'static str) -> Metric {
    Metric::new(Health, name, ty, kind, unit)
}

const fn temperature(name: &'static str, kind: Kind) -> Metric {
    health(name, Real, kind, "°C").range(0.0, 120.0).whole()
}

const fn watts(name: &'static str, kind: Kind) -> Metric {
    // 4,000 W bounds any board in sight; the rule `power_limit` holds each GPU to its own limit.
    health(name, Real, kind, "W").range(0.0, 4000.0)
}

const fn memory(name: &'static str, kind: Kind, unit: &'static str) -> Metric {
    Metric::new(Memory, name, Int, kind, unit)
}

const fn percent(name: &'static str) -> Metric {
    Metric::new(Performance, name, Real, Gauge, "%").range(0.0, 100.0)
}

/// A profiling ratio of DCGM (0–1), shown as percent.
const fn ratio(name: &'static str, field: u16) -> Metric {
    percent(name).from(field, "").dcgm_factor(100.0)
}

/// A byte rate of DCGM, shown as MB/s = bytes / 2^20 per second (the seed's definition).
const fn rate(name: &'static str, field: u16) -> Metric {
    Metric::new(Performance, name, Real, Gauge, "MB/s")
        .range(0.0, 10_000_000.0)
        .from(field, "")
        .dcgm_factor(1.0 / 1_048_576.0)
        .stat(PEAK)
}

const fn clock(name: &'static str, kind: Kind) -> Metric {
    Metric::new(Clocks, name, Int, kind, "MHz").range(0.0, 10_000.0)
}

const fn errors(name: &'static str, kind: Kind, unit: &'static str) -> Metric {
    Metric::new(Errors, name, Int, kind, unit)
}

/// How many metrics there are. At most 64, so that one word says which of them a sample has.
pub const COUNT: usize = 62;

/// The table. Rows of one block stand together, in the order events are written; the seed's rows come first.
#[rustfmt::skip]
pub static METRICS: [Metric; COUNT] = [
    temperature("gpu_temp_c", Gauge).column("gpu_temp").stat(FULL).from(150, "nvmlDeviceGetTemperature")
        .exporter(&["DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_GPU_TEMP_CELSIUS"]).smi(&["temperature.gpu"]).recorded("gpu_temp_c", 1.0).label("TEMP"),
    temperature("memory_temp_c", Gauge).column("memory_temp").stat(FULL).from(140, "NVML_FI_DEV_MEMORY_TEMP")
        .exporter(&["DCGM_FI_DEV_MEMORY_TEMP", "DCGM_FI_DEV_MEMORY_TEMP_CELSIUS"]).smi(&["temperature.memory"]).label("HBM"),
    watts("power_usage_w", Gauge).column("power_usage").stat(FULL).from(155, "nvmlDeviceGetPowerUsage")
        .exporter(&["DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_BOARD_POWER_WATTS"]).smi(&["power.draw", "power.draw.average"]).recorded("power_w", 1.0).label("POWER"),
    health("throttle_reasons", Int, Mask, "bits").stat(LAST.and(Stats::TIMES)).from(112, "nvmlDeviceGetCurrentClocksEventReasons")
        .exporter(&["DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", "DCGM_FI_DEV_CLOCKS_EVENT_REASONS"])
        .smi(&["clocks_event_reasons.active", "clocks_throttle_reasons.active"]).recorded("throttle_reasons", 1.0).label("THROTTLE"),
    watts("power_instant_w", Gauge).from(157, "NVML_FI_DEV_POWER_INSTANT")
        .exporter(&["DCGM_FI_DEV_POWER_USAGE_INSTANT", "DCGM_FI_DEV_BOARD_POWER_RAW_WATTS"]).smi(&["power.draw.instant"]).recorded("power_instant_w", 1.0),
    watts("power_limit_w", Limit).stat(LAST).from(164, "nvmlDeviceGetEnforcedPowerLimit")
        .exporter(&["DCGM_FI_DEV_ENFORCED_POWER_LIMIT", "DCGM_FI_DEV_BOARD_POWER_LIMIT_ENFORCED_WATTS", "DCGM_FI_DEV_POWER_MGMT_LIMIT", "DCGM_FI_DEV_BOARD_POWER_LIMIT_REQUESTED_WATTS"]).smi(&["enforced.power.limit", "power.limit"]).recorded("power_limit_w", 1.0),
    watts("power_limit_default_w", Limit).from(163, "nvmlDeviceGetPowerManagementDefaultLimit")
        .exporter(&["DCGM_FI_DEV_POWER_MGMT_LIMIT_DEF", "DCGM_FI_DEV_BOARD_POWER_LIMIT_DEFAULT_WATTS"]).smi(&["power.default_limit"]),
    watts("power_limit_max_w", Limit).from(162, "nvmlDeviceGetPowerManagementLimitConstraints")
        .exporter(&["DCGM_FI_DEV_POWER_MGMT_LIMIT_MAX", "DCGM_FI_DEV_BOARD_POWER_LIMIT_MAX_WATTS"]).smi(&["power.max_limit"]),
    temperature("slowdown_temp_c", Limit).stat(LAST).from(158, "NVML_TEMPERATURE_THRESHOLD_SLOWDOWN").exporter(&["DCGM_FI_DEV_SLOWDOWN_TEMP", "DCGM_FI_DEV_GPU_TEMP_SLOWDOWN_CELSIUS"]),
    temperature("shutdown_temp_c", Limit).from(159, "NVML_TEMPERATURE_THRESHOLD_SHUTDOWN").exporter(&["DCGM_FI_DEV_SHUTDOWN_TEMP", "DCGM_FI_DEV_GPU_TEMP_SHUTDOWN_CELSIUS"]),
    temperature("max_operating_temp_c", Limit).from(152, "NVML_TEMPERATURE_THRESHOLD_GPU_MAX").exporter(&["DCGM_FI_DEV_GPU_MAX_OP_TEMP", "DCGM_FI_DEV_GPU_MAX_OP_TEMP_CELSIUS"]),
    temperature("memory_max_operating_temp_c", Limit).from(151, "NVML_TEMPERATURE_THRESHOLD_MEM_MAX").exporter(&["DCGM_FI_DEV_MEM_MAX_OP_TEMP", "DCGM_FI_DEV_MEMORY_MAX_OP_TEMP_CELSIUS"]),
    temperature("temp_margin_c", Gauge).range(-60.0, 120.0).stat(Stats::MIN).from(153, "nvmlDeviceGetMarginTemperature")
        .exporter(&["DCGM_FI_DEV_GPU_TEMP_LIMIT", "DCGM_FI_DEV_GPU_TEMP_MARGIN_CELSIUS"]).smi(&["temperature.gpu.tlimit"]),
    health("fan_speed_pct", Int, Gauge, "%").range(0.0, 100.0).stat(PEAK).from(191, "nvmlDeviceGetFanSpeed")
        .exporter(&["DCGM_FI_DEV_FAN_SPEED"]).smi(&["fan.speed"]).label("FAN"),
    health("pstate", Int, Gauge, "P").range(0.0, 32.0).stat(LAST).from(190, "nvmlDeviceGetPerformanceState")
        .exporter(&["DCGM_FI_DEV_PSTATE"]).smi(&["pstate"]).recorded("pstate", 1.0),
    health("energy_mj", Int, Volatile, "mJ").stat(DELTA).from(156, "nvmlDeviceGetTotalEnergyConsumption")
        .exporter(&["DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"]).recorded("energy_mj", 1.0),
    health("power_violation_ns", Int, Volatile, "ns").stat(DELTA).from(240, "NVML_PERF_POLICY_POWER").exporter(&["DCGM_FI_DEV_POWER_VIOLATION"]),
    health("thermal_violation_ns", Int, Volatile, "ns").stat(DELTA).from(241, "NVML_PERF_POLICY_THERMAL").exporter(&["DCGM_FI_DEV_THERMAL_VIOLATION"]),
    health("recovery_action", Int, State, "enum").range(0.0, 255.0).stat(LAST).from(1523, "NVML_FI_DEV_GET_GPU_RECOVERY_ACTION")
        .exporter(&["DCGM_FI_DEV_GET_GPU_RECOVERY_ACTION", "DCGM_FI_DEV_GPU_RECOVERY_ACTION"]),
    memory("fb_used_mib", Gauge, "MiB").stat(PEAK).from(252, "nvmlDeviceGetMemoryInfo.used")
        .exporter(&["DCGM_FI_DEV_FB_USED"]).smi(&["memory.used"]).recorded("fb_used_mib", 1.0).label("FB MiB"),
    memory("fb_free_mib", Gauge, "MiB").from(251, "nvmlDeviceGetMemoryInfo.free").exporter(&["DCGM_FI_DEV_FB_FREE"]).smi(&["memory.free"]),
    memory("fb_total_mib", Limit, "MiB").from(250, "nvmlDeviceGetMemoryInfo.total").exporter(&["DCGM_FI_DEV_FB_TOTAL"]).smi(&["memory.total"]),
    Metric::new(Memory, "utilization_pct", Real, Gauge, "%").range(0.0, 100.0).from(254, "").dcgm_factor(100.0).column("fb_used_pct")
        .exporter(&["DCGM_FI_DEV_FB_USED_PERCENT", "DCGM_FI_DEV_FB_USED_RATIO"]),
    memory("ecc_sbe_volatile", Volatile, "errors").stat(DELTA).from(310, "nvmlDeviceGetTotalEccErrors(CORRECTED, VOLATILE)")
        .exporter(&["DCGM_FI_DEV_ECC_SBE_VOL_TOTAL"]).smi(&["ecc.errors.corrected.volatile.total"]).label("SBE"),
    memory("ecc_dbe_volatile", Volatile, "errors").stat(DELTA.and(LAST)).from(311, "nvmlDeviceGetTotalEccErrors(UNCORRECTED, VOLATILE)")
        .exporter(&["DCGM_FI_DEV_ECC_DBE_VOL_TOTAL"]).smi(&["ecc.errors.uncorrected.volatile.total"]).label("DBE"),
    memory("ecc_sbe_aggregate", Lifetime, "errors").stat(DELTA.and(LAST)).from(312, "nvmlDeviceGetTotalEccErrors(CORRECTED, AGGREGATE)")
        .exporter(&["DCGM_FI_DEV_ECC_SBE_AGG_TOTAL"]).smi(&["ecc.errors.corrected.aggregate.total"]),
    memory("ecc_dbe_aggregate", Lifetime, "errors").stat(DELTA.and(LAST)).from(313, "nvmlDeviceGetTotalEccErrors(UNCORRECTED, AGGREGATE)")
        .exporter(&["DCGM_FI_DEV_ECC_DBE_AGG_TOTAL"]).smi(&["ecc.errors.uncorrected.aggregate.total"]),
    memory("retired_pages_sbe", Lifetime, "pages").stat(LAST).from(390, "nvmlDeviceGetRetiredPages(SINGLE_BIT)")
        .exporter(&["DCGM_FI_DEV_RETIRED_SBE", "DCGM_FI_DEV_PAGE_RETIRED_SBE_TOTAL"]).smi(&["retired_pages.single_bit_ecc.count", "retired_pages.sbe"]),
    memory("retired_pages_dbe", Lifetime, "pages").stat(LAST).from(391, "nvmlDeviceGetRetiredPages(DOUBLE_BIT)")
        .exporter(&["DCGM_FI_DEV_RETIRED_DBE", "DCGM_FI_DEV_PAGE_RETIRED_DBE_TOTAL"]).smi(&["retired_pages.double_bit.count", "retired_pages.dbe"]),
    memory("retired_pages_pending", State, "flag").range(0.0, 1.0).stat(LAST).from(392, "nvmlDeviceGetRetiredPagesPendingStatus")
        .exporter(&["DCGM_FI_DEV_RETIRED_PENDING", "DCGM_FI_DEV_PAGE_RETIRED_PENDING"]).smi(&["retired_pages.pending"]),
    memory("remapped_rows_uncorrectable", Lifetime, "rows").stat(LAST.and(DELTA)).from(393, "nvmlDeviceGetRemappedRows.uncorrectable")
        .exporter(&["DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", "DCGM_FI_DEV_ROW_REMAP_UNCORRECTABLE_TOTAL"]).smi(&["remapped_rows.uncorrectable"]),
    memory("remapped_rows_correctable", Lifetime, "rows").stat(LAST.and(DELTA)).from(394, "nvmlDeviceGetRemappedRows.correctable")
        .exporter(&["DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", "DCGM_FI_DEV_ROW_REMAP_CORRECTABLE_TOTAL"]).smi(&["remapped_rows.correctable"]),
    memory("row_remap_failure", State, "flag").range(0.0, 1.0).stat(LAST).from(395, "nvmlDeviceGetRemappedRows.failure")
        .exporter(&["DCGM_FI_DEV_ROW_REMAP_FAILURE", "DCGM_FI_DEV_ROW_REMAP_FAILED"]).smi(&["remapped_rows.failure"]),
    memory("row_remap_pending", State, "flag").range(0.0, 1.0).stat(LAST).from(396, "nvmlDeviceGetRemappedRows.pending")
        .exporter(&["DCGM_FI_DEV_ROW_REMAP_PENDING"]).smi(&["remapped_rows.pending"]),
    memory("bank_remap_max", Gauge, "banks").stat(LAST).from(385, "nvmlDeviceGetRowRemapperHistogram.max")
        .exporter(&["DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_MAX", "DCGM_FI_DEV_BANK_REMAP_AVAIL_MAX"]).smi(&["remapped_rows.histogram.max"]),
    memory("bank_remap_high", Gauge, "banks").from(386, "nvmlDeviceGetRowRemapperHistogram.high")
        .exporter(&["DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_HIGH", "DCGM_FI_DEV_BANK_REMAP_AVAIL_HIGH"]).smi(&["remapped_rows.histogram.high"]),
    memory("bank_remap_partial", Gauge, "banks").from(387, "nvmlDeviceGetRowRemapperHistogram.partial")
        .exporter(&["DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_PARTIAL", "DCGM_FI_DEV_BANK_REMAP_AVAIL_PARTIAL"]).smi(&["remapped_rows.histogram.partial"]),
    memory("bank_remap_low", Gauge, "banks").stat(LAST).from(388, "nvmlDeviceGetRowRemapperHistogram.low")
        .exporter(&["DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_LOW", "DCGM_FI_DEV_BANK_REMAP_AVAIL_LOW"]).smi(&["remapped_rows.histogram.low"]),
    memory("bank_remap_none", Gauge, "banks").stat(LAST).from(389, "nvmlDeviceGetRowRemapperHistogram.none")
        .exporter(&["DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_NONE", "DCGM_FI_DEV_BANK_REMAP_AVAIL_NONE"]).smi(&["remapped_rows.histogram.none"]),
    memory("sram_threshold_exceeded", State, "flag").range(0.0, 1.0).stat(LAST).from(346, "nvmlDeviceGetSramEccErrorStatus.bThresholdExceeded")
        .exporter(&["DCGM_FI_DEV_THRESHOLD_SRM", "DCGM_FI_DEV_SRAM_EXCEEDED"]),
    percent("sm_active_pct").from(1002, "").dcgm_factor(100.0).column("sm_active").stat(PEAK)
        .exporter(&["DCGM_FI_PROF_SM_ACTIVE", "DCGM_FI_PROF_SM_UTIL_RATIO"]).recorded("sm_active", 100.0).label("SM%"),
    ratio("sm_occupancy_pct", 1003).column("sm_occupancy").stat(Stats::MEAN).exporter(&["DCGM_FI_PROF_SM_OCCUPANCY", "DCGM_FI_PROF_SM_OCCUPANCY_RATIO"]),
    ratio("tensor_active_pct", 1004).column("tensor_active").stat(Stats::MEAN).exporter(&["DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "DCGM_FI_PROF_TENSOR_UTIL_RATIO"]),
    ratio("dram_active_pct", 1005).column("dram_active").stat(Stats::MEAN)
        .exporter(&["DCGM_FI_PROF_DRAM_ACTIVE", "DCGM_FI_PROF_DRAM_UTIL_RATIO"]).recorded("dram_active", 100.0).label("MEM%"),
    rate("pcie_tx_mb_per_sec", 1009).column("pcie_tx_mbps").exporter(&["DCGM_FI_PROF_PCIE_TX_BYTES"]),
    rate("pcie_rx_mb_per_sec", 1010).column("pcie_rx_mbps").exporter(&["DCGM_FI_PROF_PCIE_RX_BYTES"]),
    ratio("gr_engine_active_pct", 1001).stat(Stats::MEAN).exporter(&["DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO"]),
    percent("gpu_util_pct").from(203, "nvmlDeviceGetUtilizationRates.gpu").stat(PEAK)
        .exporter(&["DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_GPU_UTIL_RATIO"]).smi(&["utilization.gpu"]).recorded("gpu_util_pct", 1.0).label("UTIL%"),
    percent("mem_copy_util_pct").from(204, "nvmlDeviceGetUtilizationRates.memory").stat(Stats::MEAN)
        .exporter(&["DCGM_FI_DEV_MEM_COPY_UTIL"]).smi(&["utilization.memory"]).recorded("mem_util_pct", 1.0),
    clock("sm_clock_mhz", Gauge).stat(SPREAD).from(100, "nvmlDeviceGetClockInfo(SM)")
        .exporter(&["DCGM_FI_DEV_SM_CLOCK"]).smi(&["clocks.sm", "clocks.current.sm"]).recorded("sm_clock_mhz", 1.0).label("CLOCK"),
    clock("mem_clock_mhz", Gauge).stat(Stats::MIN).from(101, "nvmlDeviceGetClockInfo(MEM)")
        .exporter(&["DCGM_FI_DEV_MEM_CLOCK"]).smi(&["clocks.mem", "clocks.current.memory"]).recorded("mem_clock_mhz", 1.0),
    clock("sm_clock_max_mhz", Limit).from(113, "nvmlDeviceGetMaxClockInfo(SM)")
        .exporter(&["DCGM_FI_DEV_MAX_SM_CLOCK"]).smi(&["clocks.max.sm"]),
    clock("mem_clock_max_mhz", Limit).from(114, "nvmlDeviceGetMaxClockInfo(MEM)")
        .exporter(&["DCGM_FI_DEV_MAX_MEM_CLOCK"]).smi(&["clocks.max.mem", "clocks.max.memory"]),
    errors("pcie_replays", Volatile, "replays").stat(DELTA).from(202, "nvmlDeviceGetPcieReplayCounter").exporter(&["DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "DCGM_FI_DEV_PCIE_REPLAY_TOTAL"]),
    errors("pcie_link_gen", Gauge, "generation").range(0.0, 16.0).stat(Stats::MIN).from(237, "nvmlDeviceGetCurrPcieLinkGeneration")
        .exporter(&["DCGM_FI_DEV_PCIE_LINK_GEN"]).smi(&["pcie.link.gen.current", "pcie.link.gen.gpucurrent"]),
    errors("pcie_link_width", Gauge, "lanes").range(0.0, 64.0).stat(Stats::MIN).from(238, "nvmlDeviceGetCurrPcieLinkWidth")
        .exporter(&["DCGM_FI_DEV_PCIE_LINK_WIDTH"]).smi(&["pcie.link.width.current"]),
    errors("pcie_link_gen_max", Limit, "generation").range(0.0, 16.0).from(235, "nvmlDeviceGetMaxPcieLinkGeneration")
        .exporter(&["DCGM_FI_DEV_PCIE_MAX_LINK_GEN"]).smi(&["pcie.link.gen.max"]),
    errors("pcie_link_width_max", Limit, "lanes").range(0.0, 64.0).from(236, "nvmlDeviceGetMaxPcieLinkWidth")
        .exporter(&["DCGM_FI_DEV_PCIE_MAX_LINK_WIDTH"]).smi(&["pcie.link.width.max"]),
    errors("nvlink_crc_errors", Volatile, "errors").stat(DELTA).from(409, "NVML_NVLINK_ERROR_DL_CRC_FLIT").exporter(&["DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL", "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_TOTAL"]),
    errors("nvlink_replay_errors", Volatile, "errors").stat(DELTA).from(429, "NVML_NVLINK_ERROR_DL_REPLAY").exporter(&["DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL", "DCGM_FI_DEV_NVLINK_REPLAY_ERROR_TOTAL"]),
    errors("nvlink_recovery_errors", Volatile, "errors").stat(DELTA).from(439, "NVML_NVLINK_ERROR_DL_RECOVERY").exporter(&["DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL", "DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_TOTAL"]),
    errors("xids", Events, "XID").from(230, "nvmlEventTypeXidCriticalError").exporter(&["DCGM_FI_DEV_XID_ERRORS", "DCGM_FI_DEV_XID_ERROR"]),
];

/// What reading an event needs of each row, close together: the rows themselves span many cache lines.
#[derive(Debug, Clone, Copy)]
pub struct Compact {
    /// Smallest and largest plausible value.
    pub range: (f64, f64),
    /// Integer or real.
    pub ty: Type,
}

/// [`Compact`] of each row, by index.
pub static COMPACT: [Compact; COUNT] = {
    let mut all = [Compact { range: (0.0, 0.0), ty: Int }; COUNT];
    let mut at = 0;
    while at < COUNT {
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time, where a wrong index does not compile")]
        {
            all[at] = Compact { range: METRICS[at].range, ty: METRICS[at].ty };
        }
        at += 1;
    }
    all
};

/// The index of the metric named `name`.
#[must_use]
pub fn index(name: &str) -> Option<usize> {
    METRICS.iter().position(|metric| metric.name == name)
}

/// The rows with their indexes, less those that are not sampled values (XIDs).
pub fn sampled() -> impl Iterator<Item = (usize, &'static Metric)> {
    METRICS.iter().enumerate().filter(|(_, metric)| metric.kind != Kind::Events)
}

/// Indexes of the counters whose increase windows keep.
pub fn counters() -> impl Iterator<Item = usize> {
    METRICS.iter().enumerate().filter(|(_, metric)| metric.stats.has(Stats::DELTA)).map(|(index, _)| index)
}

/// Indexes of the metrics that code names one by one, found at compile time.
pub mod ids {
    use super::METRICS;

    const fn same(a: &[u8], b: &[u8]) -> bool {
        if a.len() != b.len() {
            return false;
        }
        let (mut a, mut b) = (a, b);
        while let ([x, rest_a @ ..], [y, rest_b @ ..]) = (a, b) {
            if *x != *y {
                return false;
            }
            (a, b) = (rest_a, rest_b);
        }
        true
    }

    pub(crate) const fn find(name: &str) -> usize {
        let mut rest: &[super::Metric] = &METRICS;
        let mut at = 0;
        while let [metric, tail @ ..] = rest {
            if same(metric.name.as_bytes(), name.as_bytes()) {
                return at;
            }
            rest = tail;
            at += 1;
        }
        // A name that is not in the table must not compile.
        let missing = [0usize; 0];
        #[expect(clippy::indexing_slicing, reason = "a compile-time failure is the purpose")]
        missing[at]
    }

    /// GPU temperature.
    pub const GPU_TEMP: usize = find("gpu_temp_c");
    /// Memory temperature.
    pub const MEMORY_TEMP: usize = find("memory_temp_c");
    /// Board power.
    pub const POWER: usize = find("power_usage_w");
    /// Throttle reasons.
    pub const THROTTLE: usize = find("throttle_reasons");
    /// Enforced power limit.
    pub const POWER_LIMIT: usize = find("power_limit_w");
    /// Largest power limit the board accepts.
    pub const POWER_LIMIT_MAX: usize = find("power_limit_max_w");
    /// GPU slowdown temperature.
    pub const SLOWDOWN_TEMP: usize = find("slowdown_temp_c");
    /// Margin to the nearest slowdown.
    pub const TEMP_MARGIN: usize = find("temp_margin_c");
    /// Memory's maximum operating temperature.
    pub const MEMORY_MAX_TEMP: usize = find("memory_max_operating_temp_c");
    /// Uncorrectable ECC errors since driver load.
    pub const DBE: usize = find("ecc_dbe_volatile");
    /// Row remap failure flag.
    pub const REMAP_FAILURE: usize = find("row_remap_failure");
    /// Row remap pending flag.
    pub const REMAP_PENDING: usize = find("row_remap_pending");
    /// Page retirement pending flag.
    pub const RETIRED_PENDING: usize = find("retired_pages_pending");
    /// SRAM ECC threshold flag.
    pub const SRAM: usize = find("sram_threshold_exceeded");
    /// GPU utilisation.
    pub const GPU_UTIL: usize = find("gpu_util_pct");
    /// SM activity.
    pub const SM_ACTIVE: usize = find("sm_active_pct");
}
