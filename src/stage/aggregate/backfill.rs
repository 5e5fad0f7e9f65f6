//! Windows rebuilt from raw rows, by the very arithmetic that closes live ones.
//!
//! Raw rows hold late events, too, which live windows missed: a rebuild is what the windows would be had everything come
//! in time. Which of them may replace a stored row is the caller's to decide. Knows no store.

use super::reading::{Reading, rounded};
use super::track::{Sink, Track};
use crate::event::rows::Raw;
use crate::event::{Time, Window};

/// The windows of one GPU that lie wholly within `from..to`, from its raw rows in order of time. `before` holds the
/// counters as they stood at `from`, each by the newest row that has it. The ends should be whole hours, since a window cut by one is left out.
#[must_use]
pub fn rebuild(before: Option<&Raw>, rows: &[Raw], from: Time, to: Time) -> Vec<Window> {
    let mut track = Track::after(before.map(|row| &row.values));
    let mut windows = Vec::new();
    let mut sorted = Vec::new();
    let gpu = rows.first().map(|row| row.gpu_uuid.as_str()).unwrap_or_default();
    let mut sink = Sink { gpu, closed: true, windows: &mut windows, sorted: &mut sorted };
    for row in rows.iter().filter(|row| (from..to).contains(&row.time)) {
        let values = rounded(&row.values);
        track.add(&Reading::new(row.time, &row.hostname, row.interval_ms, &values));
        track.pass(row.time, 0, &mut sink);
    }
    track.finish(&mut sink);
    windows.retain(|window| window.start >= from && window.start.plus(window.size.ms()) <= to);
    windows
}
