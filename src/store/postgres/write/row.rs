//! The rows of every table as their values, in the order of the schema's columns, and what a row is called in a message.

use super::cells::Cells;
use crate::event::health::FleetHealth;
use crate::event::rows::{CollectorRow, Happening, Place, Raw};
use crate::event::{Alert, Asset, Failure, Health, Prediction, Silence, Status, Time, Window};
use crate::metric;

/// A row of a table.
pub(super) trait Row {
    /// Its values; `now` is when it is written.
    fn cells(&self, now: Time, to: &mut impl Cells);

    /// What it is, for people: its key.
    fn called(&self) -> String;
}

impl Row for Raw {
    fn cells(&self, now: Time, to: &mut impl Cells) {
        to.time(self.time);
        to.text(&self.gpu_uuid);
        to.text(&self.hostname);
        to.int_or_null(self.device_index);
        to.text_or_null(self.model.as_deref());
        for (index, metric) in metric::sampled() {
            to.metric(metric.ty, self.values.get(index));
        }
        to.int_or_null(self.latency_ms);
        to.int_or_null(self.interval_ms);
        to.time(now);
    }

    fn called(&self) -> String {
        format!("the sample of {} at {}", self.gpu_uuid, self.time)
    }
}

impl Row for Window {
    fn cells(&self, now: Time, to: &mut impl Cells) {
        to.text(&self.gpu_uuid);
        to.time(self.start);
        to.text(&self.hostname);
        to.flag(self.closed);
        to.int(self.count);
        to.int(self.expected);
        for (at, column) in self.size.columns().iter().enumerate() {
            to.metric(column.ty, self.cells.get(at).copied().flatten());
        }
        to.time(now);
    }

    fn called(&self) -> String {
        format!("the window of {} at {}", self.gpu_uuid, self.start)
    }
}

impl Row for Happening {
    fn cells(&self, now: Time, to: &mut impl Cells) {
        to.text(&self.gpu_uuid);
        to.time(self.at);
        to.text(&self.kind);
        to.int(self.code);
        to.text(&self.hostname);
        to.text(&self.detail);
        to.time(now);
    }

    fn called(&self) -> String {
        format!("{} {} of {} at {}", self.kind, self.code, self.gpu_uuid, self.at)
    }
}

/// An alert with its times, and with what suppresses it by an earlier one of the same id.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) alert: &'a Alert,
    pub(super) since: Time,
    pub(super) at: Time,
    pub(super) suppressed_by: Option<&'a str>,
}

impl Row for Told<'_> {
    fn cells(&self, now: Time, to: &mut impl Cells) {
        let alert = self.alert;
        for text in [&alert.alert_id, &alert.schema_version, &alert.fingerprint, &alert.rule] {
            to.text(text);
        }
        to.text(alert.status.word());
        to.text(alert.severity.word());
        let gpu = alert.gpu.as_ref();
        to.text_or_null(gpu.map(|gpu| gpu.gpu_uuid.as_str()));
        to.int_or_null(gpu.and_then(|gpu| gpu.device_index));
        to.text_or_null(gpu.and_then(|gpu| gpu.name.as_deref()));
        to.text_or_null(gpu.and_then(|gpu| gpu.pci_bus_id.as_deref()));
        let host = &alert.host;
        for text in [&host.hostname, &host.cluster, &host.rack, &host.datacenter] {
            to.text_or_null(text.as_deref());
        }
        to.double_or_null(alert.value);
        to.double_or_null(alert.threshold);
        to.text_or_null(alert.unit.as_deref());
        to.time(self.since);
        to.time(self.at);
        to.time_or_null((alert.status == Status::Resolved).then_some(self.at));
        to.text(&alert.summary);
        to.text(&alert.action);
        to.json(&alert.evidence);
        to.text_or_null(self.suppressed_by);
        to.time(now);
    }

    fn called(&self) -> String {
        format!("alert {}", self.alert.alert_id)
    }
}

impl Row for CollectorRow {
    fn cells(&self, now: Time, to: &mut impl Cells) {
        to.text(&self.hostname);
        to.time(self.time);
        for count in self.counts {
            to.int_or_null(count);
        }
        for text in [&self.source, &self.source_state, &self.version] {
            to.text_or_null(text.as_deref());
        }
        to.time(now);
    }

    fn called(&self) -> String {
        format!("the collector of {}", self.hostname)
    }
}

impl Row for Asset {
    fn cells(&self, _: Time, to: &mut impl Cells) {
        to.text(&self.gpu_uuid);
        for value in &self.values {
            to.text_or_null(value.as_deref());
        }
    }

    fn called(&self) -> String {
        format!("the asset record of {}", self.gpu_uuid)
    }
}

impl Row for Place {
    fn cells(&self, now: Time, to: &mut impl Cells) {
        to.text(&self.gpu_uuid);
        to.time(self.since);
        to.text(&self.hostname);
        to.int_or_null(self.device_index);
        for text in &self.texts {
            to.text_or_null(text.as_deref());
        }
        to.time(now);
    }

    fn called(&self) -> String {
        format!("the place of {} since {}", self.gpu_uuid, self.since)
    }
}

impl Row for Health {
    fn cells(&self, now: Time, to: &mut impl Cells) {
        to.text(&self.gpu_uuid);
        to.time(self.time);
        to.text(&self.hostname);
        to.int_or_null(self.device_index);
        to.int(self.score);
        to.text(self.grade.word());
        to.text(self.state.word());
        to.double(self.confidence);
        to.text(self.action.word());
        to.json(&self.ledger);
        to.json(&self.notes);
        to.time_or_null(self.better_since);
        to.time(self.as_of);
        to.text_or_null(self.replaced_by.as_deref());
        to.time(now);
    }

    fn called(&self) -> String {
        format!("the health of {} at {}", self.gpu_uuid, self.time)
    }
}

impl Row for FleetHealth {
    fn cells(&self, now: Time, to: &mut impl Cells) {
        to.time(self.time);
        for count in self.states {
            to.int(count);
        }
        to.double_or_null(self.mean);
        to.int_or_null(self.worst);
        for count in self.open {
            to.int(count);
        }
        to.time(now);
    }

    fn called(&self) -> String {
        format!("the fleet's health at {}", self.time)
    }
}

impl Row for Prediction {
    fn cells(&self, now: Time, to: &mut impl Cells) {
        to.text(&self.gpu_uuid);
        to.time(self.time);
        to.text(&self.hostname);
        to.int_or_null(self.device_index);
        for odds in self.odds {
            for part in [odds.p, odds.low, odds.high, odds.base] {
                to.double(part);
            }
        }
        to.double(self.hazard);
        to.double(self.base_hazard);
        to.json(&self.reasons);
        to.text(self.advice.word());
        to.text(self.standing.word());
        to.text(&self.model);
        to.int(self.labels);
        to.double(self.exposure_years);
        to.time(self.as_of);
        to.time(now);
    }

    fn called(&self) -> String {
        format!("the prediction of {} at {}", self.gpu_uuid, self.time)
    }
}

impl Row for Failure {
    fn cells(&self, _: Time, to: &mut impl Cells) {
        to.text(&self.gpu_uuid);
        to.time(self.at);
        to.text(self.kind.word());
        to.text(&self.who);
        to.text_or_null(self.note.as_deref());
    }

    fn called(&self) -> String {
        format!("failure {} of {} at {}", self.kind.word(), self.gpu_uuid, self.at)
    }
}

impl Row for Silence {
    fn cells(&self, _: Time, to: &mut impl Cells) {
        to.text(&self.id);
        let matchers: Vec<String> = self.matchers.iter().map(ToString::to_string).collect();
        to.json(&matchers);
        to.time(self.from);
        to.time(self.until);
        to.text(&self.reason);
        to.text(&self.who);
        to.time_or_null(self.ended);
    }

    fn called(&self) -> String {
        format!("silence {}", self.id)
    }
}
