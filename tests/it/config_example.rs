//! The example file: fresh (see `generated`), written where there is none, and every line of it true.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::process::{Home, text};

fn shipped() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/gpuhm.toml")).unwrap()
}

/// The example with every setting in force.
fn uncommented() -> String {
    let is_setting = |line: &str| {
        let behind = line.strip_prefix("# ").unwrap_or_default();
        let key = behind.split(" = ").next().unwrap_or_default();
        let spelt = key.trim_matches('"').bytes().all(|byte| byte.is_ascii_lowercase() || b"_.".contains(&byte));
        behind.starts_with("[kafka.properties]") || (behind.contains(" = ") && spelt)
    };
    let line = |line: &str| if is_setting(line) { line.replacen("# ", "", 1) } else { line.to_owned() };
    shipped().lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn as_shipped_it_sets_nothing() {
    let home = Home::new();
    let path = home.file("gpuhm.toml", shipped());
    let answer = home.with("GPUHM_CONFIG", path).json(&["doctor", "--config", "-o", "json"]);
    let rows = answer["values"].as_array().unwrap().clone();
    let set: Vec<_> = rows.iter().filter(|row| row["origin"]["kind"] == "file").collect();
    assert!(set.is_empty() && rows.len() > 40, "{set:?}");
}

#[test]
fn with_every_line_in_force_every_key_is_set_by_it() {
    let home = Home::new();
    let path = home.file("gpuhm.toml", uncommented());
    let home = home.with("GPUHM_CONFIG", path);
    let answer = home.json(&["doctor", "--config", "-o", "json"]);
    for row in answer["values"].as_array().unwrap() {
        // The home of these tests is named by the environment.
        let expected = if row["key"] == "home" { "environment" } else { "file" };
        assert_eq!(row["origin"]["kind"], expected, "{row}");
    }
}

#[test]
fn init_writes_it_and_overwrites_nothing() {
    let home = Home::new();
    let named = text(&home.path("sub/gpuhm.toml"));
    home.ok(&["doctor", "--init", "--config", &named]);
    assert_eq!(std::fs::read_to_string(&named).unwrap(), shipped());
    std::fs::write(&named, "[log]\n").unwrap();
    home.fails(&["doctor", "--init", "--config", &named], 2, &["is there already"]);
    assert_eq!(std::fs::read_to_string(&named).unwrap(), "[log]\n");
    // Root's usual place is /etc, which no test writes to.
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        let home = home.with("GPUHM_CONFIG", "");
        let out = home.ok(&["doctor", "--init"]);
        let usual = home.path("person/.config/gpuhm/gpuhm.toml");
        assert_eq!(out.trim(), format!("wrote {}", usual.display()));
        assert_eq!(usual.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        home.fails(&["doctor", "--init"], 2, &["is there already"]);
    }
}
