//! What suppresses what: silences, and alerts that tell the same trouble better; grades; the fleet's numbers.

use gpuhm::event::Severity;
use gpuhm::event::health::State;
use gpuhm::event::time::{HOUR, MINUTE};

use crate::fleet_support::{Fleet, host, uuid};

fn well() -> Fleet {
    let mut fleet = Fleet::new(12, 8);
    fleet.minutes(5);
    fleet
}

#[test]
fn maintenance_of_a_host_is_one_line_and_its_alerts_are_kept_and_count_for_nothing() {
    let mut fleet = well();
    fleet.detect((3, 0), ("ecc_dbe", None), Severity::Critical);
    let mark = fleet.silence(&["host=node-003"], HOUR);
    let out = fleet.pass();
    assert_eq!(out.suppressions.len(), 1, "one that fires already");
    fleet.down.insert(host(3));
    fleet.minutes(20);
    assert_eq!(fleet.open().len(), 0);
    assert_eq!(fleet.facts.alerts.len(), 2, "stored, and shown");
    assert!(fleet.said.iter().all(|alert| alert.suppressed_by.as_ref() == Some(&mark)), "from the start");
    assert_eq!(fleet.judge().numbers.open, [0, 0, 0]);
    fleet.down.clear();
    fleet.minutes(2);
    let ended = fleet.said.last().unwrap();
    assert_eq!((ended.status.word(), ended.suppressed_by.as_ref()), ("resolved", Some(&mark)), "it keeps its mark");
    fleet.minutes(60);
    assert_eq!(fleet.open().len(), 1, "the silence is over");
}

#[test]
fn all_matchers_must_match_and_none_at_all_silences_nothing() {
    let mut fleet = well();
    fleet.detect((3, 0), ("power_brake", None), Severity::Warning);
    fleet.detect((4, 0), ("power_brake", None), Severity::Warning);
    fleet.silence(&["host=node-003", "severity=critical"], HOUR);
    fleet.silence(&[], HOUR);
    assert!(fleet.pass().suppressions.is_empty());
    fleet.silence(&["host=node-003", "rule=power_*"], HOUR);
    fleet.pass();
    assert_eq!(fleet.open().len(), 1);
}

#[test]
fn a_silence_wins_over_an_incident_and_neither_ends_it_nor_begins_it_again() {
    let mut fleet = well();
    for index in 0..4 {
        fleet.detect((3, index), ("power_brake", None), Severity::Warning);
    }
    fleet.pass();
    assert_eq!(fleet.open().len(), 1);
    let mark = fleet.silence(&["host=node-003"], HOUR);
    fleet.pass();
    assert!(fleet.firing("power_brake").iter().all(|alert| alert.suppressed_by.as_ref() == Some(&mark)));
    assert_eq!(fleet.open().len(), 0, "the silence matches the incident, too");
    fleet.wait(HOUR);
    fleet.pass();
    assert_eq!((fleet.events(), fleet.open().len()), (vec![("incident", "firing")], 1));
}

#[test]
fn what_is_silenced_begins_no_incident() {
    let mut fleet = well();
    fleet.silence(&["rule=power_brake"], HOUR);
    for index in 0..4 {
        fleet.detect((3, index), ("power_brake", None), Severity::Warning);
    }
    fleet.pass();
    assert_eq!(fleet.events(), []);
}

#[test]
fn a_lost_host_stands_for_what_its_gpus_had_but_hides_nothing_worse_than_itself() {
    let mut fleet = well();
    fleet.detect((3, 0), ("power_brake", None), Severity::Warning);
    fleet.detect((3, 1), ("ecc_dbe", None), Severity::Critical);
    fleet.down.insert(host(3));
    fleet.minutes(5);
    let mut open: Vec<_> = fleet.open().into_iter().map(|alert| alert.rule.clone()).collect();
    open.sort();
    assert_eq!(open, ["ecc_dbe", "host_silent"]);
    fleet.minutes(10);
    assert_eq!(fleet.open().len(), 1, "critical by now");
    fleet.down.clear();
    fleet.minutes(1);
    assert_eq!(fleet.open().len(), 2, "the marks go with it");
}

#[test]
fn a_silent_gpu_stands_for_its_other_alerts_but_xid_79() {
    let mut fleet = well();
    fleet.detect((3, 0), ("xid", Some(79)), Severity::Critical);
    fleet.detect((3, 0), ("thermal_margin", None), Severity::Critical);
    fleet.states.insert(uuid(3, 0), State::Critical);
    fleet.mute.insert(uuid(3, 0));
    fleet.minutes(3);
    let mut open: Vec<_> = fleet.open().into_iter().map(|alert| alert.rule.clone()).collect();
    open.sort();
    assert_eq!(open, ["gpu_silent", "xid"]);
}

#[test]
fn a_grade_by_points_is_told_once_never_pages_and_ends_when_the_state_is_ok() {
    let mut fleet = well();
    let before = fleet.now;
    fleet.states.insert(uuid(3, 0), State::Degraded);
    fleet.minutes(3);
    assert_eq!(fleet.events(), [("health_grade", "firing")]);
    assert_eq!((fleet.said[0].severity, fleet.said[0].since.parse()), (Severity::Warning, Ok(before)));
    assert!(fleet.said[0].summary.contains("health degraded, 60 of 100"), "{}", fleet.said[0].summary);
    for state in [State::Critical, State::Unknown, State::Degraded] {
        fleet.states.insert(uuid(3, 0), state);
        fleet.minutes(3);
    }
    assert_eq!(fleet.events(), [("health_grade", "firing")]);
    assert_eq!(fleet.open()[0].severity, Severity::Warning, "points page nobody");
    fleet.states.insert(uuid(4, 0), State::Unknown);
    fleet.states.insert(uuid(3, 0), State::Ok);
    fleet.minutes(3);
    assert_eq!(fleet.events()[1..], [("health_grade", "resolved")]);
}

#[test]
fn a_hard_row_pages_until_it_is_gone_and_the_points_that_stay_do_not() {
    for flag in [false, true] {
        let mut fleet = well();
        let before = fleet.now;
        fleet.wait(40_000);
        let at = fleet.now;
        fleet.hard.insert(uuid(3, 0), (!flag).then_some(at));
        fleet.detect((3, 0), ("xid", Some(48)), Severity::Critical);
        fleet.wait(20_000);
        fleet.pass();
        let hard = fleet.firing("health_grade")[0].clone();
        assert_eq!((hard.severity, hard.since.parse()), (Severity::Critical, Ok(if flag { before } else { at })));
        assert_eq!(hard.suppressed_by.as_ref(), Some(&fleet.firing("xid")[0].alert_id));
        // Reset: both are over, in a boot's grace and outside of it; the points fade for days.
        fleet.reset(3, 0);
        fleet.clear("xid");
        fleet.hard.clear();
        fleet.states.insert(uuid(3, 0), if flag { State::Unknown } else { State::Degraded });
        fleet.wait(30_000);
        fleet.pass();
        assert_eq!(fleet.open(), Vec::<&gpuhm::event::Alert>::new());
        fleet.states.insert(uuid(3, 0), State::Critical);
        fleet.minutes(20);
        let [points] = fleet.open()[..] else { panic!("{:?}", fleet.open()) };
        assert_eq!(points.severity, Severity::Warning);
        assert_ne!(points.fingerprint, hard.fingerprint);
    }
}

#[test]
fn one_fault_pages_once_a_grade_stands_under_the_alert_that_says_why() {
    let mut fleet = well();
    fleet.detect((3, 0), ("ecc_dbe", None), Severity::Critical);
    fleet.detect((4, 0), ("power_brake", None), Severity::Warning);
    fleet.detect((5, 0), ("power_brake", None), Severity::Info);
    fleet.detect((6, 0), ("power_brake", None), Severity::Warning);
    for number in [3, 4, 5] {
        fleet.states.insert(uuid(number, 0), State::Critical);
    }
    fleet.hard.insert(uuid(3, 0), Some(fleet.now));
    fleet.hard.insert(uuid(6, 0), Some(fleet.now));
    fleet.minutes(1);
    let by = |number: usize| {
        let of = |alert: &&&gpuhm::event::Alert| alert.host.hostname == Some(host(number));
        fleet.firing("health_grade").iter().find(of).unwrap().suppressed_by.clone()
    };
    assert_eq!(by(3), Some(fleet.firing("ecc_dbe")[0].alert_id.clone()));
    assert!(by(4).is_some() && by(5).is_some(), "points stand under any alert of their GPU");
    assert_eq!(by(6), None, "a warning does not hide a hard fault");
    assert_eq!(fleet.judge().numbers.open, [1, 2, 2]);
}

#[test]
fn the_numbers_are_those_of_the_gpus_that_are_there() {
    let mut fleet = well();
    fleet.states.insert(uuid(0, 0), State::Degraded);
    fleet.states.insert(uuid(0, 1), State::Critical);
    fleet.states.insert(uuid(1, 1), State::Unknown);
    let numbers = fleet.pass().numbers;
    assert_eq!((numbers.time, numbers.states), (fleet.now, [93, 1, 1, 1]));
    assert_eq!((numbers.worst, numbers.mean), (Some(30), Some(f64::from(93 * 100 + 60 + 30) / 95.0)));
    assert_eq!(numbers.open, [0, 2, 0]);
    fleet.facts.gpus.clear();
    fleet.wait(MINUTE);
    let numbers = fleet.judge().numbers;
    assert_eq!((numbers.states, numbers.mean, numbers.worst), ([0; 4], None, None));
}

#[test]
fn detects_mark_of_a_silence_that_names_nothing_is_none() {
    let mut fleet = well();
    fleet.silence(&[], HOUR);
    fleet.detect((3, 0), ("power_brake", None), Severity::Warning);
    let alert = fleet.firing("power_brake")[0];
    assert_eq!(gpuhm::event::silence::mark(&fleet.facts.silences, alert, fleet.now), None);
}
