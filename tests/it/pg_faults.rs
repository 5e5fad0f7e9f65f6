//! A server that dies, restarts, throws connections out or has none left, while steps are written to it: afterwards every
//! table is as an undisturbed writer leaves it, and nobody had to help.
//!
//! The undisturbed rows are written to another schema of the same server first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gpuhm::event::{Rows, Size, Status};
use gpuhm::pipeline::Flag;
use gpuhm::pipeline::retry::Retry;
use gpuhm::store::postgres::{Postgres, Settings};
use gpuhm::store::{Store, Token};

use crate::database::{Schema, Server};
use crate::store_fixtures::{T0, alert, happening, raw, report, window};
use crate::store_judged_rows::{health, numbers, place, prediction};

/// Steps that are written, and the rows of each.
const STEPS: i64 = 120;
const ROWS: i64 = 150;
/// Tables that steps write to.
const TABLES: [&str; 12] = [
    "gpu_metrics",
    "gpu_metrics_1m",
    "gpu_metrics_15m",
    "gpu_metrics_1h",
    "gpu_events",
    "gpu_alerts",
    "collectors",
    "gpu_places",
    "gpu_health_scores",
    "fleet_health",
    "gpu_failure_predictions",
    "gpus",
];

/// A step: rows that are new, rows that overwrite the last step's, and raw rows that the last step had, too.
fn step(nth: i64) -> Rows {
    let gpus = ["GPU-a", "GPU-b", "GPU-c"];
    let windows = Size::ALL.into_iter().flat_map(|size| {
        [(nth / 2, nth % 2 == 1), (nth / 2 + 1, false)].map(|(n, closed)| window("GPU-a", size, n, closed))
    });
    let status = if nth % 2 == 0 { Status::Firing } else { Status::Resolved };
    Rows {
        raw: (nth * ROWS - 20..(nth + 1) * ROWS).flat_map(|s| gpus.map(|gpu| raw(gpu, s))).collect(),
        windows: windows.collect(),
        happenings: vec![happening("GPU-a", nth, "x")],
        alerts: vec![alert("GPU-a", nth / 2, status)],
        collectors: vec![report("host-a", nth)],
        places: vec![place("GPU-a", nth / 10, "r1")],
        healths: vec![health("GPU-a", nth)],
        fleet: vec![numbers(nth)],
        predictions: vec![prediction("GPU-b", nth)],
        ..Rows::default()
    }
}

/// Writes every step, as a stage does: each again until it is in. Returns how many raw rows were told to be new.
fn write(url: &str, pause: Duration) -> u64 {
    let retry = Retry::new(Flag::default(), Some(Duration::from_mins(2)));
    let mut store = retry.run(|| Postgres::open(Settings::parse(url)?)).unwrap();
    let tokens: Vec<Token> = retry.run(|| store.raise("aggregate", &[0, 1])).unwrap();
    let mut new = 0;
    for nth in 0..STEPS {
        let rows = step(nth);
        new += retry.run(|| store.write(&tokens, &rows, T0)).unwrap().raw;
        std::thread::sleep(pause);
    }
    new
}

/// Each table's rows, as one number of them and one text.
fn left(schema: &Schema) -> Vec<String> {
    let mut direct = schema.direct();
    let of = |table: &&str| {
        let sql = format!(
            "SELECT count(*) || ' rows ' || md5(string_agg(t, E'\\n' ORDER BY t)) FROM (SELECT to_jsonb(t)::text t FROM {table} t) t"
        );
        format!("{table}: {}", direct.texts(&sql).concat())
    };
    TABLES.iter().map(of).collect()
}

/// Writes while `disturb` is at the server, until all is written; then holds the rows against an undisturbed writer's.
fn disturbed(test: &str, settings: &[&str], disturb: impl Fn(&Server, &AtomicBool)) {
    let Some(server) = Server::start(test, settings) else { return };
    let (calm, wild) = (Schema::make(&server.url()), Schema::make(&server.url()));
    calm.fill();
    wild.fill();
    let new = write(&calm.url(), Duration::ZERO);
    assert_eq!(new, u64::try_from(3 * (STEPS * ROWS + 20)).unwrap());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let wrote = std::panic::catch_unwind(|| write(&wild.url(), Duration::from_millis(15)));
            done.store(true, Ordering::Relaxed);
            wrote
        });
        disturb(&server, &done);
        let told = writer.join().unwrap().unwrap_or_else(|_| panic!("{}", server.said()));
        // A commit whose answer was lost may be told as repeated: what is in the tables is what counts.
        assert!(told <= new);
    });
    assert_eq!(left(&calm), left(&wild));
}

fn nap(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

#[test]
fn a_killed_server_loses_and_doubles_nothing() {
    disturbed("pg_faults::a_killed_server_loses_and_doubles_nothing", &[], |server, done| {
        for pause in [300, 170, 410] {
            nap(pause);
            assert!(!done.load(Ordering::Relaxed), "it was over too soon");
            server.kill();
            nap(pause);
            server.start_again();
        }
    });
}

#[test]
fn a_restarted_server_loses_and_doubles_nothing() {
    disturbed("pg_faults::a_restarted_server_loses_and_doubles_nothing", &[], |server, done| {
        for pause in [300, 170, 410] {
            nap(pause);
            assert!(!done.load(Ordering::Relaxed), "it was over too soon");
            server.stop();
            server.start_again();
        }
    });
}

#[test]
fn terminated_connections_lose_and_double_nothing() {
    disturbed("pg_faults::terminated_connections_lose_and_double_nothing", &[], |server, done| {
        let mut direct = server.direct();
        let mut count = 0;
        while !done.load(Ordering::Relaxed) {
            count += direct.number(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
            );
            // Long enough for a step on a new connection, on a busy machine too.
            nap(400);
        }
        assert!(count > 3, "{count} connections were terminated");
    });
}

#[test]
fn a_server_without_connections_is_waited_for() {
    let settings = ["max_connections=8", "superuser_reserved_connections=0"];
    disturbed("pg_faults::a_server_without_connections_is_waited_for", &settings, |server, done| {
        for _ in 0..3 {
            nap(150);
            assert!(!done.load(Ordering::Relaxed), "it was over too soon");
            // The writer's own is taken from it, and every free one before it comes back.
            let mut first = server.direct();
            let mut hogs = Vec::new();
            while hogs.len() < 6 {
                hogs.push(server.direct());
            }
            first.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE pid <> pg_backend_pid() AND query LIKE '%gpu_metrics%' AND backend_type = 'client backend'",
            );
            let mut more = std::process::Command::new("psql");
            more.args(["-qX", "-c", "SELECT pg_sleep(0.5)", &server.url()]).stderr(std::process::Stdio::null());
            drop(more.status());
            drop(hogs);
        }
    });
}
