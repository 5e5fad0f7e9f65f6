//! What the stand-in itself takes of the CPU, so that a bench of a collector can leave it out.
//!
//! `GPUHM_STANDIN_SPENT` names a file, which has the nanoseconds of all threads when the process has ended: of finding values,
//! which a client library would not do. Handing them over through the callback is not in it, nor is connecting.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use cpu_time::ThreadTime;

static NANOS: AtomicU64 = AtomicU64::new(0);

unsafe extern "C" {
    fn atexit(call: extern "C" fn()) -> i32;
}

/// Does `work` of the stand-in's, and counts it where that is wanted.
pub(crate) fn own<T>(work: impl FnOnce() -> T) -> T {
    static WANTED: OnceLock<bool> = OnceLock::new();
    if !WANTED.get_or_init(begin) {
        return work();
    }
    let began = ThreadTime::now();
    let done = work();
    NANOS.fetch_add(u64::try_from(began.elapsed().as_nanos()).unwrap_or_default(), Ordering::Relaxed);
    done
}

fn begin() -> bool {
    // SAFETY: a function of this library, which is never unloaded.
    std::env::var_os("GPUHM_STANDIN_SPENT").is_some() && unsafe { atexit(tell) } == 0
}

extern "C" fn tell() {
    let Some(file) = std::env::var_os("GPUHM_STANDIN_SPENT") else { return };
    // Whoever reads it finds it missing.
    drop(std::fs::write(file, NANOS.load(Ordering::Relaxed).to_string()));
}
