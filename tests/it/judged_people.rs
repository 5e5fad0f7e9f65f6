//! What people tell the passes, what passes tell of the pipeline itself, and how a view is left.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use gpuhm::event::time::{MINUTE, SECOND};
use gpuhm::pipeline::clock::{monotonic, wall};
use serde_json::Value;

use crate::judged::{alerts, of_rule, simulate};
use crate::process::tables::number;
use crate::process::{Home, until};

#[test]
fn labels_move_the_odds_and_bad_files_change_nothing() {
    let home = Home::new();
    simulate(&home, ("8", "1"), (5 * MINUTE, wall()), &[]);
    let odds = |home: &Home, gpu: usize| {
        let all = home.json(&["predict", "-q", "--once", "-o", "json"]);
        let gpus = all["gpus"].as_array().unwrap();
        let name = u64::try_from(gpu).unwrap();
        let found = gpus.iter().find(|gpu| gpu["index"] == name).unwrap().clone();
        (found["status"].as_str().unwrap().to_owned(), found)
    };
    let (status, before) = odds(&home, 3);
    assert_eq!(status, "prior_only");
    home.ok(&["predict", "label", "gpu-node-001/3", "dbe", "--at", "2d", "--note", "drained", "--who", "me"]);
    let (status, after) = odds(&home, 3);
    assert_eq!(status, "updating");
    let p = |gpu: &Value| {
        let odds = gpu["odds"].as_array().unwrap();
        odds.iter().find(|odds| odds["days"] == 30).unwrap()["p"].as_f64().unwrap()
    };
    assert!(p(&after) > 5.0 * p(&before), "{before} {after}");
    let file =
        home.file("labels.csv", "gpu_uuid,at,kind\nGPU-a,2026-01-01,dbe\nGPU-b,never,dbe\nGPU-c,2026-01-01,melted\n");
    home.fails(&["predict", "label", "import", &file], 2, &["2 of its records", "none was imported"]);
    let file =
        home.file("good.csv", "gpu_uuid,at,kind,note\nGPU-a,2026-01-01,dbe,x\nGPU-b,2026-01-02T03:04:05Z,rma,\n");
    home.ok(&["predict", "label", "import", &file]);
    assert_eq!(number(&home.store(), "SELECT count(*) FROM gpu_failures"), 3);
    let told = home.json(&["predict", "label", "list", "-o", "json"]);
    assert_eq!(told["labels"].as_array().unwrap().len(), 3, "{told}");
    home.ok(&["predict", "label", "remove", "GPU-b", "rma", "--at", "2026-01-02T03:04:05Z"]);
    home.fails(&["predict", "label", "remove", "GPU-b", "rma", "--at", "2026-01-02T03:04:05Z"], 1, &["no record"]);
    home.fails(&["predict", "label", "gpu-node-001/3", "dbe", "--at", "1800-01-01"], 2, &["before 2000"]);
    home.fails(&["predict", "label", "gpu-node-001/3", "dbe", "--at", "1d", "--note", "a\u{1b}b"], 2, &["control"]);
    let ran = home.run(&["predict", "-q", "--once", "--fail-above", "0.000001"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
}

#[test]
fn a_run_tells_that_its_only_host_is_lost() {
    let home = Home::new();
    let args = ["run", "-q", "--source", "sim", "--gpus", "8", "--hosts", "1", "--speed", "30"];
    home.ok(&[&args[..], &["--fault", "host_lost@1+1m", "--for", "14s", "-o", "json"]].concat());
    assert_eq!(of_rule(&alerts(&home), "host_silent").len(), 1, "{:#?}", alerts(&home));
}

#[test]
fn stages_that_stand_still_are_told_and_not_taken_for_a_silent_fleet() {
    let home = Home::new();
    let now = wall();
    simulate(&home, ("16", "2"), (20 * MINUTE, now.plus(-4 * MINUTE)), &[]);
    // Four minutes more were collected, and nobody reads them.
    let from = now.plus(-4 * MINUTE).floor(10 * SECOND).to_string();
    let args = ["collect", "-q", "--source", "sim", "--speed", "max", "--gpus", "16", "--hosts", "2", "--ticks", "24"];
    home.ok(&[&args[..], &["--from", &from]].concat());
    home.ok(&["score", "-q", "--once"]);
    let raised = alerts(&home);
    assert_eq!(of_rule(&raised, "pipeline_silent").len(), 1, "{raised:#?}");
    assert!(of_rule(&raised, "host_silent").is_empty(), "{raised:#?}");
    home.ok(&["validate", "-q", "--once"]);
    home.ok(&["aggregate", "-q", "--once"]);
    home.ok(&["score", "-q", "--once"]);
    assert_eq!(of_rule(&alerts(&home), "pipeline_silent")[0]["status"], "resolved");
}

#[test]
fn beside_a_run_nobody_else_scores() {
    let home = Home::new();
    let service = home.start(&["run", "--source", "sim", "--gpus", "8", "--hosts", "1", "--interval", "1s"]);
    until("the run to score", Duration::from_mins(1), || {
        home.store().exists()
            && number(&home.store(), "SELECT count(*) FROM sqlite_master WHERE name = 'fleet_health'") > 0
            && number(&home.store(), "SELECT count(*) FROM fleet_health") > 0
    });
    let ran = home.run(&["score", "--once"]);
    assert_eq!((ran.code, ran.err.contains("already running")), (0, true), "{}", ran.err);
    assert_eq!(service.stopped(Duration::from_mins(1)), 0);
}

/// The terminal of `script`, where it is installed.
fn has_script() -> bool {
    Command::new("script").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

#[test]
fn a_demo_is_left_at_once_while_its_history_fills_and_leaves_nothing() {
    if !has_script() {
        return;
    }
    let home = Home::new();
    let folder = home.path("tmp");
    std::fs::create_dir(&folder).unwrap();
    let line = format!(
        "TERM=xterm-256color TMPDIR={} {} demo --gpus 64 --hosts 8",
        folder.display(),
        env!("CARGO_BIN_EXE_gpuhm")
    );
    let mut child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut keys = child.stdin.take().unwrap();
    until("the demo to begin", Duration::from_mins(1), || std::fs::read_dir(&folder).unwrap().next().is_some());
    std::thread::sleep(Duration::from_millis(700));
    let asked = monotonic();
    keys.write_all(b"q").unwrap();
    until("the demo to end", Duration::from_mins(1), || child.try_wait().unwrap().is_some());
    assert!(asked.elapsed() < Duration::from_secs(30), "it hung: {:?}", asked.elapsed());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "its files are left");
}
