//! Tells the tests what they may use: a test that needs what is absent is then counted as ignored, by name.

use std::path::PathBuf;
use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(shared_data, small_disk, hidden_proc, systemd_analyze)");
    println!("cargo::rerun-if-env-changed=GPUHM_TEST_DATA");
    println!("cargo::rerun-if-changed=build.rs");
    let beside = PathBuf::from("../shared/data");
    let data = std::env::var_os("GPUHM_TEST_DATA").map_or(beside, PathBuf::from);
    let found = data.canonicalize().ok().filter(|data| data.join("telemetry").is_dir());
    if let Some(found) = &found {
        // Only where it is: cargo would build everything again, each time, for a path that is absent.
        println!("cargo::rerun-if-changed={}", found.join("telemetry").display());
        println!("cargo::rustc-cfg=shared_data");
    }
    println!("cargo::rustc-env=GPUHM_SHARED_DATA={}", found.unwrap_or_default().display());
    if can_mount() {
        println!("cargo::rustc-cfg=small_disk");
    }
    if can_hide() {
        println!("cargo::rustc-cfg=hidden_proc");
    }
    if Command::new("systemd-analyze").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok() {
        println!("cargo::rustc-cfg=systemd_analyze");
    }
}

/// Whether this user may mount a small disk in a namespace of its own, as the tests of a full disk do.
fn can_mount() -> bool {
    let mut mount = Command::new("unshare");
    mount.args(["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).stderr(Stdio::null());
    mount.status().is_ok_and(|status| status.success())
}

/// Whether this user may have a `/proc` of its own that shows processes only, as the units' sandbox leaves it.
fn can_hide() -> bool {
    let mut hide = Command::new("unshare");
    hide.args(["-m", "-p", "-f", "mount", "-t", "proc", "-o", "subset=pid,hidepid=2", "proc", "/proc"]);
    hide.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
