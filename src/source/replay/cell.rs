//! One cell of a table: a time, a number with or without its unit, or one of the many words for "not there".
//!
//! Says what is wrong in words, and nothing about where: the table knows the line. Words for absence as drivers and
//! tools write them (facts/telemetry.md, section 5).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::event::{Time, values};
use crate::metric::{Metric, Type};

/// Words for a value that is not there, besides nothing at all; brackets around them do not matter.
const ABSENT: [&str; 12] = [
    "N/A",
    "NA",
    "NaN",
    "None",
    "Not Active",
    "Not Supported",
    "Not Available",
    "Unknown Error",
    "GPU is lost",
    "GPU requires reset",
    "Insufficient Permissions",
    "ERR!",
];

/// Numbers that DCGM and NVML give where there is no value: 64-bit integers from DCGM's blank to all ones, which as real
/// numbers (and so in much JSON) are 2^63 to 2^64 …
const BLANK: std::ops::RangeInclusive<f64> = 9_223_372_036_854_775_808.0..=18_446_744_073_709_551_616.0;
/// … and DCGM's four blanks among real numbers, which an integer could be.
const BLANK_REAL: std::ops::RangeInclusive<f64> = 140_737_488_355_328.0..=140_737_488_355_331.0;

/// Whether the cell says that there is no value.
pub(super) fn absent(cell: &str) -> bool {
    let word = cell.trim_start_matches('[').trim_end_matches(']').trim();
    word.is_empty() || ABSENT.iter().any(|absent| word.eq_ignore_ascii_case(absent))
}

/// A time: RFC 3339, or without a zone and then UTC; slashes in the date are hyphens.
pub(super) fn time(cell: &str) -> Result<Time, String> {
    let bad = || format!("{cell:?} is no time");
    if let Some(time) = Time::parse(cell) {
        return Ok(time);
    }
    let text = cell.replace('/', "-");
    // A date alone would parse too, as its midnight.
    let civil: DateTime = if text.contains(':') { text.parse().map_err(|_| bad())? } else { return Err(bad()) };
    let time = TimeZone::UTC.to_timestamp(civil).map_err(|_| bad())?;
    Ok(Time(time.as_millisecond()))
}

/// The value of a metric in the unit that the cell or its column names; `None` where there is none.
pub(super) fn number(cell: &str, metric: &Metric) -> Result<Option<f64>, String> {
    if absent(cell) {
        return Ok(None);
    }
    let bad = || format!("{} is {cell:?}, which is no number", metric.name);
    let (digits, unit) = cell.split_once(' ').map_or((cell, ""), |(digits, unit)| (digits, unit.trim()));
    if !unit.is_empty() && !unit_fits(unit, metric) {
        return Err(format!("{} is {cell:?}, where the unit {} was expected", metric.name, metric.unit));
    }
    let number = match metric.unit {
        "flag" => word(digits).or_else(|| plain(digits)),
        "P" => plain(digits.strip_prefix('P').unwrap_or(digits)),
        _ => plain(digits),
    };
    let number = number.ok_or_else(bad)?;
    if BLANK.contains(&number) || (metric.ty == Type::Real && BLANK_REAL.contains(&number)) {
        return Ok(None);
    }
    // An integer beyond 64 bits cannot be kept.
    if metric.ty == Type::Int && values::whole(number.round()).is_none() {
        return Err(bad());
    }
    Ok(Some(number))
}

/// Whether a unit, as files spell it, is the metric's.
pub(super) fn unit_fits(unit: &str, metric: &Metric) -> bool {
    let spelt = match metric.unit {
        "°C" => "C",
        "banks" => "bank(s)",
        unit => unit,
    };
    unit == metric.unit || unit == spelt
}

/// Yes and no.
fn word(text: &str) -> Option<f64> {
    match text {
        "Yes" | "Active" | "Enabled" => Some(1.0),
        "No" | "Disabled" => Some(0.0),
        _ => None,
    }
}

fn plain(text: &str) -> Option<f64> {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        #[expect(clippy::cast_precision_loss, reason = "masks have a few dozen bits")]
        return u64::from_str_radix(hex, 16).ok().map(|mask| mask as f64);
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{METRICS, index};

    fn read(name: &str, cell: &str) -> Result<Option<f64>, String> {
        number(cell, &METRICS[index(name).unwrap()])
    }

    #[test]
    fn numbers_with_and_without_units() {
        for (name, cell, is) in [
            ("power_usage_w", "70.12 W", 70.12),
            ("power_usage_w", "70.12", 70.12),
            ("gpu_util_pct", "35 %", 35.0),
            ("sm_clock_mhz", "1410 MHz", 1410.0),
            ("gpu_temp_c", "34 C", 34.0),
            ("pstate", "P0", 0.0),
            ("pstate", "P12", 12.0),
            ("pstate", "0.0", 0.0),
            ("throttle_reasons", "0x0000000000000004", 4.0),
            ("row_remap_pending", "Yes", 1.0),
            ("row_remap_pending", "No", 0.0),
            ("bank_remap_max", "2560 bank(s)", 2560.0),
            ("energy_mj", "238749445947", 238_749_445_947.0),
        ] {
            assert_eq!(read(name, cell), Ok(Some(is)), "{cell}");
        }
        for cell in ["", "N/A", "[N/A]", "[Not Supported]", "[Unknown Error]", "ERR!", "None", "Not Active", "[n/a]"] {
            assert_eq!(read("power_usage_w", cell), Ok(None), "{cell}");
        }
        for cell in ["hot", "70.12 kW", "inf", "0xZZ", "7O", "--", "P0", "Yes"] {
            let said = read("power_usage_w", cell).unwrap_err();
            assert!(said.contains("power_usage_w") && said.contains(cell), "{said}");
        }
        assert!(read("energy_mj", "1e30").is_err());
    }

    #[test]
    fn blank_numbers_are_absent() {
        let integers = [
            "9223372036854775792",
            "9223372036854775794",
            "9223372036854775795",
            "9223372036854776000",
            "18446744073709551615",
            "0xffffffffffffffff",
        ];
        for cell in integers {
            for name in ["energy_mj", "fb_used_mib", "power_usage_w", "sm_active_pct"] {
                assert_eq!(read(name, cell), Ok(None), "{name} {cell}");
            }
        }
        for cell in ["140737488355328", "140737488355329.0", "140737488355330.000000 W", "140737488355331"] {
            assert_eq!(read("power_usage_w", cell), Ok(None), "{cell}");
        }
        assert_eq!(read("power_usage_w", "140737488355332"), Ok(Some(140_737_488_355_332.0)));
        assert_eq!(read("energy_mj", "140737488355328"), Ok(Some(140_737_488_355_328.0)));
        assert_eq!(read("energy_mj", "9223372036854774784"), Ok(Some(9_223_372_036_854_774_784.0)));
    }

    #[test]
    fn times_with_and_without_zone() {
        for (cell, is) in [
            ("2026-04-01T04:04:26.006Z", "2026-04-01T04:04:26.006Z"),
            ("2025-06-12T01:27:28.446", "2025-06-12T01:27:28.446Z"),
            ("2026/11/24 07:41:18.123", "2026-11-24T07:41:18.123Z"),
            ("2026-11-24 07:41:18", "2026-11-24T07:41:18.000Z"),
            ("2026-02-23T17:53:52+01:00", "2026-02-23T16:53:52.000Z"),
        ] {
            assert_eq!(time(cell).unwrap().to_string(), is);
        }
        for cell in ["", "2026-11-24", "yesterday", "07:41:18", "2026/13/01 00:00:00", "1700000000"] {
            assert!(time(cell).is_err(), "{cell}");
        }
    }
}
