//! XIDs as the driver raises them, on a thread that waits for them: between two looks none is lost, and none is told twice.
//!
//! The driver gives no time with an XID: what is kept is how long ago it came.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Instant;

use nvml_wrapper::Nvml;
use nvml_wrapper::bitmasks::event::EventTypes;
use nvml_wrapper::enums::event::XidError;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::event::EventSet;

use super::raw;
use crate::event::{Time, Xid};

/// How long one wait takes at most, in milliseconds: the thread ends so long after its driver (J).
const WAIT_MS: u32 = 1000;
/// XIDs that may wait to be read: a storm beyond it is told as far as it fits (J).
const MOST_WAITING: usize = 4096;
/// After a wait that failed, in milliseconds: no loop without pause (J).
const PAUSE_MS: u64 = 1000;

/// An XID that came.
struct Came {
    index: u32,
    code: i64,
    at: Instant,
}

/// The thread.
pub(super) struct Watch {
    came: Receiver<Came>,
    stop: Arc<AtomicBool>,
}

impl Watch {
    /// Begins to wait for the XIDs of the first `count` GPUs; `None` where the driver gives none or no thread is to be had.
    pub(super) fn start(nvml: &Arc<Nvml>, count: u32) -> Option<Watch> {
        let (tell, came) = sync_channel(MOST_WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let (nvml, stopped) = (Arc::clone(nvml), Arc::clone(&stop));
        let thread = std::thread::Builder::new().name("nvml-xids".to_owned());
        thread.spawn(move || listen(&nvml, count, &tell, &stopped)).ok()?;
        Some(Watch { came, stop })
    }

    /// The XIDs that came since the last call, by GPU.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long ago an XID came is real time, whatever the run's clock shows"
    )]
    pub(super) fn take(&self, now: Time) -> Vec<(u32, Xid)> {
        let seen = Instant::now();
        let xid = |came: Came| {
            let ago = i64::try_from(seen.saturating_duration_since(came.at).as_millis()).unwrap_or(0);
            (came.index, Xid { code: came.code, at: now.plus(-ago) })
        };
        self.came.try_iter().map(xid).collect()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "when an XID came is real time, whatever the run's clock shows")]
fn listen(nvml: &Nvml, count: u32, tell: &SyncSender<Came>, stop: &AtomicBool) {
    let Some((set, keys)) = register(nvml, count) else {
        tracing::warn!("nvml: this driver tells no XIDs");
        return;
    };
    while !stop.load(Ordering::Relaxed) {
        match set.wait(WAIT_MS) {
            Ok(event) => {
                let key = raw::key(&event.device);
                let index = keys.iter().find(|(known, _)| *known == key).map(|(_, index)| *index);
                let code = match event.event_data {
                    Some(XidError::Value(code)) => i64::try_from(code).ok(),
                    Some(XidError::Unknown) | None => None,
                };
                if let (Some(index), Some(code)) = (index, code)
                    && let Err(TrySendError::Disconnected(_)) = tell.try_send(Came { index, code, at: Instant::now() })
                {
                    return;
                }
            }
            Err(NvmlError::Timeout) => {}
            Err(NvmlError::Uninitialized) => return,
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(PAUSE_MS)),
        }
    }
}

/// A set with the XIDs of every GPU that tells them, and the GPUs' keys. One that refuses is left out.
fn register(nvml: &Nvml, count: u32) -> Option<(EventSet<'_>, Vec<(usize, u32)>)> {
    let tells = |index: &u32| {
        let device = nvml.device_by_index(*index).ok();
        device.and_then(|device| device.supported_event_types().ok()).is_some_and(|it| it.contains(XIDS))
    };
    let mut indexes: Vec<u32> = (0..count).filter(tells).collect();
    // A refusal costs the set: what is left is tried again with a new one.
    'again: while !indexes.is_empty() {
        let mut set = nvml.create_event_set().ok()?;
        let mut keys = Vec::new();
        for (at, index) in indexes.clone().into_iter().enumerate() {
            let device = nvml.device_by_index(index).ok();
            keys.extend(device.iter().map(|device| (raw::key(device), index)));
            let Some(Ok(whole)) = device.map(|device| device.register_events(XIDS, set)) else {
                indexes.remove(at);
                continue 'again;
            };
            set = whole;
        }
        return Some((set, keys));
    }
    None
}

const XIDS: EventTypes = EventTypes::CRITICAL_XID_ERROR;
