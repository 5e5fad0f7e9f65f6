//! Java's spelling of a client's settings, as librdkafka wants it: one properties file serves Kafka's own tools and gpuhm.
//!
//! What has no meaning here (serializers, …) goes, what means something that cannot be had here is refused with what to do
//! instead. Several keys may make one, so a layer is translated as a whole.

mod jaas;
mod pem;
mod stores;

use super::entry::Entry;
use super::error::SettingsError;
use super::names;

/// Keys of Java clients, and beginnings of such, that mean nothing here.
const NOTHING: [&str; 40] = [
    "key.serializer",
    "value.serializer",
    "key.deserializer",
    "value.deserializer",
    "serializer.",
    "schema.registry.",
    "basic.auth.",
    "interceptor.classes",
    "metric.reporters",
    "metrics.num.samples",
    "metrics.recording.level",
    "metrics.sample.window.ms",
    "auto.include.jmx.reporter",
    "exclude.internal.topics",
    "default.api.timeout.ms",
    "max.poll.records",
    "max.block.ms",
    "buffer.memory",
    "metadata.max.idle.ms",
    "partitioner.adaptive.partitioning.enable",
    "partitioner.availability.timeout.ms",
    "partitioner.ignore.keys",
    "socket.connection.setup.timeout.max.ms",
    "bootstrap.controllers",
    "config.providers",
    "security.providers",
    "throw.on.fetch.stable.offset.unsupported",
    "internal.",
    "sasl.client.callback.handler.class",
    "sasl.login.",
    "ssl.enabled.protocols",
    "ssl.protocol",
    "ssl.provider",
    "ssl.keymanager.algorithm",
    "ssl.trustmanager.algorithm",
    "ssl.secure.random.implementation",
    "ssl.engine.factory.class",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.zstd.level",
];

/// A layer in librdkafka's words, and the keys that mean nothing here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Translated {
    /// What to set.
    pub entries: Vec<Entry>,
    /// What was left out.
    pub ignored: Vec<Entry>,
}

/// Translates a layer: of a key that stands twice the later counts.
///
/// # Errors
/// Where a key means what cannot be had here.
pub fn translated(given: Vec<Entry>) -> Result<Translated, SettingsError> {
    let mut layer = Layer { left: Vec::new() };
    for mut entry in given {
        let key = names::canonical(&entry.key).to_owned();
        entry.key = key;
        layer.left.retain(|other| other.key != entry.key);
        layer.left.push(entry);
    }
    let mut out = Translated::default();
    jaas::take(&mut layer, &mut out)?;
    stores::take(&mut layer, &mut out)?;
    for entry in layer.left {
        if is_provided(&entry.value) {
            return Err(entry.wrong(
                "values from a Java config provider (${…}) are not read",
                Some("put a password in a file of its own and name it with sasl.password.file=PATH"),
            ));
        }
        let nothing = |name: &&str| if name.ends_with('.') { entry.key.starts_with(name) } else { entry.key == *name };
        if NOTHING.iter().any(nothing) {
            out.ignored.push(entry);
        } else {
            out.entries.push(spelt(entry));
        }
    }
    Ok(out)
}

/// Whether Java would get the value from elsewhere.
fn is_provided(value: &str) -> bool {
    ["${file:", "${env:", "${dir:", "${directory:", "${vault:"]
        .iter()
        .any(|start| value.trim_start().starts_with(start))
}

/// A value in librdkafka's spelling.
fn spelt(mut entry: Entry) -> Entry {
    if !super::entry::is_secret(&entry.key) {
        entry.value.truncate(entry.value.trim_end().len());
    }
    let value = entry.value.trim_start();
    let other = match entry.key.as_str() {
        // Java turns the check of the broker's name off by saying nothing.
        "ssl.endpoint.identification.algorithm" if value.is_empty() => Some("none".to_owned()),
        "ssl.endpoint.identification.algorithm" => Some(value.to_ascii_lowercase()),
        // The operating system's choice.
        "socket.send.buffer.bytes" | "socket.receive.buffer.bytes" if value == "-1" => Some("0".to_owned()),
        _ => None,
    };
    if let Some(other) = other {
        entry.value = other;
    }
    entry
}

/// What of a layer is not translated yet.
#[derive(Debug)]
struct Layer {
    left: Vec<Entry>,
}

impl Layer {
    /// Takes a key out.
    fn take(&mut self, key: &str) -> Option<Entry> {
        let at = self.left.iter().position(|entry| entry.key == key)?;
        Some(self.left.remove(at))
    }

    /// Looks at a key.
    fn value(&self, key: &str) -> Option<&str> {
        self.left.iter().find(|entry| entry.key == key).map(|entry| entry.value.trim())
    }
}

#[cfg(test)]
mod tests;
