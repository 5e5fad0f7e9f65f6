//! `gpuhm migrate copy`: everything of an embedded store arrives on a server, also when the copy is killed in the middle, and
//! when a stage wrote meanwhile.

use std::path::Path;
use std::time::Duration;

use gpuhm::event::time::{DAY, MINUTE};
use gpuhm::event::{Size, Status};
use gpuhm::store::migrate::copy::copy;
use gpuhm::store::postgres::Settings;
use gpuhm::store::schema::{self, Holds, Table};
use gpuhm::store::sqlite::Sqlite;
use gpuhm::store::{Judged as _, Store};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};

use crate::database::schema::Direct;
use crate::database::{everywhere, shared};
use crate::process::{Home, text, until};
use crate::store_contract::{asset, of_alerts, of_raw, of_windows};
use crate::store_fixtures::{T0, alert, happening, raw, report, window};
use crate::store_judged_rows::{failure, health, numbers, place, prediction, silence};

/// Rows of every table, and `many` raw rows beside them.
fn filled(path: &Path, many: usize) -> Sqlite {
    let mut store = Sqlite::open(path).unwrap();
    let tokens = store.raise("aggregate", &[0, 7]).unwrap();
    let mut rows =
        of_raw(["GPU-a", "GPU-b"].into_iter().flat_map(|gpu| (0..9).map(move |n| raw(gpu, n * 40_000))).collect());
    rows.windows = of_windows(
        Size::ALL.into_iter().flat_map(|size| (0..9).map(move |n| window("GPU-a", size, n, n < 5))).collect(),
    )
    .windows;
    rows.alerts = of_alerts(
        (0..5).map(|n| alert("GPU-a", n, if n % 2 == 0 { Status::Firing } else { Status::Resolved })).collect(),
    )
    .alerts;
    rows.happenings.extend((0..5).map(|n| happening("GPU-a", n, "é \"x\" \u{0}")));
    rows.healths.extend((0..5).map(|n| health("GPU-a", n * 3_000_000)));
    rows.predictions.extend((0..5).map(|n| prediction("GPU-b", n)));
    rows.places.push(place("GPU-a", 0, "r1"));
    rows.fleet.push(numbers(5));
    rows.collectors.push(report("h", 1));
    store.write(&tokens, &rows, T0).unwrap();
    store.put_silence(&silence("s", 0)).unwrap();
    store.put_failures(&[failure("GPU-a", 0, gpuhm::event::prediction::FailureKind::Rma)]).unwrap();
    store.put_assets(&[asset("GPU-a", &[("rack", "r1")])]).unwrap();
    if many > 0 {
        let sql = format!(
            "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {many})
            INSERT INTO gpu_metrics (time, gpu_uuid, hostname, gpu_temp, energy_mj, written_at)
            SELECT {} + n / 100 * 10000, printf('GPU-%03d', n % 100), 'h', n % 90, n, {} FROM n",
            T0.plus(-DAY).ms(),
            T0.ms()
        );
        Connection::open(path).unwrap().execute_batch(&sql).unwrap();
    }
    store
}

fn of_file(path: &Path, table: &Table) -> Vec<Value> {
    let file = Connection::open(path).unwrap();
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    let sql = format!("SELECT {} FROM {} ORDER BY {}", names.join(", "), table.name, table.key.join(", "));
    let mut statement = file.prepare(&sql).unwrap();
    let cell = |holds, value: ValueRef<'_>| match (holds, value) {
        (_, ValueRef::Null) => Value::Null,
        (Holds::Flag, ValueRef::Integer(n)) => json!(n != 0),
        (Holds::Json, ValueRef::Text(text)) => serde_json::from_slice(text).unwrap(),
        (Holds::Real | Holds::Double, ValueRef::Integer(n)) => json!(f64::from(i32::try_from(n).unwrap())),
        (_, ValueRef::Integer(n)) => json!(n),
        (_, ValueRef::Real(n)) => json!(n),
        (_, ValueRef::Text(text)) => json!(std::str::from_utf8(text).unwrap().replace('\0', "\u{fffd}")),
        (_, ValueRef::Blob(_)) => panic!("a blob"),
    };
    let columns = &table.columns;
    let row = |row: &rusqlite::Row<'_>| {
        let cells = columns.iter().enumerate().map(|(at, column)| cell(column.holds, row.get_ref(at).unwrap()));
        Ok(Value::Array(cells.collect()))
    };
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

fn of_server(direct: &mut Direct, table: &Table) -> Vec<Value> {
    let columns = table.columns.iter().map(|column| match column.holds {
        Holds::Time => format!("(extract(epoch FROM {}) * 1000)::bigint", column.name),
        // As text: who reads a document's numbers may be off by a bit.
        Holds::Real | Holds::Double => format!("{}::float8::text", column.name),
        _ => column.name.to_string(),
    });
    let columns: Vec<String> = columns.collect();
    let sql = format!(
        "SELECT json_build_array({}) FROM {} ORDER BY {}",
        columns.join(", "),
        table.name,
        table.key.join(", ")
    );
    let row = |text: &String| {
        let mut row: Vec<Value> = serde_json::from_str(text).unwrap();
        for (cell, column) in row.iter_mut().zip(&table.columns) {
            if let (Holds::Real | Holds::Double, Some(real)) = (column.holds, cell.as_str()) {
                *cell = json!(real.parse::<f64>().unwrap());
            }
        }
        Value::Array(row)
    };
    direct.texts(&sql).iter().map(row).collect()
}

fn same(path: &Path, direct: &mut Direct) {
    for table in schema::tables() {
        let (file, server) = (of_file(path, table), of_server(direct, table));
        assert!(!file.is_empty(), "{} is empty", table.name);
        assert_eq!(file.len(), server.len(), "{}", table.name);
        for (file, server) in file.iter().zip(&server) {
            assert_eq!(file, server, "{}", table.name);
        }
    }
    let spans = "SELECT gpu_uuid || first_time || last_time FROM gpus ORDER BY gpu_uuid";
    let real = "SELECT gpu_uuid || min(time) || max(time) FROM gpu_metrics GROUP BY gpu_uuid ORDER BY gpu_uuid";
    assert_eq!(direct.texts(spans), direct.texts(real));
}

#[test]
fn everything_arrives() {
    for schema in everywhere("pg_copy::everything_arrives") {
        let home = Home::new();
        let path = home.path("store.db");
        drop(filled(&path, 0));
        let (from, url) = (format!("sqlite:{}", text(&path)), schema.url());
        let args = ["migrate", "copy", "--from", &from, "--to", &url];
        home.fails(&args, 2, &["version 0"]);
        schema.fill();
        let copied = home.json(&[&args[..], &["-o", "json"]].concat());
        assert_eq!((&copied["whole"], &copied["changed"]), (&true.into(), &false.into()));
        same(&path, &mut schema.direct());
        // Once more: nothing is new, nothing is twice.
        let again = home.json(&[&args[..], &["-o", "json"]].concat());
        let tables = again["tables"].as_array().unwrap();
        assert!(tables.iter().all(|table| table["new"] == 0 && table["rows"] == table["there"]), "{again}");
        same(&path, &mut schema.direct());
    }
}

#[test]
fn a_kill_in_the_middle_costs_nothing() {
    let Some(schema) = shared("pg_copy::a_kill_in_the_middle_costs_nothing") else { return };
    let home = Home::new();
    let path = home.path("store.db");
    drop(filled(&path, 150_000));
    schema.fill();
    let (from, url) = (format!("sqlite:{}", text(&path)), schema.url());
    let args = ["migrate", "copy", "-q", "--from", &from, "--to", &url];
    let mut direct = schema.direct();
    let mut there = 0;
    for _ in 0..2 {
        let mut service = home.start(&args);
        until("rows to arrive", Duration::from_mins(1), || {
            let now = direct.number("SELECT count(*) FROM gpu_metrics");
            now > there || !service.runs()
        });
        assert!(service.runs(), "it ended before it could be killed");
        service.kill();
        there = direct.number("SELECT count(*) FROM gpu_metrics");
        assert!(there > 0 && there < 150_000);
        // What is on the way of a dead process must not count as arrived later.
        until("its session to end", Duration::from_secs(20), || {
            direct.number(
                "SELECT count(*) FROM pg_locks WHERE mode = 'RowExclusiveLock' AND relation = 'gpu_metrics'::regclass",
            ) == 0
        });
    }
    home.ok(&args);
    same(&path, &mut direct);
}

#[test]
fn what_a_stage_wrote_meanwhile_is_told() {
    let Some(schema) = shared("pg_copy::what_a_stage_wrote_meanwhile_is_told") else { return };
    let home = Home::new();
    let path = home.path("store.db");
    let mut store = filled(&path, 0);
    schema.fill();
    let to = Settings::parse(&schema.url()).unwrap();
    let mut wrote = false;
    let copied = copy(&path, &to, &mut |_, _| {
        if !std::mem::replace(&mut wrote, true) {
            let mut rows =
                of_windows(vec![window("GPU-a", Size::Minute, 8, true), window("GPU-z", Size::Minute, 8, true)]);
            rows.raw.push(raw("GPU-z", 1));
            store.write(&[], &rows, T0.plus(MINUTE)).unwrap();
            store.put_assets(&[asset("GPU-a", &[("rack", "r2")])]).unwrap();
        }
        true
    });
    let copied = copied.unwrap();
    assert!(copied.changed && !copied.whole());
    let copied = copy(&path, &to, &mut |_, _| true).unwrap();
    assert!(copied.whole());
    same(&path, &mut schema.direct());
    // One that is told to stop stops.
    let stopped = copy(&path, &to, &mut |_, _| false).unwrap();
    assert!(stopped.stopped && !stopped.whole());
}

#[test]
fn what_the_server_refuses_is_told_with_its_place() {
    let Some(schema) = shared("pg_copy::what_the_server_refuses_is_told_with_its_place") else { return };
    let home = Home::new();
    let path = home.path("store.db");
    drop(filled(&path, 0));
    schema.fill();
    schema.direct().run("ALTER TABLE gpu_metrics ALTER COLUMN power_usage TYPE smallint");
    let (from, url) = (format!("sqlite:{}", text(&path)), schema.url());
    let args = ["migrate", "copy", "--from", &from, "--to", &url];
    home.fails(&args, 2, &["table gpu_metrics, column power_usage: ", "(22P03)"]);
}
