//! From flags, files, credentials and the environment to the settings of a Kafka bus. The library reads none of these: it
//! is handed what they said.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches};
use gpuhm::bus::Bus;
use gpuhm::bus::kafka::Kafka;
use gpuhm::bus::kafka::settings::entry::{Entry, Origin, shown};
use gpuhm::bus::kafka::settings::error::SettingsError;
use gpuhm::bus::kafka::settings::java::Translated;
use gpuhm::bus::kafka::settings::properties::LARGEST;
use gpuhm::bus::kafka::settings::{self, Role, Settings, brokers};
use gpuhm::pipeline::retry::Retry;
use gpuhm::view::escape::escaped;

use crate::config;
use crate::exit::Failure;
use crate::options::BusOptions;
use crate::out::Out;

/// What stands behind `-X` to see what is set.
const DUMP: &str = "dump";
/// Bytes of a password at most.
const LONGEST_SECRET: u64 = 64 << 10;
/// Credentials of the service manager, and what they are.
const CREDENTIALS: [(&str, &str); 2] =
    [("gpuhm_kafka.password", "sasl.password"), ("gpuhm_kafka.key_password", "ssl.key.password")];
const PASSWORD: &str = "GPUHM_KAFKA_PASSWORD";
/// How the seed names the brokers.
const BROKERS: &str = "KAFKA_BROKERS";
/// Columns of a setting, before its origin.
const COLUMNS: usize = 52;

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Failure {
        let hint = error.hint().map(str::to_owned);
        let failure = Failure::cannot(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

fn environment(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The brokers, where the flag or the environment chose Kafka.
pub(crate) fn chosen(options: &BusOptions) -> Result<Option<String>, Failure> {
    match options.bus.as_deref() {
        Some(url) if url.starts_with("file:") || !brokers::is_kafka(url) => Ok(None),
        Some(url) => Ok(Some(brokers::parse(url)?)),
        None => {
            let Some(list) = environment(BROKERS) else { return Ok(None) };
            let parsed = brokers::parse(&list.to_string_lossy());
            Ok(Some(parsed.map_err(|error| {
                let failure = Failure::usage(format!("{BROKERS}: {error}"));
                failure.hint(error.hint().unwrap_or("unset it, or name the bus with --bus"))
            })?))
        }
    }
}

/// What is said where Kafka is chosen and cannot be used.
pub(crate) fn not_here(brokers: &str) -> Failure {
    Failure::usage(format!("--bus {brokers}: this version has the embedded bus only")).hint("use --bus file:DIR")
}

/// The settings, checked as far as can be without a broker.
pub(crate) fn usable(options: &BusOptions, brokers: &str) -> Result<Settings, Failure> {
    let settings = settings(options, brokers)?;
    settings.check(&[look(), Role::Producer])?;
    for said in settings.warnings() {
        tracing::warn!("kafka: {said}");
    }
    Ok(settings)
}

/// Opens the bus.
pub(crate) fn open(options: &BusOptions, brokers: &str, retry: &Retry) -> Result<Arc<dyn Bus>, Failure> {
    let mut settings = usable(options, brokers)?;
    let Retry { stop, patience, pulse } = patience(options, retry);
    // Who waits for ever waits in short tries, so that it is said; else one try is as long as the patience. Who tries
    // once gives that one its time.
    settings.connect = patience.filter(|long| !long.is_zero()).unwrap_or(settings.connect);
    let retry = Retry { stop: stop.clone(), patience: patience.map(|_| Duration::ZERO), pulse };
    Ok(Arc::new(retry.run(|| Kafka::open_unless(settings.clone(), &|| stop.is_set()))?))
}

/// For how long the brokers are tried: as the flag says, else as the command does.
fn patience(options: &BusOptions, retry: &Retry) -> Retry {
    let patience = match options.connect_timeout {
        None => retry.patience,
        Some(Duration::ZERO) => None,
        Some(long) => Some(long),
    };
    Retry { patience, ..retry.clone() }
}

/// All that was said about the clients. Secrets come from credentials, files or the environment, in this order.
pub(crate) fn settings(options: &BusOptions, brokers: &str) -> Result<Settings, Failure> {
    let mut settings = Settings::new(brokers);
    settings.prefix = options.topic_prefix.clone().unwrap_or_default();
    if options.read.get().is_none() {
        // Of two that read at once one is kept.
        drop(options.read.set(entries(options)?));
    }
    for entry in options.read.get().into_iter().flatten() {
        settings.give(entry.clone())?;
    }
    Ok(settings)
}

/// What files, flags, credentials and the environment say.
fn entries(options: &BusOptions) -> Result<Vec<Entry>, Failure> {
    // The weakest: the file of all settings has a table of them.
    let mut given = used(settings::java::translated(config::loaded().properties())?);
    if let Some(path) = &options.kafka_config {
        let text = text(path, LARGEST)?;
        given.extend(used(settings::file(&path.display().to_string(), &text)?));
    }
    given.extend(flags(options)?);
    for entry in &mut given {
        if let Some(key) = entry.names_file_of() {
            let secret = secret(Path::new(entry.value.trim()))?;
            *entry = Entry::new(key, secret, Origin::Named(Box::new(entry.origin.clone())));
        }
    }
    if let Some(directory) = environment("CREDENTIALS_DIRECTORY") {
        for (name, key) in CREDENTIALS {
            let path = Path::new(&directory).join(name);
            if path.exists() {
                given.push(Entry::new(key, secret(&path)?, Origin::Credential(name)));
            }
        }
    }
    if let Some(password) = environment(PASSWORD) {
        let password = password.into_string().map_err(|_| Failure::usage(format!("{PASSWORD}: not UTF-8")))?;
        given.push(Entry::new("sasl.password", password, Origin::Environment(PASSWORD)));
    }
    Ok(given)
}

/// What `-X` says.
fn flags(options: &BusOptions) -> Result<Vec<Entry>, Failure> {
    let pairs = options.kafka.iter().map(|pair| pair.0.as_str()).filter(|pair| *pair != DUMP);
    Ok(used(settings::flags(pairs)?))
}

/// What of a layer means something here.
fn used(translated: Translated) -> Vec<Entry> {
    if !translated.ignored.is_empty() {
        let keys: Vec<String> =
            translated.ignored.iter().map(|entry| format!("{} ({})", entry.key, entry.origin)).collect();
        tracing::debug!("kafka: settings of Java clients that mean nothing here: {}", keys.join(", "));
    }
    translated.entries
}

/// A file's text, with a bound.
fn text(path: &Path, most: u64) -> Result<String, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
    if u64::try_from(read).is_ok_and(|read| read > most) {
        return Err(wrong(format!("larger than {most} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| wrong("not UTF-8".to_owned()))
}

/// A secret's file, without the line end that editors put behind it.
fn secret(path: &Path) -> Result<String, Failure> {
    let mut text = text(path, LONGEST_SECRET)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(Failure::usage(format!("{}: empty", path.display())));
    }
    Ok(text)
}

/// What the command line says of Kafka, looked at before anything runs; `true` where it only asked what is set, and it
/// was shown.
pub(crate) fn looked_at(matches: &ArgMatches) -> Result<bool, Failure> {
    let (mut at, mut command) = (matches, "");
    while let Some((name, below)) = at.subcommand() {
        if command.is_empty() {
            command = name;
        }
        at = below;
    }
    // Ids that a command does not have are an error, not an absence.
    if at.try_contains_id("kafka_config").is_err() {
        return Ok(false);
    }
    let options = BusOptions::from_arg_matches(at).map_err(Failure::cannot)?;
    let roles = roles(command);
    let Some(brokers) = chosen(&options)? else {
        let said = |id: &&(&str, &str)| at.value_source(id.0) == Some(ValueSource::CommandLine);
        let flags = [("kafka", "-X"), ("kafka_config", "-F"), ("topic_prefix", "--topic-prefix")];
        return match flags.iter().find(said) {
            Some((_, flag)) => Err(Failure::usage(format!("{flag} is for Kafka, and the bus is the embedded one"))
                .hint("name the brokers with --bus kafka://h1:9092,h2:9092")),
            None => Ok(false),
        };
    };
    if options.kafka.iter().any(|pair| pair.0 == DUMP) {
        dump(&settings(&options, &brokers)?, &roles)?;
        return Ok(true);
    }
    let mut settings = Settings::new(&brokers);
    flags(&options)?.into_iter().try_for_each(|entry| settings.give(entry))?;
    settings.check_owned(&roles)?;
    Ok(false)
}

/// Stands for what the command names at its start.
const NAMED: &str = "(named by the command)";

fn look() -> Role {
    Role::Look { group: NAMED.to_owned() }
}

/// The clients that a command has.
fn roles(command: &str) -> Vec<Role> {
    let named = || NAMED.to_owned();
    let scan = Role::Scan { group: named() };
    let member = Role::Member { group: named(), instance: Some(named()) };
    let transactions = Role::Transactions { id: named() };
    match command {
        "collect" | "score" | "predict" => vec![Role::Producer, look()],
        "validate" | "aggregate" => vec![member, transactions, scan, look()],
        "tail" => vec![scan, look()],
        "top" => vec![look()],
        "migrate" | "doctor" => vec![Role::Admin, look()],
        _ => vec![member, transactions, Role::Producer, scan, look()],
    }
}

/// Prints what is set, a line a key, for every client of the command. A set that cannot be used is shown, too, since this
/// is how to find out why; then it fails.
fn dump(settings: &Settings, roles: &[Role]) -> Result<(), Failure> {
    let mut out = Out::new();
    for (at, role) in roles.iter().enumerate() {
        if at > 0 {
            out.line("")?;
        }
        out.line(&format!("# a client that {}", role.what()))?;
        for entry in settings.effective(role) {
            let pair = format!("{}={}", entry.key, shown(&entry.key, &entry.value));
            out.line(&escaped(&format!("{pair:COLUMNS$} # {}", entry.origin)))?;
        }
    }
    out.flush()?;
    for said in settings.warnings() {
        tracing::warn!("kafka: {said}");
    }
    settings.check(roles)?;
    Ok(())
}
