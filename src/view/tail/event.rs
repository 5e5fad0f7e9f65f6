//! An event of a topic as filters see it: its place, the members of an alert, every metric of the table, and any member by
//! its path (`.evidence.xid`). Which fields there are depends on the topic, so that a filter that could never match is told.

use serde_json::Value;

use crate::event::matcher::{Field, Fields, FieldsOf};
use crate::event::record::{ALERTS, INVALID};
use crate::event::{Alert, Severity};
use crate::metric::{METRICS, sampled};
use crate::view::filter::Subject;

/// The fields of every event that is no alert.
const PLACE: [&str; 8] = ["gpu", "host", "index", "rack", "cluster", "datacenter", "model", "type"];

/// The fields that events of this topic have.
pub(super) fn names(topic: &str) -> Vec<&'static str> {
    if topic == ALERTS {
        return Alert::names().to_vec();
    }
    let refused = (topic == INVALID).then_some("error");
    PLACE.into_iter().chain(refused).chain(sampled().map(|(_, metric)| metric.name)).collect()
}

/// An event.
pub(super) struct Event {
    /// All of it.
    whole: Value,
    /// Whether what it is about is what was refused.
    refused: bool,
}

impl Event {
    /// Reads it; `None` where it is no JSON.
    pub(super) fn read(bytes: &[u8], topic: &str) -> Option<Event> {
        Some(Event { whole: serde_json::from_slice(bytes).ok()?, refused: topic == INVALID })
    }

    /// What people read of an alert.
    pub(super) fn summary(&self) -> Option<&str> {
        self.whole.get("summary")?.as_str()
    }

    fn about(&self) -> &Value {
        let original = if self.refused { self.whole.get("original_event") } else { None };
        original.unwrap_or(&self.whole)
    }

    /// The first of these members that there is.
    fn first(&self, pointers: &[&str]) -> Field<'_> {
        let about = self.about();
        field(pointers.iter().find_map(|pointer| about.pointer(pointer).filter(|value| !value.is_null())))
    }

    fn metric(&self, name: &str) -> Field<'_> {
        let Some(metric) = METRICS.iter().find(|metric| metric.name == name) else { return Field::Missing };
        let block = self.about().get("metrics").and_then(|metrics| metrics.get(metric.block.key()));
        field(block.and_then(|block| block.get(name)))
    }

    /// A member by its path; a number names an element of an array.
    fn path(&self, path: &str) -> Field<'_> {
        field(path.split('.').try_fold(&self.whole, |value, name| match value {
            Value::Object(members) => members.get(name),
            Value::Array(elements) => elements.get(name.parse::<usize>().ok()?),
            _ => None,
        }))
    }
}

fn field(value: Option<&Value>) -> Field<'_> {
    match value {
        None | Some(Value::Null) => Field::Missing,
        Some(Value::String(text)) => Field::text(Some(text)),
        Some(Value::Number(number)) => Field::number(number.as_f64()),
        Some(other) => Field::Text(other.to_string().into()),
    }
}

impl FieldsOf for Event {
    fn value(&self, name: &str) -> Field<'_> {
        if let Some(path) = name.strip_prefix('.') {
            return self.path(path);
        }
        match name {
            "gpu" => self.first(&["/gpu/gpu_uuid"]),
            "host" => self.first(&["/asset/hostname", "/host/hostname"]),
            "index" => self.first(&["/gpu/device_index"]),
            "rack" => self.first(&["/asset/rack", "/host/rack"]),
            "cluster" => self.first(&["/asset/cluster", "/host/cluster"]),
            "datacenter" => self.first(&["/asset/datacenter", "/host/datacenter"]),
            "model" => self.first(&["/asset/model", "/gpu/name"]),
            "type" => self.first(&["/event_type"]),
            "rule" => self.first(&["/rule"]),
            "status" => self.first(&["/status"]),
            "severity" => {
                let word = self.whole.get("severity").and_then(Value::as_str);
                word.and_then(Severity::parse).map_or(Field::Missing, Field::Severity)
            }
            metric => self.metric(metric),
        }
    }
}

impl Subject for Event {
    fn several(&self, name: &str) -> Option<Vec<Field<'_>>> {
        if name != "error" {
            return None;
        }
        let errors = self.whole.get("validation_errors").and_then(Value::as_array);
        Some(errors.map(|errors| errors.iter().map(|error| field(Some(error))).collect()).unwrap_or_default())
    }

    fn mentions(&self, word: &str) -> bool {
        let holds = |field: Field<'_>| matches!(field, Field::Text(text) if text.to_lowercase().contains(word));
        let named = ["gpu", "host", "rack", "cluster", "datacenter", "model", "rule", "type"];
        named.into_iter().any(|name| holds(self.value(name))) || holds(Field::text(self.summary()))
    }
}
