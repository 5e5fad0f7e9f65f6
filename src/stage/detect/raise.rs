//! An alert as an event and as a row, from what a rule found.
//!
//! Identity (fingerprint, `since`) comes from the finding; place and names from the event at hand, since a GPU may move.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::rules::Rule;
use super::{Scene, print};
use crate::event::alert::{ALERT, AlertGpu, AlertHost, alert_id};
use crate::event::record::ALERTS;
use crate::event::sample::{Host, SCHEMA_VERSION};
use crate::event::silence;
use crate::event::{Alert, Message, Severity, Status, Time, Value, Values};
use crate::metric::METRICS;
use crate::stage::Out;

/// What is to be said.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) rule: &'a Rule,
    pub(super) qualifier: Option<i64>,
    pub(super) status: Status,
    pub(super) severity: Severity,
    pub(super) since: Time,
    pub(super) value: Option<f64>,
    pub(super) threshold: Option<f64>,
}

/// Puts the alert out.
pub(super) fn raise(scene: &Scene<'_>, case: &Case<'_>, out: &mut Out) {
    let rule = case.rule;
    let fingerprint = print(rule, scene.uuid, case.qualifier);
    let words = (rule.words)(case.qualifier, scene.values);
    let place = scene.event.place();
    let ended = case.status == Status::Resolved;
    let what = if ended { format!("ended: {}", words.what) } else { words.what };
    let mut alert = Alert {
        schema_version: SCHEMA_VERSION.to_owned(),
        event_type: ALERT.to_owned(),
        alert_id: alert_id(&fingerprint, case.since),
        fingerprint,
        rule: rule.id.to_owned(),
        status: case.status,
        severity: case.severity,
        gpu: Some(gpu(scene)),
        summary: format!("{}: {what}", whose(scene, &place)),
        host: host(place),
        value: case.value,
        threshold: case.threshold,
        unit: (!rule.unit.is_empty()).then(|| rule.unit.to_owned()),
        since: case.since.to_string(),
        at: scene.time.to_string(),
        action: if ended { rule.after() } else { words.action }.to_owned(),
        evidence: evidence(case, scene.values),
        suppressed_by: None,
    };
    alert.suppressed_by = silence::mark(scene.silences, &alert, scene.time);
    out.events.push(Message {
        topic: ALERTS,
        key: Bytes::copy_from_slice(scene.uuid.as_bytes()),
        value: Bytes::from(alert.encode()),
    });
    out.rows.alerts.push(alert);
}

fn gpu(scene: &Scene<'_>) -> AlertGpu {
    let model = scene.event.asset.as_ref().and_then(|asset| asset.model.as_deref());
    AlertGpu {
        gpu_uuid: scene.uuid.to_owned(),
        device_index: scene.gpu.device_index,
        name: model.or(scene.gpu.name.as_deref()).map(str::to_owned),
        pci_bus_id: scene.gpu.pci_bus_id.as_deref().map(str::to_owned),
    }
}

fn host(place: Host<'_>) -> AlertHost {
    let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    AlertHost {
        hostname: owned(place.hostname),
        cluster: owned(place.cluster),
        rack: owned(place.rack),
        datacenter: owned(place.datacenter),
    }
}

/// The GPU as a person would name it.
fn whose(scene: &Scene<'_>, place: &Host<'_>) -> String {
    match (place.hostname.as_deref(), scene.gpu.device_index) {
        (Some(host), Some(index)) => format!("{host} GPU {index}"),
        (Some(host), None) => format!("{host} {}", scene.uuid),
        (None, _) => scene.uuid.to_owned(),
    }
}

fn evidence(case: &Case<'_>, values: &Values) -> BTreeMap<String, Json> {
    let mut evidence = BTreeMap::new();
    if let Some(qualifier) = case.qualifier {
        evidence.insert(case.rule.id.to_owned(), json!(qualifier));
    }
    for metric in case.rule.evidence {
        if let (Some(row), Some(value)) = (METRICS.get(*metric), values.get(*metric)) {
            let value = match value {
                Value::Int(value) => json!(value),
                Value::Real(value) => json!(value),
            };
            evidence.insert(row.name.to_owned(), value);
        }
    }
    evidence
}
