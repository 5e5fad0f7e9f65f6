//! A day of ticks in simulated time through the collect loop: memory stays flat, no tick drifts, the counters are right.
//!
//! A binary of its own, because an allocator that counts what lives belongs to a whole program. Eight endpoints with eight
//! GPUs each, on threads of their own as always; the clock is driven, so that a day takes seconds.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gpuhm::bus::Message;
use gpuhm::event::codec::Decoder;
use gpuhm::event::{Body, Event, Gpu, Time, Value, Values};
use gpuhm::pipeline::collect::Labels;
use gpuhm::pipeline::sink::Sink;
use gpuhm::pipeline::{Clock, Collect, Flag, PipelineError};
use gpuhm::source::endpoint::{Endpoint, Taken, Trouble};
use gpuhm::source::endpoints::Endpoints;
use gpuhm::source::{HostReport, Reading};

static LIVE: AtomicI64 = AtomicI64::new(0);

/// The system's allocator, counting the bytes that live.
struct Counting;

fn count(size: usize, sign: i64) {
    LIVE.fetch_add(sign * i64::try_from(size).unwrap_or(0), Ordering::Relaxed);
}

#[expect(unsafe_code, reason = "a global allocator is unsafe by its nature; it only counts and passes on")]
// SAFETY: every call is the system allocator's own, with the arguments as they came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const HOSTS: usize = 8;
const GPUS: u8 = 8;
const TICKS: u64 = 8640;
const INTERVAL: i64 = 10_000;
/// 2026-01-01T00:00:00Z.
const FIRST: i64 = 1_767_225_600_000;

/// A host whose GPUs always answer; every hundredth read of the first host fails.
struct Node {
    host: usize,
    reads: u64,
}

impl Endpoint for Node {
    fn read(&mut self, now: Time) -> Result<Taken, Trouble> {
        self.reads += 1;
        if self.host == 0 && self.reads.is_multiple_of(100) {
            return Err(Trouble::new("connection lost"));
        }
        let hostname = format!("n{}", self.host);
        let one = |index: u8| {
            let mut values = Values::default();
            for (metric, _) in gpuhm::metric::sampled() {
                values.set(metric, Value::Int(1));
            }
            let gpu = Gpu { gpu_uuid: Some(format!("GPU-{hostname}-{index}").into()), ..Gpu::default() };
            let event = Event { time: Some(now), body: Body::Sample(gpu, values, Vec::new()), ..Event::default() };
            Reading::Event(Box::new(event))
        };
        let readings = (0..GPUS).map(one).collect();
        let (place, state) = ([None, None, None], "ok".to_owned());
        let (hostname, seen) = (hostname.clone(), i64::from(GPUS));
        let host = HostReport { hostname, place, seen, missed: 0, guessed: false, expected: None, state, kind: None };
        Ok(Taken { readings, hosts: vec![host] })
    }
}

/// What arrived.
#[derive(Default)]
struct Tally {
    samples: u64,
    /// Instants of samples that lie beside the tick they belong to.
    drifted: u64,
    newest: i64,
    /// Reports of the first host that tell of its failure.
    failures: u64,
    /// Bytes that live, every hour.
    live: Vec<i64>,
}

struct Count(Arc<Mutex<Tally>>, Decoder);

impl Sink for Count {
    fn put(&mut self, messages: Vec<Message>) -> Result<(), PipelineError> {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for message in &messages {
            let Some(event) = self.1.decode(&message.value, &mut Vec::new()) else { continue };
            let at = event.time.unwrap_or_default().ms();
            match &event.body {
                Body::Sample(..) => {
                    tally.samples += 1;
                    tally.drifted += u64::from((at - FIRST) % INTERVAL != 0);
                    if at != tally.newest && (at - FIRST) % 3_600_000 == 0 {
                        let live = LIVE.load(Ordering::Relaxed);
                        tally.live.push(live);
                    }
                    tally.newest = at;
                }
                Body::Collector(collector) => {
                    tally.failures += u64::from(collector.source_state.as_deref() == Some("connection lost"));
                }
                Body::Other(_) => {}
            }
        }
        Ok(())
    }
}

#[test]
fn a_day_of_ticks() {
    let tally = Arc::<Mutex<Tally>>::default();
    let node = |host| {
        let place = format!("dcgm://n{host}").parse().unwrap();
        (place, Box::new(Node { host, reads: 0 }) as Box<dyn Endpoint>)
    };
    let mut collect = Collect {
        source: Box::new(Endpoints::start((0..HOSTS).map(node).collect(), "here", INTERVAL).unwrap()),
        sink: Box::new(Count(Arc::clone(&tally), Decoder::default())),
        clock: Arc::new(Clock::driven(Time(FIRST))),
        pace: INTERVAL.into(),
        from: Some(Time(FIRST)),
        ticks: Some(TICKS),
        labels: Labels::default(),
        jobs: None,
        room: None,
        watch: None,
        ticked: Arc::default(),
        pulse: gpuhm::pipeline::pulse::Beats::default(),
    };
    let done = collect.run(&Flag::default()).unwrap();
    let tally = tally.lock().unwrap();
    let failed = TICKS / 100;
    let per_tick = HOSTS as u64 * u64::from(GPUS);
    assert_eq!((done.ticks, done.missed), (TICKS, 0));
    assert_eq!(done.collected, TICKS * per_tick - failed * u64::from(GPUS));
    assert_eq!((tally.samples, tally.drifted), (done.collected, 0));
    assert_eq!(tally.newest, FIRST + (i64::try_from(TICKS).unwrap() - 1) * INTERVAL);
    assert_eq!(tally.failures, failed, "each failure is reported at once");
    // The first hour fills what is used again; from then on nothing is added.
    let (first, last) = (tally.live[1], *tally.live.last().unwrap());
    assert!(tally.live.len() >= 24 && (last - first).abs() < 64 << 10, "{:?}", tally.live);
}
