//! The states of one partition: per entity, with what is unsaved, and how far back a restart must read.
//!
//! This is design.md's State as code (the model's `uns`, `seen`, `shown`): a state carries the position behind the last
//! event in it, so that a rebuild re-applies each entity from its own position; saving is a matter of age, distance or
//! an alert and never changes what a state says.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::event::Time;
use crate::event::time::{MINUTE, SECOND};

/// A state is saved when its oldest unsaved event was applied this long ago. Longer: a restart re-reads more;
/// shorter: more bytes written for every GPU.
pub const SAVE_AFTER: i64 = 2 * MINUTE;
/// … or lies this many positions back, so that a fast replay bounds what a restart re-reads, too.
pub const SAVE_BEHIND: i64 = 10_000;
/// At the log's end, an entity is idle this long after its last event was applied.
pub const IDLE_AFTER: i64 = 2 * MINUTE;

/// One entity's state and its bookkeeping.
#[derive(Debug, Clone)]
struct Slot<S> {
    state: S,
    upto: i64,
    /// Position and `now` of the oldest event not yet saved.
    unsaved: Option<(i64, Time)>,
    /// `now` when the last event was applied.
    seen: Time,
    /// Whether what is open was put out since the last event.
    shown: bool,
    /// Whether to save at the next chance whatever its age.
    due: bool,
}

/// The states of one partition.
#[derive(Debug)]
pub struct States<S> {
    slots: HashMap<Box<str>, Slot<S>, foldhash::fast::RandomState>,
}

impl<S> Default for States<S> {
    fn default() -> Self {
        States { slots: HashMap::default() }
    }
}

/// A state to save: entity, position behind its last event, bytes.
pub type Encoded = (String, i64, Vec<u8>);

/// A saved state that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("state of {entity}: {why}")]
pub struct Unreadable {
    /// The entity.
    pub entity: String,
    /// What is wrong.
    pub why: String,
}

impl<S: Default + Clone + Serialize + DeserializeOwned> States<S> {
    /// The entity's state, for the event at `position`; `None` where that event is in it already.
    pub fn at(&mut self, entity: &str, position: i64, now: Time) -> Option<&mut S> {
        if !self.slots.contains_key(entity) {
            let slot = Slot { state: S::default(), upto: 0, unsaved: None, seen: now, shown: false, due: false };
            self.slots.insert(entity.into(), slot);
        }
        let slot = self.slots.get_mut(entity)?;
        if position < slot.upto {
            return None;
        }
        slot.upto = position + 1;
        slot.unsaved.get_or_insert((position, now));
        slot.seen = now;
        slot.shown = false;
        Some(&mut slot.state)
    }

    /// Takes in a saved state at take-over.
    ///
    /// # Errors
    /// Where the bytes are not a state of this version.
    pub fn load(&mut self, version: u8, entity: &str, upto: i64, body: &[u8], now: Time) -> Result<(), Unreadable> {
        let unreadable = |why: String| Unreadable { entity: entity.to_owned(), why };
        let state = match body.split_first() {
            Some((found, rest)) if *found == version => {
                postcard::from_bytes(rest).map_err(|error| unreadable(error.to_string()))?
            }
            Some((found, _)) => {
                return Err(unreadable(format!("written by version {found}, this is {version}")));
            }
            None => return Err(unreadable("empty".to_owned())),
        };
        let slot = Slot { state, upto, unsaved: None, seen: now, shown: false, due: false };
        self.slots.insert(entity.into(), slot);
        Ok(())
    }

    /// Marks an entity to be saved in this step.
    pub fn save_soon(&mut self, entity: &str) {
        if let Some(slot) = self.slots.get_mut(entity) {
            slot.due = true;
        }
    }

    /// The states to save with a step that ends at `position`, and the lowest position then still unsaved.
    /// Nothing is marked as saved: [`States::saved`] does that once the step is finished.
    #[must_use]
    pub fn to_save(&self, version: u8, position: i64, now: Time, all: bool) -> (Vec<Encoded>, i64) {
        let mut due = Vec::new();
        let mut settled = position;
        for (entity, slot) in &self.slots {
            let Some((oldest, since)) = slot.unsaved else {
                continue;
            };
            let aged = now.since(since) >= SAVE_AFTER || position - oldest >= SAVE_BEHIND;
            if all || slot.due || aged {
                due.push((entity.to_string(), slot.upto, encode(version, &slot.state)));
            } else {
                settled = settled.min(oldest);
            }
        }
        (due, settled)
    }

    /// Marks states as saved up to where they stood.
    pub fn saved<'s>(&mut self, entities: impl Iterator<Item = &'s str>) {
        for entity in entities {
            if let Some(slot) = self.slots.get_mut(entity) {
                slot.unsaved = None;
                slot.due = false;
            }
        }
    }

    /// Entities that fell idle by `now` and have not been shown since, in order; each is marked as shown. The caller
    /// has reached the log's end.
    pub fn idle(&mut self, now: Time, at_once: bool) -> Vec<String> {
        let mut idle = Vec::new();
        for (entity, slot) in &mut self.slots {
            if !slot.shown && (at_once || now.since(slot.seen) >= IDLE_AFTER) {
                slot.shown = true;
                idle.push(entity.to_string());
            }
        }
        idle.sort_unstable();
        idle
    }

    /// The state of an entity, to look at.
    #[must_use]
    pub fn get(&self, entity: &str) -> Option<&S> {
        self.slots.get(entity).map(|slot| &slot.state)
    }

    /// The entities with the position behind their last event and their states, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64, &S)> {
        self.slots.iter().map(|(entity, slot)| (&**entity, slot.upto, &slot.state))
    }

    /// How many entities there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

fn encode<S: Serialize>(version: u8, state: &S) -> Vec<u8> {
    // Postcard fails only on types it has no encoding for, which the states' own tests rule out.
    postcard::to_extend(state, vec![version]).unwrap_or_default()
}

const _: () = assert!(IDLE_AFTER > 30 * SECOND, "idle must be longer than lateness");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_applied_once_whatever_is_re_read() {
        let mut states = States::<Vec<i64>>::default();
        states.at("a", 5, Time(0)).unwrap().push(5);
        assert!(states.at("a", 5, Time(0)).is_none());
        assert!(states.at("a", 6, Time(0)).is_some());
    }

    #[test]
    fn settled_is_the_lowest_unsaved_position() {
        let mut states = States::<u8>::default();
        states.at("a", 5, Time(0));
        states.at("b", 9, Time(SAVE_AFTER));
        let (due, settled) = states.to_save(1, 10, Time(SAVE_AFTER), false);
        assert_eq!(due.iter().map(|(entity, upto, _)| (entity.as_str(), *upto)).collect::<Vec<_>>(), [("a", 6)]);
        assert_eq!(settled, 9);
        states.saved(["a"].into_iter());
        assert_eq!(states.to_save(1, 10, Time(SAVE_AFTER), true).0.len(), 1);
    }

    #[test]
    fn what_is_open_is_shown_once_a_silence() {
        let mut states = States::<u8>::default();
        states.at("a", 1, Time(0));
        assert!(states.idle(Time(IDLE_AFTER - 1), false).is_empty());
        assert_eq!(states.idle(Time(IDLE_AFTER), false).len(), 1);
        assert!(states.idle(Time(9 * IDLE_AFTER), true).is_empty());
        states.at("a", 2, Time(9 * IDLE_AFTER));
        assert_eq!(states.idle(Time(9 * IDLE_AFTER), true).len(), 1);
    }

    #[test]
    fn a_state_of_another_version_is_refused() {
        let mut states = States::<u8>::default();
        states.at("a", 1, Time(0));
        let (due, _) = states.to_save(1, 2, Time(0), true);
        let mut fresh = States::<u8>::default();
        let (entity, upto, body) = &due[0];
        assert!(fresh.load(2, entity, *upto, body, Time(0)).is_err());
        fresh.load(1, entity, *upto, body, Time(0)).unwrap();
        assert!(fresh.at("a", 1, Time(0)).is_none());
    }
}
