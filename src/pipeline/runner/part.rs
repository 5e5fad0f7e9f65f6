//! One owned partition: its states, how far it is applied, and what of it the bus knows.

use crate::bus::{Finish, Position, Record, Recovery, Saved};
use crate::event::Time;
use crate::stage::states::Unreadable;
use crate::stage::{Out, Stage, States, Step};
use crate::store::Token;

/// A partition this member owns.
#[derive(Debug)]
pub(super) struct Part<S> {
    partition: i32,
    pub(super) states: States<S>,
    /// The first record not yet applied.
    pub(super) next: i64,
    /// Position and settled position of the last finish.
    pub(super) finished: (i64, i64),
    pub(super) token: Option<Token>,
}

impl<S> Part<S>
where
    S: Default + Clone + serde::Serialize + serde::de::DeserializeOwned + Send,
{
    /// Takes over from what was saved; nothing is re-applied yet.
    pub(super) fn load(
        partition: i32,
        token: Option<Token>,
        recovery: &Recovery,
        version: u8,
        now: Time,
    ) -> Result<Part<S>, Unreadable> {
        let mut states = States::default();
        for Saved { entity, upto, body } in &recovery.states {
            states.load(version, entity, *upto, body, now)?;
        }
        let finished = (recovery.committed, recovery.settled);
        Ok(Part { partition, states, next: recovery.settled, finished, token })
    }

    pub(super) fn apply<T: Stage<State = S>>(
        &mut self,
        stage: &mut T,
        step: &Step<'_>,
        records: &[Record],
        out: &mut Out,
    ) {
        for record in records {
            stage.apply(step, record, &mut self.states, out);
            self.next = record.offset + 1;
        }
    }

    /// Shows what is open of entities that fell idle; the caller reached the log's end.
    pub(super) fn idle<T: Stage<State = S>>(&mut self, stage: &mut T, now: Time, at_once: bool, out: &mut Out) {
        for entity in self.states.idle(now, at_once) {
            if let Some(state) = self.states.get(&entity) {
                stage.idle(&entity, state, out);
            }
        }
    }

    /// Adds to a finish what this partition has for it: states that are due, and its position where that moved.
    pub(super) fn collect(&mut self, version: u8, now: Time, all: bool, finish: &mut Finish) {
        let (due, settled) = self.states.to_save(version, self.next, now, all);
        if due.is_empty() && self.finished == (self.next, settled) {
            return;
        }
        let saved = due.into_iter().map(|(entity, upto, body)| Saved { entity, upto, body });
        finish.states.extend(saved.map(|saved| (self.partition, saved)));
        finish.positions.push(Position { partition: self.partition, next: self.next, settled });
    }
}
