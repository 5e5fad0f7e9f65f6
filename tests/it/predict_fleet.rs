//! The laws of the odds, on random fleets with random pasts.

use gpuhm::event::facts::{FaultMinute, Load};
use gpuhm::event::prediction::{Advice, FailureKind, Standing};
use gpuhm::event::rows::{Happening, Place, Raw};
use gpuhm::event::time::{DAY, HOUR};
use gpuhm::event::{Asset, Facts, Failure, Known, Prediction, Time, Values};
use gpuhm::pass::predict::predict;

use crate::support::random::{Rng, seeds};

pub(crate) const NOW: Time = Time(1_800_000_000_000);

/// A GPU that was seen from `first` to `last`.
pub(crate) fn known(uuid: &str, place: Place, first: Time, last: Time) -> Known {
    let latest = Raw {
        time: last,
        gpu_uuid: uuid.to_owned(),
        hostname: place.hostname.clone(),
        device_index: place.device_index,
        model: place.get("model").map(str::to_owned),
        values: Values::default(),
        latency_ms: None,
        interval_ms: None,
    };
    Known {
        latest,
        written: last,
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

fn ago(days: i64) -> Time {
    NOW.plus(-days * DAY)
}

pub(crate) fn label(uuid: &str, at: Time, kind: FailureKind) -> Failure {
    Failure { gpu_uuid: uuid.to_owned(), at, kind, who: "test".to_owned(), note: None }
}

/// A fleet of up to 30 hosts, with whatever may happen to a fleet; `failures` at most of the kinds that count.
fn fleet(rng: &mut Rng, failures: usize) -> Facts {
    let mut facts = Facts::default();
    let size = rng.pick(&[1, 4, 8]);
    for host in 0..=rng.below(30) {
        for index in 0..size {
            let uuid = format!("GPU-{host}-{index}");
            let first = ago(rng.within(0, 900));
            let mut texts = <[Option<String>; 6]>::default();
            texts[1] = (!rng.chance(200)).then(|| format!("rack-{}", host / 4));
            texts[3] = Some(rng.pick(&["A100", "H100"]).to_owned());
            let hostname = format!("node-{host}");
            let place = Place { gpu_uuid: uuid.clone(), since: first, hostname, device_index: Some(index), texts };
            let last = if rng.chance(50) { first.max(ago(rng.within(0, 100))) } else { NOW };
            let mut gpu = known(&uuid, place, first, last);
            if rng.chance(300) {
                let mut asset = Asset::default();
                asset.set("installed_at", &ago(rng.within(0, 1200)).to_string());
                gpu.asset = Some(asset);
            }
            happen(rng, &mut gpu);
            facts.gpus.push(gpu);
        }
    }
    for _ in 0..rng.below(failures + 1) {
        let uuid = facts.gpus[rng.below(facts.gpus.len())].uuid().to_owned();
        let kind = rng.pick(FailureKind::ALL);
        facts.failures.push(label(&uuid, ago(rng.within(0, 700)), kind));
    }
    facts.failures.sort_by_key(|label| label.at);
    facts
}

fn happen(rng: &mut Rng, gpu: &mut Known) {
    let at = NOW.plus(-rng.within(0, 20) * HOUR);
    if rng.chance(30) {
        let (gpu_uuid, hostname, detail) = (gpu.uuid().to_owned(), String::new(), String::new());
        gpu.events.push(Happening { gpu_uuid, at, kind: "xid".to_owned(), code: 48, hostname, detail });
    }
    if rng.chance(100) {
        gpu.minutes.push(FaultMinute { start: at, hw_thermal_s: 60.0, ..FaultMinute::default() });
        gpu.hours.push(Load { start: at.floor(HOUR), ms: HOUR, sm_active: Some(90.0), ..Load::default() });
    }
}

fn laws(facts: &Facts, all: &[Prediction], seed: u64) {
    assert_eq!(all.len(), facts.gpus.len());
    for (one, gpu) in all.iter().zip(&facts.gpus) {
        assert_eq!(one.gpu_uuid, gpu.uuid());
        let product: f64 = one.reasons.iter().map(|reason| reason.factor).product();
        assert!((one.hazard / one.base_hazard / product - 1.0).abs() < 1e-9, "seed {seed}: {one:?}");
        assert!((0.1 - 1e-9..20.0 + 1e-9).contains(&product), "seed {seed}: {one:?}");
        assert!(one.reasons.iter().all(|reason| (reason.factor - 1.0).abs() > 1e-12), "seed {seed}: {one:?}");
        let weight = |at: usize| one.reasons[at].factor.ln().abs();
        assert!((1..one.reasons.len()).all(|at| weight(at - 1) >= weight(at)), "seed {seed}: {one:?}");
        let mut before = 0.0;
        for odds in &one.odds {
            assert!(
                0.0 < odds.low && odds.low < odds.p && odds.p < odds.high && odds.high <= 1.0,
                "seed {seed}: {odds:?}"
            );
            assert!(odds.p > before && (0.0..1.0).contains(&odds.base), "seed {seed}: {:?}", one.odds);
            // The odds are the base's hazard times the product, whatever the horizon.
            let hazards = (-odds.p).ln_1p() / (-odds.base).ln_1p();
            assert!((hazards / product - 1.0).abs() < 1e-9, "seed {seed}: {one:?}");
            before = odds.p;
        }
        assert_eq!(one.standing == Standing::PriorOnly, one.labels == 0, "seed {seed}");
    }
    let sent = all.iter().filter(|one| one.advice == Advice::ScheduleDiagnostics).count();
    assert!(sent <= all.len().div_ceil(100), "seed {seed}: {sent} of {}", all.len());
}

#[test]
fn odds_hold_together_and_repeat() {
    for seed in seeds(1, 200) {
        let facts = fleet(&mut Rng::new(seed), 60);
        let all = predict(&facts, NOW);
        laws(&facts, &all, seed);
        let mut shuffled = facts.clone();
        shuffled.failures.reverse();
        assert_eq!(predict(&shuffled, NOW), all, "seed {seed}: the order of labels is no matter");
    }
}

/// The trend is left out: a failure more in the quarter before last lowers it, as it should. So is the first failure ever,
/// which puts the fleet's record in the prior's place.
#[test]
fn more_own_failures_never_lower_the_odds() {
    for seed in seeds(1000, 200) {
        let mut rng = Rng::new(seed);
        let mut facts = fleet(&mut rng, 8);
        let before = predict(&facts, NOW);
        let at = rng.below(facts.gpus.len());
        let (uuid, first) = (facts.gpus[at].uuid().to_owned(), facts.gpus[at].first);
        if before[at].labels == 0 {
            continue;
        }
        facts.failures.push(label(&uuid, first.max(ago(rng.within(0, 300))), FailureKind::OffBus));
        let after = predict(&facts, NOW);
        assert!(
            after[at].hazard >= before[at].hazard * (1.0 - 1e-12),
            "seed {seed}: {:#?}\n{:#?}",
            before[at],
            after[at]
        );
    }
}

#[test]
fn a_fleet_in_which_nothing_distinguishes_gpus_gets_no_advice() {
    let gpus = (0..800).map(|at| {
        let place = Place { hostname: format!("n{}", at / 8), device_index: Some(at % 8), ..Place::default() };
        known(&format!("GPU-{at}"), place, ago(365), NOW)
    });
    let facts = Facts { gpus: gpus.collect(), ..Facts::default() };
    assert!(predict(&facts, NOW).iter().all(|one| one.advice == Advice::None && one.reasons.is_empty()));
    assert!(predict(&Facts::default(), NOW).is_empty());
}
