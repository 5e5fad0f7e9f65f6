//! Every number of judgement in the score, in one table: seed points, windows, limits, weights.
//!
//! Facts on health, section 3, has the points and the windows of XIDs. What it leaves open is marked (J): judgement, no
//! data behind it. What the facts say of one deduction only, its points and DCGM's limits, stands in that deduction's file.

use crate::event::health::Dimension;
use crate::event::time::{DAY, HOUR, MINUTE, SECOND};

/// Most points that a dimension takes: memory, bus, thermal, power, performance.
pub(super) const fn cap(dimension: Dimension) -> i64 {
    match dimension {
        Dimension::Memory => 70,
        Dimension::Bus => 60,
        Dimension::Thermal => 40,
        Dimension::Power => 30,
        Dimension::Performance => 10,
    }
}

/// Weight of a dimension in the confidence (J); they add up to 1.
pub(super) const fn weight(dimension: Dimension) -> f64 {
    match dimension {
        Dimension::Memory => 0.35,
        Dimension::Bus => 0.25,
        Dimension::Thermal => 0.2,
        Dimension::Power | Dimension::Performance => 0.1,
    }
}

/// The best score.
pub(super) const FULL: i64 = 100;
/// Below this confidence the state is unknown unless a hard deduction stands (J).
pub(super) const LEAST_CONFIDENCE: f64 = 0.5;
/// A sample is fresh for so many intervals …
pub(super) const FRESH_INTERVALS: i64 = 3;
/// … and worth nothing at this age.
pub(super) const STALE: i64 = 15 * MINUTE;
/// The interval of a source that does not name one (J: the seed's default).
pub(super) const INTERVAL: i64 = 10 * SECOND;

/// A better grade needs so many points above its border …
pub(super) const BETTER_BY: i64 = 3;
/// … for this long.
pub(super) const BETTER_FOR: i64 = 30 * MINUTE;

/// Uncorrectable errors and failed repairs cost less and less for this long. XID 64 (J): a board that failed and came back
/// fails again, a quarter of them within 90 days (facts on health, 1).
pub(super) const FAILURE_WINDOW: i64 = 30 * DAY;
/// Other XIDs; 79 too (J).
pub(super) const XID_WINDOW: i64 = 7 * DAY;
/// What one sample saw that flickers, a margin or a PCIe generation, fades over this (J): a pass judges the newest sample,
/// and one reading must not cost a day.
pub(super) const SAMPLE_WINDOW: i64 = HOUR;
/// Link errors, replays, lanes, clocks (J: as long as throttling fades).
pub(super) const DAY_WINDOW: i64 = DAY;

/// Throttling counts whole from this many seconds on …
pub(super) const THROTTLE_FULL_S: f64 = 60.0;
/// … within this span, …
pub(super) const THROTTLE_SPAN: i64 = HOUR;
/// … and fades over this one.
pub(super) const THROTTLE_WINDOW: i64 = DAY;

/// A GPU is busy at this mean SM activity, %, or …
pub(super) const BUSY_ACTIVE: f64 = 10.0;
/// … at this share of the way from idle power to its limit.
pub(super) const BUSY_POWER: f64 = 0.3;
/// Idle power as a share of the limit (J: 60 of 400 W, facts on health, 1).
pub(super) const IDLE_POWER: f64 = 0.15;
/// What shows under load only has been seen if the GPU was busy for so many minutes in a day.
pub(super) const BUSY_LEAST: f64 = 5.0;
/// What of a span was busy if its power's quantile (50, 95, 99 %) was at the level.
pub(super) const BUSY_SHARE: [f64; 3] = [0.5, 0.05, 0.01];

/// Mean utilisation, %, from which a kernel ran nearly all of a span: at most one part in twelve of it was idle, which
/// lowers the mean clock by less than a comparison allows (J).
pub(super) const STEADY: f64 = 92.0;
/// Peers needed for a comparison (J).
pub(super) const PEERS: usize = 3;
/// So many peers are compared with on either side of one's own activity, the most alike (J).
pub(super) const MOST_PEERS: usize = 32;

/// Each row remapped for an uncorrectable error costs so much, to so much in all: eight in a bank are its end (J).
pub(super) const REMAPPED: [f64; 3] = [3.0, 3.0, 24.0];
/// A bank with no spare row left (J).
pub(super) const NO_SPARE: f64 = 20.0;
/// A bank with few left (J).
pub(super) const FEW_SPARE: f64 = 8.0;

/// Fewer corrected errors than these in a day say nothing (J) …
pub(super) const CORRECTED_LEAST: i64 = 100;
/// … nor do so many times the daily mean (J) …
pub(super) const CORRECTED_TIMES: f64 = 10.0;
/// … of so many days before (J: what is kept of them, less the day that fades).
pub(super) const CORRECTED_HISTORY: i64 = 6;

/// Mean activity, %, from which on an hour is work to be compared with peers' (J).
pub(super) const WORK: f64 = 50.0;
/// Activity of a peer at like work, as a share of one's own, either way (J).
pub(super) const LIKE: f64 = 0.8;
/// A shorter span says little (J).
pub(super) const COMPARED_SPAN: i64 = 15 * MINUTE;
/// Median power from which on a GPU is at its limit, as a share of it (J).
pub(super) const AT_LIMIT: f64 = 0.95;
/// Slow: share of the peers' clock, and points (J).
pub(super) const SLOW: (f64, f64) = (0.85, 5.0);
/// Far slower (J).
pub(super) const FAR_SLOWER: (f64, f64) = (0.7, 10.0);
