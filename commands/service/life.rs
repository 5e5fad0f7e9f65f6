//! A service's life beside its loops: status, reload, the stop, and the end of patience after it.
//!
//! It never says that the loops live: they say so themselves, or nobody does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gpuhm::pipeline::Flag;
use gpuhm::pipeline::clock::monotonic;

use crate::exit::{Failure, UNREACHABLE};
use crate::process::{Signals, thread};

use super::facts::Facts;
use super::reload::Reload;
use super::status;

/// How often signals are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// … and only every so many times whether the status is another.
const SELDOM: u8 = 10;
/// A status is said again after so long, and at once where more changed than its numbers.
const STATUS: Duration = Duration::from_secs(30);

/// What the thread and the end share.
pub(super) struct Life(Arc<Shared>);

struct Shared {
    facts: Arc<Facts>,
    stop: Flag,
    stopping: AtomicBool,
    said: Mutex<Option<(Instant, String)>>,
}

impl Life {
    /// Starts the thread.
    pub(super) fn start(
        facts: Arc<Facts>,
        signals: &Signals,
        drain: Duration,
        mut reload: Reload,
    ) -> Result<Life, Failure> {
        let asked = Signals::reload()?;
        let shared = Arc::new(Shared {
            facts,
            stop: signals.stop.clone(),
            stopping: AtomicBool::new(false),
            said: Mutex::default(),
        });
        let life = Life(Arc::clone(&shared));
        let run = move || {
            let (mut stopped, mut turn): (Option<Instant>, u8) = (None, 0);
            loop {
                std::thread::sleep(LOOK);
                turn = (turn + 1) % SELDOM;
                if asked.take() {
                    shared.reload(&mut reload);
                }
                if turn == 0 || shared.stop.is_set() {
                    shared.look();
                }
                if shared.stop.is_set() && stopped.get_or_insert_with(monotonic).elapsed() >= drain {
                    overrun(drain);
                }
            }
        };
        thread("service", run)?;
        Ok(life)
    }

    /// Says what is to be said now; also at the end, which may come before the thread has looked.
    pub(super) fn look(&self) {
        self.0.look();
    }
}

/// What was left undone is done again at the next start, as after a kill.
#[expect(clippy::exit, reason = "what hangs cannot be asked to return")]
fn overrun(drain: Duration) {
    tracing::error!("not ended {} s after the signal; giving up", drain.as_secs());
    std::process::exit(i32::from(UNREACHABLE));
}

impl Shared {
    fn look(&self) {
        if self.stop.is_set() {
            if !self.stopping.swap(true, Ordering::SeqCst) {
                self.facts.notify.stopping();
            }
            return;
        }
        let Some(line) = self.facts.status_line() else { return };
        let now = monotonic();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let again = said.as_ref().is_none_or(|(at, before)| {
            now.saturating_duration_since(*at) >= STATUS || status::shape(before) != status::shape(&line)
        });
        if again {
            self.facts.notify.status(&line);
            *said = Some((now, line));
        }
    }

    fn reload(&self, reload: &mut Reload) {
        let ready = self.facts.is_ready();
        if ready {
            self.facts.notify.reloading();
        }
        reload.run();
        if ready && let Some(line) = self.facts.status_line() {
            self.facts.notify.ready(&line);
        }
    }
}
