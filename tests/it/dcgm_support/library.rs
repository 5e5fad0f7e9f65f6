//! The stand-in library, built.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Where it is, newly built where cargo is at hand: `cargo test --test it` builds no examples.
pub(crate) fn built() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build).clone()
}

fn build() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    if let Some(cargo) = std::env::var_os("CARGO") {
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "--locked", "--example", "dcgm_standin", "--target-dir"]);
        command.arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
        if profile.ends_with("release") {
            command.arg("--release");
        }
        assert!(command.status().unwrap().success(), "the stand-in library does not build");
    }
    let library = profile.join("examples/libdcgm_standin.so");
    assert!(library.exists(), "no {}: cargo build --example dcgm_standin", library.display());
    library
}
