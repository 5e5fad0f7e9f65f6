//! `tail` as people and scripts run it, on an embedded bus that a test fills as it likes.

mod cursor;
mod cursor_kills;
mod ends;
mod filters;
mod formats;
mod positions;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use gpuhm::bus::embedded::{Embedded, Options};
use gpuhm::bus::{ALERTS, Bus, PARTITIONS, RAW, key};
use gpuhm::event::Time;
use gpuhm::pipeline::clock::wall;
use serde_json::json;

use crate::bus_member::message;
use crate::process::{Home, Ran};

/// Longest wait for a process to show or do something.
const PATIENCE: Duration = Duration::from_mins(1);

/// A home with a bus in it, and the clock that stamps what reaches it.
struct Topic {
    home: Home,
    bus: Embedded,
    clock: Arc<AtomicI64>,
}

impl Topic {
    fn new() -> Topic {
        let home = Home::new();
        std::fs::create_dir_all(home.path("home")).unwrap();
        let clock = Arc::new(AtomicI64::new(wall().ms()));
        let stamp = clock.clone();
        let stamp = Arc::new(move || Time(stamp.load(Ordering::Relaxed)));
        let bus = Embedded::open(&home.bus(), stamp, Options::default()).unwrap();
        Topic { home, bus, clock }
    }

    fn send(&self, topic: &'static str, key: &str, values: &[&str]) {
        let messages: Vec<_> = values.iter().map(|value| message(topic, key, value)).collect();
        self.bus.producer().unwrap().send(&messages).unwrap();
    }

    /// Sends a sample named `name` of a GPU at an instant, which the bus gets at that instant, too.
    fn sample(&self, gpu: &str, name: &str, at: Time) {
        self.clock.store(at.ms(), Ordering::Relaxed);
        self.send(RAW, gpu, &[&json!({ "timestamp": at.to_string(), "name": name }).to_string()]);
    }

    /// Sends an alert.
    fn alert(&self, rule: &str, severity: &str, host: &str) {
        let gpu = format!("GPU-{host}-5fd4f087");
        let alert = json!({
            "schema_version": "1.0", "event_type": "gpu_alert", "alert_id": "a", "fingerprint": "f", "rule": rule,
            "status": "firing", "severity": severity,
            "gpu": { "gpu_uuid": gpu, "device_index": 3, "name": "H100" },
            "host": { "hostname": host, "cluster": "c1", "rack": format!("rack-of-{host}") },
            "since": "2026-11-24T07:00:00.000Z", "at": "2026-11-24T07:00:00.000Z",
            "summary": format!("{host} GPU 3: {rule} was seen"), "action": "look", "evidence": { "xid": 79 },
        });
        self.send(ALERTS, &gpu, &[&alert.to_string()]);
    }

    fn tail(&self, args: &[&str]) -> Ran {
        self.home.run(&[&["tail"][..], args].concat())
    }

    /// The member `name` of every line of samples that this prints.
    fn names(&self, args: &[&str]) -> Vec<String> {
        let ran = self.tail(&[&["-t", RAW, "-o", "jsonl", "--allow-empty"][..], args].concat());
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        let name = |line| serde_json::from_str::<serde_json::Value>(line).unwrap()["name"].as_str().unwrap().to_owned();
        ran.out.lines().map(name).collect()
    }
}

/// A key of each of so many partitions.
fn keys(count: usize) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let place = |key: &str| key::partition(key.as_bytes(), PARTITIONS);
    for n in 0.. {
        let new = format!("GPU-{n}");
        if keys.len() == count {
            break;
        }
        if keys.iter().all(|key| place(key) != place(&new)) {
            keys.push(new);
        }
    }
    keys
}
