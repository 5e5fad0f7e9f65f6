//! From flags to an open bus and store: the one place that knows which adapters exist and where a home is.

pub(crate) mod kafka;
mod store;

pub(crate) use store::{StorePlace, looked_at, store, store_file, store_needed, store_place, store_to_read, stores};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gpuhm::bus::Bus;
use gpuhm::bus::embedded::{Embedded, Options as Limits};
use gpuhm::bus::kafka::Kafka;
use gpuhm::pipeline::Clock;
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::spool::Connect;

use super::exit::Failure;
use super::options::{BusOptions, CommonOptions, MemberOptions};
use super::process;

/// The home directory: the flag or `GPUHM_HOME`, systemd's state directory, the XDG state directory.
pub(crate) fn home(common: &CommonOptions) -> Result<PathBuf, Failure> {
    if let Some(home) = &common.home {
        return Ok(home.clone());
    }
    let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    of("STATE_DIRECTORY")
        .or_else(|| of("XDG_STATE_HOME").map(|state| state.join("gpuhm")))
        .or_else(|| of("HOME").map(|home| home.join(".local/state/gpuhm")))
        .ok_or_else(|| {
            Failure::usage("no home directory: HOME is not set").hint("name one with --home DIR or GPUHM_HOME")
        })
}

/// A directory that exists, made if need be; it holds telemetry of the whole fleet, so only its owner reads it.
pub(crate) fn directory(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
        Failure::usage(format!("directory {}: {error}", path.display()))
            .hint("choose another with --home DIR or GPUHM_HOME")
    })
}

/// Which bus was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The embedded one, in this directory.
    Embedded(PathBuf),
    /// The Kafka of these brokers.
    Kafka(String),
}

/// Which bus the flag or the environment chose.
pub(crate) fn place(common: &CommonOptions, options: &BusOptions) -> Result<Place, Failure> {
    if let Some(brokers) = kafka::chosen(options)? {
        return Ok(Place::Kafka(brokers));
    }
    Ok(Place::Embedded(match options.bus.as_deref() {
        None => home(common)?,
        Some(url) => match url.strip_prefix("file:") {
            Some(path) if !path.is_empty() => PathBuf::from(path),
            Some(_) => return Err(Failure::usage("--bus file: names no directory")),
            None => {
                // Whoever tries to log in by it finds out without its being repeated.
                let url = if url.contains('@') { "…" } else { url };
                return Err(Failure::usage(format!("--bus {url}: not a bus URL"))
                    .hint("use --bus kafka://h1:9092,h2:9092 or --bus file:DIR"));
            }
        },
    }))
}

/// What the bus is called where people read how a service fares.
pub(crate) fn bus_name(options: &BusOptions) -> Result<&'static str, Failure> {
    Ok(if kafka::chosen(options)?.is_some() { "kafka" } else { "bus" })
}

/// Opens the bus; records of the embedded one are stamped by `clock`.
pub(crate) fn bus(
    common: &CommonOptions,
    options: &BusOptions,
    clock: &Arc<Clock>,
    retry: &Retry,
) -> Result<Arc<dyn Bus>, Failure> {
    let directory = match place(common, options)? {
        Place::Kafka(brokers) => return kafka::open(options, &brokers, retry),
        Place::Embedded(directory) => directory,
    };
    self::directory(&directory)?;
    let open = || {
        let clock = Arc::clone(clock);
        Embedded::open(&directory.join("bus.db"), Arc::new(move || clock.now()), Limits::default())
    };
    Ok(Arc::new(retry.run(open)?))
}

/// The name of this instance in its group: as given, else the host's on Kafka, which a restart finds again; on the
/// embedded bus the command's and the process's.
pub(crate) fn instance(command: &str, bus: &BusOptions, member: &MemberOptions) -> Result<String, Failure> {
    if let Some(given) = &member.instance {
        return Ok(given.clone());
    }
    if kafka::chosen(bus)?.is_none() {
        return Ok(format!("{command}-{}", std::process::id()));
    }
    process::hostname()
        .ok_or_else(|| Failure::usage("this host has no name").hint("name this instance with --instance"))
}

/// Something that connects to Kafka, where that was chosen; nothing is reached yet.
pub(crate) fn connect(options: &BusOptions) -> Result<Option<Connect>, Failure> {
    let Some(brokers) = kafka::chosen(options)? else { return Ok(None) };
    let settings = kafka::usable(options, &brokers)?;
    Ok(Some(Box::new(move || Kafka::open(settings.clone())?.producer())))
}

/// Bytes of a demo's bus: minutes of a fleet at sixty times its speed.
const SMALL: u64 = 128 << 20;

/// Opens a bus at home that keeps little: what a demo has read it needs no more.
pub(crate) fn small_bus(common: &CommonOptions, clock: &Arc<Clock>) -> Result<Arc<dyn Bus>, Failure> {
    let directory = home(common)?;
    self::directory(&directory)?;
    let clock = Arc::clone(clock);
    let limits = Limits { bytes: SMALL, ..Limits::default() };
    Ok(Arc::new(Embedded::open(&directory.join("bus.db"), Arc::new(move || clock.now()), limits)?))
}

/// Where the embedded bus is, for a command that knows no other.
pub(crate) fn bus_directory(common: &CommonOptions, options: &BusOptions) -> Result<PathBuf, Failure> {
    match place(common, options)? {
        Place::Embedded(directory) => Ok(directory),
        Place::Kafka(brokers) => Err(kafka::not_here(&brokers)),
    }
}
