//! What every call passes: the connection, the faults of the script, the versions of both ends.

use std::time::Duration;

use crate::fields::dialect;
use crate::layout::codes::{CONNECTION_NOT_VALID, FUNCTION_NOT_FOUND, OK, TIMEOUT};
use crate::layout::{Handle, Return};
use crate::script::Fault;
use crate::world::{Far, now, world};

/// DCGM could not be started.
pub(crate) const INIT_ERROR: Return = -7;
/// DCGM is not started.
pub(crate) const UNINITIALIZED: Return = -10;
/// How long a call waits for its answer, microseconds.
const PATIENCE: i64 = 60_000_000;
/// How often a call that hangs looks whether it may go on.
const LOOK: Duration = Duration::from_millis(5);
/// Calls whose requests changed between versions.
const VERSIONED: [&str; 3] = ["dcgmGetLatestValues_v2", "dcgmEntitiesGetLatestValues", "dcgmGetDeviceAttributes"];

/// What a call that passed is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passed {
    /// It delivers what it has, and returns this then.
    pub(crate) fails: Option<Return>,
}

/// A call of `symbol` over a connection: what `work` returns, unless something is wrong.
pub(crate) fn call(
    symbol: &'static str,
    handle: Handle,
    work: impl FnOnce(&mut Far<'_>) -> Result<(), Return>,
) -> Return {
    let done = pass(symbol, handle).and_then(|_| work(&mut world().at(handle)?));
    done.err().unwrap_or(OK)
}

/// Lets a call pass, late, or not.
pub(crate) fn pass(symbol: &'static str, handle: Handle) -> Result<Passed, Return> {
    let Some(fault) = fault(symbol, handle)? else { return Ok(Passed { fails: None }) };
    if fault.delay_ms > 0 {
        std::thread::sleep(Duration::from_millis(fault.delay_ms));
    }
    if fault.hang {
        hang(symbol, handle, fault.deaf)?;
    }
    match fault.code {
        Some(code) if !fault.deliver => Err(code),
        code => Ok(Passed { fails: code }),
    }
}

/// The fault of this call, counting it.
fn fault(symbol: &'static str, handle: Handle) -> Result<Option<Fault>, Return> {
    let mut world = world();
    if !world.started {
        return Err(UNINITIALIZED);
    }
    let far = world.at(handle)?;
    let count = far.engine.calls.entry(symbol).or_insert(0);
    *count += 1;
    let nth = *count;
    let here = |fault: &&Fault| fault.call == symbol && fault.nth.is_none_or(|only| only == nth);
    let found = far.script.faults.iter().find(here).cloned();
    if found.is_none() && VERSIONED.contains(&symbol) && dialect(far.library) > dialect(far.version()) {
        return Err(FUNCTION_NOT_FOUND);
    }
    Ok(found)
}

/// Hangs until the script has the call hang no more, the connection is closed, or 60 s are over.
fn hang(symbol: &'static str, handle: Handle, deaf: bool) -> Result<(), Return> {
    let began = now();
    loop {
        std::thread::sleep(LOOK);
        match world().at(handle) {
            Ok(far) if far.script.faults.iter().any(|fault| fault.call == symbol && fault.hang) => {}
            Ok(_) => return Ok(()),
            Err(_) if !deaf => return Err(CONNECTION_NOT_VALID),
            Err(_) => {}
        }
        if now() - began > PATIENCE && !deaf {
            return Err(TIMEOUT);
        }
    }
}
