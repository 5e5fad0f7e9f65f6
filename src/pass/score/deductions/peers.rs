//! The GPU runs slower than its peers at the same kind of work: the mean SM clock of an hour against that of the busy GPUs
//! of the same host and model with like activity.
//!
//! A GPU at its power limit is slow because it works hard, and costs nothing. A mean over a span with idle minutes in it says
//! nothing of the clock at work: only spans in which a kernel ran nearly all the time are compared.

use crate::event::facts::Load;
use crate::event::health::{Action, Dimension};
use crate::pass::score::numbers::{AT_LIMIT, COMPARED_SPAN, DAY_WINDOW, FAR_SLOWER, PEERS, SLOW, WORK};
use crate::pass::score::peers::steady_activity;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule};

pub(super) const RULE: Rule = Rule {
    id: "slower_than_peers",
    dimension: Dimension::Performance,
    points: "5 under 85 %, 10 under 70 % of the peers' clock, fading over a day",
    looks_for: "an SM clock far under busy peers of the same host and model",
    hard: false,
    action: Action::Monitor,
    needs: Needs::Peers,
    look,
    full: |_| FAR_SLOWER.1,
};

fn look(case: &Case<'_>) -> Look {
    let from = case.now.plus(-DAY_WINDOW);
    let spans = case.known.hours.iter().filter(|span| span.ms >= COMPARED_SPAN && span.start.plus(span.ms) > from);
    let worst = spans.filter_map(|span| slow(case, span)).max_by(|a, b| a.points.total_cmp(&b.points));
    Look::of(worst, true)
}

fn slow(case: &Case<'_>, span: &Load) -> Option<Found> {
    let clock = span.sm_clock?;
    let own = steady_activity(span).filter(|own| *own >= WORK)?;
    let ([Some(power), ..], Some(limit)) = (span.power, span.limit) else { return None };
    if power >= AT_LIMIT * limit {
        return None;
    }
    let mut clocks = case.context.peers?.clocks(span, own, case.known.uuid());
    if clocks.len() < PEERS {
        return None;
    }
    clocks.sort_by(f64::total_cmp);
    let median = *clocks.get(clocks.len() / 2)?;
    let points = if clock < FAR_SLOWER.0 * median {
        FAR_SLOWER.1
    } else if clock < SLOW.0 * median {
        SLOW.1
    } else {
        return None;
    };
    let at = span.start.plus(span.ms).min(case.now);
    Some(Found {
        points: case.faded(points, at, DAY_WINDOW),
        at,
        window: Some(DAY_WINDOW),
        value: Some(clock.round()),
        limit: Some((SLOW.0 * median).round()),
        unit: "MHz",
        text: format!("mean clock {} MHz where busy peers have {} MHz", clock.round(), median.round()),
    })
}
