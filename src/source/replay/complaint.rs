//! What a recording's reader could not understand: the first few complaints in full, the others as a count.
//!
//! Bounded, because a file may consist of nothing else. Knows no format.

use std::borrow::Cow;

/// Complaints said in full.
const FULL: u64 = 20;
/// Characters of what is said of a line: a cell that it quotes may be as long as a line.
const SAID: usize = 300;

/// As much of a reason as is said.
pub(super) fn shown(why: &str) -> Cow<'_, str> {
    match why.char_indices().nth(SAID).and_then(|(end, _)| why.get(..end)) {
        Some(start) => Cow::Owned(format!("{start}…")),
        None => Cow::Borrowed(why),
    }
}

/// The complaints about one file.
#[derive(Debug)]
pub(super) struct Complaints {
    file: String,
    unsaid: Vec<String>,
    /// Complaints so far, and how many of them were only counted and not yet said.
    count: u64,
    more: u64,
}

impl Complaints {
    /// None yet.
    pub(super) fn new(file: &str) -> Complaints {
        Complaints { file: file.to_owned(), unsaid: Vec::new(), count: 0, more: 0 }
    }

    /// What is wrong with a line, counted from 1; `kept` is how many bytes of it are kept, where that is not all.
    pub(super) fn line(&mut self, line: u64, why: &str, kept: Option<usize>) {
        self.count += 1;
        if self.count <= FULL {
            let said = shown(why);
            let kept = kept.map(|kept| format!("; only its first {kept} bytes are kept")).unwrap_or_default();
            self.unsaid.push(format!("{}:{line}: {said}{kept}", self.file));
        } else {
            self.more += 1;
        }
    }

    /// What is wrong with the file: always said.
    pub(super) fn file(&mut self, why: &str) {
        self.unsaid.push(format!("{}: {why}", self.file));
    }

    /// What has not been said yet.
    pub(super) fn take(&mut self) -> Vec<String> {
        let more = std::mem::take(&mut self.more);
        if more > 0 {
            self.unsaid.push(format!("{}: {more} more lines are as broken", self.file));
        }
        std::mem::take(&mut self.unsaid)
    }
}
