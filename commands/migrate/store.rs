//! The store's schema: `migrate up`, `status`, `plan`, `verify`, `baseline`.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use gpuhm::store::migrate::{Status, Step, sqlite};
use serde_json::json;

use super::Format;
use crate::exit::{BAD_NEWS, Failure, Outcome};
use crate::open;
use crate::options::{CommonOptions, StoreOptions};
use crate::out::Out;

/// What is done with the schema.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum Act {
    /// Bring the schema up to date (the default)
    Up {
        /// Stop at this version
        #[arg(long, value_name = "N")]
        to: Option<i64>,
        /// Say what would be done, do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Show which migrations are applied; changes nothing
    Status {
        /// Exit 1 where one is pending or wrong
        #[arg(long)]
        check: bool,
    },
    /// Print the SQL that is pending
    Plan,
    /// Hold checksums, tables and columns against this version's
    Verify,
    /// Record the migrations up to N as applied without running them
    Baseline {
        /// The version the schema is at
        version: i64,
    },
}

/// Runs one of them.
pub(super) fn run(common: &CommonOptions, store: &StoreOptions, act: &Act, output: Format) -> Outcome {
    let path = open::store_file(common, store)?;
    let mut out = Out::new();
    let code = match act {
        Act::Up { to, dry_run } => up(&path, *to, *dry_run, output, &mut out)?,
        Act::Status { check } => {
            let status = sqlite::status(&path)?;
            show(&status, output, &mut out)?;
            if *check && !status.settled() { ExitCode::from(BAD_NEWS) } else { ExitCode::SUCCESS }
        }
        Act::Plan => {
            for migration in sqlite::plan(&path, None)? {
                out.line(migration.sql)?;
            }
            ExitCode::SUCCESS
        }
        Act::Verify => verify(&path, output, &mut out)?,
        Act::Baseline { version } => {
            steps(&sqlite::baseline(&path, *version)?, output, &mut out)?;
            ExitCode::SUCCESS
        }
    };
    out.flush()?;
    Ok(code)
}

fn up(path: &Path, to: Option<i64>, dry_run: bool, output: Format, out: &mut Out) -> Outcome {
    if let Some(parent) = path.parent().filter(|parent| !dry_run && !parent.as_os_str().is_empty()) {
        open::directory(parent)?;
    }
    steps(&sqlite::up(path, to, dry_run)?, output, out)?;
    Ok(ExitCode::SUCCESS)
}

fn verify(path: &Path, output: Format, out: &mut Out) -> Outcome {
    let findings = sqlite::verify(path)?;
    if output == Format::Json {
        let list: Vec<_> = findings.iter().map(|found| json!({"what": found.what, "remedy": found.remedy})).collect();
        out.line(&json!({"schema": "gpuhm.verify/1", "findings": list}).to_string())?;
    } else {
        for found in &findings {
            out.line(&format!("{}\n  remedy: {}", found.what, found.remedy))?;
        }
        if findings.is_empty() {
            out.line("the schema is as this version made it")?;
        }
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BAD_NEWS) })
}

fn object(step: &Step) -> serde_json::Value {
    json!({
        "version": step.version,
        "name": step.name,
        "state": step.state.word(),
        "applied_at": step.applied_at.map(|time| time.to_string()),
        "duration_ms": step.duration_ms,
        "gpuhm_version": step.gpuhm_version,
    })
}

fn line(step: &Step) -> String {
    let at = step.applied_at.map_or_else(|| "-".to_owned(), |time| time.to_string());
    format!("{:04}  {:<24} {:<10} {at}", step.version, step.name, step.state.word())
}

fn steps(steps: &[Step], output: Format, out: &mut Out) -> Result<(), Failure> {
    if output == Format::Json {
        let list: Vec<_> = steps.iter().map(object).collect();
        return out.line(&json!({"schema": "gpuhm.migrations/1", "migrations": list}).to_string());
    }
    if steps.is_empty() {
        return out.line("nothing to do");
    }
    steps.iter().try_for_each(|step| out.line(&line(step)))
}

fn show(status: &Status, output: Format, out: &mut Out) -> Result<(), Failure> {
    if output == Format::Json {
        let list: Vec<_> = status.steps.iter().map(object).collect();
        let answer = json!({
            "schema": "gpuhm.migrations/1", "store": status.place, "exists": status.exists, "version": status.version,
            "newest": status.newest, "needs": status.needs, "migrations": list,
        });
        return out.line(&answer.to_string());
    }
    let state = if status.exists { "" } else { " (not made yet)" };
    out.line(&format!("{}{state}: version {} of {}", status.place, status.version, status.newest))?;
    if let Some(needs) = &status.needs {
        out.line(&format!("this version may not use it: it needs gpuhm {needs} or later"))?;
    }
    status.steps.iter().try_for_each(|step| out.line(&line(step)))
}
