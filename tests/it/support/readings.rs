//! What one simulated GPU shows as time passes, as events: temperatures about its limit, counters that begin again, XIDs,
//! memory errors, throttle bits and flags that stand for a while. Also what its host's collector reports.

use std::sync::LazyLock;

use bytes::Bytes;
use gpuhm::event::codec::encode;
use gpuhm::event::sample::{Host, SCHEMA_VERSION};
use gpuhm::event::{Body, Collector, Event, Gpu, Message, Quality, Time, Value, Values, Xid};
use gpuhm::metric::{self, ids};

use super::random::Rng;

static ENERGY: LazyLock<usize> = LazyLock::new(|| metric::index("energy_mj").unwrap());
static SBE: LazyLock<usize> = LazyLock::new(|| metric::index("ecc_sbe_volatile").unwrap());

/// A GPU and where it is.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    pub(crate) uuid: String,
    pub(crate) host: String,
    pub(crate) index: i64,
    /// Its slowdown temperature, where it names one.
    pub(crate) slowdown: Option<i64>,
    /// The source's interval in seconds.
    pub(crate) step: i64,
}

impl Board {
    pub(crate) fn new(rng: &mut Rng, number: i64, step: i64) -> Board {
        let (uuid, host) = (format!("GPU-{number:08x}"), format!("node-{}", number % 2));
        let slowdown = (!rng.chance(100)).then_some(90);
        Board { uuid, host, index: number / 2, slowdown, step }
    }
}

/// What it shows at one instant, and what drives that.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    temp: i64,
    /// Where its temperature tends to.
    aim: i64,
    power: i64,
    util: i64,
    energy: i64,
    sbe: i64,
    dbe: i64,
    pending: i64,
    throttle: i64,
    /// Readings left for which nothing changes.
    frozen: i64,
    xid: Option<i64>,
}

impl Walk {
    pub(crate) fn new(rng: &mut Rng) -> Walk {
        let (temp, energy) = (rng.pick(&[70, 84, 87]), rng.within(0, 100_000));
        let (power, util) = (300, 50);
        let (sbe, dbe, pending, throttle, frozen) = (0, 0, 0, 0, 0);
        Walk { temp, aim: temp, power, util, energy, sbe, dbe, pending, throttle, frozen, xid: None }
    }

    /// Lets one interval pass.
    pub(crate) fn pass(&mut self, rng: &mut Rng) {
        self.xid = rng.chance(6).then(|| rng.pick(&[13, 48, 79, 94, 999]));
        self.frozen -= 1;
        if self.frozen > 0 {
            return;
        }
        if rng.chance(4) {
            self.frozen = 40;
        }
        if rng.chance(30) {
            self.aim = rng.pick(&[70, 80, 86, 91]);
        }
        self.temp += (self.aim - self.temp).signum() * rng.within(0, 3) + rng.within(-1, 1);
        (self.power, self.util) = (rng.within(100, 690), rng.within(0, 100));
        self.energy += rng.pick(&[0, 0, 1000, 5000]);
        self.sbe += rng.pick(&[0, 0, 0, 1]);
        self.dbe += i64::from(rng.chance(4));
        if rng.chance(2) {
            self.pending = 1;
        }
        if rng.chance(25) {
            self.throttle ^= rng.pick(&[0x04, 0x20, 0x48, 0x80]);
        }
        if rng.chance(4) {
            (self.energy, self.sbe, self.dbe, self.pending) = (rng.within(0, 3), 0, 0, 0);
        }
    }

    /// The event of a reading at `time`.
    pub(crate) fn message(&self, topic: &'static str, board: &Board, time: Time) -> Message {
        let mut values = Values::default();
        let int = |number: i64| Value::Int(number);
        let real = |number: i64| Value::Real(Value::Int(number).real());
        values.set(ids::GPU_TEMP, real(self.temp));
        values.set(ids::POWER, Value::Real(Value::Int(self.power).real() + 0.37));
        values.set(ids::GPU_UTIL, real(self.util));
        values.set(ids::THROTTLE, int(self.throttle));
        values.set(*ENERGY, int(self.energy));
        values.set(*SBE, int(self.sbe));
        values.set(ids::DBE, int(self.dbe));
        values.set(ids::REMAP_PENDING, int(self.pending));
        if let Some(limit) = board.slowdown {
            values.set(ids::SLOWDOWN_TEMP, real(limit));
        }
        let xids = self.xid.map(|code| Xid { code, at: time.plus(-1500) });
        let gpu = Gpu {
            gpu_uuid: Some(board.uuid.clone().into()),
            device_index: Some(board.index),
            name: Some("NVIDIA H100 80GB HBM3".into()),
            ..Gpu::default()
        };
        let quality = Quality { interval_ms: Some(board.step * 1000), latency_ms: Some(7), ..Quality::default() };
        let body = Body::Sample(gpu, values, xids.into_iter().collect());
        let event = event(time, &board.host, body, quality);
        Message { topic, key: Bytes::from(board.uuid.clone()), value: bytes(&event) }
    }
}

/// The report of a host's collector.
pub(crate) fn report(topic: &'static str, host: &str, time: Time, ticks: i64) -> Message {
    let collector = Collector {
        ticks: Some(ticks),
        missed: Some(ticks / 7),
        gpus_seen: Some(2),
        source: Some("sim".into()),
        source_state: Some("ok".into()),
        ..Collector::default()
    };
    let event = event(time, host, Body::Collector(collector), Quality::default());
    Message { topic, key: Bytes::from(format!("host:{host}")), value: bytes(&event) }
}

fn event<'a>(time: Time, host: &'a str, body: Body<'a>, quality: Quality<'a>) -> Event<'a> {
    let host = Host { hostname: Some(host.into()), cluster: Some("c1".into()), ..Host::default() };
    Event { schema_version: Some(SCHEMA_VERSION.into()), time: Some(time), host, body, quality, ..Event::default() }
}

fn bytes(event: &Event<'_>) -> Bytes {
    let mut out = Vec::with_capacity(1024);
    encode(event, &mut out);
    Bytes::from(out)
}
