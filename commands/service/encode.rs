//! Families of metrics as text: Prometheus' own format, and `OpenMetrics`. Knows no metric by name.

use gpuhm::pipeline::clock::monotonic;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::facts::Facts;
use super::metrics;
use super::numbers::Durations;

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Prometheus,
    OpenMetrics,
}

impl Form {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Form::Prometheus => prometheus_text::CONTENT_TYPE,
            Form::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Labels of a sample.
pub(super) type Labels = Vec<(&'static str, String)>;

/// Everything that is known, as a page.
pub(super) fn page(facts: &Facts, form: Form) -> String {
    let mut families = metrics::families(facts);
    if let Some(gpus) = facts.gpus() {
        families.extend(gpus.families(monotonic()));
    }
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Page(families)));
    let mut page = String::new();
    let encoded = match form {
        Form::Prometheus => prometheus_text::encode(&mut page, &registry),
        Form::OpenMetrics => text::encode(&mut page, &registry),
    };
    if encoded.is_err() {
        // A string takes everything.
        page.clear();
    }
    page
}

/// The samples of a family.
#[derive(Debug)]
pub(super) enum Samples {
    /// The only one of a family of facts: its labels.
    Info(Labels),
    /// What only grows; its name has no `_total`.
    Counters(Vec<(Labels, u64)>),
    /// What goes up and down.
    Gauges(Vec<(Labels, f64)>),
    /// What another program's name says nothing of: shown by exactly its name.
    Unknown(Vec<(Labels, f64)>),
    /// How long things took.
    Durations(Vec<(Labels, Durations)>),
}

/// A family.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: String,
    /// Without a full stop.
    pub(super) help: String,
    pub(super) samples: Samples,
}

impl Family {
    pub(super) fn new(name: &str, help: &str, samples: Samples) -> Family {
        Family { name: name.to_owned(), help: help.to_owned(), samples }
    }
}

#[derive(Debug)]
struct Page(Vec<Family>);

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.iter().try_for_each(|family| family.encode(&mut encoder))
    }
}

impl Family {
    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (kind, count) = match &self.samples {
            Samples::Info(_) => (MetricType::Info, 1),
            Samples::Counters(rows) => (MetricType::Counter, rows.len()),
            Samples::Gauges(rows) => (MetricType::Gauge, rows.len()),
            Samples::Unknown(rows) => (MetricType::Unknown, rows.len()),
            Samples::Durations(rows) => (MetricType::Histogram, rows.len()),
        };
        if count == 0 {
            return Ok(());
        }
        let mut family = encoder.encode_descriptor(&self.name, &self.help, None, kind)?;
        match &self.samples {
            Samples::Info(labels) => family.encode_info(&labels.as_slice()),
            Samples::Counters(rows) => {
                each(&mut family, rows, |mut one, count| one.encode_counter::<Labels, u64, f64>(count, None))
            }
            Samples::Gauges(rows) | Samples::Unknown(rows) => {
                each(&mut family, rows, |mut one, value| one.encode_gauge(value))
            }
            Samples::Durations(rows) => each(&mut family, rows, |mut one, took| {
                one.encode_histogram::<Labels>(took.sum, took.count, &took.buckets(), None)
            }),
        }
    }
}

fn each<T>(
    family: &mut MetricEncoder<'_>,
    rows: &[(Labels, T)],
    put: impl Fn(MetricEncoder<'_>, &T) -> Result<(), std::fmt::Error>,
) -> Result<(), std::fmt::Error> {
    rows.iter().try_for_each(|(labels, value)| put(family.encode_family(labels)?, value))
}
