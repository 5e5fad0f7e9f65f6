//! DCGM: GPUs read from host engines through libdcgm, which is loaded when it is first wanted.

pub mod layout;
