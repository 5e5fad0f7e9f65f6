//! A pass as a command: what it works on, and the service that runs it again and again.

use std::process::ExitCode;
use std::sync::Arc;

use gpuhm::pipeline::Clock;
use gpuhm::pipeline::clock::wall;
use gpuhm::pipeline::passes::Passes;

use super::exit::{Failure, Outcome};
use super::open;
use super::options::{BusOptions, CommonOptions, StoreOptions};
use super::process::{Signals, pass_retry};

/// Passes over the store, by the wall's clock.
pub(crate) fn passes(
    common: &CommonOptions,
    (bus, store): (&BusOptions, &StoreOptions),
    once: bool,
    signals: &Signals,
) -> Result<Passes, Failure> {
    let retry = pass_retry(once, signals);
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
            let next = wall().floor(every).plus(every);
            if !Clock::Wall.wait_until(next, &signals.stop) {
                return Ok(());
            }
        }
    };
    match served() {
        Err(failure) if !failure.is_stop() => Err(failure),
        _ => Ok(ExitCode::SUCCESS),
    }
}
