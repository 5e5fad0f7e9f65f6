//! A pass as a command: what it works on, and the service that runs it again and again.

use std::process::ExitCode;
use std::sync::Arc;

use gpuhm::event::Time;
use gpuhm::pace::Pace;
use gpuhm::pipeline::clock::wall;
use gpuhm::pipeline::passes::Passes;
use gpuhm::pipeline::{Clock, Flag};

use super::exit::{Failure, Outcome};
use super::open;
use super::options::{BusOptions, CommonOptions, StoreOptions};
use super::process::{Signals, pass_retry};
use super::service::reload::Paced;
use super::service::{DrainOptions, Plan, Service, WatchOptions};

/// Begins to be watched.
pub(crate) fn watched(
    bus: &BusOptions,
    (once, paced): (bool, Option<Paced>),
    (watch, drain): (&WatchOptions, &DrainOptions),
    signals: &Signals,
) -> Result<Service, Failure> {
    let watch = &watch.of(once);
    let plan =
        Plan { watch, service: !once, bus: open::bus_name(bus)?, drain: drain.drain, gpus: None, live: None, paced };
    Service::begin(plan, signals)
}

/// Passes of this name over the store, by the wall's clock.
pub(crate) fn passes(
    common: &CommonOptions,
    (bus, store): (&BusOptions, &StoreOptions),
    (name, once): (&'static str, bool),
    (signals, service): (&Signals, &Service),
) -> Result<Passes, Failure> {
    let mut retry = pass_retry(once, signals);
    retry.pulse = service.beats(name);
    // Both URLs are looked at before either is opened: a wrong one makes nothing.
    open::store_needed(common, store)?;
    let clock = Arc::new(Clock::Wall);
    let bus = open::bus(common, bus, &clock, &retry)?;
    Ok(Passes::new(open::store(common, store, &retry)?, bus, clock, retry))
}

/// Runs `pass`, once it has the right to, on every multiple of the interval until it is told to stop.
pub(crate) fn serve(
    passes: &mut Passes,
    (name, every): (&str, &Pace),
    signals: &Signals,
    mut pass: impl FnMut(&mut Passes) -> Result<(), Failure>,
) -> Outcome {
    let mut served = || -> Result<(), Failure> {
        let Some(mut held) = passes.wait_for(name, &signals.stop)? else { return Ok(()) };
        loop {
            if !held.kept() {
                tracing::warn!("{name}: the right to run it was lost with a connection; taking it again");
                let Some(again) = passes.wait_for(name, &signals.stop)? else { return Ok(()) };
                held = again;
            }
            pass(passes)?;
            if !wait(passes, every, &signals.stop) {
                return Ok(());
            }
        }
    };
    match served() {
        Err(failure) if !failure.is_stop() => Err(failure),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// A wait is told of so often, in milliseconds: the interval may be longer than a service manager's patience.
const PART: i64 = 500;

/// Waits for the next pass; whether it came. A clock that was set back meanwhile would put it off for as long: then it is at
/// once.
fn wait(passes: &Passes, pace: &Pace, stop: &Flag) -> bool {
    let mut every = pace.ms();
    let mut next = wall().floor(every).plus(every);
    loop {
        passes.beat();
        let now = wall();
        if pace.ms() != every {
            every = pace.ms();
            next = now.floor(every).plus(every);
        }
        if is_lost(next, now, every) {
            tracing::warn!("the clock was set back: the next pass is at once");
            return true;
        }
        let part = next.min(now.plus(PART));
        if !Clock::Wall.wait_until(part, stop) {
            return false;
        }
        if part == next {
            return true;
        }
    }
}

/// Whether the next pass is further than an interval can be, and a part of a wait more.
fn is_lost(next: Time, now: Time, every: i64) -> bool {
    next.since(now) > every.saturating_add(PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_never_further_than_an_interval() {
        let next = Time(120_000);
        assert!(!is_lost(next, Time(60_000), 60_000) && !is_lost(next, Time(130_000), 60_000));
        assert!(is_lost(next, Time(0), 60_000));
    }
}
