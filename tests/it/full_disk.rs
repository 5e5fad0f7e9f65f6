//! A disk that is full: it is said, what was kept stays, and once there is room the work goes on as if nothing had been.
//!
//! A small disk is a tmpfs in a mount namespace of its own; where the user may not make one, these tests count as ignored.

use crate::process::Home;
use crate::process::recording::simulated;
use crate::process::tables::{all, all_same, same};

/// Runs lines of shell where `small` is a disk of so many KiB and the home.
fn on_small_disk(home: &Home, kib: u32, lines: &str) -> String {
    std::fs::create_dir(home.path("small")).unwrap();
    let mount = format!("mount -t tmpfs -o size={kib}k none small || exit 77; export GPUHM_HOME=small");
    home.file("script", format!("{mount}\n{lines}"));
    let ran = home.shell("unshare -m sh script 2>err");
    assert_eq!(ran.code, 0, "{}", std::fs::read_to_string(home.path("err")).unwrap());
    ran.out
}

#[test]
fn a_full_disk_is_named() {
    let home = Home::new();
    let full = "/dev/full";
    home.fails(&["collect", "--source", "sim", "--ticks", "1", "--speed", "max", "--sink", full], 2, &[full, "space"]);
    home.ok(&["migrate"]);
    let ran = home.shell("$GPUHM top --once >/dev/full");
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.starts_with("gpuhm: writing to standard output: No space"), "{}", ran.err);
}

#[test]
#[cfg_attr(not(small_disk), ignore = "needs a user who may mount a tmpfs")]
fn a_full_disk_loses_nothing_that_was_kept() {
    let home = Home::new();
    let uuids: Vec<String> = (0..40_000).map(|number| format!("GPU-{number:032}")).collect();
    home.file("many.csv", format!("gpu_uuid\n{}", uuids.join("\n")));
    home.file("few.csv", "gpu_uuid,rack\nGPU-1,A1\n");
    let script = "$GPUHM assets import few.csv; $GPUHM assets import many.csv; echo $?; $GPUHM assets export";
    let out = on_small_disk(&home, 1024, script);
    let said = std::fs::read_to_string(home.path("err")).unwrap();
    assert!(said.contains("gpuhm: store small/store.db: ") && said.contains("full"), "{said}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((lines[0], lines.len()), ("3", 3), "{out}{said}");
    assert!(lines[2].starts_with("GPU-1,"), "{out}");
}

/// Services on a disk that fills up and is made larger once one of them said so.
const SERVICES: &str = "
$GPUHM migrate -q up >migrated
$GPUHM validate 2>validate.err & validate=$!
$GPUHM aggregate 2>aggregate.err & aggregate=$!
$GPUHM collect --source replay:recording.jsonl --speed 5000 2>collect.err & collect=$!
n=0
until grep -q 'disk is full' validate.err aggregate.err collect.err || [ $n -gt 300 ]; do sleep 0.1; n=$((n+1)); done
mount -o remount,size=200m small
wait $collect; echo collect $?
kill $validate $aggregate
wait $validate; echo validate $?
wait $aggregate; echo aggregate $?
$GPUHM validate --once && $GPUHM aggregate --once && cp small/* . && mkdir home && mv store.db* bus.db* home
";

#[test]
#[cfg_attr(not(small_disk), ignore = "needs a user who may mount a tmpfs")]
fn services_go_on_when_there_is_room_again() {
    let (home, other) = (Home::new(), Home::new());
    let lines = simulated(&home, 210).join("\n");
    home.file("recording.jsonl", &lines);
    let out = on_small_disk(&home, 1536, SERVICES);
    let said: Vec<String> = ["validate.err", "aggregate.err", "collect.err"]
        .iter()
        .map(|name| std::fs::read_to_string(home.path(name)).unwrap())
        .collect();
    assert!(said.iter().any(|said| said.contains("the disk is full; trying again")), "{said:?}");
    assert_eq!(out, "collect 0\nvalidate 0\naggregate 0\n", "{said:?}");
    let source = format!("replay:{}", other.file("recording.jsonl", &lines));
    other.ok(&["collect", "--source", &source, "--speed", "max"]);
    other.ok(&["validate", "--once"]);
    other.ok(&["aggregate", "--once"]);
    all_same("a full disk", &all(&other.store()), &all(&home.store()));
    same("a full disk", "gpu-alerts", &other.topic("gpu-alerts"), &home.topic("gpu-alerts"));
}
