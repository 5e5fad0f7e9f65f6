//! Versions of libraries and host engines: which reads which, and which fields an engine knows.
//!
//! A library sends requests in the newest form it knows and never falls back, so that one that is newer than its host
//! engine may connect and then read nothing. From the facts on dcgm, 1.2 and 1.3. Knows no calls.

use std::fmt;

/// A version of DCGM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Version {
    /// The version in what DCGM says of itself: `version:4.6.0;arch:x86_64;…`.
    #[must_use]
    pub fn of(info: &str) -> Option<Version> {
        let text = info.split(';').find_map(|part| part.split_once(':').filter(|(key, _)| key.trim() == "version"))?.1;
        let mut numbers = text.trim().split('.').map(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        });
        let major = numbers.next()??;
        let mut next = || numbers.next().flatten().unwrap_or_default();
        Some(Version(major, next(), next()))
    }

    /// The first version whose engines answer this library's requests for values.
    fn asks_for(self) -> Version {
        match self {
            Version(..=3, ..) => Version(3, 0, 0),
            Version(4, ..=5, _) => Version(4, 0, 0),
            _ => Version(4, 6, 0),
        }
    }

    /// Whether a library of this version can read values from an engine.
    #[must_use]
    pub fn reads(self, engine: Version) -> bool {
        engine >= self.asks_for()
    }
}

/// What the field ids of an engine end before: by the newest version with that end. Engines between two take the later's,
/// and what they do not know is found out by asking.
const ENDS: [(Version, u16); 7] = [
    (Version(3, 2, u32::MAX), 1076),
    (Version(3, u32::MAX, u32::MAX), 1142),
    (Version(4, 0, u32::MAX), 1216),
    (Version(4, 3, u32::MAX), 1425),
    (Version(4, 4, u32::MAX), 1443),
    (Version(4, 5, u32::MAX), 1524),
    (Version(4, 6, u32::MAX), 1534),
];

/// Fields that came after 3.0 with ids among the old ones: the first version that has them.
const SINCE: [(u16, Version); 9] = [
    (153, Version(4, 1, 1)),
    (157, Version(3, 2, 5)),
    (346, Version(4, 2, 3)),
    (385, Version(3, 2, 5)),
    (386, Version(3, 2, 5)),
    (387, Version(3, 2, 5)),
    (388, Version(3, 2, 5)),
    (389, Version(3, 2, 5)),
    (1523, Version(4, 5, 0)),
];

/// Whether an engine knows a field, as far as its version says; an engine of unknown version is asked.
#[must_use]
pub(super) fn knows(engine: Option<Version>, field: u16) -> bool {
    let Some(engine) = engine else { return true };
    let end = ENDS.iter().find(|(version, _)| engine <= *version).map_or(u16::MAX, |(_, end)| *end);
    let young = SINCE.iter().any(|(id, since)| *id == field && engine < *since);
    field < end && !young
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_dcgm_says() {
        assert_eq!(Version::of("version:4.6.0;arch:x86_64;builddate:a:b"), Some(Version(4, 6, 0)));
        assert_eq!(Version::of("arch:x;version:3.3.9-rc1"), Some(Version(3, 3, 9)));
        assert_eq!(Version::of("arch:x86_64"), None);
        assert_eq!(Version::of("version:unknown"), None);
    }

    #[test]
    fn a_library_newer_than_its_engine_reads_by_the_table() {
        let reads = |library, engine| Version::reads(library, engine);
        assert!(!reads(Version(4, 6, 0), Version(4, 5, 3)), "run: every read -20");
        assert!(!reads(Version(4, 5, 3), Version(3, 3, 9)), "run: every read -20");
        assert!(reads(Version(3, 3, 9), Version(4, 6, 0)), "run: reads");
        assert!(reads(Version(4, 5, 3), Version(4, 0, 0)), "both speak the third form");
        assert!(reads(Version(4, 6, 0), Version(4, 6, 0)));
    }

    #[test]
    fn engines_are_not_asked_for_fields_of_later_versions() {
        assert!(!knows(Some(Version(4, 4, 2)), 1523) && knows(Some(Version(4, 5, 0)), 1523));
        assert!(!knows(Some(Version(3, 3, 9)), 153) && knows(Some(Version(4, 1, 1)), 153));
        assert!(knows(Some(Version(3, 0, 4)), 150) && !knows(Some(Version(3, 0, 4)), 388));
        assert!(knows(None, 1523) && knows(Some(Version(5, 0, 0)), 1523));
    }
}
