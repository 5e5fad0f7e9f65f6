//! One endpoint as its source sees it: what is known of its hosts, what is wrong, and what was said of that.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::Answer;
use super::serve::{Shared, Worker, threadless};
use crate::event::Time;
use crate::event::time::MINUTE;
use crate::pace::Pace;
use crate::source::HostReport;
use crate::source::endpoint::{Breaker, Trouble};
use crate::source::place::Place;

/// A line in the log.
pub(super) struct Told {
    at: Time,
    /// The trouble of the newest tick since, told or not.
    newest: Option<String>,
}

/// One endpoint as its source sees it.
pub(super) struct Member {
    pub(super) place: Place,
    /// What it is read by: its URL's kind, until more is known.
    pub(super) kind: &'static str,
    pub(super) endpoint: Shared,
    pub(super) worker: Worker,
    pub(super) breaker: Arc<dyn Breaker>,
    /// The tick that is not answered yet.
    pub(super) asked: Option<Time>,
    /// Its hosts as last read.
    pub(super) hosts: Vec<HostReport>,
    /// What is wrong.
    pub(super) trouble: Option<Trouble>,
    /// The trouble last told in the log, while it lasts.
    pub(super) told: Option<String>,
    /// When one was last told there, and how many others began since that were not.
    pub(super) told_at: Option<Told>,
    pub(super) untold: u64,
    /// Whether nothing is told there.
    pub(super) quiet: bool,
    /// Ticks that were not answered.
    pub(super) missed: u64,
}

impl Member {
    /// Keeps what is known of its hosts: a host that had more GPUs is missing some.
    pub(super) fn learn(&mut self, mut hosts: Vec<HostReport>) {
        for host in &mut hosts {
            let before = self.hosts.iter().find(|before| before.hostname == host.hostname);
            let most = before.and_then(|before| before.expected).max(host.expected).max(Some(host.seen));
            host.expected = self.place.gpus.map(i64::from).or(most);
        }
        if !hosts.is_empty() {
            self.hosts = hosts;
        }
    }

    /// It has not answered since `asked`: its call is ended, and its host's report tells.
    pub(super) fn blocked(&mut self, asked: Time, now: Time) {
        self.missed += 1;
        self.breaker.trip();
        let place = &self.place;
        let why = match now.since(asked) / 1000 {
            0 => format!("no answer from {place} yet"),
            seconds => format!("blocked on {place} for {seconds} s"),
        };
        self.trouble = Some(Trouble::new(why));
        self.tell("does not answer", now);
    }

    pub(super) fn trouble(&mut self, trouble: Trouble, now: Time) {
        self.tell(&trouble.why, now);
        self.trouble = Some(trouble);
    }

    /// Says what is wrong, when it begins and when it changes; where it comes and goes, or always is another, once a minute.
    fn tell(&mut self, why: &str, now: Time) {
        let before = self.told_at.as_mut().and_then(|line| line.newest.replace(why.to_owned()));
        let begins = before.as_deref() != Some(why);
        if self.told.as_deref() == Some(why) || self.quiet {
            return;
        }
        if self.told_at.as_ref().is_some_and(|line| (0..MINUTE).contains(&now.since(line.at))) {
            self.untold += u64::from(begins);
            return;
        }
        // One that goes on was counted when it began, and is the one that this line tells.
        match std::mem::take(&mut self.untold).saturating_sub(u64::from(!begins)) {
            0 => tracing::warn!("{}: {why}", self.place),
            1 => tracing::warn!("{}: {why} (and once otherwise since the last line)", self.place),
            more => tracing::warn!("{}: {why} (and {more} times otherwise since the last line)", self.place),
        }
        self.told = Some(why.to_owned());
        self.told_at = Some(Told { at: now, newest: self.told.clone() });
    }

    /// Its thread has ended: another goes on with its endpoint.
    pub(super) fn revive(&mut self, nth: usize, pace: &Pace, tell: &Sender<Answer>, now: Time) {
        self.asked = None;
        let trouble = match Worker::start(nth, &self.endpoint, pace, tell) {
            Ok(worker) => {
                self.worker = worker;
                Trouble::new("its thread ended by a fault in gpuhm: started anew")
            }
            Err(error) => threadless(&error),
        };
        self.trouble(trouble, now);
    }

    pub(super) fn recovered(&mut self) {
        if let Some(line) = &mut self.told_at {
            line.newest = None;
        }
        if self.trouble.take().is_some() && self.told.take().is_some() {
            tracing::info!("{}: answers again", self.place);
        }
    }

    /// Its hosts' reports; where it is in trouble, nothing of what it last said holds.
    pub(super) fn reports(&self) -> impl Iterator<Item = HostReport> {
        self.hosts.iter().map(|host| {
            let host = HostReport { missed: self.missed, kind: Some(self.kind), ..host.clone() };
            match &self.trouble {
                Some(trouble) => HostReport { seen: 0, state: trouble.why.clone(), ..host },
                None => host,
            }
        })
    }
}
