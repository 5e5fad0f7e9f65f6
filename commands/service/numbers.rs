//! The numbers that a service keeps of itself: what its loops told, summed up.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gpuhm::event::{Rows, Status, Time};
use gpuhm::pipeline::collect::Collected;
use gpuhm::pipeline::pulse::{Reach, Tick, Turn};
use gpuhm::pipeline::runner::Done;
use gpuhm::pipeline::sink::Backlog;

/// Upper bounds of durations, in seconds: from a step on an idle bus to a tick that ran into its bound.
const BOUNDS: [f64; 10] = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, f64::INFINITY];

/// How long things took.
#[derive(Debug, Clone, Default)]
pub(super) struct Durations {
    pub(super) sum: f64,
    pub(super) count: u64,
    counts: [u64; BOUNDS.len()],
}

impl Durations {
    pub(super) fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        self.sum += seconds;
        self.count += 1;
        if let Some((_, count)) = BOUNDS.iter().zip(&mut self.counts).find(|(bound, _)| seconds <= **bound) {
            *count += 1;
        }
    }

    /// Upper bounds with how many lie up to each and above the one before.
    pub(super) fn buckets(&self) -> Vec<(f64, u64)> {
        BOUNDS.into_iter().zip(self.counts).collect()
    }
}

/// What the loops rest on.
#[derive(Debug, Clone)]
pub(super) struct Rest {
    /// Since when it is away, where it is.
    pub(super) away: Option<Instant>,
    /// Tries that failed.
    pub(super) failures: u64,
}

/// The collect loop.
#[derive(Debug, Clone, Default)]
pub(super) struct Collecting {
    pub(super) done: Collected,
    pub(super) source: &'static str,
    pub(super) gpus: Option<u64>,
    pub(super) trouble: Option<(String, usize)>,
    pub(super) backlog: Option<Backlog>,
    pub(super) reach: Option<(Reach, u64)>,
    pub(super) took: Durations,
    /// When something was last collected.
    pub(super) success: Option<Time>,
    /// Samples with old values, and samples with an error.
    pub(super) stale: u64,
    pub(super) failed: u64,
}

impl Collecting {
    pub(super) fn tick(&mut self, tick: &Tick<'_>, now: Time) {
        if tick.done.collected > self.done.collected {
            self.success = Some(now);
        }
        self.done = *tick.done;
        (self.source, self.gpus, self.trouble) = (tick.source, tick.gpus, tick.trouble.clone());
        (self.backlog, self.reach) = (tick.backlog, tick.reach);
        if let Some(took) = tick.took {
            self.took.add(took);
        }
    }
}

/// A stage.
#[derive(Debug, Clone, Default)]
pub(super) struct Staged {
    pub(super) topic: String,
    pub(super) done: Done,
    /// By partition.
    pub(super) lags: BTreeMap<i32, u64>,
    pub(super) age_ms: Option<i64>,
    pub(super) took: Durations,
}

impl Staged {
    pub(super) fn turn(&mut self, turn: &Turn<'_>) {
        if self.topic.is_empty() {
            turn.topic.clone_into(&mut self.topic);
        }
        self.done = turn.done.clone();
        if let Some(lags) = &turn.lags {
            // Of partitions that went to another member nothing is known any more.
            self.lags = lags.iter().copied().collect();
        }
        // Turns of an idle bus would hide how long a batch takes.
        if turn.records > 0 {
            self.took.add(turn.took);
            self.age_ms = turn.age_ms;
        }
    }
}

/// A pass.
#[derive(Debug, Clone, Default)]
pub(super) struct Passing {
    pub(super) gpus: u64,
    pub(super) took: Durations,
}

/// The store, as this process writes it.
#[derive(Debug, Clone, Default)]
pub(super) struct Storing {
    pub(super) rows: BTreeMap<&'static str, u64>,
    pub(super) took: Durations,
    /// Alerts that began or got worse, by severity and rule.
    pub(super) alerts: BTreeMap<(&'static str, String), u64>,
}

impl Storing {
    pub(super) fn rows(&mut self, rows: &Rows, took: Duration) {
        let tables = [
            ("gpu_metrics", rows.raw.len()),
            ("gpu_events", rows.happenings.len()),
            ("gpu_alerts", rows.alerts.len()),
            ("collectors", rows.collectors.len()),
            ("gpu_places", rows.places.len()),
            ("gpu_health_scores", rows.healths.len()),
            ("fleet_health", rows.fleet.len()),
            ("gpu_failure_predictions", rows.predictions.len()),
        ];
        for (table, count) in tables.into_iter().filter(|(_, count)| *count > 0) {
            *self.rows.entry(table).or_default() += count as u64;
        }
        for window in &rows.windows {
            *self.rows.entry(window.size.table()).or_default() += 1;
        }
        self.took.add(took);
        for alert in rows.alerts.iter().filter(|alert| alert.status == Status::Firing) {
            *self.alerts.entry((alert.severity.word(), alert.rule.clone())).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_falls_in_one_bucket() {
        let mut durations = Durations::default();
        for took in [0, 1, 2, 400, 60_000] {
            durations.add(Duration::from_millis(took));
        }
        let buckets = durations.buckets();
        assert_eq!(buckets.iter().map(|(_, count)| count).sum::<u64>(), durations.count);
        assert_eq!(buckets[0], (0.001, 2));
        assert_eq!(buckets.last().map(|(_, count)| *count), Some(1));
    }
}
