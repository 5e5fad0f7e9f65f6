//! Exposure, rule by rule.

use super::super::tests::{NOW, ago, gpu, label};
use super::*;
use crate::event::prediction::FailureKind::{Dbe, Interruption, OffBus, Removed, Rma};
use crate::event::time::DAY;

fn lives(gpus: Vec<Known>, failures: Vec<Failure>) -> Lives {
    Lives::of(&Facts { gpus, failures, ..Facts::default() }, NOW)
}

/// Stretches in days before now.
fn days(life: &Life) -> Vec<(i64, i64)> {
    life.spans.iter().map(|span| (NOW.since(span.from) / DAY, NOW.since(span.to) / DAY)).collect()
}

#[test]
fn from_first_seen_to_the_last_sample() {
    let mut gone = gpu("a", 1, 200);
    gone.latest.time = ago(50);
    let lives = lives(vec![gpu("a", 0, 300), gone], Vec::new());
    assert_eq!((days(&lives.known[0]), days(&lives.known[1])), (vec![(300, 0)], vec![(200, 50)]));
}

#[test]
fn an_installation_before_the_first_sample_counts_from_the_start_of_the_record() {
    let with = |installed: &str| {
        let mut gpu = gpu("a", 0, 100);
        let mut asset = crate::event::Asset::default();
        asset.set("installed_at", installed);
        gpu.asset = Some(asset);
        gpu
    };
    let old = ago(500).to_string();
    // The record begins with the earliest sight, 200 days ago …
    let record =
        |gpu: Known, failures| days(&lives(vec![gpu, super::super::tests::gpu("b", 0, 200)], failures).known[0]);
    assert_eq!(record(with(&old), vec![]), [(200, 0)]);
    // … or with the earliest label, of any kind and GPU …
    assert_eq!(record(with(&old), vec![label("b", 0, Interruption, 400)]), [(400, 0)]);
    // … and an installation after it counts from then on; one after the first sample does not.
    assert_eq!(record(with(&ago(150).to_string()), vec![]), [(150, 0)]);
    assert_eq!(record(with(&ago(150).to_string()[..10]), vec![])[0].0, 150);
    assert_eq!(record(with(&ago(50).to_string()), vec![]), [(100, 0)]);
    assert_eq!(record(with("soon"), vec![]), [(100, 0)]);
}

#[test]
fn its_own_label_proves_that_it_was_there() {
    let mut gone = gpu("a", 0, 100);
    gone.latest.time = ago(40);
    let lives = lives(vec![gone], vec![label("a", 0, Dbe, 160), label("a", 0, OffBus, 39)]);
    assert_eq!(days(&lives.known[0]), [(160, 39)]);
    assert_eq!(lives.known[0].failures.len(), 2);
}

#[test]
fn a_removal_ends_it_until_the_next_sign() {
    let removed = |gpu: Known, more: Vec<Failure>| {
        let mut failures = vec![label("a", 0, Removed, 60)];
        failures.extend(more);
        days(&lives(vec![gpu], failures).known[0])
    };
    let mut gone = gpu("a", 0, 100);
    gone.latest.time = ago(60);
    assert_eq!(removed(gone, vec![]), [(100, 60)]);
    // Taken away in the course of the day that the label names.
    let mut same_day = gpu("a", 0, 100);
    same_day.latest.time = ago(59);
    assert_eq!(removed(same_day, vec![]), [(100, 60)]);
    // Back in another place.
    let mut back = gpu("a", 0, 100);
    back.place.since = ago(20);
    assert_eq!(removed(back.clone(), vec![]), [(100, 60), (20, 0)]);
    // A failure before that shows it sooner.
    assert_eq!(removed(back, vec![label("a", 0, Dbe, 30)]), [(100, 60), (30, 0)]);
    // Samples just went on.
    assert_eq!(removed(gpu("a", 0, 100), vec![]), [(100, 60), (60, 0)]);
    // First seen only afterwards: the label shows that it was there, not since when.
    assert_eq!(removed(gpu("a", 0, 30), vec![]), [(60, 60), (30, 0)]);
}

#[test]
fn the_present_place_is_the_last_stretch() {
    let mut back = gpu("a", 0, 100);
    back.place.since = ago(20);
    let failures = vec![label("a", 0, Dbe, 60), label("a", 0, Removed, 60), label("a", 0, Rma, 10)];
    let lives = lives(vec![back], failures);
    assert_eq!(lives.known[0].failures, [ago(60), ago(10)]);
    assert_eq!(lives.known[0].failures_here().collect::<Vec<_>>(), [ago(10)]);
}

#[test]
fn reports_within_seven_days_are_one_failure() {
    let at = |days: &[i64]| {
        let failures = days.iter().map(|days| label("a", 0, Dbe, *days)).collect();
        lives(vec![gpu("a", 0, 100)], failures).known[0].clone()
    };
    assert_eq!(at(&[90, 84]).failures, [ago(90)]);
    assert_eq!(at(&[90, 83]).failures, [ago(90), ago(83)]);
    // From the first report on: a chain is cut, so that a report more never makes failures fewer.
    assert_eq!(at(&[84, 90, 78]).failures, [ago(90), ago(78)]);
    assert_eq!(at(&[90, 84]).newest, Some(ago(84)));
}

#[test]
fn what_is_no_failure_and_what_lies_ahead_does_not_count() {
    let failures = vec![label("a", 0, Interruption, 10), label("a", 0, Removed, 5), label("a", 0, Dbe, -1)];
    let lives = lives(vec![gpu("a", 0, 100)], failures);
    assert_eq!((lives.known[0].failures.len(), lives.known[0].newest), (0, None));
}

#[test]
fn a_gpu_of_which_only_labels_are_left_counts_for_the_fleet() {
    let failures = vec![label("gone", 3, Dbe, 50), label("b", 1, Rma, 250)];
    let lives = lives(vec![gpu("a", 0, 100)], failures);
    assert_eq!(lives.lost.iter().map(days).collect::<Vec<_>>(), [vec![(250, 250)], vec![(250, 50)]]);
    assert_eq!(lives.all().map(|life| life.failures.len()).sum::<usize>(), 2);
}
