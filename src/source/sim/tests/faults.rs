//! What every fault of the script does to the samples.

use super::*;
use crate::event::values::whole;

fn bits(mask: f64) -> i64 {
    whole(mask).unwrap()
}

#[test]
fn hw_thermal_heats_slows_and_ends() {
    let script = ["hw_thermal@1/2+20s~1m"];
    let mask = series(&script, 2, "throttle_reasons", 12);
    let temp = series(&script, 2, "gpu_temp_c", 12);
    for n in 0..12 {
        let on = (2..8).contains(&n);
        assert_eq!(bits(mask[n]) & 0b0100_1000 == 0b0100_1000, on, "tick {n}: {mask:?}");
        assert_eq!(temp[n] >= 88.0, on, "tick {n}: {temp:?}");
    }
    assert!(series(&script, 2, "sm_clock_mhz", 3)[2] < 1000.0);
    let violation = series(&script, 2, "thermal_violation_ns", 12);
    assert!((violation[11] - 60e9).abs() < 1.0, "{violation:?}");
    assert!(series(&script, 3, "throttle_reasons", 12).iter().all(|mask| *mask < 8.0));
}

#[test]
fn a_slowed_idle_gpu_is_not_frozen() {
    let util = long_series(&[], "gpu_util_pct");
    let is_idle = |at: &usize| util[*at].iter().all(|util| *util < 1.0);
    let idle: Vec<usize> = (0..64).filter(is_idle).collect();
    assert!(!idle.is_empty());
    for kind in ["hw_thermal", "power_brake"] {
        let faults: Vec<String> = idle.iter().map(|at| format!("{kind}@{}+0s~40m", at + 1)).collect();
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        let all = long_series(&faults, "power_usage_w");
        for power in idle.iter().map(|at| &all[*at]) {
            let minutes: Vec<&[f64]> = power.chunks(6).collect();
            assert!(minutes.windows(2).all(|two| two[0] != two[1]), "{kind}: {power:?}");
            let varies = |minute: &&[f64]| minute.windows(2).any(|two| (two[0] - two[1]).abs() > 1e-6);
            assert!(minutes.iter().all(varies), "{kind}: {power:?}");
        }
    }
}

#[test]
fn power_brake_sets_its_bits() {
    let mask = series(&["power_brake@1+10s"], 5, "throttle_reasons", 4);
    assert!(mask[0] < 8.0 && mask[1..].iter().all(|mask| bits(*mask) & 0b1000_1000 == 0b1000_1000), "{mask:?}");
}

#[test]
fn ecc_dbe_counts_once_and_reports_48() {
    let script = ["ecc_dbe@gpu-node-001/0+15s"];
    for name in ["ecc_dbe_volatile", "ecc_dbe_aggregate", "row_remap_pending", "remapped_rows_uncorrectable"] {
        assert_eq!(series(&script, 0, name, 5), [0.0, 0.0, 1.0, 1.0, 1.0], "{name}");
    }
    assert_eq!(xids(&script, 0, 5), [(2, 48, 15_000)]);
}

#[test]
fn sbe_storm_counts_thousands_a_second() {
    let errors = series(&["sbe_storm@1/0+10s"], 0, "ecc_sbe_volatile", 4);
    assert!(errors[0] < 1.0 && errors[1] >= 20_000.0 && errors[3] - errors[2] >= 20_000.0, "{errors:?}");
}

#[test]
fn row_remap_faults_set_their_flags() {
    assert_eq!(series(&["row_remap_pending@1/0+10s~10s"], 0, "row_remap_pending", 4), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(series(&["row_remap_failed@1/0+10s"], 0, "row_remap_failure", 3), [0.0, 1.0, 1.0]);
    assert_eq!(xids(&["row_remap_failed@1/0+10s"], 0, 3), [(1, 64, 10_000)]);
    assert_eq!(xids(&["xid=13@1/0+0s", "xid=31@1/0+7s"], 0, 3), [(0, 13, 0), (1, 31, 7_000)]);
}

#[test]
fn a_lost_gpu_says_79_and_falls_silent_and_a_lost_host_says_nothing() {
    let mut sim = sim(16, 2, &["gpu_lost@1/7+10s", "host_lost@2+20s~20s"]);
    let counts: Vec<usize> = (0..5).map(|n| tick(&mut sim, n).len()).collect();
    assert_eq!(counts, [16, 16, 7, 7, 15]);
    assert_eq!(xids(&["gpu_lost@1/7+10s"], 7, 5), [(1, 79, 10_000)]);
    let report = &sim.hosts()[0];
    assert_eq!((report.seen, report.expected, report.state.as_str()), (7, Some(8), "1 of 8 GPUs do not answer"));
    let mut gone = self::sim(16, 2, &["host_lost@2+0s"]);
    tick(&mut gone, 0);
    assert_eq!(gone.hosts().len(), 1);
}

#[test]
fn a_frozen_gpu_repeats_its_values_with_new_times() {
    let mut sim = sim(8, 1, &["frozen@1/4+30s~50s"]);
    let all: Vec<_> = (0..10).map(|n| tick(&mut sim, n).swap_remove(4)).collect();
    for (event, n) in all.iter().zip(0..).skip(3).take(5) {
        assert_eq!(values(event).0, values(&all[2]).0);
        assert_eq!(event.time, Some(START.plus(n * TICK)));
    }
    assert_ne!(values(&all[8]).0, values(&all[2]).0);
}

#[test]
fn a_reset_starts_every_volatile_counter_again_and_applies_the_remap() {
    let mut sim =
        sim(8, 1, &["ecc_dbe@1/0+0s", "sbe_storm@1/0+0s~20s", "hw_thermal@1/0+0s~20s", "counter_reset@1/0+50s"]);
    let all: Vec<_> = (0..6).map(|n| values(&tick(&mut sim, n)[0]).0).collect();
    for (at, metric) in metric::sampled().filter(|(_, metric)| metric.kind == metric::Kind::Volatile) {
        let (before, after) = (all[4].real(at).unwrap(), all[5].real(at).unwrap());
        // Far enough to be told from two collectors that read moments apart.
        assert!(after * 2.0 < before || (before == 0.0 && after == 0.0), "{}: {before} → {after}", metric.name);
    }
    assert_eq!(all[5].int(metric::ids::REMAP_PENDING), Some(0));
    assert_eq!(all[5].int(metric::index("ecc_dbe_aggregate").unwrap()), Some(1));
}

#[test]
fn a_skewed_clock_is_ten_minutes_ahead() {
    let mut sim = sim(16, 2, &["clock_skew@2+10s"]);
    assert!(tick(&mut sim, 0).iter().all(|event| event.time == Some(START)));
    let ahead: Vec<i64> = tick(&mut sim, 1).iter().map(|event| event.time.unwrap().since(START)).collect();
    assert_eq!((ahead[0], ahead[15]), (10_000, 610_000));
}

/// The GPUs of one host that fall silent and come back, by tick: how many answer.
fn answers(faults: &[&str], ticks: i64) -> Vec<usize> {
    let mut sim = sim(8, 1, faults);
    (0..ticks).map(|n| tick(&mut sim, n).len()).collect()
}

#[test]
fn full_load_takes_a_gpu_to_its_limit_and_lets_it_go() {
    let power = series(&["full_load@1/3+10s~30s"], 3, "power_usage_w", 6);
    assert!(power[1..4].iter().all(|watts| (600.0..707.1).contains(watts)), "{power:?}");
}

#[test]
fn paste_drift_rises_with_time_and_load_and_stays() {
    let run = |drift: &[&str]| series(&[drift, &["full_load@1/3+0s"]].concat(), 3, "gpu_temp_c", 400);
    let (well, dry) = (run(&[]), run(&["paste_drift=6@1/3+0s~30m"]));
    let above = |at: usize| dry[at] - well[at];
    // 6 °C an hour at the limit; degrees are whole.
    assert!((2.0..=4.0).contains(&above(180)) && (2.0..=4.0).contains(&above(399)), "{} {}", above(180), above(399));
    let slow = run(&["paste_drift@1/3+0s"]);
    assert!((0.0..=1.0).contains(&(slow[359] - well[359])));
}

#[test]
fn a_gpu_that_reaches_its_slowdown_holds_it_with_cut_clocks() {
    let script = ["full_load@1/2+0s", "paste_drift=60@1/2+0s"];
    let (temp, mask) = (series(&script, 2, "gpu_temp_c", 200), series(&script, 2, "throttle_reasons", 200));
    let hot: Vec<usize> = (100..200).collect();
    assert!(hot.iter().all(|at| (82.0..=94.0).contains(&temp[*at])), "{:?}", &temp[100..]);
    assert!(hot.iter().all(|at| bits(mask[*at]) & 0b0100_1000 == 0b0100_1000), "{mask:?}");
    let clock = series(&script, 2, "sm_clock_mhz", 200);
    assert!(clock[150] < 1000.0 && clock[0] > 1700.0);
    assert!(series(&script, 2, "thermal_violation_ns", 200)[199] > 900e9);
}

#[test]
fn fan_loss_heats_every_gpu_of_the_host_and_ends() {
    let script = ["full_load@1+0s", "fan_loss@1+5m~10m"];
    for gpu in [0, 5] {
        let temp = series(&script, gpu, "gpu_temp_c", 180);
        assert!(temp[60] >= temp[28] + 7.0 && temp[60] >= 83.0, "{temp:?}");
        assert!(temp[170] < 82.0, "{temp:?}");
    }
    let idle = (series(&["fan_loss@1+0s"], 0, "gpu_temp_c", 60), series(&[], 0, "gpu_temp_c", 60));
    assert!(idle.0[59] >= idle.1[59] + 3.0);
}

#[test]
fn hbm_temp_takes_memory_to_its_limit_and_leaves_the_die() {
    let script = ["hbm_temp@1/1+20s~20m"];
    let limit = series(&script, 1, "memory_max_operating_temp_c", 1)[0];
    let memory = series(&script, 1, "memory_temp_c", 240);
    assert!(memory[1] < limit - 5.0 && memory[100] >= limit - 1.0 && memory[239] < limit - 5.0, "{memory:?}");
    assert_eq!(series(&script, 1, "gpu_temp_c", 100), series(&[], 1, "gpu_temp_c", 100));
}

#[test]
fn pcie_downtrain_narrows_the_link_and_counts_replays() {
    let script = ["pcie_downtrain@1/6+10s~20s"];
    assert_eq!(series(&script, 6, "pcie_link_gen", 4), [5.0, 1.0, 1.0, 5.0]);
    assert_eq!(series(&script, 6, "pcie_link_width", 4), [16.0, 8.0, 8.0, 16.0]);
    assert_eq!(series(&script, 6, "pcie_link_gen_max", 2), [5.0, 5.0]);
    let replays = series(&script, 6, "pcie_replays", 4);
    assert!(replays[2] >= replays[0] + 20.0 && replays[3] <= replays[2], "{replays:?}");
}

#[test]
fn nvlink_errors_count_on_all_three() {
    let script = ["nvlink_errors=500@1/0+10s"];
    assert_eq!(series(&[], 0, "nvlink_crc_errors", 2), [0.0, 0.0]);
    for (name, least) in
        [("nvlink_crc_errors", 5000.0), ("nvlink_replay_errors", 500.0), ("nvlink_recovery_errors", 50.0)]
    {
        let errors = series(&script, 0, name, 3);
        assert!(errors[0] < 1.0 && errors[2] >= least && errors[2] > errors[1], "{name}: {errors:?}");
    }
}

#[test]
fn xids_bring_what_they_mean() {
    let after = |code: i64, name: &str| series(&[&format!("xid={code}@1/0+10s")], 0, name, 2)[1];
    let counts = [
        (48, "ecc_dbe_volatile", 1.0),
        (48, "ecc_dbe_aggregate", 1.0),
        (63, "remapped_rows_uncorrectable", 1.0),
        (63, "row_remap_pending", 1.0),
        (63, "ecc_dbe_volatile", 0.0),
        (64, "row_remap_failure", 1.0),
        (74, "nvlink_crc_errors", 400.0),
        (74, "nvlink_recovery_errors", 1.0),
        (94, "ecc_dbe_aggregate", 1.0),
        (95, "ecc_dbe_aggregate", 1.0),
        (13, "ecc_dbe_aggregate", 0.0),
    ];
    for (code, name, is) in counts {
        assert!((after(code, name) - is).abs() < 1e-9, "XID {code}: {name} {}", after(code, name));
    }
    for code in [79, 119] {
        let script = [format!("xid={code}@1/0+10s"), "counter_reset@1/0+40s".to_owned()];
        let script: Vec<&str> = script.iter().map(String::as_str).collect();
        assert_eq!(answers(&script, 6), [8, 8, 7, 7, 8, 8], "XID {code}");
        assert_eq!(xids(&script, 0, 3), [(1, code, 10_000)]);
    }
}

#[test]
fn a_reboot_is_silence_then_every_gpu_again_from_nought() {
    let script = ["reboot@1+10s", "ecc_dbe@1/2+0s", "gpu_lost@1/4+0s"];
    let count = answers(&script, 40);
    assert_eq!((count[0], &count[1..25]), (8, &[0; 24][..]));
    assert!(count[25..31].windows(2).all(|two| two[0] <= two[1]) && count[25] < 8 && count[31] == 8, "{count:?}");
    let mut sim = sim(8, 1, &script);
    let first = values(&tick(&mut sim, 0)[2]).0;
    tick(&mut sim, 5);
    assert!(sim.hosts().is_empty());
    let last = values(&tick(&mut sim, 40)[2]).0;
    let of = |values: &Values, name| values.real(metric::index(name).unwrap()).unwrap();
    assert!(of(&last, "energy_mj") * 10.0 < of(&first, "energy_mj"));
    for (name, before, after) in
        [("ecc_dbe_volatile", 1.0, 0.0), ("row_remap_pending", 1.0, 0.0), ("ecc_dbe_aggregate", 1.0, 1.0)]
    {
        assert!((of(&first, name) - before).abs() + (of(&last, name) - after).abs() < 1e-9, "{name}");
    }
}

#[test]
fn a_swap_puts_another_board_into_the_slot() {
    let mut sim = sim(8, 1, &["ecc_dbe@1/5+0s", "gpu_lost@1/5+10s", "gpu_swap@1/5+1m", "xid=13@1/5+80s"]);
    let all: Vec<_> = (0..10).map(|n| tick(&mut sim, n)).collect();
    let board = |n: usize, at: usize| match &all[n][at].body {
        Body::Sample(gpu, values, xids) => (gpu.clone(), values.clone(), xids.clone()),
        _ => panic!("no sample"),
    };
    let ((old, had, _), (new, has, _)) = (board(0, 5), board(6, 5));
    assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [8, 8, 7, 7, 7, 7, 8, 8, 8, 8]);
    assert!(old.gpu_uuid != new.gpu_uuid && old.serial != new.serial && old.gpu_id != new.gpu_id);
    assert_eq!((old.device_index, old.pci_bus_id, old.name), (new.device_index, new.pci_bus_id, new.name));
    let dbe = metric::index("ecc_dbe_aggregate").unwrap();
    assert_eq!((had.int(dbe), has.int(dbe)), (Some(1), Some(0)));
    // What the script has for the slot later finds the new board.
    assert_eq!((board(8, 5).0.gpu_uuid, board(8, 5).2.len()), (new.gpu_uuid, 1));
}

#[test]
fn a_rack_is_struck_as_a_whole() {
    for place in ["rack-02", "rack:2"] {
        let mut sim = sim(24, 24, &[&format!("power_brake@{place}+0s")]);
        let braked = |event: &Event<'_>| bits(values(event).0.real(metric::ids::THROTTLE).unwrap()) & 0b1000_0000 != 0;
        let struck: Vec<bool> = tick(&mut sim, 0).iter().map(braked).collect();
        assert_eq!(struck, [[false; 8], [true; 8], [false; 8]].concat());
    }
    let fault = "power_brake@rack-04+0s".parse().unwrap();
    let error = Sim::new(Options { gpus: 24, hosts: 24, seed: 7, interval_ms: TICK, faults: vec![fault] }).unwrap_err();
    assert!(error.to_string().contains("rack:1 to rack:3"), "{error}");
}
