//! What passes and views ask of the store on a server: the trait, and where each answer is made.

use super::Postgres;
use super::fault::Fault;
use crate::event::prediction::FailureKind;
use crate::event::{Facts, Failure, FleetNow, GpuPast, Health, Prediction, Silence, Time};
use crate::store::StoreError;
use crate::store::judged::{Held, Judged};

impl Judged for Postgres {
    fn hold(&mut self, _: &str) -> Result<Option<Box<dyn Held>>, StoreError> {
        self.later()
    }

    fn facts(&mut self, _: Time) -> Result<Facts, StoreError> {
        self.later()
    }

    fn fleet(&mut self) -> Result<FleetNow, StoreError> {
        self.later()
    }

    fn past(&mut self, _: &str, _: Time, _: Time) -> Result<GpuPast, StoreError> {
        self.later()
    }

    fn health_at(&mut self, _: &str, _: Time) -> Result<Option<Health>, StoreError> {
        self.later()
    }

    fn prediction_at(&mut self, _: &str, _: Time) -> Result<Option<Prediction>, StoreError> {
        self.later()
    }

    fn silences(&mut self) -> Result<Vec<Silence>, StoreError> {
        self.later()
    }

    fn put_silence(&mut self, _: &Silence) -> Result<(), StoreError> {
        self.later()
    }

    fn failures(&mut self) -> Result<Vec<Failure>, StoreError> {
        self.later()
    }

    fn put_failures(&mut self, _: &[Failure]) -> Result<u64, StoreError> {
        self.later()
    }

    fn remove_failure(&mut self, _: &str, _: Time, _: FailureKind) -> Result<bool, StoreError> {
        self.later()
    }
}

impl Postgres {
    fn later<T>(&mut self) -> Result<T, StoreError> {
        Err(Fault::Late.told(self.link.place(), "work in progress"))
    }
}
