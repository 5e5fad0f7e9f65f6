//! Groups of flags that several commands share, and the parsers of their values. Parsing does no I/O.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::{Args, ValueEnum};
use gpuhm::bus::kafka::settings::entry::Entry;
use gpuhm::source::sim::{self, Boards};

use super::service::log::LogFormat;
use super::service::{DrainOptions, WatchOptions};

/// Where the bus is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Bus options")]
pub(crate) struct BusOptions {
    /// Bus URL: `kafka://h1:9092,h2:9092` (short `h1:9092,h2:9092`) or `file:DIR`
    /// [default: embedded, in the home directory]
    #[arg(short = 'b', long, value_name = "URL", env = "GPUHM_BUS", hide_env_values = true)]
    pub(crate) bus: Option<String>,
    /// Kafka client setting, stronger than those of --kafka-config; may be repeated. `-X dump` shows all that is set
    #[arg(short = 'X', long, value_name = "KEY=VALUE")]
    pub(crate) kafka: Vec<Pair>,
    /// File of Kafka client settings: `key=value` lines in the spelling of kcat or Java
    #[arg(short = 'F', long, value_name = "FILE", env = "GPUHM_KAFKA_CONFIG")]
    pub(crate) kafka_config: Option<PathBuf>,
    /// What stands before the name of every topic, group and transactional id on Kafka
    #[arg(long, value_name = "PREFIX", env = "GPUHM_TOPIC_PREFIX", value_parser = prefix)]
    pub(crate) topic_prefix: Option<String>,
    /// How long to try to reach Kafka; 0 for ever [default: 10s; 0 for services]
    #[arg(long, value_name = "D", value_parser = or_for_ever)]
    pub(crate) connect_timeout: Option<Duration>,
    /// What the files said: a pipe can be read once only.
    #[arg(skip)]
    pub(crate) read: Arc<OnceLock<Vec<Entry>>>,
}

/// What stands behind `-X`. It may hold a password: `Debug` shows the key only, and no error repeats it.
#[derive(Clone)]
pub(crate) struct Pair(pub(crate) String);

impl From<String> for Pair {
    fn from(text: String) -> Pair {
        Pair(text)
    }
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=…", self.0.split_once('=').map_or("", |(key, _)| key))
    }
}

/// How this process is known to its group.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Bus options")]
pub(crate) struct MemberOptions {
    /// Name of this instance, which survives a restart; of two with one name the older ends with code 2
    /// [default: on Kafka the host's name, else the command's name and its process]
    #[arg(long, value_name = "NAME")]
    pub(crate) instance: Option<String>,
}

/// Where the store is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Store options")]
pub(crate) struct StoreOptions {
    /// Store, `sqlite:PATH`, `postgres://HOST/DATABASE` or `host=… dbname=…`; for validate also `none` [default: embedded, in the home directory]
    #[arg(short = 'd', long, value_name = "URL", env = "GPUHM_STORE", global = true, hide_env_values = true)]
    pub(crate) store: Option<String>,
}

/// How a service runs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Service options")]
pub(crate) struct ServiceOptions {
    /// Drain to the log's end as it stands at the start, then exit
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) drain: DrainOptions,
    #[command(flatten)]
    pub(crate) watch: WatchOptions,
    /// Records a step takes at most
    #[arg(long, value_name = "N", hide = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) step: Option<u32>,
}

/// What a stage that runs as a process of its own has.
#[derive(Debug, Clone, Args)]
pub(crate) struct StageOptions {
    #[command(flatten)]
    pub(crate) bus: BusOptions,
    #[command(flatten)]
    pub(crate) member: MemberOptions,
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    #[command(flatten)]
    pub(crate) service: ServiceOptions,
}

/// What every command has.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct CommonOptions {
    #[arg(long, value_name = "FILE", global = true)]
    #[arg(
        help = "Configuration file [default: $GPUHM_CONFIG, else $XDG_CONFIG_HOME/gpuhm/gpuhm.toml, else /etc/gpuhm/gpuhm.toml]"
    )]
    pub(crate) config: Option<PathBuf>,
    /// Directory of the embedded bus and store [default: /var/lib/gpuhm as a service, else the XDG state directory]
    #[arg(long, value_name = "DIR", env = "GPUHM_HOME", global = true)]
    pub(crate) home: Option<PathBuf>,
    /// Least severe log level on standard error
    #[arg(long, value_name = "LEVEL", env = "GPUHM_LOG", global = true, default_value = "info")]
    pub(crate) log: LogLevel,
    /// How lines of the log look; auto is text, and for the journal a priority in front
    #[arg(long, value_name = "FORM", env = "GPUHM_LOG_FORMAT", global = true, default_value = "auto")]
    pub(crate) log_format: LogFormat,
    /// Nothing on standard error but errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// The subcommand, as servers list who is connected.
    #[arg(skip)]
    pub(crate) command: String,
}

/// Log levels.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogLevel {
    /// Only what stops the work.
    Error,
    /// What someone should look at.
    Warn,
    /// What changes.
    Info,
    /// Everything.
    Debug,
}

/// How a simulated fleet looks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Simulated fleet (--source sim)")]
pub(crate) struct SimOptions {
    /// GPUs
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) gpus: u32,
    /// Hosts they are spread over
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) hosts: u32,
    /// Seed: the same seed gives the same fleet
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub(crate) seed: u64,
    /// Boards of the fleet
    #[arg(long, value_name = "KIND", default_value = "mixed")]
    pub(crate) boards: SimBoards,
    /// A fault that breaks out so long after the first tick; may be repeated
    #[arg(long, value_name = "KIND@HOST/IDX+20s", long_help = fault_help())]
    pub(crate) fault: Vec<String>,
}

/// Which boards a simulated fleet has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimBoards {
    /// By racks: two of four H100, one A100, one H200
    Mixed,
    /// A100, as one well-recorded host has them
    A100,
    /// H100
    H100,
    /// H200
    H200,
    /// A100, with the work and temperatures of the cluster Kalos (`AcmeTrace`)
    Kalos,
}

impl From<SimBoards> for Boards {
    fn from(boards: SimBoards) -> Boards {
        match boards {
            SimBoards::Mixed => Boards::Mixed,
            SimBoards::A100 => Boards::A100,
            SimBoards::H100 => Boards::H100,
            SimBoards::H200 => Boards::H200,
            SimBoards::Kalos => Boards::Kalos,
        }
    }
}

fn fault_help() -> String {
    format!(
        "A fault that breaks out so long after the first tick; may be repeated. KIND is one of {}; N is an XID, or the °C an \
hour that paste dries at full load, or CRC errors a second. HOST is a name or a number, or a rack such as rack-03; without \
/IDX all its GPUs; ~5m behind it says for how long.",
        sim::kinds()
    )
}

/// How fast time runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Speed {
    /// This many times as fast as the wall clock.
    Times(f64),
    /// Without waiting.
    Max,
}

/// Parses `max` or a positive number.
pub(crate) fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    match text.parse::<f64>() {
        Ok(times) if times > 0.0 && times <= 100_000.0 => Ok(Speed::Times(times)),
        _ => Err("a number above 0, at most 100000, or max".to_owned()),
    }
}

/// Parses a duration: `500ms`, `30s`, `15m`, `2h`, `7d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no duration such as 500ms, 30s, 15m, 2h or 7d");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).map(Duration::from_millis).ok_or_else(wrong)
}

/// Parses a duration in which 0 needs no unit.
pub(crate) fn or_for_ever(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { duration(text) }
}

/// Characters of a prefix at most: a topic's name has 249.
const LONGEST_PREFIX: usize = 100;

/// Parses what stands before topics' names.
pub(crate) fn prefix(text: &str) -> Result<String, String> {
    let spelt = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if text.len() <= LONGEST_PREFIX && text.bytes().all(spelt) {
        return Ok(text.to_owned());
    }
    Err(format!("letters, digits, '.', '_' and '-', at most {LONGEST_PREFIX}"))
}

/// Parses a lateness: an hour at most, since every GPU keeps its open minutes for as long.
pub(crate) fn lateness(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        long if long > Duration::from_hours(1) => Err("must be an hour at most".to_owned()),
        fine => Ok(fine),
    }
}

/// Parses a duration that is not zero.
pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than nothing".to_owned()),
        long if long > Duration::from_hours(24) => Err("must be a day at most".to_owned()),
        fine => Ok(fine),
    }
}

/// Parses an RFC 3339 instant.
pub(crate) fn instant(text: &str) -> Result<gpuhm::event::Time, String> {
    text.parse()
}

/// Milliseconds of a duration, as events count them.
pub(crate) fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
