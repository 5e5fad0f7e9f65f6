//! What sources say in the log in the same words.

use std::fmt::Display;

use crate::event::{Severity, xid};

/// An XID of a GPU at a place, by its index or UUID: as loud as it is grave.
pub(super) fn xid(place: impl Display, gpu: impl Display, code: i64) {
    let what = xid::line(code);
    match xid::find(code).and_then(|entry| entry.severity) {
        Some(Severity::Critical) => tracing::error!("{place}: GPU {gpu}: {what}"),
        Some(_) => tracing::warn!("{place}: GPU {gpu}: {what}"),
        None => tracing::info!("{place}: GPU {gpu}: {what}"),
    }
}
