//! The configuration file through the real binary: what is stronger than what, and how what is wrong is told.

use serde_json::Value;

use crate::process::{Home, parsed, text};

/// One tick of a simulated fleet as lines.
const TICK: [&str; 9] = ["collect", "-q", "--source", "sim", "--speed", "max", "--ticks", "1", "--sink"];

fn tick<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&TICK[..], &["-"], more].concat()
}

/// A home with this file, named by the environment.
fn home(file: &str) -> Home {
    let home = Home::new();
    let path = home.file("gpuhm.toml", file);
    home.with("GPUHM_CONFIG", path)
}

/// GPUs in one tick.
fn gpus(home: &Home, more: &[&str]) -> usize {
    home.ok(&tick(more)).lines().filter(|line| parsed(line)["event_type"] == "gpu_metric_sample").count()
}

/// A row of `doctor --config`: value and origin.
pub(crate) fn setting(home: &Home, key: &str) -> (Value, Value) {
    let answer = home.json(&["doctor", "--config", "-o", "json"]);
    assert_eq!(answer["schema"], "gpuhm.config/1");
    let rows = answer["values"].as_array().unwrap().clone();
    let row = rows.into_iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("no {key}"));
    (row["value"].clone(), row["origin"].clone())
}

#[test]
fn a_flag_is_stronger_than_the_environment_that_than_the_file_that_than_what_is_built_in() {
    let file = "[sim]\ngpus = 2\nhosts = 1\n";
    assert_eq!(gpus(&home(file), &[]), 2);
    assert_eq!(gpus(&home(file).with("GPUHM_SIM_GPUS", "3"), &[]), 3);
    assert_eq!(gpus(&home(file).with("GPUHM_SIM_GPUS", "3"), &["--gpus", "4"]), 4);
    let home = home(file).with("GPUHM_SIM_SEED", "9");
    let (value, origin) = setting(&home, "sim.gpus");
    let path = text(&home.path("gpuhm.toml"));
    assert_eq!((value, origin), ("2".into(), serde_json::json!({"kind": "file", "name": path, "line": 2})));
    let environment = serde_json::json!({"kind": "environment", "name": "GPUHM_SIM_SEED"});
    assert_eq!(setting(&home, "sim.seed"), ("9".into(), environment));
    assert_eq!(setting(&home, "sim.boards"), ("mixed".into(), serde_json::json!({"kind": "default"})));
    let flag = home.json(&["doctor", "--config", "-o", "json", "--strict"]);
    let strict = flag["values"].as_array().unwrap().iter().find(|row| row["key"] == "doctor.strict").unwrap().clone();
    assert_eq!(strict["origin"]["name"], "--strict", "{strict}");
    let table = home.ok(&["doctor", "--config"]);
    assert!(table.lines().any(|line| line.starts_with("sim.gpus ") && line.ends_with("gpuhm.toml:2")), "{table}");
}

#[test]
fn a_key_that_does_not_exist_is_named_with_its_place_and_the_nearest() {
    for (file, place, near) in [
        ("[collect]\n  intervall = \"10s\"\n", ":2:3: unknown key collect.intervall", "collect.interval"),
        ("[colect]\n", ":1:2: unknown key colect", "[collect]"),
        ("[tail]\ninterval = \"10s\"\n", ":2:1: unknown key tail.interval", "collect.interval"),
        ("a.b.c = 1\n", ":1:1: unknown key a", "gpuhm doctor --config"),
    ] {
        let said = home(file).fails(&tick(&[]), 2, &[place]);
        assert!(said.err.contains("hint: ") && said.err.contains(near), "{}", said.err);
        assert_eq!(said.out, "");
    }
}

#[test]
fn a_wrong_value_is_told_by_its_key_whichever_command_runs() {
    for (file, place, why) in [
        ("[collect]\ninterval = \"abc\"", "collect.interval in ", "no duration"),
        ("[collect]\ninterval = 10", "collect.interval in ", "no duration"),
        ("[collect]\ninterval = [\"10s\"]", "collect.interval in ", "takes one value"),
        ("[collect.interval]\na = 1", "collect.interval in ", "not a table"),
        ("[sim]\nboards = \"x100\"", "sim.boards in ", "none of mixed, a100"),
        ("[sim]\ngpus = 0", "sim.gpus in ", "0"),
        ("[tail]\nlines = \"few\"", "tail.lines in ", ":2"),
        ("[top]\nmouse = \"maybe\"", "top.mouse in ", "neither true nor false"),
        ("collect = 3", "collect in ", "is a section"),
        ("[kafka]\nproperties = 3", "kafka.properties in ", "is a table"),
    ] {
        let said = home(file).fails(&tick(&[]), 2, &[place, "gpuhm.toml", why]);
        assert!(!said.err.contains("--interval") && !said.err.contains("--value"), "{}", said.err);
    }
    home("").with("GPUHM_COLLECT_INTERVAL", "abc").fails(
        &tick(&[]),
        2,
        &["GPUHM_COLLECT_INTERVAL in the environment", "no duration"],
    );
}

#[test]
fn a_file_that_cannot_be_read_says_so() {
    let at = Home::new();
    let huge = at.file("huge.toml", "#".repeat((1 << 20) + 1));
    let bytes = at.file("bytes.toml", b"# \n[log]\nlevel = \"\xff\"\n");
    let broken = at.file("broken.toml", "[log]\nlevel = info\n");
    let twice = at.file("twice.toml", "[log]\nlevel = \"info\"\nlevel = \"warn\"\n");
    let cases = [
        (text(&at.path("none.toml")), "No such file"),
        (text(&at.path("")), "is a directory"),
        (huge, "larger than 1048576 bytes"),
        (bytes, "line 3 is not UTF-8"),
        (broken, "broken.toml:2:9"),
        (twice, "twice.toml:3:1"),
    ];
    for (path, why) in cases {
        at.fails(&tick(&["--config", &path]), 2, &[why]);
        // Before the command, too.
        at.fails(&[&["--config", &path], &tick(&[])[..]].concat(), 2, &[why]);
    }
}

#[test]
fn settings_never_exclude_a_flag() {
    let both = "[score]\nevery = \"1m\"\n[tail]\nlines = 5\n[collect]\nspool = \"/nowhere\"\n[top]\nview = \"gpus\"\n";
    for home in [home(both), home("").with("GPUHM_SCORE_EVERY", "1m").with("GPUHM_TAIL_LINES", "5")] {
        home.ok(&["migrate", "-q"]);
        home.ok(&["score", "-q", "--once"]);
        home.ok(&["run", "-q", "--source", "sim", "--gpus", "2", "--hosts", "1", "--speed", "max", "--ticks", "2"]);
        let tail =
            ["tail", "-t", "gpu-metrics-raw", "--since", "2026-01-01", "--no-follow", "-o", "jsonl", "--allow-empty"];
        home.ok(&tail);
        home.ok(&["top", "--once"]);
    }
    // What a flag asks for that the bus has no use for is told still.
    let home = Home::new();
    home.fails(&["collect", "--source", "sim", "--ticks", "1", "--spool", "/x"], 2, &["--spool is for Kafka"]);
}

#[test]
fn a_required_flag_may_stand_in_the_file_and_a_list_is_a_list() {
    let fault =
        "[collect]\nsource = \"sim\"\nspeed = \"max\"\n[sim]\ngpus = 1\nhosts = 1\nfault = [\"xid=79@1/0+10s\"]\n";
    let out = home(fault).ok(&["collect", "-q", "--ticks", "4", "--sink", "-"]);
    assert!(out.contains("79"), "{out}");
    let listed = home("[doctor]\nskip = [\"clock\", \"config.file\"]\n").ok(&["doctor"]);
    assert!(!listed.contains("clock") && !listed.contains("config.file"), "{listed}");
    let listed = home("").with("GPUHM_DOCTOR_SKIP", "clock, config.file").ok(&["doctor"]);
    assert!(!listed.contains("clock") && !listed.contains("config.file"), "{listed}");
}

#[test]
fn the_first_file_that_is_found_is_the_only_one() {
    let at = Home::new();
    for (folder, gpus) in [("person/.config", 2), ("xdg", 3)] {
        let folder = at.path(folder).join("gpuhm");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("gpuhm.toml"), format!("[sim]\ngpus = {gpus}\nhosts = 1\n")).unwrap();
    }
    let named = at.file("named.toml", "[sim]\nhosts = 5\n");
    let xdg = text(&at.path("xdg"));
    let count = |at: &Home, named: &[&str]| gpus(at, named);
    let at = at.with("GPUHM_CONFIG", "");
    assert_eq!(count(&at, &[]), 2);
    let at = at.with("XDG_CONFIG_HOME", xdg);
    assert_eq!(count(&at, &[]), 3);
    assert_eq!(count(&at, &["--config", &named]), 512);
}

#[test]
fn who_is_deaf_to_settings_ignores_even_a_broken_file() {
    let home = home("[nonsense]\n").with("GPUHM_SIM_GPUS", "none");
    home.ok(&["completions", "bash"]);
    home.ok(&["demo", "-q", "--for", "1s", "-o", "json", "--gpus", "1", "--hosts", "1", "--history", "1m"]);
    home.fails(&["tail"], 2, &["unknown key nonsense"]);
    let told = home.run(&["doctor", "-o", "json"]);
    assert_eq!(told.code, 1, "{}", told.err);
    let answer: Value = serde_json::from_str(&told.out).unwrap();
    let checks = answer["checks"].as_array().unwrap();
    let of = |id: &str| checks.iter().find(|check| check["id"] == id).unwrap();
    assert_eq!(of("config.file")["state"], "fault");
    assert!(of("config.file")["text"].as_str().unwrap().contains("unknown key nonsense"));
    assert_eq!((&of("clock")["state"], &of("clock")["text"]), (&"skipped".into(), &"needs config.file".into()));
}

#[test]
fn labels_come_from_the_file_the_environment_and_flags() {
    let labels = |home: &Home, more: &[&str]| -> Vec<String> {
        let line = home.ok(&tick(&[&["--gpus", "1", "--hosts", "1"], more].concat()));
        let host = &parsed(line.lines().next().unwrap())["host"];
        ["cluster", "rack", "datacenter"].map(|name| host[name].as_str().unwrap_or_default().to_owned()).to_vec()
    };
    let file = "[labels]\ncluster = \"c-file\"\nrack = \"r-file\"\ndatacenter = \"d-file\"\n";
    assert_eq!(labels(&home(file), &[]), ["c-file", "r-file", "d-file"]);
    let home = home(file).with("CLUSTER_NAME", "c-seed").with("RACK_ID", "r-seed").with("GPUHM_LABELS_RACK", "r-own");
    assert_eq!(labels(&home, &["--label", "datacenter=d-flag"]), ["c-seed", "r-own", "d-flag"]);
}

#[test]
fn a_variable_that_means_nothing_is_a_warning_of_doctor() {
    let told = home("").with("GPUHM_COLECT_INTERVAL", "10s").ok(&["doctor", "--only", "config.file"]);
    assert!(told.starts_with("warning ") && told.contains("set GPUHM_COLLECT_INTERVAL"), "{told}");
}

#[test]
fn an_empty_variable_says_nothing() {
    let names = [
        "BUS",
        "HOME",
        "JOBS",
        "KAFKA_CONFIG",
        "LIBDCGM",
        "LIBNVML",
        "LOG",
        "LOG_FORMAT",
        "METRICS",
        "SOURCE",
        "SPOOL",
        "STORE",
        "TARGETS",
        "TOPIC_PREFIX",
    ];
    let names = names.map(|name| &*format!("GPUHM_{name}").leak());
    for name in names {
        home("[sim]\ngpus = 2\nhosts = 1\n").with(name, "").ok(&tick(&[]));
    }
    // All at once, with the file's values behind them; and who is deaf.
    let all = |file| names.into_iter().fold(home(file), |home, name| home.with(name, ""));
    let file = "[collect]\nsource = \"sim\"\nspeed = \"max\"\n[sim]\ngpus = 2\nhosts = 1\n[log]\nlevel = \"error\"\n";
    assert_eq!(all(file).ok(&["collect", "--ticks", "1", "--sink", "-"]).matches("gpu_metric_sample").count(), 2);
    all("").ok(&["completions", "bash"]);
}

#[test]
fn a_variable_is_judged_and_named_as_one_and_stands_in_the_help() {
    for (name, value) in [("GPUHM_LOG", "loud"), ("GPUHM_METRICS", "nowhere:at:all"), ("GPUHM_SOURCE", "sim,nwml")] {
        home("").with(name, value).fails(&tick(&[]), 2, &[&format!("{name} in the environment: ")]);
    }
    let help = home("").with("GPUHM_JOBS", "/somewhere").ok(&["collect", "--help"]);
    assert!(help.contains("[env: GPUHM_JOBS="), "{help}");
}

#[test]
fn sources_in_a_variable_are_divided_and_each_that_fails_is_told() {
    let pages =
        ["a#host=n1,gpus=2", "b#gpus=3,host=n2", "c#host=n3"].map(|page| format!("exporter:http://127.0.0.1:1/{page}"));
    let ran = home("").with("GPUHM_SOURCE", pages.join(", ")).run(&["collect", "--once", "-o", "table"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    for page in ["a", "b", "c"] {
        let place = format!("exporter:http://127.0.0.1:1/{page}: ");
        assert_eq!(ran.err.lines().filter(|line| line.contains(&place)).count(), 1, "{place} in {}", ran.err);
    }
    for host in ["n1: 0 of 2 GPUs: ", "n2: 0 of 3 GPUs: ", "n3: 0 "] {
        assert!(ran.out.lines().any(|line| line.starts_with(host)), "{host} in {}", ran.out);
    }
}

#[test]
fn a_source_that_is_none_is_told_with_its_place_and_by_every_command() {
    for (value, why) in
        [("[\"sim\", \"zzz\"]", "zzz: not a source"), ("5", "5: not a source"), ("[\"dcgm://[bad\"]", "ends with ]")]
    {
        let file = format!("[collect]\nsource = {value}\n");
        for args in [&tick(&[])[..], &["doctor", "--config"], &["top", "--once"]] {
            let said = home(&file).fails(args, 2, &["collect.source in ", "gpuhm.toml:2", why]);
            assert!(!said.err.contains("--source zzz"), "{}", said.err);
        }
    }
    for url in ["http://[::1", "http://a b/", "http://n7:99999/metrics"] {
        let source = format!("exporter:{url}");
        home("").fails(&["collect", "--source", &source, "--once", "-o", "jsonl"], 2, &["--source exporter:"]);
    }
}

#[test]
fn of_sources_and_targets_the_one_that_is_said_more_strongly_counts_alone() {
    let file = "[collect]\ntargets = \"/nowhere/targets\"\n";
    let once = ["collect", "--once", "-o", "jsonl"];
    let source = ["--source", "exporter:http://127.0.0.1:1/own"];
    // The file's targets are not read: what fails is the source.
    home(file).fails(&[&once[..], &source].concat(), 3, &["127.0.0.1:1/own"]);
    home(file).with("GPUHM_SOURCE", source[1]).fails(&once, 3, &["127.0.0.1:1/own"]);
    home("").with("GPUHM_TARGETS", "/nowhere/targets").fails(&[&once[..], &source].concat(), 3, &["127.0.0.1:1/own"]);
    let (value, _) = setting(&home(file).with("GPUHM_SOURCE", source[1]), "collect.targets");
    assert_eq!(value, Value::Null);
    // Said side by side both count.
    let both = format!("{file}source = \"{}\"\n", source[1]);
    home(&both).fails(&once, 2, &["/nowhere/targets"]);
    home("").fails(&[&once[..], &source, &["--targets", "/nowhere/targets"]].concat(), 2, &["/nowhere/targets"]);
}
