//! The commands under what the units' sandbox leaves of `/proc`: `ProcSubset=pid` and `ProtectProc=invisible`.

use std::process::Command;

use serde_json::Value;

use crate::process::{Home, parsed};

/// Runs a line of shell in a process namespace with such a `/proc`.
fn hidden(home: &Home, line: &str) -> crate::process::Ran {
    let mount = "mount -t proc -o subset=pid,hidepid=2 proc /proc";
    let seen = "test ! -e /proc/uptime && test ! -e /proc/sys && test -e /proc/self/stat";
    home.shell(&format!("unshare -m -p -f sh -c '{mount} && {seen} && {line}'"))
}

#[test]
#[cfg_attr(not(hidden_proc), ignore = "needs unshare and a /proc of its own")]
fn a_collector_knows_its_host() {
    let home = Home::new();
    let ran = hidden(&home, "$GPUHM collect --source nvml --libnvml /nowhere/lib.so --once -o jsonl");
    // Without a driver it has its report to give.
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let reports: Vec<Value> =
        ran.out.lines().map(parsed).filter(|event| event["event_type"] == "collector_status").collect();
    let here = String::from_utf8(Command::new("uname").arg("-n").output().unwrap().stdout).unwrap();
    assert_eq!(reports.len(), 1, "{}", ran.out);
    assert_eq!(reports[0]["host"]["hostname"], here.trim(), "every node would have one name");
}

#[test]
#[cfg_attr(not(hidden_proc), ignore = "needs unshare and a /proc of its own")]
fn the_embedded_bus_has_members() {
    let home = Home::new();
    let run = "$GPUHM run --source sim --gpus 4 --hosts 1 --speed max --ticks 12 --output json";
    let ran = hidden(&home, run);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(parsed(ran.out.trim())["stored"], 48, "{}", ran.out);
    for stage in ["validate --once", "aggregate --once", "score --once", "predict --once"] {
        let ran = hidden(&home, &format!("$GPUHM {stage}"));
        assert_eq!(ran.code, 0, "{stage}: {}{}", ran.out, ran.err);
    }
    // Who sees everything goes on beside it.
    home.ok(&["run", "--source", "sim", "--gpus", "4", "--hosts", "1", "--speed", "max", "--ticks", "30"]);
}
