//! Metrics in a file, for commands that are over before anybody could ask them: node exporter's textfile collector.

use std::path::Path;

use crate::exit::Failure;

use super::encode::{self, Form};
use super::facts::Facts;

/// Writes the file as a whole or not at all: who reads it never sees half of it.
pub(super) fn write(file: &Path, facts: &Facts) -> Result<(), Failure> {
    let text = encode::page(facts, Form::Prometheus);
    // The collector reads names that end with .prom only.
    let aside = file.with_extension(format!("prom.{}", std::process::id()));
    let put = std::fs::write(&aside, text).and_then(|()| std::fs::rename(&aside, file));
    put.map_err(|error| {
        drop(std::fs::remove_file(&aside));
        Failure::usage(format!("--metrics-file {}: {error}", file.display()))
    })
}
