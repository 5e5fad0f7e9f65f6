//! The checks there are, in the order in which they are run and shown, and what a check is given and tells.
//!
//! To add one: a file with a `CHECK`, and its line in [`REGISTRY`]. Identifiers are part of the interface and stay.

use std::sync::Arc;
use std::time::Duration;

use gpuhm::bus::Bus;
use gpuhm::bus::kafka::Kafka;
use gpuhm::bus::kafka::settings::Settings;
use gpuhm::event::Time;
use gpuhm::pipeline::Clock;
use gpuhm::pipeline::retry::Retry;
use gpuhm::source::place::Place;

use super::{acl, ahead, clock, conf, db, file, gpus, lag, reach, schema, secrets, systemd, topics};
use crate::brokers;
use crate::exit::Failure;
use crate::open;
use crate::options::{BusOptions, CommonOptions, StoreOptions};
use crate::source::live::LiveOptions;

/// Every check.
pub(super) const REGISTRY: &[Check] = &[
    conf::CHECK,
    secrets::CHECK,
    systemd::CHECK,
    clock::CHECK,
    gpus::URL,
    gpus::LIBRARY,
    gpus::SOCKETS,
    gpus::ENGINE,
    gpus::PROFILING,
    gpus::NVML,
    gpus::PAGES,
    gpus::AUTO,
    file::CHECK,
    lag::EMBEDDED,
    reach::CHECK,
    topics::CHECK,
    acl::CHECK,
    lag::KAFKA,
    ahead::CHECK,
    db::REACH,
    db::TLS,
    db::CLOCK,
    db::ROOM,
    db::RIGHTS,
    schema::CHECK,
    db::PARTS,
    db::JOBS,
];

/// One check.
pub(super) struct Check {
    /// What it is called, for ever.
    pub(super) id: &'static str,
    /// A check that must be ok, else this one is skipped.
    pub(super) needs: Option<&'static str>,
    /// Whether there is anything to look at.
    pub(super) applies: fn(&Subject) -> bool,
    /// Looks. It changes nothing.
    pub(super) run: fn(&Subject) -> Finding,
}

/// What is looked at.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) common: CommonOptions,
    pub(super) bus: BusOptions,
    pub(super) store: StoreOptions,
    /// The cluster's settings, where the bus is one.
    pub(super) kafka: Option<Settings>,
    /// Where GPUs are read.
    pub(super) places: Vec<Place>,
    /// Why those that are named cannot be understood, where they cannot.
    pub(super) wrong: Option<Finding>,
    /// Whether somebody named them: not where a collector would look of itself.
    pub(super) named: bool,
    /// How they are read.
    pub(super) live: LiveOptions,
    /// What host engines told.
    pub(super) engines: gpus::Engines,
    /// How long to wait for one answer.
    pub(super) timeout: Duration,
    pub(super) now: Time,
}

impl Subject {
    /// Whether the bus is Kafka.
    pub(super) fn on_kafka(&self) -> bool {
        self.kafka.is_some()
    }

    /// Whether the bus is embedded.
    pub(super) fn embedded(&self) -> bool {
        self.kafka.is_none()
    }

    /// The cluster.
    pub(super) fn kafka(&self) -> Result<Kafka, Finding> {
        let settings = self.kafka.clone().ok_or_else(|| Finding::skipped("no Kafka".to_owned()))?;
        Kafka::open(settings).map_err(Finding::from)
    }

    /// The bus, whichever it is.
    pub(super) fn open_bus(&self) -> Result<Arc<dyn Bus>, Finding> {
        let clock = Arc::new(Clock::Wall);
        open::bus(&self.common, &self.bus, &clock, &Retry::never()).map_err(Finding::from)
    }

    /// How long several answers may take that are asked for side by side, a little less than a check may.
    pub(super) fn patience(&self) -> Duration {
        self.timeout * 2
    }

    /// How the bus is named on the command line, for remedies.
    pub(super) fn bus_flag(&self) -> String {
        brokers::flags(&self.bus)
    }
}

/// How a check ended; worse is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// Was not looked at.
    Skipped,
    /// Nothing is wrong.
    Ok,
    /// Someone should look at it.
    Warning,
    /// It does not work, or will not.
    Fault,
}

impl State {
    /// The word in tables and JSON.
    pub(super) const fn word(self) -> &'static str {
        match self {
            State::Skipped => "skipped",
            State::Ok => "ok",
            State::Warning => "warning",
            State::Fault => "fault",
        }
    }
}

/// What a check tells.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) state: State,
    /// One line.
    pub(super) text: String,
    /// The command that mends it, or what to look at.
    pub(super) remedy: Option<String>,
    /// More of it, a line each.
    pub(super) details: Vec<String>,
}

impl Finding {
    const fn new(state: State, text: String) -> Finding {
        Finding { state, text, remedy: None, details: Vec::new() }
    }

    pub(super) const fn ok(text: String) -> Finding {
        Finding::new(State::Ok, text)
    }

    pub(super) const fn warning(text: String) -> Finding {
        Finding::new(State::Warning, text)
    }

    pub(super) const fn fault(text: String) -> Finding {
        Finding::new(State::Fault, text)
    }

    pub(super) const fn skipped(text: String) -> Finding {
        Finding::new(State::Skipped, text)
    }

    /// Adds what to do.
    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Finding {
        self.remedy = Some(remedy.into());
        self
    }

    /// Adds what is to be known besides.
    pub(super) fn details(mut self, details: Vec<String>) -> Finding {
        self.details = details;
        self
    }
}

impl From<Failure> for Finding {
    fn from(failure: Failure) -> Finding {
        let found = Finding::fault(failure.text());
        match failure.advice() {
            Some(advice) => found.remedy(advice),
            None => found,
        }
    }
}

impl From<gpuhm::bus::BusError> for Finding {
    fn from(error: gpuhm::bus::BusError) -> Finding {
        Failure::from(error).into()
    }
}

/// A check's body with `?`: what went wrong is what it tells.
pub(super) fn told(found: Result<Finding, Finding>) -> Finding {
    found.unwrap_or_else(|wrong| wrong)
}

/// The identifiers, for the flags that take them.
pub(super) fn ids() -> Vec<&'static str> {
    REGISTRY.iter().map(|check| check.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_unique_and_what_is_needed_comes_before() {
        for (at, check) in REGISTRY.iter().enumerate() {
            let before: Vec<&str> = REGISTRY[..at].iter().map(|check| check.id).collect();
            assert!(!before.contains(&check.id), "{} twice", check.id);
            assert!(check.needs.is_none_or(|needs| before.contains(&needs)), "{} before what it needs", check.id);
        }
    }

    #[test]
    fn worse_is_greater() {
        assert!(State::Fault > State::Warning && State::Warning > State::Ok && State::Ok > State::Skipped);
    }
}
