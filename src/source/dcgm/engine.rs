//! A host engine as an endpoint: connected when it is read, connected anew when it was lost, with pauses that grow.
//!
//! What must outlive a connection is here: the cursor over XIDs, the engine's clock, the pauses, what was told already.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::clock::Clock;
use super::code::Code;
use super::cut::Cut;
use super::device::{Instance, State};
use super::library::Library;
use super::sample::stamp;
use super::session::{Session, Target};
use super::tick::Stop;
use super::told::Told;
use super::value::Absent;
use super::version::Version;
use super::words::{self, Fate};
use super::xids::Xids;
use crate::event::Time;
use crate::metric::METRICS;
use crate::pace::Pace;
use crate::source::elapsed_ms;
use crate::source::endpoint::{Breaker, Endpoint, Taken, Trouble};
use crate::source::place::Place;

/// How long setting a session up may take before it is cut, ms (J): 26 calls of the driver a GPU, for some GPUs slow ones.
const SET_UP_MS: i64 = 30_000;

/// How an engine is read.
#[derive(Debug, Clone)]
pub struct Options {
    /// The host's name in events.
    pub hostname: String,
    /// How often it is read.
    pub pace: Pace,
    /// How often profiling values are read, to be averaged, ms; `None` for no profiling.
    pub profile_ms: Option<i64>,
}

/// Why a GPU has no value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// The GPU's number on its host.
    pub gpu: i64,
    /// DCGM's field.
    pub field: u16,
    /// The metric it is of; XIDs are `xids`.
    pub metric: &'static str,
    /// Why.
    pub why: Absent,
}

/// What is known of an engine that is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The library's version.
    pub library: Option<Version>,
    /// The engine's version.
    pub engine: Option<Version>,
    /// GPUs it has, the lost ones too.
    pub gpus: usize,
    /// It has no driver: it shows what others put in.
    pub driverless: bool,
    /// Why profiling cannot be had, and what to do; `None` where it is read, or was not asked for.
    pub unprofiled: Option<(Code, &'static str)>,
    /// Its modules by DCGM's number, each with its state; empty where it does not say.
    pub modules: Vec<[u32; 2]>,
}

/// A host engine.
#[derive(Debug)]
pub struct Engine {
    library: &'static Library,
    place: Place,
    options: Options,
    cut: Arc<Cut>,
    session: Option<Session>,
    xids: Xids,
    /// The engine's clock, while no session has it: what is cached there does not get young by a new connection.
    clock: Clock,
    backoff: Backoff,
    /// What was wrong when it was last tried.
    trouble: Option<Trouble>,
    /// A glance failed with this.
    failed: Option<Code>,
    told: Told,
    /// What the last event of each GPU said that is not well, by UUID: a new connection does not say it again.
    states: BTreeMap<String, State>,
}

impl Engine {
    /// An engine; nothing is reached before it is read.
    #[must_use]
    pub fn new(library: &'static Library, place: Place, options: Options) -> Engine {
        Engine {
            library,
            place,
            options,
            cut: Arc::new(Cut::new(library)),
            session: None,
            xids: Xids::default(),
            clock: Clock::default(),
            backoff: Backoff::default(),
            trouble: None,
            failed: None,
            told: Told::default(),
            states: BTreeMap::new(),
        }
    }

    /// Fields that had no value at the last tick, by GPU, with the reason of each.
    #[must_use]
    pub fn absences(&self) -> Vec<Absence> {
        let Some(session) = &self.session else { return Vec::new() };
        let name = |field: u16| METRICS.iter().find(|row| row.dcgm == Some(field)).map(|row| row.name);
        let of = |gpu: i64, field: u16, why: Absent| Some(Absence { gpu, field, metric: name(field)?, why });
        let each = session.devices.iter().filter(|device| device.grouped);
        each.flat_map(|device| {
            let own = device.absent.iter().filter(|(field, _)| !session.absent.contains_key(field));
            own.chain(&session.absent).filter_map(|(field, why)| of(device.index(), *field, *why)).collect::<Vec<_>>()
        })
        .collect()
    }

    /// Instances of MIG; empty where there are none, or it is not connected.
    #[must_use]
    pub fn instances(&self) -> &[Instance] {
        self.session.as_ref().map_or(&[], |session| &session.instances)
    }

    /// What is known of it, where it is connected.
    #[must_use]
    pub fn facts(&self) -> Option<Facts> {
        let session = self.session.as_ref()?;
        Some(Facts {
            library: session.pair.library,
            engine: session.pair.engine,
            gpus: session.devices.len(),
            driverless: session.driverless,
            unprofiled: session.unprofiled.or(session.unread).map(|code| (code, words::profiling_hint(code))),
            modules: session.connection.modules().unwrap_or_default(),
        })
    }

    /// The session, opened where there is none. One that is read at another pace than it was is watched at that; where this
    /// fails, another is opened.
    fn session(&mut self, now: Time) -> Result<&mut Session, Trouble> {
        if self.session.as_mut().is_some_and(|session| session.repace(&self.options).is_err()) {
            self.part();
        }
        if self.session.is_none() {
            let patience = SET_UP_MS / self.options.pace.ms();
            self.cut.spare(u32::try_from(patience).unwrap_or(u32::MAX).max(1));
            let target = Target { library: self.library, cut: &self.cut, place: &self.place, options: &self.options };
            let opened = Session::open(target, now);
            self.cut.spare(0);
            let mut session = opened.map_err(|trouble| if self.cut.tripped() { words::slow() } else { trouble })?;
            self.told.opened(&self.place, &session);
            session.clock = std::mem::take(&mut self.clock);
            for device in &mut session.devices {
                device.told = self.states.get(device.uuid()).copied();
            }
            self.session = Some(session);
        }
        self.session.as_mut().ok_or_else(|| Trouble::new("not connected"))
    }

    /// One try: opens where it must, and reads.
    fn attempt(&mut self, now: Time, begun: Instant) -> Result<Taken, Failed> {
        self.session(now).map_err(Failed::Unreached)?;
        let Engine { session: Some(session), options, xids, .. } = self else {
            return Err(Failed::Unreached(Trouble::new("not connected")));
        };
        let stop = match self.failed.take() {
            Some(code) => Stop::Failed(code),
            None => match session.tick(now, begun, options, xids) {
                Ok(taken) => {
                    self.told.profiling(&self.place, session.unread);
                    return Ok(taken);
                }
                Err(stop) => stop,
            },
        };
        let pair = session.pair;
        match stop {
            Stop::Changed => Err(Failed::Anew(Trouble::new("the GPUs have changed"))),
            Stop::Failed(code) => match words::fate(code) {
                Fate::Skip(state) => {
                    let gpus = i64::try_from(session.devices.len()).unwrap_or_default();
                    let report = session.report(options, gpus, state.to_owned());
                    Ok(Taken { readings: Vec::new(), hosts: vec![report] })
                }
                Fate::Anew => Err(Failed::Anew(words::trouble(code, "reading", pair))),
                Fate::Lost => Err(Failed::Lost(words::trouble(code, "reading", pair))),
            },
        }
    }

    /// Tries; where what was found has changed, once more at once.
    fn persist(&mut self, now: Time, begun: Instant) -> Result<Taken, Trouble> {
        let again = match self.attempt(now, begun) {
            Ok(taken) => return Ok(taken),
            Err(Failed::Unreached(trouble) | Failed::Lost(trouble)) => return Err(self.lose(trouble)),
            // What hung would hang again.
            Err(Failed::Anew(_)) if self.cut.tripped() => return Err(self.lose(words::slow())),
            Err(Failed::Anew(trouble)) => trouble,
        };
        tracing::info!("{}: {}: connecting anew", self.place, again.why);
        self.part();
        match self.attempt(now, begun) {
            Ok(taken) => Ok(taken),
            Err(Failed::Unreached(trouble) | Failed::Lost(trouble) | Failed::Anew(trouble)) => Err(self.lose(trouble)),
        }
    }

    /// Lets the session go.
    fn part(&mut self) {
        if let Some(session) = &mut self.session {
            self.clock = std::mem::take(&mut session.clock);
            for device in session.devices.iter().filter(|device| !device.uuid().is_empty()) {
                match device.told.filter(|state| *state != State::Well) {
                    Some(state) => self.states.insert(device.uuid().to_owned(), state),
                    None => self.states.remove(device.uuid()),
                };
            }
        }
        (self.session, self.failed) = (None, None);
    }

    fn lose(&mut self, trouble: Trouble) -> Trouble {
        self.part();
        let tripped = self.cut.tripped();
        if tripped { words::slow() } else { trouble }
    }
}

/// Why a try failed.
enum Failed {
    Unreached(Trouble),
    Anew(Trouble),
    Lost(Trouble),
}

impl Endpoint for Engine {
    fn kind(&self) -> Option<&'static str> {
        Some("dcgm")
    }

    #[expect(clippy::disallowed_methods, reason = "how long reading took is real time, whatever the run's clock shows")]
    fn read(&mut self, now: Time) -> Result<Taken, Trouble> {
        if let (true, Some(trouble)) = (self.backoff.waits(now), &self.trouble) {
            return Err(trouble.clone());
        }
        let begun = Instant::now();
        match self.persist(now, begun) {
            Ok(mut taken) => {
                stamp(&mut taken.readings, now, elapsed_ms(begun));
                self.backoff.reset();
                self.trouble = None;
                Ok(taken)
            }
            Err(trouble) => {
                self.backoff.failed(&self.place, now);
                self.trouble = Some(trouble.clone());
                Err(trouble)
            }
        }
    }

    fn between(&self) -> Option<Duration> {
        let every = self.options.profile_ms.filter(|every| *every > 0)?;
        u64::try_from(every).ok().map(Duration::from_millis)
    }

    fn glance(&mut self) {
        if let Some(session) = &mut self.session
            && self.failed.is_none()
            && let Err(code) = session.glance()
            && !matches!(words::fate(code), Fate::Skip(_))
        {
            // Told and mended at the next tick.
            self.failed = Some(code);
        }
    }

    fn breaker(&self) -> Arc<dyn Breaker> {
        Arc::<Cut>::clone(&self.cut)
    }
}
