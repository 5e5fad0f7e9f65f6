//! What a line seems to be, before anyone judges it: its key, its time, and whether it is a sample or a report.
//!
//! One opinion for those who count what goes in and those who count what comes out.

use std::borrow::Cow;

use serde::Deserialize;

use crate::event::Time;
use crate::event::sample::{COLLECTOR_STATUS, host_key};

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    event_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    timestamp: Option<Cow<'a, str>>,
    #[serde(borrow)]
    gpu: Option<Gpu<'a>>,
    #[serde(borrow)]
    host: Option<Host<'a>>,
}

#[derive(Deserialize)]
struct Gpu<'a> {
    #[serde(borrow)]
    gpu_uuid: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Host<'a> {
    #[serde(borrow)]
    hostname: Option<Cow<'a, str>>,
}

/// What a line seems to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Probe {
    /// The key to publish it under; empty where there is none.
    pub key: String,
    /// Its `timestamp`.
    pub time: Option<Time>,
    /// Whether it is a collector's report; everything else counts as a sample.
    pub report: bool,
}

/// Looks at a line.
///
/// # Errors
/// Where it is no JSON object with fields of these types; it then counts as a sample.
pub fn probe(bytes: &[u8]) -> Result<Probe, serde_json::Error> {
    let fields: Fields<'_> = serde_json::from_slice(bytes)?;
    let report = fields.event_type.as_deref() == Some(COLLECTOR_STATUS);
    let key = if report {
        fields.host.and_then(|host| host.hostname).map(|host| host_key(&host))
    } else {
        fields.gpu.and_then(|gpu| gpu.gpu_uuid).map(Cow::into_owned)
    };
    let time = fields.timestamp.as_deref().and_then(Time::parse);
    Ok(Probe { key: key.unwrap_or_default(), time, report })
}
