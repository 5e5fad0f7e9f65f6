//! What passes read and write beside rows, and what people record: facts, scores, predictions, silences, failures.
//!
//! Every method is a fixed number of queries, however many GPUs there are. Part of what every [`super::Store`] can do; a file
//! of its own because the stages need none of it.

use super::StoreError;
use crate::event::prediction::FailureKind;
use crate::event::{Facts, Failure, FleetNow, GpuPast, Health, Prediction, Silence, Time};

/// A right that one process holds at a time; gone with this value, or with the process.
pub trait Held: Send {
    /// Whether it still is held: one that rests on a connection is lost with it.
    fn kept(&mut self) -> bool {
        true
    }
}

/// What passes and views ask of a store.
pub trait Judged {
    /// Takes the right named `name`; `None` while another process holds it.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn hold(&mut self, name: &str) -> Result<Option<Box<dyn Held>>, StoreError>;

    /// What a pass at `now` needs to know of the fleet.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn facts(&mut self, now: Time) -> Result<Facts, StoreError>;

    /// The fleet as people look at it.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn fleet(&mut self) -> Result<FleetNow, StoreError>;

    /// The past of one GPU in [from, to).
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn past(&mut self, gpu: &str, from: Time, to: Time) -> Result<GpuPast, StoreError>;

    /// The health of one GPU as it stood at an instant.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn health_at(&mut self, gpu: &str, at: Time) -> Result<Option<Health>, StoreError>;

    /// The prediction of one GPU as it stood at an instant.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn prediction_at(&mut self, gpu: &str, at: Time) -> Result<Option<Prediction>, StoreError>;

    /// Every silence that is kept, newest first.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn silences(&mut self) -> Result<Vec<Silence>, StoreError>;

    /// Puts a silence in, or changes the one with its id.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn put_silence(&mut self, silence: &Silence) -> Result<(), StoreError>;

    /// Every recorded failure, by time.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn failures(&mut self) -> Result<Vec<Failure>, StoreError>;

    /// Puts recorded failures in, whole rows by key; returns how many were new or differed.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn put_failures(&mut self, failures: &[Failure]) -> Result<u64, StoreError>;

    /// Takes a recorded failure back; whether there was one.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    fn remove_failure(&mut self, gpu: &str, at: Time, kind: FailureKind) -> Result<bool, StoreError>;
}
