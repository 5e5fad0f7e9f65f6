//! `gpuhm generate DIR` (hidden): man pages, completions and docs made from the code. Checked in; a test fails when stale.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use gpuhm::view::{metrics, sources};

use super::cli::Cli;
use super::config::example;
use super::exit::{Failure, Outcome};

/// Flags of `generate`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// The project's root, or any directory
    dir: PathBuf,
}

/// Appended to every man page.
const EXIT: &str = "0 done, or a service that was told to stop; 1 the answer is bad news; 2 a person must change something: \
usage, configuration, schema; 3 a dependency could not be reached or was lost; 130, 143 a one-shot ended by a signal.";
const ENVIRONMENT: &str = "GPUHM_CONFIG: default of --config. GPUHM_HOME, GPUHM_BUS, GPUHM_STORE, GPUHM_LOG, GPUHM_LOG_FORMAT, GPUHM_METRICS: defaults of --home, --bus, --store, --log, --log-format \
and --metrics. NOTIFY_SOCKET, WATCHDOG_USEC, JOURNAL_STREAM: set by systemd for services, see docs/services.md. \
KAFKA_BROKERS: the brokers where no bus is named. GPUHM_KAFKA_CONFIG, GPUHM_TOPIC_PREFIX: defaults of --kafka-config and \
--topic-prefix. GPUHM_SECTION_KEY, such as GPUHM_COLLECT_INTERVAL: every other key of the configuration file. \
CLUSTER_NAME, RACK_ID, DATACENTER: labels of the samples that collect reads. GPUHM_KAFKA_PASSWORD, and gpuhm_kafka.password in CREDENTIALS_DIRECTORY: the password of a Kafka login. \
PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD, PGPASSFILE, PGSSLMODE and libpq's others, and gpuhm_store.password in \
CREDENTIALS_DIRECTORY: what --store leaves open of a PostgreSQL server. \
XDG_STATE_HOME: the home is $XDG_STATE_HOME/gpuhm unless said otherwise. STATE_DIRECTORY: set by systemd, wins over it.";
const FILES: &str = "$XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml: the settings; gpuhm doctor --init writes an example. \
HOME/bus.db: the embedded bus. HOME/store.db: the embedded store. Any number of processes share them.";

/// Runs `generate`.
pub(crate) fn run(options: &Options) -> Outcome {
    let write = |path: PathBuf, bytes: &[u8]| -> Result<(), Failure> {
        let failed = |error| Failure::usage(format!("{}: {error}", path.display()));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(&path, bytes).map_err(failed)
    };
    for (shell, file) in [(Shell::Bash, "gpuhm.bash"), (Shell::Zsh, "_gpuhm"), (Shell::Fish, "gpuhm.fish")] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut shown(), "gpuhm", &mut text);
        write(options.dir.join("completions").join(file), &text)?;
    }
    for (name, page) in pages()? {
        write(options.dir.join("man").join(name), &page)?;
    }
    write(Path::join(&options.dir, "docs/metrics.md"), metrics::document().as_bytes())?;
    write(Path::join(&options.dir, "docs/sources.md"), sources::document().as_bytes())?;
    write(Path::join(&options.dir, "packaging/gpuhm.toml"), example::text(&Cli::command()).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The command line without what is hidden: clap hides it from help but not from completions.
fn shown() -> clap::Command {
    let all = Cli::command();
    let mut shown = clap::Command::new("gpuhm").version(env!("CARGO_PKG_VERSION"));
    if let Some(about) = all.get_about() {
        shown = shown.about(about.clone());
    }
    if let Some(after) = all.get_after_help() {
        shown = shown.after_help(after.clone());
    }
    for arg in all.get_arguments().filter(|arg| !arg.is_hide_set()) {
        shown = shown.arg(arg.clone());
    }
    for command in all.get_subcommands().filter(|command| !command.is_hide_set()) {
        let command = command.clone().mut_args(|arg| arg);
        shown = shown.subcommand(command);
    }
    shown
}

/// `gpuhm.1` and a page a subcommand, by file name.
fn pages() -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut root = shown();
    root.build();
    let mut pages = vec![("gpuhm.1".to_owned(), page(root.clone())?)];
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("gpuhm-{}", command.get_name());
        let titled = command.clone().name(name.clone()).display_name(name.clone());
        pages.push((format!("{name}.1"), page(titled)?));
    }
    Ok(pages)
}

fn page(command: clap::Command) -> Result<Vec<u8>, Failure> {
    let man = clap_mangen::Man::new(command);
    let mut text = Vec::new();
    man.render(&mut text)?;
    for (title, body) in [("EXIT STATUS", EXIT), ("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES)] {
        text.extend_from_slice(format!(".SH \"{title}\"\n{body}\n").as_bytes());
    }
    Ok(text)
}
