//! Libraries that stand in for foreign ones, built when a test wants them: `cargo test --test it` builds no examples.

use std::path::PathBuf;
use std::process::Command;

/// Where the library of an example is, newly built where cargo is at hand.
pub(crate) fn library(example: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    if let Some(cargo) = std::env::var_os("CARGO") {
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "--locked", "--example", example, "--target-dir"]);
        command.arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
        if profile.ends_with("release") {
            command.arg("--release");
        }
        // What cargo told this test of its package would have dependencies that read it built anew, and again after it.
        for (name, _) in std::env::vars_os() {
            if ["CARGO_PKG_", "CARGO_MANIFEST_", "OUT_DIR"]
                .iter()
                .any(|start| name.to_string_lossy().starts_with(start))
            {
                command.env_remove(name);
            }
        }
        assert!(command.status().unwrap().success(), "the example {example} does not build");
    }
    let library = profile.join(format!("examples/lib{example}.so"));
    assert!(library.exists(), "no {}: cargo build --example {example}", library.display());
    library
}
