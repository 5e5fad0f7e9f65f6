//! XIDs from a page that only shows levels: the last code of a GPU, and counts within a window. A change is an event.
//!
//! What a GPU shows when it is first looked at happened at an unknown time and may have been told before this process started:
//! it is the state changes are told from, and no event. From then on a code that is new, or a count that rose, happened since
//! the look before. A code that repeats shows in the counts alone; where the exporter has none, the repeat cannot be seen.

use std::collections::{BTreeSet, HashMap};

use super::board::{Board, Silence};
use crate::event::{Time, Xid};

/// More GPUs than this are only remembered while they are on the page (J: twice the most a page may have).
const MOST_REMEMBERED: usize = 32_768;

/// What each GPU showed at the last look.
#[derive(Debug, Default)]
pub(super) struct Shown {
    boards: HashMap<String, Levels>,
}

#[derive(Debug, Default)]
struct Levels {
    /// The last code, by instance.
    last: Vec<(String, i64)>,
    /// Counts by instance and code.
    counts: Vec<((String, i64), i64)>,
    /// Why it had no values, as its last event said.
    told: Option<Silence>,
}

impl Shown {
    /// The XIDs of a GPU since the last look, lowest code first.
    pub(super) fn news(&mut self, board: &Board, now: Time) -> Vec<Xid> {
        let before = self.boards.get(board.uuid());
        let told = before.and_then(|before| before.told);
        let levels = Levels { last: board.last.clone(), counts: board.counts.clone(), told };
        let codes = before.map_or_else(BTreeSet::new, |before| levels.since(before));
        self.boards.insert(board.uuid().to_owned(), levels);
        codes.into_iter().map(|code| Xid { code, at: now }).collect()
    }

    /// Whether a GPU, looked at now, is silent as its last event said already.
    pub(super) fn said(&mut self, board: &Board) -> bool {
        let silence = board.silence();
        let Some(levels) = self.boards.get_mut(board.uuid()) else { return false };
        std::mem::replace(&mut levels.told, silence) == silence && silence.is_some()
    }

    /// Whether a GPU was looked at before.
    pub(super) fn knows(&self, board: &Board) -> bool {
        self.boards.contains_key(board.uuid())
    }

    /// Forgets the GPUs that are not on the page, where it remembers too many.
    pub(super) fn bound(&mut self, on_page: &[Board]) {
        if self.boards.len() > MOST_REMEMBERED {
            let there: BTreeSet<&str> = on_page.iter().map(Board::uuid).collect();
            self.boards.retain(|uuid, _| there.contains(uuid.as_str()));
        }
    }
}

impl Levels {
    fn since(&self, before: &Levels) -> BTreeSet<i64> {
        let was =
            |instance: &String| before.last.iter().find(|(known, _)| known == instance).map_or(0, |(_, code)| *code);
        let changed = self.last.iter().filter(|(instance, code)| *code != 0 && *code != was(instance));
        let counted = |key: &(String, i64)| before.counts.iter().find(|(known, _)| known == key).map_or(0, |(_, n)| *n);
        let risen = self.counts.iter().filter(|(key, count)| *count > counted(key));
        changed.map(|(_, code)| *code).chain(risen.map(|((_, code), _)| *code)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::exporter::gather::gather;

    fn look(shown: &mut Shown, lines: &str) -> Vec<i64> {
        let page = gather(&format!("DCGM_FI_DEV_GPU_TEMP{{gpu=\"0\",UUID=\"GPU-1\"}} 40\n{lines}")).unwrap();
        shown.news(&page.boards[0], Time(7)).into_iter().map(|xid| xid.code).collect()
    }

    fn last(code: i64) -> String {
        format!("DCGM_FI_DEV_XID_ERRORS{{gpu=\"0\",UUID=\"GPU-1\"}} {code}\n")
    }

    fn count(code: i64, n: i64) -> String {
        format!(
            "DCGM_EXP_XID_ERRORS_COUNT{{gpu=\"0\",UUID=\"GPU-1\",window_size_in_ms=\"300000\",xid=\"{code}\"}} {n}\n"
        )
    }

    #[test]
    fn a_code_is_told_when_it_changes_and_not_at_the_first_look() {
        let mut shown = Shown::default();
        assert!(look(&mut shown, &last(79)).is_empty(), "when it happened is not known");
        assert!(look(&mut shown, &last(79)).is_empty());
        assert_eq!(look(&mut shown, &last(48)), [48]);
        assert!(look(&mut shown, &last(0)).is_empty(), "the exporter started again");
        assert_eq!(look(&mut shown, &last(48)), [48]);
        assert!(look(&mut shown, "").is_empty(), "no series until there is an XID");
        assert_eq!(look(&mut shown, &last(48)), [48]);
    }

    #[test]
    fn a_count_that_rises_is_told_once_with_the_code_it_belongs_to() {
        let mut shown = Shown::default();
        assert!(look(&mut shown, &count(31, 2)).is_empty());
        assert_eq!(look(&mut shown, &count(31, 3)), [31], "a repeat");
        assert!(look(&mut shown, &count(31, 1)).is_empty(), "two left the window");
        assert_eq!(look(&mut shown, &(count(31, 1) + &count(63, 1) + &last(63))), [63], "both series, one event");
    }

    #[test]
    fn blanks_and_what_is_no_code_are_no_xid() {
        let mut shown = Shown::default();
        look(&mut shown, "");
        for value in ["9223372036854775794", "NaN", "-1", "13.5", "1e9"] {
            let line = format!("DCGM_FI_DEV_XID_ERRORS{{gpu=\"0\",UUID=\"GPU-1\"}} {value}\n");
            assert!(look(&mut shown, &line).is_empty(), "{value}");
        }
    }
}
