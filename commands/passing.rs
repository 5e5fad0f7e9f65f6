//! A pass as a command: what it works on, and the service that runs it again and again.

use std::process::ExitCode;
use std::sync::Arc;

use gpuhm::event::Time;
use gpuhm::pipeline::clock::wall;
use gpuhm::pipeline::passes::Passes;
use gpuhm::pipeline::{Clock, Flag};

use super::exit::{Failure, Outcome};
use super::open;
use super::options::{BusOptions, CommonOptions, StoreOptions};
use super::process::{Signals, pass_retry};
use super::service::{DrainOptions, Plan, Service, WatchOptions};

/// Begins to be watched.
pub(crate) fn watched(
    bus: &BusOptions,
    once: bool,
    (watch, drain): (&WatchOptions, &DrainOptions),
    signals: &Signals,
) -> Result<Service, Failure> {
    let watch = &watch.of(once);
    let plan = Plan { watch, service: !once, bus: open::bus_name(bus)?, drain: drain.drain, gpus: None };
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
    (name, every): (&str, i64),
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
            if !wait(passes, wall().floor(every).plus(every), &signals.stop) {
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

/// Waits for the next pass; whether it came.
fn wait(passes: &Passes, next: Time, stop: &Flag) -> bool {
    loop {
        passes.beat();
        let part = next.min(wall().plus(PART));
        if !Clock::Wall.wait_until(part, stop) {
            return false;
        }
        if part == next {
            return true;
        }
    }
}
