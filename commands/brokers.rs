//! From `--bus` to the settings of a Kafka cluster, for the commands that ask the brokers more than any bus can tell.

use gpuhm::bus::kafka::settings::Settings;

use super::exit::Failure;
use super::options::BusOptions;

/// The cluster's settings; `None` for the embedded bus.
pub(crate) fn settings(options: &BusOptions) -> Result<Option<Settings>, Failure> {
    let Some(url) = options.bus.as_deref() else { return Ok(None) };
    if url.starts_with("file:") {
        return Ok(None);
    }
    let brokers = url.strip_prefix("kafka://").unwrap_or(url).trim_end_matches('/');
    if brokers.is_empty() || !brokers.split(',').all(|broker| broker.contains(':')) {
        return Err(Failure::usage(format!("--bus {url}: not a bus URL"))
            .hint("use --bus kafka://HOST:PORT,HOST:PORT or --bus file:DIR"));
    }
    Ok(Some(Settings::new(brokers)))
}
