//! Absence: lost hosts and GPUs, swaps, boots, collectors; and the past, of which nothing is missed.

use gpuhm::event::Severity;
use gpuhm::event::health::State;
use gpuhm::event::prediction::{Failure, FailureKind};
use gpuhm::event::time::{HOUR, SECOND};

use crate::fleet_support::{Fleet, host, known, uuid};

/// Twelve hosts of eight, looked at for five minutes without a word.
fn well() -> Fleet {
    let mut fleet = Fleet::new(12, 8);
    fleet.minutes(5);
    assert_eq!(fleet.events(), []);
    fleet
}

#[test]
fn a_lost_host_is_one_alert_not_eight_and_pages_once_it_lasts_longer_than_a_reboot() {
    let mut fleet = well();
    let last = fleet.now;
    fleet.down.insert(host(3));
    fleet.minutes(9);
    assert_eq!(fleet.events(), [("host_silent", "firing")]);
    let [alert] = fleet.open()[..] else { panic!("{:?}", fleet.facts.alerts) };
    assert_eq!((alert.severity, alert.since.parse()), (Severity::Warning, Ok(last)));
    assert_eq!((alert.host.hostname.as_deref(), alert.host.rack.as_deref()), (Some("node-003"), Some("rack-00")));
    assert_eq!(alert.evidence["gpus"].as_array().map(Vec::len), Some(8));
    assert_eq!(alert.summary, "node-003: host silent for 4 min, and its 8 GPUs with it");
    fleet.minutes(60);
    assert_eq!(fleet.events(), [("host_silent", "firing"); 2]);
    assert_eq!(fleet.said[1].severity, Severity::Critical);
    assert_eq!(fleet.said[1].since, fleet.said[0].since);
    fleet.down.clear();
    fleet.minutes(2);
    assert_eq!(fleet.events()[2..], [("host_silent", "resolved")]);
    assert!(fleet.facts.alerts.is_empty());
    assert!(fleet.said.iter().all(|alert| alert.alert_id == fleet.said[0].alert_id));
}

#[test]
fn a_collector_that_reports_from_elsewhere_does_not_make_a_lost_host_eight_lost_gpus() {
    let mut fleet = well();
    fleet.mute.extend((0..8).map(|index| uuid(3, index)));
    fleet.minutes(12);
    assert_eq!(fleet.events(), [("host_silent", "firing"); 2]);
    assert!(fleet.said[1].summary.contains("though its collector reports"), "{}", fleet.said[1].summary);
}

#[test]
fn a_gpu_that_is_silent_while_its_host_reports_is_lost_at_once() {
    let mut fleet = well();
    let last = fleet.now;
    fleet.mute.insert(uuid(3, 5));
    fleet.wait(50 * SECOND);
    fleet.pass();
    assert_eq!(fleet.events(), [], "not within a minute");
    fleet.minutes(5);
    assert_eq!(fleet.events(), [("gpu_silent", "firing")]);
    let alert = &fleet.said[0];
    assert_eq!((alert.severity, alert.since.parse()), (Severity::Critical, Ok(last)));
    assert_eq!(alert.gpu.as_ref().map(|gpu| gpu.gpu_uuid.clone()), Some(uuid(3, 5)));
    assert!(alert.summary.starts_with("node-003 GPU 5: silent for "), "{}", alert.summary);
    fleet.mute.clear();
    fleet.minutes(2);
    assert_eq!(fleet.events()[1..], [("gpu_silent", "resolved")]);
}

#[test]
fn a_silent_gpu_is_not_told_again_when_its_host_falls_silent_and_both_end_when_they_return() {
    let mut fleet = well();
    fleet.mute.insert(uuid(3, 5));
    fleet.minutes(3);
    fleet.down.insert(host(3));
    fleet.minutes(15);
    assert_eq!(fleet.events(), [("gpu_silent", "firing"), ("host_silent", "firing"), ("host_silent", "firing")]);
    assert_eq!(fleet.open().len(), 1, "the host's stands for the GPU's");
    fleet.mute.clear();
    fleet.down.clear();
    fleet.minutes(2);
    assert!(fleet.facts.alerts.is_empty());
}

#[test]
fn a_host_that_comes_back_in_part_stays_one_alert_and_then_tells_the_gpu_that_stayed_away() {
    let mut fleet = well();
    fleet.down.insert(host(3));
    fleet.minutes(8);
    fleet.down.clear();
    fleet.mute.extend([uuid(3, 6), uuid(3, 7)]);
    fleet.minutes(3);
    fleet.mute.remove(&uuid(3, 6));
    fleet.minutes(3);
    assert_eq!(fleet.events(), [("host_silent", "firing")]);
    fleet.minutes(30);
    assert_eq!(fleet.events()[1..], [("gpu_silent", "firing"), ("host_silent", "resolved")]);
    assert_eq!(fleet.said[1].gpu.as_ref().map(|gpu| gpu.gpu_uuid.clone()), Some(uuid(3, 7)));
}

#[test]
fn a_swap_ends_the_old_gpus_alerts_and_is_no_loss() {
    let mut fleet = well();
    fleet.detect((3, 5), ("xid", Some(79)), Severity::Critical);
    fleet.mute.insert(uuid(3, 5));
    fleet.minutes(5);
    assert_eq!(fleet.events(), [("gpu_silent", "firing")]);
    let mut new = known(3, 5, fleet.now);
    (new.latest.gpu_uuid, new.first) = ("GPU-new".into(), fleet.now);
    fleet.facts.gpus.push(new);
    fleet.minutes(20);
    let ended = &fleet.said[1..];
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert!(
        ended.iter().all(|alert| alert.status.word() == "resolved" && alert.summary.contains("replaced by GPU-new"))
    );
    assert!(fleet.facts.alerts.is_empty());
    assert_eq!(fleet.judge().numbers.states, [96, 0, 0, 0], "the old one is no longer counted");
}

#[test]
fn a_neighbour_that_is_numbered_anew_does_not_replace_a_lost_gpu() {
    let mut fleet = well();
    fleet.detect((3, 6), ("xid", Some(79)), Severity::Critical);
    fleet.mute.insert(uuid(3, 6));
    fleet.gpu(3, 7).latest.device_index = Some(6);
    let report = fleet.facts.collectors.iter_mut().find(|row| row.hostname == host(3)).unwrap();
    report.counts[4] = Some(7);
    fleet.minutes(10);
    assert_eq!(fleet.events(), [("gpu_silent", "firing")]);
    assert_eq!(fleet.firing("xid").len(), 1);
}

#[test]
fn a_gpu_that_people_took_out_is_not_missed_but_its_place_is() {
    let mut fleet = well();
    fleet.mute.insert(uuid(3, 5));
    fleet.minutes(3);
    let left = fleet.gpu(3, 5).latest.time;
    let (gpu_uuid, at) = (uuid(3, 5), fleet.now);
    fleet.facts.failures.push(Failure { gpu_uuid, at, kind: FailureKind::Removed, who: "ana".into(), note: None });
    fleet.minutes(3);
    assert_eq!(fleet.events(), [("gpu_silent", "firing"), ("gpu_silent", "resolved"), ("gpus_missing", "firing")]);
    assert!(fleet.said[1].summary.contains("says ana"), "{}", fleet.said[1].summary);
    assert_eq!(fleet.said[2].since.parse(), Ok(left));
}

#[test]
fn a_gpu_that_nobody_ever_saw_is_missed() {
    let mut fleet = Fleet::new(12, 8);
    fleet.facts.gpus.retain(|known| known.uuid() != uuid(3, 7));
    fleet.facts.collectors.iter_mut().filter(|row| row.hostname == host(3)).for_each(|row| row.counts[4] = Some(7));
    fleet.minutes(5);
    assert_eq!(fleet.events(), [("gpus_missing", "firing")]);
    let alert = &fleet.said[0];
    assert_eq!((alert.value, alert.threshold, alert.severity), (Some(7.0), Some(8.0), Severity::Critical));
    assert_eq!(alert.since, "2026-01-30T17:33:20.000Z", "when its collector started");
    fleet.facts.gpus.push(known(3, 7, fleet.now));
    fleet.minutes(2);
    assert_eq!(fleet.events()[1..], [("gpus_missing", "resolved")]);
}

#[test]
fn a_fleet_that_boots_pages_nobody_and_with_a_silence_nothing_is_open_at_all() {
    for silenced in [false, true] {
        let mut fleet = Fleet::new(288, 8);
        fleet.minutes(2);
        if silenced {
            fleet.silence(&["host=~node-.*"], 2 * HOUR);
        }
        fleet.down.extend((0..288).map(host));
        fleet.minutes(6);
        fleet.down.clear();
        fleet.mute.extend((0..288).flat_map(|number| (0..8).map(move |index| uuid(number, index))));
        (0..288).for_each(|number| fleet.restart_collector(number));
        for index in 0..8 {
            for number in 0..288 {
                fleet.mute.remove(&uuid(number, index));
                fleet.reset(number, index);
                fleet.states.insert(uuid(number, index), State::Degraded);
            }
            fleet.wait(40 * SECOND);
            fleet.pass();
            assert!(!silenced || fleet.open().is_empty(), "{:?}", fleet.open());
        }
        fleet.states.clear();
        fleet.minutes(20);
        assert!(fleet.facts.alerts.is_empty(), "{:?}", fleet.facts.alerts);
        assert!(fleet.said.iter().all(|alert| alert.severity < Severity::Critical));
        assert!(fleet.said.iter().all(|alert| alert.rule != "gpu_silent" && alert.rule != "health_grade"));
    }
}

#[test]
fn a_collector_that_starts_over_and_over_does_not_hide_the_gpu_that_breaks_it() {
    let mut fleet = well();
    fleet.mute.insert(uuid(3, 5));
    for _ in 0..70 {
        fleet.minutes(1);
        fleet.restart_collector(3);
    }
    assert_eq!(fleet.events(), [("gpu_silent", "firing")]);
}

#[test]
fn nothing_is_missed_in_a_replay_of_the_past_nor_without_the_right_to_judge() {
    let mut fleet = Fleet::new(12, 8);
    fleet.facts.gpus.iter_mut().for_each(|known| known.latest.time = known.written.plus(-HOUR));
    fleet.facts.collectors.iter_mut().for_each(|row| row.time = row.time.plus(-HOUR));
    fleet.down.extend((0..12).map(host));
    fleet.mute.insert(uuid(3, 5));
    fleet.minutes(30);
    assert_eq!(fleet.events(), [], "its samples were written long after their time");

    let mut fleet = well();
    fleet.down.insert(host(3));
    fleet.minutes(5);
    fleet.absence = false;
    fleet.down.insert(host(4));
    fleet.mute.insert(uuid(5, 5));
    fleet.minutes(30);
    fleet.down.clear();
    fleet.minutes(5);
    assert_eq!(fleet.events(), [("host_silent", "firing")], "neither begun, risen nor ended");
    fleet.absence = true;
    fleet.minutes(1);
    assert_eq!(fleet.events()[1..], [("gpu_silent", "firing"), ("host_silent", "resolved")]);
}

#[test]
fn a_collector_that_is_silent_or_drops_is_told_until_it_does_no_longer() {
    let mut fleet = well();
    let last = fleet.now;
    fleet.unreported.insert(host(3));
    fleet.minutes(10);
    assert_eq!(fleet.events(), [("collector_silent", "firing")]);
    assert_eq!(fleet.said[0].since.parse(), Ok(last));
    fleet.unreported.clear();
    fleet.minutes(2);
    assert_eq!(fleet.events()[1..], [("collector_silent", "resolved")]);
    fleet.facts.collectors[4].counts[3] = Some(17);
    fleet.minutes(3);
    assert_eq!(fleet.events()[2..], [("collector_dropping", "firing")]);
    assert_eq!(fleet.said[2].since, "2026-01-30T17:33:20.000Z", "when the collector started, whose count it is");
    fleet.down.insert(host(4));
    fleet.minutes(6);
    assert_eq!(fleet.firing("collector_dropping").len(), 1, "a silent host ends nothing");
    fleet.down.clear();
    fleet.restart_collector(4);
    fleet.minutes(2);
    assert!(fleet.facts.alerts.is_empty());
}

#[test]
fn a_lost_host_whose_samples_return_before_its_report_is_one_alert() {
    let mut fleet = well();
    fleet.down.insert(host(3));
    fleet.minutes(30);
    fleet.down.clear();
    fleet.unreported.insert(host(3));
    fleet.wait(20 * SECOND);
    fleet.pass();
    fleet.unreported.clear();
    fleet.minutes(5);
    let told: Vec<_> = fleet.events().into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(told, ["host_silent"; 3], "{:?}", fleet.said);
}

#[test]
fn a_gpu_that_people_say_is_out_is_there_while_it_reports() {
    let mut fleet = well();
    fleet.detect((3, 5), ("ecc_dbe", None), Severity::Critical);
    fleet.wait(5 * SECOND);
    let (gpu_uuid, at) = (uuid(3, 5), fleet.now);
    fleet.facts.failures.push(Failure { gpu_uuid, at, kind: FailureKind::Rma, who: "ana".into(), note: None });
    fleet.pass();
    fleet.minutes(5);
    assert_eq!(fleet.events(), []);
    // A whole host that is taken out goes too, though nobody on it is ahead of the others.
    fleet.down.insert(host(4));
    for index in 0..8 {
        let (gpu_uuid, at) = (uuid(4, index), fleet.now);
        fleet.facts.failures.push(Failure { gpu_uuid, at, kind: FailureKind::Removed, who: "ana".into(), note: None });
    }
    fleet.minutes(20);
    assert!(fleet.facts.alerts.iter().all(|alert| alert.rule != "host_silent"), "{:?}", fleet.facts.alerts);
}
