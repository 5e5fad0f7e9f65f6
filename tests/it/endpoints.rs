//! Many endpoints in one source: one that hangs holds up nobody, is told, and comes back; a GPU that vanishes is missed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use gpuhm::event::{Body, Event, Gpu, Time, Values};
use gpuhm::source::endpoint::{Breaker, Endpoint, Taken, Trouble};
use gpuhm::source::endpoints::Endpoints;
use gpuhm::source::place::Place;
use gpuhm::source::{HostReport, Reading, Source};

/// A door that an endpoint waits at while it is shut.
#[derive(Default)]
struct Door {
    shut: Mutex<bool>,
    moved: Condvar,
    /// Whether a breaker opens it.
    breakable: AtomicBool,
    tripped: AtomicU64,
}

impl Door {
    fn set(&self, shut: bool) {
        *self.shut.lock().unwrap() = shut;
        self.moved.notify_all();
    }
}

impl Breaker for Door {
    fn trip(&self) {
        self.tripped.fetch_add(1, Ordering::SeqCst);
        if self.breakable.load(Ordering::SeqCst) {
            self.set(false);
        }
    }
}

/// A host of `gpus` GPUs.
struct Fake {
    host: String,
    gpus: Arc<AtomicU64>,
    door: Arc<Door>,
    /// What it says it is.
    kind: Option<&'static str>,
}

impl Endpoint for Fake {
    fn read(&mut self, now: Time) -> Result<Taken, Trouble> {
        let mut shut = self.door.shut.lock().unwrap();
        let waited = *shut;
        while *shut {
            shut = self.door.moved.wait(shut).unwrap();
        }
        drop(shut);
        if waited && self.door.breakable.load(Ordering::SeqCst) {
            return Err(Trouble::new("the call was ended"));
        }
        let gpus = self.gpus.load(Ordering::SeqCst);
        let readings = (0..gpus).map(|index| Reading::Event(Box::new(sample(&self.host, index, now)))).collect();
        let hosts = vec![HostReport {
            hostname: self.host.clone(),
            place: [None, None, None],
            seen: gpus.try_into().unwrap(),
            missed: 0,
            guessed: false,
            expected: None,
            state: "ok".to_owned(),
            kind: None,
        }];
        Ok(Taken { readings, hosts })
    }

    fn kind(&self) -> Option<&'static str> {
        self.kind
    }

    fn breaker(&self) -> Arc<dyn Breaker> {
        Arc::clone(&self.door) as Arc<dyn Breaker>
    }
}

fn sample(host: &str, index: u64, now: Time) -> Event<'static> {
    let gpu = Gpu { gpu_uuid: Some(format!("GPU-{host}-{index}").into()), ..Gpu::default() };
    Event { time: Some(now), body: Body::Sample(gpu, Values::default(), Vec::new()), ..Event::default() }
}

/// Hosts `n0`, `n1`… with their doors and numbers of GPUs, read every second.
struct Fleet {
    source: Endpoints,
    doors: Vec<Arc<Door>>,
    gpus: Vec<Arc<AtomicU64>>,
}

impl Fleet {
    fn of(hosts: u64, gpus: u64) -> Fleet {
        let (mut doors, mut counts, mut endpoints) = (Vec::new(), Vec::new(), Vec::new());
        for host in 0..hosts {
            let (door, gpus) = (Arc::<Door>::default(), Arc::new(AtomicU64::new(gpus)));
            let place: Place = format!("dcgm://n{host}").parse().unwrap();
            let fake = Fake { host: format!("n{host}"), gpus: Arc::clone(&gpus), door: Arc::clone(&door), kind: None };
            endpoints.push((place, Box::new(fake) as Box<dyn Endpoint>));
            doors.push(door);
            counts.push(gpus);
        }
        Fleet { source: Endpoints::start(endpoints, "here", 1000).unwrap(), doors, gpus: counts }
    }

    /// The tick at `second`: how many samples came.
    fn tick(&mut self, second: i64) -> usize {
        let mut out = Vec::new();
        self.source.read(Time(second * 1000), &mut out).unwrap();
        out.len()
    }

    fn report(&self, host: &str) -> HostReport {
        self.source.hosts().into_iter().find(|report| report.hostname == host).unwrap()
    }
}

#[test]
fn those_that_hang_hold_up_nobody_and_come_back() {
    let mut fleet = Fleet::of(64, 8);
    assert_eq!(fleet.tick(1), 512);
    for door in &fleet.doors[..3] {
        door.set(true);
    }
    for second in 2..8 {
        assert_eq!(fleet.tick(second), 61 * 8, "at {second} s");
    }
    let report = fleet.report("n0");
    assert_eq!(report.state, "blocked on dcgm://n0:5555 for 5 s");
    assert_eq!((report.seen, report.expected, report.missed), (0, Some(8), 6));
    assert_eq!(fleet.report("n9").state, "ok");
    assert!(fleet.doors[0].tripped.load(Ordering::SeqCst) > 0, "its call was to be ended");
    assert!(fleet.source.turns());
    for door in &fleet.doors[..3] {
        door.set(false);
    }
    // The late answers come at a later tick, and each host is asked again from then on.
    let all: usize = (8..11).map(|second| fleet.tick(second)).sum();
    assert!(all >= 2 * 512 + 61 * 8, "{all}");
    assert_eq!(fleet.report("n0").state, "ok");
}

#[test]
fn a_call_that_can_be_ended_is_and_its_trouble_is_told() {
    let mut fleet = Fleet::of(2, 1);
    fleet.doors[0].breakable.store(true, Ordering::SeqCst);
    fleet.doors[0].set(true);
    assert_eq!(fleet.tick(1), 1);
    // The answer is there by the next tick, at which it is asked again.
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(fleet.tick(2), 2);
    assert_eq!(fleet.report("n0").state, "ok");
    assert_eq!(fleet.report("n0").missed, 1);
}

#[test]
fn what_took_longer_than_an_interval_is_not_of_the_tick_that_asked() {
    let mut fleet = Fleet::of(1, 1);
    fleet.doors[0].set(true);
    assert_eq!(fleet.tick(1), 0);
    std::thread::sleep(Duration::from_secs(1));
    fleet.doors[0].set(false);
    std::thread::sleep(Duration::from_millis(200));
    let mut out = Vec::new();
    fleet.source.read(Time(9000), &mut out).unwrap();
    let times: Vec<Time> = out
        .iter()
        .map(|reading| match reading {
            Reading::Event(event) => event.time.unwrap(),
            line @ Reading::Line { .. } => panic!("{line:?}"),
        })
        .collect();
    // One and a half seconds, or more where the machine is busy.
    assert!(times[0] >= Time(2000) && times[0].ms() % 1000 == 0, "{times:?}");
    assert_eq!(times[1..], [Time(9000)], "and it is asked anew");
}

#[test]
fn each_host_is_reported_with_what_it_is_read_by() {
    let fake = |host: &str, kind| {
        let (gpus, door) = (Arc::new(AtomicU64::new(1)), Arc::default());
        Box::new(Fake { host: host.to_owned(), gpus, door, kind }) as Box<dyn Endpoint>
    };
    let place = |url: &str| url.parse::<Place>().unwrap();
    let known = |source: &Endpoints| -> Vec<_> { source.hosts().iter().map(|host| host.kind).collect() };
    let mixed = vec![
        (place("auto#host=n0"), fake("n0", Some("dcgm"))),
        (place("exporter:http://n1:9400/metrics"), fake("n1", None)),
    ];
    let mut source = Endpoints::start(mixed, "here", 1000).unwrap();
    assert_eq!((source.kind(), known(&source)), ("mixed", vec![Some("auto"), Some("exporter")]));
    source.read(Time(1000), &mut Vec::new()).unwrap();
    assert_eq!((source.kind(), known(&source)), ("mixed", vec![Some("dcgm"), Some("exporter")]));
    let mut source = Endpoints::start(vec![(place("auto"), fake("n0", Some("nvml")))], "here", 1000).unwrap();
    assert_eq!(source.kind(), "auto");
    source.read(Time(1000), &mut Vec::new()).unwrap();
    assert_eq!((source.kind(), known(&source)), ("nvml", vec![Some("nvml")]));
}

#[test]
fn a_gpu_that_was_seen_is_expected_from_then_on() {
    let mut fleet = Fleet::of(1, 8);
    fleet.tick(1);
    fleet.gpus[0].store(7, Ordering::SeqCst);
    fleet.tick(2);
    assert_eq!((fleet.report("n0").seen, fleet.report("n0").expected), (7, Some(8)));
}

#[test]
fn with_every_endpoint_hung_for_long_only_a_restart_helps() {
    let mut fleet = Fleet::of(2, 1);
    for door in &fleet.doors {
        door.set(true);
    }
    fleet.tick(1);
    assert!(fleet.source.turns());
    // The next tick may be far.
    fleet.source.idle(Time(119_000));
    assert!(fleet.source.turns());
    fleet.source.idle(Time(122_000));
    assert!(!fleet.source.turns());
    fleet.tick(200);
    assert!(!fleet.source.turns());
    fleet.doors[1].set(false);
    std::thread::sleep(Duration::from_millis(100));
    fleet.tick(201);
    assert!(fleet.source.turns(), "one answers");
    fleet.doors[0].set(false);
}

/// Reads well but for one tick, at which it panics.
struct Faulty {
    at: Time,
    /// What it panics with ends its thread, too.
    deadly: bool,
}

/// A panic that panics when it is thrown away.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("again");
    }
}

impl Endpoint for Faulty {
    fn read(&mut self, now: Time) -> Result<Taken, Trouble> {
        if now == self.at {
            if self.deadly {
                std::panic::panic_any(Bomb);
            }
            panic!("out of luck");
        }
        Ok(Taken { readings: vec![Reading::Event(Box::new(sample("n0", 0, now)))], hosts: Vec::new() })
    }
}

#[test]
fn a_panic_in_an_endpoint_is_its_trouble_and_no_more() {
    for deadly in [false, true] {
        let faulty = Box::new(Faulty { at: Time(2000), deadly }) as Box<dyn Endpoint>;
        // A panic takes a while where it tells its calls.
        let source = Endpoints::start(vec![("nvml".parse().unwrap(), faulty)], "here", 1000).unwrap();
        let mut source = source.patiently(Duration::from_secs(3));
        let mut tick = |second: i64| {
            let mut out = Vec::new();
            source.read(Time(second * 1000), &mut out).unwrap();
            (out.len(), source.hosts()[0].state.clone())
        };
        assert_eq!(tick(1).0, 1);
        let (count, state) = tick(2);
        assert_eq!(count, 0);
        if !deadly {
            assert_eq!(state, "a fault in gpuhm: out of luck");
        }
        assert_eq!(tick(3).0, 1, "the next tick reads it again, deadly or not: {deadly}");
        assert_ne!(tick(4).1, "a fault in gpuhm: out of luck");
    }
}
