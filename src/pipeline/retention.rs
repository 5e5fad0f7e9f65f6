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

/// Raw rows stay 90 days and windows a year, and at least a day from when they were written, whatever their time: a
/// recording of last year that was replayed can be looked at. 20 GiB in all.
pub const KEEP: Retention = Retention { raw_ms: 90 * DAY, windows_ms: 365 * DAY, fresh_ms: DAY, bytes: 20 << 30 };

/// Keeps the bus, and the store where one is given, within their bounds until `stop` is set.
pub fn keep(bus: &Arc<dyn Bus>, mut store: Option<Box<dyn Store>>, stop: &Flag) {
    loop {
        match bus.retain(wall()) {
            Ok(0) => {}
            Ok(unread) => warn!("retention dropped {unread} records of the bus that were not read yet"),
            Err(error) => warn!("retention: {error}"),
        }
        match store.as_mut().map(|store| store.retain(wall(), KEEP)) {
            None | Some(Ok(0)) => {}
            Some(Ok(rows)) => info!("retention dropped {rows} rows of the store"),
            Some(Err(error)) => warn!("retention: {error}"),
        }
        if !nap(EVERY, stop) {
            return;
        }
    }
}
