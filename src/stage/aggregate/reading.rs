//! One reading of a GPU as windows see it: time, host, interval and values, with REAL values rounded as stores keep them.
//!
//! Rounding comes before anything else, so that windows rebuilt from raw rows equal those made from the stream.

use crate::event::rows::Raw;
use crate::event::{Event, Gpu, Time, Value, Values, values};

/// Interval assumed where the source did not say: the seed's default.
pub(super) const DEFAULT_INTERVAL: i64 = 10_000;
/// One reading stands for at most this long in throttle times: a source that reads every ten minutes does not know
/// what happened in nine of them.
pub(super) const LONGEST_THROTTLE: i64 = 60_000;

/// A reading.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    /// When it was read.
    pub(super) time: Time,
    /// The GPU's host.
    pub(super) host: &'a str,
    /// The source's interval in ms, more than 0.
    pub(super) interval: i64,
    /// The values, rounded.
    pub(super) values: &'a Values,
}

impl<'a> Reading<'a> {
    /// A reading with the source's word on its interval.
    pub(super) fn new(time: Time, host: &'a str, interval: Option<i64>, values: &'a Values) -> Reading<'a> {
        let interval = interval.filter(|interval| *interval > 0).unwrap_or(DEFAULT_INTERVAL);
        Reading { time, host, interval, values }
    }

    /// The time this reading stands for where a throttle bit is set, in ms.
    pub(super) fn throttle_ms(&self) -> u32 {
        u32::try_from(self.interval.min(LONGEST_THROTTLE)).unwrap_or(0)
    }
}

/// The values with REAL ones rounded to what their column holds.
pub(super) fn rounded(values: &Values) -> Values {
    let mut rounded = values.clone();
    for (metric, value) in values.iter() {
        if let Value::Real(value) = value {
            rounded.set(metric, Value::Real(f64::from(values::rounded(value))));
        }
    }
    rounded
}

/// The raw row of a sample. The asset record's word on place and model wins.
pub(super) fn raw(event: &Event<'_>, gpu: &Gpu<'_>, reading: &Reading<'_>, uuid: &str) -> Raw {
    let model = event.asset.as_ref().and_then(|asset| asset.model.as_deref()).or(gpu.name.as_deref());
    Raw {
        time: reading.time,
        gpu_uuid: uuid.to_owned(),
        hostname: reading.host.to_owned(),
        device_index: gpu.device_index,
        model: model.map(str::to_owned),
        values: reading.values.clone(),
        latency_ms: event.quality.latency_ms,
        interval_ms: event.quality.interval_ms,
    }
}
