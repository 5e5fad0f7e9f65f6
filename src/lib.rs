//! gpuhm watches the health of NVIDIA GPUs.

pub mod bus;
pub mod event;
pub mod metric;
pub mod pipeline;
pub mod source;
pub mod stage;
pub mod store;
pub mod view;
