//! Values of one GPU: from what the engine gave to what an event carries.
//!
//! Units change here and nowhere else: by the metric table's factor, ratios become percent and bytes MB. What is absent
//! keeps its reason. Knows no calls.

use std::collections::BTreeMap;

use super::plan;
use super::value::{Absent, Datum, Number};
use crate::event::{Value, Values};
use crate::metric::{METRICS, Type};

/// A percentage may pass 100 by so much for rounding, and is 100 then.
const OVER: f64 = 1.0;

/// What one tick gave of one GPU.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) values: Values,
    /// Why fields are absent.
    pub(super) absent: BTreeMap<u16, Absent>,
}

impl Row {
    /// Adds a value; `age` is its age in ms and `most` the age at which it is stale.
    pub(super) fn add(&mut self, datum: &Datum, age: i64, most: i64) {
        let Some(metric) = plan::metric_of(datum.field) else { return };
        let number = match datum.number() {
            Ok(_) if age > most => Err(Absent::Stale),
            other => other,
        };
        match number {
            Ok(number) => {
                set(&mut self.values, metric, number);
                self.absent.remove(&datum.field);
            }
            Err(why) => {
                self.absent.insert(datum.field, why);
            }
        }
    }

    /// Whether a value was left out for its age.
    pub(super) fn is_stale(&self) -> bool {
        self.absent.values().any(|why| *why == Absent::Stale)
    }

    /// Whether any field is absent for this reason.
    pub(super) fn has(&self, reason: Absent) -> bool {
        self.absent.values().any(|why| *why == reason)
    }

    /// Whether the engine gave only blanks: no value, and errors that pass among the reasons.
    pub(super) fn is_blank(&self) -> bool {
        let passing = |why: &Absent| matches!(why, Absent::Blank | Absent::Failed(_));
        self.values.is_empty() && self.absent.values().any(passing)
    }
}

/// Sets a metric from a number in DCGM's unit.
fn set(values: &mut Values, metric: usize, number: Number) {
    let Some(row) = METRICS.get(metric) else { return };
    match number {
        // Counters keep all their bits.
        Number::Int(value) if row.ty == Type::Int => values.set(metric, Value::Int(value)),
        Number::Int(value) => values.set_number(metric, scaled(metric, Value::Int(value).real())),
        Number::Real(value) => values.set_number(metric, scaled(metric, value)),
    }
}

/// A number in the table's unit, to three decimals.
fn scaled(metric: usize, number: f64) -> f64 {
    let Some(row) = METRICS.get(metric) else { return number };
    let scaled = number * row.dcgm_factor;
    let rounded = (scaled * 1000.0).round() / 1000.0;
    if row.unit == "%" && rounded > 100.0 && rounded <= 100.0 + OVER { 100.0 } else { rounded }
}

/// The mean of a GPU's profiling values since the last tick, each reading of the engine counted once.
#[derive(Debug, Default)]
pub(super) struct Mean {
    fields: BTreeMap<u16, Sum>,
    absent: BTreeMap<u16, Absent>,
}

#[derive(Debug, Default)]
struct Sum {
    /// Of the reading last counted, ms, and what it was.
    ts: Option<i64>,
    last: f64,
    total: f64,
    count: u32,
}

impl Mean {
    /// Adds a reading, where it is new.
    pub(super) fn add(&mut self, datum: &Datum) {
        let number = match datum.number() {
            Ok(Number::Int(value)) => Value::Int(value).real(),
            Ok(Number::Real(value)) => value,
            Err(why) => {
                self.absent.insert(datum.field, why);
                return;
            }
        };
        self.absent.remove(&datum.field);
        let sum = self.fields.entry(datum.field).or_default();
        if sum.ts == Some(datum.ts()) {
            return;
        }
        (sum.ts, sum.last) = (Some(datum.ts()), number);
        sum.total += number;
        sum.count += 1;
    }

    /// Fields could not be read, for this reason: what they had before is not old, it is not known.
    pub(super) fn lacks(&mut self, fields: &[u16], why: Absent) {
        self.absent.extend(fields.iter().map(|field| (*field, why)));
    }

    /// Puts the means into a row and begins anew; of how many readings they are, at most. Where none came since the last tick,
    /// as where both are as often, the last one holds. Whose last reading is not `fresh` by its time has none: an engine that was
    /// reached again may show what it had before.
    pub(super) fn take(&mut self, row: &mut Row, fresh: impl Fn(i64) -> bool) -> Option<i64> {
        let mut most = 0;
        for (field, sum) in &mut self.fields {
            let Some(metric) = plan::metric_of(*field) else { continue };
            if !sum.ts.is_some_and(&fresh) {
                row.absent.entry(*field).or_insert(Absent::Stale);
            } else if sum.count > 0 || !self.absent.contains_key(field) {
                let mean = if sum.count == 0 { sum.last } else { sum.total / f64::from(sum.count) };
                set(&mut row.values, metric, Number::Real(mean));
                most = most.max(sum.count);
            }
            (sum.total, sum.count) = (0.0, 0);
        }
        row.absent.append(&mut self.absent);
        (most > 0).then(|| i64::from(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{ids, index};
    use crate::source::dcgm::layout::{ENTITY_GPU, Entity};
    use crate::source::dcgm::value::Payload;

    fn datum(field: u16, ts: i64, payload: Payload) -> Datum {
        Datum { entity: Entity { group: ENTITY_GPU, id: 0 }, field, status: 0, ts_us: ts * 1000, payload }
    }

    fn row(all: &[Datum]) -> Row {
        let mut row = Row::default();
        for datum in all {
            row.add(datum, 0, 25_000);
        }
        row
    }

    #[test]
    fn numbers_become_metrics_in_the_table_s_units() {
        let row = row(&[
            datum(150, 1, Payload::Int(61)),
            datum(155, 1, Payload::Real(301.123_456)),
            datum(254, 1, Payload::Real(0.873)),
            datum(312, 1, Payload::Int(9_007_199_254_740_993)),
        ]);
        assert_eq!(row.values.real(ids::GPU_TEMP), Some(61.0));
        assert_eq!(row.values.real(ids::POWER), Some(301.123));
        assert_eq!(row.values.real(index("utilization_pct").unwrap()), Some(87.3));
        assert_eq!(row.values.int(index("ecc_sbe_aggregate").unwrap()), Some(9_007_199_254_740_993), "beyond 2^53");
        assert!(row.absent.is_empty());
    }

    #[test]
    fn blanks_and_old_values_are_absent_with_their_reason() {
        let mut row = row(&[datum(191, 1, Payload::Int(9_223_372_036_854_775_794))]);
        row.add(&datum(150, 1, Payload::Int(61)), 25_001, 25_000);
        row.add(&datum(155, 1, Payload::Real(140_737_488_355_328.0)), 25_001, 25_000);
        assert!(row.values.is_empty() && row.is_stale());
        assert_eq!(row.absent.get(&191), Some(&Absent::NotSupported));
        assert_eq!(row.absent.get(&150), Some(&Absent::Stale));
        assert_eq!(row.absent.get(&155), Some(&Absent::Blank), "a blank is a blank, however old");
        assert!(row.is_blank());
    }

    #[test]
    fn profiling_values_are_the_mean_of_the_engine_s_readings() {
        let mut mean = Mean::default();
        for (ts, ratio) in [(1000, 0.2), (1000, 0.2), (2000, 0.4), (3000, 0.9)] {
            mean.add(&datum(1002, ts, Payload::Real(ratio)));
        }
        mean.add(&datum(1009, 1000, Payload::Int(2_097_152)));
        let mut row = Row::default();
        assert_eq!(mean.take(&mut row, |_| true), Some(3));
        assert_eq!(row.values.real(ids::SM_ACTIVE), Some(50.0));
        assert_eq!(row.values.real(index("pcie_tx_mb_per_sec").unwrap()), Some(2.0));
        // The last reading again is no new one, and holds while it is fresh.
        mean.add(&datum(1002, 3000, Payload::Real(0.9)));
        let mut row = Row::default();
        assert_eq!(mean.take(&mut row, |_| true), None);
        assert_eq!((row.values.real(ids::SM_ACTIVE), row.is_stale()), (Some(90.0), false));
        // Not so where the field cannot be read now.
        mean.lacks(&[1002], Absent::Blank);
        let mut row = Row::default();
        assert_eq!(mean.take(&mut row, |_| true), None);
        assert_eq!((row.values.real(ids::SM_ACTIVE), row.absent.get(&1002)), (None, Some(&Absent::Blank)));
        let mut row = Row::default();
        assert_eq!(mean.take(&mut row, |_| false), None);
        assert_eq!((row.values.real(ids::SM_ACTIVE), row.absent.get(&1002)), (None, Some(&Absent::Stale)));
        // An old one is none either, though it was not seen before; nor does it count into the next.
        mean.add(&datum(1002, 4000, Payload::Real(0.9)));
        let mut row = Row::default();
        assert_eq!(mean.take(&mut row, |ts| ts > 4000), None);
        assert_eq!(row.absent.get(&1002), Some(&Absent::Stale));
        mean.add(&datum(1002, 5000, Payload::Real(0.5)));
        assert_eq!(mean.take(&mut row, |ts| ts > 4000), Some(1));
        assert_eq!(row.values.real(ids::SM_ACTIVE), Some(50.0));
    }

    #[test]
    fn a_ratio_a_little_over_1_is_100_percent() {
        let row = row(&[datum(254, 1, Payload::Real(1.000_2))]);
        assert_eq!(row.values.real(index("utilization_pct").unwrap()), Some(100.0));
    }
}
