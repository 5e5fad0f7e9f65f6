//! What travels and what is kept: samples and status reports as JSON events, windows, alerts, scores, predictions, and the
//! rows of the store.
//!
//! Plain data and its encodings. Stages make it, buses carry it, stores keep it; this module knows none of them.

pub mod alert;
pub mod asset;
pub mod codec;
pub mod facts;
pub mod fleet;
pub mod health;
pub mod label;
pub mod matcher;
pub mod prediction;
pub mod record;
pub mod rows;
pub mod sample;
pub mod silence;
pub mod text;
pub mod time;
pub mod values;
pub mod window;
pub mod xid;

pub use alert::{Alert, Severity, Status};
pub use asset::Asset;
pub use facts::{Facts, Known};
pub use fleet::{FleetNow, GpuNow, GpuPast};
pub use health::Health;
pub use matcher::Matcher;
pub use prediction::{Failure, Prediction};
pub use record::{Message, Record};
pub use rows::Rows;
pub use sample::{Body, Collector, Event, Gpu, Host, Instance, Quality, Xid};
pub use silence::Silence;
pub use time::Time;
pub use values::{Value, Values};
pub use window::{Size, Window};
