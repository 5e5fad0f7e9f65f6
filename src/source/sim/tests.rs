//! What the simulator promises: the same samples every time, temperatures that follow power, faults that show.

mod dynamics;
mod faults;
mod noise;

use super::*;
use crate::event::values::whole;
use crate::event::{Body, Event, Values, Xid};
use crate::metric::{self, METRICS};

const TICK: i64 = 10_000;
/// 2026-01-01T00:00:00Z.
const START: Time = Time(1_767_225_600_000);

fn sim(gpus: usize, hosts: usize, faults: &[&str]) -> Sim {
    let faults = faults.iter().map(|text| text.parse().unwrap()).collect();
    Sim::new(Options { gpus, hosts, seed: 7, interval_ms: TICK, faults }).unwrap()
}

fn tick(sim: &mut Sim, tick: i64) -> Vec<Event<'static>> {
    let mut out = Vec::new();
    sim.read(START.plus(tick * TICK), &mut out).unwrap();
    let event = |reading| match reading {
        Reading::Event(event) => *event,
        Reading::Line { .. } => panic!("the simulator makes events"),
    };
    out.into_iter().map(event).collect()
}

fn values(event: &Event<'_>) -> (Values, Vec<Xid>) {
    match &event.body {
        Body::Sample(_, values, xids) => (values.clone(), xids.clone()),
        _ => panic!("no sample"),
    }
}

fn bits(mask: f64) -> i64 {
    whole(mask).unwrap()
}

/// The values of one metric of one GPU of a one-host fleet, over ticks.
fn series(faults: &[&str], gpu: usize, name: &str, ticks: i64) -> Vec<f64> {
    let at = metric::index(name).unwrap();
    let mut sim = sim(8, 1, faults);
    (0..ticks).map(|n| values(&tick(&mut sim, n)[gpu]).0.real(at).unwrap()).collect()
}

/// The XIDs of one GPU, by tick.
fn xids(faults: &[&str], gpu: usize, ticks: i64) -> Vec<(i64, i64, i64)> {
    let mut sim = sim(8, 1, faults);
    let mut all = Vec::new();
    for n in 0..ticks {
        let events = tick(&mut sim, n);
        let seen = events.get(gpu).map(|event| values(event).1).unwrap_or_default();
        all.extend(seen.iter().map(|xid| (n, xid.code, xid.at.since(START))));
    }
    all
}

#[test]
fn the_same_options_give_the_same_samples_and_another_seed_gives_others() {
    let run = |seed| {
        let script = ["xid=79@2/1+20s", "sbe_storm@1/0+30s", "reboot@2+1m~1m", "gpu_swap@1/2+2m", "fan_loss@3+0s"];
        let faults = script.iter().map(|text| text.parse().unwrap()).collect();
        let mut sim = Sim::new(Options { gpus: 20, hosts: 3, seed, interval_ms: TICK, faults }).unwrap();
        format!("{:?}", (0..60).map(|n| tick(&mut sim, n)).collect::<Vec<_>>())
    };
    assert!(run(7) == run(7));
    assert!(run(7) != run(8));
}

#[test]
fn a_gpu_does_not_depend_on_how_many_others_there_are() {
    let (mut small, mut large) = (sim(8, 1, &[]), sim(512, 64, &[]));
    for n in 0..20 {
        assert_eq!(tick(&mut small, n)[3], tick(&mut large, n)[3]);
    }
}

#[test]
fn gpus_are_spread_evenly_and_named_uniquely() {
    let mut sim = sim(21, 10, &[]);
    let events = tick(&mut sim, 0);
    assert_eq!(events.len(), 21);
    let mut uuids: Vec<_> = events.iter().map(|event| event.entity().unwrap().into_owned()).collect();
    uuids.sort_unstable();
    uuids.dedup();
    assert_eq!(uuids.len(), 21);
    let reports = sim.hosts();
    assert_eq!(reports.iter().map(|host| host.seen).collect::<Vec<_>>(), [3, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    assert_eq!(reports[8].hostname, "gpu-node-009");
    assert_eq!(reports[8].place[1].as_deref(), Some("rack-02"));
    assert!(reports.iter().all(|host| host.state == "ok"));
}

#[test]
fn every_value_is_plausible_for_an_hour_of_every_kind_of_board() {
    let mut sim = sim(256, 32, &["sbe_storm@1/0+20s", "hw_thermal@9/0+1m", "gpu_lost@2/1+5m"]);
    let (mut busy, mut all) = (0, 0);
    for n in 0..360 {
        for event in tick(&mut sim, n) {
            let (values, _) = values(&event);
            for (at, value) in values.iter() {
                let (low, high) = METRICS[at].range;
                assert!((low..=high).contains(&value.real()), "{} = {value:?}", METRICS[at].name);
                let fine = value.real() * 1000.0;
                assert!((fine - fine.round()).abs() < 1e-3 * fine.abs().max(1.0), "{value:?}");
            }
            assert!(values.len() > 50 && values.get(metric::index("retired_pages_dbe").unwrap()).is_none());
            all += 1;
            busy += i32::from(values.real(metric::ids::GPU_UTIL).unwrap() > 0.0);
        }
    }
    assert!((0.3..0.85).contains(&(f64::from(busy) / f64::from(all))), "{busy} of {all}");
}

#[test]
fn a_healthy_fleet_stays_clear_of_its_limits() {
    let mut sim = sim(4096, 512, &[]);
    for n in 0..90 {
        for event in tick(&mut sim, n) {
            let (values, _) = values(&event);
            let temp = values.real(metric::ids::GPU_TEMP).unwrap();
            assert!((20.0..=82.0).contains(&temp), "{temp}");
            assert_eq!(bits(values.real(metric::ids::THROTTLE).unwrap()) & !0b101, 0);
        }
    }
}

#[test]
fn temperature_follows_power_with_a_lag() {
    let (power, temp) = (metric::ids::POWER, metric::ids::GPU_TEMP);
    let mut sim = sim(64, 8, &[]);
    let mut pairs = Vec::new();
    for n in 0..720 {
        for event in tick(&mut sim, n) {
            let (values, _) = values(&event);
            pairs.push((values.real(power).unwrap(), values.real(temp).unwrap()));
        }
    }
    let count = f64::from(u32::try_from(pairs.len()).unwrap());
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (p, t) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|pair| of(pair.0 - p, pair.1 - t)).sum::<f64>();
    let slope = sum(&|p, t| p * t) / sum(&|p, _| p * p);
    let r = sum(&|p, t| p * t) / (sum(&|p, _| p * p) * sum(&|_, t| t * t)).sqrt();
    // H100, one line T on P: 60 to 77 mK/W (facts/telemetry.md, section 1).
    assert!((0.050..0.085).contains(&slope), "{slope}");
    assert!(r > 0.9, "{r}");
}

#[test]
fn energy_is_the_integral_of_power() {
    let (energy, power) = (series(&[], 2, "energy_mj", 360), series(&[], 2, "power_instant_w", 360));
    let integral: f64 = power[1..].iter().map(|watts| watts * 10_000.0).sum();
    let counted = energy.last().unwrap() - energy[0];
    assert!((counted / integral - 1.0).abs() < 1e-3, "{counted} {integral}");
}

/// The values of one metric of each GPU of a fleet of 64 hosts with one each, over 40 minutes.
fn long_series(faults: &[&str], name: &str) -> Vec<Vec<f64>> {
    let at = metric::index(name).unwrap();
    let mut sim = sim(64, 64, faults);
    let mut all = vec![Vec::new(); 64];
    for n in 0..240 {
        for (seen, event) in all.iter_mut().zip(tick(&mut sim, n)) {
            seen.push(values(&event).0.real(at).unwrap());
        }
    }
    all
}

#[test]
fn what_makes_no_fleet_is_refused() {
    let make = |gpus, hosts, interval_ms, fault: Option<&str>| {
        let faults = fault.into_iter().map(|text| text.parse().unwrap()).collect();
        Sim::new(Options { gpus, hosts, seed: 1, interval_ms, faults }).unwrap_err().to_string()
    };
    assert!(make(0, 0, TICK, None).contains("0 GPUs on 0 hosts"));
    assert!(make(3, 4, TICK, None).contains("3 GPUs on 4 hosts"));
    assert!(make(8, 1, 0, None).contains("interval of 0 ms"));
    assert!(make(8, 1, TICK, Some("frozen@gpu-node-002/0+1s")).contains("no host \"gpu-node-002\""));
    assert!(make(8, 1, TICK, Some("frozen@0/0+1s")).contains("1 to 1"));
    let said = make(8, 1, TICK, Some("frozen@1/8+1s"));
    assert!(said.contains("GPUs 0 to 7, not 8") && said.contains("clock_skew"), "{said}");
    for text in ["xid=79@nowhere/0+20s", "clock_skew@nowhere/3+5m", "hw_thermal@1/9+1h~90m"] {
        let said = make(8, 1, TICK, Some(text));
        assert!(said.starts_with(&format!("fault {text:?}: ")), "{said}");
    }
}
