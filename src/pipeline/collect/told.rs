//! What the collect loop tells of its turns, and how it waits so that it is known to wait and not to hang.

use std::time::Duration;

use super::ticks::Ticks;
use super::{Collect, Collected};
use crate::event::Time;
use crate::pipeline::pulse::Tick;
use crate::pipeline::{Clock, Flag};
use crate::source::HostReport;

/// A wait is told of so often, in milliseconds: the interval may be longer than a service manager's patience.
const PART: i64 = 500;

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// What was waited for has come.
    Came,
    /// The clock was set back: it will not come for long.
    Lost,
    /// Ticks come at another interval now.
    Changed,
    /// The stop came first.
    Stopped,
}

impl Collect {
    /// Waits part by part for a tick of the schedule, or for a reading of a recording. Before the first tick it is on its
    /// way only: whether the source answers is not known yet.
    pub(super) fn wait(&mut self, due: Time, ticks: Option<&Ticks>, first: bool, stop: &Flag) -> Waited {
        while !self.clock.is_driven() {
            let now = self.clock.now();
            if ticks.is_some_and(|ticks| ticks.is_lost(due, now)) {
                return Waited::Lost;
            }
            let left = due.since(now);
            if left <= 0 {
                break;
            }
            if ticks.is_some_and(Ticks::is_changed) {
                return Waited::Changed;
            }
            let parts = self.pulse.listens() || matches!(*self.clock, Clock::Wall);
            self.source.idle(now);
            let part = if parts { left.min(PART) } else { left };
            if !self.clock.wait_until(now.plus(part), stop) {
                return Waited::Stopped;
            }
            if left <= part {
                continue;
            }
            if first && ticks.is_some() {
                self.pulse.restore();
            } else {
                self.turned();
            }
        }
        if self.clock.wait_until(due, stop) { Waited::Came } else { Waited::Stopped }
    }

    /// A loop whose every call hangs turns in name only: a restart helps, so it is silent.
    fn turned(&self) {
        if self.source.turns() {
            self.pulse.beat();
        }
    }

    /// Tells of a turn, which took so long where it was a tick, and how the hosts were then.
    pub(super) fn tell(&mut self, done: &Collected, hosts: &[HostReport], took: Option<Duration>) {
        if self.pulse.listens() {
            let troubled = || hosts.iter().filter(|host| host.state != "ok");
            let seen = hosts.iter().map(|host| u64::try_from(host.seen).unwrap_or_default()).sum();
            self.pulse.collected(&Tick {
                done,
                took,
                source: self.source.kind(),
                gpus: (!hosts.is_empty()).then_some(seen),
                trouble: troubled()
                    .next()
                    .map(|host| (format!("{}: {}", host.hostname, host.state), troubled().count())),
                backlog: self.sink.backlog(),
                reach: self.sink.reach(),
            });
        }
        self.turned();
    }
}
