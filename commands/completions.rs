//! `gpuhm completions SHELL`: the completion files that are checked in, for those who have only the binary.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::exit::Outcome;
use super::out::Out;

/// Flags of `completions`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// The shell
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Runs `completions`.
pub(crate) fn run(options: &Options) -> Outcome {
    let text = match options.shell {
        Shell::Bash => include_str!("../completions/gpuhm.bash"),
        Shell::Zsh => include_str!("../completions/_gpuhm"),
        Shell::Fish => include_str!("../completions/gpuhm.fish"),
    };
    let mut out = Out::new();
    out.line(text.trim_end())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
