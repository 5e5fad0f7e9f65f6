//! `collect` to a bus that can be away: the flags of its spool, and how a collector ends that has one.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use gpuhm::pipeline::spool::{Connect, Left, Limits, Patience, Spool};

use crate::config;
use crate::exit::{BAD_NEWS, Failure};
use crate::open;
use crate::options::{CommonOptions, duration, ms};
use crate::process::{LONG_PATIENCE, Signals};

/// Flags of the spool.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Spool options (Kafka; the embedded bus is its own spool)")]
pub(crate) struct SpoolOptions {
    /// Directory of the spool, where events wait for Kafka [default: the home directory]
    #[arg(long, value_name = "DIR", env = "GPUHM_SPOOL")]
    spool: Option<PathBuf>,
    /// Bytes that may wait, compressed; at more the oldest events go, and are counted
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = size)]
    spool_max: u64,
    /// How long an event may wait; what is older goes, and is counted
    #[arg(long, value_name = "D", default_value = "24h", value_parser = age)]
    spool_age: Duration,
    /// Events a second at which what is older than a minute is sent [default: 5000, or four times the rate of collecting]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    spool_rate: Option<u32>,
    /// Name of this collector among several on one host: it names the spool, which only one can use
    #[arg(long, value_name = "NAME", default_value = "collect", value_parser = name)]
    instance: String,
    /// After a signal, how long to go on delivering; what is left waits in the spool for the next start
    #[arg(long, value_name = "D", default_value = "20s", value_parser = duration)]
    drain: Duration,
}

impl SpoolOptions {
    /// Opens the spool and begins to send.
    pub(super) fn start(&self, common: &CommonOptions, connect: Connect) -> Result<Spool, Failure> {
        let directory = match &self.spool {
            Some(directory) => directory.clone(),
            None => open::home(common)?,
        };
        let limits = Limits { bytes: self.spool_max, age: ms(self.spool_age), rate: self.spool_rate };
        Ok(Spool::start(&directory, &self.instance, limits, connect)?)
    }

    /// How long the end may take; a one-shot waits for Kafka as long as it was told to, 0 for ever.
    pub(super) fn patience(&self, service: bool, connect: Option<Duration>) -> Patience {
        let silence = match connect {
            None => LONG_PATIENCE,
            Some(Duration::ZERO) => Duration::MAX,
            Some(long) => long,
        };
        Patience { drain: self.drain, silence: (!service).then_some(silence) }
    }

    /// How long delivering may go on after a signal.
    pub(super) fn drain(&self) -> Duration {
        self.drain
    }

    /// Refuses what means nothing with the embedded bus.
    pub(super) fn unused(&self) -> Result<(), Failure> {
        match &self.spool {
            // In a file it waits for the bus that it is for.
            Some(spool) if !config::loaded().is_in_file("collect.spool", &spool.to_string_lossy()) => {
                Err(Failure::usage("--spool is for Kafka, and the bus is the embedded one")
                    .hint("leave it out: the embedded bus is its own spool"))
            }
            _ => Ok(()),
        }
    }
}

/// Delivers what waits, and says what was not.
pub(super) fn end(spool: Spool, patience: Patience, service: bool, signals: &Signals) -> Result<ExitCode, Failure> {
    let place = spool.place().to_owned();
    let Left { events, unsaved, dropped } = spool.drain(patience, &signals.stop)?;
    if dropped > 0 {
        tracing::warn!("{dropped} events were dropped at the spool's bound, the oldest first");
    }
    if unsaved > 0 {
        tracing::warn!("{unsaved} events are lost: the spool could not be written");
    }
    if events > 0 {
        tracing::warn!("{events} events not delivered; kept in spool {place}, sent first at the next start");
    }
    Ok(match () {
        () if service => ExitCode::SUCCESS,
        // A one-shot's sum does not add up.
        () if dropped + unsaved > 0 && !signals.came() => ExitCode::from(BAD_NEWS),
        () => signals.one_shot(),
    })
}

/// The smallest spool: a few blocks.
const SMALLEST: u64 = 64 << 10;

/// Parses `64KiB`, `256MiB`, `2GiB`.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no size such as 64KiB, 256MiB or 2GiB");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let shift = match unit {
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match number.checked_mul(1 << shift) {
        Some(bytes) if bytes >= SMALLEST && i64::try_from(bytes).is_ok() => Ok(bytes),
        Some(bytes) if bytes < SMALLEST => Err("must be 64KiB at least".to_owned()),
        _ => Err(wrong()),
    }
}

/// Parses an age.
fn age(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than nothing".to_owned()),
        fine => Ok(fine),
    }
}

/// Parses a name that becomes part of a file's.
fn name(text: &str) -> Result<String, String> {
    let spelt = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=100).contains(&text.len()) && text.bytes().all(spelt) {
        return Ok(text.to_owned());
    }
    Err("1 to 100 letters, digits, '.', '_' and '-'".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_names_are_read() {
        assert_eq!(size("256MiB"), Ok(256 << 20));
        assert_eq!(size("64KiB"), Ok(64 << 10));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        for wrong in ["", "5", "MiB", "-1MiB", "1mb", "63KiB", "9999999999GiB", "99999999999999999999MiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        assert!(name("node-1.a_b").is_ok() && name("").is_err() && name("../x").is_err() && name("a b").is_err());
        assert!(age("0s").is_err() && age("72h").is_ok());
    }
}
