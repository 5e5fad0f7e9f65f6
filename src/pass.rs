//! Passes: deterministic functions of (what the store holds, now) over the whole fleet, with no I/O, clock or state.
//!
//! [`score`] judges each GPU and, in the same pass, [`fleet`] judges absence, hosts, racks and what silences suppress.
//! [`mod@predict`] states odds. What a pass must remember it reads back from what it wrote: the health of last time, the alerts
//! that fire. A pass's runner publishes first, then writes, so that a kill in between repeats the same `alert_id`s; for that
//! every `since` comes from what is stored, never from `now`. Passes know neither source, bus nor store.

pub mod fleet;
pub mod predict;
mod presence;
pub mod score;

use crate::event::{Alert, Facts, Prediction, Rows, Time};

/// The instant of a pass, and what it may conclude.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The instant.
    pub at: Time,
    /// Whether silence may be judged: only while the pipeline has caught up, and never in a replay of the past.
    pub absence: bool,
    /// Whether what was collected has long stayed unread by the stages, more of it than a minute of the fleet brings.
    pub stalled: bool,
}

/// What the scoring pass found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// Alerts that began, got worse or ended: to be published, then written.
    pub alerts: Vec<Alert>,
    /// Everything to be written: these alerts, health rows that say something new, the fleet's numbers, suppressions.
    pub rows: Rows,
    /// Every GPU's health, in the order of the facts.
    pub healths: Vec<crate::event::Health>,
}

/// Judges the fleet.
#[must_use]
pub fn judge(facts: &Facts, now: Now) -> Verdict {
    let healths = score::score(facts, now);
    let fleet::Outcome { alerts, suppressions, numbers } = fleet::judge(facts, &healths, now);
    let changed =
        facts.gpus.iter().zip(&healths).filter(|(gpu, health)| score::worth_a_row(gpu.health.as_ref(), health));
    let rows = Rows {
        alerts: alerts.clone(),
        healths: changed.map(|(_, health)| health.clone()).collect(),
        fleet: vec![numbers],
        suppressions,
        ..Rows::default()
    };
    Verdict { alerts, rows, healths }
}

/// States every GPU's odds; with the rows that are worth writing.
#[must_use]
pub fn predict(facts: &Facts, now: Time) -> (Vec<Prediction>, Rows) {
    let all = predict::predict(facts, now);
    let changed = facts.gpus.iter().zip(&all).filter(|(gpu, new)| predict::worth_a_row(gpu.prediction.as_ref(), new));
    let rows = Rows { predictions: changed.map(|(_, new)| new.clone()).collect(), ..Rows::default() };
    (all, rows)
}
