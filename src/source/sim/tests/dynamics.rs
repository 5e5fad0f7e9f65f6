//! What the recordings say of power, utilisation and the air of a host (facts/telemetry.md, sections 1, 3 and 6).

use super::*;

fn fleet(boards: Boards, hosts: usize, faults: &[String]) -> Sim {
    let faults = faults.iter().map(|text| text.parse().unwrap()).collect();
    Sim::with_boards(Options { gpus: 8 * hosts, hosts, seed: 5, interval_ms: TICK, faults }, boards).unwrap()
}

fn named(event: &Event<'_>, name: &str) -> f64 {
    values(event).0.real(metric::index(name).unwrap()).unwrap()
}

fn share(all: &[f64], of: impl Fn(&f64) -> bool) -> f64 {
    mean(&all.iter().map(|value| f64::from(u8::from(of(value)))).collect::<Vec<_>>())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap())
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (ma, mb) = (mean(&a), mean(&b));
    let of = |f: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|(a, b)| f(a - ma, b - mb)).sum::<f64>();
    of(&|a, b| a * b) / (of(&|a, _| a * a) * of(&|_, b| b * b)).sqrt()
}

#[test]
fn some_readings_of_activity_fail_at_work() {
    let mut sim = fleet(Boards::H100, 32, &[]);
    let (mut sm, mut dram) = (Vec::new(), Vec::new());
    for n in 0..360 {
        for event in tick(&mut sim, n).iter().filter(|event| named(event, "gpu_util_pct") >= 50.0) {
            sm.push(named(event, "sm_active_pct"));
            dram.push(named(event, "dram_active_pct"));
        }
    }
    let (sm, dram) = (share(&sm, |value| *value <= 0.0), share(&dram, |value| *value <= 0.0));
    assert!((0.003..0.005).contains(&sm) && (0.006..0.010).contains(&dram), "{sm} {dram}");
}

#[test]
fn an_a100_reports_snapshots_and_an_h100_means() {
    // What the sensor says less what the energy counter says, at a job below the cap: 29 W, and next to nothing.
    for (boards, low, high) in [(Boards::A100, 25.0, 33.0), (Boards::H100, 0.0, 3.0)] {
        let mut sim = fleet(boards, 4, &["full_load@rack:1+0s".to_owned(), "power_brake@rack:1+0s".to_owned()]);
        let (mut before, mut off) = (vec![0.0; 32], Vec::new());
        for n in 0..60 {
            for (event, before) in tick(&mut sim, n).iter().zip(&mut before) {
                let energy = named(event, "energy_mj");
                off.push((named(event, "power_usage_w") - (energy - *before) / 1e4).powi(2));
                *before = energy;
            }
        }
        let sd = mean(&off[32..]).sqrt();
        assert!((low..high).contains(&sd), "{boards:?}: {sd}");
    }
}

#[test]
fn a_warm_chip_leaks() {
    let watts = |boards: Boards, faults: &[&str], name: &str| {
        let faults: Vec<String> = faults.iter().map(|text| (*text).to_owned()).collect();
        let mut sim = fleet(boards, 8, &faults);
        let events = (0..90).map(|n| tick(&mut sim, n)).last().unwrap();
        let at = |event: &Event<'_>| (named(event, "gpu_util_pct") <= 0.0, named(event, name));
        let (idle, busy): (Vec<_>, Vec<_>) = events.iter().map(at).partition(|(idle, _)| *idle);
        let of = |all: Vec<(bool, f64)>| mean(&all.into_iter().map(|(_, value)| value).collect::<Vec<_>>());
        (of(idle), of(busy))
    };
    let (brake, still) = ("power_brake@rack:1+0s", "fan_loss@rack:1+0s");
    // Braked, so that neither cap nor slowdown hides it.
    let braked = |name| (watts(Boards::A100, &[brake], name), watts(Boards::A100, &[brake, still], name));
    let ((cool, warm), (cool_c, warm_c)) = (braked("power_usage_w"), braked("gpu_temp_c"));
    let leak = (warm.1 / cool.1 - 1.0) / (warm_c.1 - cool_c.1);
    assert!((0.002..0.008).contains(&leak), "{leak}");
    let free = |name| (watts(Boards::H200, &[], name), watts(Boards::H200, &[still], name));
    let ((cool, warm), (cool_c, warm_c)) = (free("power_usage_w"), free("gpu_temp_c"));
    let leak = (warm.0 - cool.0) / (warm_c.0 - cool_c.0);
    assert!((0.2..0.45).contains(&leak), "{leak}");
}

#[test]
fn gpus_of_a_half_go_together_and_halves_do_not() {
    let mut sim = fleet(Boards::H100, 32, &[]);
    let (mut within, mut across) = (Vec::new(), Vec::new());
    for n in 0..720 {
        for host in tick(&mut sim, n * 10).chunks(8) {
            let watts: Vec<f64> = host.iter().map(|event| named(event, "power_usage_w")).collect();
            within.push((watts[0], watts[2]));
            across.push((watts[0], watts[6]));
        }
    }
    let (within, across) = (correlation(&within), correlation(&across));
    assert!(within > 0.9 && (-0.3..0.5).contains(&across), "{within} {across}");
}

#[test]
fn fans_cool_a_host_at_full_power_after_a_while() {
    let mut sim = fleet(Boards::H100, 1, &["full_load@1+0s".to_owned()]);
    let temps: Vec<f64> =
        (0..60).map(|n| mean(&tick(&mut sim, n).iter().map(|e| named(e, "gpu_temp_c")).collect::<Vec<_>>())).collect();
    let peak = temps[..15].iter().copied().fold(0.0, f64::max);
    let after = mean(&temps[40..]);
    assert!((1.0..6.0).contains(&(peak - after)), "{temps:?}");
}

#[test]
fn kalos_has_its_third_state() {
    let mut sim = fleet(Boards::Kalos, 128, &[]);
    let mut waits = Vec::new();
    for n in 0..24 {
        let at = |event: &Event<'_>| (named(event, "gpu_util_pct"), named(event, "power_usage_w"));
        let waiting = |(util, watts): (f64, f64)| (91.0..=98.0).contains(&util) && (85.0..=106.0).contains(&watts);
        waits.extend(tick(&mut sim, n * 60).iter().map(|event| f64::from(u8::from(waiting(at(event))))));
    }
    // From p35 to p52 (Q).
    assert!((0.14..0.22).contains(&mean(&waits)), "{}", mean(&waits));
}
