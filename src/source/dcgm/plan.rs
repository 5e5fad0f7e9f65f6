//! Which fields are read how often, in which groups: all from the metric table.
//!
//! Three cadences: what changes, limits and names, profiling. XIDs are apart, being events. A field group holds at most
//! 127 ids, and over TCP an answer should hold at most about 160 values (facts on dcgm, 2.4 and 2.5). Knows no calls.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::layout::MAX_FIELDS;
use super::layout::codes::{FIELD_COMPUTE_CAPABILITY, FIELD_UUID, FIELD_XID, PROFILING_FIRST, PROFILING_LAST};
use crate::metric::{Kind, METRICS};

/// Values in one answer over TCP: beyond, an answer takes 44 ms in place of half a millisecond (run).
const TCP_VALUES: usize = 160;
/// How often limits are read and how often the engine looks at them, ms (J).
pub(super) const LIMITS_MS: i64 = 60_000;
/// How often the engine looks for XIDs, ms; it costs nothing, being told by the driver.
pub(super) const XID_MS: i64 = 1000;
/// How long the engine keeps XIDs while they are watched, by us or another client, s (J); it keeps none for nobody.
pub(super) const XID_KEEP_S: f64 = 3600.0;
/// How long it keeps other values, in intervals; at least [`KEEP_S`].
const KEEP_INTERVALS: i64 = 3;
const KEEP_S: i64 = 60;

/// Board serial number, product name, bus id, NVML index: for GPUs whose attributes do not tell.
pub(super) const FIELD_NAME: u16 = 50;
/// NVML's index.
pub(super) const FIELD_INDEX: u16 = 52;
/// The board's serial number.
pub(super) const FIELD_SERIAL: u16 = 53;
/// The bus id.
pub(super) const FIELD_BUS: u16 = 57;

static BY_FIELD: LazyLock<Vec<(u16, usize)>> = LazyLock::new(|| {
    let ids = METRICS.iter().enumerate().filter_map(|(metric, row)| Some((row.dcgm?, metric)));
    let mut all: Vec<(u16, usize)> = ids.filter(|(field, _)| *field != FIELD_XID).collect();
    all.sort_unstable();
    all
});

/// The metric a field is of; none of XIDs.
pub(super) fn metric_of(field: u16) -> Option<usize> {
    BY_FIELD.binary_search_by_key(&field, |(id, _)| *id).ok().and_then(|at| BY_FIELD.get(at)).map(|(_, metric)| *metric)
}

/// Whether a field is of the profiling kind, which has watches and failures of its own.
pub(super) fn is_profiling(field: u16) -> bool {
    (PROFILING_FIRST..=PROFILING_LAST).contains(&field)
}

fn of_table(which: impl Fn(u16, Kind) -> bool) -> Vec<u16> {
    let fields = METRICS.iter().filter_map(|row| Some((row.dcgm?, row.kind)));
    fields.filter(|(field, kind)| *field != FIELD_XID && which(*field, *kind)).map(|(field, _)| field).collect()
}

/// What is read at every tick.
pub(super) fn health() -> Vec<u16> {
    of_table(|field, kind| kind != Kind::Limit && !is_profiling(field))
}

/// Limits and names.
pub(super) fn limits() -> Vec<u16> {
    let mut fields = of_table(|field, kind| kind == Kind::Limit && !is_profiling(field));
    fields.extend([FIELD_NAME, FIELD_INDEX, FIELD_SERIAL, FIELD_UUID, FIELD_BUS, FIELD_COMPUTE_CAPABILITY]);
    fields
}

/// Profiling values.
pub(super) fn profiling() -> Vec<u16> {
    of_table(|field, _| is_profiling(field))
}

/// The fields in parts, each a field group: over TCP no more than an answer should hold.
pub(super) fn split(fields: &[u16], gpus: usize, tcp: bool) -> Vec<Vec<u16>> {
    let most = if tcp { (TCP_VALUES / gpus.max(1)).clamp(1, MAX_FIELDS) } else { MAX_FIELDS };
    if fields.is_empty() {
        return Vec::new();
    }
    // Parts of one size: three of 14 rather than two of 20 and one of 2.
    let parts = fields.len().div_ceil(most);
    fields.chunks(fields.len().div_ceil(parts)).map(<[u16]>::to_vec).collect()
}

/// How long the engine keeps values that are watched for this interval, s.
#[expect(clippy::cast_precision_loss, reason = "seconds, far below 2^53")]
pub(super) fn keep_s(interval_ms: i64) -> f64 {
    (KEEP_INTERVALS.saturating_mul(interval_ms) / 1000).max(KEEP_S) as f64
}

/// A name for a group that no other has: the engine refuses a field group's name while anyone has it.
pub(super) fn name(host: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // 255 bytes are kept of a name.
    let host: String = host.chars().filter(char::is_ascii).take(200).collect();
    format!("gpuhm-{host}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::sampled;

    #[test]
    fn every_sampled_metric_with_a_field_is_read_in_one_cadence() {
        let all = [health(), limits(), profiling()].concat();
        for (metric, row) in sampled() {
            let Some(field) = row.dcgm else { continue };
            assert_eq!(all.iter().filter(|id| **id == field).count(), 1, "{}", row.name);
            assert_eq!(metric_of(field), Some(metric));
        }
        assert!(!all.contains(&FIELD_XID), "events are read by values-since only");
        assert!(profiling().contains(&1001) && health().contains(&1523), "1523 is no profiling field");
        assert!(health().iter().all(|field| !is_profiling(*field)));
    }

    #[test]
    fn answers_over_tcp_stay_small_and_groups_within_the_engine_s_bound() {
        let ids: Vec<u16> = (0..140).collect();
        for gpus in [1, 8, 16, 32] {
            let parts = split(&ids, gpus, true);
            assert!(parts.iter().all(|part| part.len() * gpus <= 160 && part.len() <= 127), "{gpus}");
            assert_eq!(parts.concat(), ids);
        }
        assert_eq!(split(&ids, 32, false).len(), 2);
        let ours = [health(), limits(), profiling()];
        let groups: usize = ours.iter().map(|fields| split(fields, 32, true).len()).sum();
        assert!(groups < 30, "{groups} field groups of the engine's 64");
        assert!(split(&[], 8, true).is_empty());
    }

    #[test]
    fn names_differ() {
        assert_ne!(name("a"), name("a"));
        assert!(name(&"x".repeat(400)).len() < 255);
    }
}
