//! The law of the runner: whatever cuts, kills, takeovers and pauses befall the stages, rows and topics are those of an
//! undisturbed run, one by one. `GPUHM_ROUNDS` makes it longer, `GPUHM_SEED` repeats a round.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gpuhm::event::{Size, Status};

use crate::support::case::{Case, Stages, differences};
use crate::support::random::seeds;
use crate::support::world::{Counts, Outcome};

/// Disturbed runs of each stream.
const RUNS: u64 = 3;

/// What a campaign saw: without enough of it, it proves nothing.
#[derive(Debug, Default)]
struct Seen {
    counts: Counts,
    windows: [usize; 3],
    open: usize,
    fired: usize,
    resolved: usize,
    happenings: usize,
    validated: usize,
    invalid: usize,
}

impl Seen {
    fn add(&mut self, outcome: &Outcome) {
        let tables = &outcome.tables;
        for window in tables.windows.values() {
            let size = Size::ALL.iter().position(|size| *size == window.size).unwrap();
            self.windows[size] += 1;
            self.open += usize::from(!window.closed);
        }
        self.fired += tables.alerts.len();
        self.resolved += tables.alerts.values().filter(|alert| alert.status == Status::Resolved).count();
        self.happenings += tables.happenings.len();
        let records = |topic: &str| outcome.topics[topic].iter().map(Vec::len).sum::<usize>();
        self.validated += records("gpu-metrics-validated");
        self.invalid += records("gpu-metrics-invalid");
    }
}

/// Runs the campaign; `enough` says whether what it saw can prove anything, where nobody asked for another length.
fn campaign(stages: Stages, first: u64, rounds: u64, enough: fn(&Seen) -> bool) {
    let mut seen = Seen::default();
    let seeds = seeds(first, rounds);
    let asked = seeds != (first..first + rounds);
    for seed in seeds {
        let case = Case::random(seed, stages);
        let (wanted, _) = case.undisturbed();
        seen.add(&wanted);
        for run in 0..RUNS {
            let disturbed = AssertUnwindSafe(|| case.disturbed(seed * 1000 + run, None));
            let Ok((found, counts)) = catch_unwind(disturbed) else {
                panic!("GPUHM_SEED={seed}, {stages:?}, run {run}: as said above");
            };
            seen.counts.add(counts);
            let differ = differences(&wanted, &found);
            assert!(differ.is_empty(), "GPUHM_SEED={seed}, {stages:?}, run {run}: {}", differ.join("\n"));
        }
    }
    assert!(asked || enough(&seen), "too little to prove anything: {seen:?}");
}

#[test]
fn aggregate_gives_the_same_rows_and_alerts_whatever_befalls_it() {
    campaign(Stages::Aggregate, 1, 60, |seen| {
        let Counts { kills, stalls, fenced_writes, fenced_finishes, reread, lost, rebalances, shown, .. } = seen.counts;
        let befell = [kills, stalls, fenced_writes, fenced_finishes, reread, lost, rebalances, shown];
        let rows = [seen.open, seen.happenings, seen.fired, seen.resolved];
        befell.iter().all(|count| *count > 50) && rows.iter().chain(&seen.windows).all(|count| *count > 50)
    });
}

#[test]
fn validate_gives_the_same_bytes_in_the_same_order_whatever_befalls_it() {
    campaign(Stages::Validate, 1001, 60, |seen| {
        let Counts { kills, stalls, fenced_finishes, reread, rebalances, .. } = seen.counts;
        let befell = [kills, stalls, fenced_finishes, reread, rebalances];
        befell.iter().all(|count| *count > 50) && seen.validated > 10_000 && seen.invalid > 50
    });
}

#[test]
fn both_in_a_row_give_the_same_whatever_befalls_them() {
    campaign(Stages::Both, 2001, 60, |seen| seen.counts.kills > 500 && seen.fired > 50 && seen.invalid > 50);
}
