//! A GPU as filters see it: its fields by name, among them every metric of the table.

use std::sync::LazyLock;

use crate::event::Severity;
use crate::event::fleet::GpuNow;
use crate::event::matcher::{Field, FieldsOf};
use crate::event::{Alert, Time};
use crate::metric::{REASONS, ids, sampled};
use crate::view::filter::Subject;

/// The fields that are not metrics.
const OWN: [&str; 22] = [
    "gpu",
    "host",
    "index",
    "rack",
    "cluster",
    "model",
    "score",
    "state",
    "severity",
    "rule",
    "temp",
    "hbm",
    "power",
    "util",
    "mem",
    "age",
    "p7",
    "p30",
    "p90",
    "confidence",
    "action",
    "throttle",
];

/// The fields a filter of GPUs may name. `age` is in seconds, `util` and `mem` in percent, metrics as the table has them.
pub static GPU_FIELDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| OWN.into_iter().chain(sampled().map(|(_, metric)| metric.name)).collect());

/// A GPU with its open alerts.
pub(super) struct Seen<'a> {
    pub(super) gpu: &'a GpuNow,
    pub(super) alerts: &'a [Alert],
    /// Places in `alerts` of those about this GPU that fire.
    pub(super) own: &'a [usize],
    pub(super) worst: Option<Severity>,
    pub(super) at: Time,
}

/// The share of the GPU's memory in use, percent.
pub(super) fn memory(gpu: &GpuNow) -> Option<f64> {
    let values = &gpu.latest.values;
    let of = |name: &str| crate::metric::index(name).and_then(|metric| values.real(metric));
    of("utilization_pct").or_else(|| match (of("fb_used_mib"), of("fb_total_mib")) {
        (Some(used), Some(total)) if total > 0.0 => Some(100.0 * used / total),
        _ => None,
    })
}

/// How busy it is, percent: its SMs where that is measured, else its utilisation.
pub(super) fn busy(gpu: &GpuNow) -> Option<f64> {
    gpu.latest.values.real(ids::SM_ACTIVE).or_else(|| gpu.latest.values.real(ids::GPU_UTIL))
}

/// Seconds since its newest sample.
pub(super) fn age_s(gpu: &GpuNow, at: Time) -> f64 {
    let ms = at.since(gpu.latest.time).max(0);
    f64::from(i32::try_from(ms / 1000).unwrap_or(i32::MAX))
}

/// `host/index`.
pub(super) fn name(gpu: &GpuNow) -> String {
    match gpu.latest.device_index {
        Some(index) => format!("{}/{index}", gpu.latest.hostname),
        None => format!("{}/{}", gpu.latest.hostname, gpu.latest.gpu_uuid),
    }
}

impl Seen<'_> {
    fn rules(&self) -> impl Iterator<Item = &Alert> {
        self.own.iter().filter_map(|at| self.alerts.get(*at))
    }

    fn odds(&self, days: i64) -> Field<'_> {
        Field::number(self.gpu.prediction.as_ref().and_then(|odds| odds.at(days)).map(|odds| odds.p))
    }
}

impl FieldsOf for Seen<'_> {
    fn value(&self, name: &str) -> Field<'_> {
        let (latest, place) = (&self.gpu.latest, &self.gpu.place);
        let health = self.gpu.health.as_ref();
        let whole = |number: i64| i32::try_from(number).ok().map(f64::from);
        match name {
            "host" => Field::text(Some(&latest.hostname)),
            "index" => Field::number(latest.device_index.and_then(whole)),
            "rack" | "cluster" => Field::text(place.get(name)),
            "model" => Field::text(latest.model.as_deref()),
            "score" => Field::number(health.and_then(|health| whole(health.score))),
            "state" => Field::text(health.map(|health| health.state.word())),
            "action" => Field::text(health.map(|health| health.action.word())),
            "confidence" => Field::number(health.map(|health| health.confidence)),
            "severity" => self.worst.map_or(Field::Missing, Field::Severity),
            "temp" => Field::number(latest.values.real(ids::GPU_TEMP)),
            "hbm" => Field::number(latest.values.real(ids::MEMORY_TEMP)),
            "power" => Field::number(latest.values.real(ids::POWER)),
            "util" => Field::number(busy(self.gpu)),
            "mem" => Field::number(memory(self.gpu)),
            "age" => Field::Number(age_s(self.gpu, self.at)),
            "p7" => self.odds(7),
            "p30" => self.odds(30),
            "p90" => self.odds(90),
            _ => Field::number(crate::metric::index(name).and_then(|metric| latest.values.real(metric))),
        }
    }
}

impl Subject for Seen<'_> {
    fn several(&self, field: &str) -> Option<Vec<Field<'_>>> {
        match field {
            "gpu" => Some(vec![Field::text(Some(self.gpu.uuid())), Field::Text(name(self.gpu).into())]),
            "rule" => Some(self.rules().map(|alert| Field::text(Some(&alert.rule))).collect()),
            "throttle" => {
                let mask = self.gpu.latest.values.int(ids::THROTTLE)?;
                let set = REASONS.iter().filter(|reason| mask & reason.mask() != 0);
                Some(set.map(|reason| Field::text(Some(reason.name))).collect())
            }
            _ => None,
        }
    }

    fn mentions(&self, word: &str) -> bool {
        let (latest, place) = (&self.gpu.latest, &self.gpu.place);
        let holds = |text: &str| holds(text, word);
        holds(&latest.gpu_uuid)
            || holds(&latest.hostname)
            || (word.contains('/') && holds(&name(self.gpu)))
            || latest.model.as_deref().is_some_and(holds)
            || place.rack().is_some_and(holds)
            || self.rules().any(|alert| holds(&alert.rule))
    }
}

/// Whether `word`, which is in lower case, occurs in a text, whatever its case; names are ASCII almost always.
fn holds(text: &str, word: &str) -> bool {
    if text.is_ascii() && word.is_ascii() {
        let word = word.as_bytes();
        return word.is_empty() || text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    }
    text.to_lowercase().contains(word)
}

/// An alert as filters see it.
pub(super) struct Told<'a>(pub(super) &'a Alert);

impl FieldsOf for Told<'_> {
    fn value(&self, name: &str) -> Field<'_> {
        crate::event::matcher::Fields::field(self.0, name)
    }
}

impl Subject for Told<'_> {
    fn several(&self, field: &str) -> Option<Vec<Field<'_>>> {
        let gpu = self.0.gpu.as_ref().filter(|_| field == "gpu")?;
        Some(vec![Field::text(Some(&gpu.gpu_uuid)), Field::Text(crate::view::alerts::place(self.0).into())])
    }

    fn mentions(&self, word: &str) -> bool {
        let alert = self.0;
        let texts = [Some(&alert.rule), Some(&alert.summary), alert.host.rack.as_ref()];
        holds(&crate::view::alerts::place(alert), word)
            || texts.into_iter().flatten().any(|text| holds(text, word))
            || alert.gpu.as_ref().is_some_and(|gpu| holds(&gpu.gpu_uuid, word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::METRICS;

    #[test]
    fn every_metric_that_is_sampled_is_a_field() {
        assert!(METRICS.iter().filter(|metric| metric.name != "xids").all(|metric| GPU_FIELDS.contains(&metric.name)));
    }

    #[test]
    fn words_are_found_whatever_their_case() {
        assert!(holds("GPU-Node-043", "node-04") && !holds("node", "nodes") && holds("ÄB", "äb") && holds("x", ""));
    }
}
