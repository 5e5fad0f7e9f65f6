//! What the collect loop tells of its turns, and how it waits so that it is known to wait and not to hang.

use std::time::Duration;

use super::{Collect, Collected};
use crate::event::Time;
use crate::pipeline::Flag;
use crate::pipeline::pulse::Tick;
use crate::source::HostReport;

/// A wait is told of so often, in milliseconds: the interval may be longer than a service manager's patience.
const PART: i64 = 500;

impl Collect {
    /// Waits for a tick part by part; whether it came.
    pub(super) fn wait(&self, due: Time, stop: &Flag) -> bool {
        while self.pulse.listens() && !self.clock.is_driven() {
            let now = self.clock.now();
            if due.since(now) <= PART {
                break;
            }
            if !self.clock.wait_until(now.plus(PART), stop) {
                return false;
            }
            self.turned();
        }
        self.clock.wait_until(due, stop)
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
