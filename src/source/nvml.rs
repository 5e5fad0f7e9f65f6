//! The driver's own library: samples from a machine without DCGM.
//!
//! The library is found when the process runs, not when it is built. What it cannot give (profiling) is absent. A GPU that fell
//! off the bus stays in the list with its identity, so that it is told as lost and not as gone. It says so in one event and is
//! silent then, as a GPU of a host engine is: its silence is what the fleet's rules judge.

mod card;
mod getters;
mod raw;
mod watch;
mod words;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

use card::Card;
use watch::Watch;

use super::endpoint::{Endpoint, Taken, Trouble};
use super::{HostReport, Reading, elapsed_ms, told};
use crate::event::sample::{Body, Quality};
use crate::event::{Event, Host, Time, Values, Xid};
use crate::pace::Pace;

/// The library's name, as every driver installs it.
pub const LIBRARY: &str = "libnvidia-ml.so.1";

/// A GPU that answers every call and gives nothing.
const SILENT: &str = "the driver gives no value of the GPU";
/// XIDs that wait until a GPU says who it is, of all GPUs at most (J).
const MOST_WAITING: usize = 1024;

/// How the driver is read.
#[derive(Debug, Clone)]
pub struct Options {
    /// This machine's name.
    pub hostname: String,
    /// How often it is read.
    pub pace: Pace,
}

/// A metric that a GPU does not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// The GPU's UUID.
    pub gpu: String,
    /// The metric's name.
    pub metric: &'static str,
    /// Why it is absent.
    pub why: String,
}

/// This machine's driver.
pub struct Driver {
    path: Option<PathBuf>,
    options: Options,
    session: Option<Session>,
}

/// The library, open, and its GPUs.
struct Session {
    nvml: Arc<Nvml>,
    cards: Vec<Card>,
    watch: Option<Watch>,
    /// XIDs by GPU that have gone out with no event yet.
    xids: Vec<(u32, Xid)>,
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver")
            .field("path", &self.path)
            .field("open", &self.session.is_some())
            .finish_non_exhaustive()
    }
}

impl Driver {
    /// The driver, opened when it is first read: for a machine whose driver may come later. `path` names another library than
    /// the installed one.
    #[must_use]
    pub fn new(path: Option<&Path>, options: Options) -> Driver {
        Driver { path: path.map(Path::to_owned), options, session: None }
    }

    /// The driver, opened now.
    ///
    /// # Errors
    /// Where there is none, or it does not work: in words, with what to do.
    pub fn open(path: Option<&Path>, options: Options) -> Result<Driver, Trouble> {
        let mut driver = Driver::new(path, options);
        driver.session = Some(driver.connect()?);
        Ok(driver)
    }

    /// How many GPUs the driver has; none while it is not open.
    #[must_use]
    pub fn gpus(&self) -> usize {
        self.session.as_ref().map_or(0, |session| session.cards.len())
    }

    /// What the GPUs do not give, as seen when they were last read.
    #[must_use]
    pub fn absent(&self) -> Vec<Absent> {
        let of = |card: &Card| -> Vec<Absent> {
            let gpu = card.gpu.gpu_uuid.as_deref().unwrap_or_default().to_owned();
            let absent = |(metric, why): (&usize, &String)| Absent {
                gpu: gpu.clone(),
                metric: card::name(*metric),
                why: why.clone(),
            };
            card.absent.iter().map(absent).collect()
        };
        self.session.iter().flat_map(|session| &session.cards).flat_map(of).collect()
    }

    fn connect(&self) -> Result<Session, Trouble> {
        let library = self.path.as_deref().map_or(OsStr::new(LIBRARY), Path::as_os_str);
        let told = |error: &NvmlError| words::opening(&library.to_string_lossy(), error);
        let nvml = Nvml::builder().lib_path(library).init().map_err(|error| told(&error))?;
        let nvml = Arc::new(nvml);
        let count = nvml.device_count().map_err(|error| told(&error))?;
        if count == 0 {
            return Err(Trouble::new("the NVIDIA driver has no GPU")
                .hint("see lspci and dmesg: a GPU may have failed to start"));
        }
        let watch = Watch::start(&nvml, count);
        Ok(Session { nvml, cards: (0..count).map(Card::new).collect(), watch, xids: Vec::new() })
    }

    /// The events of a tick: of each GPU that gave values, that is otherwise than its last event said, or that has an XID.
    fn events(&self, session: &mut Session, found: Vec<(Values, i64)>, now: Time) -> Vec<Reading> {
        let Session { cards, xids, .. } = session;
        let mut found = found.into_iter();
        let mut readings = Vec::with_capacity(cards.len());
        for card in cards {
            let (values, latency_ms) = found.next().unwrap_or_default();
            // One that never said who it is can only be reported by its host; its XIDs wait.
            if card.gpu.gpu_uuid.is_none() {
                continue;
            }
            let own: Vec<Xid> = xids.extract_if(.., |(index, _)| *index == card.index).map(|(_, xid)| xid).collect();
            let quiet = card.gone.is_some() && card.gone == card.told && own.is_empty();
            card.told.clone_from(&card.gone);
            if !quiet {
                readings.push(Reading::Event(Box::new(self.event(card, values, own, now, latency_ms))));
            }
        }
        readings
    }

    /// The driver went away and the session with it: what XIDs came before goes out now, since it may never come back.
    /// The next look opens the driver anew, if it is there.
    fn last_words(&self, mut session: Session, trouble: Trouble, now: Time) -> Result<Taken, Trouble> {
        for card in &mut session.cards {
            card.gone = Some(trouble.why.clone());
            card.told.clone_from(&card.gone);
        }
        let readings = self.events(&mut session, Vec::new(), now);
        if readings.is_empty() {
            return Err(trouble);
        }
        let report = HostReport { seen: 0, state: trouble.why, ..self.report(&session) };
        Ok(Taken { readings, hosts: vec![report] })
    }

    fn event(&self, card: &Card, values: Values, xids: Vec<Xid>, now: Time, latency_ms: i64) -> Event<'static> {
        let quality = Quality {
            latency_ms: Some(latency_ms),
            stale: Some(false),
            sample_count: None,
            interval_ms: Some(self.options.pace.ms()),
            error: card.gone.clone().map(Cow::Owned),
        };
        let body = Body::Sample(card.gpu.clone(), values, xids);
        Event::made(now, Host::named(self.options.hostname.clone()), body, quality)
    }

    /// The host's report: how many GPUs answered, and which did not.
    fn report(&self, session: &Session) -> HostReport {
        let gone: Vec<String> = session
            .cards
            .iter()
            .filter_map(|card| card.gone.as_ref().map(|why| format!("GPU {}: {why}", card.index)))
            .collect();
        let all = i64::try_from(session.cards.len()).unwrap_or(i64::MAX);
        HostReport {
            hostname: self.options.hostname.clone(),
            place: [None, None, None],
            seen: all.saturating_sub(i64::try_from(gone.len()).unwrap_or(0)),
            missed: 0,
            guessed: false,
            expected: Some(all),
            state: if gone.is_empty() { "ok".to_owned() } else { gone.join("; ") },
            kind: None,
        }
    }
}

impl Endpoint for Driver {
    fn kind(&self) -> Option<&'static str> {
        Some("nvml")
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "how long a GPU's calls took is real time, whatever the run's clock shows"
    )]
    fn read(&mut self, now: Time) -> Result<Taken, Trouble> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.connect()?,
        };
        let (mut found, mut lost) = (Vec::with_capacity(session.cards.len()), None);
        for card in &mut session.cards {
            let started = Instant::now();
            let values = match card.read(&session.nvml, now.0) {
                Ok(values) if !card::is_silent(&values) => {
                    card.gone = None;
                    values
                }
                Ok(_) => card.without(SILENT),
                Err(error) if words::driver_gone(&error) => {
                    lost = Some(words::opening(LIBRARY, &error));
                    break;
                }
                Err(error) => card.without(words::gone(&error).unwrap_or(&words::refusal(&error))),
            };
            found.push((values, elapsed_ms(started)));
        }
        session.hear(now);
        if let Some(trouble) = lost {
            return self.last_words(session, trouble, now);
        }
        let readings = self.events(&mut session, found, now);
        let hosts = vec![self.report(&session)];
        self.session = Some(session);
        Ok(Taken { readings, hosts })
    }
}

impl Session {
    /// Keeps the XIDs that came.
    fn hear(&mut self, now: Time) {
        for (index, xid) in self.watch.iter().flat_map(|watch| watch.take(now)) {
            told::xid("nvml", index, xid.code);
            if self.xids.len() < MOST_WAITING {
                self.xids.push((index, xid));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options { hostname: "here".to_owned(), pace: 10_000.into() }
    }

    #[test]
    fn a_machine_without_the_driver_says_so_and_what_to_do() {
        let missing = Path::new("/nowhere/libnvidia-ml.so.1");
        let trouble = Driver::open(Some(missing), options()).unwrap_err();
        assert_eq!(trouble.why, "/nowhere/libnvidia-ml.so.1 not found: no NVIDIA driver on this machine");
        assert!(trouble.hint.unwrap().contains("install the driver"));
        let mut later = Driver::new(Some(missing), options());
        assert!(later.read(Time(0)).unwrap_err().why.contains("not found"), "asked again at every look");
    }

    #[test]
    fn a_library_that_is_another_is_not_taken_for_the_driver() {
        let trouble = Driver::open(Some(Path::new("libc.so.6")), options()).unwrap_err();
        assert_eq!(trouble.why, "libc.so.6 is not a driver's library: it lacks nvmlInit_v2");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "no library").unwrap();
        let trouble = Driver::open(Some(file.path()), options()).unwrap_err();
        assert!(trouble.why.contains("file too short") || trouble.why.contains("invalid ELF"), "{trouble}");
    }
}
