//! `migrate copy`: an embedded store moves to a server, with everything in it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use gpuhm::store::migrate::copy::{Copied, Copy, copy};
use serde_json::json;

use super::{Format, store};
use crate::exit::{BAD_NEWS, Failure, Outcome};
use crate::options::{CommonOptions, StoreOptions};
use crate::out::Out;
use crate::process::{Progress, Signals};

/// Flags of `migrate copy`.
#[derive(Debug, Clone, Args)]
pub(super) struct Options {
    /// The store to leave, `sqlite:PATH`; it stays as it is
    #[arg(long, value_name = "URL")]
    from: String,
    /// The store to move to, `postgres://…`, with this version's schema [default: that of --store]
    #[arg(long, value_name = "URL")]
    to: Option<String>,
}

/// Runs `migrate copy`.
pub(super) fn run(common: &CommonOptions, store: &StoreOptions, options: &Options, output: Format) -> Outcome {
    let from = match options.from.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() => PathBuf::from(path),
        _ => {
            return Err(
                Failure::usage("--from: only an embedded store is left").hint("name its file: --from sqlite:PATH")
            );
        }
    };
    let to = options.to.as_deref().or(store.store.as_deref()).unwrap_or_default();
    let Some(to) = store::server(to)? else {
        return Err(
            Failure::usage("migrate copy: no store to move to").hint("name it with --to postgres://HOST/DATABASE")
        );
    };
    let signals = Signals::listen()?;
    let mut progress = Progress::new("copy", common.quiet);
    let copied = copy(&from, &to, &mut |part, table| {
        progress.show(part, table);
        !signals.came()
    });
    progress.end();
    let copied = copied?;
    if copied.stopped {
        tracing::info!("copy: stopped; the same command goes on from here");
        return Ok(signals.one_shot());
    }
    let mut out = Out::new();
    match output {
        Format::Table => show(&copied, &mut out)?,
        Format::Json => out.line(&object(&copied).to_string())?,
    }
    out.flush()?;
    Ok(if copied.whole() { ExitCode::SUCCESS } else { ExitCode::from(BAD_NEWS) })
}

fn show(copied: &Copy, out: &mut Out) -> Result<(), Failure> {
    out.line(&format!("{:<26} {:>12} {:>12} {:>12}", "TABLE", "ROWS", "NEW", "ON SERVER"))?;
    for Copied { table, rows, new, there } in &copied.tables {
        let missing = if there < rows { "  rows are missing" } else { "" };
        out.line(&format!("{table:<26} {rows:>12} {new:>12} {there:>12}{missing}"))?;
    }
    if copied.changed {
        return out.line("somebody wrote to the store that is left: stop the stages and run this again");
    }
    if copied.whole() {
        out.line("everything is there: start the stages with this store")?;
    }
    Ok(())
}

fn object(copied: &Copy) -> serde_json::Value {
    let tables = copied.tables.iter();
    let tables = tables.map(|of| json!({"table": of.table, "rows": of.rows, "new": of.new, "there": of.there}));
    json!({
        "schema": "gpuhm.copy/1", "tables": tables.collect::<Vec<_>>(), "changed": copied.changed,
        "whole": copied.whole(),
    })
}
