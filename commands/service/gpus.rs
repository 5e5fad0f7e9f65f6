//! The newest sample of every GPU under dcgm-exporter's names and labels, so that its dashboards and alerts go on working.
//!
//! The oldest of each name is used, which most dashboards have. A value is given in the unit that this name has there:
//! ratios 0 to 1, bytes a second. XIDs are counted and not shown as `DCGM_FI_DEV_XID_ERRORS`: that gauge keeps the last
//! code for ever, so a fault of last week looks like one of today, two of one code look like one, and of two codes the
//! first is never seen.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use gpuhm::event::sample::Body;
use gpuhm::event::{Event, Value, Values};
use gpuhm::metric::{self, Kind, Metric};
use gpuhm::pace::Pace;

use super::encode::{Family, Labels, Samples};

/// A GPU that was not read for so long is forgotten with its counters (J): one that comes back within a day goes on.
const FORGOTTEN: Duration = Duration::from_hours(24);

/// The GPUs.
#[derive(Debug)]
pub(super) struct Gpus {
    /// A sample is shown for so many intervals.
    shown: (Pace, u32),
    seen: Mutex<BTreeMap<String, Seen>>,
}

#[derive(Debug)]
struct Seen {
    at: Instant,
    /// For how long it is shown: what it was read at counts, whatever the interval is now.
    shown: Duration,
    labels: Labels,
    values: Values,
    xids: BTreeMap<i64, u64>,
}

impl Gpus {
    /// GPUs whose newest sample is shown for so many intervals.
    pub(super) fn new(shown: (Pace, u32)) -> Gpus {
        Gpus { shown, seen: Mutex::default() }
    }

    /// Takes a sample.
    pub(super) fn put(&self, event: &Event<'_>, now: Instant) {
        let Body::Sample(gpu, values, xids) = &event.body else { return };
        let Some(uuid) = &gpu.gpu_uuid else { return };
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let index = gpu.device_index.map(|index| index.to_string()).unwrap_or_default();
        let labels = vec![
            ("gpu", index.clone()),
            ("UUID", uuid.to_string()),
            ("pci_bus_id", text(gpu.pci_bus_id.as_deref())),
            ("device", if index.is_empty() { index } else { format!("nvidia{index}") }),
            ("modelName", text(gpu.name.as_deref())),
            ("Hostname", text(event.host.hostname.as_deref())),
        ];
        let (pace, intervals) = &self.shown;
        let shown = pace.duration().saturating_mul(*intervals);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.remove(uuid.as_ref()).map(|before| before.xids);
        let mut counts = before.unwrap_or_default();
        for xid in xids {
            *counts.entry(xid.code).or_default() += 1;
        }
        seen.insert(uuid.to_string(), Seen { at: now, shown, labels, values: values.clone(), xids: counts });
    }

    /// What is shown now.
    pub(super) fn families(&self, now: Instant) -> Vec<Family> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, gpu| now.saturating_duration_since(gpu.at) < FORGOTTEN);
        let shown: Vec<&Seen> = seen.values().filter(|gpu| now.saturating_duration_since(gpu.at) < gpu.shown).collect();
        let mut families: Vec<Family> = metric::sampled()
            .filter_map(|(index, metric)| {
                let name = metric.exporter.first()?;
                let rows =
                    shown.iter().filter_map(|gpu| Some((gpu.labels.clone(), native(metric, gpu.values.get(index)?))));
                let rows: Vec<(Labels, f64)> = rows.collect();
                // A counter of OpenMetrics would have to end with _total, and no dashboard would find it.
                let samples = if matches!(metric.kind, Kind::Volatile | Kind::Lifetime) {
                    Samples::Unknown(rows)
                } else {
                    Samples::Gauges(rows)
                };
                Some(Family::new(name, &help(metric), samples))
            })
            .collect();
        let xids = shown.iter().flat_map(|gpu| {
            let label = |code: &i64| gpu.labels.iter().cloned().chain([("xid", code.to_string())]).collect();
            gpu.xids.iter().map(move |(code, count)| (label(code), *count))
        });
        let help = "XIDs since this process started, by code";
        families.push(Family::new("gpuhm_gpu_xids", help, Samples::Counters(xids.collect())));
        families
    }
}

/// The value in the unit that its name has in dcgm-exporter.
fn native(metric: &Metric, value: Value) -> f64 {
    value.real() / metric.dcgm_factor
}

fn help(metric: &Metric) -> String {
    let unit = match (metric.unit, metric.dcgm_factor) {
        ("%", factor) if factor > 1.0 => "ratio",
        ("MB/s", _) => "bytes per second",
        (unit, _) => unit,
    };
    format!("{} ({unit})", metric.name)
}

#[cfg(test)]
mod tests {
    use gpuhm::event::Time;
    use gpuhm::event::sample::{Gpu, Xid};
    use gpuhm::pipeline::clock::monotonic;

    use super::*;

    fn event(uuid: &'static str, xids: &[i64]) -> Event<'static> {
        let gpu = Gpu { gpu_uuid: Some(uuid.into()), device_index: Some(3), ..Gpu::default() };
        let mut values = Values::default();
        for (name, value) in [("sm_active_pct", 37.0), ("pcie_tx_mb_per_sec", 2.0), ("gpu_util_pct", 55.0)] {
            values.set_number(metric::index(name).unwrap(), value);
        }
        let xids = xids.iter().map(|code| Xid { code: *code, at: Time(0) }).collect();
        Event { body: Body::Sample(gpu, values, xids), ..Event::default() }
    }

    fn value(families: &[Family], name: &str) -> Option<f64> {
        let family = families.iter().find(|family| family.name == name)?;
        match &family.samples {
            Samples::Gauges(rows) | Samples::Unknown(rows) => rows.first().map(|(_, value)| *value),
            _ => None,
        }
    }

    #[test]
    fn units_are_the_exporters_and_who_is_silent_disappears() {
        let (pace, now) = (Pace::from(10_000), monotonic());
        let gpus = Gpus::new((pace.clone(), 3));
        gpus.put(&event("GPU-a", &[79]), now);
        pace.set(3_600_000);
        let families = gpus.families(now + Duration::from_secs(29));
        assert_eq!(value(&families, "DCGM_FI_PROF_SM_ACTIVE"), Some(0.37));
        assert_eq!(value(&families, "DCGM_FI_PROF_PCIE_TX_BYTES"), Some(2.0 * 1_048_576.0));
        assert_eq!(value(&families, "DCGM_FI_DEV_GPU_UTIL"), Some(55.0));
        assert_eq!(value(&families, "DCGM_FI_DEV_GPU_TEMP"), None, "absent, not 0");
        let families = gpus.families(now + Duration::from_secs(30));
        assert_eq!(value(&families, "DCGM_FI_PROF_SM_ACTIVE"), None);
    }

    #[test]
    fn xids_are_counted_through_a_silence() {
        let (gpus, now) = (Gpus::new((10_000.into(), 3)), monotonic());
        gpus.put(&event("GPU-a", &[79, 79]), now);
        drop(gpus.families(now + Duration::from_mins(5)));
        gpus.put(&event("GPU-a", &[79, 48]), now + Duration::from_mins(6));
        let families = gpus.families(now + Duration::from_mins(6));
        let Samples::Counters(rows) = &families.last().unwrap().samples else { panic!("no counters") };
        let counts: Vec<(&str, u64)> =
            rows.iter().map(|(labels, count)| (labels.last().unwrap().1.as_str(), *count)).collect();
        assert_eq!(counts, [("48", 1), ("79", 3)]);
    }
}
