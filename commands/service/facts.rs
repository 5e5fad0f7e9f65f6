//! What the loops of this process have told, and what follows from it: whether it is ready, whether it lives, how it fares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gpuhm::event::{Event, Quality, Rows};
use gpuhm::pipeline::clock::{monotonic, wall};
use gpuhm::pipeline::pulse::{Pulse, Reach, Tick, Turn};

use super::gpus::Gpus;
use super::notify::Notifier;
use super::numbers::{Collecting, Passing, Rest, Staged, Storing};
use super::status;

/// A loop that has not turned for so long hangs, for /healthz (J): no call that is waited for takes as long, of which a job
/// of a store that answers late, and a commit that it does not answer, take longest: 100 s.
pub(super) const SILENT: Duration = Duration::from_mins(2);
/// How long the start waits to hear whether the bus behind a spool answers (J): collecting does not need it.
const FIRST_TRY: Duration = Duration::from_secs(10);
/// What a loop on its way to its first turn asks for, and how often.
const EXTEND: (Duration, Duration) = (Duration::from_mins(1), Duration::from_secs(5));

/// A loop, since it first told something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loop {
    last: Instant,
}

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) loops: BTreeMap<&'static str, Loop>,
    /// Loops that were announced and have not turned yet.
    pub(super) expected: BTreeSet<&'static str>,
    pub(super) ready: bool,
    /// When the service manager was last told that the loops live, and when it was asked for more time.
    pub(super) pinged: Option<Instant>,
    pub(super) extended: Option<Instant>,
    /// By what it is called in the library: `bus`, `store`.
    pub(super) rests: BTreeMap<&'static str, Rest>,
    pub(super) collect: Option<Collecting>,
    pub(super) stages: BTreeMap<&'static str, Staged>,
    pub(super) passes: BTreeMap<&'static str, Passing>,
    pub(super) store: Storing,
}

impl Known {
    /// The loop that has been silent for longest, and for how long.
    pub(super) fn silence(&self, now: Instant) -> Option<(&'static str, Duration)> {
        let silent = self.loops.iter().map(|(who, one)| (*who, now.saturating_duration_since(one.last)));
        silent.max_by_key(|(_, long)| *long)
    }

    /// What it rests on, by its name here, with since when it is away, where that is known.
    pub(super) fn dependencies(&self, bus: &'static str) -> Vec<(&'static str, Option<Instant>)> {
        let name = |of: &'static str| if of == "bus" { bus } else { of };
        let mut all: Vec<_> = self.rests.iter().map(|(of, rest)| (name(of), rest.away)).collect();
        match self.collect.as_ref().and_then(|collect| collect.reach) {
            Some((Reach::Away(since), _)) => all.insert(0, (bus, Some(since))),
            Some((Reach::Up, _)) => all.insert(0, (bus, None)),
            Some((Reach::Untried, _)) | None => {}
        }
        all
    }

    /// The source, by its kind, with whether it gives nothing at all: one host of many that is in trouble has its own alert.
    pub(super) fn source(&self) -> Option<(&'static str, bool)> {
        let collect = self.collect.as_ref().filter(|collect| !collect.source.is_empty())?;
        Some((collect.source, collect.trouble.is_some() && collect.gpus == Some(0)))
    }

    /// Whether the loops may be said to run: once all of them have turned, or wait for what is away, which must not fail a
    /// boot; with a bus behind a spool once that was tried, or after a while.
    fn settled(&self, begun: Instant, now: Instant) -> bool {
        let away = self.rests.values().any(|rest| rest.away.is_some());
        if !self.expected.is_empty() && !away {
            return false;
        }
        let untried = self.collect.as_ref().is_some_and(|it| matches!(it.reach, Some((Reach::Untried, _))));
        !untried || now.saturating_duration_since(begun) >= FIRST_TRY
    }
}

/// What is known, and who is told of it.
#[derive(Debug)]
pub(super) struct Facts {
    begun: Instant,
    /// What the bus is called.
    pub(super) bus: &'static str,
    pub(super) notify: Notifier,
    known: Mutex<Known>,
    gpus: Option<Gpus>,
}

impl Facts {
    pub(super) fn new(bus: &'static str, service: bool, gpus: Option<Gpus>) -> Facts {
        Facts { begun: monotonic(), bus, notify: Notifier::new(service), known: Mutex::default(), gpus }
    }

    /// Every change is one step: what a panic left is as good as before.
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The GPUs' newest samples, where they are shown.
    pub(super) fn gpus(&self) -> Option<&Gpus> {
        self.gpus.as_ref()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.known().ready
    }

    /// How it fares, in one line, for the service manager; `None` before anything was told, and where there is none.
    pub(super) fn status_line(&self) -> Option<String> {
        if !self.notify.on {
            return None;
        }
        let known = self.known();
        if known.loops.is_empty() && known.rests.is_empty() && known.extended.is_none() {
            return None;
        }
        Some(status::line(&known, self.bus, monotonic()))
    }

    /// Whether every loop turns; else what is wrong.
    pub(super) fn health(&self) -> Result<(), String> {
        match self.known().silence(monotonic()) {
            Some((who, long)) if long >= SILENT => Err(format!("{who}: no turn for {} s", long.as_secs())),
            _ => Ok(()),
        }
    }

    /// Whether it is ready and what it rests on answers; else what is wrong.
    pub(super) fn readiness(&self) -> Result<(), String> {
        let known = self.known();
        let away = known.dependencies(self.bus).iter().any(|(_, away)| away.is_some())
            || known.source().is_some_and(|(_, away)| away);
        if known.ready && !away { Ok(()) } else { Err(status::line(&known, self.bus, monotonic())) }
    }

    /// Whether the manager is to be asked for more time.
    fn extends(known: &mut Known, now: Instant) -> bool {
        let due = known.extended.is_none_or(|at| now.saturating_duration_since(at) >= EXTEND.1);
        if due {
            known.extended = Some(now);
        }
        due
    }

    /// Whether all loops have turned since the manager was last told, and it is time to tell it again.
    fn ping(&self, known: &mut Known, now: Instant) -> bool {
        let Some(often) = self.notify.often.filter(|_| known.ready) else { return false };
        let due = match known.pinged {
            None => true,
            Some(at) => now.saturating_duration_since(at) >= often && known.loops.values().all(|one| one.last > at),
        };
        if due {
            known.pinged = Some(now);
        }
        due
    }
}

impl Pulse for Facts {
    fn listens(&self) -> bool {
        true
    }

    fn expected(&self, who: &'static str) {
        self.known().expected.insert(who);
    }

    fn turned(&self, who: &'static str) {
        let now = monotonic();
        let mut known = self.known();
        known.loops.insert(who, Loop { last: now });
        known.expected.remove(who);
        let first = !known.ready && known.settled(self.begun, now);
        known.ready |= first;
        let alive = self.ping(&mut known, now);
        // What another loop is still to do may take as long as it likes, so long as this goes on.
        let extends = !known.ready && Facts::extends(&mut known, now);
        let line = first.then(|| status::line(&known, self.bus, now));
        drop(known);
        if let Some(line) = line {
            self.notify.ready(&line);
        }
        if alive {
            self.notify.alive();
        }
        if extends {
            self.notify.extend(EXTEND.0);
        }
    }

    fn ended(&self, who: &'static str) {
        let mut known = self.known();
        known.loops.remove(who);
        known.expected.remove(who);
    }

    fn restored(&self, who: &'static str) {
        let now = monotonic();
        let mut known = self.known();
        // A take-over of many partitions is work in progress, of which each part is a turn.
        if known.ready {
            drop(known);
            return self.turned(who);
        }
        let due = Facts::extends(&mut known, now);
        drop(known);
        if due {
            self.notify.extend(EXTEND.0);
        }
    }

    fn tried(&self, dependency: &'static str, failure: Option<&str>) {
        let mut known = self.known();
        let rest = known.rests.entry(dependency).or_insert(Rest { away: None, failures: 0 });
        if failure.is_some() {
            rest.failures += 1;
            rest.away.get_or_insert_with(monotonic);
        } else {
            rest.away = None;
        }
    }

    fn collected(&self, tick: &Tick<'_>) {
        self.known().collect.get_or_insert_default().tick(tick, wall());
    }

    fn sampled(&self, event: &Event<'_>) {
        let Quality { stale, error, .. } = &event.quality;
        if error.is_some() || *stale == Some(true) {
            let mut known = self.known();
            let collect = known.collect.get_or_insert_default();
            *(if error.is_some() { &mut collect.failed } else { &mut collect.stale }) += 1;
        }
        if let Some(gpus) = &self.gpus {
            gpus.put(event, monotonic());
        }
    }

    fn stepped(&self, turn: &Turn<'_>) {
        self.known().stages.entry(turn.stage).or_default().turn(turn);
    }

    fn passed(&self, pass: &'static str, gpus: u64, took: Duration) {
        let mut known = self.known();
        let one = known.passes.entry(pass).or_default();
        one.gpus = gpus;
        one.took.add(took);
    }

    fn stored(&self, rows: &Rows, took: Duration) {
        self.known().store.rows(rows, took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_once_every_announced_loop_has_turned_or_something_is_away() {
        let facts = Facts::new("bus", true, None);
        for who in ["collect", "validate"] {
            facts.expected(who);
        }
        facts.turned("validate");
        facts.restored("collect");
        // A loop that turns again and again says nothing of another.
        facts.turned("validate");
        assert!(!facts.is_ready());
        facts.turned("collect");
        assert!(facts.is_ready());

        let facts = Facts::new("bus", true, None);
        facts.expected("collect");
        facts.tried("store", Some("refused"));
        assert!(!facts.is_ready(), "nobody waits for it yet");
        facts.turned("validate");
        assert!(facts.is_ready(), "a store that is away must not fail a boot");
    }
}
