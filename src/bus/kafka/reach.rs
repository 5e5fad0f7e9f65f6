//! The bounded first contact: waits for the cluster's first answer, and says why there was none.
//!
//! A client is made without a connection, and `fetch_metadata` blocks for its whole time-out even where a port refuses at
//! once (facts/kafka.md section 6). So it is asked in short slices, and the client polled between them, since only a poll
//! serves the callback that is told the reason.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::metadata::Metadata;

use super::words::{Words, monotonic};
use crate::bus::BusError;

/// The slices: short at first, so that a refusal is noticed soon; then longer, so that a slow line can answer within one.
const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(1);
/// A slice that failed at once is not repeated at once.
const PAUSE: Duration = Duration::from_millis(50);
/// Events served between two slices; more wait for the next.
const EVENTS: usize = 256;

/// Waits at most `timeout` for the cluster's metadata, all topics; ends early where a broker refuses what only a person
/// can change, or where `stop` says so. The client must have no assignment: what it is sent is dropped.
///
/// # Errors
/// [`BusError::Unusable`] where a broker refuses the login or its certificate cannot be trusted; else
/// [`BusError::Failed`], with what was heard.
pub(super) fn reach<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    words: &Words,
    timeout: Duration,
    stop: &dyn Fn() -> bool,
) -> Result<Metadata, BusError> {
    let started = monotonic();
    let mut slice = FIRST;
    loop {
        let left = timeout.saturating_sub(started.elapsed());
        match client.fetch_metadata(None, slice.min(left.max(PAUSE))) {
            Ok(metadata) => {
                words.well();
                return Ok(metadata);
            }
            Err(error) => tracing::debug!("kafka: first contact: {error}"),
        }
        // The reason is served here; a slice that ended at once is paused for by it.
        let mut wait = PAUSE;
        for _ in 0..EVENTS {
            if client.poll(wait).is_none() {
                break;
            }
            wait = Duration::ZERO;
        }
        let waited = started.elapsed();
        if waited >= timeout || words.refused() || stop() {
            return Err(words.unreached(waited));
        }
        slice = (slice * 2).min(LONGEST);
    }
}

#[cfg(test)]
mod tests;
