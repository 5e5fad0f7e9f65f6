//! A migration's text and its header, and how versions of gpuhm compare.
//!
//! The checksum is UUIDv5 (SHA-1) of the whole text, header included: the crates at hand have it, and it guards
//! against an edit by mistake, not against an enemy, who could edit the bookkeeping as well.

use uuid::Uuid;

/// An embedded migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Its number; they count from 1 without a gap.
    pub version: i64,
    /// Its name.
    pub name: &'static str,
    /// Its text, header and all.
    pub sql: &'static str,
}

/// What stands before the oldest binary that may run on the schema.
const COMPATIBLE: &str = "-- compatible-from:";
/// A text of one statement that its database runs outside a transaction only.
const ALONE: &str = "-- no-transaction";
/// What stands before the way back.
const UNDO: &str = "-- undo:";

impl Migration {
    /// The oldest gpuhm that may run once this migration was applied. A file without the line allows none but its own
    /// and later ones; a test demands the line.
    #[must_use]
    pub fn compatible_from(&self) -> &'static str {
        self.header(COMPATIBLE).unwrap_or(super::OURS)
    }

    /// How a person undoes it.
    #[must_use]
    pub fn undo(&self) -> &'static str {
        self.header(UNDO).unwrap_or("")
    }

    /// Whether it runs outside a transaction.
    #[must_use]
    pub fn alone(&self) -> bool {
        self.sql.lines().take_while(|line| line.starts_with("--")).any(|line| line.trim_end() == ALONE)
    }

    /// What tells one text from another.
    #[must_use]
    pub fn checksum(&self) -> String {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, self.sql.as_bytes()).simple().to_string()
    }

    /// The indexes it makes, by name: each statement begins a line.
    pub(crate) fn indexes(&self) -> impl Iterator<Item = &'static str> {
        self.sql.lines().filter_map(|line| line.strip_prefix("CREATE INDEX ")?.split(' ').next())
    }

    fn header(&self, key: &str) -> Option<&'static str> {
        let lines = self.sql.lines().take_while(|line| line.starts_with("--"));
        lines.filter_map(|line| line.strip_prefix(key)).map(str::trim).next()
    }
}

/// A version's numbers, for comparison; a part that is no number counts as 0, and what follows `-` or `+` is left out.
#[must_use]
pub(crate) fn release(version: &str) -> [u64; 3] {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    let mut parts = plain.split('.').map(|part| part.trim().parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_header_and_no_further() {
        let sql = "-- compatible-from: 1.2.3\n-- undo: DROP TABLE t;\n\nCREATE TABLE t (a);\n-- undo: no\n";
        let migration = Migration { version: 1, name: "t", sql };
        assert_eq!((migration.compatible_from(), migration.undo()), ("1.2.3", "DROP TABLE t;"));
        let bare = Migration { version: 1, name: "t", sql: "CREATE TABLE t (a);\n-- undo: no\n" };
        assert_eq!((bare.compatible_from(), bare.undo()), (super::super::OURS, ""));
        assert_ne!(migration.checksum(), bare.checksum());
        assert!(!bare.alone());
        let alone = Migration { version: 1, name: "t", sql: "-- undo: x\n-- no-transaction\nVACUUM;\n" };
        assert!(alone.alone());
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(release("0.10.0") > release("0.9.9"));
        assert_eq!(release("1.2.3-dev+x"), [1, 2, 3]);
        assert_eq!(release("2"), [2, 0, 0]);
    }
}
