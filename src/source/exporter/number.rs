//! What a page's number means: a metric by its name, its value in the table's unit, or nothing where it is blank.
//!
//! dcgm-exporter prints DCGM's blanks as if they were readings, some of them rounded on their way through a float. Names,
//! units and factors are the metric table's; what this adds is which numbers are none.

use std::collections::HashMap;

use crate::event::Value;
use crate::event::values::whole;
use crate::metric::{Kind, METRICS, Type, ids};

/// Integers from here on are blanks (facts/dcgm.md section 5: 2^63 − 16 and up), their roundings included. As nanoseconds it is
/// 292 years: no counter reaches it.
const BLANK_INT: f64 = 9.2e18;
/// Real numbers from here on are blanks (section 5: 2^47 = 1.407e14 and up), their roundings included.
const BLANK_REAL: f64 = 1.4e14;

/// What a name on a page stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A value of the metric at this index; of several names on one page the one of the lowest rank counts.
    Value(usize, u8),
    /// The last XID, kept until the exporter starts again.
    LastXid,
    /// How many XIDs of one code there were within a window.
    XidCount,
}

/// Names with what each stands for.
pub(super) type Names = HashMap<&'static str, Meaning, foldhash::fast::RandomState>;

/// The exporter's counts of XIDs, old name and new: facts/telemetry.md section 5.
const XID_COUNTS: [&str; 2] = ["DCGM_EXP_XID_ERRORS_COUNT", "DCGM_FI_DEV_XID_ERRORS_ACTIVE"];

/// Every name that is read.
pub(super) fn names() -> Names {
    let mut names: Names = XID_COUNTS.into_iter().map(|name| (name, Meaning::XidCount)).collect();
    for (metric, row) in METRICS.iter().enumerate() {
        for (rank, name) in (0..).zip(row.exporter) {
            let meaning = if row.kind == Kind::Events { Meaning::LastXid } else { Meaning::Value(metric, rank) };
            names.insert(name, meaning);
        }
    }
    names
}

/// A number of a page; `None` where it is blank, `NaN`, infinite, or no number.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.abs() < BLANK_INT)
}

/// The value of a metric in the table's type and unit, where the text, which is this number, is a reading.
pub(super) fn value(metric: usize, text: &str, number: f64) -> Option<Value> {
    let row = METRICS.get(metric)?;
    let number = Some(number).filter(|number| number.abs() < BLANK_INT)?;
    if row.ty == Type::Int {
        // Digits are taken as they stand: through a float, an energy counter would lose its last ones.
        let exact = text.parse().ok().or_else(|| whole(number.round()))?;
        return Some(Value::Int(exact));
    }
    if number.abs() >= BLANK_REAL || (metric == ids::MEMORY_TEMP && number == 0.0) {
        // Boards without such a sensor show 0 °C in some versions: dcgm-exporter issue 460.
        return None;
    }
    Some(Value::Real(scaled(number, row.dcgm_factor)))
}

/// The number in the table's unit: a fraction times 100 is brought back to the decimal it stands for.
fn scaled(number: f64, factor: f64) -> f64 {
    const FINE: f64 = 1e9;
    if factor > 1.0 { (number * factor * FINE).round() / FINE } else { number * factor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::index;

    fn value(metric: usize, text: &str) -> Option<Value> {
        super::value(metric, text, text.parse().unwrap())
    }

    fn of(metric: &str, text: &str) -> Option<f64> {
        value(index(metric).unwrap(), text).map(Value::real)
    }

    #[test]
    fn blanks_are_absent_in_every_form_they_come_in() {
        for text in [
            "9223372036854775792",
            "9223372036854775794",
            "9223372036854776000",
            "9.223372036854776e+18",
            "9.22337e+18",
            "NaN",
            "+Inf",
            "-Inf",
            "1e400",
        ] {
            for metric in ["gpu_temp_c", "fb_used_mib", "power_usage_w", "energy_mj", "sm_active_pct"] {
                assert_eq!(of(metric, text), None, "{metric} {text}");
            }
        }
        for text in ["140737488355328.000000", "140737488355330", "1.40737488355328e+14", "1.4073749e+14"] {
            assert_eq!(of("power_usage_w", text), None, "{text}");
            assert_eq!(of("sm_active_pct", text), None, "{text}");
        }
        assert_eq!(of("memory_temp_c", "0"), None, "no sensor");
        assert_eq!(of("gpu_temp_c", "0"), Some(0.0));
    }

    #[test]
    fn counters_keep_every_digit_and_may_pass_2_to_the_47() {
        let energy = index("energy_mj").unwrap();
        assert_eq!(value(energy, "9007199254740993"), Some(Value::Int(9_007_199_254_740_993)));
        assert_eq!(value(energy, "140737488355330"), Some(Value::Int(140_737_488_355_330)));
        assert_eq!(value(energy, "12.000000"), Some(Value::Int(12)));
    }

    #[test]
    fn units_become_the_tables() {
        assert_eq!(of("sm_active_pct", "0.29"), Some(29.0));
        assert_eq!(of("utilization_pct", "0.5"), Some(50.0));
        assert_eq!(of("gpu_util_pct", "97"), Some(97.0));
        assert_eq!(of("pcie_rx_mb_per_sec", "1048576"), Some(1.0));
        assert_eq!(of("power_usage_w", "600.838"), Some(600.838));
    }

    #[test]
    fn no_name_stands_for_two_metrics() {
        let told: usize = METRICS.iter().map(|row| row.exporter.len()).sum();
        assert_eq!(names().len(), told + XID_COUNTS.len());
    }
}
