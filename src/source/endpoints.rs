//! A source of many endpoints: each has a thread of its own, so that one that hangs holds up nobody else.
//!
//! At a tick every endpoint that is idle is asked, and answers are waited for within a bound. One that has not answered by
//! then has its call ended from here; what cannot be ended blocks that endpoint alone, is not waited for again, and is told
//! in its host's report until it answers. A late answer is delivered at the next tick; one that took longer than an interval
//! is of the tick at which it was read, and not of the one that asked.

mod member;
mod serve;
mod twins;

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::endpoint::{Endpoint, Taken, Trouble};
use super::place::{Kind, Place};
use super::{Due, HostReport, Reading, Source, SourceError, patience};
use crate::event::Time;
use crate::pace::Pace;
use member::Member;
use serve::{Worker, threadless};
use twins::Twins;

/// Every endpoint has hung for so long, in milliseconds: only a new process can help.
const DEAF: i64 = 120_000;

/// The source.
pub struct Endpoints {
    members: Vec<Member>,
    answers: Receiver<Answer>,
    /// What answers are sent by, for a thread that is started anew.
    tell: Sender<Answer>,
    pace: Pace,
    /// How long a tick waits for answers, where that does not follow from the interval.
    patience: Option<Duration>,
    now: Time,
    /// What came after its tick, for the next one.
    late: Vec<Reading>,
    twins: Twins,
}

struct Answer {
    member: usize,
    kind: Option<&'static str>,
    result: Result<Taken, Trouble>,
}

impl std::fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoints").field("members", &self.members.len()).finish_non_exhaustive()
    }
}

impl Endpoints {
    /// A source of these endpoints, each named by its place; `here` is this machine's name.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub fn start(
        endpoints: Vec<(Place, Box<dyn Endpoint>)>,
        here: &str,
        pace: impl Into<Pace>,
    ) -> Result<Endpoints, SourceError> {
        let ((tell, answers), pace) = (channel(), pace.into());
        let mut members = Vec::new();
        for (member, (place, endpoint)) in endpoints.into_iter().enumerate() {
            let breaker = endpoint.breaker();
            let endpoint = Arc::new(Mutex::new(endpoint));
            let worker = Worker::start(member, &endpoint, &pace, &tell)
                .map_err(|error| threadless(&error).of(place.to_string()))?;
            let hosts = vec![HostReport {
                hostname: place.hostname(here),
                place: [None, None, None],
                seen: 0,
                missed: 0,
                // A page names the hosts of its GPUs itself.
                guessed: matches!(place.kind, Kind::Exporter(_)) && place.host.is_none(),
                expected: place.gpus.map(i64::from),
                state: "not read yet".to_owned(),
                kind: None,
            }];
            members.push(Member {
                kind: place.name(),
                place,
                endpoint,
                worker,
                breaker,
                asked: None,
                hosts,
                trouble: None,
                told: None,
                told_at: None,
                untold: 0,
                quiet: false,
                missed: 0,
            });
        }
        Ok(Endpoints {
            members,
            answers,
            tell,
            pace,
            patience: None,
            now: Time(0),
            late: Vec::new(),
            twins: Twins::default(),
        })
    }

    /// How long a tick waits for answers.
    fn bound(&self) -> Duration {
        self.patience.unwrap_or_else(|| patience(&self.pace))
    }

    /// The same without a word in the log: who looks once is told by [`Endpoints::troubles`].
    #[must_use]
    pub fn quietly(mut self) -> Endpoints {
        for member in &mut self.members {
            member.quiet = true;
        }
        self
    }

    /// The same with another bound on how long a reading is waited for: who looks once has no next tick for what is late.
    #[must_use]
    pub fn patiently(mut self, bound: Duration) -> Endpoints {
        self.patience = Some(bound);
        self
    }

    /// What the endpoints are in trouble with, by place.
    #[must_use]
    pub fn troubles(&self) -> Vec<(String, Trouble)> {
        let of = |member: &Member| Some((member.place.to_string(), member.trouble.clone()?));
        self.members.iter().filter_map(of).collect()
    }

    /// Waits for the members asked at this tick, within the bound.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a call may block is real time, whatever the run's clock shows"
    )]
    fn wait(&mut self, now: Time, out: &mut Vec<Reading>) {
        let until = Instant::now() + self.bound();
        while self.members.iter().any(|member| member.asked == Some(now)) {
            match self.answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(answer) => self.take(answer, out),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        self.drain(out);
    }

    /// Takes what has come.
    fn drain(&mut self, out: &mut Vec<Reading>) {
        while let Ok(answer) = self.answers.try_recv() {
            self.take(answer, out);
        }
    }

    fn take(&mut self, answer: Answer, out: &mut Vec<Reading>) {
        if let Ok(taken) = &answer.result
            && let Some((other, gpu)) = self.twins.found(answer.member, self.now, &taken.readings)
            && let (Some(other), Some(own)) = (self.members.get(other), self.members.get(answer.member))
        {
            tracing::warn!("{} and {} read the same GPUs, such as {gpu}: they come twice", other.place, own.place);
        }
        let Some(member) = self.members.get_mut(answer.member) else { return };
        member.asked = None;
        member.kind = answer.kind.unwrap_or(member.kind);
        match answer.result {
            Ok(mut taken) => {
                out.append(&mut taken.readings);
                member.learn(taken.hosts);
                member.recovered();
            }
            Err(trouble) => member.trouble(trouble, self.now),
        }
    }
}

impl Source for Endpoints {
    /// The kind of all; `mixed` where they are of several.
    fn kind(&self) -> &'static str {
        let mut kinds = self.members.iter().map(|member| member.kind);
        let first = kinds.next().unwrap_or("mixed");
        if kinds.all(|kind| kind == first) { first } else { "mixed" }
    }

    fn due(&self) -> Due {
        Due::Tick
    }

    fn read(&mut self, now: Time, out: &mut Vec<Reading>) -> Result<(), SourceError> {
        self.idle(now);
        out.append(&mut self.late);
        for (nth, member) in self.members.iter_mut().enumerate() {
            if member.worker.is_dead() {
                member.revive(nth, &self.pace, &self.tell, now);
            }
            if member.asked.is_none() && member.worker.ask(now) {
                member.asked = Some(now);
            }
        }
        self.wait(now, out);
        for member in &mut self.members {
            if let Some(asked) = member.asked {
                member.blocked(asked, now);
            }
        }
        Ok(())
    }

    /// Who answers late is not taken for one that hangs until the next tick, which may be far.
    fn idle(&mut self, now: Time) {
        self.now = now;
        let mut late = std::mem::take(&mut self.late);
        self.drain(&mut late);
        self.late = late;
    }

    fn hosts(&self) -> Vec<HostReport> {
        self.members.iter().flat_map(Member::reports).collect()
    }

    fn turns(&self) -> bool {
        let deaf = |member: &Member| member.asked.is_some_and(|asked| self.now.since(asked) >= DEAF);
        self.members.is_empty() || !self.members.iter().all(deaf)
    }
}
