//! Incidents: common causes in hosts and racks, what stands under them, and when they end.

use gpuhm::event::time::{HOUR, MINUTE};
use gpuhm::event::{Severity, Time};

use crate::fleet_support::{Fleet, host, uuid};

const BRAKE: (&str, Option<i64>) = ("power_brake", None);

fn well() -> Fleet {
    let mut fleet = Fleet::new(12, 8);
    fleet.minutes(5);
    fleet
}

/// `detect` sees power brakes on the first GPUs of the hosts of the first rack.
fn brake(fleet: &mut Fleet, hosts: usize, gpus: usize) {
    for number in 0..hosts {
        (0..gpus).for_each(|index| fleet.detect((number, index), BRAKE, Severity::Warning));
    }
}

#[test]
fn a_racks_power_brake_is_one_incident_with_its_gpus_under_it() {
    let mut fleet = well();
    fleet.wait(40_000);
    brake(&mut fleet, 4, 8);
    fleet.minutes(3);
    assert_eq!(fleet.events(), [("incident", "firing")], "none of the hosts'");
    let [alert] = fleet.open()[..] else { panic!("{:?}", fleet.open()) };
    assert_eq!(alert.summary, "rack-00: 32 of 32 GPUs on 4 hosts: power_brake since 07:25Z");
    assert_eq!((&alert.gpu, &alert.host.hostname, alert.host.rack.as_deref()), (&None, &None, Some("rack-00")));
    assert_eq!((alert.severity, alert.key()), (Severity::Warning, "rack:rack-00".into()));
    assert_eq!(alert.evidence["members"].as_array().map(Vec::len), Some(32));
    assert!(alert.action.contains("power"), "{}", alert.action);
    let members = fleet.firing("power_brake");
    assert!(members.iter().all(|member| member.suppressed_by.as_ref() == Some(&alert.alert_id)));
    assert_eq!(fleet.judge().numbers.open, [0, 1, 0]);
    fleet.clear("power_brake");
    fleet.minutes(1);
    assert_eq!(fleet.events()[1..], [("incident", "resolved")]);
    assert!(fleet.facts.alerts.is_empty());
}

#[test]
fn a_fifth_begins_an_incident_a_tenth_keeps_it_and_what_is_left_stands_for_itself_again() {
    let mut fleet = well();
    brake(&mut fleet, 3, 2);
    fleet.pass();
    assert_eq!(fleet.firing("incident").len(), 3, "6 of 32 are no fifth of the rack, but 2 of 8 are of each host");
    brake(&mut fleet, 4, 2);
    fleet.pass();
    let racks: Vec<_> = fleet.open().into_iter().map(|alert| alert.summary.clone()).collect();
    assert_eq!(racks, ["rack-00: 8 of 32 GPUs on 4 hosts: power_brake since 07:25Z"], "it stands before its hosts'");
    fleet.facts.alerts.retain(|alert| alert.rule != "power_brake" || alert.host.hostname == Some(host(0)));
    fleet.detect((1, 0), BRAKE, Severity::Warning);
    fleet.detect((1, 1), BRAKE, Severity::Warning);
    fleet.pass();
    assert_eq!(fleet.open().len(), 1, "4 of 32 are more than a tenth");
    fleet.facts.alerts.retain(|alert| alert.rule != "power_brake" || alert.host.hostname == Some(host(0)));
    fleet.pass();
    let [alert] = fleet.open()[..] else { panic!("{:?}", fleet.open()) };
    assert_eq!(alert.host.hostname, Some(host(0)), "the host's own incident");
    fleet
        .facts
        .alerts
        .retain(|alert| alert.rule != "power_brake" || alert.gpu.as_ref().unwrap().gpu_uuid == uuid(0, 0));
    fleet.pass();
    assert_eq!(fleet.firing("incident").len(), 1, "1 of 8 is still a tenth");
    fleet.clear("power_brake");
    fleet.pass();
    assert!(fleet.facts.alerts.is_empty());
}

#[test]
fn one_gpu_is_no_common_cause_and_one_host_is_no_racks() {
    let mut fleet = Fleet::new(8, 2);
    fleet.minutes(1);
    fleet.detect((0, 0), BRAKE, Severity::Warning);
    fleet.pass();
    assert_eq!(fleet.firing("incident").len(), 0, "half of the host, but one");
    fleet.detect((0, 1), BRAKE, Severity::Warning);
    fleet.pass();
    assert_eq!(fleet.open()[0].host.hostname, Some(host(0)), "a quarter of the rack, but one host");
}

#[test]
fn xids_are_one_state_only_with_the_same_code() {
    let mut fleet = well();
    fleet.detect((0, 0), ("xid", Some(74)), Severity::Critical);
    fleet.detect((0, 1), ("xid", Some(48)), Severity::Critical);
    fleet.pass();
    assert_eq!(fleet.events(), []);
    fleet.detect((0, 2), ("xid", Some(74)), Severity::Critical);
    fleet.pass();
    let [incident] = fleet.firing("incident")[..] else { panic!() };
    assert_eq!(incident.summary, "node-000: 2 of 8 GPUs: XID 74 since 07:25Z");
    assert_eq!(incident.severity, Severity::Critical);
    assert_eq!(fleet.open().len(), 2, "the incident and XID 48");
}

#[test]
fn an_incident_gets_as_bad_as_its_worst_member_and_no_better() {
    let mut fleet = well();
    for index in 0..3 {
        fleet.detect((0, index), ("thermal_margin", None), Severity::Warning);
    }
    fleet.pass();
    fleet.facts.alerts.iter_mut().find(|alert| alert.rule == "thermal_margin").unwrap().severity = Severity::Critical;
    fleet.pass();
    fleet.facts.alerts.iter_mut().for_each(|alert| {
        if alert.rule == "thermal_margin" {
            alert.severity = Severity::Warning;
        }
    });
    fleet.pass();
    let said: Vec<_> = fleet.said.iter().map(|alert| (alert.status.word(), alert.severity)).collect();
    assert_eq!(said, [("firing", Severity::Warning), ("firing", Severity::Critical)]);
    assert_eq!(fleet.open().len(), 1);
}

#[test]
fn an_old_member_does_not_age_the_incident_that_it_joins() {
    let mut fleet = well();
    fleet.detect((0, 7), BRAKE, Severity::Warning);
    fleet.wait(50 * HOUR);
    brake(&mut fleet, 1, 3);
    fleet.pass();
    let since = Time::parse(&fleet.firing("incident")[0].since).unwrap();
    assert!(fleet.now.since(since) < MINUTE, "{since}");
}

#[test]
fn silent_hosts_of_a_rack_are_one_incident_once_they_are_several() {
    let mut fleet = Fleet::new(40, 8);
    fleet.minutes(1);
    fleet.down.insert(host(0));
    fleet.minutes(4);
    assert_eq!(fleet.events(), [("host_silent", "firing")], "a lost host is no incident of eight");
    fleet.down.insert(host(1));
    fleet.minutes(5);
    let [alert] = fleet.open()[..] else { panic!("{:?}", fleet.open()) };
    assert_eq!((alert.rule.as_str(), alert.evidence["members_count"].as_i64()), ("incident", Some(2)));
    fleet.down.clear();
    fleet.minutes(1);
    assert!(fleet.facts.alerts.is_empty());
}

#[test]
fn silent_gpus_of_a_host_are_one_incident() {
    let mut fleet = well();
    fleet.mute.extend((0..3).map(|index| uuid(2, index)));
    fleet.minutes(3);
    let [alert] = fleet.open()[..] else { panic!("{:?}", fleet.open()) };
    assert!(alert.summary.starts_with("node-002: 3 of 8 GPUs: gpu_silent since"), "{}", alert.summary);
}

#[test]
fn most_of_the_fleet_silent_is_first_of_all_our_own_pipelines_trouble() {
    let mut fleet = well();
    let down: Vec<String> = (0..7).map(host).collect();
    fleet.down.extend(down);
    fleet.minutes(5);
    let [alert] = fleet.open()[..] else { panic!("{:?}", fleet.open()) };
    assert_eq!((alert.rule.as_str(), alert.severity), ("pipeline_silent", Severity::Warning));
    assert!(alert.summary.starts_with("fleet: 7 of 12 hosts silent"), "{}", alert.summary);
    assert_eq!((alert.host.cluster.as_deref(), alert.host.rack.as_deref()), (Some("c1"), None));
    assert_eq!(fleet.firing("incident").len(), 0);
    fleet.minutes(10);
    assert_eq!(fleet.open()[0].severity, Severity::Critical, "it lasts longer than a boot");
    fleet.down.clear();
    fleet.minutes(2);
    assert!(fleet.facts.alerts.is_empty());
    let ends = fleet.said.iter().filter(|alert| alert.status.word() == "resolved").count();
    assert_eq!(ends, 8);
}

#[test]
fn hosts_that_died_one_by_one_over_days_are_not_silent_at_once() {
    let mut fleet = well();
    for number in 0..8 {
        fleet.down.insert(host(number));
        fleet.wait(2 * HOUR);
        fleet.pass();
    }
    assert_eq!(fleet.firing("pipeline_silent").len(), 0);
    assert_eq!(fleet.firing("host_silent").len(), 8);
}

#[test]
fn one_lost_fan_is_one_incident_whatever_rules_see_it() {
    let mut fleet = well();
    for index in 0..4 {
        for rule in ["memory_margin", "hw_thermal", "thermal_margin"] {
            fleet.detect((0, index), (rule, None), Severity::Critical);
        }
    }
    fleet.pass();
    let [alert] = fleet.open()[..] else { panic!("{:?}", fleet.open()) };
    let said = "node-000: 4 of 8 GPUs: heat (hw_thermal, thermal_margin, memory_margin) since 07:25Z";
    assert_eq!((alert.summary.as_str(), alert.value), (said, Some(50.0)));
    fleet.clear("hw_thermal");
    fleet.pass();
    assert_eq!(fleet.events(), [("incident", "firing")]);
}

#[test]
fn two_xids_weeks_apart_are_no_incident_and_a_new_pair_is_one_of_its_own_time() {
    let mut fleet = well();
    fleet.detect((0, 0), ("xid", Some(48)), Severity::Critical);
    fleet.wait(21 * 24 * HOUR);
    fleet.detect((0, 1), ("xid", Some(48)), Severity::Critical);
    fleet.pass();
    assert_eq!(fleet.events(), []);
    fleet.wait(MINUTE);
    let now = fleet.now;
    fleet.detect((0, 2), ("xid", Some(48)), Severity::Critical);
    fleet.pass();
    let since = Time::parse(&fleet.firing("incident")[0].since).unwrap();
    assert!(now.since(since) <= 2 * MINUTE, "{since}");
}

#[test]
fn a_silence_of_members_does_not_end_what_stands() {
    let mut fleet = well();
    fleet.down.extend((0..7).map(host));
    fleet.minutes(5);
    assert_eq!(fleet.firing("pipeline_silent").len(), 1);
    fleet.silence(&["rule=host_silent"], HOUR);
    let before = fleet.said.len();
    fleet.minutes(2);
    assert_eq!(fleet.said.len(), before);
}

#[test]
fn stages_that_stand_still_are_told_since_the_newest_sample_until_they_go_on() {
    let mut fleet = well();
    let newest = fleet.now;
    (fleet.stalled, fleet.absence) = (true, false);
    fleet.minutes(20);
    assert_eq!(fleet.events(), [("pipeline_silent", "firing")]);
    let alert = &fleet.said[0];
    assert_eq!((alert.severity, alert.since.parse()), (Severity::Critical, Ok(newest)));
    assert_eq!(alert.summary, "fleet: the stages have not read what was collected since 07:25Z");
    fleet.stalled = false;
    fleet.minutes(1);
    assert_eq!(fleet.events()[1..], [("pipeline_silent", "resolved")]);
}

#[test]
fn gpus_without_a_hosts_name_are_no_host() {
    let mut fleet = Fleet::new(4, 8);
    for known in &mut fleet.facts.gpus {
        known.latest.hostname.clear();
    }
    fleet.facts.collectors.iter_mut().for_each(|row| row.hostname.clear());
    fleet.minutes(2);
    fleet.mute.insert(uuid(0, 5));
    for index in 0..8 {
        fleet.detect((1, index), ("power_brake", None), Severity::Warning);
        fleet.detect((2, index), ("power_brake", None), Severity::Warning);
    }
    fleet.minutes(10);
    fleet.mute.extend((0..4).flat_map(|number| (0..8).map(move |index| uuid(number, index))));
    fleet.minutes(10);
    assert_eq!(fleet.events(), []);
}
