//! The brokers a command asks more than any bus can tell, and how to name the same ones again.

use gpuhm::bus::kafka::settings::Settings;

use super::exit::Failure;
use super::open::kafka;
use super::options::BusOptions;

/// The cluster's settings; `None` for the embedded bus.
pub(crate) fn settings(options: &BusOptions) -> Result<Option<Settings>, Failure> {
    let Some(brokers) = kafka::chosen(options)? else { return Ok(None) };
    kafka::settings(options, &brokers).map(Some)
}

/// The flags that name the same bus in another command, with a space before each. What `-X` says is left out: a password
/// may be in it.
pub(crate) fn flags(options: &BusOptions) -> String {
    let bus = options.bus.as_deref().map(|url| format!(" -b {url}"));
    let file = options.kafka_config.as_ref().map(|file| format!(" -F {}", file.display()));
    let prefix = options.topic_prefix.as_deref().filter(|prefix| !prefix.is_empty());
    let prefix = prefix.map(|prefix| format!(" --topic-prefix {prefix}"));
    [bus, file, prefix].into_iter().flatten().collect()
}
