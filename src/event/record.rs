//! Records as topics carry them, and the topics' names: plain data that buses move and stages read and make.

use bytes::Bytes;

use super::Time;

/// Samples as sources read them.
pub const RAW: &str = "gpu-metrics-raw";
/// Samples that passed validation.
pub const VALIDATED: &str = "gpu-metrics-validated";
/// What was refused, with every reason.
pub const INVALID: &str = "gpu-metrics-invalid";
/// Alerts.
pub const ALERTS: &str = "gpu-alerts";
/// All of them.
pub const TOPICS: [&str; 4] = [RAW, VALIDATED, INVALID, ALERTS];

/// A record as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its position in the partition.
    pub offset: i64,
    /// When it reached the bus.
    pub time: Time,
    /// The key; empty where there is none.
    pub key: Bytes,
    /// The bytes.
    pub value: Bytes,
}

/// A record to publish; the partition follows from the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The topic.
    pub topic: &'static str,
    /// The key; empty goes to any partition.
    pub key: Bytes,
    /// The bytes.
    pub value: Bytes,
}
