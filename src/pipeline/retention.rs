//! Retention of the embedded bus and store, in services only: what is dropped unread is counted and said.
//!
//! It never runs at a service's start: one that dies and is started again in a loop would do nothing else.

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::Flag;
use super::clock::{nap, wall};
use super::retry::Passing;
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
    while nap(EVERY, stop) {
        match bus.retain(wall()) {
            Ok(0) => {}
            Ok(unread) => warn!("retention dropped {unread} records of the bus that were not read yet"),
            Err(error) => failed(&error),
        }
        match store.as_mut().map(|store| store.retain(wall(), KEEP)) {
            None | Some(Ok(0)) => {}
            Some(Ok(rows)) => info!("retention dropped {rows} rows of the store"),
            Some(Err(error)) => failed(&error),
        }
    }
}

/// Says what could not be done; it is tried again the next time.
fn failed(error: &impl Passing) {
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    warn!("retention: {error}{hint}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::embedded::{Embedded, Options};
    use crate::bus::{From, Message, RAW};

    #[test]
    fn a_start_drops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { bytes: 0, ..Options::default() };
        let log = Embedded::open(&folder.path().join("bus.db"), Arc::new(wall), options).unwrap();
        let bus: Arc<dyn Bus> = Arc::new(log);
        let message = Message { topic: RAW, key: "k".into(), value: "v".into() };
        bus.producer().unwrap().send(&[message]).unwrap();
        let stop = Flag::default();
        std::thread::scope(|scope| {
            scope.spawn(|| keep(&bus, None, &stop));
            std::thread::sleep(Duration::from_millis(200));
            stop.set();
        });
        assert_eq!(bus.reader(RAW, From::Beginning).unwrap().read(10, Duration::ZERO).unwrap().len(), 1);
        assert_eq!(bus.retain(wall()).unwrap(), 1);
    }
}
