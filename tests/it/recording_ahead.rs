//! A recording with a line from the future: that line is refused, and nothing else suffers for it.

use crate::process::Home;

const FUTURE: &str = "2099-01-01T00:00:00Z";

/// Good lines of one GPU, ten seconds apart, as `collect` writes them.
fn good(home: &Home, ticks: &str) -> Vec<String> {
    let sim = ["--source", "sim", "--gpus", "1", "--hosts", "1", "--interval", "10s", "--ticks", ticks];
    home.ok(&[&["collect", "--speed", "max", "--sink", "good.jsonl"][..], &sim].concat());
    let text = std::fs::read_to_string(home.path("good.jsonl")).unwrap();
    text.lines().filter(|line| line.contains("gpu_metric_sample")).map(str::to_owned).collect()
}

/// The line as a GPU with a broken clock would have written it.
fn ahead(line: &str) -> String {
    let mut event = crate::process::parsed(line);
    event["timestamp"] = FUTURE.into();
    event.to_string()
}

#[test]
fn the_lines_behind_it_are_as_good_as_before() {
    let home = Home::new();
    let mut lines = good(&home, "240");
    assert_eq!(lines.len(), 240);
    lines.insert(10, ahead(&lines[10]));
    let table = |second: usize| format!("2026-03-01T00:{:02}:{:02}Z,a,0,50", second / 60, second % 60);
    let mut rows: Vec<String> = (0..240).map(table).collect();
    rows.insert(10, format!("{FUTURE},a,0,50"));
    rows.insert(0, "t,host,gpu,gpu_temp_c".to_owned());
    for (name, lines) in [("one.jsonl", lines), ("one.csv", rows)] {
        let source = format!("replay:{}", home.file(name, lines.join("\n")));
        let home = Home::new();
        let summary = home.json(&["run", "-q", "--source", &source, "--speed", "max", "-o", "json"]);
        let counts = ["read", "validated", "refused", "lost"].map(|key| summary[key].as_u64().unwrap());
        assert_eq!(counts, [241, 240, 1, 0], "{name}: {summary}");
        let refused = home.topic("gpu-metrics-invalid");
        assert!(refused[0].contains("\"clock_skew\"") && refused[0].contains("\"2099-01-01T"), "{name}: {refused:?}");
    }
}

#[test]
fn nobody_waits_for_it() {
    let home = Home::new();
    let lines = good(&home, "3");
    for at in 0..=lines.len() {
        let mut lines = lines.clone();
        lines.insert(at, ahead(&lines[0]));
        let source = format!("replay:{}", home.file("one.jsonl", lines.join("\n")));
        let home = Home::new();
        // Whoever waits is given up on.
        let summary = home.json(&["run", "-q", "--source", &source, "--speed", "20", "-o", "json"]);
        let counts = ["read", "validated", "refused"].map(|key| summary[key].as_u64().unwrap());
        assert_eq!(counts, [4, 3, 1], "at {at}: {summary}");
    }
}
