//! A value as the engine gave it, and what becomes of it: a number, or why there is none.
//!
//! In this order (facts on dcgm, 5): status, then blank, then age. "Not supported" normally comes with status 0 and a blank
//! value. Knows no metrics.

use std::fmt;

use super::code::Code;
use super::layout::Entity;
use super::layout::codes::{
    BLANK_DOUBLE, BLANK_INT, BLANK_NOT_PERMITTED, BLANK_NOT_SUPPORTED, FIELD_UNSUPPORTED_BY_API, GPU_IS_LOST, NO_DATA,
    NO_PERMISSION, NOT_SUPPORTED, NOT_WATCHED, RESET_REQUIRED, STALE_DATA, UNKNOWN_FIELD,
};
use super::text;

/// A value of an entity's field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Datum {
    pub(super) entity: Entity,
    pub(super) field: u16,
    pub(super) status: i32,
    /// When the engine read it, µs by its clock.
    pub(super) ts_us: i64,
    pub(super) payload: Payload,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Payload {
    Int(i64),
    Real(f64),
    Text(String),
    /// Neither, or the status says that there is none.
    None,
}

/// Why a field of a GPU has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Absent {
    /// The GPU or its driver does not have it.
    NotSupported,
    /// The host engine may not read it: it does not run as root.
    NotPermitted,
    /// The host engine does not know the field: it is older than the field.
    Unknown,
    /// The driver gave an error, or profiling is paused.
    Blank,
    /// Nothing has been read yet.
    NoData,
    /// Nobody watches it.
    NotWatched,
    /// The last value is too old.
    Stale,
    /// The GPU is lost.
    Lost,
    /// The GPU needs a reset.
    NeedsReset,
    /// Another error.
    Failed(Code),
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Absent::NotSupported => f.write_str("not supported"),
            Absent::NotPermitted => f.write_str("not permitted: the host engine does not run as root"),
            Absent::Unknown => f.write_str("not known to this host engine"),
            Absent::Blank => f.write_str("blank"),
            Absent::NoData => f.write_str("no data yet"),
            Absent::NotWatched => f.write_str("not watched"),
            Absent::Stale => f.write_str("stale"),
            Absent::Lost => f.write_str("the GPU is lost"),
            Absent::NeedsReset => f.write_str("the GPU needs a reset"),
            Absent::Failed(code) => code.fmt(f),
        }
    }
}

/// A number of DCGM's, in its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Real(f64),
}

impl Datum {
    /// When the engine read it, ms by its clock.
    pub(super) fn ts(&self) -> i64 {
        self.ts_us.div_euclid(1000)
    }

    /// The number, where status and value give one; its age is not looked at.
    pub(super) fn number(&self) -> Result<Number, Absent> {
        self.told()?;
        match &self.payload {
            Payload::Int(value) if *value >= BLANK_INT => Err(blank(value - BLANK_INT)),
            Payload::Int(value) => Ok(Number::Int(*value)),
            Payload::Real(value) if *value >= BLANK_DOUBLE => Err(blank_real(*value)),
            Payload::Real(value) if !value.is_finite() => Err(Absent::Blank),
            Payload::Real(value) => Ok(Number::Real(*value)),
            Payload::Text(_) | Payload::None => Err(Absent::Blank),
        }
    }

    /// The text, where status and value give one.
    pub(super) fn text(&self) -> Option<String> {
        self.told().ok()?;
        match &self.payload {
            Payload::Text(value) => text::said(value),
            Payload::Int(_) | Payload::Real(_) | Payload::None => None,
        }
    }

    /// What the status says.
    fn told(&self) -> Result<(), Absent> {
        Err(match self.status {
            0 => return Ok(()),
            NO_DATA => Absent::NoData,
            NOT_WATCHED => Absent::NotWatched,
            UNKNOWN_FIELD => Absent::Unknown,
            STALE_DATA => Absent::Stale,
            NOT_SUPPORTED | FIELD_UNSUPPORTED_BY_API => Absent::NotSupported,
            NO_PERMISSION => Absent::NotPermitted,
            GPU_IS_LOST => Absent::Lost,
            RESET_REQUIRED => Absent::NeedsReset,
            other => Absent::Failed(Code(other)),
        })
    }
}

/// What a blank means, by what is added to the first of them.
fn blank(added: i64) -> Absent {
    match u8::try_from(added) {
        Ok(BLANK_NOT_SUPPORTED) => Absent::NotSupported,
        Ok(BLANK_NOT_PERMITTED) => Absent::NotPermitted,
        // "Not found" is a passing error of the driver, as is the plain blank; those to come are treated alike.
        _ => Absent::Blank,
    }
}

fn blank_real(value: f64) -> Absent {
    crate::event::values::whole(value - BLANK_DOUBLE).map_or(Absent::Blank, blank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::dcgm::layout::ENTITY_GPU;

    fn datum(status: i32, payload: Payload) -> Datum {
        Datum { entity: Entity { group: ENTITY_GPU, id: 0 }, field: 150, status, ts_us: 1_999, payload }
    }

    #[test]
    fn status_comes_before_the_value() {
        // 3.3.9 gives a plain 0 with NOT_WATCHED.
        assert_eq!(datum(-16, Payload::Int(0)).number(), Err(Absent::NotWatched));
        assert_eq!(datum(-18, Payload::Int(40)).number(), Err(Absent::Lost));
        assert_eq!(datum(-57, Payload::Int(40)).number(), Err(Absent::Failed(Code(-57))));
        assert_eq!(datum(0, Payload::Int(40)).number(), Ok(Number::Int(40)));
        assert_eq!(datum(0, Payload::Int(-5)).number(), Ok(Number::Int(-5)));
    }

    #[test]
    fn every_blank_of_every_type_is_absent_by_its_reason() {
        let int = |value: i64| datum(0, Payload::Int(value)).number().unwrap_err();
        assert_eq!(int(9_223_372_036_854_775_792), Absent::Blank);
        assert_eq!(int(9_223_372_036_854_775_793), Absent::Blank);
        assert_eq!(int(9_223_372_036_854_775_794), Absent::NotSupported);
        assert_eq!(int(9_223_372_036_854_775_795), Absent::NotPermitted);
        assert_eq!(int(i64::MAX), Absent::Blank);
        let real = |value: f64| datum(0, Payload::Real(value)).number().unwrap_err();
        assert_eq!(real(140_737_488_355_328.0), Absent::Blank);
        assert_eq!(real(140_737_488_355_330.0), Absent::NotSupported);
        assert_eq!(real(140_737_488_355_331.0), Absent::NotPermitted);
        assert_eq!(real(f64::NAN), Absent::Blank);
        assert_eq!(real(f64::INFINITY), Absent::Blank);
        // A counter beyond 2^47 is a number.
        assert_eq!(datum(0, Payload::Int(1 << 48)).number(), Ok(Number::Int(1 << 48)));
        assert_eq!(datum(0, Payload::Text("<<<NULL>>>".into())).text(), None);
        assert_eq!(datum(0, Payload::Text("GPU-1".into())).text(), Some("GPU-1".into()));
    }

    #[test]
    fn times_are_microseconds() {
        assert_eq!(datum(0, Payload::None).ts(), 1);
    }
}
