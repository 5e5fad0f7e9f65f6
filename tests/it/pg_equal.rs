//! One recording through the embedded store and through one on a server, by the real binary: equal rows in every table,
//! and equal answers of every command.

pub(crate) mod rows;

use std::path::Path;

use gpuhm::event::Time;
use gpuhm::event::time::SECOND;
use gpuhm::pipeline::clock::wall;
use serde_json::Value;

use crate::database::{Schema, everywhere};
use crate::process::recording::{simulated, spoilt};
use crate::process::{Home, Ran};
use rows::{Tables, Told};

/// Times that two passes, one after the other, may show another second or minute of.
const TRIES: usize = 4;

/// The same twice: with an embedded store, and with one on a server.
struct Both {
    embedded: Home,
    server: Home,
    schema: Schema,
    recording: String,
    start: Time,
}

impl Both {
    fn new(schema: Schema) -> Both {
        let (embedded, server) = (Home::new(), Home::on_server(&schema.url()));
        let lines = spoilt(simulated(&embedded, 210));
        let recording = embedded.file("recording.jsonl", lines.join("\n") + "\n");
        server.ok(&["migrate", "up"]);
        Both { embedded, server, schema, recording, start: wall().plus(-SECOND) }
    }

    /// Runs a command on both; what it prints, but for instants of now, and how it ends must be the same.
    fn same(&self, args: &[&str]) -> String {
        let mut asked = (String::new(), String::new());
        for _ in 0..TRIES {
            asked = (self.told(&self.embedded.run(args)), self.told(&self.server.run(args)));
            if asked.0 == asked.1 {
                break;
            }
        }
        assert_eq!(asked.0, asked.1, "{args:?}");
        asked.0
    }

    /// The same, and it must succeed and say something.
    fn tells(&self, args: &[&str], says: &str) {
        let told = self.same(args);
        assert!(told.starts_with("0\n") && told.contains(says), "{args:?} without {says:?}: {told}");
    }

    fn told(&self, ran: &Ran) -> String {
        let line = |line: &str| match serde_json::from_str::<Value>(line) {
            Ok(value) => timeless(value, self.start).to_string(),
            Err(_) => line.to_owned(),
        };
        let (out, failed) = (ran.out.lines().map(line), ran.err.lines().filter(|line| line.starts_with("gpuhm: ")));
        let lines: Vec<String> = out.chain(failed.map(str::to_owned)).collect();
        format!("{}\n{}", ran.code, lines.join("\n"))
    }

    fn tables(&self, told: Told) -> [Tables; 2] {
        assert!(!self.server.store().exists(), "an embedded store beside the one on a server");
        let store: &Path = &self.embedded.store();
        [rows::embedded(store, told), rows::on_server(&mut self.schema.direct(), told)]
    }

    /// Holds all tables against each other; those named must not be empty.
    fn same_rows(&self, told: Told, filled: &[&str]) {
        let [one, other] = self.tables(told);
        for (table, rows) in &one {
            crate::process::tables::same("on a server", table, rows, &other[table]);
        }
        for table in filled {
            assert!(!one[table].is_empty(), "{table} has no rows");
        }
    }
}

/// A document without instants from `start` on, and without what follows from them or was drawn by lot.
fn timeless(value: Value, start: Time) -> Value {
    match value {
        Value::String(text) if Time::parse(&text).is_some_and(|time| time >= start) => "now".into(),
        Value::Array(list) => list.into_iter().map(|value| timeless(value, start)).collect(),
        Value::Object(object) => {
            let apart = |key: &str, value: &Value| match key {
                "age_s" | "seconds" => true,
                // Deductions have names; silences have numbers.
                "id" => value.as_str().is_some_and(|id| id.len() == 8 && u32::from_str_radix(id, 16).is_ok()),
                _ => false,
            };
            let object = object.into_iter().filter(|(key, value)| !apart(key, value));
            object.map(|(key, value)| (key, timeless(value, start))).collect()
        }
        other => other,
    }
}

/// Tables that samples alone fill.
const SAMPLED: [&str; 7] =
    ["gpu_metrics", "gpu_metrics_1m", "gpu_metrics_15m", "gpu_metrics_1h", "gpu_events", "gpu_alerts", "gpu_places"];

#[test]
fn stages_passes_and_people_leave_the_same_behind() {
    for schema in everywhere("pg_equal::stages_passes_and_people_leave_the_same_behind") {
        let both = Both::new(schema);
        let source = format!("replay:{}", both.recording);
        for home in [&both.embedded, &both.server] {
            let assets = "gpu_uuid,hostname,rack,cluster,note\nGPU-x,h1,r1,c1,\"é, \"\"x\"\"\"\nGPU-y,h2,,c1,\n";
            home.ok(&["assets", "import", &home.file("assets.csv", assets)]);
            home.ok(&["collect", "--source", &source, "--speed", "max"]);
        }
        for stage in ["validate", "aggregate"] {
            both.same(&[stage, "--once"]);
        }
        both.same_rows(Told::Whole, &SAMPLED);
        both.tells(&["assets", "export", "-o", "jsonl"], "GPU-x");
        both.tells(&["tail", "-t", "gpu-alerts", "-n", "all", "--no-follow", "-o", "jsonl"], "xid");
        people(&both);
        passes(&both);
        both.same_rows(
            Told::Before(both.start),
            &["gpu_assets", "silences", "gpu_failures", "gpu_health_scores", "gpu_failure_predictions", "fleet_health"],
        );
        rebuilt(&both);
        both.server.ok(&["migrate", "status", "--check"]);
    }
}

/// What people record.
fn people(both: &Both) {
    let gpu = "GPU-00000000-0000-0000-0000-000000000000";
    let until = ["--until", "2099-01-01", "--reason", "fans: \"é\""];
    for home in [&both.embedded, &both.server] {
        home.ok(&[&["silence", "add", "rule=gpu_temp_high", "host=~\"gpu-.*\""], &until[..]].concat());
    }
    both.tells(&["silence", "list", "-o", "json"], "fans");
    both.same(&["predict", "label", gpu, "dbe", "--at", "2026-01-20T00:00:00Z", "--note", "é"]);
    both.same(&["predict", "label", gpu, "rma", "--at", "2026-01-21T00:00:00Z"]);
    both.tells(&["predict", "label", "list", "-o", "json"], "rma");
    both.same(&["predict", "label", "remove", gpu, "rma", "--at", "2026-01-21T00:00:00Z"]);
    let told = both.same(&["predict", "label", "remove", gpu, "rma", "--at", "2026-01-21T00:00:00Z"]);
    assert!(told.starts_with("1\n") && told.contains("no record"), "{told}");
}

/// What passes say, and what is seen of it.
fn passes(both: &Both) {
    both.tells(&["score", "--once", "-o", "json"], "off_the_bus");
    both.tells(&["predict", "--once", "-o", "json"], "reasons");
    both.tells(&["score", "--explain", "gpu-node-003/1", "-o", "json"], "off_the_bus");
    both.tells(&["predict", "--explain", "gpu-node-003/1", "-o", "json"], "reasons");
    // The screen names its store.
    for output in ["json", "csv", "table"] {
        both.tells(&["top", "--once", "-o", output], "gpu-node-003");
    }
    both.same(&["top", "--once", "-o", "table", "--fail-below", "50"]);
}

/// Windows that are rebuilt from raw rows.
fn rebuilt(both: &Both) {
    let (from, to) = (both.start.plus(-5 * 3600 * SECOND), both.start.plus(3600 * SECOND));
    let range = format!("{from}..{to}");
    let before = both.tables(Told::Whole);
    both.same(&["aggregate", "--backfill", &range, "--dry-run"]);
    assert_eq!(before, both.tables(Told::Whole), "a dry run wrote");
    // So that there is something to rebuild.
    let gone = "DELETE FROM gpu_metrics_1m WHERE start < (SELECT max(start) FROM gpu_metrics_15m)";
    rusqlite::Connection::open(both.embedded.store()).unwrap().execute(gone, []).unwrap();
    both.schema.direct().run(gone);
    both.same_rows(Told::Before(both.start), &["gpu_metrics_1m"]);
    both.same(&["aggregate", "--backfill", &range]);
    both.same_rows(Told::Before(both.start), &["gpu_metrics_1m"]);
    let count = |tables: &[Tables; 2]| tables[0]["gpu_metrics_1m"].len();
    assert!(count(&both.tables(Told::Whole)) * 2 > count(&before), "nothing was rebuilt");
}

#[test]
fn one_process_leaves_the_same_behind() {
    for schema in everywhere("pg_equal::one_process_leaves_the_same_behind") {
        let both = Both::new(schema);
        let source = format!("replay:{}", both.recording);
        both.tells(&["run", "--source", &source, "--speed", "max", "--score-past", "5m", "-o", "json"], "\"fired\"");
        // It has one clock, that of the recording.
        both.same_rows(Told::Whole, &SAMPLED);
        both.same_rows(Told::Whole, &["gpu_health_scores", "gpu_failure_predictions", "fleet_health", "collectors"]);
    }
}
