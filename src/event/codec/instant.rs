//! Times as events nearly always write them, read without a general parser: `2026-02-11T10:30:00.123Z`.
//!
//! An event has three, and a general parser took about a twentieth of all decoding. Whatever does not look exactly like that goes to
//! [`Time::parse`], whose word is the only one on what is a time; a test holds the two equal.

use crate::event::Time;
use crate::event::time::{DAY, HOUR, MINUTE, SECOND};

/// Parses RFC 3339 with a zone, as [`Time::parse`] does.
pub(super) fn parse(text: &str) -> Option<Time> {
    usual(text.as_bytes()).or_else(|| Time::parse(text))
}

/// A time in the usual form; `None` where it has another form or is no time.
fn usual(text: &[u8]) -> Option<Time> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', rest @ ..] = text else { return None };
    let [h1, h2, b':', n1, n2, b':', s1, s2, b'.', f1, f2, f3, b'Z'] = rest else { return None };
    let (year, month, day) = (number(&[*y1, *y2, *y3, *y4])?, number(&[*m1, *m2])?, number(&[*d1, *d2])?);
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*n1, *n2])?, number(&[*s1, *s2])?);
    // Days every month has, and no leap seconds: what is left is for the parser that knows calendars.
    if !(1..=12).contains(&month) || !(1..=28).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let ms = number(&[*f1, *f2, *f3])?;
    Some(Time(days(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second * SECOND + ms))
}

fn number(digits: &[u8]) -> Option<i64> {
    let digit = |number: i64, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'));
    digits.iter().try_fold(0, digit)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that a leap day is the
/// last of its year.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    before + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_usual_form_is_read_as_jiff_reads_it(
            (year, month, day) in (0..10_000, 0..14, 0..33),
            (hour, minute, second, ms) in (0..26, 0..62, 0..62, 0..1000),
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z");
            prop_assert_eq!(parse(&text), Time::parse(&text));
        }

        #[test]
        fn any_instant_comes_back(ms in 0_i64..253_402_300_800_000) {
            prop_assert_eq!(parse(&Time(ms).to_string()), Some(Time(ms)));
        }
    }

    #[test]
    fn other_forms_are_left_to_jiff() {
        for text in [
            "2026-02-11T10:30:00Z",
            "2026-02-11T11:30:00.123+01:00",
            "2026-02-11t10:30:00.123z",
            "2026-02-29T10:30:00.123Z",
            "2028-02-29T10:30:00.123Z",
            "2026-02-11T23:59:60.000Z",
            "2026-02-11T10:30:00.12:Z",
            "2026-02-11T10:30:00.123",
            "",
        ] {
            assert_eq!(parse(text), Time::parse(text), "{text}");
        }
    }
}
