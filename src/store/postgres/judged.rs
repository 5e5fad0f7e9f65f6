//! What passes and views ask of the store on a server: the trait, and where each answer is made.
//!
//! `facts`, `fleet` and `past` are fixed numbers of statements and of round trips, however many GPUs there are.

mod facts;
mod fleet;
mod gpus;
mod hold;
mod past;
mod recorded;
mod row;
mod sql;

use super::Postgres;
use super::write;
use crate::event::prediction::FailureKind;
use crate::event::{Facts, Failure, FleetNow, GpuPast, Health, Prediction, Silence, Time};
use crate::store::StoreError;
use crate::store::judged::{Held, Judged};

impl Judged for Postgres {
    fn hold(&mut self, name: &str) -> Result<Option<Box<dyn Held>>, StoreError> {
        hold::take(self.link.settings(), name)
    }

    fn facts(&mut self, now: Time) -> Result<Facts, StoreError> {
        self.link.run("read the facts", async |session| facts::facts(session, now).await)
    }

    fn fleet(&mut self) -> Result<FleetNow, StoreError> {
        self.link.run("read the fleet", async |session| fleet::fleet(session).await)
    }

    fn past(&mut self, gpu: &str, from: Time, to: Time) -> Result<GpuPast, StoreError> {
        self.link.run("read a GPU's past", async |session| past::past(session, gpu, (from, to)).await)
    }

    fn health_at(&mut self, gpu: &str, at: Time) -> Result<Option<Health>, StoreError> {
        self.link.run("read a GPU's health", async |session| past::health_at(session, gpu, at).await)
    }

    fn prediction_at(&mut self, gpu: &str, at: Time) -> Result<Option<Prediction>, StoreError> {
        self.link.run("read a GPU's prediction", async |session| past::prediction_at(session, gpu, at).await)
    }

    fn silences(&mut self) -> Result<Vec<Silence>, StoreError> {
        self.link.run("read silences", async |session| recorded::silences(session).await)
    }

    fn put_silence(&mut self, silence: &Silence) -> Result<(), StoreError> {
        self.link.run("write a silence", async |session| write::put_silence(session, silence).await)
    }

    fn failures(&mut self) -> Result<Vec<Failure>, StoreError> {
        self.link.run("read failures", async |session| recorded::failures(session).await)
    }

    fn put_failures(&mut self, failures: &[Failure]) -> Result<u64, StoreError> {
        self.link.run("write failures", async |session| write::put_failures(session, failures).await)
    }

    fn remove_failure(&mut self, gpu: &str, at: Time, kind: FailureKind) -> Result<bool, StoreError> {
        self.link.run("remove a failure", async |session| write::remove_failure(session, gpu, at, kind).await)
    }
}
