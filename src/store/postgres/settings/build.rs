//! From what was said to settings: each key that counts is read here, and what nobody said gets its value.
//!
//! Order: the string, the service manager's credential (a password only), the variable, the file; as libpq, but for time
//! limits, which libpq has none of: a monitor that waits for ever says nothing.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::ChannelBinding;

use super::keys::{self, KEYS, Kept};
use super::text::Pair;
use super::{Settings, Surroundings, Target, Wanted, in_home, passfile, unusable};
use crate::store::StoreError;
use crate::store::postgres::tls::{Tls, Told};

/// Where sockets usually are.
pub(super) const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];
/// What a server listens on.
const PORT: u16 = 5432;
/// How long to wait for a server, where nobody said (J).
const CONNECT: Duration = Duration::from_secs(10);
/// The server's setting for the longest that a statement may take.
const LIMIT: &str = "statement_timeout";
/// As good as for ever.
const DAY: Duration = Duration::from_hours(24);
/// How long a statement may take (J): the longest take a few seconds on a fleet of 10,000.
const STATEMENT: Duration = Duration::from_secs(30);
/// A peer that is gone without a word is noticed within a minute (J).
const IDLE: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;

/// The server's units of time, in seconds; without one it is milliseconds.
const UNITS: [(&str, f64); 7] =
    [("", 0.001), ("us", 0.000_001), ("ms", 0.001), ("s", 1.0), ("min", 60.0), ("h", 3_600.0), ("d", 86_400.0)];

/// What was said of each key.
type Said = HashMap<&'static str, String>;

pub(super) fn settings(pairs: Vec<Pair>, around: &Surroundings<'_>) -> Result<Settings, StoreError> {
    let mut said = said(pairs)?;
    let mut password = said.remove("password").map(|password| (password, None));
    if password.is_none() {
        password = credential(around)?;
    }
    completed(&mut said, around)?;
    let environment = said.remove("password").map(|password| (password, Some("PGPASSWORD".to_owned())));
    password = password.or(environment);
    let mut config = Config::new();
    let user = said.get("user").cloned().or_else(|| person(around));
    if let Some(user) = &user {
        config.user(user);
    }
    let database = said.get("dbname").cloned().or_else(|| user.clone()).unwrap_or_default();
    // libpq would read it; in messages it would show what stands before its host.
    if super::behind_scheme(&database).is_some() {
        return Err(unusable("the name of the database is a URL", Some("name the store by the URL alone")));
    }
    if !database.is_empty() {
        config.dbname(&database);
    }
    let mut targets = targets(&said)?;
    let mut from = password.as_ref().and_then(|(_, from)| from.clone());
    if password.is_none() {
        from = from_file(&said, around, &mut targets, (&database, user.as_deref().unwrap_or_default()))?;
    }
    for target in &mut targets {
        target.password = target.password.take().or_else(|| Some(password.as_ref()?.0.clone().into_bytes()));
    }
    driver(&mut config, &said)?;
    let names: Vec<String> = targets.iter().map(Target::shown).collect();
    Ok(Settings {
        config,
        targets,
        shuffled: choice(&said, "load_balance_hosts", &[("disable", false), ("random", true)])?.unwrap_or(false),
        wanted: choice(&said, "target_session_attrs", &WANTED)?,
        tls: tls(&said, around)?,
        read_only: false,
        password_from: from,
        place: format!("{}/{database}", names.join(",")),
        connect: seconds(&said, "connect_timeout")?.map_or(CONNECT, |long| if long.is_zero() { DAY } else { long }),
        statement: said.get("options").and_then(|options| limit(options)).unwrap_or(STATEMENT),
    })
}

const WANTED: [(&str, Wanted); 6] = [
    ("any", Wanted::Any),
    ("read-write", Wanted::ReadWrite),
    ("read-only", Wanted::ReadOnly),
    ("primary", Wanted::Primary),
    ("standby", Wanted::Standby),
    ("prefer-standby", Wanted::PreferStandby),
];

/// The string's pairs by key; of two the last counts.
fn said(pairs: Vec<Pair>) -> Result<Said, StoreError> {
    let mut said = Said::new();
    for (name, value) in pairs {
        let name = if name == "keepalives_retries" { "keepalives_count".to_owned() } else { name };
        let Some(key) = keys::find(&name) else {
            let plain = name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            // Else it may be the rest of a password.
            let name = if plain { format!("{name:?}") } else { "something".to_owned() };
            return Err(unusable(format!("{name} is no key of a connection"), Some(super::text::FORM)));
        };
        take(key, value, key.name, &mut said)?;
    }
    Ok(said)
}

/// Adds what the environment says of what is still open.
fn completed(said: &mut Said, around: &Surroundings<'_>) -> Result<(), StoreError> {
    for key in KEYS.iter().filter(|key| key.variable.is_some()) {
        let name = key.variable.unwrap_or_default();
        let Some(value) = (around.variable)(name).filter(|_| !said.contains_key(key.name)) else { continue };
        let value = value.into_string().map_err(|_: OsString| unusable(format!("{name} is not UTF-8"), None))?;
        take(key, value, name, said)?;
    }
    Ok(())
}

fn take(key: &keys::Key, value: String, by: &str, said: &mut Said) -> Result<(), StoreError> {
    // As libpq: an empty value says nothing.
    if value.is_empty() {
        return Ok(());
    }
    match key.kept {
        Kept::Yes => drop(said.insert(key.name, value)),
        Kept::No if key.name == "gssencmode" && value == "require" => {
            return Err(unusable(
                format!("{by}=require: there is no encryption by Kerberos here"),
                Some("use sslmode=require"),
            ));
        }
        Kept::No => {}
        Kept::Refused(instead) => return Err(unusable(format!("{by} is not supported"), Some(instead))),
    }
    Ok(())
}

/// Who runs it.
fn person(around: &Surroundings<'_>) -> Option<String> {
    let of = |name| (around.variable)(name).and_then(|value| value.into_string().ok()).filter(|name| !name.is_empty());
    of("USER").or_else(|| of("LOGNAME"))
}

/// The password that the service manager hands over, and its name.
fn credential(around: &Surroundings<'_>) -> Result<Option<(String, Option<String>)>, StoreError> {
    let Some(path) = around.credential.filter(|path| path.exists()) else { return Ok(None) };
    let text = std::fs::read_to_string(path).map_err(|error| unusable(format!("{}: {error}", path.display()), None))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(unusable(format!("{}: empty", path.display()), None));
    }
    Ok(Some((text.to_owned(), Some(format!("the credential {}", path.display())))))
}

/// Gives each server the password that the password file has for it; says which file, where one had any.
fn from_file(
    said: &Said,
    around: &Surroundings<'_>,
    targets: &mut [Target],
    (database, user): (&str, &str),
) -> Result<Option<String>, StoreError> {
    let named = said.get("passfile").map(PathBuf::from);
    let Some(path) = named.or_else(|| in_home(around, ".pgpass")) else { return Ok(None) };
    let Some(text) = passfile::text(&path)? else { return Ok(None) };
    for target in &mut *targets {
        target.password = passfile::password(&text, target, database, user).map(String::into_bytes);
    }
    Ok(targets.iter().any(|target| target.password.is_some()).then(|| path.display().to_string()))
}

fn targets(said: &Said) -> Result<Vec<Target>, StoreError> {
    let list = |key| said.get(key).map(|list| list.split(',').map(str::trim).collect::<Vec<_>>()).unwrap_or_default();
    let (hosts, addrs, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = hosts.len().max(addrs.len()).max(1);
    let uneven = |of: &[&str]| !of.is_empty() && of.len() != count;
    if uneven(&hosts) || uneven(&addrs) || (ports.len() > 1 && ports.len() != count) {
        let why = format!(
            "{} host(s), {} hostaddr(s) and {} port(s) do not go together",
            hosts.len(),
            addrs.len(),
            ports.len()
        );
        return Err(unusable(why, Some("name as many of each, or one port for all")));
    }
    let one = |at: usize| {
        let addr = addrs.get(at).filter(|addr| !addr.is_empty());
        let addr = addr
            .map(|addr| addr.parse().map_err(|_| unusable("hostaddr is not a numeric address", None)))
            .transpose()?;
        let host = hosts.get(at).filter(|host| !host.is_empty()).map(|host| (*host).to_owned());
        let host = host.or_else(|| addr.map(|addr: std::net::IpAddr| addr.to_string())).unwrap_or_else(nearest);
        let port = ports.get(at).or(ports.first()).filter(|port| !port.is_empty());
        let port =
            port.map(|port| port.parse().map_err(|_| unusable("the port is not a number", Some(super::text::FORM))));
        Ok(Target { host, addr, port: port.transpose()?.unwrap_or(PORT), password: None })
    };
    (0..count).map(one).collect()
}

/// The server of this machine.
fn nearest() -> String {
    let here = SOCKETS.iter().find(|place| place.starts_with("/var") && Path::new(place).is_dir());
    here.map_or_else(|| "localhost".to_owned(), |place| (*place).to_owned())
}

/// How long a statement may take by the server's own options, the last of which counts; `None` where they do not say, or
/// not so that it reads.
fn limit(options: &str) -> Option<Duration> {
    let (_, told) = options.rsplit_once(LIMIT)?;
    // A backslash keeps a blank within the value.
    let told = told.trim_start().strip_prefix('=')?.replace("\\ ", "");
    let told = told.split_whitespace().next()?;
    let (number, unit) = told.split_at(told.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(told.len()));
    let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let long = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
    Some(if long.is_zero() { DAY } else { long })
}

/// What the driver itself keeps to.
fn driver(config: &mut Config, said: &Said) -> Result<(), StoreError> {
    if let Some(options) = said.get("options") {
        config.options(options);
    }
    if let Some(name) = said.get("application_name").or_else(|| said.get("fallback_application_name")) {
        config.application_name(name);
    }
    let binding = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    if let Some(binding) = choice(said, "channel_binding", &binding)? {
        config.channel_binding(binding);
    }
    config.keepalives(said.get("keepalives").is_none_or(|on| on != "0"));
    let positive = |key| seconds(said, key).map(|long| long.filter(|long| !long.is_zero()));
    config.keepalives_idle(positive("keepalives_idle")?.unwrap_or(IDLE));
    config.keepalives_interval(positive("keepalives_interval")?.unwrap_or(INTERVAL));
    let probes = seconds(said, "keepalives_count")?.and_then(|count| u32::try_from(count.as_secs()).ok());
    config.keepalives_retries(probes.filter(|count| *count > 0).unwrap_or(PROBES));
    // In milliseconds, as libpq has it.
    let unheard = seconds(said, "tcp_user_timeout")?.map(|long| Duration::from_millis(long.as_secs()));
    config.tcp_user_timeout(unheard.filter(|long| !long.is_zero()).unwrap_or(IDLE));
    Ok(())
}

fn tls(said: &Said, around: &Surroundings<'_>) -> Result<Tls, StoreError> {
    let told = Told {
        mode: said.get("sslmode").map(String::as_str),
        root: said.get("sslrootcert").map(String::as_str),
        cert: said.get("sslcert").map(String::as_str),
        key: said.get("sslkey").map(String::as_str),
        sni: said.get("sslsni").is_none_or(|on| on != "0"),
        least: said.get("ssl_min_protocol_version").map(String::as_str),
        direct: choice(said, "sslnegotiation", &[("postgres", false), ("direct", true)])?.unwrap_or(false),
    };
    Tls::told(&told, in_home(around, ".postgresql").as_deref())
}

/// Which of some words was said.
fn choice<T: Copy>(said: &Said, key: &str, words: &[(&str, T)]) -> Result<Option<T>, StoreError> {
    let Some(value) = said.get(key) else { return Ok(None) };
    if let Some((_, found)) = words.iter().find(|(word, _)| word == value) {
        return Ok(Some(*found));
    }
    let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    Err(unusable(format!("{key}={value} is not one of {}", all.join(", ")), None))
}

/// A whole number of seconds; what is below zero is zero.
fn seconds(said: &Said, key: &str) -> Result<Option<Duration>, StoreError> {
    let Some(value) = said.get(key) else { return Ok(None) };
    match value.trim().parse::<i64>() {
        Ok(number) => Ok(Some(Duration::from_secs(u64::try_from(number).unwrap_or(0)))),
        Err(_) => Err(unusable(format!("{key}={value} is not a whole number"), None)),
    }
}
