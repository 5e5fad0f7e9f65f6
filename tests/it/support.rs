//! Fakes and streams for the tests of the runner: deterministic, in memory, and able to fail between any two acts.

pub(crate) mod actor;
pub(crate) mod case;
pub(crate) mod fake_bus;
pub(crate) mod fake_store;
pub(crate) mod random;
pub(crate) mod readings;
pub(crate) mod stream;
pub(crate) mod world;
