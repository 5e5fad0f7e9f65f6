//! What versions of DCGM know: fields with their types, requests, and how values of each type are blank.

use crate::layout::codes::{BLANK_DOUBLE, BLANK_INT, BLANK_TEXTS};
use crate::layout::{TYPE_DOUBLE, TYPE_INT, TYPE_STRING};
use crate::script::Blank;

/// Fields that are real numbers.
const REAL: [u16; 22] = [
    155, 157, 160, 161, 162, 163, 164, 254, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1013, 1014, 1015, 1016,
    1216, 1218,
];
/// Fields that are texts.
const TEXT: [u16; 12] = [1, 2, 50, 51, 53, 54, 57, 68, 82, 85, 172, 1502];
/// Fields that a driver's profiling gives, which have no value before two samples.
const PROFILING: std::ops::Range<u16> = 1001..1100;
/// The first version that has fields up to a number, newest first.
const KNOWN: [((u32, u32), u16); 6] =
    [((4, 6), 1534), ((4, 5), 1524), ((4, 4), 1443), ((4, 2), 1425), ((4, 0), 1216), ((3, 3), 1142)];
/// Fields that came after others with higher numbers.
const LATER: [(u16, (u32, u32)); 2] = [(153, (4, 1)), (346, (4, 2))];
/// Ids below this are known to the oldest.
const OLDEST: u16 = 1076;

/// Whether a field is one of profiling.
pub(crate) fn is_profiling(field: u16) -> bool {
    PROFILING.contains(&field)
}

/// A field's type.
pub(crate) fn of_type(field: u16) -> u16 {
    match field {
        _ if REAL.contains(&field) => TYPE_DOUBLE,
        _ if TEXT.contains(&field) => TYPE_STRING,
        _ => TYPE_INT,
    }
}

/// Major and minor of a version.
pub(crate) fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Whether an engine of this version knows a field.
pub(crate) fn knows(engine: &str, field: u16) -> bool {
    let engine = version(engine);
    let beyond = KNOWN.iter().find(|(from, _)| engine >= *from).map_or(OLDEST, |(_, beyond)| *beyond);
    let later = LATER.iter().any(|(id, from)| *id == field && engine < *from);
    field > 0 && field < beyond && !later
}

/// The newest request for values that a version sends or takes.
pub(crate) fn dialect(of: &str) -> u32 {
    match version(of) {
        (..=3, _) => 2,
        (4, ..=5) => 3,
        _ => 4,
    }
}

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Plain {
    /// A whole number.
    Int(i64),
    /// A real number.
    Real(f64),
    /// A text.
    Text(String),
}

/// A blank of a field's type.
pub(crate) fn blank(field: u16, kind: Blank) -> Plain {
    let (number, text): (u8, &str) = match (kind, BLANK_TEXTS) {
        (Blank::Null, [text, ..]) => (0, text),
        (Blank::NotFound, [_, text, ..]) => (1, text),
        (Blank::NotSupported, [_, _, text, _]) => (2, text),
        (Blank::NotPermitted, [_, _, _, text]) => (3, text),
    };
    match of_type(field) {
        TYPE_DOUBLE => Plain::Real(BLANK_DOUBLE + f64::from(number)),
        TYPE_STRING => Plain::Text(text.to_owned()),
        _ => Plain::Int(BLANK_INT + i64::from(number)),
    }
}
