//! Asset records: what the operator's inventory says of a GPU. Imported by hand, spliced into events by validate.
//!
//! The list of fields is a table; import, export, store and the event's `asset` block are loops over it.

use super::sample::Host;
use std::borrow::Cow;

/// Fields of an asset record besides `gpu_uuid`: CSV headers, JSON keys and columns alike.
pub const FIELDS: [&str; 12] = [
    "hostname",
    "cluster",
    "rack",
    "datacenter",
    "device_index",
    "model",
    "serial",
    "asset_id",
    "sla_tier",
    "priority",
    "installed_at",
    "note",
];

/// One GPU's asset record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asset {
    /// The GPU.
    pub gpu_uuid: String,
    /// The values of `FIELDS`, in that order; `None` where the record says nothing.
    pub values: [Option<String>; FIELDS.len()],
}

impl Asset {
    /// The value of a field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&str> {
        let at = FIELDS.iter().position(|name| *name == field)?;
        self.values.get(at)?.as_deref()
    }

    /// Sets a field; returns false where there is no such field. An empty value clears it.
    pub fn set(&mut self, field: &str, value: &str) -> bool {
        let Some(slot) = FIELDS.iter().position(|name| *name == field).and_then(|at| self.values.get_mut(at)) else {
            return false;
        };
        *slot = (!value.is_empty()).then(|| value.to_owned());
        true
    }

    /// The `asset` member's value in an event: every field that is set, as a JSON object.
    #[must_use]
    pub fn block(&self) -> Vec<u8> {
        let members = FIELDS.iter().zip(&self.values).filter_map(|(name, value)| value.as_deref().map(|v| (*name, v)));
        let map: serde_json::Map<String, serde_json::Value> =
            members.map(|(name, value)| (name.to_owned(), value.into())).collect();
        serde_json::to_vec(&map).unwrap_or_default()
    }

    /// How many fields the collector reported otherwise.
    #[must_use]
    pub fn differences(&self, host: &Host<'_>, model: Option<&str>) -> usize {
        let said = [
            ("hostname", host.hostname.as_deref()),
            ("cluster", host.cluster.as_deref()),
            ("rack", host.rack.as_deref()),
            ("datacenter", host.datacenter.as_deref()),
            ("model", model),
        ];
        said.iter()
            .filter(|(field, said)| matches!((self.get(field), said), (Some(is), Some(said)) if is != *said))
            .count()
    }

    /// The place the record names.
    #[must_use]
    pub fn host(&self) -> Host<'_> {
        let of = |field| self.get(field).map(Cow::Borrowed);
        Host { hostname: of("hostname"), cluster: of("cluster"), rack: of("rack"), datacenter: of("datacenter") }
    }
}
