//! Recordings of real GPUs through the whole pipeline: every line is accounted for, and normal work raises no alert.
//!
//! They are not part of the project: `GPUHM_TEST_DATA` or `../shared/data` has them; without them these tests count as ignored.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::process::tables::number;
use crate::process::{Home, text};

/// The recordings, by name.
fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("GPUHM_SHARED_DATA")).join("telemetry");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = paths.filter(|path| text(path).ends_with(".csv.gz")).collect();
    found.sort_unstable();
    found
}

/// Lines after the header.
fn lines(path: &Path) -> u64 {
    let file = BufReader::new(MultiGzDecoder::new(std::fs::File::open(path).unwrap()));
    file.lines().skip(1).map(Result::unwrap).filter(|line| !line.is_empty()).count() as u64
}

fn all_accounted_for(path: &Path) {
    let home = Home::new();
    let source = format!("replay:{}", text(path));
    let args = ["run", "-q", "--source", &source, "--speed", "max", "--score-past", "15m", "-o", "json"];
    let summary = home.json(&args);
    let name = path.file_name().unwrap().display();
    let count = |key: &str| summary[key].as_u64().unwrap();
    assert_eq!(count("read"), lines(path), "{name}: {summary}");
    assert_eq!(count("collected"), count("read"), "{name}: {summary}");
    assert_eq!(count("validated") + count("refused") + count("duplicates"), count("collected"), "{name}: {summary}");
    assert_eq!(count("stored"), count("validated"), "{name}: {summary}");
    assert_eq!(count("refused"), 0, "{name}: {summary}");
    assert_eq!(count("lost"), 0, "{name}: {summary}");
    assert_eq!(summary["alerts"]["fired"], 0, "{name} is normal work: {:?}", home.topic("gpu-alerts"));
    // Judged every quarter of an hour of it, no GPU lost a point; where a recording tells too little, that is said.
    let scored = number(&home.store(), "SELECT count(*) FROM gpu_health_scores");
    let faulted = "SELECT count(*) FROM gpu_health_scores WHERE score < 100 OR state NOT IN ('ok', 'unknown')";
    assert!(scored > 0, "{name} was not scored");
    assert_eq!(number(&home.store(), faulted), 0, "{name} is normal work");
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs the lent recordings at ../shared/data/telemetry")]
fn normal_work_is_accounted_for_and_raises_no_alert() {
    let recordings = recordings();
    assert!(recordings.len() > 5, "{recordings:?}");
    for path in &recordings {
        all_accounted_for(path);
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs the lent recordings at ../shared/data/telemetry")]
fn a_recording_twice_into_one_home_is_stored_once() {
    let path = recordings().into_iter().find(|path| text(path).contains("h200x1")).unwrap();
    let (home, source) = (Home::new(), format!("replay:{}", text(&path)));
    let run = || home.json(&["run", "-q", "--source", &source, "--speed", "max", "-o", "json"]);
    let (first, second) = (run(), run());
    let count = |summary: &serde_json::Value, key: &str| summary[key].as_u64().unwrap();
    assert_eq!(count(&first, "repeated"), 0, "{first}");
    // The duplicate check remembers 32 times, and the first repeats push those out: rows tell the rest.
    assert_eq!(count(&second, "duplicates") + count(&second, "stored"), count(&second, "read"), "{second}");
    assert_eq!(count(&second, "repeated"), count(&second, "stored"), "{second}");
    assert_eq!(count(&second, "lost"), 0, "{second}");
    assert_eq!(second["alerts"]["fired"], 0, "{second}");
}
