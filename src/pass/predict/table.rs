//! Every number of judgement in the odds, in one place: priors, windows, the evidence table and its bands.
//!
//! Sections are those of the facts on health and prediction. (J) marks judgement without data behind it. What the numbers
//! are used for is for the other files to say.

use crate::event::time::DAY;

/// Milliseconds in a GPU-year.
pub(super) const YEAR: f64 = 365.25 * 86_400_000.0;
/// Days in a year.
pub(super) const YEAR_DAYS: f64 = 365.25;

/// The prior of the failure rate, section 4 step 1: Gamma(shape, GPU-years), mean 5 % a year.
pub(super) const PRIOR: (f64, f64) = (1.0, 20.0);
/// Pseudo-failures at the all-time level in each window's rate, step 2.
pub(super) const RECENT_WEIGHT: f64 = 2.0;
/// Length of a window of the rate, step 2.
pub(super) const WINDOW: i64 = 90 * DAY;
/// How many windows are told apart; what is older lies in the last: 10 years (J).
pub(super) const WINDOWS: usize = 40;
/// Failures that the last two windows need each before there is a trend, which counts half at that number, step 3.
pub(super) const TREND_NEEDS: f64 = 10.0;
/// Share of the last quarter's growth, in ln, that the next quarter is given, step 3.
pub(super) const TREND_KEEPS: f64 = 0.5;

/// Reports of one GPU within this are one failure with several reports (J).
pub(super) const ONE_FAILURE: i64 = 7 * DAY;
/// A removal is recorded by the day: samples that go on for so long after it do not show that the GPU came back (J).
pub(super) const LEAVING: i64 = DAY;

/// Pseudo-failures that pull a group's factor to 1, step 2: coarse groups, and blade or host.
pub(super) const COARSE: f64 = 5.0;
/// … host.
pub(super) const FINE: f64 = 2.0;
/// A group's factor this near to 1 is 1: a row that says nothing is noise (J).
pub(super) const SAME: f64 = 0.01;
/// Where a family's factors are on average this far from 1, the fleet is another than it was, and the rows say so (J).
pub(super) const SHIFTED: f64 = 0.05;

/// How recent "recent" is in the evidence table, step 4.
pub(super) const RECENT: i64 = 90 * DAY;
/// The product of all factors is held within this, step 4.
pub(super) const LIMITS: (f64, f64) = (0.1, 20.0);

/// Seconds of hardware thermal slowdown within a day that count (J).
pub(super) const THERMAL_SECONDS: f64 = 60.0;
/// Busy: SM activity, % (section 3 rule 7).
pub(super) const BUSY_SM: f64 = 10.0;
/// Busy, where SM activity is unknown: share of the power limit that the 95 % quantile reaches. Section 3 asks for idle
/// and 30 % of what lies above it; idle is about 15 % of the limit (section 1), which gives 40 % (J).
pub(super) const BUSY_POWER: f64 = 0.4;

/// Advice: `watch` from this lift on (J).
pub(super) const WATCH_LIFT: f64 = 2.0;
/// Advice: `schedule_diagnostics` from this lift on (J), for the first of a hundred only (section 4, output).
pub(super) const DIAGNOSE_LIFT: f64 = 5.0;
/// One of how many may be sent to diagnostics.
pub(super) const DIAGNOSE_ONE_IN: usize = 100;
/// A GPU without a sample for this long is gone: nothing is advised for it (J).
pub(super) const GONE: i64 = 7 * DAY;
/// A prediction is written again when a number in it moved by more than this share (J).
pub(super) const WORTH: f64 = 0.02;

/// The standard normal's 90 % quantile: an 80 % interval reaches so many standard deviations to each side.
pub(super) const Z80: f64 = 1.281_551_565_544_6;

/// One row of the evidence table: what multiplies the hazard, with its 80 % band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Id, as in `Reason::id`.
    pub id: &'static str,
    /// Factor on the hazard.
    pub factor: f64,
    /// Lower end of the 80 % band.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

const fn evidence(id: &'static str, factor: f64, low: f64, high: f64) -> Evidence {
    Evidence { id, factor, low, high }
}

/// Own uncorrectable error or failure in the last 90 days (measured on Titan, confounded).
pub const OWN_RECENT: Evidence = evidence("own_failure_recent", 9.0, 4.0, 20.0);
/// The same, older (J).
pub const OWN_OLDER: Evidence = evidence("own_failure_older", 3.0, 1.5, 6.0);
/// Another GPU of the node failed in the last 90 days (measured on Titan within a cage).
pub const NEIGHBOUR: Evidence = evidence("neighbour_failed", 1.5, 1.0, 2.2);
/// Hardware thermal slowdown under load (J).
pub const THERMAL: Evidence = evidence("hw_thermal_busy", 1.5, 1.0, 2.5);

/// Ids of the groups, and of the row that holds the product within its limits.
pub const MODEL_GROUP: &str = "model";
/// …
pub const BATCH_GROUP: &str = "batch";
/// …
pub const RACK_GROUP: &str = "rack";
/// …
pub const SLOT_GROUP: &str = "slot";
/// …
pub const HOST_GROUP: &str = "host";
/// …
pub const LIMIT: &str = "limit";

/// 80 % bands of everything that multiplies, as (low, high) relative to the factor. Groups: a quarter, for hosts a half,
/// either way (J): their factors are shrunk already, the band is for what shrinking does not know.
const BANDS: [(&str, f64, f64); 9] = [
    relative(OWN_RECENT),
    relative(OWN_OLDER),
    relative(NEIGHBOUR),
    relative(THERMAL),
    (MODEL_GROUP, 0.8, 1.25),
    (BATCH_GROUP, 0.8, 1.25),
    (RACK_GROUP, 0.8, 1.25),
    (SLOT_GROUP, 0.8, 1.25),
    (HOST_GROUP, 1.0 / 1.5, 1.5),
];

const fn relative(row: Evidence) -> (&'static str, f64, f64) {
    (row.id, row.low / row.factor, row.high / row.factor)
}

/// The 80 % band of a factor by its reason's id; `None` for what has none.
#[must_use]
pub fn band(id: &str, factor: f64) -> Option<(f64, f64)> {
    BANDS.iter().find(|(name, ..)| *name == id).map(|(_, low, high)| (factor * low, factor * high))
}

/// Variance of a factor's logarithm, from its band: step 6.
pub(super) fn variance(id: &str) -> f64 {
    band(id, 1.0).map_or(0.0, |(low, high)| ((high / low).ln() / (2.0 * Z80)).powi(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_the_table_s() {
        let (low, high) = band(OWN_RECENT.id, 9.0).unwrap();
        assert!((low - 4.0).abs() < 1e-12 && (high - 20.0).abs() < 1e-12);
        // ln(20/4) / 2.5631 = 0.628
        assert!((variance(OWN_RECENT.id).sqrt() - 0.6279).abs() < 1e-3);
        assert!(variance(LIMIT).abs() < f64::EPSILON);
    }
}
