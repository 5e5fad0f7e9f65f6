//! A GPU whose state became degraded or critical. Where another alert tells the same GPU's trouble, this one is inhibited by
//! it, so that one fault pages once; it is for what only the sum shows.
//!
//! Since when: the health row before, the last that is stored without it. An unknown state neither begins nor ends anything.

use serde_json::json;

use super::{Case, Finding, Judge, Rule, Subject, World, evidence};
use crate::event::health::{Action, State};
use crate::event::{Health, Severity, Time, Value};

pub(in crate::pass::fleet) const ID: &str = "health_grade";
/// Rows of the ledger that the summary names.
const TOLD: usize = 3;

pub(super) const RULE: Rule = Rule {
    id: ID,
    unit: "points",
    absence: false,
    judge: Judge::Fleet(find),
    after: "Nothing; the state is ok again.",
};

fn find<'a>(world: &World<'a>) -> Vec<Finding<'a>> {
    let presence = &world.presence;
    let gpus = presence.gpus.iter().enumerate().filter(|(_, gpu)| gpu.gone.is_none());
    let finding = |(at, gpu): (usize, &crate::pass::presence::Gpu<'a>)| {
        let subject = Subject::Gpu(at);
        let known = gpu.known;
        let Some(health) = world.healths.get(known.uuid()) else { return Some(Finding::hold(subject)) };
        let severity = match health.state {
            State::Ok => return None,
            State::Unknown => return Some(Finding::hold(subject)),
            State::Degraded => Severity::Warning,
            State::Critical => Severity::Critical,
        };
        if presence.host_of(gpu).is_some_and(|host| host.is_booting(world.now)) {
            return Some(Finding::hold(subject));
        }
        let since = known.health.as_ref().map_or(known.first, |before| before.time);
        Some(Finding::fire(subject, case(health, severity, since)))
    };
    gpus.filter_map(finding).collect()
}

fn case(health: &Health, severity: Severity, since: Time) -> Case {
    let why: Vec<&str> = health.ledger.iter().take(TOLD).map(|row| row.text.as_str()).collect();
    let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
    let rows: Vec<_> = health.ledger.iter().map(|row| json!({"id": row.id, "points": row.points})).collect();
    let border = crate::event::health::Grade::ALL.iter().filter(|grade| grade.state() == State::Ok);
    Case {
        severity,
        since,
        value: Some(Value::Int(health.score).real()),
        threshold: border.map(|grade| grade.border()).min().map(|border| Value::Int(border).real()),
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
