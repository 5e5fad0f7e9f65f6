//! Retention of the embedded bus and store, in services only: what is dropped unread is counted and said.

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::Flag;
use super::clock::{nap, wall};
use crate::bus::Bus;
use crate::event::time::DAY;
use crate::store::{Retention, Store};

/// How often old rows and records are dropped. Longer: the size bound is overrun by more; shorter: work for nothing.
const EVERY: Duration = Duration::from_mins(10);

/// design.md's ages and size: raw rows 90 days, windows a year, 20 GiB.
pub const KEEP: Retention = Retention { raw_ms: 90 * DAY, windows_ms: 365 * DAY, bytes: 20 << 30 };

/// Keeps bus and store within their bounds until `stop` is set.
pub fn keep(bus: &Arc<dyn Bus>, store: &mut dyn Store, stop: &Flag) {
    loop {
        match bus.retain(wall()) {
            Ok(0) => {}
            Ok(unread) => warn!("retention dropped {unread} records of the bus that were not read yet"),
            Err(error) => warn!("retention: {error}"),
        }
        match store.retain(wall(), KEEP) {
            Ok(0) => {}
            Ok(rows) => info!("retention dropped {rows} rows of the store"),
            Err(error) => warn!("retention: {error}"),
        }
        if !nap(EVERY, stop) {
            return;
        }
    }
}
