//! What a runner did, counted; of finished steps only, so that a repeated step counts once.

use std::collections::BTreeMap;

use crate::stage::Counts;

/// What a runner did so far.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// The stage's counts, of finished steps only.
    pub counts: Counts,
    /// Refusals by rule.
    pub reasons: BTreeMap<&'static str, u64>,
    /// Raw rows that are in the store now and were not before.
    pub stored: u64,
    /// Raw rows whose key was there already.
    pub repeated: u64,
    /// Rows that the store cannot hold, of whatever table.
    pub unheld: u64,
    /// Records that retention dropped unread.
    pub skipped: u64,
    /// Steps that were finished.
    pub steps: u64,
    /// Records that were applied.
    pub consumed: u64,
    /// Events that were published.
    pub emitted: u64,
    /// Steps that another owner's work made void.
    pub fenced: u64,
}

impl Done {
    /// What was done since `before`.
    #[must_use]
    pub fn since(&self, before: &Done) -> Done {
        let mut reasons = self.reasons.clone();
        for (rule, count) in &before.reasons {
            if let Some(now) = reasons.get_mut(rule) {
                *now -= count;
            }
        }
        reasons.retain(|_, count| *count > 0);
        Done {
            counts: self.counts.since(&before.counts),
            reasons,
            stored: self.stored - before.stored,
            repeated: self.repeated - before.repeated,
            unheld: self.unheld - before.unheld,
            skipped: self.skipped - before.skipped,
            steps: self.steps - before.steps,
            consumed: self.consumed - before.consumed,
            emitted: self.emitted - before.emitted,
            fenced: self.fenced - before.fenced,
        }
    }
}
