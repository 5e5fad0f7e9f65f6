//! The health that the fleet of the tests has stored: a score, a state, one row.

use gpuhm::event::health::{Action, Deduction, Dimension, Grade, Health, State};
use gpuhm::event::{Known, Time};

/// Whether the row is hard, and when what it tells of happened; a flag stands and has no time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hard {
    No,
    Flag,
    At(Time),
}

impl Hard {
    fn at(self) -> Option<Time> {
        match self {
            Hard::At(time) => Some(time),
            Hard::No | Hard::Flag => None,
        }
    }
}

/// What a ledger lacks to the score is one row of a flag.
pub(crate) fn health(known: &Known, state: Option<State>, (hard, now): (Hard, Time)) -> Health {
    let state = state.unwrap_or(State::Ok);
    let score = [(State::Ok, 100), (State::Degraded, 60), (State::Critical, 30), (State::Unknown, 100)];
    let score = score.into_iter().find(|(one, _)| *one == state).unwrap().1;
    let row = Deduction {
        id: "row".into(),
        dimension: Dimension::Memory,
        points: 100 - score,
        capped: None,
        text: "a row".into(),
        value: None,
        limit: None,
        unit: String::new(),
        at: hard.at().unwrap_or(known.latest.time),
        window_s: hard.at().map(|_| 86_400),
        held: false,
        hard: !matches!(hard, Hard::No),
        action: Action::Monitor,
    };
    Health {
        gpu_uuid: known.uuid().to_owned(),
        hostname: known.latest.hostname.clone(),
        device_index: known.latest.device_index,
        time: now,
        score,
        grade: Grade::of(score),
        state,
        confidence: 1.0,
        action: Action::Monitor,
        ledger: if row.points > 0 { vec![row] } else { Vec::new() },
        notes: Vec::new(),
        better_since: None,
        as_of: known.latest.time,
        replaced_by: None,
    }
}
