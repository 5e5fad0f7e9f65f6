//! When a threshold's breach is an alert, and when that alert ends: the `for` time, the clear time, and gaps.
//!
//! One small machine for all threshold rules. It sees forward readings of one GPU and nothing else; a reading that cannot
//! tell does not get here, and so neither advances nor clears anything.

use serde::{Deserialize, Serialize};

use super::rules::{Level, Terms};
use crate::event::time::MINUTE;
use crate::event::{Severity, Time};

/// A silence longer than this breaks what was being counted, up or down (design.md, Alerts).
const GAP: i64 = 3 * MINUTE;
/// The severities a breach is counted for.
const COUNTED: [Severity; 2] = [Severity::Warning, Severity::Critical];

/// Readings in breach without a break.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Run {
    since: Time,
    readings: u32,
}

/// An alert that is open.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Held {
    /// When its `for` began.
    pub(super) since: Time,
    /// The highest severity it had.
    pub(super) severity: Severity,
}

/// What a reading changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Turn {
    /// It fires.
    Fire(Held),
    /// Its severity rises.
    Rise(Held),
    /// It ends.
    End(Held),
}

/// What is remembered of one threshold rule on one GPU.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Hold {
    /// By `COUNTED`. A critical reading counts for the warning, too.
    runs: [Option<Run>; COUNTED.len()],
    clear: Option<Time>,
    last: Option<Time>,
    open: Option<Held>,
}

impl Hold {
    /// Takes a reading. Under grace nothing begins, and what is open may end.
    pub(super) fn step(&mut self, terms: &Terms, level: &Level, time: Time, graced: bool) -> Option<Turn> {
        if self.last.is_some_and(|last| time.since(last) > GAP) {
            self.runs = [None; COUNTED.len()];
            self.clear = None;
        }
        self.last = Some(time);
        let mut ripe = None;
        for (run, severity) in self.runs.iter_mut().zip(COUNTED) {
            if graced || level.severity < Some(severity) {
                *run = None;
                continue;
            }
            if level.again {
                *run = None;
            }
            let run = run.get_or_insert(Run { since: time, readings: 0 });
            run.readings = run.readings.saturating_add(1);
            if time.since(run.since) >= terms.hold && run.readings >= terms.readings {
                ripe = Some(severity);
            }
        }
        match (self.open, ripe) {
            (None, Some(severity)) => {
                let [first, _] = self.runs;
                let held = Held { since: first?.since, severity };
                self.open = Some(held);
                self.clear = None;
                Some(Turn::Fire(held))
            }
            (Some(held), Some(severity)) if severity > held.severity => {
                let held = Held { severity, ..held };
                self.open = Some(held);
                self.clear = None;
                Some(Turn::Rise(held))
            }
            (Some(held), _) if level.clear => {
                let since = *self.clear.get_or_insert(time);
                if time.since(since) < terms.clear {
                    return None;
                }
                self.open = None;
                self.clear = None;
                Some(Turn::End(held))
            }
            _ => {
                self.clear = None;
                None
            }
        }
    }
}
