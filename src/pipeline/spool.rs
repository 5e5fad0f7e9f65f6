//! The collector's spool: what stands between the collect loop and a bus that can be away.
//!
//! Everything goes through it, whether the broker is there or not: a switch between memory and disk would have to prove
//! that it keeps the order. It is an embedded log of its own, so that a tick is kept in one transaction and a kill loses
//! nothing. A sender on a thread of its own reads it as a consumer and moves on only behind what the broker has
//! acknowledged. At its bound the oldest goes, counted to the event.
//! Knows no broker: it is handed something that connects.

mod intake;
mod ledger;
mod pace;
mod plight;
mod sender;
mod shared;
mod wave;

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use self::intake::Intake;
pub use self::intake::SpoolSink;
use self::sender::Sender;
use self::shared::{Shared, lock};
pub use self::wave::OF_A_KEY;
use super::clock::{monotonic, wall};
use super::collect::Room;
use super::sink::Backlog;
use super::{Flag, MORE_THREADS, PipelineError};
use crate::bus::embedded::{Embedded, Options};
use crate::bus::{BusError, Producer};

/// The group by which a spool is read.
pub const GROUP: &str = "gpuhm-collect";

/// Makes a connection to the bus; called again after each failure.
pub type Connect = Box<dyn FnMut() -> Result<Box<dyn Producer>, BusError> + Send>;

/// What a spool may hold, and how fast it is emptied.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes, compressed; the oldest events go where there are more.
    pub bytes: u64,
    /// How long an event waits at most, in milliseconds.
    pub age: i64,
    /// Events a second at which what is older than a minute is sent; `None` for what follows from how fast it fills.
    pub rate: Option<u32>,
}

impl Default for Limits {
    fn default() -> Limits {
        let Options { age, bytes } = Options::spool();
        Limits { bytes, age, rate: None }
    }
}

/// How long the end of a collector may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// A service, or anything that was told to stop, goes on delivering for this long.
    pub drain: Duration,
    /// A one-shot gives up when the broker has not answered for this long; `None` for a service.
    pub silence: Option<Duration>,
}

/// What was not delivered when a collector ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Events that wait in the spool.
    pub events: u64,
    /// Events that are lost with the process, since the disk took them no more.
    pub unsaved: u64,
    /// Events that were dropped since the start.
    pub dropped: u64,
}

/// A spool with its sender.
pub struct Spool {
    shared: Arc<Shared>,
    intake: Arc<Mutex<Intake>>,
    sender: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").field("place", &self.shared.place).finish_non_exhaustive()
    }
}

impl Spool {
    /// Opens the spool `name` in `directory`, makes it where there is none, and begins to send what is in it. The broker
    /// is not waited for.
    ///
    /// # Errors
    /// [`BusError::Unusable`] where another collector has it, or where it cannot be made or is no spool;
    /// [`BusError::Failed`] where no thread can be had.
    pub fn start(directory: &Path, name: &str, limits: Limits, connect: Connect) -> Result<Spool, BusError> {
        let path = directory.join(format!("spool-{name}.db"));
        // Two senders would share the partitions safely, but each would drain, count and announce the other's events.
        let alone = alone(directory, &path)?;
        let log = Embedded::open(&path, Arc::new(wall), Options { age: limits.age, bytes: limits.bytes })?;
        let shared = Arc::new(Shared::new(log, limits, directory.display().to_string(), alone));
        let sender = Sender::new(Arc::clone(&shared), connect)?;
        let left = shared.backlog()?.waiting;
        if left > 0 {
            tracing::info!("{left} events of an earlier run wait in the spool and go first");
        }
        let intake = Arc::new(Mutex::new(Intake::new(Arc::clone(&shared))));
        let sender = std::thread::Builder::new().name("spool".to_owned()).spawn(move || sender.run());
        let sender = sender.map_err(|error| threadless(&path, &error))?;
        Ok(Spool { shared, intake, sender: Some(sender) })
    }

    /// The entrance.
    #[must_use]
    pub fn sink(&self) -> SpoolSink {
        SpoolSink(Arc::clone(&self.intake))
    }

    /// Its directory.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.shared.place
    }

    /// What waits and what was lost.
    ///
    /// # Errors
    /// Where the spool cannot be read now.
    pub fn backlog(&self) -> Result<Backlog, BusError> {
        self.shared.backlog()
    }

    /// Holds a source back that can wait, while half of what the spool may hold waits in it or the disk takes nothing.
    #[must_use]
    pub fn room(&self, patience: Patience) -> Room {
        let (shared, intake) = (Arc::clone(&self.shared), Arc::clone(&self.intake));
        Box::new(move || {
            if let Some(failure) = shared.failure() {
                return Err(failure);
            }
            let free = lock(&intake).flush()? && shared.backlog()?.bytes < shared.limits.bytes / 2;
            if !free && patience.silence.is_some_and(|silence| shared.given_up(silence)) {
                return Err(undelivered(&shared, shared.backlog()?.waiting));
            }
            Ok(free)
        })
    }

    /// The end: goes on sending until everything is delivered or the patience is over, then stops the sender.
    ///
    /// # Errors
    /// What ended the sender; [`PipelineError::Undelivered`] where the broker was silent for too long for a one-shot.
    pub fn drain(mut self, patience: Patience, stop: &Flag) -> Result<Left, PipelineError> {
        let done = self.wait(patience, stop);
        self.shared.halt.set();
        self.shared.ring();
        let halted = monotonic();
        while self.sender.as_ref().is_some_and(|sender| !sender.is_finished()) && halted.elapsed() < AT_LAST {
            std::thread::sleep(LOOK);
        }
        // One that still waits for the broker is left behind: what it was sending is in the spool.
        if let Some(sender) = self.sender.take_if(|sender| sender.is_finished()) {
            drop(sender.join());
        }
        let left = done?;
        if left.events > 0 && patience.silence.is_some() && !stop.is_set() {
            return Err(undelivered(&self.shared, left.events));
        }
        Ok(left)
    }

    fn wait(&self, patience: Patience, stop: &Flag) -> Result<Left, PipelineError> {
        let (mut told, began): (Option<Instant>, _) = (None, monotonic());
        loop {
            let saved = lock(&self.intake).flush()?;
            let unsaved = if saved { 0 } else { lock(&self.shared.ledger).in_ring() };
            let backlog = self.shared.backlog()?;
            let left =
                Left { events: backlog.waiting - unsaved.min(backlog.waiting), unsaved, dropped: backlog.dropped };
            if backlog.waiting == 0 {
                return Ok(left);
            }
            if let Some(failure) = self.shared.failure() {
                return Err(failure);
            }
            self.shared.look();
            let over = match patience.silence {
                // What was waited for while the source still ran does not count: it did not hold anybody up.
                Some(silence) if !stop.is_set() => began.elapsed() >= silence && self.shared.given_up(silence),
                _ => told.get_or_insert_with(monotonic).elapsed() >= patience.drain,
            };
            if over {
                return Ok(left);
            }
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.shared.halt.set();
        self.shared.ring();
    }
}

/// How often the end looks whether it has come.
const LOOK: Duration = Duration::from_millis(20);
/// How long a sender that was told to end may take to leave the spool's group.
const AT_LAST: Duration = Duration::from_secs(1);

fn undelivered(shared: &Shared, events: u64) -> PipelineError {
    let why = lock(&shared.fares).why.clone().map(|why| format!(": {why}")).unwrap_or_default();
    PipelineError::Undelivered { events, place: shared.place.clone(), why }
}

fn threadless(path: &Path, error: &std::io::Error) -> BusError {
    let (place, why) = (path.display().to_string(), format!("no thread for it: {error}"));
    BusError::Failed { place, what: "sender", why, hint: Some(MORE_THREADS.to_owned()) }
}

fn unusable(path: &Path, why: &str, hint: Option<&str>) -> BusError {
    BusError::Unusable { place: path.display().to_string(), why: why.to_owned(), hint: hint.map(str::to_owned) }
}

/// Takes the lock that keeps a second collector away; the kernel frees it with the process, however that ends. It is a
/// file of its own: the log's may be opened through SQLite only.
fn alone(directory: &Path, path: &Path) -> Result<File, BusError> {
    let failed = |error: std::io::Error| unusable(path, &format!("cannot be made: {error}"), None);
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    let name: PathBuf = path.with_extension("lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let hint = "give each collector of a host its own --instance NAME, or its own --spool DIR";
            Err(unusable(path, "another collector is using this spool", Some(hint)))
        }
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
