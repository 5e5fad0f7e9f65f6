//! GPUs that two endpoints give at one tick: the same place under two names. Told once a pair, since the samples are as good as
//! any and only come twice. Knows no endpoint but by its number.

use std::collections::{HashMap, HashSet};

use super::Reading;
use crate::event::{Body, Time};

/// Which endpoint gave which GPU last, and the pairs that are known to give the same.
#[derive(Debug, Default)]
pub(super) struct Twins {
    last: HashMap<String, (usize, Time)>,
    told: HashSet<(usize, usize)>,
}

impl Twins {
    /// Of what an endpoint gave at a tick: another endpoint that gave one of its GPUs at the same tick, and that GPU, where it
    /// was not told before.
    pub(super) fn found(&mut self, member: usize, tick: Time, readings: &[Reading]) -> Option<(usize, String)> {
        let mut found = None;
        for reading in readings {
            let Reading::Event(event) = reading else { continue };
            let Body::Sample(gpu, ..) = &event.body else { continue };
            let Some(uuid) = gpu.gpu_uuid.as_deref() else { continue };
            match self.last.get_mut(uuid) {
                Some((other, seen)) if *other != member && *seen == tick => {
                    let pair = (member.min(*other), member.max(*other));
                    if self.told.insert(pair) {
                        found = found.or_else(|| Some((*other, uuid.to_owned())));
                    }
                }
                Some(last) => *last = (member, tick),
                None => {
                    self.last.insert(uuid.to_owned(), (member, tick));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Gpu, Values};

    fn gave(uuids: &[&'static str]) -> Vec<Reading> {
        let event = |uuid: &&'static str| {
            let gpu = Gpu { gpu_uuid: Some((*uuid).into()), ..Gpu::default() };
            let body = Body::Sample(gpu, Values::default(), Vec::new());
            Reading::Event(Box::new(Event { body, ..Event::default() }))
        };
        uuids.iter().map(event).collect()
    }

    #[test]
    fn the_same_gpu_at_one_tick_is_told_once_a_pair_and_one_that_moved_never() {
        let mut twins = Twins::default();
        assert_eq!(twins.found(0, Time(1), &gave(&["a", "b"])), None);
        assert_eq!(twins.found(1, Time(1), &gave(&["c", "b", "a"])), Some((0, "b".to_owned())));
        assert_eq!(twins.found(2, Time(1), &gave(&["d"])), None);
        assert_eq!(twins.found(0, Time(2), &gave(&["a", "b"])), None, "told before");
        assert_eq!(twins.found(1, Time(2), &gave(&["a", "b"])), None, "told before");
        // From one node into another, between two ticks.
        assert_eq!(twins.found(0, Time(3), &gave(&["d"])), None);
    }
}
