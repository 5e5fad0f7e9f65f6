//! What a store knows of the fleet, as a pass needs it: read by a fixed number of queries, however many GPUs there are.
//!
//! Quiet GPUs are short here: minutes and events stand in it only where something went wrong. Plain data; what it means is
//! for the passes to say. Knows no database.

use super::health::{FleetHealth, Health};
use super::rows::{CollectorRow, Happening, Place, Raw};
use super::time::{DAY, HOUR};
use super::{Alert, Asset, Failure, Prediction, Silence, Time};

/// How far back `Known::events` and the memory errors and remaps of `Known::minutes` go: as far as odds look for them.
pub const ERRORS_BACK: i64 = 90 * DAY;
/// How far back the throttle seconds and the link errors of `Known::minutes` go: a day's fading and the hour before it.
pub const THROTTLE_BACK: i64 = 25 * HOUR;
/// How far back `Known::hours` goes.
pub const HOURS_BACK: i64 = DAY;
/// How far back `Known::corrected` goes.
pub const CORRECTED_BACK: i64 = 8 * DAY;

/// The fleet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Every GPU that has raw rows, by host, index and UUID.
    pub gpus: Vec<Known>,
    /// The collectors' newest reports, by host.
    pub collectors: Vec<CollectorRow>,
    /// Alerts that fire, suppressed ones too.
    pub alerts: Vec<Alert>,
    /// Silences that have not ended long ago.
    pub silences: Vec<Silence>,
    /// Every recorded failure, by time.
    pub failures: Vec<Failure>,
    /// The newest row of the fleet's numbers.
    pub fleet: Option<FleetHealth>,
}

/// One GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Its newest raw row.
    pub latest: Raw,
    /// When that row was written.
    pub written: Time,
    /// Where it is, as its newest event that changed this said.
    pub place: Place,
    /// When it was first seen, anywhere.
    pub first: Time,
    /// Its asset record.
    pub asset: Option<Asset>,
    /// Its newest row of `gpu_health_scores`.
    pub health: Option<Health>,
    /// Its newest row of `gpu_failure_predictions`.
    pub prediction: Option<Prediction>,
    /// XIDs, resets and changes of states in the last [`ERRORS_BACK`], by time.
    pub events: Vec<Happening>,
    /// Closed minutes in which something went wrong, by start.
    pub minutes: Vec<FaultMinute>,
    /// Hours of the last day, by start; the newest may be open still, as its last 15-min windows have it.
    pub hours: Vec<Load>,
    /// Corrected memory errors by hour, where there were any, by start.
    pub corrected: Vec<(Time, i64)>,
    /// `retired_pages_dbe` a week ago, where known.
    pub retired_a_week_ago: Option<i64>,
}

/// A minute in which something went wrong. Counts are increases within it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FaultMinute {
    /// Its start.
    pub start: Time,
    /// Seconds with `HW_SLOWDOWN`, `HW_THERMAL`, `HW_POWER_BRAKE` and `SW_THERMAL` set.
    pub hw_slowdown_s: f64,
    /// …
    pub hw_thermal_s: f64,
    /// …
    pub power_brake_s: f64,
    /// …
    pub sw_thermal_s: f64,
    /// Uncorrectable memory errors: the larger of the two counters' increases.
    pub dbe: i64,
    /// Rows remapped for uncorrectable errors.
    pub remaps: i64,
    /// NVLink CRC errors.
    pub nvlink_crc: i64,
    /// NVLink replay and recovery errors.
    pub nvlink_other: i64,
    /// PCIe replays.
    pub pcie_replays: i64,
}

/// How hard a GPU worked in a span.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Its start.
    pub start: Time,
    /// Its length in milliseconds.
    pub ms: i64,
    /// Quantiles of power in it, W: 50, 95 and 99 %.
    pub power: [Option<f64>; 3],
    /// Power limit, W.
    pub limit: Option<f64>,
    /// Mean SM activity, %.
    pub sm_active: Option<f64>,
    /// Mean SM clock, MHz.
    pub sm_clock: Option<f64>,
    /// Mean utilisation, %.
    pub util: Option<f64>,
}

impl Facts {
    /// Time of the newest sample.
    #[must_use]
    pub fn newest(&self) -> Option<Time> {
        self.gpus.iter().map(|gpu| gpu.latest.time).max()
    }
}

impl Known {
    /// The GPU.
    #[must_use]
    pub fn uuid(&self) -> &str {
        &self.latest.gpu_uuid
    }
}
