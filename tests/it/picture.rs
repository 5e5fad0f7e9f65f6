//! The README's picture is what the binary draws: a test that regenerates it keeps it so.

use std::path::Path;

use crate::process::Home;

/// How CONTRIBUTING says to make it.
const ARGS: [&str; 9] = ["demo", "-q", "--seed", "7", "--history", "30m", "--at", "11m", "-o"];

#[test]
fn the_readme_shows_what_the_binary_draws() {
    let drawn = Home::new().ok(&[&ARGS[..], &["svg"]].concat());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/demo.svg");
    if std::env::var_os("GPUHM_BLESS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == drawn, "docs/demo.svg is stale: GPUHM_BLESS=1 cargo test --test it picture");
    assert!(kept.starts_with("<svg") && kept.contains("gpu-node-011"), "the picture shows no fault");
}
