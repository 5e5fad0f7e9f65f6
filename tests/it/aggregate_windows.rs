//! Windows and happenings, case by case.

use super::aggregate_support::{Fed, GPU, int, real, sample, with_xids};
use gpuhm::event::{Asset, Size, Time};
use gpuhm::stage::Stage as _;
use gpuhm::stage::aggregate::Aggregate;

fn closed(fed: &Fed, size: Size) -> Vec<(i64, i64)> {
    let of = fed.out.rows.windows.iter().filter(|window| window.size == size && window.closed);
    of.map(|window| (window.start.ms() / 1000, window.count)).collect()
}

#[test]
fn a_minute_closes_when_a_newer_event_passes_it_by_lateness() {
    let mut fed = Fed::default();
    fed.every((0, 90, 10), &[("gpu_temp_c", 50.0)]);
    assert_eq!(closed(&fed, Size::Minute), []);
    fed.every((90, 100, 10), &[]);
    assert_eq!(closed(&fed, Size::Minute), [(0, 6)]);
    let window = &fed.out.rows.windows[0];
    assert_eq!((window.expected, window.hostname.as_str()), (6, "h1"));
    assert_eq!(window.cell("gpu_temp_mean"), real(50.0));
    assert_eq!(window.cell("power_usage_mean"), None);
}

#[test]
fn lateness_is_bounded_so_that_states_are() {
    let feed = |lateness, to| {
        let mut fed = Fed::default();
        fed.stage = Aggregate::with_lateness(lateness);
        fed.every((0, to, 60), &[("gpu_temp_c", 50.0)]);
        fed
    };
    let mut longest = feed(i64::MAX, 7200);
    assert!(closed(&longest, Size::Minute).len() > 55);
    longest.every((7200, 86_400, 60), &[]);
    assert!(Aggregate::open_windows(longest.states.get(GPU).unwrap()) < 70);
    // Nor does a negative one close minutes that are not over.
    assert_eq!(closed(&feed(-600_000, 61), Size::Minute), [(0, 1)]);
    assert_eq!(closed(&feed(0, 61), Size::Minute), [(0, 1)]);
}

#[test]
fn a_late_event_is_a_raw_row_and_its_xids_are_judged() {
    let mut fed = Fed::default();
    fed.every((0, 200, 10), &[("gpu_temp_c", 50.0)]);
    fed.feed(&with_xids(sample(GPU, 55_000, &[("gpu_temp_c", 90.0)]), &[(79, 54_000)]));
    assert_eq!(fed.out.counts.late, 1);
    assert_eq!(fed.out.rows.raw.last().unwrap().time, Time(55_000));
    assert_eq!(fed.alerts(), [("xid".into(), "firing", "critical", 54, 55)]);
    assert!(fed.out.rows.windows.iter().all(|window| window.cell("gpu_temp_max") == real(50.0)));
}

#[test]
fn a_silence_shows_what_is_open_and_changes_nothing() {
    let mut fed = Fed::default();
    fed.every((0, 60 * 16, 10), &[("gpu_temp_c", 50.0)]);
    let state = fed.states.get(GPU).unwrap().clone();
    let closed = fed.out.rows.windows.len();
    fed.stage.idle(GPU, &state, &mut fed.out);
    let shown: Vec<_> =
        fed.out.rows.windows[closed..].iter().map(|w| (w.size, w.start.ms() / 60_000, w.closed)).collect();
    let (minute, quarter, hour) = (Size::Minute, Size::Quarter, Size::Hour);
    assert_eq!(shown, [(minute, 15, false), (quarter, 15, false), (hour, 0, false)]);
    assert!(fed.states.get(GPU) == Some(&state));
}

#[test]
fn deltas_run_in_order_of_time_and_a_reset_counts_from_zero() {
    let mut fed = Fed::default();
    for (at, energy) in [(0, 100.0), (20, 130.0), (10, 110.0), (30, 130.0), (40, 5.0), (50, 7.0), (100, 8.0)] {
        fed.feed(&sample(GPU, at * 1000, &[("energy_mj", energy)]));
    }
    // 0 to begin with, 10 + 20 + 0, then 5 after the reset, and 2.
    assert_eq!(fed.out.rows.windows[0].cell("energy_mj_delta"), int(37));
    let happened: Vec<_> = fed.out.rows.happenings.iter().map(|row| (row.kind.as_str(), row.at.ms())).collect();
    assert_eq!(happened, [("reset", 40_000)]);
    assert_eq!(fed.out.rows.happenings[0].detail, "energy_mj began again: 130, then 5");
}

#[test]
fn a_counter_that_swings_is_counted_reading_by_reading() {
    let mut fed = Fed::default();
    // In order of time: 5 7 5 7 5, two of them late within the minute: +2, then 5, +2, then 5.
    for (at, replays) in [(0, 5.0), (10, 5.0), (20, 5.0), (5, 7.0), (15, 7.0), (100, 5.0)] {
        fed.feed(&sample(GPU, at * 1000, &[("pcie_replays", replays)]));
    }
    assert_eq!(fed.out.rows.windows[0].cell("pcie_replays_delta"), int(14));
}

#[test]
fn a_time_counts_once_the_first_in_the_log() {
    let mut fed = Fed::default();
    for temp in [50.0, 60.0] {
        fed.feed(&sample(GPU, 0, &[("gpu_temp_c", temp)]));
    }
    fed.feed(&sample(GPU, 100_000, &[]));
    let window = &fed.out.rows.windows[0];
    assert_eq!((window.count, window.cell("gpu_temp_max")), (1, real(50.0)));
}

#[test]
fn throttle_time_is_the_readings_intervals_within_the_minute() {
    let mut fed = Fed::default();
    fed.every((0, 30, 10), &[("throttle_reasons", f64::from(0x48))]);
    fed.every((30, 160, 10), &[("throttle_reasons", 4.0)]);
    let window = &fed.out.rows.windows[0];
    assert_eq!(window.cell("throttle_hw_thermal_s"), real(30.0));
    assert_eq!(window.cell("throttle_hw_slowdown_s"), real(30.0));
    assert_eq!(window.cell("throttle_sw_power_cap_s"), real(30.0));
    assert_eq!(window.cell("throttle_gpu_idle_s"), real(0.0));
    assert_eq!(window.cell("throttle_reasons_last"), int(4));
    let mut twice = Fed::default();
    twice.every((0, 160, 5), &[("throttle_reasons", 4.0)]);
    assert_eq!(twice.out.rows.windows[0].cell("throttle_sw_power_cap_s"), real(60.0));
}

#[test]
fn a_real_value_is_rounded_before_anything_else() {
    let mut fed = Fed::default();
    fed.every((0, 100, 10), &[("power_usage_w", 123.456_789_012)]);
    assert_eq!(fed.out.rows.raw[0].values.get(gpuhm::metric::ids::POWER), real(123.456_789_012));
    assert_eq!(fed.out.rows.windows[0].cell("power_usage_mean"), real(123.456_789_012));
}

#[test]
fn the_asset_record_says_where_a_gpu_is_and_what() {
    let mut fed = Fed::default();
    let mut event = sample(GPU, 0, &[]);
    let mut asset = gpuhm::event::sample::AssetBlock { model: Some("B200".into()), ..Default::default() };
    asset.host.hostname = Some("rack-host".into());
    event.asset = Some(asset);
    fed.feed(&event);
    let row = &fed.out.rows.raw[0];
    assert_eq!((row.hostname.as_str(), row.model.as_deref()), ("rack-host", Some("B200")));
    assert!(Asset::default().get("hostname").is_none());
}

#[test]
fn xids_happen_once_and_states_tell_their_changes() {
    let mut fed = Fed::default();
    let xid = |at: i64| with_xids(sample(GPU, at, &[("recovery_action", 0.0)]), &[(13, 500)]);
    fed.feed(&xid(1000));
    fed.feed(&xid(2000));
    for (at, action) in [(3000, 1.0), (4000, 1.0), (3500, 2.0), (5000, 0.0)] {
        fed.feed(&sample(GPU, at, &[("recovery_action", action), ("row_remap_pending", 1.0)]));
    }
    let rows: Vec<_> = fed.out.rows.happenings.iter().map(|row| (row.kind.as_str(), row.code, row.at.ms())).collect();
    let (action, pending) = ("recovery_action", "row_remap_pending");
    assert_eq!(rows, [("xid", 13, 500), (action, 1, 3000), (pending, 1, 3000), (action, 0, 5000)]);
    assert!(fed.out.rows.happenings[0].detail.starts_with("XID 13: "));
}
