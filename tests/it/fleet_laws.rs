//! Laws of the fleet rules, over random worlds: what a pass said is not said again, a killed pass says the same again,
//! severities never fall, what begins ends once, and nothing hides what is worse than itself.

use std::collections::{BTreeMap, BTreeSet};

use gpuhm::event::health::State;
use gpuhm::event::time::{HOUR, MINUTE, SECOND};
use gpuhm::event::{Alert, Severity, Status};
use gpuhm::pass::fleet::Outcome;
use proptest::prelude::*;

use crate::fleet_support::{Fleet, host, uuid};

/// Something that happens to a fleet.
#[derive(Debug, Clone)]
enum Turn {
    Down(usize, bool),
    Mute(usize, usize, bool),
    Unreported(usize, bool),
    Dropped(usize),
    Restarted(usize),
    Reset(usize, usize),
    Detected(usize, usize, usize),
    Cleared(usize),
    State(usize, usize, State),
    /// A hard row: of an event or of a flag; or none any more.
    Hard(usize, usize, Option<bool>),
    Silenced(usize),
    Absence(bool),
    Stalled(bool),
    Waited(i64),
}

const RULES: [(&str, Option<i64>, Severity); 4] = [
    ("power_brake", None, Severity::Warning),
    ("hw_thermal", None, Severity::Critical),
    ("xid", Some(74), Severity::Critical),
    ("ecc_dbe", None, Severity::Critical),
];

fn turn() -> impl Strategy<Value = Turn> {
    let (h, g) = (0..9_usize, 0..4_usize);
    let state = prop::sample::select(State::ALL);
    prop_oneof![
        3 => (h.clone(), any::<bool>()).prop_map(|(h, on)| Turn::Down(h, on)),
        3 => (h.clone(), g.clone(), any::<bool>()).prop_map(|(h, g, on)| Turn::Mute(h, g, on)),
        1 => (h.clone(), any::<bool>()).prop_map(|(h, on)| Turn::Unreported(h, on)),
        1 => h.clone().prop_map(Turn::Dropped),
        1 => h.clone().prop_map(Turn::Restarted),
        1 => (h.clone(), g.clone()).prop_map(|(h, g)| Turn::Reset(h, g)),
        6 => (h.clone(), g.clone(), 0..RULES.len()).prop_map(|(h, g, r)| Turn::Detected(h, g, r)),
        1 => (0..RULES.len()).prop_map(Turn::Cleared),
        2 => (h.clone(), g, state).prop_map(|(h, g, state)| Turn::State(h, g, state)),
        3 => (h.clone(), 0..4_usize, any::<Option<bool>>()).prop_map(|(h, g, on)| Turn::Hard(h, g, on)),
        1 => h.prop_map(Turn::Silenced),
        1 => any::<bool>().prop_map(Turn::Absence),
        1 => any::<bool>().prop_map(Turn::Stalled),
        6 => (1..8_i64).prop_map(Turn::Waited),
    ]
}

fn put<T: Ord>(set: &mut BTreeSet<T>, one: T, on: bool) {
    if on {
        set.insert(one);
    } else {
        set.remove(&one);
    }
}

fn play(fleet: &mut Fleet, turn: &Turn) {
    match *turn {
        Turn::Down(h, on) => put(&mut fleet.down, host(h), on),
        Turn::Mute(h, g, on) => put(&mut fleet.mute, uuid(h, g), on),
        Turn::Unreported(h, on) => put(&mut fleet.unreported, host(h), on),
        Turn::Dropped(h) => fleet.facts.collectors[h].counts[3] = Some(5),
        Turn::Restarted(h) => fleet.restart_collector(h),
        Turn::Reset(h, g) => fleet.reset(h, g),
        Turn::Detected(h, g, r) => fleet.detect((h, g), (RULES[r].0, RULES[r].1), RULES[r].2),
        Turn::Cleared(r) => fleet.clear(RULES[r].0),
        Turn::State(h, g, state) => drop(fleet.states.insert(uuid(h, g), state)),
        Turn::Hard(h, g, None) => drop(fleet.hard.remove(&uuid(h, g))),
        Turn::Hard(h, g, Some(event)) => {
            let at = fleet.gpu(h, g).latest.time;
            fleet.hard.insert(uuid(h, g), event.then_some(at));
        }
        Turn::Silenced(h) => drop(fleet.silence(&[&format!("host={}", host(h))], 20 * MINUTE)),
        Turn::Absence(on) => fleet.absence = on,
        // Then there is no right to judge absence, either.
        Turn::Stalled(on) => (fleet.stalled, fleet.absence) = (on, !on),
        Turn::Waited(minutes) => fleet.wait(minutes * 20 * SECOND),
    }
}

/// A pass was killed after publishing; a few seconds' data come in; it is done anew: what both say began is the same alert.
/// Only an incident may be another, where it got a member meanwhile that began before all it had: a host's silence is
/// found later than a GPU's. No silence ends meanwhile, since its end may bring such a member, too.
fn killed(fleet: &Fleet) -> Result<(), TestCaseError> {
    let begun = |out: &Outcome| -> BTreeMap<String, Alert> {
        let known = |alert: &&Alert| fleet.facts.alerts.iter().all(|open| open.fingerprint != alert.fingerprint);
        let new = out.alerts.iter().filter(|alert| alert.status == Status::Firing).filter(known);
        new.map(|alert| (alert.fingerprint.clone(), alert.clone())).collect()
    };
    let first = begun(&fleet.judge());
    let mut later = fleet.clone();
    let holding = later.facts.silences.iter_mut().filter(|silence| silence.holds(fleet.now));
    holding.for_each(|silence| silence.until = silence.until.plus(HOUR));
    later.wait(30 * SECOND);
    let second = begun(&later.judge());
    for (print, again) in &second {
        if let Some(alert) = first.get(print) {
            let joined = |one: &Alert| !first.contains_key(&one.fingerprint) && one.since < alert.since;
            if ["incident", "pipeline_silent"].contains(&alert.rule.as_str()) && second.values().any(joined) {
                continue;
            }
            prop_assert_eq!(&alert.alert_id, &again.alert_id, "{} then {}", alert.summary, again.summary);
        }
    }
    Ok(())
}

#[test]
fn a_pass_that_is_killed_over_and_over_publishes_each_alert_under_one_id() {
    let mut fleet = Fleet::new(12, 8);
    fleet.minutes(2);
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for minute in 0..40 {
        match minute {
            3 => drop(fleet.down.insert(host(9))),
            5 => drop(fleet.mute.insert(uuid(7, 1))),
            8 => drop(fleet.states.insert(uuid(8, 0), State::Degraded)),
            10 => fleet.facts.collectors[6].counts[3] = Some(4),
            12..16 => {
                for index in 0..8 {
                    fleet.detect((minute - 12, index), ("power_brake", None), Severity::Warning);
                }
            }
            30 => (fleet.down, fleet.mute, fleet.states) = Default::default(),
            _ => {}
        }
        for _ in 0..5 {
            fleet.wait(10 * SECOND);
            for alert in fleet.judge().alerts {
                ids.entry(alert.fingerprint).or_default().insert(alert.alert_id);
            }
        }
        fleet.wait(10 * SECOND);
        fleet.pass();
    }
    let rules: BTreeSet<&str> = fleet.said.iter().map(|alert| alert.rule.as_str()).collect();
    let all = ["collector_dropping", "gpu_silent", "health_grade", "host_silent", "incident"];
    assert_eq!(rules.into_iter().collect::<Vec<_>>(), all);
    // A lost host, a silent GPU, a grade, a collector that drops, a host's incident and its rack's.
    assert_eq!((ids.len(), ids.values().map(BTreeSet::len).max()), (6, Some(1)));
}

/// Marks name a silence or an alert that fires, is at least as bad, and is in the end suppressed by none of its own.
fn marked(fleet: &Fleet) -> Result<(), TestCaseError> {
    let by_id: BTreeMap<&str, &Alert> =
        fleet.facts.alerts.iter().map(|alert| (alert.alert_id.as_str(), alert)).collect();
    for alert in &fleet.facts.alerts {
        let mut at = alert;
        for _ in 0..10 {
            let Some(by) = at.suppressed_by.as_deref().filter(|by| !by.starts_with("silence:")) else { break };
            let above = by_id.get(by);
            prop_assert!(above.is_some(), "{} is under what does not fire", at.summary);
            let points = at.rule == "health_grade" && at.severity == Severity::Warning;
            prop_assert!(
                points || above.unwrap().severity >= at.severity,
                "{} hides {}",
                above.unwrap().summary,
                at.summary
            );
            at = above.unwrap();
            prop_assert!(at.alert_id != alert.alert_id, "{} hides itself", at.summary);
        }
    }
    Ok(())
}

/// Nothing critical of a GPU stands once all else that was the matter with it has ended, whatever its points.
fn repaired(fleet: &Fleet) -> Result<(), TestCaseError> {
    let own = |alert: &&Alert| alert.gpu.is_some() && alert.rule != "health_grade";
    let uuid = |alert: &Alert| alert.gpu.as_ref().map(|gpu| gpu.gpu_uuid.clone()).unwrap_or_default();
    let ill: BTreeSet<String> = fleet.facts.alerts.iter().filter(own).map(uuid).collect();
    for alert in fleet.facts.alerts.iter().filter(|alert| alert.gpu.is_some()) {
        let well = !ill.contains(&uuid(alert)) && !fleet.hard.contains_key(&uuid(alert));
        prop_assert!(!well || alert.severity < Severity::Critical, "it pages after the repair: {}", alert.summary);
    }
    Ok(())
}

/// Every alert begins, perhaps gets worse, and ends, in this order.
fn told(said: &[Alert]) -> Result<(), TestCaseError> {
    let mut open: BTreeMap<&str, Severity> = BTreeMap::new();
    for alert in said {
        let was = open.get(alert.alert_id.as_str()).copied();
        match alert.status {
            Status::Firing => {
                prop_assert!(was.is_none_or(|was| alert.severity > was), "said twice or fell: {}", alert.summary);
                open.insert(&alert.alert_id, alert.severity);
            }
            Status::Resolved => {
                let own = !RULES.iter().any(|(rule, ..)| *rule == alert.rule);
                prop_assert!(!own || was.is_some(), "ended and never began: {}", alert.summary);
                open.remove(alert.alert_id.as_str());
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_hold_in_any_world(turns in prop::collection::vec(prop::collection::vec(turn(), 0..5), 1..40)) {
        let mut fleet = Fleet::new(9, 4);
        for turns in &turns {
            for turn in turns {
                play(&mut fleet, turn);
            }
            fleet.wait(20 * SECOND);
            killed(&fleet)?;
            let out = fleet.pass();
            let again = fleet.judge();
            prop_assert_eq!(&again.alerts, &[]);
            prop_assert_eq!(&again.suppressions, &[]);
            prop_assert_eq!(again.numbers.open, out.numbers.open);
            let open = out.numbers.open.iter().sum::<i64>();
            prop_assert_eq!(open, i64::try_from(fleet.open().len()).unwrap());
            if !fleet.absence {
                let absent = |alert: &&Alert| {
                    let stalled = alert.summary.contains("the stages have not read");
                    alert.rule.ends_with("_silent") && !stalled || alert.rule == "gpus_missing"
                };
                prop_assert_eq!(out.alerts.iter().find(absent), None);
            }
            marked(&fleet)?;
            repaired(&fleet)?;
        }
        told(&fleet.said)?;
        // All is well again: everything ends.
        (fleet.down, fleet.mute, fleet.unreported, fleet.states, fleet.hard) = Default::default();
        (fleet.absence, fleet.stalled) = (true, false);
        for (rule, ..) in RULES {
            fleet.clear(rule);
        }
        (0..9).for_each(|number| fleet.restart_collector(number));
        for _ in 0..3 {
            fleet.wait(HOUR);
            fleet.pass();
        }
        told(&fleet.said)?;
        prop_assert_eq!(&fleet.facts.alerts, &[]);
    }
}
