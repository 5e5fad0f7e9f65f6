//! What passes and views ask of the embedded store.

use super::{Sqlite, unusable};
use crate::event::{Facts, Failure, FleetNow, GpuPast, Health, Prediction, Silence, Time};
use crate::store::StoreError;
use crate::store::judged::{Held, Judged};

impl Sqlite {
    fn not_yet<T>(&self) -> Result<T, StoreError> {
        Err(unusable(&self.path, "not read yet".to_owned()))
    }
}

impl Judged for Sqlite {
    fn hold(&mut self, _name: &str) -> Result<Option<Box<dyn Held>>, StoreError> {
        self.not_yet()
    }
    fn facts(&mut self, _now: Time) -> Result<Facts, StoreError> {
        self.not_yet()
    }
    fn fleet(&mut self) -> Result<FleetNow, StoreError> {
        self.not_yet()
    }
    fn past(&mut self, _gpu: &str, _from: Time, _to: Time) -> Result<GpuPast, StoreError> {
        self.not_yet()
    }
    fn health_at(&mut self, _gpu: &str, _at: Time) -> Result<Option<Health>, StoreError> {
        self.not_yet()
    }
    fn prediction_at(&mut self, _gpu: &str, _at: Time) -> Result<Option<Prediction>, StoreError> {
        self.not_yet()
    }
    fn silences(&mut self) -> Result<Vec<Silence>, StoreError> {
        self.not_yet()
    }
    fn put_silence(&mut self, _silence: &Silence) -> Result<(), StoreError> {
        self.not_yet()
    }
    fn failures(&mut self) -> Result<Vec<Failure>, StoreError> {
        self.not_yet()
    }
    fn put_failures(&mut self, _failures: &[Failure]) -> Result<u64, StoreError> {
        self.not_yet()
    }
}
