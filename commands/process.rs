//! The process: signals, its host's name, progress, and what an ended service returns.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};
use std::time::Duration;

use gpuhm::bus::Bus;
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::{Flag, Goal, retention};
use gpuhm::store::Store;
use indicatif::{ProgressBar, ProgressStyle};

use super::exit::{Failure, Outcome, UNREACHABLE};
use super::options::{BusOptions, ServiceOptions};
use super::passing;
use super::service::Service;

/// Signals that end a command: the first asks, the second insists.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signals {
    /// Set by the first.
    pub(crate) stop: Flag,
    number: Arc<AtomicUsize>,
}

impl Signals {
    /// Listens to SIGINT and SIGTERM.
    pub(crate) fn listen() -> Result<Signals, Failure> {
        let signals = Signals::default();
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            let number = usize::try_from(signal).unwrap_or_default();
            // Order matters: the second signal finds the flag set and ends the process at once.
            signal_hook::flag::register_conditional_shutdown(signal, i32::from(UNREACHABLE), signals.stop.shared())?;
            signal_hook::flag::register(signal, signals.stop.shared())?;
            signal_hook::flag::register_usize(signal, Arc::clone(&signals.number), number)?;
        }
        Ok(signals)
    }

    /// Listens to the terminal's end, too: a view ends with it.
    pub(crate) fn listen_on_a_terminal() -> Result<Signals, Failure> {
        let signals = Signals::listen()?;
        signal_hook::flag::register(signal_hook::consts::SIGHUP, signals.stop.shared())?;
        Ok(signals)
    }

    /// Set by SIGHUP: a stage that runs on saves every state.
    pub(crate) fn reload() -> Result<Flag, Failure> {
        let reload = Flag::default();
        signal_hook::flag::register(signal_hook::consts::SIGHUP, reload.shared())?;
        Ok(reload)
    }

    /// The code of a one-shot: 128 + the signal that ended it, else success.
    pub(crate) fn one_shot(&self) -> ExitCode {
        match self.number.load(Ordering::SeqCst) {
            0 => ExitCode::SUCCESS,
            number => ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX)),
        }
    }

    /// Whether a signal came.
    pub(crate) fn came(&self) -> bool {
        self.number.load(Ordering::SeqCst) != 0
    }
}

/// This machine's name, where it has one. By a call: a service's sandbox hides `/proc/sys`.
pub(crate) fn hostname() -> Option<String> {
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty() && name != "(none)")
}

/// Progress on standard error: a bar on a terminal, a line every 30 s elsewhere, nothing with --quiet.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    quiet: bool,
    what: &'static str,
    said: std::time::Instant,
}

const SAY_EVERY: Duration = Duration::from_secs(30);
const STEPS: u64 = 1000;

impl Progress {
    pub(crate) fn new(what: &'static str, quiet: bool) -> Progress {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(STEPS) };
        if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:30}] {percent:>3} % {msg} {elapsed} eta {eta}")
        {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(what);
        Progress { bar, quiet, what, said: gpuhm::pipeline::clock::monotonic() }
    }

    /// Shows how far it is, 0 to 1, with a word about it.
    pub(crate) fn show(&mut self, part: f64, word: &str) {
        let share = part.clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000, clamped above")]
        let step = (share * 1000.0) as u64;
        self.bar.set_position(step);
        self.bar.set_message(word.to_owned());
        if self.bar.is_hidden() && !self.quiet && self.said.elapsed() >= SAY_EVERY {
            tracing::info!("{}: {:.0} %, {word}", self.what, share * 100.0);
            self.said = gpuhm::pipeline::clock::monotonic();
        }
    }

    /// Takes it off the screen.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Does `act` on a thread of its own, which bears the name of what it is for; where none can be had, the failure does.
pub(crate) fn thread<T: Send + 'static>(
    what: &str,
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Failure> {
    Builder::new().name(what.to_owned()).spawn(act).map_err(|error| Failure::threadless(what, &error))
}

/// The same in a scope, which waits for it: who gets a failure tells the others to end.
pub(crate) fn scoped<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    what: &str,
    act: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, Failure> {
    Builder::new().name(what.to_owned()).spawn_scoped(scope, act).map_err(|error| Failure::threadless(what, &error))
}

/// Keeps the bus, and the store where one is given, within their bounds, on a thread of its own, until `stop` is set.
pub(crate) fn keep(bus: Arc<dyn Bus>, store: Option<Box<dyn Store>>, stop: Flag) -> Result<JoinHandle<()>, Failure> {
    thread("retention", move || retention::keep(&bus, store, &stop))
}

/// How long a one-shot goes on trying to reach a dependency.
const PATIENCE: Duration = Duration::from_secs(10);
/// … and one that has read something it would have to read again.
pub(crate) const LONG_PATIENCE: Duration = Duration::from_secs(30);

/// How failures are met by a pass: a service goes on trying until it is told to stop.
pub(crate) fn pass_retry(once: bool, signals: &Signals) -> Retry {
    Retry::new(signals.stop.clone(), once.then_some(PATIENCE))
}

impl ServiceOptions {
    /// What ends the run.
    pub(crate) fn goal(&self) -> Goal {
        if self.once { Goal::End } else { Goal::Stop }
    }

    /// How failures of the bus and the store are met.
    pub(crate) fn retry(&self, signals: &Signals) -> Retry {
        pass_retry(self.once, signals)
    }

    /// Begins to be watched.
    pub(crate) fn watched(&self, bus: &BusOptions, signals: &Signals) -> Result<Service, Failure> {
        passing::watched(bus, (self.once, None), (&self.watch, &self.drain), signals)
    }

    /// What an ended service or one-shot returns.
    pub(crate) fn ended(&self, result: Result<(), Failure>, signals: &Signals) -> Outcome {
        match result {
            Err(failure) if !failure.is_stop() => Err(failure),
            _ if self.once => Ok(signals.one_shot()),
            // A service that was told to stop while a dependency was away has stopped: nothing is lost by it.
            _ => Ok(ExitCode::SUCCESS),
        }
    }
}
