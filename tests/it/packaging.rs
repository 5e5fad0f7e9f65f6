//! The package's files: units that systemd takes without a word, and that name commands and files which are there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::Home;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging")
}

/// Every unit, by name.
fn units() -> Vec<(String, String)> {
    let folders = std::fs::read_dir(root().join("units")).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let read = |path: PathBuf| {
        (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())
    };
    files.map(read).collect()
}

#[test]
#[cfg_attr(not(systemd_analyze), ignore = "needs systemd-analyze")]
fn systemd_takes_every_unit_and_its_sandbox_is_as_tight_as_stated() {
    let ran = Command::new(root().join("check")).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(ran.status.success(), "{}{}", said(&ran.stdout), said(&ran.stderr));
    for (name, _) in units().iter().filter(|(name, _)| name.ends_with(".service")) {
        let name = name.replace("@.", "@1.");
        assert!(said(&ran.stdout).contains(&name), "{name} was not looked at: {}", said(&ran.stdout));
    }
}

#[test]
fn every_unit_starts_a_command_that_is_there_and_stops_it_in_time() {
    let home = Home::new();
    for (name, text) in units().into_iter().filter(|(name, _)| name.ends_with(".service")) {
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let start = value("ExecStart").unwrap().strip_prefix("/usr/bin/gpuhm ").unwrap();
        let words: Vec<&str> =
            start.split(' ').map(|word| if word == "/etc/gpuhm/gpuhm.toml" { "/dev/null" } else { word }).collect();
        // Help is printed only where the flags before it are the command's.
        home.ok(&[&words[..], &["--help"]].concat());
        assert!(start.ends_with("--config /etc/gpuhm/gpuhm.toml"), "{name}");
        if value("Type") == Some("notify") {
            assert_eq!(value("RestartPreventExitStatus"), Some("2"), "{name}");
            assert!(value("TimeoutStopSec").unwrap().parse::<u32>().unwrap() > 20, "{name}: --drain is 20 s");
        } else {
            assert!(value("Restart").is_none() && value("WatchdogSec").is_none(), "{name}");
        }
        for shared in ["User=gpuhm", "StateDirectory=gpuhm", "LoadCredential=gpuhm:/etc/gpuhm/credentials"] {
            assert!(text.lines().any(|line| line == shared), "{name}: no {shared}");
        }
    }
}

#[test]
fn the_package_holds_every_unit_page_and_completion() {
    let manifest = std::fs::read_to_string(root().join("../Cargo.toml")).unwrap();
    let packed: BTreeSet<&str> = manifest.split('"').filter(|text| text.contains('/')).collect();
    for folder in std::fs::read_dir(root().join("units")).unwrap() {
        let folder = format!("packaging/units/{}", folder.unwrap().file_name().to_str().unwrap());
        assert!(packed.iter().any(|path| path.starts_with(&folder)), "{folder} is not in the package");
    }
    for file in
        ["man/*.1", "completions/_gpuhm", "completions/gpuhm.bash", "completions/gpuhm.fish", "packaging/gpuhm.toml"]
    {
        assert!(packed.contains(file), "{file} is not in the package");
    }
}
