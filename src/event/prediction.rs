//! Odds that a GPU fails, as `predict` states them, and the failures that the fleet's own people recorded.
//!
//! A probability never stands alone: with it go its 80 % interval, the fleet's base, and the reasons, whose factors
//! multiply to the hazard (facts on health, section 4). Plain data; the arithmetic is the pass's.

use serde::{Deserialize, Serialize};

use super::Time;
use super::health::words;

words! {
    /// How much of the fleet's own history stands behind a prediction.
    Standing {
        /// No failure was recorded: the prior and the evidence table alone.
        PriorOnly = "prior_only",
        /// Some were, fewer than 50: they move the rates.
        Updating = "updating",
        /// The fleet's own model.
        Fitted = "fitted",
    }
}

words! {
    /// What a prediction asks for. A probability alone never asks for a replacement.
    Advice {
        /// Nothing.
        None = "none",
        /// Keep an eye on it.
        Watch = "watch",
        /// Run diagnostics when it is free.
        ScheduleDiagnostics = "schedule_diagnostics",
    }
}

words! {
    /// Kinds of recorded ends.
    FailureKind {
        /// An uncorrectable memory error that led to a reset or drain.
        Dbe = "dbe",
        /// The host lost the GPU.
        OffBus = "off_bus",
        /// Replaced for cause.
        Rma = "rma",
        /// Another failure that ended its work.
        Other = "other",
        /// A job was interrupted and the GPU went on: kept, but not counted among failures.
        Interruption = "interruption",
        /// Moved or taken away with nothing wrong: ends what is known of it, is no failure.
        Removed = "removed",
    }
}

impl FailureKind {
    /// Whether it counts as a failure.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        !matches!(self, FailureKind::Interruption | FailureKind::Removed)
    }
}

/// A row of `gpu_failures`. Key: GPU, at, kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The GPU.
    pub gpu_uuid: String,
    /// When.
    pub at: Time,
    /// What.
    pub kind: FailureKind,
    /// Who says so.
    pub who: String,
    /// A line about it.
    pub note: Option<String>,
}

/// The horizons, in days.
pub const HORIZONS: [i64; 3] = [7, 30, 90];

/// The odds at one horizon.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Odds {
    /// Days ahead.
    pub days: i64,
    /// Probability that it fails within them.
    pub p: f64,
    /// 80 % interval of the probability.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// The same for the fleet's average GPU.
    pub base: f64,
}

/// Why a GPU's hazard differs from the fleet's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// Id of the evidence.
    pub id: String,
    /// Factor on the hazard.
    pub factor: f64,
    /// One line: `failed 41 days ago`.
    pub text: String,
}

/// What `predict` says of one GPU: a row of `gpu_failure_predictions`. Key: time, GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The GPU.
    pub gpu_uuid: String,
    /// Its host.
    pub hostname: String,
    /// Its index in the host.
    pub device_index: Option<i64>,
    /// The instant of the pass.
    pub time: Time,
    /// At each of [`HORIZONS`].
    pub odds: [Odds; 3],
    /// Hazard now, failures a GPU-year: the base times every factor.
    pub hazard: f64,
    /// The fleet's hazard now.
    pub base_hazard: f64,
    /// Everything that moves it, largest first; the factors multiply to `hazard / base_hazard`.
    pub reasons: Vec<Reason>,
    /// What it asks for.
    pub advice: Advice,
    /// How much of the fleet's own history stands behind it.
    pub standing: Standing,
    /// The model: name and version.
    pub model: String,
    /// Recorded failures behind it.
    pub labels: i64,
    /// GPU-years behind it.
    pub exposure_years: f64,
    /// The newest sample of the GPU it rests on.
    pub as_of: Time,
}

impl Prediction {
    /// The odds at a horizon.
    #[must_use]
    pub fn at(&self, days: i64) -> Option<&Odds> {
        self.odds.iter().find(|odds| odds.days == days)
    }
}
