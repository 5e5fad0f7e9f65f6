//! Events to bytes: compact JSON, keys in the seed's order, what is absent left out.

use std::borrow::Cow;

use super::measures::DECODED;
use crate::event::sample::{Body, COLLECTOR_STATUS, Collector, Event, Gpu, Host, Quality, SAMPLE, Xid};
use crate::event::values::whole;
use crate::event::{Time, Value, Values};
use crate::metric::{Block, Kind, METRICS, REASONS, ids};

/// Appends an event as JSON.
pub fn encode(event: &Event<'_>, out: &mut Vec<u8>) {
    let mut json = Json::open(out);
    json.text("schema_version", event.schema_version.as_ref());
    match &event.body {
        Body::Sample(..) => json.str("event_type", SAMPLE),
        Body::Collector(_) => json.str("event_type", COLLECTOR_STATUS),
        Body::Other(kind) => json.text("event_type", kind.as_ref()),
    }
    json.time("timestamp", event.time);
    json.time("collection_timestamp", event.collected);
    json.time("processing_timestamp", event.processed);
    if let Body::Sample(gpu, ..) = &event.body {
        json.object("gpu", |json| write_gpu(gpu, json));
    }
    json.object("host", |json| write_host(&event.host, json));
    match &event.body {
        Body::Sample(_, values, xids) => {
            json.object("metrics", |json| write_metrics(values, xids, json));
            json.object("quality", |json| write_quality(&event.quality, json));
        }
        Body::Collector(collector) => json.object("collector", |json| write_collector(collector, json)),
        Body::Other(_) => {}
    }
    json.close();
}

fn write_gpu(gpu: &Gpu<'_>, json: &mut Json<'_>) {
    json.text("gpu_id", gpu.gpu_id.as_ref());
    json.text("gpu_uuid", gpu.gpu_uuid.as_ref());
    json.int("device_index", gpu.device_index);
    json.text("pci_bus_id", gpu.pci_bus_id.as_ref());
    json.text("name", gpu.name.as_ref());
    json.text("architecture", gpu.architecture.as_ref());
    json.text("compute_capability", gpu.compute_capability.as_ref());
    json.text("serial", gpu.serial.as_ref());
    json.text("driver_version", gpu.driver_version.as_ref());
    json.text("job", gpu.job.as_ref());
    json.list("mig", &gpu.mig, |instance, entry| {
        entry.int("gpu_instance", Some(instance.gpu_instance));
        entry.int("compute_instance", instance.compute_instance);
        entry.text("profile", instance.profile.as_ref());
        entry.text("uuid", instance.uuid.as_ref());
    });
}

fn write_host(host: &Host<'_>, json: &mut Json<'_>) {
    json.text("hostname", host.hostname.as_ref());
    json.text("cluster", host.cluster.as_ref());
    json.text("rack", host.rack.as_ref());
    json.text("datacenter", host.datacenter.as_ref());
}

fn write_collector(collector: &Collector<'_>, json: &mut Json<'_>) {
    json.int("ticks", collector.ticks);
    json.int("missed", collector.missed);
    json.int("spool_bytes", collector.spool_bytes);
    json.int("dropped", collector.dropped);
    json.int("gpus_seen", collector.gpus_seen);
    json.int("gpus_expected", collector.gpus_expected);
    json.text("source", collector.source.as_ref());
    json.text("source_state", collector.source_state.as_ref());
    json.text("version", collector.version.as_ref());
}

fn write_quality(quality: &Quality<'_>, json: &mut Json<'_>) {
    json.int("collection_latency_ms", quality.latency_ms);
    if let Some(stale) = quality.stale {
        json.raw("stale", if stale { b"true" } else { b"false" });
    }
    json.int("sample_count", quality.sample_count);
    json.int("interval_ms", quality.interval_ms);
    match &quality.error {
        Some(error) => json.text("error", Some(error)),
        None => json.raw("error", b"null"),
    }
}

fn write_metrics(values: &Values, xids: &[Xid], json: &mut Json<'_>) {
    for block in Block::ALL {
        let rows = || METRICS.iter().enumerate().filter(move |(_, row)| row.block == block);
        let empty = rows().all(|(at, row)| values.get(at).is_none() && (row.kind != Kind::Events || xids.is_empty()));
        // The seed's four blocks are always there; the additive one only when it says something.
        if empty && block == Block::Errors {
            continue;
        }
        json.object(block.key(), |json| {
            for (at, row) in rows() {
                if row.kind == Kind::Events {
                    write_xids(row.name, xids, json);
                } else if let Some(value) = values.get(at) {
                    json.value(row.name, value, row.whole);
                    if at == ids::THROTTLE {
                        write_reasons(value, json);
                    }
                }
            }
        });
    }
}

fn write_reasons(mask: Value, json: &mut Json<'_>) {
    let Value::Int(mask) = mask else { return };
    json.key(DECODED);
    json.out.push(b'[');
    for (nth, reason) in REASONS.iter().filter(|reason| reason.listed && mask & reason.mask() != 0).enumerate() {
        if nth > 0 {
            json.out.push(b',');
        }
        quote(reason.name, json.out);
    }
    json.out.push(b']');
}

fn write_xids(key: &str, xids: &[Xid], json: &mut Json<'_>) {
    json.list(key, xids, |xid, entry| {
        entry.int("code", Some(xid.code));
        entry.time("at", Some(xid.at));
    });
}

/// An object being written.
struct Json<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Json<'o> {
    /// A list of objects, left out where it is empty.
    fn list<T>(&mut self, key: &str, items: &[T], write: impl Fn(&T, &mut Json<'_>)) {
        if items.is_empty() {
            return;
        }
        self.key(key);
        self.out.push(b'[');
        for (nth, item) in items.iter().enumerate() {
            if nth > 0 {
                self.out.push(b',');
            }
            let mut entry = Json::open(self.out);
            write(item, &mut entry);
            entry.close();
        }
        self.out.push(b']');
    }

    fn open(out: &'o mut Vec<u8>) -> Json<'o> {
        out.push(b'{');
        Json { out, first: true }
    }

    fn close(self) {
        self.out.push(b'}');
    }

    fn key(&mut self, key: &str) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        quote(key, self.out);
        self.out.push(b':');
    }

    fn raw(&mut self, key: &str, value: &[u8]) {
        self.key(key);
        self.out.extend_from_slice(value);
    }

    fn str(&mut self, key: &str, value: &str) {
        self.key(key);
        quote(value, self.out);
    }

    fn text(&mut self, key: &str, value: Option<&Cow<'_, str>>) {
        if let Some(value) = value {
            self.str(key, value);
        }
    }

    fn int(&mut self, key: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.key(key);
            put(self.out, &value);
        }
    }

    fn time(&mut self, key: &str, value: Option<Time>) {
        if let Some(value) = value {
            self.key(key);
            self.out.push(b'"');
            value.write(self.out);
            self.out.push(b'"');
        }
    }

    fn value(&mut self, key: &str, value: Value, as_whole: bool) {
        match value {
            Value::Int(value) => self.int(key, Some(value)),
            // JSON has no NaN and no infinity: such a reading is no reading.
            Value::Real(value) if !value.is_finite() => {}
            Value::Real(value) => match whole(value) {
                Some(number) if as_whole => self.int(key, Some(number)),
                _ => {
                    self.key(key);
                    put(self.out, &value);
                }
            },
        }
    }

    fn object(&mut self, key: &str, write: impl FnOnce(&mut Json<'_>)) {
        self.key(key);
        let mut inner = Json::open(self.out);
        write(&mut inner);
        inner.close();
    }
}

fn quote(text: &str, out: &mut Vec<u8>) {
    put(out, text);
}

fn put<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Strings and finite numbers into memory: neither can fail.
    let written = serde_json::to_writer(&mut *out, value);
    debug_assert!(written.is_ok(), "a string or number always serialises");
}

/// The bytes of a valid event with `asset` (an object) as its `asset` member, everything else untouched: in place of
/// the one it has (at `span`), else before the closing brace. `None` where the bytes do not end in a brace.
#[must_use]
pub fn replace_asset(event: &[u8], span: Option<(usize, usize)>, asset: &[u8]) -> Option<Vec<u8>> {
    const MEMBER: &[u8] = b",\"asset\":";
    let mut out = Vec::with_capacity(event.len() + asset.len() + MEMBER.len());
    if let Some((start, length)) = span {
        out.extend_from_slice(event.get(..start)?);
        out.extend_from_slice(asset);
        out.extend_from_slice(event.get(start.checked_add(length)?..)?);
    } else {
        let brace = event.iter().rposition(|byte| *byte == b'}')?;
        out.extend_from_slice(event.get(..brace)?);
        out.extend_from_slice(MEMBER);
        out.extend_from_slice(asset);
        out.extend_from_slice(event.get(brace..)?);
    }
    Some(out)
}
