//! Fakes and streams for the tests of the runner: deterministic, in memory, and able to fail between any two acts.

pub(crate) mod actor;
pub(crate) mod case;
pub(crate) mod fake_bus;
pub(crate) mod fake_store;
pub(crate) mod random;
pub(crate) mod readings;
pub(crate) mod stream;
pub(crate) mod world;

/// A fake that stages write to has nothing for passes and views: whoever asks is told so.
macro_rules! judges_nothing {
    (@each $($name:ident($($arg:ident: $ty:ty),*) -> $answer:ty;)+) => {
        $(fn $name(&mut self, $($arg: $ty),*) -> Result<$answer, gpuhm::store::StoreError> {
            let why = concat!("a fake has no ", stringify!($name)).to_owned();
            Err(gpuhm::store::StoreError::Unusable { place: "fake".to_owned(), why, hint: None })
        })+
    };
    ($store:ty) => {
        impl gpuhm::store::Judged for $store {
            fn silences(&mut self) -> Result<Vec<gpuhm::event::Silence>, gpuhm::store::StoreError> {
                Ok(Vec::new())
            }
            judges_nothing!(@each
                hold(_a: &str) -> Option<Box<dyn gpuhm::store::Held>>;
                facts(_a: gpuhm::event::Time) -> gpuhm::event::Facts;
                fleet() -> gpuhm::event::FleetNow;
                past(_a: &str, _b: gpuhm::event::Time, _c: gpuhm::event::Time) -> gpuhm::event::GpuPast;
                health_at(_a: &str, _b: gpuhm::event::Time) -> Option<gpuhm::event::Health>;
                prediction_at(_a: &str, _b: gpuhm::event::Time) -> Option<gpuhm::event::Prediction>;
                put_silence(_a: &gpuhm::event::Silence) -> ();
                failures() -> Vec<gpuhm::event::Failure>;
                put_failures(_a: &[gpuhm::event::Failure]) -> u64;
                remove_failure(_a: &str, _b: gpuhm::event::Time, _c: gpuhm::event::prediction::FailureKind) -> bool;
            );
        }
    };
}
pub(crate) use judges_nothing;
