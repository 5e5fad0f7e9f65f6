//! Every part as a process of its own, beside the others on one home: as they run in an installation.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use crate::process::tables::number;
use crate::process::{Home, Service, parsed, until};

/// Longer than anything waited for here takes, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// How soon a service must be gone once it is told.
const SOON: Duration = Duration::from_secs(10);

const LIVE: [&str; 13] = [
    "collect",
    "-q",
    "--source",
    "sim",
    "--gpus",
    "8",
    "--hosts",
    "2",
    "--interval",
    "200ms",
    "--fault",
    "xid=79@1/1+1s",
    "--fault",
];

fn live(home: &Home) -> Service {
    let args: Vec<&str> = LIVE.iter().copied().chain(["ecc_dbe@2/2+2s"]).collect();
    home.start(&args)
}

fn stored(home: &Home) -> i64 {
    number(&home.store(), "SELECT count(*) FROM gpu_metrics")
}

/// What the bus's own tables say; 0 while they are not made yet.
fn on_bus(home: &Home, query: &str) -> i64 {
    let bus = rusqlite::Connection::open_with_flags(home.bus(), rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY);
    let asked = bus.and_then(|bus| bus.query_row(query, [], |row| row.get(0)));
    asked.unwrap_or_default()
}

/// A recording on the bus: 64 GPUs, 20 ticks, each sample once.
fn recorded(home: &Home) -> usize {
    let fleet = ["--gpus", "64", "--hosts", "8", "--ticks", "20", "--from", "2025-03-01T00:00:00Z"];
    let args: Vec<&str> = ["collect", "-q", "--source", "sim", "--speed", "max"].into_iter().chain(fleet).collect();
    home.ok(&args);
    64 * 20
}

fn samples(home: &Home, topic: &str) -> Vec<String> {
    let mut lines = home.topic(topic);
    lines.retain(|line| line.contains("\"gpu_metric_sample\""));
    lines
}

#[test]
fn five_processes_on_one_home() {
    let home = Home::new();
    home.ok(&["migrate", "-q", "up"]);
    let collect = live(&home);
    let validate = home.start(&["validate"]);
    let aggregate = home.start(&["aggregate"]);
    until("rows", PATIENCE, || stored(&home) > 80);
    // Two alerts have come or will come; a follower shows them and ends by itself.
    let alerts =
        home.ok(&["tail", "--topic", "gpu-alerts", "-o", "jsonl", "-n", "all", "--max", "2", "--timeout", "50s"]);
    let alerts: Vec<_> = alerts.lines().map(parsed).collect();
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    assert!(alerts.iter().any(|alert| alert["rule"] == "xid" && alert["status"] == "firing"), "{alerts:?}");
    let fleet = home.json(&["top", "--once", "-o", "json"]);
    assert_eq!(fleet["schema"], "gpuhm.fleet/1");
    let gpus = fleet["gpus"].as_array().unwrap();
    assert_eq!(gpus.len(), 8, "{fleet}");
    assert!(gpus.iter().all(|gpu| gpu["age_s"].as_i64().unwrap() < 60 && gpu["gpu_temp_c"].is_number()), "{fleet}");
    for (name, service) in [("collect", collect), ("validate", validate), ("aggregate", aggregate)] {
        assert_eq!(service.stopped(SOON), 0, "{name}");
    }
    home.ok(&["validate", "--once"]);
    home.ok(&["aggregate", "--once"]);
    let all = samples(&home, "gpu-metrics-raw").len();
    assert_eq!(samples(&home, "gpu-metrics-validated").len(), all);
    assert_eq!(stored(&home), i64::try_from(all).unwrap());
}

#[test]
fn two_members_share_and_nothing_is_doubled() {
    let home = Home::new();
    let validates = [home.start(&["validate", "--step", "40"]), home.start(&["validate", "--step", "40"])];
    let owners = "SELECT count(DISTINCT member) FROM lease WHERE crew = 'gpuhm-validate'";
    until("both to own partitions", PATIENCE, || on_bus(&home, owners) == 2);
    let all = recorded(&home);
    until("validated samples", PATIENCE, || samples(&home, "gpu-metrics-validated").len() >= all);
    for validate in validates {
        assert_eq!(validate.stopped(SOON), 0);
    }
    let mut lines = samples(&home, "gpu-metrics-validated");
    assert_eq!(lines.len(), all);
    lines.dedup();
    assert_eq!(lines.len(), all, "a sample stands twice on the validated topic");
}

#[test]
fn once_leaves_a_live_group_alone_and_takes_over_a_dead_one() {
    let home = Home::new();
    let all = recorded(&home);
    let other = home.start(&["validate", "--step", "1"]);
    until("the member at work", PATIENCE, || !samples(&home, "gpu-metrics-validated").is_empty());
    home.fails(&["validate", "--once"], 3, &["validate", "other members"]);
    other.kill();
    home.ok(&["validate", "--once"]);
    assert_eq!(samples(&home, "gpu-metrics-validated").len(), all);
    home.ok(&["aggregate", "--once"]);
    assert_eq!(stored(&home), i64::try_from(all).unwrap());
    // Nothing left to do is success, too.
    home.ok(&["validate", "--once"]);
    home.ok(&["aggregate", "--once"]);
}

#[test]
fn a_follower_ends_by_the_signal_it_gets() {
    let home = Home::new();
    recorded(&home);
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let shown = home.path(signal);
        let mut command = home.command(&["tail", "-t", "gpu-metrics-raw"]);
        let mut follower = Service::as_is(command.stdout(File::create(&shown).unwrap()).stderr(Stdio::null()));
        until("what it shows", PATIENCE, || std::fs::metadata(&shown).unwrap().len() > 0);
        follower.signal(signal);
        assert_eq!(follower.ended(SOON), code, "{signal}");
    }
}

#[test]
fn services_end_cleanly_while_nothing_comes() {
    let home = Home::new();
    let services = [
        &["validate"][..],
        &["aggregate"],
        &["collect", "--source", "sim", "--gpus", "2", "--hosts", "1", "--interval", "100ms"],
    ];
    let services = services.map(|args| home.start(args));
    until("members that own partitions", PATIENCE, || {
        on_bus(&home, "SELECT count(DISTINCT member) FROM lease") == 2
            && on_bus(&home, "SELECT count(*) FROM batch WHERE topic = 'gpu-metrics-raw'") > 0
    });
    for mut service in services {
        assert!(service.runs(), "a service ended by itself");
        assert_eq!(service.stopped(SOON), 0);
    }
}
