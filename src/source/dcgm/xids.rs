//! XIDs as they come from values-since: which were seen, from where to go on, and what waits for a GPU's next event.
//!
//! A call may deliver and then fail, and the same XID may come from the driver and from the kernel's log within a second:
//! so each is counted once by entity, time and code, and one code once a second. What is kept here survives the loss of a
//! connection; GPUs are named by UUID, since their ids change with it. Knows no calls.

use std::collections::BTreeMap;

use crate::event::Xid;

/// Equal codes of a GPU within so much are one, µs.
const SAME_US: i64 = 1_000_000;
/// What is asked for again at each call, for samples that are filed late, µs (J).
const OVERLAP_US: i64 = 5_000_000;
/// How far back the first connection asks, µs: what the engine kept for others while nobody collected (J). Later stages
/// count an XID once, by GPU, code and time.
const BACK_US: i64 = 600_000_000;
/// How many are remembered of a GPU, and how many wait for its next event at most (J).
const MOST: usize = 256;

/// The cursor over all GPUs of an engine.
#[derive(Debug, Default)]
pub(super) struct Xids {
    /// Where to go on, µs by the engine's clock.
    next: Option<i64>,
    /// What happened before it is another's to tell, µs by the engine's clock; zero for nothing.
    floor: i64,
    gpus: BTreeMap<String, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Time, µs, and code.
    past: Vec<(i64, i64)>,
    waiting: Vec<(i64, i64)>,
}

impl Xids {
    /// What to ask for: `newest` is the engine's newest time known, µs; its clock `agrees` with ours or not.
    ///
    /// An XID is told apart from the same one, told by the process before this, by its time: where the clocks differ that
    /// time is a guess that each process makes anew, so that what was before this one is not told again.
    pub(super) fn since(&mut self, newest: Option<i64>, agrees: bool) -> i64 {
        let from = match (self.next, newest) {
            (Some(next), _) => next.saturating_sub(OVERLAP_US),
            (None, Some(newest)) if agrees => newest.saturating_sub(BACK_US),
            (None, Some(newest)) => {
                self.floor = newest;
                newest
            }
            (None, None) => 0,
        };
        from.max(self.floor)
    }

    /// An XID of a GPU; returns whether it is new.
    pub(super) fn saw(&mut self, uuid: &str, ts_us: i64, code: i64) -> bool {
        if ts_us < self.floor {
            return false;
        }
        let seen = self.gpus.entry(uuid.to_owned()).or_default();
        let same = |(at, known): &(i64, i64)| *known == code && at.saturating_sub(ts_us).saturating_abs() < SAME_US;
        if seen.past.iter().any(same) {
            return false;
        }
        for kept in [&mut seen.past, &mut seen.waiting] {
            if kept.len() >= MOST {
                kept.remove(0);
            }
            kept.push((ts_us, code));
        }
        true
    }

    /// A call ended: `next` where it went through; `newest` of what it delivered, µs.
    pub(super) fn went(&mut self, next: Option<i64>, newest: Option<i64>) {
        if let Some(next) = next.filter(|next| *next > 0) {
            self.next = Some(next);
            // The engine's clock was set back.
            if next < self.floor {
                self.floor = 0;
            }
        } else if let Some(newest) = newest {
            self.next = Some(self.next.map_or(newest, |next| next.max(newest)));
        }
    }

    /// Whether anything waits for a GPU's next event.
    pub(super) fn has(&self, uuid: &str) -> bool {
        self.gpus.get(uuid).is_some_and(|seen| !seen.waiting.is_empty())
    }

    /// What waits for a GPU's event, by rising time; `at` turns the engine's time, ms, into ours.
    pub(super) fn take(&mut self, uuid: &str, at: impl Fn(i64) -> crate::event::Time) -> Vec<Xid> {
        let Some(seen) = self.gpus.get_mut(uuid) else { return Vec::new() };
        let mut waiting = std::mem::take(&mut seen.waiting);
        waiting.sort_unstable();
        waiting.into_iter().map(|(ts_us, code)| Xid { code, at: at(ts_us.div_euclid(1000)) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Time;

    const S: i64 = 1_000_000;

    #[test]
    fn what_is_delivered_twice_counts_once() {
        let mut xids = Xids::default();
        assert_eq!(xids.since(Some(1000 * S), true), 400 * S);
        assert!(xids.saw("a", 1000 * S, 48));
        // It failed after this: asked again from there.
        xids.went(None, Some(1000 * S));
        assert_eq!(xids.since(None, true), 995 * S);
        assert!(!xids.saw("a", 1000 * S, 48), "the same again");
        assert!(!xids.saw("a", 1000 * S + S / 2, 48), "from the kernel's log, too");
        assert!(xids.saw("a", 1000 * S + S / 2, 63), "another code");
        assert!(xids.saw("b", 1000 * S, 48), "another GPU");
        assert!(xids.saw("a", 1002 * S, 48), "it happened again");
        xids.went(Some(1003 * S), None);
        assert_eq!(xids.since(None, true), 998 * S);
        assert_eq!(
            xids.take("a", Time),
            [(48, 1_000_000), (63, 1_000_500), (48, 1_002_000)].map(|(code, at)| Xid { code, at: Time(at) })
        );
        assert!(!xids.has("a") && xids.has("b"));
        assert!(xids.take("a", Time).is_empty(), "each goes out once");
    }

    #[test]
    fn a_storm_is_bounded() {
        let mut xids = Xids::default();
        for n in 0..1000 {
            xids.saw("a", n * 2 * S, 94);
        }
        assert_eq!(xids.take("a", Time).len(), MOST);
    }

    #[test]
    fn an_engine_whose_clock_is_set_back_is_followed() {
        let mut xids = Xids::default();
        xids.went(Some(1000 * S), None);
        xids.went(Some(100 * S), None);
        assert_eq!(xids.since(None, true), 95 * S);
    }

    #[test]
    fn with_a_clock_that_differs_nothing_from_before_the_start_is_told_again() {
        let mut xids = Xids::default();
        assert_eq!(xids.since(Some(1000 * S), false), 1000 * S);
        // Without a watch the newest of each GPU comes, whatever was asked for.
        assert!(!xids.saw("a", 980 * S, 48), "the process before told it, at a time guessed otherwise");
        xids.went(None, Some(980 * S));
        assert_eq!(xids.since(Some(1001 * S), false), 1000 * S);
        assert!(xids.saw("a", 1001 * S, 48), "a new one");
        xids.went(Some(1002 * S), None);
        assert_eq!(xids.since(Some(1002 * S), false), 1000 * S);
        xids.went(Some(100 * S), None);
        assert_eq!(xids.since(None, false), 95 * S, "set back");
        assert!(xids.saw("a", 99 * S, 48));
    }
}
