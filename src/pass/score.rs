//! The score of each GPU: 100 less the points of a ledger that says what was seen and what to do about it.
//!
//! Facts on health, section 3. Deductions are a registry (`deductions`): a file and a line each, all numbers of judgement in
//! `numbers`. A deduction whose input is missing takes no points by itself: what it took before is held, fading on, and
//! the confidence falls. Hard deductions make the state critical at any score; those that ask for a reset do so until one
//! has followed. With no new fault the score never falls as time passes: points stand, fade or end, and nothing else.
//!
//! The state is of the score as it is now; that a better grade waits half an hour is for the label alone.
//!
//! Left out: the same XID in three jobs of a week (no job is known), a metric it used to send that turned into an error
//! and a link that is down (no source tells either: both are absent), the asset record's PCIe generation and width (it has
//! no such fields; the board's own maximum stands for it), the SM activity of peers (without jobs, different work is no
//! fault), and each model's idle power (a share of its limit stands for it).

mod confidence;
mod context;
mod deductions;
mod grade;
mod ids;
mod ledger;
mod load;
mod notes;
mod numbers;
mod peers;
mod rule;
mod text;

use super::Now;
use crate::event::health::{Action, Dimension, Grade, State};
use crate::event::time::MINUTE;
use crate::event::{Facts, Health, Known};
use context::{Context, Hosts};
use rule::Case;

/// A health row that says nothing new is written this often all the same.
const AT_LEAST_EVERY: i64 = 15 * MINUTE;

/// The health of every GPU, in the order of the facts.
#[must_use]
pub fn score(facts: &Facts, now: Now) -> Vec<Health> {
    let hosts = Hosts::new(facts);
    facts.gpus.iter().map(|known| health(known, &hosts.of(known, now), now)).collect()
}

/// The health of one GPU.
fn health(known: &Known, context: &Context<'_>, now: Now) -> Health {
    let (busy, generation) = (load::busy(known, now.at), load::generation(known));
    let case = Case { known, now: now.at, context, busy, generation };
    let ledger = ledger::ledger(&case);
    let score = numbers::FULL - ledger::sum(&ledger);
    let (grade, better_since) = grade::grade(known.health.as_ref(), score, now.at);
    let confidence = confidence::confidence(&case);
    let state = if ledger.iter().any(|row| row.hard) {
        State::Critical
    } else if confidence < numbers::LEAST_CONFIDENCE {
        State::Unknown
    } else {
        Grade::of(score).state()
    };
    Health {
        gpu_uuid: known.latest.gpu_uuid.clone(),
        hostname: known.latest.hostname.clone(),
        device_index: known.latest.device_index,
        time: now.at,
        score,
        grade,
        state,
        confidence,
        action: ledger.iter().map(|row| row.action).max().unwrap_or(Action::None),
        notes: notes::notes(&case),
        ledger,
        better_since,
        as_of: known.latest.time,
        replaced_by: context.replaced_by.map(str::to_owned),
    }
}

/// Whether a health row is to be written after the last one.
#[must_use]
pub fn worth_a_row(last: Option<&Health>, new: &Health) -> bool {
    last.is_none_or(|last| !new.says_as(last) || new.time.since(last.time) >= AT_LEAST_EVERY)
}

/// A deduction as a list shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its id, in ledgers.
    pub id: &'static str,
    /// What it is about.
    pub dimension: Dimension,
    /// The points it takes.
    pub points: &'static str,
    /// Whether it alone makes the state critical.
    pub hard: bool,
    /// What to do about it.
    pub action: Action,
    /// What it looks for.
    pub looks_for: &'static str,
}

/// Every deduction, by dimension.
pub fn list() -> impl Iterator<Item = Listed> {
    deductions::DEDUCTIONS.iter().map(|rule| Listed {
        id: rule.id,
        dimension: rule.dimension,
        points: rule.points,
        hard: rule.hard,
        action: rule.action,
        looks_for: rule.looks_for,
    })
}
