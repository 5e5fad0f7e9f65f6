//! The baseline of the aggregate: one array of states by interned id, histograms of 128 bins for quantiles.
//!
//! Three windows of 22 metrics each, all three fed by every event: count, smallest, largest, sum and last as f32 and
//! u32, and 128 counts of 16 bits. A window closes at the GPU's first event behind its end, with three quantiles a
//! metric read off the bins. No lateness, no out-of-order, no deltas, no alerts, no raw rows: less than gpuhm does.

use std::collections::HashMap;

use gpuhm::event::Values;
use gpuhm::metric::{self, METRICS};

/// The seed's sampled metrics, with two that boards of today have in place of retired pages.
const NAMES: [&str; METRICS_SUMMED] = [
    "gpu_temp_c",
    "memory_temp_c",
    "power_usage_w",
    "throttle_reasons",
    "fb_used_mib",
    "fb_free_mib",
    "fb_total_mib",
    "utilization_pct",
    "ecc_sbe_volatile",
    "ecc_dbe_volatile",
    "ecc_sbe_aggregate",
    "ecc_dbe_aggregate",
    "gpu_util_pct",
    "mem_copy_util_pct",
    "sm_active_pct",
    "sm_occupancy_pct",
    "tensor_active_pct",
    "dram_active_pct",
    "pcie_tx_mb_per_sec",
    "pcie_rx_mb_per_sec",
    "sm_clock_mhz",
    "mem_clock_mhz",
];
const METRICS_SUMMED: usize = 22;
const BINS: usize = 128;
/// Lengths of the windows, ms.
const SIZES: [i64; 3] = [60_000, 900_000, 3_600_000];

#[derive(Debug, Clone, Copy)]
struct Running {
    count: u32,
    min: f32,
    max: f32,
    sum: f32,
    last: f32,
}

const EMPTY: Running = Running { count: 0, min: f32::INFINITY, max: f32::NEG_INFINITY, sum: 0.0, last: 0.0 };

#[derive(Debug)]
struct Window {
    start: i64,
    events: u32,
    running: [Running; METRICS_SUMMED],
    bins: [[u16; BINS]; METRICS_SUMMED],
}

/// The state of every GPU.
#[derive(Debug)]
pub(crate) struct Bins {
    ids: HashMap<String, usize, foldhash::fast::RandomState>,
    /// Three a GPU.
    states: Vec<Window>,
    metrics: Vec<Scale>,
    /// Cells of closed windows: seven a metric.
    pub(crate) rows: Vec<f32>,
}

/// A metric, and how its values become bins.
#[derive(Debug)]
struct Scale {
    metric: usize,
    low: f32,
    per_unit: f32,
}

impl Bins {
    /// With room for `gpus`.
    pub(crate) fn new(gpus: usize) -> Bins {
        let scale = |name: &&str| {
            let metric = metric::index(name)?;
            let (low, high) = METRICS.get(metric)?.range;
            // Counters and sizes have no narrow range; a million is as good as any.
            let (low, high) = (narrow(low), narrow(high.min(1e6)));
            Some(Scale { metric, low, per_unit: 128.0 / (high - low) })
        };
        let metrics = NAMES.iter().filter_map(scale).collect();
        Bins { ids: HashMap::default(), states: Vec::with_capacity(gpus * SIZES.len()), metrics, rows: Vec::new() }
    }

    /// Adds one event.
    pub(crate) fn add(&mut self, gpu: &str, time: i64, values: &Values) {
        let first = if let Some(first) = self.ids.get(gpu) {
            *first
        } else {
            let first = self.states.len();
            self.ids.insert(gpu.to_owned(), first);
            for _ in SIZES {
                let (running, bins) = ([EMPTY; METRICS_SUMMED], [[0; BINS]; METRICS_SUMMED]);
                self.states.push(Window { start: i64::MIN, events: 0, running, bins });
            }
            first
        };
        let Some(windows) = self.states.get_mut(first..first + SIZES.len()) else { return };
        for (window, size) in windows.iter_mut().zip(SIZES) {
            let start = time.div_euclid(size) * size;
            if window.start != start {
                window.close(&self.metrics, &mut self.rows);
                window.start = start;
            }
            window.events += 1;
            let places = window.running.iter_mut().zip(&mut window.bins).zip(&self.metrics);
            for ((running, bins), scale) in places {
                let Some(value) = values.real(scale.metric).map(narrow) else { continue };
                running.count += 1;
                running.min = running.min.min(value);
                running.max = running.max.max(value);
                running.sum += value;
                running.last = value;
                if let Some(bin) = bins.get_mut(bin((value - scale.low) * scale.per_unit)) {
                    *bin = bin.saturating_add(1);
                }
            }
        }
    }
}

impl Window {
    fn close(&mut self, metrics: &[Scale], rows: &mut Vec<f32>) {
        if self.events > 0 {
            for ((running, bins), scale) in self.running.iter_mut().zip(&mut self.bins).zip(metrics) {
                rows.extend([running.min, running.max, running.sum, running.last]);
                for percent in [50, 95, 99] {
                    rows.push(quantile(bins, running.count, percent, scale));
                }
                *running = EMPTY;
                bins.fill(0);
            }
        }
        self.events = 0;
    }
}

fn quantile(bins: &[u16], count: u32, percent: u32, scale: &Scale) -> f32 {
    let rank = (count * percent).div_ceil(100);
    let mut below = 0;
    let mut middle = 0.5;
    for bin in bins {
        below += u32::from(*bin);
        if below >= rank {
            break;
        }
        middle += 1.0;
    }
    scale.low + middle / scale.per_unit
}

#[expect(clippy::cast_possible_truncation, reason = "the layout keeps f32")]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the bins")]
fn bin(place: f32) -> usize {
    place.clamp(0.0, 127.0) as usize
}
