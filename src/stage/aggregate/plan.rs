//! Which metrics a window sums up and how, worked out once from the metric table.
//!
//! Accumulators are flat vectors aligned to these lists, so that adding a reading is a few short loops and no lookup
//! by name; a new row of the table lands in them by itself. Knows the table and the columns, no readings.

use std::sync::LazyLock;

use crate::event::window::{Column, Stat};
use crate::event::{Size, Value};
use crate::metric::{self, METRICS, Stats, Type};

/// Where a column's cell comes from: a position in one of the lists below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Min(usize, Type),
    Max(usize, Type),
    Mean(usize),
    Last(usize, Type),
    Delta(usize),
    Quantile(usize, u8),
    Seconds(usize),
}

/// The metrics of each kind of accumulator, by index in the table, and the sources of the columns.
#[derive(Debug)]
pub(super) struct Plan {
    /// Those with a min, max or mean.
    pub(super) spreads: Vec<usize>,
    /// Those of which the newest reading is kept.
    pub(super) lasts: Vec<usize>,
    /// Counters whose increase is kept.
    pub(super) counters: Vec<usize>,
    /// Those with quantiles in the longer windows.
    pub(super) ranked: Vec<usize>,
    /// The mask whose bits are timed.
    pub(super) mask: Option<usize>,
    minute: Vec<Source>,
    longer: Vec<Source>,
}

impl Plan {
    /// The sources of a size's cells, in the order of its columns.
    pub(super) fn cells(&self, size: Size) -> &[Source] {
        match size {
            Size::Minute => &self.minute,
            Size::Quarter | Size::Hour => &self.longer,
        }
    }
}

/// The plan of the table as compiled in.
pub(super) static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let with = |wanted: fn(Stats) -> bool| -> Vec<usize> {
        METRICS.iter().enumerate().filter(|(_, row)| wanted(row.stats)).map(|(metric, _)| metric).collect()
    };
    let mut plan = Plan {
        spreads: with(Stats::spread),
        lasts: with(|stats| stats.has(Stats::LAST)),
        counters: metric::counters().collect(),
        ranked: with(|stats| stats.has(Stats::QUANTILES)),
        mask: with(|stats| stats.has(Stats::TIMES)).first().copied(),
        minute: Vec::new(),
        longer: Vec::new(),
    };
    plan.minute = Size::Minute.columns().iter().filter_map(|column| source(&plan, column)).collect();
    plan.longer = Size::Hour.columns().iter().filter_map(|column| source(&plan, column)).collect();
    plan
});

fn source(plan: &Plan, column: &Column) -> Option<Source> {
    let within = |list: &[usize]| list.iter().position(|metric| *metric == column.metric);
    Some(match column.stat {
        Stat::Min => Source::Min(within(&plan.spreads)?, column.ty),
        Stat::Max => Source::Max(within(&plan.spreads)?, column.ty),
        Stat::Mean => Source::Mean(within(&plan.spreads)?),
        Stat::Last => Source::Last(within(&plan.lasts)?, column.ty),
        Stat::Delta => Source::Delta(within(&plan.counters)?),
        Stat::Quantile(percent) => Source::Quantile(within(&plan.ranked)?, percent),
        Stat::Seconds(reason) => Source::Seconds(reason),
    })
}

/// A value as the bits that accumulators keep.
pub(super) const fn to_bits(value: Value) -> i64 {
    match value {
        Value::Int(value) => value,
        Value::Real(value) => value.to_bits().cast_signed(),
    }
}

/// The value that [`to_bits`] took.
pub(super) const fn from_bits(bits: i64, ty: Type) -> Value {
    match ty {
        Type::Int => Value::Int(bits),
        Type::Real => Value::Real(f64::from_bits(bits.cast_unsigned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_source() {
        for size in Size::ALL {
            assert_eq!(PLAN.cells(size).len(), size.columns().len());
        }
    }

    #[test]
    fn a_word_holds_the_counters_and_a_byte_names_a_metric() {
        assert!(PLAN.counters.len() <= 64 && PLAN.ranked.len() < 256);
    }
}
