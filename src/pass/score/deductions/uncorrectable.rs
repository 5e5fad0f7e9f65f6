//! New uncorrectable memory errors: increases of the counters, and XID 48. One fault is taken once.
//!
//! Both tell of the same error: an XID 48 and one error of the counters in the same minute or the one beside it are one
//! fault. Further XIDs than errors are further faults. The strongest sign there is: such a GPU fails again.
//! Errors beside an XID 94, 95 or 140 are what that XID tells of: its row stands, and they do not count here, ever, or they
//! would cost anew once that row has faded.

use super::xids;
use crate::event::Time;
use crate::event::health::{Action, Dimension};
use crate::event::time::MINUTE;
use crate::pass::score::numbers::FAILURE_WINDOW;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real, repeated, together};
use crate::pass::score::text::counted;

pub(super) const CODES: &[i64] = &[48];
/// Points of the first, of each further one, and the most.
const PRICE: [f64; 3] = [30.0, 10.0, 50.0];
/// XIDs that say what became of an error.
const CONTAINMENT: [&[i64]; 2] = [xids::UNCONTAINED_CODES, xids::CONTAINED_CODES];
/// So many of one minute have a price; further ones only count.
const PRICED: i64 = 3;

pub(super) const RULE: Rule = Rule {
    id: "uncorrectable_error",
    dimension: Dimension::Memory,
    points: "30, 10 each further to 50, fading over 30 days",
    looks_for: "new uncorrectable memory errors, or XID 48",
    hard: true,
    action: Action::Drain,
    needs: Needs::Metrics(&[&[crate::metric::ids::DBE, DBE_AGGREGATE]]),
    look,
    full: |count| together(count, PRICE),
};

const DBE_AGGREGATE: usize = crate::metric::ids::find("ecc_dbe_aggregate");

/// Errors of a minute that no XID has been matched with.
#[derive(Debug)]
struct Errors {
    start: Time,
    left: i64,
}

fn look(case: &Case<'_>) -> Look {
    let faults = faults(case);
    let Some(at) = faults.answer_by.iter().max() else { return Look { elsewhere: faults.elsewhere, ..Look::CLEAR } };
    let found = Found {
        points: repeated(&faults.times, case.now, FAILURE_WINDOW, PRICE),
        at: (*at).min(case.now),
        window: Some(FAILURE_WINDOW),
        value: Some(real(faults.count)),
        limit: None,
        unit: "errors",
        text: format!("{} in 30 days", counted(faults.count, "uncorrectable memory error")),
    };
    Look { elsewhere: faults.elsewhere, ..Look::of(Some(found), true) }
}

#[derive(Debug, Default)]
struct Faults {
    /// Newest first, as many as have a price.
    times: Vec<Time>,
    /// A reset after all of these answers them.
    answer_by: Vec<Time>,
    count: i64,
    /// Starts of minutes whose errors an XID of another deduction explains.
    elsewhere: Vec<Time>,
}

fn faults(case: &Case<'_>) -> Faults {
    let from = case.now.plus(-FAILURE_WINDOW);
    let mut faults = Faults::default();
    let minutes = case.known.minutes.iter().filter(|minute| minute.dbe > 0 && minute.start > from);
    let mut errors: Vec<Errors> = minutes.map(|minute| Errors { start: minute.start, left: minute.dbe }).collect();
    errors.sort_unstable_by_key(|errors| (errors.start, -errors.left));
    errors.dedup_by_key(|errors| errors.start);
    let explained = |start| CONTAINMENT.iter().any(|codes| case.explained(codes, start));
    faults.elsewhere = errors.iter().map(|errors| errors.start).filter(|start| explained(*start)).collect();
    errors.retain(|errors| !faults.elsewhere.contains(&errors.start));
    let mut xids: Vec<Time> = case.xids(CODES, FAILURE_WINDOW).map(|(_, at)| at).collect();
    // The newest of each minute stays.
    xids.sort_unstable_by(|a, b| b.cmp(a));
    xids.dedup_by_key(|at| at.floor(MINUTE));
    xids.reverse();
    for at in xids {
        let minute = at.floor(MINUTE);
        let near = |errors: &&mut Errors| errors.left > 0 && errors.start.since(minute).abs() <= MINUTE;
        let time = errors.iter_mut().find(near).map_or(at, |errors| {
            errors.left -= 1;
            at.max(errors.start)
        });
        faults.add(time, at, 1);
    }
    for Errors { start, left } in errors {
        // When in the minute is not known: a reset within it may have come before.
        faults.add(start, start.plus(MINUTE - 1), left);
    }
    faults.times.sort_unstable_by(|a, b| b.cmp(a));
    faults
}

impl Faults {
    fn add(&mut self, at: Time, answer_by: Time, count: i64) {
        self.count = self.count.saturating_add(count);
        self.times.extend((0..count.min(PRICED)).map(|_| at));
        self.answer_by.extend((count > 0).then_some(answer_by));
    }
}
