//! The thread of one endpoint, and the time of what it reads late. Knows of no other endpoint, and nothing of who asks.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::super::Reading;
use super::super::endpoint::{Endpoint, Taken, Trouble};
use crate::event::Time;

/// An endpoint's thread: reads when asked, glances in between, ends with its source, which `tell` says by an error.
#[expect(clippy::disallowed_methods, reason = "how long reading took is real time, whatever the run's clock shows")]
pub(super) fn serve<E>(
    mut endpoint: Box<dyn Endpoint>,
    asked: &Receiver<Time>,
    interval_ms: i64,
    tell: impl Fn(Option<&'static str>, Result<Taken, Trouble>) -> Result<(), E>,
) {
    loop {
        let ask = match endpoint.between() {
            Some(pause) => asked.recv_timeout(pause),
            None => asked.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match ask {
            Ok(now) => {
                let began = Instant::now();
                let mut result = endpoint.read(now);
                if let Ok(taken) = &mut result {
                    dated(&mut taken.readings, now, began.elapsed(), interval_ms);
                }
                if tell(endpoint.kind(), result).is_err() {
                    return;
                }
            }
            Err(RecvTimeoutError::Timeout) => endpoint.glance(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Readings that took longer than an interval have not been read at the tick that asked for them, but at a later one.
fn dated(readings: &mut [Reading], tick: Time, took: Duration, interval_ms: i64) {
    let took = i64::try_from(took.as_millis()).unwrap_or_default();
    let Some(ticks) = took.checked_div(interval_ms).filter(|ticks| *ticks > 0) else { return };
    let at = tick.plus(ticks.saturating_mul(interval_ms));
    for reading in readings {
        let Reading::Event(event) = reading else { continue };
        for time in [&mut event.time, &mut event.collected] {
            *time = time.map(|time| if time == tick { at } else { time });
        }
        event.processed = event.processed.map(|time| time.max(at));
    }
}
