//! Numbers, ages and times as the screen shows them. What is missing is `-`, never 0.

use crate::event::Time;
use crate::view::fleet::ago;

/// How times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Zone {
    /// Seconds ahead of UTC; 0 and `utc` mean `Z`.
    pub(super) offset_s: i32,
    pub(super) utc: bool,
}

impl Zone {
    fn shifted(self, time: Time) -> String {
        let offset = if self.utc { 0 } else { i64::from(self.offset_s) * 1000 };
        time.plus(offset).to_string()
    }

    fn suffix(self) -> String {
        if self.utc {
            return "Z".to_owned();
        }
        let (sign, minutes) = (if self.offset_s < 0 { '-' } else { '+' }, self.offset_s.abs() / 60);
        if minutes % 60 == 0 {
            format!("{sign}{:02}", minutes / 60)
        } else {
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }
    }

    /// Columns of a clock.
    pub(super) fn width(self) -> u16 {
        8 + columns(self.suffix().len())
    }

    /// `07:41:30Z`, or `07:41:30+01`.
    pub(super) fn clock(self, time: Time) -> String {
        let text = self.shifted(time);
        format!("{}{}", text.get(11..19).unwrap_or("-"), self.suffix())
    }

    /// `2026-11-24 07:41:30Z`.
    pub(super) fn full(self, time: Time) -> String {
        let text = self.shifted(time);
        format!("{} {}", text.get(..10).unwrap_or("-"), self.clock(time))
    }
}

/// How long ago `then` was, `-` where that is not known.
pub(super) fn age(then: Option<Time>, now: Time) -> String {
    then.map_or_else(|| "-".to_owned(), |then| ago(now.since(then).max(0) / 1000))
}

/// A number without decimals.
pub(super) fn whole(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{:.0}", positive_zero(number.round())))
}

/// A number with one decimal.
pub(super) fn tenth(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.1}"))
}

/// A probability with two decimals; one too small for them is not shown as none.
pub(super) fn odds(p: Option<f64>) -> String {
    match p {
        None => "-".to_owned(),
        Some(p) if p > 0.0 && p < 0.005 => "<.01".to_owned(),
        Some(p) => format!("{p:.2}"),
    }
}

/// A count with thousands set apart.
pub(super) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// Bytes in the unit that fits.
pub(super) fn bytes(number: Option<i64>) -> String {
    match number {
        None => "-".to_owned(),
        Some(bytes) if bytes < 10 * 1024 => format!("{bytes} B"),
        Some(bytes) if bytes < 10 * 1024 * 1024 => format!("{} KiB", bytes / 1024),
        Some(bytes) => format!("{} MiB", bytes / (1024 * 1024)),
    }
}

/// A whole number that may be missing.
pub(super) fn maybe(number: Option<i64>) -> String {
    number.map_or_else(|| "-".to_owned(), count)
}

/// A model's name without its maker.
pub(super) fn model(name: &str) -> &str {
    name.strip_prefix("NVIDIA ").unwrap_or(name)
}

/// A count as a real number; counts on a screen are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "GPUs and points are far fewer than 2^53")]
pub(super) fn real(count: usize) -> f64 {
    count as f64
}

/// A length as columns.
pub(super) fn columns(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn positive_zero(number: f64) -> f64 {
    if number == 0.0 { 0.0 } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_is_a_dash_and_small_odds_are_not_none() {
        assert_eq!([whole(None), tenth(None), odds(None), maybe(None), bytes(None)], ["-"; 5]);
        assert_eq!([odds(Some(0.0)), odds(Some(0.001)), odds(Some(0.634))], ["0.00", "<.01", "0.63"]);
        assert_eq!(whole(Some(-0.2)), "0");
    }

    #[test]
    fn counts_and_times_read_well() {
        assert_eq!([count(0), count(999), count(1_847), count(-12_345_678)], ["0", "999", "1,847", "-12,345,678"]);
        let time = Time::parse("2026-11-24T23:41:30Z").unwrap();
        let zone = |offset_s, utc| Zone { offset_s, utc }.full(time);
        assert_eq!(zone(3600, true), "2026-11-24 23:41:30Z");
        assert_eq!(zone(3600, false), "2026-11-25 00:41:30+01");
        assert_eq!(zone(-12600, false), "2026-11-24 20:11:30-03:30");
    }
}
