//! What people and scripts see: tables, lines, summaries. Pure: data and an instant in, text out.

pub mod alerts;
pub mod escape;
pub mod filter;
pub mod fleet;
pub mod labels;
pub mod metrics;
pub mod node;
pub mod odds;
pub mod scores;
pub mod silences;
pub mod sources;
pub mod summary;
pub mod tail;
pub mod tui;
