//! An event in memory: the seed's blocks, with text borrowed from the bytes it was read from.
//!
//! One type serves reading (borrowed) and making (owned, `Event<'static>`), so that sources and codec cannot drift apart.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Time, Values};

/// Text of an event, borrowed where the JSON had no escapes in it.
pub type Text<'a> = Cow<'a, str>;

/// `event_type` of a sample.
pub const SAMPLE: &str = "gpu_metric_sample";
/// `event_type` of a collector's report about itself.
pub const COLLECTOR_STATUS: &str = "collector_status";
/// The schema version gpuhm writes.
pub const SCHEMA_VERSION: &str = "1.0";

/// A decoded event. Absent is `None`; whether what is absent was required is for validation to say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Event<'a> {
    /// `schema_version`.
    pub schema_version: Option<Text<'a>>,
    /// `timestamp`: the instant of the sample.
    pub time: Option<Time>,
    /// `collection_timestamp`: when the source was read.
    pub collected: Option<Time>,
    /// `processing_timestamp`: when the event was made.
    pub processed: Option<Time>,
    /// `host`.
    pub host: Host<'a>,
    /// `asset`: what enrichment added; it wins over what the collector said.
    pub asset: Option<AssetBlock<'a>>,
    /// What the event is about.
    pub body: Body<'a>,
    /// `quality`.
    pub quality: Quality<'a>,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every event is a sample, and a box would be an allocation an event"
)]
pub enum Body<'a> {
    /// A sample of one GPU: which, its values, the XIDs since the last sample.
    Sample(Gpu<'a>, Values, Vec<Xid>),
    /// A collector's report about itself.
    Collector(Collector<'a>),
    /// An `event_type` that is neither, or none.
    Other(Option<Text<'a>>),
}

impl Default for Body<'_> {
    fn default() -> Self {
        Body::Other(None)
    }
}

/// `gpu`: which GPU.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gpu<'a> {
    /// `gpu_id`, as the seed has it beside the UUID.
    pub gpu_id: Option<Text<'a>>,
    /// `gpu_uuid`: the identity.
    pub gpu_uuid: Option<Text<'a>>,
    /// `device_index` within its host.
    pub device_index: Option<i64>,
    /// `pci_bus_id`.
    pub pci_bus_id: Option<Text<'a>>,
    /// `name`: the model.
    pub name: Option<Text<'a>>,
    /// `architecture`.
    pub architecture: Option<Text<'a>>,
    /// `compute_capability`.
    pub compute_capability: Option<Text<'a>>,
    /// `serial` (additive): the board's serial number.
    pub serial: Option<Text<'a>>,
    /// `driver_version` (additive).
    pub driver_version: Option<Text<'a>>,
    /// `job` (additive): what runs on it, as the batch system says; several are joined by commas.
    pub job: Option<Text<'a>>,
    /// `mig` (additive): its instances, where it is partitioned. Written only: no stage looks at them.
    pub mig: Vec<Instance<'a>>,
}

/// One MIG instance of a GPU, which is itself the entity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Instance<'a> {
    /// `gpu_instance`: the GPU instance's number.
    pub gpu_instance: i64,
    /// `compute_instance`: the compute instance's number within it, where the entry is one.
    pub compute_instance: Option<i64>,
    /// `profile`: its size, such as `1g.10gb`.
    pub profile: Option<Text<'a>>,
    /// `uuid`: `MIG-…`.
    pub uuid: Option<Text<'a>>,
}

/// `host`: where the GPU is, as its collector says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Host<'a> {
    /// `hostname`.
    pub hostname: Option<Text<'a>>,
    /// `cluster`.
    pub cluster: Option<Text<'a>>,
    /// `rack`.
    pub rack: Option<Text<'a>>,
    /// `datacenter`.
    pub datacenter: Option<Text<'a>>,
}

/// `asset` (additive): the asset record, as validate spliced it in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AssetBlock<'a> {
    /// Place and identity by the asset record.
    pub host: Host<'a>,
    /// `model` by the asset record.
    pub model: Option<Text<'a>>,
    /// Where the member (`"asset":{…}`) stands in the bytes: offset and length of its value.
    pub span: (usize, usize),
}

/// One XID: something the driver reported, not a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Xid {
    /// `code`.
    pub code: i64,
    /// `at`: when it happened.
    pub at: Time,
}

/// `quality`: how the sample came about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quality<'a> {
    /// `collection_latency_ms`.
    pub latency_ms: Option<i64>,
    /// `stale`.
    pub stale: Option<bool>,
    /// `sample_count`: of how many readings profiling values are the mean.
    pub sample_count: Option<i64>,
    /// `interval_ms` (additive): the source's interval.
    pub interval_ms: Option<i64>,
    /// `error`.
    pub error: Option<Text<'a>>,
}

/// `collector`: what a collector reports about itself for one host.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Collector<'a> {
    /// `ticks` since it started.
    pub ticks: Option<i64>,
    /// `missed` ticks since it started.
    pub missed: Option<i64>,
    /// `spool_bytes` waiting to be sent.
    pub spool_bytes: Option<i64>,
    /// `dropped` events since it started.
    pub dropped: Option<i64>,
    /// `gpus_seen` at the last tick.
    pub gpus_seen: Option<i64>,
    /// `gpus_expected` on the host.
    pub gpus_expected: Option<i64>,
    /// `source`: the source's kind.
    pub source: Option<Text<'a>>,
    /// `source_state`: `ok`, or what is wrong.
    pub source_state: Option<Text<'a>>,
    /// `version` of gpuhm.
    pub version: Option<Text<'a>>,
}

impl Host<'_> {
    /// A host of which only the name is known.
    #[must_use]
    pub fn named(name: String) -> Host<'static> {
        Host { hostname: Some(Cow::Owned(name)), ..Host::default() }
    }
}

impl<'a> Event<'a> {
    /// An event as a source makes it that reads at a tick: read at `now`, made as much later as the quality says.
    #[must_use]
    pub fn made(now: Time, host: Host<'a>, body: Body<'a>, quality: Quality<'a>) -> Event<'a> {
        Event {
            schema_version: Some(Cow::Borrowed(SCHEMA_VERSION)),
            time: Some(now),
            collected: Some(now),
            processed: quality.latency_ms.map(|latency_ms| now.plus(latency_ms)),
            host,
            asset: None,
            body,
            quality,
        }
    }
}

impl Event<'_> {
    /// The entity whose order and state the event belongs to: the GPU's UUID, or `host:NAME` of a collector.
    #[must_use]
    pub fn entity(&self) -> Option<Cow<'_, str>> {
        match &self.body {
            Body::Sample(gpu, ..) => gpu.gpu_uuid.as_deref().map(Cow::Borrowed),
            Body::Collector(_) => self.host.hostname.as_deref().map(|host| Cow::Owned(host_key(host))),
            Body::Other(_) => None,
        }
    }

    /// Where the GPU is: the asset record's word first, then the collector's.
    #[must_use]
    pub fn place(&self) -> Host<'_> {
        let asset = self.asset.as_ref().map(|asset| &asset.host);
        let pick = |of: for<'h> fn(&'h Host<'_>) -> Option<&'h str>| {
            asset.and_then(of).or_else(|| of(&self.host)).map(Cow::Borrowed)
        };
        Host {
            hostname: pick(|host| host.hostname.as_deref()),
            cluster: pick(|host| host.cluster.as_deref()),
            rack: pick(|host| host.rack.as_deref()),
            datacenter: pick(|host| host.datacenter.as_deref()),
        }
    }
}

/// The key of a host's own events.
#[must_use]
pub fn host_key(host: &str) -> String {
    format!("host:{host}")
}
