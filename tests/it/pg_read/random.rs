//! Random rows around an instant, for both stores to hold.

use gpuhm::event::prediction::FailureKind;
use gpuhm::event::rows::{Place, Raw};
use gpuhm::event::time::{DAY, HOUR, MINUTE, SECOND};
use gpuhm::event::{Alert, Rows, Silence, Size, Status, Window};
use gpuhm::store::sqlite::Sqlite;
use gpuhm::store::{Judged as _, Store as _};

use crate::store_contract::asset;
use crate::store_fixtures::{T0, alert, bare_alert, happening, raw, report, window};
use crate::store_judged_rows::{bare_health, failure, health, numbers, place, prediction, silence, window_of};
use crate::support::random::Rng;

/// GPUs that rows are about; the last has no raw rows.
pub(crate) const GPUS: [&str; 4] = ["GPU-a", "GPU-b", "GPU-c", "GPU-z"];

/// Rows of every kind around [`T0`], some at the edges of what is asked for.
pub(crate) fn random_rows(random: &mut Rng) -> Rows {
    let mut rows = Rows::default();
    for _ in 0..random.within(1, 60) {
        let seconds = if random.chance(500) { random.within(-300, 5) } else { random.within(-9 * 86_400, 86_400) };
        let gpu = random.pick(&GPUS[..3]);
        let seen = raw(gpu, seconds.rem_euclid(1_000));
        rows.raw.push(Raw { time: T0.plus(seconds * SECOND), hostname: random.pick(&["h", "g"]).into(), ..seen });
    }
    for _ in 0..random.within(0, 80) {
        rows.windows.push(random_window(random));
    }
    for _ in 0..random.within(0, 30) {
        let gpu = random.pick(&GPUS);
        let seconds = random.within(-2 * 86_400, 3600);
        rows.happenings.push(gpuhm::event::rows::Happening {
            at: T0.plus(random.pick(&[-91 * DAY, -90 * DAY, -DAY, -1, 0, 1])),
            kind: random.pick(&["xid", "Reset", "status"]).into(),
            ..happening(gpu, random.within(1, 3), "é \"x\"")
        });
        let status = random.pick(&[Status::Firing, Status::Resolved]);
        rows.alerts.push(Alert { rule: "r".into(), ..alert(gpu, seconds, status) });
        rows.healths.push(if random.chance(500) { health(gpu, seconds) } else { bare_health(gpu, seconds) });
        rows.predictions.push(prediction(gpu, seconds));
        rows.places.push(Place { device_index: None, ..place(gpu, seconds, random.pick(&["r1", "r2"])) });
        rows.fleet.push(numbers(seconds));
        rows.collectors.push(report(random.pick(&["h", "g", "é"]), seconds));
    }
    rows.alerts.push(bare_alert());
    rows
}

fn random_window(random: &mut Rng) -> Window {
    let (gpu, size) = (random.pick(&GPUS), random.pick(&Size::ALL));
    if random.chance(500) {
        return window(gpu, size, random.within(-30, 3), random.chance(700));
    }
    let back = random.pick(&[0, MINUTE, HOUR, 25 * HOUR, 26 * HOUR, 6 * DAY, 7 * DAY, 8 * DAY, 90 * DAY]);
    let shift = random.within(-1, 1) * size.ms();
    let value = |random: &mut Rng| f64::from(i8::try_from(random.within(0, 3)).unwrap());
    let names = [
        "throttle_hw_slowdown_s",
        "throttle_sw_thermal_s",
        "ecc_dbe_volatile_delta",
        "ecc_dbe_aggregate_delta",
        "remapped_rows_uncorrectable_delta",
        "nvlink_crc_errors_delta",
        "pcie_replays_delta",
        "ecc_sbe_volatile_delta",
        "retired_pages_dbe_last",
        "power_usage_p95",
    ];
    let cells: Vec<(&str, f64)> = names
        .into_iter()
        .filter_map(|name| if random.chance(400) { Some((name, value(random))) } else { None })
        .collect();
    let start = T0.plus(-back).floor(size.ms()).plus(shift);
    Window { closed: random.chance(700), ..window_of(gpu, size, start, &cells) }
}

/// What people record.
pub(crate) fn recorded(store: &mut Sqlite, random: &mut Rng) {
    for id in ["a", "b", "c"] {
        let ended = random.chance(300).then(|| T0.plus(random.pick(&[-DAY - 1, -DAY, 0])));
        let until = T0.plus(random.pick(&[-DAY, -DAY + 1, 0, DAY]));
        store.put_silence(&Silence { ended, until, ..silence(id, random.within(-9, 9)) }).unwrap();
        let kind = random.pick(&[FailureKind::Rma, FailureKind::Dbe]);
        store.put_failures(&[failure(random.pick(&GPUS), random.within(-9, 9), kind)]).unwrap();
        store.put_assets(&[asset(random.pick(&GPUS), &[("rack", id), ("cluster", "k")])]).unwrap();
    }
}
