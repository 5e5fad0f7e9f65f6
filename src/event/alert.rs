//! Alerts: a condition on one GPU, host or rack that fires and resolves, as an event and as a row.
//!
//! The fingerprint has no value and no time in it; the id is UUIDv5 of fingerprint and `since`, so that a repeated
//! emission is the same alert. An event is written when it starts, when its severity rises, and when it ends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Time;

/// How bad it is. Ordered: `Info < Warning < Critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Look at it in working hours.
    #[serde(alias = "warn")]
    Warning,
    /// Look at it now.
    Critical,
}

impl Severity {
    /// The word in events and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }

    /// The severity a word names; `warn` is accepted.
    #[must_use]
    pub fn parse(word: &str) -> Option<Severity> {
        match word {
            "info" => Some(Severity::Info),
            "warning" | "warn" => Some(Severity::Warning),
            "critical" | "crit" => Some(Severity::Critical),
            _ => None,
        }
    }
}

/// Whether the condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It holds.
    Firing,
    /// It ended.
    Resolved,
}

impl Status {
    /// The word in events and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Status::Firing => "firing",
            Status::Resolved => "resolved",
        }
    }
}

/// `gpu` of an alert; absent in alerts on hosts and racks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlertGpu {
    /// The GPU's UUID.
    pub gpu_uuid: String,
    /// Its index in the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_index: Option<i64>,
    /// Its model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its PCI bus id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pci_bus_id: Option<String>,
}

/// `host` of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlertHost {
    /// Host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Rack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rack: Option<String>,
    /// Data centre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
}

/// An alert, as its event and its row carry it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Always `1.0`.
    pub schema_version: String,
    /// Always `gpu_alert`.
    pub event_type: String,
    /// UUIDv5 of fingerprint and `since`.
    pub alert_id: String,
    /// Stable hash of rule, entity and qualifier.
    pub fingerprint: String,
    /// The rule's id.
    pub rule: String,
    /// Firing or resolved.
    pub status: Status,
    /// How bad.
    pub severity: Severity,
    /// The GPU it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu: Option<AlertGpu>,
    /// Where.
    pub host: AlertHost,
    /// What was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What it was held against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Unit of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Since when the condition holds.
    pub since: String,
    /// The instant of this event.
    pub at: String,
    /// One line for people.
    pub summary: String,
    /// What to do.
    pub action: String,
    /// What it rests on, by name.
    pub evidence: BTreeMap<String, serde_json::Value>,
    /// What keeps it from counting as open: `silence:ID`, or the `alert_id` of the incident it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed_by: Option<String>,
}

/// `event_type` of an alert.
pub const ALERT: &str = "gpu_alert";

/// Namespace of alert ids: UUIDv5 of the DNS namespace and `alerts.gpuhm`.
fn namespace() -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"alerts.gpuhm")
}

/// The fingerprint of `rule` on `entity` with `qualifier` (an XID, a link; may be empty).
#[must_use]
pub fn fingerprint(rule: &str, entity: &str, qualifier: &str) -> String {
    // The separator cannot stand in a rule id or qualifier, so that no two triples make one text.
    let text = format!("{rule}\n{qualifier}\n{entity}");
    Uuid::new_v5(&namespace(), text.as_bytes()).simple().to_string()
}

/// The id of the alert with this fingerprint that began at `since`.
#[must_use]
pub fn alert_id(fingerprint: &str, since: Time) -> String {
    Uuid::new_v5(&namespace(), format!("{fingerprint}\n{}", since.ms()).as_bytes()).to_string()
}

impl Alert {
    /// Whether it fires and nothing suppresses it: what counts as open, and what pages where it is critical.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status == Status::Firing && self.suppressed_by.is_none()
    }

    /// The event's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Strings, finite numbers and maps with string keys always serialise; an empty event would be refused downstream.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The key its event travels under: the GPU, or `host:NAME`.
    #[must_use]
    pub fn key(&self) -> String {
        match (&self.gpu, &self.host.hostname, &self.host.rack) {
            (Some(gpu), ..) => gpu.gpu_uuid.clone(),
            (None, Some(host), _) => super::sample::host_key(host),
            (None, None, Some(rack)) => format!("rack:{rack}"),
            (None, None, None) => String::new(),
        }
    }
}
