//! What a deduction is: data that a list can print, what it needs to see, and one function that looks.
//!
//! A deduction says what it found, with points already faded; holding what was seen before, hardness, rounding and caps
//! are the ledger's, so that no deduction can get them wrong.

use super::context::Context;
use super::numbers::{BUSY_ACTIVE, BUSY_POWER, IDLE_POWER, PEERS};
use crate::event::health::{Action, Dimension};
use crate::event::time::MINUTE;
use crate::event::{Known, Time, Value, Values};
use crate::metric::ids;

/// A deduction of the registry.
#[derive(Debug)]
pub(super) struct Rule {
    /// Its id, in ledgers.
    pub(super) id: &'static str,
    pub(super) dimension: Dimension,
    /// Its points, for people.
    pub(super) points: &'static str,
    /// What it looks for, for people.
    pub(super) looks_for: &'static str,
    /// Whether it alone makes the state critical.
    pub(super) hard: bool,
    pub(super) action: Action,
    /// What it needs to see.
    pub(super) needs: Needs,
    pub(super) look: fn(&Case<'_>) -> Look,
    /// Its points at the value of a ledger row, not faded: how a row that is held goes on fading.
    pub(super) full: fn(f64) -> f64,
}

/// What a deduction needs to see. Each group is one reading, from any of its metrics.
#[derive(Debug, Clone, Copy)]
pub(super) enum Needs {
    /// What is not sampled: XIDs, presence. Nothing tells whether they would have been seen.
    Nothing,
    /// Readings.
    Metrics(&'static [&'static [usize]]),
    /// Readings that say something only if the GPU works.
    Load(&'static [&'static [usize]]),
    /// Readings that many a sound GPU does not have: they do not count where they are missing.
    Optional(&'static [&'static [usize]]),
    /// Readings of GPUs from Ampere on …
    Ampere(&'static [&'static [usize]]),
    /// … and of those before.
    Older(&'static [&'static [usize]]),
    /// Busy GPUs beside it.
    Peers,
}

/// The generation of a GPU, as its model's name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    /// Retires pages.
    Older,
    /// Remaps rows.
    Ampere,
    /// The name is not known: whatever it reports counts.
    Unknown,
}

/// One GPU as a deduction sees it.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) known: &'a Known,
    pub(super) now: Time,
    pub(super) context: &'a Context<'a>,
    /// Whether it was busy for five minutes of the last day.
    pub(super) busy: bool,
    pub(super) generation: Generation,
}

/// What a deduction saw.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// What it found.
    pub(super) found: Option<Found>,
    /// Whether it saw all it needs; if not, what was found before is held.
    pub(super) seen: bool,
    /// Whether what was found before fades on although all was seen.
    pub(super) fades: bool,
    /// Starts of minutes whose fault another deduction has taken: what is held of them is let go.
    pub(super) elsewhere: Vec<Time>,
}

/// What costs points.
#[derive(Debug)]
pub(super) struct Found {
    /// Points, faded, not rounded.
    pub(super) points: f64,
    /// When it was last seen; a reset after it answers it.
    pub(super) at: Time,
    /// Over how long it fades, in ms; `None` stands until cleared.
    pub(super) window: Option<i64>,
    pub(super) value: Option<f64>,
    pub(super) limit: Option<f64>,
    pub(super) unit: &'static str,
    pub(super) text: String,
}

impl Look {
    /// Nothing found; what was needed was seen.
    pub(super) const CLEAR: Look = Look { found: None, seen: true, fades: false, elsewhere: Vec::new() };
    /// No input.
    pub(super) const UNKNOWN: Look = Look { found: None, seen: false, fades: false, elsewhere: Vec::new() };

    /// From what was found and whether all was seen.
    pub(super) const fn of(found: Option<Found>, seen: bool) -> Look {
        Look { found, seen, fades: false, elsewhere: Vec::new() }
    }
}

impl Needs {
    /// Whether what is needed is in the newest sample, and means something.
    pub(super) fn seen(self, case: &Case<'_>) -> bool {
        match self {
            Needs::Nothing => true,
            Needs::Metrics(groups) | Needs::Optional(groups) | Needs::Ampere(groups) | Needs::Older(groups) => {
                case.has(groups)
            }
            Needs::Load(groups) => case.busy && case.has(groups),
            Needs::Peers => {
                case.busy
                    && case.has(&[&[super::ids::SM_CLOCK]])
                    && case.context.peers.is_some_and(|peers| peers.gpus > PEERS)
            }
        }
    }

    /// Whether a missing input is one that the GPU cannot have.
    pub(super) fn counts(self, case: &Case<'_>) -> bool {
        match self {
            Needs::Nothing => false,
            Needs::Metrics(_) | Needs::Load(_) | Needs::Peers => true,
            Needs::Optional(groups) => case.has(groups),
            Needs::Ampere(groups) => match case.generation {
                Generation::Ampere => true,
                Generation::Older => false,
                Generation::Unknown => case.has(groups),
            },
            Needs::Older(groups) => match case.generation {
                Generation::Older => true,
                Generation::Ampere => false,
                Generation::Unknown => case.has(groups),
            },
        }
    }
}

impl<'a> Case<'a> {
    fn has(&self, groups: &[&[usize]]) -> bool {
        groups.iter().all(|group| group.iter().any(|metric| self.values().get(*metric).is_some()))
    }

    /// The newest values.
    pub(super) fn values(&self) -> &'a Values {
        &self.known.latest.values
    }

    /// A flag or count of the newest sample.
    pub(super) fn int(&self, metric: usize) -> Option<i64> {
        self.values().int(metric)
    }

    /// When the newest sample was taken.
    pub(super) fn latest(&self) -> Time {
        self.known.latest.time
    }

    /// XIDs among `codes` not older than `back` ms.
    pub(super) fn xids(&self, codes: &'a [i64], back: i64) -> impl Iterator<Item = (i64, Time)> + 'a {
        let from = self.now.plus(-back);
        let told = self.known.events.iter().filter(move |event| event.at > from && event.kind == "xid");
        told.filter(|event| codes.contains(&event.code)).map(|event| (event.code, event.at))
    }

    /// Whether one of `codes` came in the minute that starts at `start` or in one beside it: then it tells of the same fault.
    pub(super) fn explained(&self, codes: &[i64], start: Time) -> bool {
        let near = |at: Time| at.floor(MINUTE).since(start).abs() <= MINUTE;
        self.known.events.iter().any(|event| event.kind == "xid" && codes.contains(&event.code) && near(event.at))
    }

    /// Points less what has faded of them since `at`.
    pub(super) fn faded(&self, points: f64, at: Time, window: i64) -> f64 {
        points * fade(at, self.now, window)
    }

    /// Whether a reset has answered what happened at `at`.
    pub(super) fn answered(&self, at: Time) -> bool {
        self.known.events.iter().any(|event| event.kind == "reset" && event.at > at)
    }

    /// Whether the newest sample was taken at work; `None` where it does not tell.
    pub(super) fn works(&self) -> Option<bool> {
        let values = self.values();
        let active = values.real(ids::SM_ACTIVE).map(|active| active >= BUSY_ACTIVE);
        let power = || Some(values.real(ids::POWER)? >= busy_level(values.real(ids::POWER_LIMIT)?));
        match active {
            Some(true) => Some(true),
            // A failed reading of the profiler is a 0 (facts on telemetry, 3): power may know better.
            Some(false) => power().or(Some(false)),
            None => power(),
        }
    }
}

/// Power, W, from which on a GPU with this limit, W, is busy.
pub(super) fn busy_level(limit: f64) -> f64 {
    let idle = IDLE_POWER * limit;
    idle + BUSY_POWER * (limit - idle)
}

/// The model: the place's word first, which the asset record has a say in.
pub(super) fn model(known: &Known) -> Option<&str> {
    known.place.get("model").or(known.latest.model.as_deref())
}

/// A count as a real number.
pub(super) const fn real(count: i64) -> f64 {
    Value::Int(count).real()
}

/// What is left at `now` of something at `at` that fades linearly to nothing over `window` ms: 1 to 0.
pub(super) fn fade(at: Time, now: Time, window: i64) -> f64 {
    (1.0 - real(now.since(at)) / real(window)).clamp(0.0, 1.0)
}

/// Points of something that happened again and again, newest first: `first` for the newest, `further` for each other up
/// to `most` in all; each fades on its own.
pub(super) fn repeated(times: &[Time], now: Time, window: i64, [first, further, most]: [f64; 3]) -> f64 {
    let mut points = 0.0;
    let mut left = most;
    for (at, price) in times.iter().zip(std::iter::once(first).chain(std::iter::repeat(further))) {
        let price = price.min(left);
        left -= price;
        points += price * fade(*at, now, window);
    }
    points
}

/// Points of `count` faults at once, not faded.
pub(super) fn together(count: f64, [first, further, most]: [f64; 3]) -> f64 {
    most.min(first + further * (count - 1.0).max(0.0))
}
