//! The pass as a whole on small fleets made by hand, and the builders that its parts' tests use, too.

use super::*;
use crate::event::Failure;
use crate::event::prediction::FailureKind;
use crate::event::rows::{Place, Raw};

pub(super) const NOW: Time = Time(1_800_000_000_000);

/// So many days before [`NOW`].
pub(super) fn ago(days: i64) -> Time {
    NOW.plus(-days * DAY)
}

/// GPU `index` of a host, seen from `first_days_ago` until now.
pub(super) fn gpu(host: &str, index: i64, first_days_ago: i64) -> Known {
    let uuid = format!("GPU-{host}-{index}");
    let latest = Raw {
        time: NOW,
        gpu_uuid: uuid.clone(),
        hostname: host.to_owned(),
        device_index: Some(index),
        model: Some("H100".to_owned()),
        values: crate::event::Values::default(),
        latency_ms: None,
        interval_ms: None,
    };
    let first = ago(first_days_ago);
    let place = Place {
        gpu_uuid: uuid,
        since: first,
        hostname: host.to_owned(),
        device_index: Some(index),
        ..Place::default()
    };
    Known {
        latest,
        written: NOW,
        place,
        first,
        asset: None,
        health: None,
        prediction: None,
        events: Vec::new(),
        minutes: Vec::new(),
        hours: Vec::new(),
        corrected: Vec::new(),
        retired_a_week_ago: None,
    }
}

/// A label of GPU `index` of a host.
pub(super) fn label(host: &str, index: i64, kind: FailureKind, days_ago: i64) -> Failure {
    let gpu_uuid = format!("GPU-{host}-{index}");
    Failure { gpu_uuid, at: ago(days_ago), kind, who: "test".to_owned(), note: None }
}

/// `hosts` hosts of 8, a year old.
pub(super) fn fleet(hosts: i64) -> Facts {
    let gpus = (0..hosts).flat_map(|host| (0..8).map(move |index| gpu(&format!("n{host:03}"), index, 365))).collect();
    Facts { gpus, ..Facts::default() }
}

fn of<'a>(all: &'a [Prediction], host: &str, index: i64) -> &'a Prediction {
    all.iter().find(|one| one.hostname == host && one.device_index == Some(index)).unwrap()
}

#[test]
fn no_data_is_the_prior_s_numbers() {
    let facts = fleet(2);
    for one in predict(&facts, NOW) {
        // By hand: 1 − exp(−0.05·h/365.25) for 7, 30 and 90 days.
        for (odds, is) in one.odds.iter().zip([0.000_957_8, 0.004_098_4, 0.012_244_9]) {
            assert!((odds.p - is).abs() < 1e-6 && (odds.base - odds.p).abs() < 1e-15, "{odds:?}");
        }
        // ψ′(1) = 1.6449: the 80 % interval of the level is 5.17 times either way.
        let ninety = one.at(90).unwrap();
        assert!((ninety.high / ninety.low - 5.17_f64.powi(2)).abs() < 1.5, "{ninety:?}");
        assert_eq!((one.standing, one.advice, one.labels), (Standing::PriorOnly, Advice::None, 0));
        assert!(one.reasons.is_empty() && (one.hazard - 0.05).abs() < 1e-15);
    }
}

#[test]
fn a_failure_counts_for_its_own_gpu_and_its_host() {
    let mut facts = fleet(20);
    facts.failures = vec![label("n003", 2, FailureKind::Dbe, 41)];
    let all = predict(&facts, NOW);
    let own = of(&all, "n003", 2);
    assert_eq!(
        (own.reasons[0].id.as_str(), own.reasons[0].text.as_str()),
        ("own_failure_recent", "failed 41 days ago")
    );
    assert_eq!((own.standing, own.advice), (Standing::Updating, Advice::ScheduleDiagnostics));
    // Its host's other GPUs are as good as any.
    let of_host = |reason: &&Reason| ["host", "neighbour_failed"].contains(&&*reason.id);
    assert!(own.reasons.iter().filter(of_host).all(|reason| reason.factor < 1.0), "{:?}", own.reasons);
    let beside = of(&all, "n003", 5);
    assert_eq!(beside.reasons[0].text, "host n003: 1 of its other 7 GPUs failed in 90 days");
    assert_eq!(beside.reasons.iter().filter(of_host).count(), 1);
    assert!(own.hazard > beside.hazard && beside.hazard > of(&all, "n004", 5).hazard);
}

#[test]
fn at_most_one_of_a_hundred_is_sent_to_diagnostics() {
    let mut facts = fleet(50);
    // 30 equals in 400: four at most.
    facts.failures = (0..30).map(|host| label(&format!("n{host:03}"), host % 8, FailureKind::Rma, 30)).collect();
    let all = predict(&facts, NOW);
    let count = |advice| all.iter().filter(|one| one.advice == advice).count();
    assert_eq!((count(Advice::ScheduleDiagnostics), count(Advice::Watch)), (4, 26));
    // One that is gone is not advised, however likely it was to fail.
    let failed: Vec<&str> = facts.failures.iter().map(|label| label.gpu_uuid.as_str()).collect();
    for gpu in facts.gpus.iter_mut().filter(|gpu| failed.contains(&gpu.uuid())) {
        gpu.latest.time = ago(8);
    }
    assert!(predict(&facts, NOW).iter().all(|one| one.advice == Advice::None));
}

#[test]
fn a_row_is_written_daily_or_when_something_moved() {
    let mut facts = fleet(4);
    facts.failures = vec![label("n001", 0, FailureKind::OffBus, 20)];
    let last = predict(&facts, NOW).remove(8);
    assert!(worth_a_row(None, &last));
    let later = |ms, change: fn(&mut Prediction)| {
        let mut new = last.clone();
        new.time = NOW.plus(ms);
        change(&mut new);
        worth_a_row(Some(&last), &new)
    };
    assert!(later(DAY, |_| ()) && !later(DAY - 1, |_| ()));
    assert!(!later(1, |new| new.odds[1].p *= 1.019) && later(1, |new| new.odds[1].p *= 1.03));
    assert!(later(1, |new| new.odds[0].high *= 0.9) && later(1, |new| new.odds[2].base *= 0.9));
    assert!(later(1, |new| new.advice = Advice::Watch) && later(1, |new| new.standing = Standing::PriorOnly));
    assert!(!later(1, |new| new.reasons[0].text.clear()) && later(1, |new| new.reasons[0].factor *= 0.9));
    let reason = |factor| Reason { id: "rack".to_owned(), factor, text: String::new() };
    let with = |factor| {
        let mut new = last.clone();
        new.reasons.push(reason(factor));
        worth_a_row(Some(&last), &new)
    };
    assert!(!with(1.015) && with(1.03));
    let mut fewer = last.clone();
    fewer.reasons.clear();
    assert!(worth_a_row(Some(&last), &fewer));
}

#[test]
fn the_base_s_interval_is_the_gpu_s_without_its_factors() {
    let mut facts = fleet(20);
    facts.failures = vec![label("n003", 2, FailureKind::Dbe, 41)];
    let all = predict(&facts, NOW);
    let (own, plain) = (of(&all, "n003", 2), of(&all, "n009", 0));
    let (low, high) = base_interval(own, 90).unwrap();
    let (low2, high2) = base_interval(plain, 90).unwrap();
    assert!((low / low2 - 1.0).abs() < 1e-9 && (high / high2 - 1.0).abs() < 1e-9);
    let base = own.at(90).unwrap().base;
    assert!(low < base && base < high && (low - own.at(90).unwrap().low).abs() > 0.0);
    // One failure, recorded lately: ψ′(2) = 0.6449.
    let width = (1.281_551_565_5 * 0.644_934_f64.sqrt()).exp();
    assert!(((1.0 - low).ln() / (1.0 - base).ln() * width - 1.0).abs() < 1e-5);
}
