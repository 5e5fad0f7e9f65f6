//! Host engines that are not there: a script for the stand-in library, and the real binary that collects through it.
//!
//! gpuhm probes an engine's port before it connects, so each engine has a listener here, which nobody serves.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use gpuhm::metric::{METRICS, Metric};
use serde_json::{Value, json};

use crate::process::{Home, Ran, Service, example, parsed, until};

/// How long something may take that takes a second or two.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Engines by number, each with 8 GPUs unless its script says otherwise.
pub(crate) struct World {
    pub(crate) home: Home,
    /// The script: change it, then [`World::write`].
    pub(crate) script: Value,
    ports: Vec<u16>,
    listeners: Vec<TcpListener>,
}

impl World {
    /// So many engines, all well, with values of every field.
    pub(crate) fn new(engines: usize) -> World {
        let listeners: Vec<TcpListener> = (0..engines).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<u16> = listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        let mut world = World { home: Home::new(), script: json!({"engines": {}}), ports, listeners };
        for nth in 0..engines {
            let address = world.address(nth);
            world.script["engines"][address] = json!({"version": "4.6.0", "fields": fields()});
        }
        world.write();
        world
    }

    fn address(&self, nth: usize) -> String {
        format!("127.0.0.1:{}", self.ports[nth])
    }

    /// The source of an engine, whose host is `node-N`.
    pub(crate) fn source(&self, nth: usize) -> String {
        format!("dcgm://{}#host=node-{nth}", self.address(nth))
    }

    /// An engine's script.
    pub(crate) fn engine(&mut self, nth: usize) -> &mut Value {
        let address = self.address(nth);
        &mut self.script["engines"][address]
    }

    /// What differs for a GPU.
    pub(crate) fn gpu(&mut self, nth: usize, gpu: u32) -> &mut Value {
        &mut self.engine(nth)["per_gpu"][gpu.to_string()]
    }

    /// Changes an engine, at once.
    pub(crate) fn set(&mut self, nth: usize, key: &str, value: Value) {
        self.engine(nth)[key] = value;
        self.write();
    }

    /// Nothing listens at an engine's port any more.
    pub(crate) fn close(&mut self) {
        self.listeners.clear();
    }

    /// Makes the script what it is here, in one step.
    pub(crate) fn write(&self) {
        let next = self.home.path("script.next");
        std::fs::write(&next, self.script.to_string()).unwrap();
        std::fs::rename(next, self.path()).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.home.path("script.json")
    }

    /// `gpuhm collect` of all engines, with more arguments.
    pub(crate) fn command(&self, more: &[&str]) -> Command {
        let mut command = self.home.command(&["collect"]);
        for nth in 0..self.ports.len() {
            command.args(["--source", &self.source(nth)]);
        }
        command.args(more);
        self.with(command)
    }

    /// A command that loads the stand-in.
    pub(crate) fn with(&self, mut command: Command) -> Command {
        command.env("GPUHM_LIBDCGM", standin()).env("GPUHM_STANDIN", self.path());
        command
    }

    /// Collects to the end.
    pub(crate) fn collect(&self, more: &[&str]) -> Ran {
        ended(self.command(more))
    }

    /// Collects to the end, which must be success.
    pub(crate) fn ok(&self, more: &[&str]) -> Told {
        let ran = self.collect(more);
        assert_eq!(ran.code, 0, "{more:?}: {}{}", ran.out, ran.err);
        Told::of(&ran.out, &ran.err)
    }

    /// A look at all engines.
    pub(crate) fn once(&self) -> Told {
        self.ok(&["--once", "-o", "jsonl"])
    }

    /// Collects every second until it is dropped.
    pub(crate) fn run(&self) -> Running {
        self.run_with(&["--interval", "1s"])
    }

    /// Collects with more arguments until it is dropped.
    pub(crate) fn run_with(&self, more: &[&str]) -> Running {
        let (out, err) = (self.home.path("out.jsonl"), self.home.path("err.txt"));
        let mut command = self.command(&[&["--sink", "-"], more].concat());
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        Running { service: Service::as_is(&mut command), out, err }
    }
}

/// The stand-in library, built once.
pub(crate) fn standin() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| example::library("dcgm_standin"))
}

/// Runs a command to its end.
pub(crate) fn ended(mut command: Command) -> Ran {
    let ran = crate::process::child::output(command.stdin(Stdio::null()), Duration::from_mins(1));
    assert!(ran.code != 101 && !ran.err.contains("panicked"), "a panic: {}", ran.err);
    ran
}

/// A collector that goes on.
pub(crate) struct Running {
    service: Service,
    out: PathBuf,
    err: PathBuf,
}

impl Running {
    /// What it has given so far.
    pub(crate) fn told(&self) -> Told {
        let read = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let out = read(&self.out);
        // The last line may be half written.
        let whole = out.rfind('\n').map_or("", |end| &out[..end]);
        Told::of(whole, &read(&self.err))
    }

    /// Waits until what it has given satisfies a condition.
    pub(crate) fn until(&mut self, what: &str, met: impl FnMut(&Told) -> bool) -> Told {
        self.within(PATIENCE, what, met)
    }

    /// The same of what may take longer.
    pub(crate) fn within(&mut self, patience: Duration, what: &str, mut met: impl FnMut(&Told) -> bool) -> Told {
        let mut told = self.told();
        let err = self.err.clone();
        let service = &mut self.service;
        let out = self.out.clone();
        until(&format!("{what}; {} has what was said", err.display()), patience, || {
            assert!(service.runs(), "{what}: it ended: {}", std::fs::read_to_string(&err).unwrap());
            let text = std::fs::read_to_string(&out).unwrap();
            let whole = text.rfind('\n').map_or("", |end| &text[..end]);
            told = Told::of(whole, &std::fs::read_to_string(&err).unwrap());
            std::thread::sleep(Duration::from_millis(40));
            met(&told)
        });
        told
    }

    pub(crate) fn signal(&self, name: &str) {
        self.service.signal(name);
    }

    /// SIGTERM, and its exit code.
    pub(crate) fn stopped(self) -> i32 {
        self.service.stopped(PATIENCE)
    }
}

/// What a collector gave: events, and what it said.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) samples: Vec<Value>,
    pub(crate) reports: Vec<Value>,
    pub(crate) said: String,
}

impl Told {
    pub(crate) fn of(out: &str, said: &str) -> Told {
        let (samples, reports) =
            out.lines().map(parsed).partition(|event: &Value| event["event_type"] == "gpu_metric_sample");
        Told { samples, reports, said: said.to_owned() }
    }

    /// Samples of a host.
    pub(crate) fn of_host(&self, nth: usize) -> Vec<&Value> {
        let host = format!("node-{nth}");
        self.samples.iter().filter(|sample| sample["host"]["hostname"] == host.as_str()).collect()
    }

    /// Samples of a GPU, by its index on the host.
    pub(crate) fn of_gpu(&self, nth: usize, gpu: u32) -> Vec<&Value> {
        self.of_host(nth).into_iter().filter(|sample| sample["gpu"]["device_index"] == gpu).collect()
    }

    /// States told of a host, in order.
    pub(crate) fn states(&self, nth: usize) -> Vec<String> {
        let host = format!("node-{nth}");
        let of = self.reports.iter().filter(|report| report["host"]["hostname"] == host.as_str());
        of.map(|report| report["collector"]["source_state"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The last report of a host.
    pub(crate) fn report(&self, nth: usize) -> &Value {
        let host = format!("node-{nth}");
        let mut of = self.reports.iter().rev();
        of.find(|report| report["host"]["hostname"] == host.as_str()).map_or(&Value::Null, |found| &found["collector"])
    }

    /// XIDs of a host: GPU's index, code.
    pub(crate) fn xids(&self, nth: usize) -> Vec<(i64, i64)> {
        let mut found = Vec::new();
        for sample in self.of_host(nth) {
            for xid in sample["metrics"]["errors"]["xids"].as_array().into_iter().flatten() {
                found.push((sample["gpu"]["device_index"].as_i64().unwrap(), xid["code"].as_i64().unwrap()));
            }
        }
        found
    }
}

/// A metric's value in a sample.
pub(crate) fn value<'s>(sample: &'s Value, metric: &Metric) -> &'s Value {
    &sample["metrics"][metric.block.key()][metric.name]
}

/// Metrics that DCGM has a field for, less the XIDs, with the values they have in these tests.
pub(crate) fn rows() -> Vec<(&'static Metric, u16, f64)> {
    let mut found = Vec::new();
    for (nth, metric) in METRICS.iter().enumerate() {
        let Some(field) = metric.dcgm.filter(|field| *field != 230) else { continue };
        let nth = u32::try_from(nth).unwrap();
        // Distinct as far as the range allows.
        let value = match metric.range.1 {
            top if top < 2.0 => 1.0,
            top if top < 100.0 => f64::from(nth % 14 + 1),
            _ => f64::from(nth + 3),
        };
        found.push((metric, field, value));
    }
    found
}

/// Those fields with what DCGM calls those values.
fn fields() -> Value {
    let mut all = serde_json::Map::new();
    for (metric, field, value) in rows() {
        let raw = value / metric.dcgm_factor;
        let whole = whole(raw);
        let is_real = (1001..=1008).contains(&field) || [155, 157, 162, 163, 164, 254].contains(&field);
        all.insert(field.to_string(), if is_real { json!(raw) } else { json!(whole) });
    }
    Value::Object(all)
}

/// The nearest whole number.
pub(crate) fn whole(value: f64) -> i64 {
    format!("{value:.0}").parse().unwrap()
}

/// Now, microseconds since 1970.
pub(crate) fn now_us() -> i64 {
    i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap()
}
