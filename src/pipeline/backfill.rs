//! Windows rebuilt from raw rows, GPU by GPU: late samples that came behind closed minutes get into their windows.
//!
//! A GPU's rows are read a day at a time, so that a range of any length takes the memory of a day of one GPU. Which windows
//! may replace the stored ones is the store's to say, in the transaction that writes them.

use super::{Flag, PipelineError};
use crate::event::rows::Raw;
use crate::event::time::DAY;
use crate::event::{Size, Time};
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
    /// GPUs done.
    pub gpus: u64,
    /// Windows written, or that would be.
    pub written: u64,
    /// Windows left alone: their GPU's newest final one is not newer, or the stored one counts more readings.
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
    let range = Range { from: range.from.floor(hour), to: range.to.plus(hour - 1).floor(hour) };
    let mut done = Rebuilt::default();
    let gpus = store.gpus()?;
    for gpu in &gpus {
        one(store, gpu, range, (dry_run, stop), &mut done)?;
        if stop.is_set() {
            break;
        }
        done.gpus += 1;
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        show(done.gpus as f64 / gpus.len() as f64, gpu);
    }
    Ok(done)
}

/// Rebuilds one GPU's windows, day by day, over whole hours; days without rows cost nothing.
fn one(
    store: &mut dyn Store,
    gpu: &str,
    range: Range,
    (dry_run, stop): (bool, &Flag),
    done: &mut Rebuilt,
) -> Result<(), PipelineError> {
    let mut known: Option<Raw> = None;
    let mut next = range.from;
    while !stop.is_set()
        && let Some(first) = store.next_raw(gpu, next)?.filter(|first| *first < range.to)
    {
        let from = next.max(first.floor(Size::Hour.ms()));
        next = from.plus(DAY).min(range.to);
        let (before, rows) = store.raw(gpu, from, next)?;
        // What earlier days told reaches further back than the store looks.
        known = known.or(before);
        let windows = rebuild(known.as_ref(), &rows, from, next);
        let written = store.backfill(&windows, super::clock::wall(), dry_run)?;
        done.written += written;
        done.left += (windows.len() as u64).saturating_sub(written);
        let mut newest_first = rows.into_iter().rev().chain(known.take());
        known = newest_first.next();
        for older in newest_first {
            if known.as_mut().is_none_or(|known| known.values.fill_counters(&older.values)) {
                break;
            }
        }
    }
    Ok(())
}
