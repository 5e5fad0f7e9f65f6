//! An exact gate: decoding, judging and the duplicate check of a plain event allocate nothing.
//!
//! A binary of its own, because a counting allocator belongs to a whole program. It counts on the thread that asks, so
//! that what the test harness does beside it does not matter. Plain is what sources send: no escapes in strings, no
//! XIDs, of a GPU that is known; everything else may allocate.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use gpuhm::event::codec::encode;
use gpuhm::event::{Event, Time};
use gpuhm::source::sim::{Options, Sim};
use gpuhm::source::{Reading, Source};
use gpuhm::stage::States;
use gpuhm::stage::validate::{Judge, Recent};

/// The seed document's own example.
const SEED: &[u8] = include_bytes!("data/seed-event.json");
/// 2026-02-11T10:30:01Z, a second after it.
const ARRIVED: Time = Time(1_770_805_801_000);

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting.
struct Counting;

impl Counting {
    fn count() {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    }
}

#[expect(unsafe_code, reason = "a global allocator is unsafe by its nature; it only counts and passes on")]
// SAFETY: every call is the system allocator's own, with the arguments as they came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counting::count();
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Counting::count();
        // SAFETY: the caller keeps `alloc_zeroed`'s contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Counting::count();
        // SAFETY: the caller keeps `realloc`'s contract.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How often `work` allocated.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// What validate does with an event up to the verdict: decode, every rule, the GPU's state, the duplicate check.
#[derive(Default)]
struct Check {
    judge: Judge,
    states: States<Recent>,
    problems: Vec<gpuhm::event::codec::Problem>,
    offset: i64,
}

impl Check {
    /// Whether the event is sound and new.
    fn accepts(&mut self, bytes: &[u8], arrived: Time) -> bool {
        self.problems.clear();
        self.offset += 1;
        let event = self.judge.judge(bytes, arrived, &mut self.problems);
        let Some(event) = event.filter(|_| self.problems.is_empty()) else {
            return false;
        };
        let (Some(entity), Some(time)) = (event.entity(), event.time) else {
            return false;
        };
        self.states.at(&entity, self.offset, arrived).is_some_and(|recent| recent.accept(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(event: &Event<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        encode(event, &mut out);
        out
    }

    /// Ticks of a fleet with every board there is.
    fn ticks() -> Vec<(Time, Vec<Vec<u8>>)> {
        let options = Options { gpus: 96, hosts: 12, seed: 3, interval_ms: 10_000, faults: Vec::new() };
        let mut sim = Sim::new(options).unwrap();
        let mut ticks = Vec::new();
        for tick in 0..40 {
            let now = ARRIVED.plus(tick * 10_000);
            let mut out = Vec::new();
            sim.read(now, &mut out).unwrap();
            let bytes = out.iter().map(|reading| match reading {
                Reading::Event(event) => encoded(event),
                Reading::Line { bytes, .. } => bytes.clone(),
            });
            ticks.push((now, bytes.collect()));
        }
        ticks
    }

    #[test]
    fn the_counter_counts() {
        assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(7)))), 1);
        assert_eq!(allocations(|| ()), 0);
    }

    #[test]
    fn a_plain_event_of_a_known_gpu_allocates_nothing() {
        let ticks = ticks();
        let ((first, known), rest) = ticks.split_first().map(|((now, events), rest)| ((*now, events), rest)).unwrap();
        let mut check = Check::default();
        for bytes in known {
            assert!(check.accepts(bytes, first));
        }
        let (mut accepted, mut repeated) = (0, 0);
        let count = allocations(|| {
            for (now, events) in rest {
                for bytes in events {
                    accepted += usize::from(check.accepts(bytes, *now));
                    repeated += usize::from(!check.accepts(bytes, *now));
                }
            }
            // Out of order, and repeated long after.
            for (now, events) in rest.iter().rev() {
                for bytes in events {
                    check.accepts(bytes, *now);
                }
            }
        });
        assert_eq!((accepted, repeated), (39 * 96, 39 * 96));
        assert_eq!(count, 0, "allocations in {} events", 3 * 39 * 96);
    }

    #[test]
    fn the_seeds_event_allocates_nothing() {
        let mut check = Check::default();
        assert!(check.accepts(SEED, ARRIVED));
        assert_eq!(allocations(|| assert!(!check.accepts(SEED, ARRIVED))), 0);
    }
}
