//! Tells the tests what they may use: a test that needs what is absent is then counted as ignored, by name.

use std::path::PathBuf;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(shared_data)");
    println!("cargo::rerun-if-env-changed=GPUHM_TEST_DATA");
    println!("cargo::rerun-if-changed=../shared/data/telemetry");
    println!("cargo::rerun-if-changed=build.rs");
    let beside = PathBuf::from("../shared/data");
    let data = std::env::var_os("GPUHM_TEST_DATA").map_or(beside, PathBuf::from);
    let found = data.canonicalize().ok().filter(|data| data.join("telemetry").is_dir());
    if found.is_some() {
        println!("cargo::rustc-cfg=shared_data");
    }
    println!("cargo::rustc-env=GPUHM_SHARED_DATA={}", found.unwrap_or_default().display());
}
