//! `systemd.unit`: which of gpuhm's units are installed and changed by drop-ins, and whether their sandbox hides what the
//! settings name. It reads files only: what counts after the next `daemon-reload`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::registry::{Check, Finding, Subject};
use crate::config;

pub(super) const CHECK: Check = Check { id: "systemd.unit", needs: None, applies: |_| is_here(), run };

/// Where units are, the strongest first.
const PLACES: [&str; 5] = [
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
];
/// Units that read GPUs.
const READERS: [&str; 2] = ["gpuhm-collect.service", "gpuhm.service"];
/// Where the package keeps drop-ins.
const EXAMPLES: &str = "/usr/share/doc/gpuhm/examples";
/// Directories that `PrivateTmp` hides.
const TEMPORARY: [&str; 2] = ["/tmp/", "/var/tmp/"];

/// Whether this machine's first process is systemd.
fn is_here() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

fn run(_: &Subject) -> Finding {
    let sources = config::loaded().set.get("collect.source").map(|set| set.values.clone()).unwrap_or_default();
    look(Path::new("/"), &sources)
}

/// A unit's text, with its drop-ins'.
#[derive(Debug, Default)]
struct Unit {
    text: String,
    drop_ins: Vec<String>,
}

impl Unit {
    /// The last word of a yes-or-no setting.
    fn is_on(&self, name: &str) -> bool {
        let mut said =
            self.text.lines().filter_map(|line| line.trim().strip_prefix(name)?.trim_start().strip_prefix('='));
        said.next_back().is_some_and(|value| ["yes", "true", "on", "1"].contains(&value.trim()))
    }
}

/// Every unit of ours below a root.
fn units(root: &Path) -> BTreeMap<String, Unit> {
    let mut units: BTreeMap<String, Unit> = BTreeMap::new();
    let listed = |folder: &Path| -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let ours = |name: &str| name == "gpuhm.service" || name == "gpuhm.target" || name.starts_with("gpuhm-");
    for place in PLACES {
        for path in listed(&root.join(place)) {
            let name = name(&path);
            if path.is_file() && ours(&name) && !units.contains_key(&name) {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                units.insert(name, Unit { text, drop_ins: Vec::new() });
            }
        }
    }
    // A drop-in of a stronger place hides its namesake of a weaker one; all are read in the order of their names.
    for (unit, of) in &mut units {
        let mut drop_ins: BTreeMap<String, PathBuf> = BTreeMap::new();
        for place in PLACES {
            for path in listed(&root.join(place).join(format!("{unit}.d"))) {
                if path.extension().is_some_and(|extension| extension == "conf") {
                    drop_ins.entry(name(&path)).or_insert(path);
                }
            }
        }
        for path in drop_ins.values() {
            of.text.push('\n');
            of.text.push_str(&std::fs::read_to_string(path).unwrap_or_default());
            of.drop_ins.push(format!("{unit}.d/{}", name(path)));
        }
    }
    units
}

fn look(root: &Path, sources: &[String]) -> Finding {
    let units = units(root);
    if units.is_empty() {
        return Finding::ok("none of gpuhm's units is installed".to_owned());
    }
    for name in READERS {
        let Some(unit) = units.get(name) else { continue };
        if let Some(finding) = sources.iter().find_map(|source| hidden(name, unit, source)) {
            return finding;
        }
    }
    let drop_ins: Vec<&str> = units.values().flat_map(|unit| unit.drop_ins.iter().map(String::as_str)).collect();
    let changed = if drop_ins.is_empty() { String::new() } else { format!("; changed by {}", drop_ins.join(", ")) };
    let names: Vec<&str> = units.keys().map(String::as_str).collect();
    Finding::ok(format!("{}{changed}", names.join(", ")))
}

/// Whether a unit's sandbox hides a source.
fn hidden(name: &str, unit: &Unit, source: &str) -> Option<Finding> {
    let mends = |file: &str| {
        format!("install -Dm644 -t /etc/systemd/system/{name}.d {EXAMPLES}/{file} && systemctl daemon-reload")
    };
    // Behind a # stands what the source does not say itself.
    let source = source.split('#').next().unwrap_or(source);
    let socket = source.strip_prefix("dcgm://").filter(|place| TEMPORARY.iter().any(|below| place.starts_with(below)));
    if let Some(socket) = socket.filter(|_| unit.is_on("PrivateTmp")) {
        return Some(
            Finding::fault(format!("{name}: PrivateTmp=yes hides {socket}")).remedy(mends("dcgm-socket.conf")),
        );
    }
    if ["dcgm:embedded", "nvml"].contains(&source) && unit.is_on("PrivateDevices") {
        let text = format!("{name}: PrivateDevices=yes hides the GPUs from --source {source}");
        return Some(Finding::fault(text).remedy(mends("embedded.conf")));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::registry::State;
    use super::*;

    fn write(root: &Path, place: &str, text: &str) {
        let path = root.join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn source(text: &str) -> Vec<String> {
        vec![text.to_owned()]
    }

    #[test]
    fn a_socket_that_the_sandbox_hides_is_a_fault_until_its_drop_in_is_there() {
        let root = tempfile::tempdir().unwrap();
        let sources = source("dcgm:///tmp/nv-hostengine");
        assert_eq!(look(root.path(), &sources).state, State::Ok, "nothing is installed");
        write(
            root.path(),
            "usr/lib/systemd/system/gpuhm-collect.service",
            "[Service]\nPrivateTmp=yes\nPrivateDevices=yes\n",
        );
        let found = look(root.path(), &sources);
        assert_eq!(found.state, State::Fault);
        assert!(found.text.contains("/tmp/nv-hostengine"), "{found:?}");
        assert!(found.remedy.unwrap().contains("dcgm-socket.conf"));
        assert_eq!(look(root.path(), &source("dcgm:///run/nv/socket")).state, State::Ok);
        assert_eq!(look(root.path(), &source("dcgm://localhost:5555")).state, State::Ok);
        write(root.path(), "etc/systemd/system/gpuhm-collect.service.d/dcgm-socket.conf", "[Service]\nPrivateTmp=no\n");
        let found = look(root.path(), &sources);
        assert_eq!(found.state, State::Ok);
        assert!(found.text.contains("gpuhm-collect.service.d/dcgm-socket.conf"), "{found:?}");
    }

    #[test]
    fn gpus_that_the_sandbox_hides_are_a_fault_and_a_unit_of_etc_counts_first() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "usr/lib/systemd/system/gpuhm-collect.service", "[Service]\nPrivateDevices=yes\n");
        for hidden in ["nvml", "dcgm:embedded"] {
            assert_eq!(look(root.path(), &source(hidden)).state, State::Fault, "{hidden}");
        }
        write(root.path(), "etc/systemd/system/gpuhm-collect.service", "[Service]\nPrivateDevices=no\n");
        assert_eq!(look(root.path(), &source("nvml")).state, State::Ok);
    }
}
