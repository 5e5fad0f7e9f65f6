//! Bad input: each gets one clear error and its exit code, nothing panics, and nothing else is lost by it.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::process::recording::simulated;
use crate::process::tables::number;
use crate::process::{Home, garbage, parsed, text};

/// Runs a file through everything; returns the summary and what was said on standard error.
fn replayed(home: &Home, file: &str) -> (Value, String) {
    let source = format!("replay:{file}");
    let ran = home.run(&["run", "--source", &source, "--speed", "max", "-o", "json"]);
    assert_eq!(ran.code, 0, "{file}: {}{}", ran.out, ran.err);
    (parsed(&ran.out), ran.err)
}

fn counts(summary: &Value) -> [u64; 4] {
    ["read", "validated", "refused", "lost"].map(|key| summary[key].as_u64().unwrap())
}

const WRONG: [&[&str]; 29] = [
    &["run", "--source", "sim", "--speed", "0"],
    &["run", "--source", "sim", "--speed", "fast"],
    &["run", "--source", "sim", "--interval", "0s"],
    &["run", "--source", "sim", "--interval", "ten"],
    &["run", "--source", "sim", "--gpus", "0"],
    &["run", "--source", "sim", "--gpus", "1", "--hosts", "2"],
    &["run", "--source", "sim", "--ticks", "0"],
    &["run", "--source", "sim", "--from", "yesterday"],
    &["run", "--source", "sim", "--fault", "melted@1/0+20s"],
    &["run", "--source", "sim", "--fault", "xid=79@999/0+20s"],
    &["run", "--source", "gopher:70"],
    &["run", "--source", "replay:"],
    &["run", "--source", "sim", "-o", "yaml"],
    &["run", "--source", "dcgm://h:0"],
    &["collect", "--source", "sim", "--label", "colour=red"],
    &["collect", "--source", "sim", "--bus", "kafka://broker:notaport"],
    &["collect", "--source", "sim", "--bus", "file:"],
    &["validate", "--store", "mysql://host/db", "--once"],
    &["validate", "--step", "0", "--once"],
    &["aggregate", "--dry-run"],
    &["aggregate", "--once", "--bus", "gopher"],
    &["aggregate", "--once", "--store", "none"],
    &["aggregate", "--backfill", "2026-02-01..2026-01-01"],
    &["aggregate", "--backfill", "2026-02-01"],
    &["tail", "-n", "some", "--no-follow"],
    &["top", "--once", "--log", "loud"],
    &["migrate", "sideways"],
    &["completions", "cmd"],
    &["unheard-of"],
];

#[test]
fn wrong_usage_exits_2_before_anything_runs() {
    let home = Home::new();
    for args in WRONG {
        let ran = home.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}{}", ran.out, ran.err);
        assert_eq!(ran.out, "", "{args:?} must leave standard output alone");
        let first = ran.err.lines().next().unwrap_or_default();
        assert!(first.starts_with("gpuhm: ") || first.starts_with("error: "), "{args:?}: {}", ran.err);
        assert!(!home.path("home").exists(), "{args:?} made a home");
    }
    for (url, said) in [("mysql://me:secret@host/db", "not a store's URL"), ("postgres://me:secret@h:x/db", "the port")]
    {
        let ran = home.fails(&["migrate", "status", "-d", url], 2, &[said]);
        assert!(!ran.err.contains("secret"), "a password was repeated: {}", ran.err);
    }
    home.fails(&["tail", "-t", "weather", "--no-follow"], 2, &["no topic", "weather"]);
}

#[test]
fn a_home_that_cannot_be_made() {
    let home = Home::new();
    let file = home.file("plain", "a file");
    let under = format!("{file}/home");
    let sim = ["--source", "sim", "--ticks", "1", "--speed", "max"];
    for command in ["collect", "run"] {
        let args: Vec<&str> = [command, "--home", &under].into_iter().chain(sim).collect();
        home.fails(&args, 2, &[&under, "Not a directory"]);
    }
    for args in [&["validate", "--once"][..], &["aggregate", "--once"], &["migrate"], &["tail"]] {
        let args: Vec<&str> = args.iter().copied().chain(["--home", &under]).collect();
        home.fails(&args, 2, &[&under, "Not a directory"]);
    }
    home.fails(&["tail", "--no-follow", "--home", &under], 2, &["there is none"]);
    home.fails(&["top", "--once", "--home", &under], 2, &["no such file"]);
    let sink = format!("{file}/events");
    home.fails(&["collect", "--source", "sim", "--sink", &sink], 2, &[&sink]);
    home.fails(&["generate", &under], 2, &[&under]);
}

/// Commands that open the store, and those that open the bus.
const STORES: [&[&str]; 5] =
    [&["top", "--once"], &["aggregate", "--once"], &["validate", "--once"], &["assets", "export"], &["migrate"]];
const BUSES: [&[&str]; 4] = [
    &["validate", "--once"],
    &["aggregate", "--once"],
    &["tail", "--no-follow"],
    &["collect", "--source", "sim", "--ticks", "1", "--speed", "max"],
];

fn used() -> Home {
    let home = Home::new();
    let fleet = ["--gpus", "8", "--hosts", "2", "--ticks", "30", "--speed", "max"];
    let args: Vec<&str> = ["run", "-q", "--source", "sim"].into_iter().chain(fleet).collect();
    home.ok(&args);
    home
}

fn sql(path: &Path, text: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(text).unwrap();
}

#[test]
fn what_a_newer_gpuhm_made() {
    let home = used();
    let newer = "INSERT INTO gpuhm_migrations VALUES (99, 'future', 'x', 0, 1, '99.1.0', '0.1.0')";
    sql(&home.store(), newer);
    home.ok(&["top", "--once"]);
    sql(&home.store(), "UPDATE gpuhm_migrations SET compatible_from = '99.0.0' WHERE version = 99");
    for args in STORES {
        let ran = home.fails(args, 2, &["99.0.0"]);
        assert!(ran.err.contains("hint: install gpuhm 99.0.0"), "{args:?}: {}", ran.err);
    }
    assert_eq!(home.run(&["migrate", "status", "--check"]).code, 1);
    sql(&home.bus(), "PRAGMA user_version = 99");
    home.fails(&["tail", "--no-follow"], 2, &["bus.db", "newer gpuhm"]);
    home.fails(BUSES[3], 2, &["bus.db", "newer gpuhm"]);
}

/// Puts something else in the place of a database.
fn replaced(path: &Path, put: impl Fn(&Path)) {
    for tail in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{}{tail}", text(path))));
    }
    put(path);
}

#[test]
fn files_that_are_no_databases_of_ours() {
    let garbage = |path: &Path| std::fs::write(path, vec![b'#'; 65_536]).unwrap();
    let foreign = |path: &Path| sql(path, "CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup')");
    for (put, says) in [(garbage as fn(&Path), "not a database"), (foreign, "gpuhm")] {
        let home = used();
        replaced(&home.store(), put);
        for args in STORES {
            home.fails(args, 2, &["store.db", says]);
        }
        let home = used();
        replaced(&home.bus(), put);
        for args in BUSES {
            home.fails(args, 2, &["bus.db"]);
        }
        if says == "gpuhm" {
            assert_eq!(number(&home.bus(), "SELECT count(*) FROM recipes"), 1, "a foreign file was touched");
        }
    }
}

#[test]
fn damaged_pages_are_said_and_never_a_panic() {
    let home = used();
    for path in [home.store(), home.bus()] {
        sql(&path, "PRAGMA wal_checkpoint(TRUNCATE)");
        let mut bytes = std::fs::read(&path).unwrap();
        let start = 4096.min(bytes.len());
        bytes[start..].iter_mut().step_by(7).for_each(|byte| *byte = 0xa5);
        std::fs::write(&path, bytes).unwrap();
    }
    for args in STORES.iter().chain(&BUSES) {
        let ran = home.run(args);
        assert!([2, 3].contains(&ran.code), "{args:?} went on with a damaged file: {} {}", ran.code, ran.err);
        assert!(ran.err.contains("gpuhm: "), "{args:?}: {}", ran.err);
    }
}

#[test]
fn recordings_that_are_none() {
    let home = Home::new();
    let run = |file: &str, says: &[&str]| {
        home.fails(&["run", "--source", &format!("replay:{file}"), "--speed", "max"], 2, says);
    };
    run(&text(&home.path("absent.csv")), &["absent.csv", "No such file"]);
    run(&home.file("empty.csv", ""), &["empty.csv", "empty"]);
    run(&home.file("blank.csv", "\n \n"), &["blank.csv"]);
    run(&home.file("poem.txt", "roses are red\n"), &["none of the formats"]);
    run(&home.file("bytes", [0, 159, 146, 150]), &["none of the formats"]);
    run(&home.file("cut.gz", [0x1f, 0x8b, 8, 0]), &["cut.gz"]);
    run(&text(&home.path(".")), &["directory"]);
    assert!(!home.path("home").exists(), "a home was made for nothing");
}

#[test]
fn a_table_with_broken_lines() {
    let home = Home::new();
    let header = "t,host,gpu,model,gpu_temp_c,power_w";
    let good = |second: u32| format!("2026-03-01T00:00:{second:02}Z,a,0,NVIDIA A100-SXM4-80GB,50,200");
    let lines =
        [header, &good(0), "garbage", &good(1), "never,a,0,x,50,200", "2026-03-01T00:00:02Z,a,zero,x,50,200", &good(3)];
    let (summary, said) = replayed(&home, &home.file("table.csv", lines.map(str::to_owned).join("\n")));
    assert_eq!(counts(&summary), [6, 3, 3, 0], "{summary}");
    for line in ["table.csv:3:", "table.csv:5:", "table.csv:6:"] {
        assert!(said.contains(line), "{line} is not named: {said}");
    }
    assert_eq!(home.topic("gpu-metrics-invalid").len(), 3);
}

#[test]
fn a_gzip_that_breaks_off_gives_what_it_holds() {
    let home = Home::new();
    let lines = simulated(&home, 30);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(lines.join("\n").as_bytes()).unwrap();
    let bytes = gzip.finish().unwrap();
    let (summary, said) = replayed(&home, &home.file("cut.jsonl.gz", &bytes[..bytes.len() / 2]));
    let [read, validated, refused, lost] = counts(&summary);
    assert!(validated > 20 && refused <= 1 && lost == 0 && read == validated + refused, "{summary}");
    assert!(said.contains("cut.jsonl.gz: ends early"), "{said}");
}

#[test]
fn garbage_on_the_raw_topic_is_refused_with_its_reasons() {
    let home = Home::new();
    let good = simulated(&home, 3);
    let bad = garbage::lines(&good[4]);
    let (first, rest) = good.split_first().unwrap();
    let lines: Vec<&[u8]> = std::iter::once(first.as_bytes())
        .chain(bad.iter().map(|(_, line)| line.as_slice()))
        .chain(rest.iter().map(String::as_bytes))
        .collect();
    let file = home.file("garbage.jsonl", lines.join(&b'\n'));
    let (summary, _) = replayed(&home, &file);
    let samples = good.iter().filter(|line| line.contains("gpu_metric_sample")).count();
    let (samples, refused) = (samples as u64, bad.len() as u64);
    assert_eq!(counts(&summary), [samples + refused, samples, refused, 0], "{summary}");
    let mut found: Vec<String> = Vec::new();
    for line in home.topic("gpu-metrics-invalid") {
        let refusal = parsed(&line);
        let of = |key: &str| refusal[key].as_array().map_or(0, Vec::len);
        assert!(of("reasons") > 0 && of("reasons") == of("validation_errors"), "{line}");
        assert!(refusal["source"]["topic"] == "gpu-metrics-raw" && refusal["source"]["offset"].is_u64(), "{line}");
        assert!(refusal["original_event"].is_object() != refusal["original_base64"].is_string(), "{line}");
        found.push(refusal["reasons"][0]["rule"].as_str().unwrap().to_owned());
    }
    found.sort_unstable();
    let mut rules: Vec<&str> = bad.iter().map(|(rule, _)| *rule).collect();
    rules.sort_unstable();
    assert_eq!(found, rules);
    rules.dedup();
    let listed = home.ok(&["validate", "--list-rules"]);
    let mut listed: Vec<&str> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
    listed.sort_unstable();
    assert_eq!(rules, listed, "a rule has no example in process/garbage.rs");
    // Separate processes count and refuse the same.
    let other = Home::new();
    other.ok(&["collect", "--source", &format!("replay:{file}"), "--speed", "max"]);
    let ran = other.run(&["validate", "--once"]);
    assert!(ran.err.contains(&format!("{samples} valid, {refused} refused")), "{}", ran.err);
    assert_eq!(other.topic("gpu-metrics-invalid").len(), bad.len());
}
