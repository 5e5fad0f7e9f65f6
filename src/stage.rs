//! Stages: deterministic functions of (their state, now, a batch), with no I/O, no clock and no environment.
//!
//! A stage sees one record at a time and keeps state only per entity, through [`States`]; so nothing in a state can
//! depend on how the stream was cut. The runner in `pipeline` owns reading, writing and committing.

pub mod aggregate;
pub mod detect;
pub mod states;
pub mod validate;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use states::States;

use crate::event::{Asset, Message, Record, Rows, Silence, Time};

/// What the runner hands in beside the records: everything a stage must look up.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Asset records by GPU; complete, so that an absent GPU is known to have none.
    pub assets: HashMap<String, Enrichment>,
    /// Silences that hold, will hold, or held lately.
    pub silences: Vec<Silence>,
}

/// What of [`Inputs`] a stage needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookUp {
    /// Nothing.
    Nothing,
    /// The asset records.
    Assets,
    /// The silences.
    Silences,
}

/// An asset record, ready to be spliced into events.
#[derive(Debug)]
pub struct Enrichment {
    /// The record.
    pub asset: Asset,
    /// Its JSON object.
    pub block: Vec<u8>,
}

impl Enrichment {
    /// Prepares a record.
    #[must_use]
    pub fn new(asset: Asset) -> Enrichment {
        let block = asset.block();
        Enrichment { asset, block }
    }
}

/// What surrounds a record in a step.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The instant of the step; decides what is saved and shown, never what a state says.
    pub now: Time,
    /// The topic the record stands in.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// What the runner looked up.
    pub inputs: &'a Inputs,
}

/// What a step puts out.
#[derive(Debug, Default)]
pub struct Out {
    /// Events to publish.
    pub events: Vec<Message>,
    /// Rows for the store.
    pub rows: Rows,
    /// Entities whose state must be saved in this step because they put out an alert.
    pub save: Vec<String>,
    /// What happened, counted.
    pub counts: Counts,
    /// Refusals by rule; an event that breaks two rules counts under both.
    pub reasons: BTreeMap<&'static str, u64>,
}

impl Out {
    /// Counts a refusal under a rule.
    pub fn reason(&mut self, rule: &'static str) {
        *self.reasons.entry(rule).or_default() += 1;
    }
}

/// Counts of a stage's doings, in GPU samples unless the name says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Samples that passed validation.
    pub validated: u64,
    /// Records that were refused.
    pub refused: u64,
    /// Samples that were duplicates.
    pub duplicates: u64,
    /// Samples that became raw rows.
    pub aggregated: u64,
    /// Samples behind their GPU's closed minutes.
    pub late: u64,
    /// Windows closed.
    pub closed: u64,
    /// Alerts that began to fire.
    pub fired: u64,
    /// Alerts that ended.
    pub resolved: u64,
    /// Fields in which a collector and the asset record differ.
    pub asset_differences: u64,
    /// Reports of collectors.
    pub reports: u64,
}

impl Counts {
    /// Each count of both, by `both`.
    fn zip(&self, other: &Counts, both: fn(u64, u64) -> u64) -> Counts {
        Counts {
            validated: both(self.validated, other.validated),
            refused: both(self.refused, other.refused),
            duplicates: both(self.duplicates, other.duplicates),
            aggregated: both(self.aggregated, other.aggregated),
            late: both(self.late, other.late),
            closed: both(self.closed, other.closed),
            fired: both(self.fired, other.fired),
            resolved: both(self.resolved, other.resolved),
            asset_differences: both(self.asset_differences, other.asset_differences),
            reports: both(self.reports, other.reports),
        }
    }

    /// Adds another step's counts.
    pub fn add(&mut self, other: &Counts) {
        *self = self.zip(other, |a, b| a + b);
    }

    /// What was counted since `before`.
    #[must_use]
    pub fn since(&self, before: &Counts) -> Counts {
        self.zip(before, |a, b| a - b)
    }
}

/// A stage of the pipeline.
pub trait Stage: Send {
    /// What it remembers of one entity.
    type State: Default + Clone + Serialize + DeserializeOwned + Send;

    /// Its name: the consumer group is `gpuhm-NAME`, and the `writers` rows carry it.
    fn name(&self) -> &'static str;

    /// Version of the state's encoding; another version's saved states are refused.
    fn state_version(&self) -> u8;

    /// What it needs looked up.
    fn looks_up(&self) -> LookUp {
        LookUp::Nothing
    }

    /// Whether it has rows for the store.
    fn writes_rows(&self) -> bool {
        false
    }

    /// Applies one record. State is reached through `states.at(entity, …)`, which says when the record is in the
    /// state already.
    fn apply(&mut self, step: &Step<'_>, record: &Record, states: &mut States<Self::State>, out: &mut Out);

    /// Puts out what an entity has open, as it stands, at the log's end: nothing in its state changes.
    fn idle(&mut self, entity: &str, state: &Self::State, out: &mut Out);
}
