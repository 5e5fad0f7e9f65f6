//! What ends the running call of an engine's connection from another thread: its handle is disconnected.
#![expect(unsafe_code, reason = "a function of DCGM is called")]

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use super::code::Code;
use super::library::Library;
use crate::source::endpoint::Breaker;

/// Ends the running call of an engine's connection from another thread.
#[derive(Debug)]
pub(super) struct Cut {
    library: &'static Library,
    /// The connection's handle; 0 where there is none, or where it is cut.
    pub(super) handle: AtomicUsize,
    /// How many times it may be asked before it cuts: setting up takes longer than a tick.
    spare: AtomicU32,
    /// Whether it has cut since this was last asked.
    tripped: AtomicBool,
}

impl Cut {
    pub(super) fn new(library: &'static Library) -> Cut {
        Cut { library, handle: AtomicUsize::new(0), spare: AtomicU32::new(0), tripped: AtomicBool::new(false) }
    }

    /// How many times it is to be asked before it cuts.
    pub(super) fn spare(&self, times: u32) {
        self.spare.store(times, Ordering::SeqCst);
    }

    /// Whether it has cut since it was last asked.
    pub(super) fn tripped(&self) -> bool {
        self.tripped.swap(false, Ordering::SeqCst)
    }

    /// Disconnects, once, whoever comes first.
    pub(super) fn cut(&self) -> bool {
        let handle = self.handle.swap(0, Ordering::SeqCst);
        if handle == 0 {
            return false;
        }
        // SAFETY: a handle that a connect gave; disconnecting it is allowed from any thread, and twice.
        let gone = Code::check(unsafe { (self.library.calls.disconnect)(handle) });
        debug_assert_eq!(gone, Ok(()), "a disconnect always returns 0");
        true
    }
}

impl Breaker for Cut {
    fn trip(&self) {
        let spend = |left: u32| left.checked_sub(1);
        if self.spare.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend).is_err() && self.cut() {
            self.tripped.store(true, Ordering::SeqCst);
        }
    }
}
