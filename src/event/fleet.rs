//! The fleet as people look at it: the newest of everything, and the past of one GPU.
//!
//! What the live view, its `--once` formats and `tail`'s neighbours are made from. Plain data; knows no screen and no store.

use super::health::{FleetHealth, Health};
use super::rows::{CollectorRow, Happening, Place, Raw};
use super::{Alert, Prediction, Silence, Time, Window};

/// The fleet at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FleetNow {
    /// Every GPU that has raw rows, by host, index and UUID.
    pub gpus: Vec<GpuNow>,
    /// The newest alerts, whatever their status, those that began last first; every one that fires is among them.
    pub alerts: Vec<Alert>,
    /// The collectors' newest reports, by host.
    pub collectors: Vec<CollectorRow>,
    /// The fleet's numbers of the last passes, by time.
    pub numbers: Vec<FleetHealth>,
    /// Silences that hold or held lately.
    pub silences: Vec<Silence>,
}

/// One GPU at that moment.
#[derive(Debug, Clone, PartialEq)]
pub struct GpuNow {
    /// Its newest raw row.
    pub latest: Raw,
    /// Where it is.
    pub place: Place,
    /// Its newest health; absent before the first pass.
    pub health: Option<Health>,
    /// Its newest prediction; absent before the first pass.
    pub prediction: Option<Prediction>,
}

/// The past of one GPU, over a span.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GpuPast {
    /// The GPU.
    pub gpu_uuid: String,
    /// Its windows, of a size that fits the span, by start.
    pub windows: Vec<Window>,
    /// Its raw rows of the last half hour, by time.
    pub raw: Vec<Raw>,
    /// What happened to it, newest first.
    pub events: Vec<Happening>,
    /// Its health rows, by time.
    pub healths: Vec<Health>,
    /// Its alerts, newest first.
    pub alerts: Vec<Alert>,
}

impl FleetNow {
    /// Time of the newest sample.
    #[must_use]
    pub fn newest(&self) -> Option<Time> {
        self.gpus.iter().map(|gpu| gpu.latest.time).max()
    }
}

impl GpuNow {
    /// The GPU.
    #[must_use]
    pub fn uuid(&self) -> &str {
        &self.latest.gpu_uuid
    }

    /// Whether another GPU is in its slot now.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        self.health.as_ref().is_some_and(|health| health.replaced_by.is_some())
    }
}
