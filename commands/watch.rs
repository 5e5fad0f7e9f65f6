//! Reads the store for the live view, on a thread of its own: drawing never waits for it, and its loss never ends the view.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender};
use std::time::Duration;

use gpuhm::bus::{Bus, RAW, VALIDATED};
use gpuhm::event::{FleetNow, Time};
use gpuhm::pipeline::clock::{monotonic, nap};
use gpuhm::pipeline::crew::group;
use gpuhm::pipeline::{Clock, Flag};
use gpuhm::store::{Store, StoreError};
use gpuhm::view::tui::{Effect, Msg, Pipeline, Read, Stage};

use super::exit::Failure;

/// Pauses between tries while the store cannot be read, seconds.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 16, 30];

/// Opens the store anew; a closure, since it may not be there yet.
pub(crate) type OpenStore = Box<dyn Fn() -> Result<Box<dyn Store>, Failure> + Send>;
/// Opens the bus, where there is one by now.
pub(crate) type OpenBus = Box<dyn Fn() -> Option<Arc<dyn Bus>> + Send>;

/// Messages on their way to the view: where the terminal stalls, readings wait and do not pile up.
pub(crate) const ON_THE_WAY: usize = 4;

/// The reading side of a live view.
pub(crate) struct Watcher {
    /// Opens the store.
    pub(crate) open: OpenStore,
    /// Opens the bus, whose lags are shown.
    pub(crate) open_bus: OpenBus,
    /// The bus, once it was there.
    pub(crate) bus: Option<Arc<dyn Bus>>,
    /// The embedded store's file: another file by its name is another store.
    pub(crate) file: Option<PathBuf>,
    /// The run's clock.
    pub(crate) clock: Arc<Clock>,
    /// The instant of the newest reading, ms: what a driven clock has shown.
    pub(crate) shown: Arc<AtomicI64>,
    /// Seconds between readings.
    pub(crate) refresh: u64,
}

/// An open store, and the file it was opened as.
struct Opened {
    store: Box<dyn Store>,
    file: Option<(u64, u64)>,
}

/// What the view asked for.
#[derive(Debug, Default)]
struct Wanted {
    past: Option<(String, i64)>,
}

impl Watcher {
    /// Reads again and again until the view is gone. `asked` carries what it wants.
    pub(crate) fn run(mut self, to: &SyncSender<Msg>, asked: &Receiver<Effect>) {
        let (mut opened, mut wanted, mut failures) = (None, Wanted::default(), 0_usize);
        loop {
            let pause = match self.read(&mut opened, &wanted) {
                Ok(read) => {
                    failures = 0;
                    if to.send(Msg::Data(Box::new(read))).is_err() {
                        return;
                    }
                    self.refresh
                }
                Err(error) => {
                    opened = None;
                    let retry_in_s = PAUSES.get(failures).or(PAUSES.last()).copied().unwrap_or(1);
                    failures += 1;
                    let attempt = u32::try_from(failures + 1).unwrap_or(u32::MAX);
                    if to.send(Msg::Failed { error, retry_in_s, attempt }).is_err() {
                        return;
                    }
                    retry_in_s
                }
            };
            if !self.wait(Duration::from_secs(pause), asked, &mut wanted) {
                return;
            }
        }
    }

    /// Waits for the next reading, or until the view wants something else; `false` once it is gone.
    fn wait(&mut self, pause: Duration, asked: &Receiver<Effect>, wanted: &mut Wanted) -> bool {
        match asked.recv_timeout(pause) {
            Ok(effect) => {
                // Of many wishes the last counts.
                self.take(effect, wanted);
                for effect in asked.try_iter() {
                    self.take(effect, wanted);
                }
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    fn take(&mut self, effect: Effect, wanted: &mut Wanted) {
        match effect {
            Effect::Ask(gpu, span) => wanted.past = gpu.map(|gpu| (gpu, span)),
            Effect::Refresh(seconds) => self.refresh = seconds.max(1),
            _ => {}
        }
    }

    /// The file behind the store's name: device and number.
    fn file(&self) -> Option<(u64, u64)> {
        let found = std::fs::metadata(self.file.as_ref()?).ok()?;
        Some((found.dev(), found.ino()))
    }

    fn read(&mut self, opened: &mut Option<Opened>, wanted: &Wanted) -> Result<Read, String> {
        let started = monotonic();
        if self.bus.is_none() {
            self.bus = (self.open_bus)();
        }
        // One that was moved away can still be read, and would be shown for ever.
        if opened.as_ref().is_some_and(|opened| opened.file != self.file()) {
            *opened = None;
        }
        if opened.is_none() {
            let file = self.file();
            *opened = Some(Opened { store: (self.open)().map_err(|failure| failure.text())?, file });
        }
        let Some(Opened { store, .. }) = opened else { return Err("no store".to_owned()) };
        let text = |error: StoreError| error.to_string();
        let fleet = store.fleet().map_err(text)?;
        let at = self.instant(&fleet);
        let past = match &wanted.past {
            Some((gpu, span)) => Some(store.past(gpu, at.plus(-span), at.plus(1)).map_err(text)?),
            None => None,
        };
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.shown.store(at.ms(), Ordering::SeqCst);
        Ok(Read { past, took_ms, ..self.of(fleet, at) })
    }

    /// The instant that ages are counted from: a driven clock runs ahead of what is stored.
    fn instant(&self, fleet: &FleetNow) -> Time {
        fleet.newest().filter(|_| self.clock.is_driven()).unwrap_or_else(|| self.clock.now())
    }

    /// A reading of this fleet, with what is known of the pipeline.
    pub(crate) fn of(&self, fleet: FleetNow, at: Time) -> Read {
        let pipeline = self.pipeline(&fleet);
        Read { fleet, past: None, pipeline, at, took_ms: 0 }
    }

    /// The stages with what they have yet to read, the passes with when they last wrote.
    fn pipeline(&self, fleet: &FleetNow) -> Pipeline {
        let stage = |name: &str, topic: &str| {
            let lag = self.bus.as_ref().and_then(|bus| bus.lag(&group(name), topic).ok());
            let members = self.bus.as_ref().and_then(|bus| bus.members(&group(name), topic).ok()).unwrap_or_default();
            Stage { name: name.to_owned(), lag, members, newest: None }
        };
        let pass = |name: &str, newest: Option<Time>| Stage { name: name.to_owned(), newest, ..Stage::default() };
        let collectors = fleet.collectors.iter().map(|row| row.hostname.clone()).collect();
        let predicted = fleet.gpus.iter().filter_map(|gpu| gpu.prediction.as_ref()).map(|odds| odds.time).max();
        Pipeline {
            bus: self
                .bus
                .as_ref()
                .map(|bus| bus.topics().map_or_else(|error| error.to_string(), |_| "bus ok".to_owned())),
            store: "store ok".to_owned(),
            stages: vec![
                Stage { name: "collect".to_owned(), newest: fleet.newest(), members: collectors, ..Stage::default() },
                stage("validate", RAW),
                stage("aggregate", VALIDATED),
                pass("score", fleet.numbers.last().map(|numbers| numbers.time)),
                pass("predict", predicted),
            ],
        }
    }
}

/// Does what the view asks of the world outside: files are written here, the rest is the reader's.
pub(crate) fn outward(effect: Effect, to: &Sender<Effect>, said: &SyncSender<Msg>) {
    match effect {
        Effect::Save { name, text } => drop(said.try_send(Msg::Said(save(&name, &text)))),
        effect => drop(to.send(effect)),
    }
}

/// Writes a new file; what came of it, for the view to say.
fn save(name: &str, text: &str) -> String {
    let made = std::fs::File::create_new(name).and_then(|mut file| file.write_all(text.as_bytes()));
    made.map_or_else(|error| format!("{name} was not written: {error}"), |()| format!("wrote {name}"))
}

/// Tells the view every second what the clock says, until it is gone.
pub(crate) fn tick(clock: &Clock, shown: &AtomicI64, to: &SyncSender<Msg>, stop: &Flag) {
    loop {
        // A driven clock runs ahead of what is stored: the readings say what time it is.
        let now = if clock.is_driven() { Time(shown.load(Ordering::SeqCst)) } else { clock.now() };
        if to.send(Msg::Tick(now)).is_err() || !nap(Duration::from_secs(1), stop) {
            return;
        }
    }
}
