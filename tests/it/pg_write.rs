//! Writing on a real server, beyond what every store does: rows it refuses, partitions that are missing or were dropped,
//! whose rows go in straight and whose over others.

use gpuhm::event::time::{DAY, HOUR};
use gpuhm::event::{Rows, Size, Status, Time};
use gpuhm::store::postgres::{Postgres, Settings};
use gpuhm::store::{Judged as _, Retention, Store, Written};

use crate::database::{Schema, shared};
use crate::store_fixtures::{T0, alert, happening, raw, report, window};
use crate::store_judged_rows::{health, prediction};

fn made(test: &str) -> Option<(Schema, Postgres)> {
    let schema = shared(test)?;
    schema.fill();
    let store = Postgres::open(Settings::parse(&schema.url()).unwrap()).unwrap();
    Some((schema, store))
}

fn count(schema: &Schema, table: &str) -> i64 {
    schema.direct().number(&format!("SELECT count(*) FROM {table}"))
}

fn of_raw(raw: Vec<gpuhm::event::rows::Raw>) -> Rows {
    Rows { raw, ..Rows::default() }
}

#[test]
fn what_the_server_refuses_is_named_and_the_rest_goes_in() {
    let Some((schema, mut store)) = made("pg_write::what_the_server_refuses_is_named_and_the_rest_goes_in") else {
        return;
    };
    let mut rows = of_raw((0..500).map(|s| raw("GPU-a", s)).collect());
    rows.raw[7].hostname = "a\0b".into();
    rows.raw[333].model = Some("\0".into());
    // Beyond the server's calendar, and too large for an index.
    rows.raw[400].time = Time(-300_000_000_000_000);
    let noise = |n: u32| char::from(b'!' + u8::try_from((n.wrapping_mul(2_654_435_761) >> 13) % 90).unwrap());
    rows.raw[499].gpu_uuid = (0..9_000).map(noise).collect();
    rows.happenings = vec![happening("GPU-a", 1, "\0"), happening("GPU-a", 2, "fine")];
    rows.windows = (0..9).map(|n| window("GPU-a", Size::Minute, n, true)).collect();
    rows.windows[4].hostname = "\0".into();
    let mut bad = alert("GPU-a", 0, Status::Firing);
    bad.evidence.insert("text".into(), "a\0b".into());
    rows.alerts = vec![bad, alert("GPU-b", 0, Status::Firing)];
    let written = store.write(&[], &rows, T0).unwrap();
    assert_eq!((written.raw, written.repeated, written.refused.count), (496, 0, 7));
    let first = &written.refused.examples[0];
    assert!(
        first.starts_with("the sample of GPU-a at 2026-02-11T10:30:07.000Z: ") && first.ends_with("(22021)"),
        "{first}"
    );
    assert_eq!(written.refused.examples.len(), 3);
    let tables = ["gpu_metrics", "gpu_events", "gpu_metrics_1m", "gpu_alerts"].map(|table| count(&schema, table));
    assert_eq!(tables, [496, 1, 8, 1]);
    // Again, over what is there by now.
    let again = store.write(&[], &rows, T0).unwrap();
    assert_eq!((again.raw, again.repeated, again.refused.count), (0, 496, 7));
}

#[test]
fn rows_make_their_partitions_and_make_them_again() {
    let Some((schema, mut store)) = made("pg_write::rows_make_their_partitions_and_make_them_again") else { return };
    let old = |days: i64| {
        let mut row = raw("GPU-a", 0);
        row.time = T0.plus(-days * DAY);
        row
    };
    let days = [0, 1, 40, 4000].map(old).to_vec();
    assert_eq!(store.write(&[], &of_raw(days.clone()), T0).unwrap().raw, 4);
    // Another took them away, and this connection does not know.
    schema.direct().run("SELECT gpuhm_drop_before('gpu_metrics', 'infinity')");
    assert_eq!(count(&schema, "gpu_metrics"), 0);
    assert_eq!(store.write(&[], &of_raw(days), T0).unwrap().raw, 4);
    assert_eq!(store.next_raw("GPU-a", Time(0)).unwrap(), Some(T0.plus(-4000 * DAY)));
}

#[test]
fn a_replay_over_half_of_what_is_there_adds_the_other_half() {
    let test = "pg_write::a_replay_over_half_of_what_is_there_adds_the_other_half";
    let Some((schema, mut store)) = made(test) else { return };
    let rows = |seconds: std::ops::Range<i64>| of_raw(seconds.map(|s| raw("GPU-a", s)).collect());
    let said = |raw, repeated| Written { raw, repeated, ..Written::default() };
    assert_eq!(store.write(&[], &rows(0..1000), T0).unwrap(), said(1000, 0));
    assert_eq!(store.write(&[], &rows(500..1500), T0).unwrap(), said(500, 500));
    assert_eq!(store.write(&[], &rows(1400..1500), T0).unwrap(), said(0, 100));
    assert_eq!(store.write(&[], &rows(1500..1600), T0).unwrap(), said(100, 0));
    assert_eq!(store.write(&[], &rows(1600..1700), T0).unwrap(), said(100, 0));
    let span = schema.direct().texts("SELECT last_time - first_time FROM gpus WHERE gpu_uuid = 'GPU-a'");
    assert_eq!((count(&schema, "gpu_metrics"), span), (1700, vec!["00:28:19".to_owned()]));
}

#[test]
fn retention_leaves_the_list_of_gpus_as_their_rows_are() {
    let Some((schema, mut store)) = made("pg_write::retention_leaves_the_list_of_gpus_as_their_rows_are") else {
        return;
    };
    let at = |gpu: &str, hours: i64| raw(gpu, hours * 3600);
    store.write(&[], &of_raw(vec![at("GPU-a", 0), at("GPU-a", 240), at("GPU-b", 1)]), T0).unwrap();
    let keep = Retention { raw_ms: 7 * DAY, windows_ms: DAY, fresh_ms: 0, bytes: 0 };
    assert!(store.retain(T0.plus(10 * DAY), keep).unwrap() > 0);
    assert_eq!(store.gpus().unwrap(), ["GPU-a"]);
    let first = schema.direct().texts("SELECT first_time = last_time FROM gpus");
    assert_eq!((count(&schema, "gpus"), first), (1, vec!["t".to_owned()]));
    // The partitions of today and tomorrow are there.
    let parts = "SELECT count(*) FROM gpuhm_parts('gpu_metrics') WHERE from_time < '2026-03-01'";
    assert_eq!(schema.direct().number(parts), 2);
    assert_eq!(store.retain(T0.plus(10 * DAY), keep).unwrap(), 0);
    assert_eq!(schema.direct().number(parts), 2);
}

#[test]
fn the_newest_judgement_of_each_gpu_outlives_its_partition() {
    let test = "pg_write::the_newest_judgement_of_each_gpu_outlives_its_partition";
    let Some((schema, mut store)) = made(test) else { return };
    let healths = (0..100).map(|n| health("GPU-a", n)).chain((0..50).map(|n| health("GPU-b", n)));
    let later = health("GPU-a", 400 * 86_400);
    let rows = Rows {
        healths: healths.chain([later.clone()]).collect(),
        predictions: vec![prediction("GPU-b", 0)],
        ..Rows::default()
    };
    store.write(&[], &rows, T0).unwrap();
    schema.direct().run("ANALYZE gpu_health_scores");
    let keep = Retention { raw_ms: DAY, windows_ms: 365 * DAY, fresh_ms: 0, bytes: 0 };
    let now = T0.plus(401 * DAY);
    assert_eq!(store.retain(now, Retention { fresh_ms: 500 * DAY, ..keep }).unwrap(), 0, "it was written lately");
    assert_eq!(store.retain(now, keep).unwrap(), 149);
    assert_eq!(store.health_at("GPU-b", now).unwrap(), Some(health("GPU-b", 49)));
    assert_eq!(store.health_at("GPU-a", now).unwrap(), Some(later));
    assert_eq!((count(&schema, "gpu_health_scores"), count(&schema, "gpu_failure_predictions")), (2, 1));
    // What stays is no reason to do it again.
    assert_eq!(store.retain(now, keep).unwrap(), 0);
}

#[test]
fn two_writers_of_the_same_rows_do_not_stop_each_other() {
    let Some((schema, _store)) = made("pg_write::two_writers_of_the_same_rows_do_not_stop_each_other") else { return };
    let rows = |from: i64| Rows {
        raw: (0..40)
            .flat_map(|gpu| (0..20).map(move |s| raw(&format!("GPU-{:02}", (gpu * 7 + from) % 40), from * 10 + s)))
            .collect(),
        windows: (0..40)
            .map(|gpu| window(&format!("GPU-{:02}", (gpu * 11 + from) % 40), Size::Minute, from % 3, true))
            .collect(),
        collectors: (0..40).map(|host| report(&format!("host-{:02}", (host * 13 + from) % 40), from)).collect(),
        ..Rows::default()
    };
    let url = schema.url();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let url = &url;
            scope.spawn(move || {
                let mut store = Postgres::open(Settings::parse(url).unwrap()).unwrap();
                for nth in 0..15 {
                    let mut rows = rows(nth);
                    if writer % 2 == 1 {
                        rows.raw.reverse();
                        rows.windows.reverse();
                        rows.collectors.reverse();
                    }
                    store.write(&[], &rows, T0.plus(HOUR)).unwrap();
                }
            });
        }
    });
    // Each GPU has its samples from second 0 to 159.
    assert_eq!((count(&schema, "gpu_metrics"), count(&schema, "gpus")), (40 * 160, 40));
    assert_eq!((count(&schema, "gpu_metrics_1m"), count(&schema, "collectors")), (120, 40));
}
