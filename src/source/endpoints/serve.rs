//! The thread of one endpoint, and the time of what it reads late. Knows of no other endpoint, and nothing of who asks.
//!
//! A panic in an endpoint is its trouble and no more; should one end the thread all the same, the endpoint outlives it, and
//! another thread goes on with it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::super::Reading;
use super::super::endpoint::{Endpoint, Taken, Trouble};
use super::Answer;
use crate::event::Time;
use crate::pace::Pace;

/// An endpoint that outlives its thread.
pub(super) type Shared = Arc<Mutex<Box<dyn Endpoint>>>;

/// The thread of an endpoint.
pub(super) struct Worker {
    ask: Sender<Time>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts the thread of the endpoint `member`, which answers by `tell`.
    pub(super) fn start(
        member: usize,
        endpoint: &Shared,
        pace: &Pace,
        tell: &Sender<Answer>,
    ) -> std::io::Result<Worker> {
        let (ask, asked) = channel();
        let (endpoint, pace, tell) = (Arc::clone(endpoint), pace.clone(), tell.clone());
        let thread = std::thread::Builder::new().name(format!("source-{member}")).spawn(move || {
            let mut endpoint = endpoint.lock().unwrap_or_else(PoisonError::into_inner);
            serve(endpoint.as_mut(), &asked, &pace, |kind, result| tell.send(Answer { member, kind, result }));
        })?;
        Ok(Worker { ask, thread })
    }

    /// Asks for the tick `now`; whether somebody hears it.
    pub(super) fn ask(&self, now: Time) -> bool {
        self.ask.send(now).is_ok()
    }

    /// Whether it has ended, which it does with its source only.
    pub(super) fn is_dead(&self) -> bool {
        self.thread.is_finished()
    }
}

/// An endpoint's thread: reads when asked, glances in between, ends with its source, which `tell` says by an error.
#[expect(clippy::disallowed_methods, reason = "how long reading took is real time, whatever the run's clock shows")]
fn serve<E>(
    endpoint: &mut dyn Endpoint,
    asked: &Receiver<Time>,
    pace: &Pace,
    tell: impl Fn(Option<&'static str>, Result<Taken, Trouble>) -> Result<(), E>,
) {
    // After a glance that panicked there is none before the next tick.
    let mut glances = true;
    loop {
        let ask = match endpoint.between().filter(|_| glances) {
            Some(pause) => asked.recv_timeout(pause),
            None => asked.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match ask {
            Ok(now) => {
                glances = true;
                let began = Instant::now();
                let mut result =
                    catch_unwind(AssertUnwindSafe(|| endpoint.read(now))).unwrap_or_else(|payload| panicked(&*payload));
                if let Ok(taken) = &mut result {
                    dated(&mut taken.readings, now, began.elapsed(), pace.ms());
                }
                if tell(endpoint.kind(), result).is_err() {
                    return;
                }
            }
            Err(RecvTimeoutError::Timeout) => glances = catch_unwind(AssertUnwindSafe(|| endpoint.glance())).is_ok(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// No thread could be started.
pub(super) fn threadless(error: &std::io::Error) -> Trouble {
    Trouble::new(format!("no thread for it: {error}"))
        .hint("each source takes a thread: raise TasksMax= of the unit, or ulimit -u")
}

/// A panic as trouble.
fn panicked(payload: &(dyn Any + Send)) -> Result<Taken, Trouble> {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic");
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    Err(Trouble::new(format!("a fault in gpuhm: {line}")).hint("it is tried again; report it, with the log"))
}

/// Readings that took longer than an interval have not been read at the tick that asked for them, but at a later one.
fn dated(readings: &mut [Reading], tick: Time, took: Duration, interval_ms: i64) {
    let took = i64::try_from(took.as_millis()).unwrap_or_default();
    let Some(ticks) = took.checked_div(interval_ms).filter(|ticks| *ticks > 0) else { return };
    let at = tick.plus(ticks.saturating_mul(interval_ms));
    for reading in readings {
        let Reading::Event(event) = reading else { continue };
        for time in [&mut event.time, &mut event.collected] {
            *time = time.map(|time| if time == tick { at } else { time });
        }
        event.processed = event.processed.map(|time| time.max(at));
    }
}
