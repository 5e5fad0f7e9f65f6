//! Passes as processes over a fleet that was simulated up to now: what they raise, what they say, what a kill leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gpuhm::event::Time;
use gpuhm::event::time::{MINUTE, SECOND};
use gpuhm::pipeline::clock::wall;
use serde_json::Value;

use crate::process::{Dice, Home, parsed};

const INTERVAL: i64 = 10 * SECOND;

/// A fleet of racks of eight hosts, simulated from `past` before `until` up to it, through collect, validate, aggregate.
pub(crate) fn simulate(home: &Home, (gpus, hosts): (&str, &str), (past, until): (i64, Time), faults: &[&str]) {
    let from = until.plus(-past).floor(INTERVAL).to_string();
    let ticks = (past / INTERVAL).to_string();
    let mut args =
        vec!["collect", "-q", "--source", "sim", "--speed", "max", "--gpus", gpus, "--hosts", hosts, "--from", &from];
    args.extend(["--ticks", &ticks]);
    for fault in faults {
        args.extend(["--fault", fault]);
    }
    home.ok(&args);
    home.ok(&["validate", "-q", "--once"]);
    home.ok(&["aggregate", "-q", "--once"]);
}

/// The newest event of every alert on the topic, by id.
pub(crate) fn alerts(home: &Home) -> BTreeMap<String, Value> {
    let mut all: Vec<Value> = home.topic("gpu-alerts").iter().map(|line| parsed(line)).collect();
    all.sort_by_key(|alert| alert["at"].as_str().unwrap().to_owned());
    all.into_iter().map(|alert| (alert["alert_id"].as_str().unwrap().to_owned(), alert)).collect()
}

pub(crate) fn of_rule<'a>(alerts: &'a BTreeMap<String, Value>, rule: &str) -> Vec<&'a Value> {
    alerts.values().filter(|alert| alert["rule"] == rule).collect()
}

/// What fires in the store, as `top` has it.
fn firing(home: &Home) -> i64 {
    crate::process::tables::number(&home.store(), "SELECT count(*) FROM gpu_alerts WHERE status = 'firing'")
}

fn open(home: &Home) -> i64 {
    let query = "SELECT count(*) FROM gpu_alerts WHERE status = 'firing' AND suppressed_by IS NULL";
    crate::process::tables::number(&home.store(), query)
}

#[test]
fn a_lost_host_is_one_alert_and_ends_when_it_returns() {
    let home = Home::new();
    let now = wall();
    // Silent for the last four minutes of twenty.
    simulate(&home, ("32", "4"), (20 * MINUTE, now), &["host_lost@2+16m"]);
    home.ok(&["score", "-q", "--once"]);
    let raised = alerts(&home);
    assert_eq!(of_rule(&raised, "host_silent").len(), 1, "{raised:#?}");
    assert_eq!(raised.len(), 1, "one alert, not eight: {raised:#?}");
    assert_eq!((firing(&home), open(&home)), (1, 1));
    // Another pass says nothing new.
    home.ok(&["score", "-q", "--once"]);
    assert_eq!(home.topic("gpu-alerts").len(), 1);
    simulate(&home, ("32", "4"), (MINUTE, wall().plus(2 * MINUTE)), &[]);
    home.ok(&["score", "-q", "--once"]);
    assert_eq!(of_rule(&alerts(&home), "host_silent")[0]["status"], "resolved");
    assert_eq!(open(&home), 0);
}

#[test]
fn a_racks_power_brake_is_one_incident_with_its_gpus_under_it() {
    let home = Home::new();
    simulate(&home, ("64", "16"), (20 * MINUTE, wall()), &["power_brake@rack-01+14m"]);
    let before = firing(&home);
    assert_eq!(before, 32, "each GPU of the rack has its alert");
    home.ok(&["score", "-q", "--once"]);
    let raised = alerts(&home);
    let incidents = of_rule(&raised, "incident");
    assert_eq!(incidents.len(), 1, "{raised:#?}");
    assert_eq!(incidents[0]["host"]["rack"], "rack-01");
    assert_eq!(open(&home), 1, "the incident alone is open");
    let under = format!(
        "SELECT count(*) FROM gpu_alerts WHERE suppressed_by = '{}' AND rule = 'power_brake'",
        incidents[0]["alert_id"].as_str().unwrap()
    );
    assert_eq!(crate::process::tables::number(&home.store(), &under), 32);
}

#[test]
fn a_silence_keeps_alerts_from_counting_and_ends() {
    let home = Home::new();
    home.ok(&["migrate", "-q", "up"]);
    let id = home.ok(&["silence", "add", "host=gpu-node-001", "--until", "2h", "--reason", "new power supply"]);
    let id = id.trim();
    let listed = home.json(&["silence", "list", "-o", "json"]);
    assert_eq!((&listed["silences"][0]["id"], &listed["silences"][0]["stands"]), (&id.into(), &"holds".into()));
    simulate(&home, ("8", "2"), (20 * MINUTE, wall().plus(3 * MINUTE)), &["xid=79@1/0+18m"]);
    home.ok(&["score", "-q", "--once"]);
    assert!(firing(&home) > 0);
    assert_eq!(open(&home), 0);
    let marked = of_rule(&alerts(&home), "xid")[0]["suppressed_by"].clone();
    assert_eq!(marked, format!("silence:{id}"), "marked from its first event on");
    home.ok(&["silence", "end", id]);
    home.ok(&["score", "-q", "--once"]);
    assert!(open(&home) > 0, "it counts once the silence is over");
    home.fails(&["silence", "end", id], 1, &["has ended already"]);
    home.fails(&["silence", "add", "hots=a", "--until", "2h", "--reason", "x"], 2, &["did you mean host?"]);
    home.fails(&["silence", "add", "host=a", "--until", "yesterday", "--reason", "x"], 2, &["not ahead"]);
}

#[test]
fn every_ledger_adds_up_and_every_gpu_has_its_numbers() {
    let home = Home::new();
    let faults = ["ecc_dbe@1/0+15m", "xid=79@2/1+18m", "row_remap_failed@1/2+10m", "hw_thermal@2/3+12m"];
    simulate(&home, ("16", "2"), (20 * MINUTE, wall()), &faults);
    let scores = home.json(&["score", "-q", "--once", "-o", "json"]);
    assert_eq!(scores["schema"], "gpuhm.scores/1");
    let gpus = scores["gpus"].as_array().unwrap();
    assert_eq!(gpus.len(), 16);
    for gpu in gpus {
        let points: i64 = gpu["ledger"].as_array().unwrap().iter().map(|row| row["points"].as_i64().unwrap()).sum();
        assert_eq!(gpu["score"].as_i64().unwrap(), 100 - points, "{gpu}");
    }
    let bad: BTreeSet<String> = gpus
        .iter()
        .filter(|gpu| gpu["score"].as_i64().unwrap() < 90)
        .map(|gpu| format!("{}/{}", gpu["host"].as_str().unwrap(), gpu["index"]))
        .collect();
    let struck = ["gpu-node-001/0", "gpu-node-001/2", "gpu-node-002/1", "gpu-node-002/3"];
    assert_eq!(bad, struck.map(str::to_owned).into());
    home.ok(&["predict", "-q", "--once"]);
    let fleet = home.json(&["top", "--once", "-o", "json"]);
    for gpu in fleet["gpus"].as_array().unwrap() {
        for key in ["score", "state", "confidence", "p30"] {
            assert!(!gpu[key].is_null(), "no {key} in {gpu}");
        }
    }
    let ran = home.run(&["score", "-q", "--once", "--fail-below", "60", "-o", "csv"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.lines().count() >= 3 && ran.out.contains("gpu-node-002,1,"), "{}", ran.out);
    let told = home.ok(&["score", "--explain", "gpu-node-001/0"]);
    assert!(told.contains("uncorrectable_error") && told.contains("score"), "{told}");
    let odds = home.ok(&["predict", "--explain", "gpu-node-001/0"]);
    assert!(odds.contains("prior"), "says what it does not know: {odds}");
}

/// Kill -9 of score in a loop: between reading, publishing and writing. Each alert once, by its id.
#[test]
fn killed_again_and_again_score_raises_each_alert_once() {
    let rounds = std::env::var_os("GPUHM_KILL_ROUNDS").and_then(|text| text.to_str()?.parse().ok()).unwrap_or(10_u64);
    for round in 0..rounds {
        let mut dice = Dice(round);
        let home = Home::new();
        let faults = ["host_lost@2+15m", "power_brake@rack-02+10m", "ecc_dbe@3/1+12m", "row_remap_failed@4/0+12m"];
        simulate(&home, ("64", "16"), (20 * MINUTE, wall()), &faults);
        let before = alerts(&home).len();
        for _ in 0..6 {
            let service = home.start(&["score", "-q", "--once"]);
            std::thread::sleep(Duration::from_millis(dice.below(120)));
            service.kill();
        }
        home.ok(&["score", "-q", "--once"]);
        let raised = alerts(&home);
        assert!(raised.len() > before, "round {round}: the pass raised nothing");
        let prints: BTreeSet<&str> = raised.values().map(|alert| alert["fingerprint"].as_str().unwrap()).collect();
        assert_eq!(prints.len(), raised.len(), "round {round}: an alert has two ids: {raised:#?}");
        let rows = crate::process::tables::number(&home.store(), "SELECT count(*) FROM gpu_alerts");
        assert_eq!(rows, i64::try_from(raised.len()).unwrap(), "round {round}: topic and store differ");
        // A pass that has nothing new to say says nothing.
        let events = home.topic("gpu-alerts").len();
        home.ok(&["score", "-q", "--once"]);
        assert_eq!(home.topic("gpu-alerts").len(), events, "round {round}");
    }
}

#[test]
fn of_two_scorers_one_works() {
    let home = Home::new();
    simulate(&home, ("8", "1"), (5 * MINUTE, wall()), &[]);
    let service = home.start(&["score", "--every", "1m"]);
    crate::process::until("the service to score", Duration::from_mins(1), || {
        crate::process::tables::number(&home.store(), "SELECT count(*) FROM fleet_health") > 0
    });
    let ran = home.run(&["score", "--once", "-o", "json"]);
    assert_eq!((ran.code, ran.err.contains("already running")), (0, true), "{}", ran.err);
    assert_eq!(parsed(&ran.out)["gpus"].as_array().unwrap().len(), 8);
    assert_eq!(service.stopped(Duration::from_mins(1)), 0);
}
