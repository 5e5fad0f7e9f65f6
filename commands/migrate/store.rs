//! The store's schema: `migrate up`, `status`, `plan`, `verify`, `baseline`, for the embedded store and one on a server.

mod show;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use gpuhm::store::migrate::postgres::{Done, Migrator};
use gpuhm::store::migrate::{Finding, Migration, Status, Step, sqlite};

use super::Format;
use crate::exit::{BAD_NEWS, Failure, Outcome};
use crate::open;
use crate::options::{CommonOptions, StoreOptions, or_for_ever};
use crate::out::Out;

/// What is done with the schema.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum Act {
    /// Bring the schema up to date (the default)
    Up(Up),
    /// Show which migrations are applied, and what the server is; changes nothing
    Status {
        /// Exit 1 where one is pending or wrong
        #[arg(long)]
        check: bool,
    },
    /// Print the SQL that is pending
    Plan,
    /// Hold checksums, tables, columns and policies against this version's
    Verify,
    /// Record the migrations up to N as applied without running them
    Baseline {
        /// The version the schema is at
        version: i64,
    },
}

/// Flags of `migrate up`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Up {
    /// Stop at this version
    #[arg(long, value_name = "N")]
    to: Option<i64>,
    /// Say what would be done, do nothing
    #[arg(long)]
    dry_run: bool,
    /// How long to wait for a server that is not there yet, and for another migrate; 0 not at all
    #[arg(long, value_name = "D", default_value = "10s", value_parser = or_for_ever)]
    wait: Duration,
    /// How long a migration waits for whoever uses what it changes, while others wait behind it; 0 for ever
    #[arg(long, value_name = "D", default_value = "10s", value_parser = or_for_ever)]
    lock_timeout: Duration,
}

impl Default for Up {
    fn default() -> Up {
        Up { to: None, dry_run: false, wait: Duration::from_secs(10), lock_timeout: Duration::from_secs(10) }
    }
}

/// The store whose schema it is.
enum Kind {
    /// A file.
    File(PathBuf),
    /// On a server.
    Server(Box<Migrator>),
}

fn kind(common: &CommonOptions, store: &StoreOptions) -> Result<Kind, Failure> {
    match open::store_needed(common, store)? {
        open::StorePlace::Postgres(settings) => Ok(Kind::Server(Box::new(Migrator::new(*settings)))),
        _ => Ok(Kind::File(open::store_file(common, store)?)),
    }
}

/// Runs one of them.
pub(super) fn run(common: &CommonOptions, store: &StoreOptions, act: &Act, output: Format) -> Outcome {
    let kind = kind(common, store)?;
    let mut out = Out::new();
    let mut code = ExitCode::SUCCESS;
    match act {
        Act::Up(options) => show::done(&kind.up(options)?, output, &mut out)?,
        Act::Status { check } => {
            let status = kind.status()?;
            show::status(&status, output, &mut out)?;
            if *check && !status.settled() {
                code = ExitCode::from(BAD_NEWS);
            }
        }
        Act::Plan => show::plan(&kind.plan()?, output, &mut out)?,
        Act::Verify => {
            let findings = kind.verify()?;
            show::findings(&findings, output, &mut out)?;
            if !findings.is_empty() {
                code = ExitCode::from(BAD_NEWS);
            }
        }
        Act::Baseline { version } => {
            let done = Done { steps: kind.baseline(*version)?, changes: Vec::new() };
            show::done(&done, output, &mut out)?;
        }
    }
    out.flush()?;
    Ok(code)
}

impl Kind {
    fn up(&self, options: &Up) -> Result<Done, Failure> {
        match self {
            Kind::File(path) => {
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                if let Some(parent) = parent.filter(|_| !options.dry_run) {
                    open::directory(parent)?;
                }
                Ok(Done { steps: sqlite::up(path, options.to, options.dry_run)?, changes: Vec::new() })
            }
            Kind::Server(migrator) => {
                let Up { to, dry_run, wait, lock_timeout } = *options;
                Ok(Migrator { wait, lock_timeout, ..(**migrator).clone() }.up(to, dry_run)?)
            }
        }
    }

    fn status(&self) -> Result<Status, Failure> {
        Ok(match self {
            Kind::File(path) => sqlite::status(path)?,
            Kind::Server(migrator) => migrator.status()?,
        })
    }

    fn plan(&self) -> Result<show::Plan, Failure> {
        Ok(match self {
            Kind::File(path) => (planned(path)?, Vec::new()),
            Kind::Server(migrator) => migrator.plan(None)?,
        })
    }

    fn verify(&self) -> Result<Vec<Finding>, Failure> {
        Ok(match self {
            Kind::File(path) => sqlite::verify(path)?,
            Kind::Server(migrator) => migrator.verify()?,
        })
    }

    fn baseline(&self, version: i64) -> Result<Vec<Step>, Failure> {
        Ok(match self {
            Kind::File(path) => sqlite::baseline(path, version)?,
            Kind::Server(migrator) => migrator.baseline(version)?,
        })
    }
}

fn planned(path: &Path) -> Result<Vec<Migration>, Failure> {
    Ok(sqlite::plan(path, None)?)
}
