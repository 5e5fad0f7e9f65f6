//! A return code of DCGM as an error: the number, its name and what it means. A number that nobody knows stays a number.

use std::fmt;

use super::layout::Return;
use super::layout::codes::{self, describe};

/// What a call of DCGM returned other than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub i32);

impl Code {
    /// The second door: every call's result passes here.
    pub(super) fn check(returned: Return) -> Result<(), Code> {
        if returned == codes::OK { Ok(()) } else { Err(Code(returned)) }
    }

    /// Its name in DCGM's header, less `DCGM_ST_`, where it is known.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        describe(self.0).map(|(name, _)| name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match describe(self.0) {
            Some((name, meaning)) => write!(f, "{meaning} ({name}, {})", self.0),
            None => write!(f, "DCGM's error {}", self.0),
        }
    }
}

impl std::error::Error for Code {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_names_and_unknown_ones_stay_numbers() {
        assert_eq!(Code::check(0), Ok(()));
        let lost = Code::check(-21).unwrap_err();
        assert_eq!(lost.name(), Some("CONNECTION_NOT_VALID"));
        assert_eq!(lost.to_string(), "the connection is lost (CONNECTION_NOT_VALID, -21)");
        assert_eq!(Code(-99).to_string(), "DCGM's error -99");
        assert_eq!(Code(-2).name(), None, "no code has this number");
        assert!(codes::CODES.windows(2).all(|pair| pair[0].0 > pair[1].0), "each once, falling");
    }
}
