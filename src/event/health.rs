//! Health of a GPU as `score` judged it: the score, the ledger that adds up to it, the state and the action.
//!
//! `score = 100 − Σ points` (facts on health, section 3). Confidence, state and action stand beside the score and are
//! never mixed into it. Plain data: what costs points, and how many, is for the pass to say.

use serde::{Deserialize, Serialize};

use super::Time;

/// A small vocabulary: its variants with the word of each, in order.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word in events, tables and on screen.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            /// The one a word names.
            #[must_use]
            pub fn parse(word: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What a GPU is fit for. Ordered: worse is greater; `unknown` is apart, and greatest.
    State {
        /// Fit for work.
        Ok = "ok",
        /// Works, but someone should look.
        Degraded = "degraded",
        /// Not fit for work.
        Critical = "critical",
        /// Too little is known.
        Unknown = "unknown",
    }
}

words! {
    /// The label of a score; the names are the seed's. Ordered: worse is greater.
    Grade {
        /// 90 and more.
        Excellent = "excellent",
        /// 80 and more.
        Good = "good",
        /// 70 and more.
        Fair = "fair",
        /// 60 and more.
        Degraded = "degraded",
        /// 50 and more.
        Poor = "poor",
        /// Less.
        Critical = "critical",
    }
}

impl Grade {
    /// The lowest score of the grade.
    #[must_use]
    pub const fn border(self) -> i64 {
        match self {
            Grade::Excellent => 90,
            Grade::Good => 80,
            Grade::Fair => 70,
            Grade::Degraded => 60,
            Grade::Poor => 50,
            Grade::Critical => 0,
        }
    }

    /// The grade of a score.
    #[must_use]
    pub fn of(score: i64) -> Grade {
        Grade::ALL.iter().copied().find(|grade| score >= grade.border()).unwrap_or(Grade::Critical)
    }

    /// The state that a grade alone gives.
    #[must_use]
    pub const fn state(self) -> State {
        match self {
            Grade::Excellent | Grade::Good | Grade::Fair => State::Ok,
            Grade::Degraded | Grade::Poor => State::Degraded,
            Grade::Critical => State::Critical,
        }
    }
}

words! {
    /// What to do. Ordered: the more it takes the greater.
    Action {
        /// Nothing.
        None = "none",
        /// Keep an eye on it.
        Monitor = "monitor",
        /// Look at cooling and airflow.
        CheckCooling = "check_cooling",
        /// Look at the power supply.
        CheckPower = "check_power",
        /// Reset the GPU when it is free.
        Reset = "reset",
        /// Take it out of service, then reset or reboot.
        Drain = "drain",
        /// Run the field diagnostic.
        RunFieldDiag = "run_field_diag",
        /// Replace it.
        Replace = "replace",
    }
}

words! {
    /// What a deduction is about.
    Dimension {
        /// Memory: ECC, row remaps, retired pages.
        Memory = "memory",
        /// The way to the host and to other GPUs: PCIe, NVLink, the GPU's own processor.
        Bus = "bus",
        /// Heat.
        Thermal = "thermal",
        /// Power.
        Power = "power",
        /// Speed against its peers.
        Performance = "performance",
    }
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deduction {
    /// Id of the deduction.
    pub id: String,
    /// What it is about.
    pub dimension: Dimension,
    /// Points taken.
    pub points: i64,
    /// Points it would take alone, where a cap of its dimension or of the whole left it fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capped: Option<i64>,
    /// One line for people: what was seen, with value and limit.
    pub text: String,
    /// What was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What it was held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// Unit of both; empty where they have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// When it was last seen.
    #[serde(with = "super::time::text")]
    pub at: Time,
    /// Over how much time the evidence was looked for, or fades, in seconds; absent where it stands until cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_s: Option<i64>,
    /// Whether its input is missing now, so that what was last seen is held.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// Whether it alone makes the state critical.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hard: bool,
    /// What to do about it.
    pub action: Action,
}

/// What `score` says of one GPU at one instant: a row of `gpu_health_scores`. Key: time, GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// The GPU.
    pub gpu_uuid: String,
    /// Its host.
    pub hostname: String,
    /// Its index in the host.
    pub device_index: Option<i64>,
    /// The instant of the pass.
    pub time: Time,
    /// 0 to 100.
    pub score: i64,
    /// The grade that is shown: of the score, but better only once the score has been well above the border for a while.
    pub grade: Grade,
    /// The state: the worst of the score's and of any hard deduction's, or unknown.
    pub state: State,
    /// How much of what the score needs was seen, and how fresh it is: 0 to 1.
    pub confidence: f64,
    /// What to do first.
    pub action: Action,
    /// The ledger: hard rows first, then worst first; the points add up to 100 − score.
    pub ledger: Vec<Deduction>,
    /// What costs nothing and is worth knowing.
    pub notes: Vec<String>,
    /// Since when the score has been well above the border of a better grade than the one shown.
    pub better_since: Option<Time>,
    /// The newest sample it rests on.
    pub as_of: Time,
    /// The GPU that is in its slot now, where that is another.
    pub replaced_by: Option<String>,
}

impl Health {
    /// Whether `other` says the same of the GPU, all but the instants.
    #[must_use]
    pub fn says_as(&self, other: &Health) -> bool {
        let rows = |health: &Health| -> Vec<(String, i64, bool)> {
            health.ledger.iter().map(|row| (row.id.clone(), row.points, row.held)).collect()
        };
        self.score == other.score
            && self.grade == other.grade
            && self.state == other.state
            && self.action == other.action
            && (self.confidence - other.confidence).abs() < 0.05
            && self.better_since == other.better_since
            && self.replaced_by == other.replaced_by
            && self.notes == other.notes
            && rows(self) == rows(other)
    }
}

/// The fleet in numbers at one pass: a row of `fleet_health`. Key: time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FleetHealth {
    /// The instant of the pass.
    pub time: Time,
    /// GPUs by state, in the order of [`State::ALL`].
    pub states: [i64; 4],
    /// Mean score of those whose state is known; absent where none is.
    pub mean: Option<f64>,
    /// The lowest of them.
    pub worst: Option<i64>,
    /// Open alerts by severity: info, warning, critical; suppressed ones not counted.
    pub open: [i64; 3],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_have_the_borders_of_the_seed() {
        let at = |score| Grade::of(score).word();
        assert_eq!([100, 90, 89, 80, 79, 70].map(at), ["excellent", "excellent", "good", "good", "fair", "fair"]);
        assert_eq!([69, 60, 59, 50, 49, 0].map(at), ["degraded", "degraded", "poor", "poor", "critical", "critical"]);
        assert_eq!(Grade::parse("poor"), Some(Grade::Poor));
    }

    #[test]
    fn a_ledger_row_reads_as_it_was_written() {
        let row = Deduction {
            id: "ecc_dbe".into(),
            dimension: Dimension::Memory,
            points: 30,
            capped: Some(40),
            text: "2 uncorrectable errors".into(),
            value: Some(2.0),
            limit: None,
            unit: String::new(),
            at: Time(1_700_000_000_000),
            window_s: Some(3600),
            held: false,
            hard: true,
            action: Action::Drain,
        };
        let text = serde_json::to_string(&row).unwrap();
        assert!(text.contains("\"at\":\"2023-11-14T22:13:20.000Z\""), "{text}");
        assert_eq!(serde_json::from_str::<Deduction>(&text).unwrap(), row);
    }
}
