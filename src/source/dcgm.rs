//! DCGM: GPUs read from host engines through libdcgm, which is loaded when it is first wanted.
//!
//! [`Library`] opens the library and looks its symbols up; `connection` calls it, with `cut` and `gather`; all unsafe code is
//! in these. Above them: `session` connects, verifies and discovers, `watch` sets up what is read, `tick` reads it, `sample` makes events, and
//! [`Engine`] keeps all this up through losses. What needs no library is apart and tested without one: [`layout`] (the
//! C types), `plan` (which fields how often), `value` and `convert` (numbers from what DCGM gives), `clock`, `xids`,
//! `version`, `words`.
//!
//! A host engine is read in its cached values only: a live read of some fields kills it.

mod backoff;
mod clock;
mod code;
mod connection;
mod convert;
mod cut;
mod device;
mod engine;
mod gather;
pub mod layout;
mod library;
mod plan;
mod probe;
mod sample;
mod session;
mod text;
mod tick;
mod told;
mod value;
mod version;
mod watch;
mod words;
mod xids;

pub use code::Code;
pub use device::Instance;
pub use engine::{Absence, Engine, Facts, Options};
pub use library::{Library, LoadError};
pub use value::Absent;
pub use version::Version;
