//! A bus that fails as it is told to.

use std::sync::Mutex;

use gpuhm::bus::{Consumer, Join, Producer, TopicInfo};
use gpuhm::event::Time;

use super::*;

/// One partition of endless records; the next `failures` acts fail, and a reader that failed is good for nothing more.
#[derive(Debug, Clone, Default)]
struct Frail {
    failures: Arc<Mutex<u32>>,
    opened: Arc<Mutex<Vec<From>>>,
}

struct FrailReader {
    bus: Frail,
    at: i64,
    broken: bool,
}

fn failed() -> BusError {
    BusError::Failed { place: "frail".into(), what: "read", why: "it fell".into(), hint: None }
}

impl Frail {
    fn falls(&self) -> bool {
        let mut failures = self.failures.lock().unwrap();
        let falls = *failures > 0;
        *failures = failures.saturating_sub(1);
        falls
    }
}

impl Reader for FrailReader {
    fn read(&mut self, max: usize, _wait: Duration) -> Result<Vec<(i32, Record)>, BusError> {
        assert!(!self.broken, "a reader that failed was used again");
        let from = self.at;
        // Half of it is read, and lost with the reader.
        self.at += i64::try_from(max).unwrap();
        if self.bus.falls() {
            self.broken = true;
            return Err(failed());
        }
        let record = |offset| Record { offset, time: Time(0), key: Vec::new().into(), value: Vec::new().into() };
        Ok((from..self.at).map(|offset| (0, record(offset))).collect())
    }

    fn only(&mut self, _: &[i32]) -> Result<(), BusError> {
        Ok(())
    }

    fn positions(&self) -> BTreeMap<i32, i64> {
        [(0, self.at)].into()
    }

    fn ranges(&mut self) -> Result<Vec<(i64, i64)>, BusError> {
        Ok(vec![(0, 1000), (0, 0)])
    }
}

impl Bus for Frail {
    fn producer(&self) -> Result<Box<dyn Producer>, BusError> {
        Err(failed())
    }

    fn consumer(&self, _: &Join) -> Result<Box<dyn Consumer>, BusError> {
        Err(failed())
    }

    fn reader(&self, _: &str, from: From) -> Result<Box<dyn Reader>, BusError> {
        if self.falls() {
            return Err(failed());
        }
        let at = match &from {
            From::Cursors(cursors) => cursors[&0],
            _ => 7,
        };
        self.opened.lock().unwrap().push(from);
        Ok(Box::new(FrailReader { bus: self.clone(), at, broken: false }))
    }

    fn topics(&self) -> Result<Vec<TopicInfo>, BusError> {
        Err(failed())
    }

    fn lag(&self, _: &str, _: &str) -> Result<u64, BusError> {
        Err(failed())
    }

    fn members(&self, _: &str, _: &str) -> Result<Vec<String>, BusError> {
        Err(failed())
    }

    fn session(&self) -> Duration {
        Duration::ZERO
    }

    fn retain(&self, _: Time) -> Result<u64, BusError> {
        Err(failed())
    }
}

fn reading(bus: &Frail, longest: Duration, deadline: Option<Instant>) -> Result<Reading, Failure> {
    let patience = Patience { stop: Flag::default(), longest, deadline };
    Reading::open(Arc::new(bus.clone()), "gpu-alerts", &[], From::End, patience)
}

#[test]
fn goes_on_where_it_stopped() {
    let bus = Frail::default();
    let mut reading = reading(&bus, Duration::from_secs(30), None).unwrap();
    let mut seen = Vec::new();
    for failures in [0, 1, 0, 3, 2] {
        *bus.failures.lock().unwrap() = failures;
        seen.extend(reading.read(3, Duration::ZERO).unwrap().into_iter().map(|(_, record)| record.offset));
    }
    assert_eq!(seen, (7..22).collect::<Vec<_>>());
    let opened = bus.opened.lock().unwrap();
    assert_eq!(opened.first(), Some(&From::End));
    assert!(opened.iter().skip(1).all(|from| matches!(from, From::Cursors(_))), "{opened:?}");
}

#[test]
fn patience_ends() {
    let lost = |longest, deadline| {
        let bus = Frail { failures: Arc::new(Mutex::new(u32::MAX)), ..Frail::default() };
        let started = monotonic();
        let failure = reading(&bus, longest, deadline).err().unwrap();
        assert!(failure.text().contains("it fell") && !failure.is_stop(), "{failure:?}");
        started.elapsed()
    };
    assert!(lost(Duration::ZERO, None) < Duration::from_secs(1));
    assert!(lost(Duration::from_millis(300), None) >= Duration::from_millis(300));
    // What was to be over by then does not wait any longer.
    assert!(lost(Duration::from_mins(10), Some(monotonic())) < Duration::from_secs(5));
}

#[test]
fn partitions_that_are_not_read_do_not_count() {
    let patience = Patience { stop: Flag::default(), longest: Duration::ZERO, deadline: None };
    let mut reading = Reading::open(Arc::new(Frail::default()), "gpu-alerts", &[1], From::Beginning, patience).unwrap();
    assert_eq!(reading.ranges().unwrap(), [(1, (0, 0))].into());
}
