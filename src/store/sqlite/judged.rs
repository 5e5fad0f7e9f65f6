//! What passes and views ask of the embedded store: the trait, and where each answer is made.
//!
//! `facts` and `fleet` are fixed numbers of statements, however many GPUs there are, which a test counts. All reading works
//! on a store that was opened for reading only.

mod facts;
mod fleet;
mod gpus;
mod hold;
mod past;
mod recorded;
mod row;
mod sql;
#[cfg(test)]
mod tests;
mod write;

use sql::FAILURE_REMOVE;
#[cfg(test)]
pub(super) use sql::all_texts;
pub(super) use write::put;

use super::Sqlite;
use crate::event::prediction::FailureKind;
use crate::event::{Facts, Failure, FleetNow, GpuPast, Health, Prediction, Silence, Time};
use crate::store::StoreError;
use crate::store::judged::{Held, Judged};

impl Judged for Sqlite {
    fn hold(&mut self, name: &str) -> Result<Option<Box<dyn Held>>, StoreError> {
        hold::take(&self.path, name)
    }

    fn facts(&mut self, now: Time) -> Result<Facts, StoreError> {
        self.with("read the facts", |connection| facts::facts(connection, now))
    }

    fn fleet(&mut self) -> Result<FleetNow, StoreError> {
        self.with("read the fleet", fleet::fleet)
    }

    fn past(&mut self, gpu: &str, from: Time, to: Time) -> Result<GpuPast, StoreError> {
        self.with("read a GPU's past", |connection| past::past(connection, gpu, (from, to)))
    }

    fn health_at(&mut self, gpu: &str, at: Time) -> Result<Option<Health>, StoreError> {
        self.with("read a GPU's health", |connection| past::health_at(connection, gpu, at))
    }

    fn prediction_at(&mut self, gpu: &str, at: Time) -> Result<Option<Prediction>, StoreError> {
        self.with("read a GPU's prediction", |connection| past::prediction_at(connection, gpu, at))
    }

    fn silences(&mut self) -> Result<Vec<Silence>, StoreError> {
        self.with("read silences", |connection| recorded::silences(connection))
    }

    fn put_silence(&mut self, silence: &Silence) -> Result<(), StoreError> {
        self.with("write a silence", |connection| write::put_silence(connection, silence))
    }

    fn failures(&mut self) -> Result<Vec<Failure>, StoreError> {
        self.with("read failures", |connection| recorded::failures(connection))
    }

    fn put_failures(&mut self, failures: &[Failure]) -> Result<u64, StoreError> {
        self.with("write failures", |connection| write::put_failures(connection, failures))
    }

    fn remove_failure(&mut self, gpu: &str, at: Time, kind: FailureKind) -> Result<bool, StoreError> {
        self.with("remove a failure", |connection| {
            Ok(connection.prepare_cached(FAILURE_REMOVE)?.execute((gpu, at.ms(), kind.word()))? > 0)
        })
    }
}
