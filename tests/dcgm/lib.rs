//! A stand-in for libdcgm: exports the symbols gpuhm uses and answers from a script. For tests; it knows nothing of gpuhm.
//!
//! `GPUHM_STANDIN` names the script ([`script`]), which is read again whenever it changes, so that a test may change the
//! world under a collector that runs. It behaves as a real library and host engine were seen to, in what they do badly
//! too: a connection to nothing returns 0, what is not supported comes as a value, a blocked call ends with its connection.

#![expect(unsafe_code, reason = "C functions called through pointers are all this library is")]

#[path = "../../src/source/dcgm/layout.rs"]
pub mod layout;

mod engine;
mod fields;
mod finding;
mod gate;
mod groups;
mod memory;
mod process;
mod reading;
mod sample;
mod script;
mod spent;
mod world;
