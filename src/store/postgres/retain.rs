//! Dropping what is too old.

use super::fault::Fault;
use super::link::Session;
use crate::event::Time;
use crate::store::Retention;

/// Drops what `keep` does not keep; returns how many rows.
pub(super) async fn retain(_: &mut Session, _: Time, _: Retention) -> Result<u64, Fault> {
    Err(Fault::Late)
}
