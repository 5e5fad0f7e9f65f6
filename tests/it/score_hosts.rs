//! The score where a GPU is held against others or against its own history: peers, corrected errors, presence, slots.

use gpuhm::event::facts::Load;
use gpuhm::event::rows::CollectorRow;
use gpuhm::event::time::{DAY, HOUR, MINUTE, SECOND};
use gpuhm::event::{Facts, Health, Known, Time};
use gpuhm::pass::Now;
use gpuhm::pass::score::{score, worth_a_row};

use crate::score_support::{NOW, judge, known, sound, values};

fn gpus(count: i64) -> Vec<Known> {
    let (model, named) = sound("a100");
    (0..count).map(|slot| known(slot, &model, values(&named), NOW)).collect()
}

fn ids(health: &Health) -> Vec<(&str, i64)> {
    health.ledger.iter().map(|row| (row.id.as_str(), row.points)).collect()
}

/// The first of four GPUs, its hours changed.
fn at_work(change: fn(&mut Load)) -> Health {
    let mut host = gpus(4);
    host[0].hours.iter_mut().for_each(change);
    judge(&host, NOW, true)
}

#[test]
fn slow_beside_busy_peers_costs_points_unless_there_is_a_reason() {
    assert_eq!(ids(&at_work(|hour| hour.sm_clock = Some(1000.0))), [("slower_than_peers", 5)]);
    assert_eq!(ids(&at_work(|hour| hour.sm_clock = Some(900.0))), [("slower_than_peers", 10)]);
    assert_eq!(ids(&at_work(|hour| hour.sm_clock = Some(1250.0))), []);
    let at_its_limit = |hour: &mut Load| (hour.sm_clock, hour.power) = (Some(900.0), [Some(390.0); 3]);
    assert_eq!(ids(&at_work(at_its_limit)), [], "slow because it works hard");
    let other_work = |hour: &mut Load| (hour.sm_clock, hour.sm_active) = (Some(900.0), Some(95.0));
    assert_eq!(ids(&at_work(other_work)), [], "peers do something else");
    let at_rest = |hour: &mut Load| (hour.sm_clock, hour.sm_active) = (Some(210.0), Some(0.0));
    assert_eq!(ids(&at_work(at_rest)), []);
    let mut few = gpus(3);
    few[0].hours.iter_mut().for_each(|hour| hour.sm_clock = Some(900.0));
    assert_eq!(ids(&judge(&few, NOW, true)), [], "two peers are no measure");
}

#[test]
fn a_gpu_without_a_host_has_no_peers_and_is_missed_by_nobody() {
    let mut host = gpus(4);
    for gpu in &mut host {
        gpu.latest.hostname.clear();
    }
    host[0].hours.iter_mut().for_each(|hour| hour.sm_clock = Some(900.0));
    assert_eq!(ids(&judge(&host, NOW, true)), []);
    host[0].latest.time = NOW.plus(-4 * MINUTE);
    assert_eq!(ids(&judge(&host, NOW, true)), []);
}

#[test]
fn one_slow_gpu_of_a_crowd_is_found() {
    let mut host = gpus(500);
    host[0].hours.iter_mut().for_each(|hour| hour.sm_clock = Some(900.0));
    assert_eq!(ids(&judge(&host, NOW, true)), [("slower_than_peers", 10)]);
    host.rotate_left(1);
    assert_eq!(ids(&judge(&host, NOW, true)), []);
}

/// A GPU with corrected errors so many hours ago, known for so many days.
fn corrected(errors: &[(i64, i64)], days: i64) -> Health {
    let mut host = gpus(1);
    host[0].first = NOW.plus(-days * DAY);
    host[0].corrected = errors.iter().map(|(ago, count)| (NOW.plus(-ago * HOUR), *count)).collect();
    host[0].corrected.sort_unstable();
    judge(&host, NOW, true)
}

#[test]
fn corrected_errors_count_against_the_own_history_only() {
    assert_eq!(ids(&corrected(&[(1, 100)], 100)), [("corrected_errors", 3)]);
    assert_eq!(ids(&corrected(&[(1, 99)], 100)), [], "too few to say anything");
    // 60 in six days before are 10 a day.
    assert_eq!(ids(&corrected(&[(1, 101), (48, 60)], 100)), [("corrected_errors", 3)]);
    assert_eq!(ids(&corrected(&[(1, 100), (48, 60)], 100)), []);
    assert_eq!(ids(&corrected(&[(1, 1_000_000), (48, 1_000_000)], 100)), [], "it has always been so");
    assert_eq!(ids(&corrected(&[(1, 1_000_000)], 6)), [], "no history yet");
    assert_eq!(ids(&corrected(&[(12, 100)], 100)), [("corrected_errors", 2)], "half a day later");
}

#[test]
fn history_that_grows_old_makes_no_burst_of_what_was_none() {
    let mut host = gpus(1);
    host[0].corrected = vec![(NOW.plus(-167 * HOUR), 5000), (NOW.plus(-HOUR), 150)];
    for hours in 0..24 {
        assert_eq!(ids(&judge(&host, NOW.plus(hours * HOUR), false)), [], "{hours} h later");
    }
}

/// A lone GPU silent for so long, and its collector's report 10 s ago.
fn lone(silent: i64, state: Option<&str>, absence: bool) -> Health {
    let mut gpus = gpus(1);
    gpus[0].latest.time = NOW.plus(-silent);
    let report = CollectorRow {
        hostname: "node01".into(),
        time: NOW.plus(-10 * SECOND),
        source_state: state.map(str::to_owned),
        ..CollectorRow::default()
    };
    score(&Facts { gpus, collectors: vec![report], ..Facts::default() }, Now { at: NOW, absence, stalled: false })
        .remove(0)
}

#[test]
fn a_collector_that_reads_its_gpus_tells_which_is_gone() {
    assert_eq!(ids(&lone(2 * MINUTE, Some("ok"), true)), [("off_the_bus", 60)]);
    assert_eq!(ids(&lone(70 * SECOND, Some("ok"), true)), [], "a minute behind is not gone");
    assert_eq!(ids(&lone(2 * MINUTE, Some("DCGM does not answer"), true)), [], "it sees none of them");
    assert_eq!(ids(&lone(2 * MINUTE, Some("ok"), false)), [], "silence may not be judged in a replay");
}

#[test]
fn a_backlog_says_nothing_of_the_present() {
    let mut host = gpus(2);
    host[0].latest.time = NOW.plus(-2 * MINUTE);
    assert_eq!(ids(&judge(&host, NOW, true)), [("off_the_bus", 60)]);
    host[1].written = host[1].latest.time.plus(5 * MINUTE + 1);
    assert_eq!(ids(&judge(&host, NOW, true)), []);
}

#[test]
fn who_was_replaced_is_not_gone() {
    let mut host = gpus(2);
    host[1].latest.device_index = Some(0);
    host[0].latest.time = NOW.plus(-HOUR);
    host[1].first = NOW.plus(-HOUR + MINUTE);
    let health = judge(&host, NOW, true);
    assert_eq!((ids(&health), health.replaced_by.as_deref()), (vec![], Some("GPU-1")));
    host[0].latest.time = host[1].latest.time;
    assert_eq!(judge(&host, NOW, true).replaced_by, None, "two of one index at once: neither replaced the other");
}

#[test]
fn a_row_is_written_when_something_is_new_and_every_quarter_of_an_hour() {
    let host = gpus(1);
    let at = |minutes| judge(&host, Time(NOW.ms() + minutes * MINUTE), true);
    let first = judge(&host, NOW, true);
    assert!(worth_a_row(None, &first));
    let again = Health { time: NOW.plus(14 * MINUTE), ..first.clone() };
    assert!(!worth_a_row(Some(&first), &again));
    assert!(worth_a_row(Some(&first), &Health { time: NOW.plus(15 * MINUTE), ..first.clone() }));
    assert!(worth_a_row(Some(&first), &at(10)), "its readings have ended");
}
