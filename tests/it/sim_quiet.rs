//! A healthy simulated fleet raises no alert: 1,000 GPUs of every kind of board, for hours or, on request, a day.
//!
//! Samples go from the source straight to the stage, as decoded events: bus, codec and store have tests of their own.

use super::aggregate_support::Fed;
use gpuhm::event::Time;
use gpuhm::source::sim::{Boards, Options, Sim, story};
use gpuhm::source::{Reading, Source as _};

const TICK: i64 = 10_000;
/// 2026-01-01T00:00:00Z.
const START: Time = Time(1_767_225_600_000);
const HOUR: i64 = 3_600_000 / TICK;

fn feed(sim: &mut Sim, tick: i64, fed: &mut Fed) {
    let mut readings = Vec::new();
    sim.read(START.plus(tick * TICK), &mut readings).unwrap();
    for reading in readings {
        let Reading::Event(event) = reading else { panic!("the simulator makes events") };
        fed.feed(&event);
    }
    // Rows are the store's; here they would only fill memory.
    fed.out.rows.raw.clear();
    fed.out.rows.windows.clear();
}

#[test]
fn a_thousand_healthy_gpus_raise_no_alert() {
    // GPUHM_SIM_DAY=1: the day that the promise is about, 8.6 million samples.
    let hours = if std::env::var_os("GPUHM_SIM_DAY").is_some() { 24 } else { 2 };
    let fleets = [(Boards::Mixed, 1000, hours), (Boards::Kalos, 128, 2), (Boards::A100, 128, 2)];
    for (boards, gpus, hours) in fleets {
        let hosts = gpus / 8;
        let options = Options { gpus, hosts, seed: 7, interval_ms: TICK, faults: Vec::new() };
        let mut sim = Sim::with_boards(options, boards).unwrap();
        let mut fed = Fed::default();
        for tick in 0..hours * HOUR {
            feed(&mut sim, tick, &mut fed);
        }
        assert_eq!(fed.alerts(), [], "{boards:?}");
        assert_eq!(fed.out.counts.refused, 0, "{boards:?}");
        assert_eq!(fed.out.rows.happenings, [], "{boards:?}");
    }
}

/// The alerts of the demo's story under one seed: rule, status, and minutes after the live part begins.
fn told(seed: u64) -> Vec<(String, &'static str, i64)> {
    let begins = 2 * HOUR;
    let faults = story(512, 64, begins * TICK);
    let mut sim = Sim::new(Options { gpus: 512, hosts: 64, seed, interval_ms: TICK, faults }).unwrap();
    let mut fed = Fed::default();
    for tick in 0..begins + 90 * 6 {
        feed(&mut sim, tick, &mut fed);
    }
    let minutes = |since: i64| (since - (START.ms() + begins * TICK) / 1000).div_euclid(60);
    fed.alerts().into_iter().map(|(rule, status, _, since, _)| (rule, status, minutes(since))).collect()
}

#[test]
fn each_seed_tells_the_same_story() {
    for seed in [7, 8, 42] {
        let all = told(seed);
        let said = |rule: &str, from: i64, to: i64| {
            let fired = |(one, status, at): &&(String, &str, i64)| {
                one == rule && *status == "firing" && (from..=to).contains(at)
            };
            let count = all.iter().filter(fired).count();
            assert!(count > 0, "seed {seed}: no {rule} between {from} and {to} min: {all:?}");
            count
        };
        said("row_remap_pending", -70, -70);
        said("ecc_dbe", 1, 1);
        said("thermal_margin", 0, 3);
        said("hw_thermal", 2, 5);
        said("xid", 6, 6);
        assert_eq!(said("power_brake", 12, 12), 64);
        assert!(said("thermal_margin", 35, 42) >= 8);
        said("memory_margin", 50, 60);
        // And nothing besides: no alert that the story does not tell.
        let told = |at: i64| at == -70 || (0..=14).contains(&at) || (35..=62).contains(&at) || at == 66;
        let more: Vec<_> = all.iter().filter(|(_, _, at)| !told(*at)).collect();
        assert!(more.is_empty(), "seed {seed}: {more:?}");
    }
}
