//! Windows rebuilt from raw rows, GPU by GPU: late samples that came behind closed minutes get into their windows.
//!
//! Only windows older than their GPU's newest final one are touched: newer ones are still the running stage's.

use super::{Flag, PipelineError};
use crate::event::{Size, Time, Window};
use crate::stage::aggregate::rebuild;
use crate::store::Store;

/// The time range to rebuild; widened to whole hours, since an hour is merged from its minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// First instant.
    pub from: Time,
    /// First instant no longer in it.
    pub to: Time,
}

/// What was rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rebuilt {
    /// GPUs looked at.
    pub gpus: u64,
    /// Windows written, or that would be.
    pub written: u64,
    /// Windows left alone because their GPU's newest final one is not newer.
    pub left: u64,
}

/// Rebuilds; `show` is told how far it is. May be stopped and run again at any time: every write is an upsert.
///
/// # Errors
/// Where the store failed.
pub fn run(
    store: &mut dyn Store,
    range: Range,
    dry_run: bool,
    stop: &Flag,
    show: &mut dyn FnMut(f64, &str),
) -> Result<Rebuilt, PipelineError> {
    let hour = Size::Hour.ms();
    let (from, to) = (range.from.floor(hour), range.to.plus(hour - 1).floor(hour));
    let mut done = Rebuilt::default();
    let gpus = store.gpus()?;
    for gpu in &gpus {
        if stop.is_set() {
            break;
        }
        let (before, rows) = store.raw(gpu, from, to)?;
        let mut windows = rebuild(before.as_ref(), &rows, from, to);
        let all = windows.len() as u64;
        keep_older(store, gpu, &mut windows)?;
        let kept = windows.len() as u64;
        done.left += all - kept;
        done.written += if dry_run { kept } else { store.backfill(&windows, super::clock::wall())? };
        done.gpus += 1;
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        show(done.gpus as f64 / gpus.len() as f64, gpu);
    }
    Ok(done)
}

fn keep_older(store: &mut dyn Store, gpu: &str, windows: &mut Vec<Window>) -> Result<(), PipelineError> {
    for size in Size::ALL {
        let newest = store.newest_final(gpu, size)?;
        windows.retain(|window| window.size != size || newest.is_some_and(|newest| window.start < newest));
    }
    Ok(())
}
