//! Instants and durations: milliseconds since 1970-01-01T00:00:00Z, as events carry them.
//!
//! Parsing and printing are jiff's; nothing here asks what time it is now.

use std::fmt;
use std::str::FromStr;

use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Serialize};

/// An instant, in whole milliseconds UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Time(pub i64);

/// Milliseconds in a second.
pub const SECOND: i64 = 1000;
/// Milliseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Milliseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds in a day.
pub const DAY: i64 = 24 * HOUR;

static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

impl Time {
    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// This instant and `ms` milliseconds.
    #[must_use]
    pub const fn plus(self, ms: i64) -> Time {
        Time(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant.
    #[must_use]
    pub const fn since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The start of the step of `ms` milliseconds that holds this instant.
    #[must_use]
    pub const fn floor(self, ms: i64) -> Time {
        Time(self.0.div_euclid(ms) * ms)
    }

    /// Parses RFC 3339 with a zone; a fraction finer than a millisecond is cut. `None` where it is not RFC 3339.
    #[must_use]
    pub fn parse(text: &str) -> Option<Time> {
        let time: jiff::Timestamp = text.parse().ok()?;
        Some(Time(time.as_millisecond()))
    }

    /// Appends the instant as RFC 3339 UTC with milliseconds.
    pub fn write(self, out: &mut Vec<u8>) {
        use std::io::Write as _;
        if write!(out, "{self}").is_err() {
            debug_assert!(false, "writing to a Vec cannot fail");
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Times outside jiff's range (years -9999 to 9999) cannot come from an event; they print as a count.
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => f.write_str(&PRINTER.timestamp_to_string(&time)),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Time, String> {
        Time::parse(text).ok_or_else(|| format!("not an RFC 3339 time with a zone: {text:?}"))
    }
}

/// An instant as RFC 3339 text in JSON documents, for `#[serde(with = "…")]`; elsewhere an instant is its count.
pub mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Time;

    /// Writes it.
    ///
    /// # Errors
    /// Where the serializer fails.
    pub fn serialize<S: Serializer>(time: &Time, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(time)
    }

    /// Reads it.
    ///
    /// # Errors
    /// Where the text is not RFC 3339.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_it_parsed_with_milliseconds() {
        for text in ["2026-02-11T10:30:00.123Z", "1970-01-01T00:00:00.000Z", "2026-12-31T23:59:59.999Z"] {
            assert_eq!(Time::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Time::parse("2026-02-11T11:30:00.1239+01:00").unwrap().to_string(), "2026-02-11T10:30:00.123Z");
    }

    #[test]
    fn refuses_a_time_without_a_zone() {
        assert_eq!(Time::parse("2026-02-11T10:30:00"), None);
        assert_eq!(Time::parse("yesterday"), None);
    }

    #[test]
    fn floors_before_the_epoch_too() {
        assert_eq!(Time(-1).floor(MINUTE), Time(-MINUTE));
        assert_eq!(Time(61_000).floor(MINUTE), Time(MINUTE));
    }
}
