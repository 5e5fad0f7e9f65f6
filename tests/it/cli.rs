//! What scripts rely on: summaries, fixed output, exit codes, and what each command leaves alone.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::process::recording::{simulated, spoilt};
use crate::process::tables::{all, all_same, number, same};
use crate::process::{Home, Service, parsed};

/// Lines of JSON to whoever reads them.
const LINES: &str = "collect -q --source sim --ticks 2 --speed max --sink -";
/// A small fleet, for a home of its own.
const FLEET: [&str; 8] = ["--gpus", "8", "--hosts", "2", "--ticks", "30", "--speed", "max"];

fn sim<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [command, "-q", "--source", "sim"].into_iter().chain(FLEET).chain(more.iter().copied()).collect()
}

fn count(summary: &Value, key: &str) -> u64 {
    summary[key].as_u64().unwrap_or_else(|| panic!("no number {key} in {summary}"))
}

fn adds_up(summary: &Value) {
    assert_eq!(summary["schema"], "gpuhm.summary/1");
    assert!(summary["seconds"].is_f64(), "{summary}");
    let judged = count(summary, "validated") + count(summary, "refused") + count(summary, "duplicates");
    assert_eq!(count(summary, "collected"), judged, "{summary}");
    assert_eq!(count(summary, "stored"), count(summary, "validated"), "{summary}");
    assert_eq!(count(summary, "lost"), 0, "{summary}");
    assert!(summary["alerts"]["fired"].is_u64() && summary["alerts"]["resolved"].is_u64(), "{summary}");
}

#[test]
fn run_sums_up() {
    let home = Home::new();
    let summary = home.json(&sim("run", &["-o", "json", "--fault", "xid=74@1/0+1m"]));
    adds_up(&summary);
    assert_eq!((count(&summary, "gpus"), count(&summary, "read"), count(&summary, "validated")), (8, 240, 240));
    assert_eq!(summary["alerts"], serde_json::json!({"fired": 1, "resolved": 0}));
    let windows: i64 = ["1m", "15m", "1h"]
        .map(|size| number(&home.store(), &format!("SELECT count(*) FROM gpu_metrics_{size}")))
        .iter()
        .sum();
    assert_eq!(count(&summary, "windows"), u64::try_from(windows).unwrap(), "{summary}");
    let fleet = home.json(&["top", "--once", "-o", "json"]);
    assert_eq!(fleet["schema"], "gpuhm.fleet/1");
    assert_eq!(fleet["gpus"].as_array().unwrap().len(), 8);
    for key in ["gpu_uuid", "host", "index", "age_s", "gpu_temp_c"] {
        assert!(!fleet["gpus"][0][key].is_null(), "no {key} in {fleet}");
    }
}

#[test]
fn run_again_goes_on_where_it_stopped() {
    let home = Home::new();
    let lines = simulated(&home, 100).join("\n");
    let source = format!("replay:{}", home.file("fleet.jsonl", lines));
    let args = ["run", "-q", "--source", &source, "--speed", "max", "-o", "json"];
    let first = home.json(&args);
    let before = all(&home.store());
    let alerts = home.topic("gpu-alerts");
    let second = home.json(&args);
    adds_up(&second);
    assert_eq!(count(&second, "read"), count(&first, "read"));
    assert_eq!(count(&second, "repeated"), count(&second, "stored"), "{second}");
    assert_eq!(second["alerts"], serde_json::json!({"fired": 0, "resolved": 0}));
    all_same("a second run", &before, &all(&home.store()));
    same("a second run", "gpu-alerts", &alerts, &home.topic("gpu-alerts"));
}

#[test]
fn demo_shows_an_alert_within_seconds_however_small_its_fleet() {
    for (gpus, hosts) in [("16", "2"), ("1", "1")] {
        let home = Home::new();
        let summary = home.json(&["demo", "-q", "--for", "3s", "-o", "json", "--gpus", gpus, "--hosts", hosts]);
        adds_up(&summary);
        assert!(summary["alerts"]["fired"].as_u64().unwrap() >= 1, "{summary}");
        assert!(!home.path("home").exists(), "demo touched a real home");
    }
}

#[test]
fn a_simulated_fleet_is_the_same_bytes_every_time() {
    let home = Home::new();
    for sink in ["one.jsonl", "two.jsonl"] {
        home.ok(&sim("collect", &["--sink", sink]));
    }
    let read = |name: &str| std::fs::read_to_string(home.path(name)).unwrap();
    let one = read("one.jsonl");
    assert!(one == read("two.jsonl"), "two runs differ");
    assert!(one == home.ok(&sim("collect", &["--sink", "-"])), "standard output differs from a file");
    assert!(one != home.ok(&sim("collect", &["--sink", "-", "--seed", "8"])), "the seed changes nothing");
    assert!(one.starts_with("{\"schema_version\":\"1.") && one.contains("2026-01-01T00:00:00.000Z"));
    assert_eq!(one.lines().filter(|line| line.contains("gpu_metric_sample")).count(), 240);
}

#[test]
fn validate_judges_a_file() {
    let home = Home::new();
    let lines = simulated(&home, 30);
    let good = home.file("good.jsonl", lines.join("\n"));
    let answer = home.json(&["validate", "--file", &good, "-o", "json"]);
    assert_eq!(answer["schema"], "gpuhm.validation/1");
    assert_eq!(count(&answer, "read"), count(&answer, "valid"), "{answer}");
    let hot = lines[4].replace("\"gpu_temp_c\":", "\"gpu_temp_c\":9");
    let bad = [&lines[4], &lines[4], "", "{", &hot].map(str::to_owned).join("\n");
    let bad = home.file("bad.jsonl", bad);
    let ran = home.run(&["validate", "--file", &bad, "-o", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let answer = parsed(&ran.out);
    let counts = ["read", "valid", "refused", "duplicates"].map(|key| count(&answer, key));
    assert_eq!(counts, [4, 1, 2, 1], "{answer}");
    assert_eq!(answer["reasons"], serde_json::json!({"syntax": 1, "range": 1}));
    let ran = home.run(&["validate", "--file", &bad]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let said: Vec<&str> = ran.out.lines().collect();
    assert_eq!(said.len(), 2, "{}", ran.out);
    assert!(said[0].starts_with("4: syntax: ") && said[1].starts_with("5: range: "), "{}", ran.out);
    let piped = home.shell(&format!("$GPUHM validate -q --file - < {good}"));
    assert_eq!((piped.code, piped.out.as_str()), (0, ""));
    assert!(home.ok(&["validate", "--list-rules"]).lines().count() > 10);
}

#[test]
fn asset_records_come_back_and_enrich() {
    let home = Home::new();
    let lines = simulated(&home, 3);
    let event = parsed(&lines[0]);
    let uuid = event["gpu"]["gpu_uuid"].as_str().unwrap();
    let csv = format!("gpu_uuid,rack,asset_id,note\n{uuid},Z9,A-17,\"bought, used\"\nGPU-elsewhere,Z8,,\n");
    home.ok(&["assets", "import", &home.file("assets.csv", csv)]);
    let exported = home.ok(&["assets", "export", "-o", "jsonl"]);
    assert_eq!(exported.lines().count(), 2, "{exported}");
    let again = Home::new();
    again.ok(&["assets", "import", &again.file("assets.jsonl", &exported)]);
    for format in ["csv", "jsonl"] {
        let export = ["assets", "export", "-o", format];
        assert_eq!(home.ok(&export), again.ok(&export), "{format}");
    }
    let source = format!("replay:{}", home.file("fleet.jsonl", lines.join("\n")));
    home.ok(&["collect", "--source", &source, "--speed", "max"]);
    home.ok(&["validate", "--once"]);
    let events = home.topic("gpu-metrics-validated");
    let enriched: Vec<&String> = events.iter().filter(|event| event.contains("\"asset\"")).collect();
    assert_eq!(enriched.len(), 3, "one GPU's three samples");
    for line in enriched {
        let event = parsed(line);
        assert_eq!(event["gpu"]["gpu_uuid"], uuid);
        assert_eq!(event["asset"], serde_json::json!({"rack": "Z9", "asset_id": "A-17", "note": "bought, used"}));
        let splice = line.find(",\"asset\"").unwrap();
        assert!(lines.contains(&format!("{}}}", &line[..splice])), "the sample's own bytes were touched: {line}");
    }
}

#[test]
fn backfill_rebuilds_the_same_windows() {
    let home = Home::new();
    let source = format!("replay:{}", home.file("fleet.jsonl", simulated(&home, 100).join("\n")));
    home.ok(&["collect", "--source", &source, "--speed", "max"]);
    home.ok(&["validate", "--once"]);
    home.ok(&["aggregate", "--once"]);
    let before = all(&home.store());
    let written = "SELECT sum(written_at) FROM gpu_metrics_1m";
    let stamp = number(&home.store(), written);
    let range = "2020-01-01..2099-01-01";
    home.ok(&["aggregate", "--backfill", range, "--dry-run"]);
    assert_eq!(number(&home.store(), written), stamp, "a dry run wrote");
    home.ok(&["aggregate", "--backfill", range]);
    assert_ne!(number(&home.store(), written), stamp, "nothing was rebuilt");
    all_same("backfill", &before, &all(&home.store()));
}

#[test]
fn backfill_takes_in_late_samples() {
    let home = Home::new();
    let lines = spoilt(simulated(&home, 100));
    let source = format!("replay:{}", home.file("fleet.jsonl", lines.join("\n")));
    let summary = home.json(&["run", "-q", "--source", &source, "--speed", "max", "-o", "json"]);
    adds_up(&summary);
    let in_windows = "SELECT sum(count) FROM gpu_metrics_1m";
    let (rows, before) = (number(&home.store(), "SELECT count(*) FROM gpu_metrics"), number(&home.store(), in_windows));
    assert!(before < rows, "no sample came late: {before} of {rows}");
    home.ok(&["aggregate", "--backfill", "2020-01-01..2099-01-01"]);
    assert_eq!(number(&home.store(), in_windows), rows);
}

#[test]
fn migrate_tells_where_a_store_stands() {
    let home = Home::new();
    let absent = home.run(&["migrate", "status", "--check"]);
    assert_eq!(absent.code, 1, "{}", absent.err);
    assert!(!home.store().exists(), "status made a store");
    assert!(home.ok(&["migrate", "plan"]).contains("CREATE TABLE gpu_metrics "));
    home.ok(&["migrate", "up", "--dry-run"]);
    assert!(!home.store().exists(), "a dry run made a store");
    home.ok(&["migrate"]);
    home.ok(&["migrate", "status", "--check"]);
    assert_eq!(home.ok(&["migrate", "plan"]), "");
    let verified = home.json(&["migrate", "verify", "-o", "json"]);
    assert_eq!(verified["findings"], serde_json::json!([]));
    rusqlite::Connection::open(home.store()).unwrap().execute_batch("DROP INDEX gpu_events_at").unwrap();
    let ran = home.run(&["migrate", "verify"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("gpu_events_at") && ran.out.contains("remedy:"), "{}", ran.out);
    // The store may be named before the act or after it.
    let other = format!("sqlite:{}", home.path("other.db").display());
    home.ok(&["migrate", "up", "--store", &other]);
    home.ok(&["migrate", "-d", &other, "status", "--check"]);
}

#[test]
fn without_a_command_it_says_what_to_try() {
    let home = Home::new();
    let ran = home.run(&[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.starts_with("Try: gpuhm demo"), "{}", ran.err);
    let commands =
        ["collect", "validate", "aggregate", "migrate", "tail", "top", "assets", "run", "demo", "completions"];
    let help = home.ok(&["--help"]);
    for command in commands {
        assert!(help.contains(command), "--help does not list {command}");
        assert!(home.ok(&[command, "--help"]).contains("Usage: gpuhm"), "{command} --help");
    }
    assert_eq!(home.ok(&["--version"]), concat!("gpuhm ", env!("CARGO_PKG_VERSION"), "\n"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(home.ok(&["completions", shell]).contains("gpuhm"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::new();
    home.ok(&sim("run", &[]));
    for command in ["top --once", "top --once -o csv", "tail -t gpu-metrics-raw -n all --no-follow", "--help", LINES] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = home.command(&command.split(' ').collect::<Vec<_>>());
        let mut writing = Service::as_is(command.stdout(writer).stderr(Stdio::null()));
        assert_eq!(writing.ended(Duration::from_mins(1)), 0, "{command:?}");
    }
}

#[test]
fn repeats_older_than_the_check_remembers_are_stored_once_and_nothing_is_lost() {
    let home = Home::new();
    let file = home.path("events.jsonl");
    let file = file.to_str().unwrap();
    home.ok(&[
        "collect", "--source", "sim", "--gpus", "1", "--hosts", "1", "--ticks", "100", "--speed", "max", "--sink", file,
    ]);
    let all = std::fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = all.lines().filter(|line| line.contains("gpu_metric_sample")).collect();
    let again: Vec<&str> = lines.iter().chain(&lines[..50]).chain(&lines[40..60]).copied().collect();
    home.file("events.jsonl", again.join("\n"));
    let source = format!("replay:{file}");
    let summary = home.json(&["run", "-q", "--source", &source, "--speed", "max", "-o", "json"]);
    assert_eq!(
        (&summary["read"], &summary["stored"], &summary["lost"]),
        (&170.into(), &summary["validated"], &0.into())
    );
    assert!(summary["repeated"].as_u64().unwrap() > 0, "{summary}");
}

#[test]
fn a_recording_is_not_written_over_by_itself() {
    let home = Home::new();
    let file = home.path("events.jsonl");
    let file = file.to_str().unwrap();
    home.ok(&[
        "collect", "--source", "sim", "--gpus", "2", "--hosts", "1", "--ticks", "9", "--speed", "max", "--sink", file,
    ]);
    let before = std::fs::read(file).unwrap();
    let source = format!("replay:{file}");
    home.fails(&["collect", "--source", &source, "--speed", "max", "--sink", file], 2, &["is the recording"]);
    assert_eq!(std::fs::read(file).unwrap(), before);
}

#[test]
fn a_cut_run_says_what_waits_and_the_next_finishes_it() {
    let home = Home::new();
    let sim = ["--source", "sim", "--gpus", "64", "--hosts", "8", "--speed", "max", "--ticks", "2000", "-o", "json"];
    let cut = home.shell(&format!(
        "$GPUHM run -q {} --drain 0s >out & sleep 1.5; kill -TERM $!; wait $!; echo $?; cat out",
        sim.join(" ")
    ));
    let mut lines = cut.out.lines();
    let (code, summary) = (lines.next().unwrap(), lines.next().unwrap());
    let summary: serde_json::Value = serde_json::from_str(summary).unwrap();
    assert_eq!(summary["lost"], 0, "{summary}");
    let waiting = summary["waiting"].as_u64().unwrap_or_default();
    // Where it was quick enough to drain all the same, nothing waits and it was ended by the signal.
    assert!(code == "3" || code == "143" && waiting == 0, "{code} {summary}");
    let next = home.json(&[
        "run", "-q", "--source", "sim", "--speed", "max", "--ticks", "1", "--gpus", "1", "--hosts", "1", "-o", "json",
    ]);
    assert_eq!(next["backlog"].as_u64().unwrap_or_default(), waiting, "{next}");
}
