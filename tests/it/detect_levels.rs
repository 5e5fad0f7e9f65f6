//! Thresholds: `for`, hysteresis, severity, grace, gaps; and that normal work raises nothing.

use super::aggregate_support::{Fed, GPU, Rng, sample};

/// After the grace of a first sight at 0.
const SETTLED: i64 = 600;

fn hot(fed: &mut Fed, span: (i64, i64, i64), margin: f64) {
    fed.every(span, &[("temp_margin_c", margin)]);
}

fn settled() -> Fed {
    let mut fed = Fed::default();
    hot(&mut fed, (0, SETTLED, 10), 30.0);
    fed
}

type Line = (String, &'static str, &'static str, i64, i64);

fn line(rule: &str, status: &'static str, severity: &'static str, since: i64, at: i64) -> Line {
    (rule.to_owned(), status, severity, since, at)
}

#[test]
fn a_small_margin_fires_after_a_minute_rises_and_ends_beyond_the_hysteresis() {
    let mut fed = settled();
    hot(&mut fed, (600, 700, 10), 5.0);
    assert_eq!(fed.alerts(), [line("thermal_margin", "firing", "warning", 600, 660)]);
    hot(&mut fed, (700, 800, 10), 2.0);
    assert_eq!(fed.alerts()[1..], [line("thermal_margin", "firing", "critical", 600, 760)]);
    fed.restart();
    // Between 5 and 8 °C nothing ends, however long.
    hot(&mut fed, (800, 2000, 10), 8.0);
    hot(&mut fed, (2000, 2110, 10), 8.5);
    hot(&mut fed, (2110, 2120, 10), 8.0);
    hot(&mut fed, (2120, 2300, 10), 9.0);
    assert_eq!(fed.alerts()[2..], [line("thermal_margin", "resolved", "critical", 600, 2240)]);
    let ids: Vec<_> = fed.out.rows.alerts.iter().map(|alert| alert.alert_id.clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "one alert");
    let held: Vec<_> = fed.out.rows.alerts.iter().map(|alert| (alert.value, alert.threshold)).collect();
    assert_eq!(held, [(Some(5.0), Some(5.0)), (Some(2.0), Some(2.0)), (Some(9.0), Some(8.0))]);
    assert_eq!((fed.out.counts.fired, fed.out.counts.resolved), (1, 1));
}

#[test]
fn a_minute_must_hold_and_with_three_readings() {
    let mut fed = settled();
    hot(&mut fed, (600, 660, 10), 3.0);
    hot(&mut fed, (660, 670, 10), 6.0);
    hot(&mut fed, (670, 730, 10), 3.0);
    hot(&mut fed, (730, 740, 10), 6.0);
    assert_eq!(fed.alerts(), []);
    hot(&mut fed, (740, 860, 60), 3.0);
    assert_eq!(fed.alerts(), [], "two readings a minute apart");
    hot(&mut fed, (860, 870, 60), 3.0);
    assert_eq!(fed.alerts(), [line("thermal_margin", "firing", "warning", 740, 860)]);
}

#[test]
fn the_margin_is_to_the_gpus_own_limit_and_without_one_there_is_no_rule() {
    let mut fed = settled();
    fed.every((600, 700, 10), &[("gpu_temp_c", 99.0)]);
    assert_eq!(fed.alerts(), []);
    fed.every((700, 800, 10), &[("gpu_temp_c", 95.0), ("slowdown_temp_c", 96.0)]);
    assert_eq!(fed.alerts(), [line("thermal_margin", "firing", "critical", 700, 760)]);
    let mut memory = settled();
    memory.every((600, 700, 10), &[("memory_temp_c", 92.0), ("memory_max_operating_temp_c", 95.0)]);
    assert_eq!(memory.alerts(), [line("memory_margin", "firing", "warning", 600, 660)]);
}

#[test]
fn a_gap_starts_the_time_again_and_missing_data_ends_nothing() {
    let mut fed = settled();
    hot(&mut fed, (600, 650, 10), 3.0);
    hot(&mut fed, (840, 900, 10), 3.0);
    assert_eq!(fed.alerts(), []);
    hot(&mut fed, (900, 910, 10), 3.0);
    assert_eq!(fed.alerts(), [line("thermal_margin", "firing", "warning", 840, 900)]);
    fed.every((910, 5000, 10), &[("gpu_temp_c", 30.0)]);
    hot(&mut fed, (5000, 5100, 10), 20.0);
    hot(&mut fed, (5400, 5450, 10), 20.0);
    assert_eq!(fed.alerts().len(), 1, "a clear time has no gap in it");
    hot(&mut fed, (5450, 5530, 10), 20.0);
    assert_eq!(fed.alerts()[1..], [line("thermal_margin", "resolved", "warning", 840, 5520)]);
}

#[test]
fn under_grace_nothing_begins_and_what_holds_counts_from_its_end() {
    let mut fed = Fed::default();
    let values = |energy: f64| [("temp_margin_c", 1.0), ("energy_mj", energy)];
    fed.every((0, 660, 10), &values(9.0));
    assert_eq!(fed.alerts(), []);
    fed.every((660, 670, 10), &values(9.0));
    assert_eq!(fed.alerts(), [line("thermal_margin", "firing", "critical", 600, 660)]);
    let mut fed = settled();
    fed.every((600, 610, 10), &[("temp_margin_c", 30.0), ("energy_mj", 9.0)]);
    fed.every((1000, 1660, 10), &values(1.0));
    assert_eq!(fed.alerts(), []);
    fed.every((1660, 1670, 10), &values(1.0));
    assert_eq!(fed.alerts(), [line("thermal_margin", "firing", "critical", 1600, 1660)]);
}

#[test]
fn only_newer_events_are_judged() {
    let mut fed = settled();
    for at in (600..900).step_by(10) {
        fed.feed(&sample(GPU, at * 1000, &[("temp_margin_c", 30.0)]));
        fed.feed(&sample(GPU, at * 1000 - 5000, &[("temp_margin_c", 1.0)]));
    }
    assert_eq!(fed.alerts(), []);
}

#[test]
fn the_hardwares_thermal_and_power_brake_bits_fire_and_a_reading_without_the_mask_says_nothing() {
    for (mask, rule, severity) in [(0x48, "hw_thermal", "critical"), (0x88, "power_brake", "warning")] {
        let mut fed = settled();
        let bits = |bits: i32| [("throttle_reasons", f64::from(bits))];
        fed.every((600, 640, 10), &bits(mask));
        fed.every((640, 660, 10), &[("gpu_temp_c", 50.0)]);
        assert_eq!(fed.alerts(), []);
        fed.every((660, 670, 10), &bits(mask));
        assert_eq!(fed.alerts(), [line(rule, "firing", severity, 600, 660)]);
        fed.every((670, 730, 10), &bits(4));
        fed.every((730, 790, 10), &[("gpu_temp_c", 50.0)]);
        assert_eq!(fed.alerts().len(), 1);
        fed.every((790, 800, 10), &bits(4));
        assert_eq!(fed.alerts()[1..], [line(rule, "resolved", severity, 600, 790)]);
    }
}

#[test]
fn idleness_power_cap_and_chosen_clocks_never_fire() {
    let mut fed = Fed::default();
    let mut rng = Rng(5);
    for at in (0..7200).step_by(10) {
        // Bits 0 to 5 and 8 in any mix: 3 alone may blip, 5 is the score's to weigh.
        let mask = f64::from(i32::try_from(rng.between(0, 63) | rng.pick(&[0, 0x100])).unwrap());
        fed.feed(&sample(GPU, at * 1000, &[("throttle_reasons", mask), ("power_usage_w", 700.0)]));
    }
    assert_eq!(fed.alerts(), []);
}

#[test]
fn frozen_values_fire_after_ten_minutes_and_end_with_the_first_change() {
    let values = |power: f64| [("gpu_temp_c", 40.0), ("power_usage_w", power), ("gpu_util_pct", 0.0)];
    let mut fed = settled();
    fed.every((600, 1200, 10), &values(70.0));
    assert_eq!(fed.alerts(), []);
    fed.every((1200, 1300, 10), &values(70.0));
    assert_eq!(fed.alerts(), [line("frozen", "firing", "warning", 600, 1200)]);
    fed.restart();
    fed.every((1300, 1310, 10), &values(71.0));
    assert_eq!(fed.alerts()[1..], [line("frozen", "resolved", "warning", 600, 1300)]);
    fed.every((1310, 2000, 10), &values(71.0));
    assert_eq!(fed.alerts()[2..], [line("frozen", "firing", "warning", 1300, 1900)]);
}

#[test]
fn one_moving_value_a_missing_one_or_too_few_readings_are_not_frozen() {
    let mut fed = settled();
    for at in (600..3000).step_by(10) {
        let power = if at % 200 == 0 { 70.0 } else { 70.1 };
        fed.feed(&sample(GPU, at * 1000, &[("gpu_temp_c", 40.0), ("power_usage_w", power), ("gpu_util_pct", 0.0)]));
    }
    fed.every((3000, 5000, 10), &[("gpu_temp_c", 40.0), ("gpu_util_pct", 0.0)]);
    fed.every((5000, 6000, 60), &[("gpu_temp_c", 41.0), ("power_usage_w", 1.0), ("gpu_util_pct", 0.0)]);
    assert_eq!(fed.alerts(), []);
}
