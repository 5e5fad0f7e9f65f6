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

/// What the package takes from here, and where it puts each: the lines of the manifest's `assets`, wildcards resolved.
fn assets() -> Vec<(PathBuf, String)> {
    let manifest = std::fs::read_to_string(root().join("../Cargo.toml")).unwrap();
    let from = manifest.find("\nassets = [").unwrap();
    let list = &manifest[from..from + manifest[from..].find("\n]").unwrap()];
    let mut found = Vec::new();
    for line in list.lines().filter(|line| line.starts_with("  [")) {
        let words: Vec<&str> = line.split('"').collect();
        let [_, source, _, target, _, mode, _] = words[..] else { panic!("{line}") };
        assert!(["644", "640", "755"].contains(&mode), "{line}");
        let sources = if source == "target/release/gpuhm" { vec![PathBuf::from(source)] } else { named(source) };
        assert!(!sources.is_empty(), "{source}: no such file");
        for source in sources {
            let name = source.file_name().unwrap().to_str().unwrap();
            let target = if target.ends_with('/') { format!("{target}{name}") } else { target.to_owned() };
            found.push((source, target));
        }
    }
    found
}

/// The files that a path names, which may have one `*` in its last part.
fn named(path: &str) -> Vec<PathBuf> {
    let path = root().join("..").join(path);
    let name = path.file_name().unwrap().to_str().unwrap();
    let Some((start, end)) = name.split_once('*') else { return path.is_file().then_some(path).into_iter().collect() };
    let files = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|file| {
            let name = file.file_name().unwrap().to_str().unwrap();
            name.starts_with(start) && name.ends_with(end)
        })
        .collect()
}

#[test]
fn every_file_of_the_package_is_there_and_has_a_place_of_its_own() {
    let assets = assets();
    let mut places = BTreeSet::new();
    for (source, target) in &assets {
        // Of two with one place the package would have the first, and say so in passing.
        assert!(places.insert(target.as_str()), "{} has the place of another: {target}", source.display());
    }
    let manifest = std::fs::read_to_string(root().join("../Cargo.toml")).unwrap();
    let settings = manifest.lines().find_map(|line| line.strip_prefix("conf-files = ")).unwrap();
    for setting in settings.split('"').filter(|text| text.starts_with('/')) {
        assert!(places.contains(&setting[1..]), "{setting} is no file of the package");
    }
    for (source, target) in assets.iter().filter(|(_, target)| target.starts_with("etc/")) {
        assert!(settings.contains(&format!("\"/{target}\"")), "{}: an upgrade would overwrite it", source.display());
    }
}

#[test]
fn the_package_holds_every_unit_page_and_completion() {
    let assets = assets();
    let holds = |path: &Path| assets.iter().any(|(source, _)| source.canonicalize().ok() == path.canonicalize().ok());
    for folder in ["man", "completions", "docs", "packaging/examples", "packaging/sysusers"] {
        for file in std::fs::read_dir(root().join("..").join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
            // Pictures are for the repository's own pages.
            let is_picture = file.extension().is_some_and(|end| end == "svg");
            assert!(is_picture || holds(&file), "{} is not in the package", file.display());
        }
    }
    let manifest = std::fs::read_to_string(root().join("../Cargo.toml")).unwrap();
    for folder in std::fs::read_dir(root().join("units")).unwrap().map(|entry| entry.unwrap()) {
        let name = folder.file_name().into_string().unwrap();
        let listed = format!("{{ unit-name = \"{name}\", unit-scripts = \"packaging/units/{name}\", ");
        let line = manifest.lines().find(|line| line.contains(&listed));
        let whole = std::fs::read_dir(folder.path()).unwrap().all(|file| holds(&file.unwrap().path()));
        assert!(line.is_some() || whole, "{name} is not in the package");
        // Nothing starts before a person has said what it shall do.
        assert!(line.is_none_or(|line| line.contains("enable = false, start = false")), "{line:?}");
    }
}

#[test]
fn the_package_s_scripts_are_scripts() {
    for script in ["postinst", "postrm"] {
        let path = root().join("scripts").join(script);
        let read = Command::new("sh").arg("-n").arg(&path).status().unwrap();
        assert!(read.success(), "{script}");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("set -e") && text.contains("#DEBHELPER#"), "{script}: what cargo-deb adds has no place");
    }
}

#[test]
fn no_watchdog_bites_while_a_store_is_waited_for() {
    for (name, text) in units() {
        let Some(long) = text.lines().find_map(|line| line.strip_prefix("WatchdogSec=")) else { continue };
        let least = if name == "gpuhm-collect.service" { 60 } else { 180 };
        // A job of the store may take 100 s before it is told to be away, and a ping may be a quarter of this old by then.
        assert!(long.parse::<u32>().unwrap() >= least, "{name}: {long} s");
    }
}

#[test]
fn the_settings_say_what_is_read_and_not_the_units() {
    for (name, text) in units() {
        let start = text.lines().find(|line| line.starts_with("ExecStart=")).unwrap_or_default();
        // A flag would win over the file.
        for word in start.split(' ').filter(|word| word.starts_with("--")) {
            assert!(["--config", "--instance", "--once"].contains(&word), "{name}: {word}");
        }
    }
}

#[test]
fn who_reads_many_sources_may_have_a_thread_for_each() {
    for (name, text) in
        units().into_iter().filter(|(_, text)| text.contains("/gpuhm collect") || text.contains("/gpuhm run"))
    {
        let number = |key: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            value.map(|value| value.trim_end_matches('M').replace('G', "000").parse::<u32>().unwrap())
        };
        // A hundred sources, each with a name to look up and one to spare.
        assert!(number("TasksMax").unwrap() >= 300 + 64, "{name}");
        assert!(number("MemoryMax").unwrap() >= 400, "{name}");
        assert!(number("MemoryHigh").is_none_or(|high| high >= 250 && high < number("MemoryMax").unwrap()), "{name}");
    }
}

#[test]
fn the_drop_in_for_the_driver_opens_devices_by_all_names_of_its_kernel_module() {
    let text = std::fs::read_to_string(root().join("examples/embedded.conf")).unwrap();
    // systemd compares such a pattern with the names in /proc/devices.
    let pattern = text.lines().find_map(|line| line.strip_prefix("DeviceAllow=char-")?.strip_suffix(" rw")).unwrap();
    let start = pattern.strip_suffix('*').unwrap_or_else(|| panic!("{pattern} is one name"));
    for name in ["nvidia", "nvidia-frontend", "nvidia-caps", "nvidia-uvm", "nvidiactl"] {
        assert!(name.starts_with(start), "{name}");
    }
}
