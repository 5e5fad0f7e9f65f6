//! A GPU that its health calls unfit: "hard", critical, while its ledger has a hard row; "points", never worse than a warning,
//! while the score alone makes the state degraded or critical. Where another alert tells the same GPU's trouble, these are
//! inhibited by it, so that one fault pages once.
//!
//! Two alerts, since severity never falls: points fade for days after a repair, and what pages must end with the fault. The
//! hard one ends with the last hard row, whatever the state, since a ledger holds its rows while their input is missing.
//! For points an unknown state neither begins nor ends anything.
//!
//! Since when: what a flag costs has the newest sample's time for its own, which moves, so that it is stated from the health
//! row before. That row's own `at` if it had the condition already; an event's `at` if the row had not; else its instant.

use serde_json::json;

use super::{Case, Finding, Judge, Rule, Subject, World, evidence};
use crate::event::health::{Action, Deduction, State};
use crate::event::{Health, Known, Severity, Time, Value};
use crate::pass::fleet::limits::ROUGHLY;

pub(in crate::pass::fleet) const ID: &str = "health_grade";
/// While a hard row stands.
const HARD: &str = "hard";
/// While the points alone make the state worse than ok.
pub(in crate::pass::fleet) const POINTS: &str = "points";
/// Rows of the ledger that the summary names.
const TOLD: usize = 3;

pub(super) const RULE: Rule = Rule {
    id: ID,
    unit: "points",
    absence: false,
    judge: Judge::Fleet(find),
    after: "Nothing; what made the health so is no longer there.",
};

fn find<'a>(world: &World<'a>) -> Vec<Finding<'a>> {
    let presence = &world.presence;
    let gpus = presence.gpus.iter().enumerate().filter(|(_, gpu)| gpu.gone.is_none());
    let findings = |(at, gpu): (usize, &crate::pass::presence::Gpu<'a>)| {
        let (subject, known) = (Subject::Gpu(at), gpu.known);
        let of = |qualifier: &str, case| Finding { qualifier: qualifier.to_owned(), case, ..Finding::hold(subject) };
        let Some(health) = world.healths.get(known.uuid()) else { return vec![of(HARD, None), of(POINTS, None)] };
        let settled = !presence.host_of(gpu).is_some_and(|host| host.is_booting(world.now));
        if is_hard(health) {
            let case = settled.then(|| case(health, Severity::Critical, hard_since(known, health)));
            return vec![of(HARD, case)];
        }
        match health.state {
            State::Ok => Vec::new(),
            State::Unknown => vec![of(POINTS, None)],
            State::Degraded | State::Critical => {
                let case = settled.then(|| case(health, Severity::Warning, points_since(known, health)));
                vec![of(POINTS, case)]
            }
        }
    };
    gpus.flat_map(findings).collect()
}

fn is_hard(health: &Health) -> bool {
    health.ledger.iter().any(|row| row.hard)
}

/// The hard row with the most points; of equals the first by id.
fn worst<'h>(rows: impl Iterator<Item = &'h Deduction>) -> Option<&'h Deduction> {
    rows.filter(|row| row.hard).min_by_key(|row| (std::cmp::Reverse(row.points), row.id.clone()))
}

fn hard_since(known: &Known, health: &Health) -> Time {
    let before = known.health.as_ref();
    if let Some(row) = before.and_then(|before| worst(before.ledger.iter())) {
        return row.at;
    }
    // What fades is an event's; a flag that joins it does not move it.
    let event = worst(health.ledger.iter().filter(|row| row.window_s.is_some()));
    event.map(|row| row.at).or(before.map(|before| before.time)).unwrap_or_else(|| roughly(known, health.as_of))
}

fn points_since(known: &Known, health: &Health) -> Time {
    let Some(before) = &known.health else { return roughly(known, crossing(health).unwrap_or(health.as_of)) };
    let had = !is_hard(before) && matches!(before.state, State::Degraded | State::Critical);
    // Throttle and counts fade, too, and yet their `at` moves with every minute: only a stored one stands still.
    had.then(|| crossing(before)).flatten().unwrap_or(before.time)
}

/// The `at` of the row by which the points, taken worst first, leave less than an ok state's.
fn crossing(health: &Health) -> Option<Time> {
    let mut left = 100;
    let row = health.ledger.iter().find(|row| {
        left -= row.points;
        left < border()
    });
    row.map(|row| row.at)
}

/// Of a GPU that was never judged before; not before it was first seen.
fn roughly(known: &Known, at: Time) -> Time {
    at.floor(ROUGHLY).max(known.first)
}

/// The lowest score of an ok state.
fn border() -> i64 {
    let ok = crate::event::health::Grade::ALL.iter().filter(|grade| grade.state() == State::Ok);
    ok.map(|grade| grade.border()).min().unwrap_or_default()
}

fn case(health: &Health, severity: Severity, since: Time) -> Case {
    let why: Vec<&str> = health.ledger.iter().take(TOLD).map(|row| row.text.as_str()).collect();
    let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
    let rows: Vec<_> = health.ledger.iter().map(|row| json!({"id": row.id, "points": row.points})).collect();
    Case {
        severity,
        since,
        value: Some(Value::Int(health.score).real()),
        threshold: Some(Value::Int(border()).real()),
        what: format!("health {}, {} of 100{why}", health.state.word(), health.score),
        action: action(health.action).to_owned(),
        evidence: evidence([
            ("state", json!(health.state.word())),
            ("grade", json!(health.grade.word())),
            ("score", json!(health.score)),
            ("ledger", json!(rows)),
        ]),
    }
}

fn action(action: Action) -> &'static str {
    match action {
        Action::None | Action::Monitor => "Watch it; its ledger says what it lost points for.",
        Action::CheckCooling => "Check cooling: air flow, fans, inlet temperature.",
        Action::CheckPower => "Check the power supplies and their cabling.",
        Action::Reset => "Reset the GPU when its work is done.",
        Action::Drain => "Drain the GPU, then reset it or restart the host.",
        Action::RunFieldDiag => "Drain the GPU and run the field diagnostic.",
        Action::Replace => "Drain the GPU and have it replaced.",
    }
}
