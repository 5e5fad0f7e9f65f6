//! Windows: statistics of one GPU over [start, start + size), and the list of columns that such a row has.
//!
//! The columns are a loop over the metric table, so that stores, stages and docs agree on names and order.
//! Rank, everywhere in gpuhm: the q-quantile of n readings is the ⌈q·n⌉-th smallest of them (nearest rank).

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{Time, Value, time};
use crate::metric::{METRICS, REASONS, Stats, Type};

/// The length of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Size {
    /// One minute.
    Minute,
    /// 15 minutes.
    Quarter,
    /// One hour.
    Hour,
}

impl Size {
    /// All sizes, shortest first.
    pub const ALL: [Size; 3] = [Size::Minute, Size::Quarter, Size::Hour];

    /// Length in milliseconds.
    #[must_use]
    pub const fn ms(self) -> i64 {
        match self {
            Size::Minute => time::MINUTE,
            Size::Quarter => 15 * time::MINUTE,
            Size::Hour => time::HOUR,
        }
    }

    /// The table its rows stand in.
    #[must_use]
    pub const fn table(self) -> &'static str {
        match self {
            Size::Minute => "gpu_metrics_1m",
            Size::Quarter => "gpu_metrics_15m",
            Size::Hour => "gpu_metrics_1h",
        }
    }

    /// Its columns, in order.
    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        static MINUTE: LazyLock<Vec<Column>> = LazyLock::new(|| columns(false));
        static LONGER: LazyLock<Vec<Column>> = LazyLock::new(|| columns(true));
        match self {
            Size::Minute => &MINUTE,
            Size::Quarter | Size::Hour => &LONGER,
        }
    }
}

/// A statistic of a window's column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stat {
    /// Smallest reading.
    Min,
    /// Largest reading.
    Max,
    /// Mean of the readings.
    Mean,
    /// Newest reading.
    Last,
    /// Increase of the counter since the reading before the window's first.
    Delta,
    /// The quantile, in percent.
    Quantile(u8),
    /// Seconds with the throttle reason at this index of `REASONS` set.
    Seconds(usize),
}

/// A column of a window table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Index of its metric.
    pub metric: usize,
    /// The statistic.
    pub stat: Stat,
    /// How it is stored.
    pub ty: Type,
}

fn columns(quantiles: bool) -> Vec<Column> {
    let mut all = Vec::new();
    for (metric, row) in METRICS.iter().enumerate() {
        let mut add = |suffix: &str, stat: Stat, ty: Type| {
            all.push(Column { name: format!("{}_{suffix}", row.column), metric, stat, ty });
        };
        let has = |stat| row.stats.has(stat);
        if has(Stats::MIN) {
            add("min", Stat::Min, row.ty);
        }
        if has(Stats::MAX) {
            add("max", Stat::Max, row.ty);
        }
        if has(Stats::MEAN) {
            add("mean", Stat::Mean, Type::Real);
        }
        if has(Stats::LAST) {
            add("last", Stat::Last, row.ty);
        }
        if has(Stats::DELTA) {
            add("delta", Stat::Delta, Type::Int);
        }
        if quantiles && has(Stats::QUANTILES) {
            for q in [50, 95, 99] {
                add(&format!("p{q}"), Stat::Quantile(q), Type::Real);
            }
        }
        if has(Stats::TIMES) {
            for (index, reason) in REASONS.iter().enumerate() {
                let name = format!("{}_s", reason.column);
                all.push(Column { name, metric, stat: Stat::Seconds(index), ty: Type::Real });
            }
        }
    }
    all
}

/// A row of a window table.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// The GPU.
    pub gpu_uuid: String,
    /// Its host, by the window's newest event.
    pub hostname: String,
    /// The length.
    pub size: Size,
    /// The start, a multiple of the length since the epoch.
    pub start: Time,
    /// Whether a newer event of the GPU closed it.
    pub closed: bool,
    /// Readings in it.
    pub count: i64,
    /// Readings that its length holds at the source's interval.
    pub expected: i64,
    /// The statistics, in the order of `size.columns()`.
    pub cells: Vec<Option<Value>>,
}

impl Window {
    /// The cell of the column named `name`.
    #[must_use]
    pub fn cell(&self, name: &str) -> Option<Value> {
        let at = self.size.columns().iter().position(|column| column.name == name)?;
        self.cells.get(at).copied().flatten()
    }
}

/// The q-percent quantile of sorted readings by nearest rank.
#[must_use]
pub fn quantile(sorted: &[f32], percent: u8) -> Option<f32> {
    let rank = (sorted.len() * usize::from(percent)).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_smaller_than_the_six_samples_it_sums_up() {
        assert!(Size::Minute.columns().len() < 6 * METRICS.len() / 2);
    }

    #[test]
    fn quantiles_are_nearest_rank() {
        let sorted = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(quantile(&sorted, 50), Some(2.0));
        assert_eq!(quantile(&sorted, 95), Some(4.0));
        assert_eq!(quantile(&[7.0], 50), Some(7.0));
        assert_eq!(quantile(&[], 50), None);
    }

    #[test]
    fn only_the_longer_windows_have_quantiles() {
        assert!(Size::Minute.columns().iter().all(|column| !matches!(column.stat, Stat::Quantile(_))));
        assert!(Size::Hour.columns().iter().any(|column| column.name == "gpu_temp_p95"));
    }
}
