//! One simulated host: its place, its GPUs in their slots, their common work and noise, and its samples.
//!
//! Power is settled for every GPU before any temperature, since slots warm each other. Host-wide faults live here.

use std::borrow::Cow;

use super::board::{BUSES, Board, of_rack};
use super::fault::{Kind, Scripted};
use super::fill;
use super::gpu::{Gpu, NOISE_S};
use super::random::{Random, along};
use super::work::Work;
use crate::event::sample::SCHEMA_VERSION;
use crate::event::time::MINUTE;
use crate::event::{self, Body, Event, Quality, Time, Values, Xid};
use crate::source::{HostReport, Reading, identity};

/// Hosts in a rack.
const RACK: usize = 8;
const CLUSTER: &str = "sim-cluster-1";
const DATACENTER: &str = "sim-dc-1";
const DRIVER: &str = "550.90.07";
/// How far ahead a skewed clock is, ms.
const SKEW: i64 = 10 * MINUTE;
/// The streams of a host's work and of its other draws; its GPUs' own count from 0.
const WORK_STREAM: u64 = 1 << 32;
const HOST_STREAM: u64 = WORK_STREAM + 1;
/// Readings behind each profiling value.
const SAMPLES: i64 = 10;

/// A tick, as every host sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tick {
    /// The instant.
    pub(super) now: Time,
    /// The first tick.
    pub(super) start: Time,
    /// Seconds since the tick before.
    pub(super) seconds: f64,
    /// The interval, ms.
    pub(super) interval_ms: i64,
}

/// A GPU in its slot, with what identifies it.
#[derive(Debug)]
struct Slot {
    gpu: Gpu,
    index: usize,
    identity: event::Gpu<'static>,
    /// What it reported last, for `frozen`.
    last: Option<Values>,
    /// What the driver reported since the sample before.
    xids: Vec<Xid>,
    /// Its last words are said.
    lost: bool,
}

/// A host.
#[derive(Debug)]
pub(super) struct Host {
    /// Its name.
    pub(super) name: String,
    rack: String,
    board: &'static Board,
    random: Random,
    work: Work,
    run_c: f64,
    common_c: f64,
    slots: Vec<Slot>,
    faults: Vec<Scripted>,
    seen: usize,
}

impl Host {
    /// Host `number` (from 0) with `gpus` GPUs.
    pub(super) fn new(seed: u64, number: usize, gpus: usize) -> Host {
        let name = format!("gpu-node-{:03}", number + 1);
        let rack = number / RACK + 1;
        let board = of_rack(rack);
        let stream = number as u64;
        let mut random = Random::stream(seed, stream, HOST_STREAM);
        let work = Work::new(Random::stream(seed, stream, WORK_STREAM), board);
        let run_c = board.common.0 * random.normal();
        let slots = (0..gpus).map(|index| {
            let mut own = Random::stream(seed, stream, index as u64);
            let serial = format!("165{:010}", own.number());
            let gpu = Gpu::new(own, board);
            let identity = identity(seed, &name, index, serial, board);
            Slot { gpu, index, identity, last: None, xids: Vec::new(), lost: false }
        });
        Host {
            slots: slots.collect(),
            rack: format!("rack-{rack:02}"),
            board,
            random,
            work,
            run_c,
            common_c: 0.0,
            faults: Vec::new(),
            seen: 0,
            name,
        }
    }

    /// How many GPUs it has.
    pub(super) fn gpus(&self) -> usize {
        self.slots.len()
    }

    /// Adds a fault of the host or, with a kind that strikes GPUs, of one GPU or all.
    pub(super) fn script(&mut self, fault: &Scripted, gpu: Option<usize>) {
        if matches!(fault.kind, Kind::HostLost | Kind::ClockSkew) {
            self.faults.push(fault.clone());
            return;
        }
        for slot in &mut self.slots {
            if gpu.is_none_or(|gpu| gpu == slot.index) {
                slot.gpu.faults.push(fault.clone());
            }
        }
    }

    fn is(&self, kind: Kind) -> bool {
        self.faults.iter().any(|fault| fault.on == Some(true) && fault.kind == kind)
    }

    /// Goes on to the tick and adds its samples.
    pub(super) fn tick(&mut self, tick: Tick, out: &mut Vec<Reading>) {
        let elapsed = tick.now.since(tick.start);
        for fault in &mut self.faults {
            fault.step(elapsed);
        }
        let skew = if self.is(Kind::ClockSkew) { SKEW } else { 0 };
        let silent = self.is(Kind::HostLost);
        self.seen = 0;
        let (now, start) = (tick.now.plus(skew), tick.start.plus(skew));
        for slot in &mut self.slots {
            slot.gpu.script(start, elapsed, &mut slot.xids);
        }
        self.heat(tick.seconds);
        for slot in &mut self.slots {
            slot.gpu.count(tick.seconds);
            let xids = std::mem::take(&mut slot.xids);
            let lost = slot.gpu.is(Kind::GpuLost);
            if silent || (lost && slot.lost) {
                continue;
            }
            slot.lost = lost;
            let values = slot.values(self.board);
            let place = event::Host {
                hostname: Some(Cow::Owned(self.name.clone())),
                cluster: Some(Cow::Borrowed(CLUSTER)),
                rack: Some(Cow::Owned(self.rack.clone())),
                datacenter: Some(Cow::Borrowed(DATACENTER)),
            };
            let body = Body::Sample(slot.identity.clone(), values, xids);
            out.push(Reading::Event(Box::new(event(now, place, body, slot.index, tick.interval_ms))));
            self.seen += 1;
        }
    }

    /// Work, then power of all GPUs, then temperature of all GPUs.
    fn heat(&mut self, seconds: f64) {
        let board = self.board;
        let (run_sd, sd, left) = board.common;
        if self.work.step(seconds, board) {
            self.run_c = run_sd * self.random.normal();
        }
        let left = along(&[(0.0, 1.0), (NOISE_S, left), (15.0 * NOISE_S, 0.0)], seconds);
        self.common_c = left * self.common_c + sd * (1.0 - left * left).sqrt() * self.random.normal();
        let [first, second] = &self.work.halves;
        let half = self.slots.len().div_ceil(2);
        for slot in &mut self.slots {
            slot.gpu.draw_power(if slot.index < half { first } else { second });
        }
        let powers: Vec<f64> = self.slots.iter().map(|slot| slot.gpu.power_w).collect();
        let host_c = self.run_c + self.common_c;
        for slot in &mut self.slots {
            let hot = board.hot.get(slot.index % board.hot.len()).copied().unwrap_or(false);
            let upstream = if hot { powers.get(slot.index ^ 1).copied() } else { None };
            slot.gpu.draw_temperature(seconds, upstream.unwrap_or(0.0), host_c);
        }
    }

    /// Its report, where it still speaks.
    pub(super) fn report(&self) -> Option<HostReport> {
        if self.is(Kind::HostLost) {
            return None;
        }
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let state = match self.slots.len() - self.seen.min(self.slots.len()) {
            0 => "ok".to_owned(),
            silent => format!("{silent} of {} GPUs do not answer", self.slots.len()),
        };
        Some(HostReport {
            hostname: self.name.clone(),
            place: [Some(CLUSTER.to_owned()), Some(self.rack.clone()), Some(DATACENTER.to_owned())],
            seen: count(self.seen),
            expected: Some(count(self.slots.len())),
            state,
        })
    }
}

impl Slot {
    fn values(&mut self, board: &Board) -> Values {
        if let (true, Some(last)) = (self.gpu.is(Kind::Frozen), &self.last) {
            return last.clone();
        }
        let values = fill::values(&self.gpu, board);
        // Only a script can freeze a GPU: the others need no copy.
        if !self.gpu.faults.is_empty() {
            self.last = Some(values.clone());
        }
        values
    }
}

fn identity(seed: u64, host: &str, index: usize, serial: String, board: &'static Board) -> event::Gpu<'static> {
    let uuid = identity::gpu_uuid(&format!("sim-{seed}/{host}"), &index.to_string());
    let bus = BUSES.get(index % BUSES.len()).copied().unwrap_or(0);
    event::Gpu {
        gpu_id: Some(Cow::Owned(short(&uuid))),
        gpu_uuid: Some(Cow::Owned(uuid)),
        device_index: i64::try_from(index).ok(),
        pci_bus_id: Some(Cow::Owned(format!("{:04X}:{bus:02X}:00.0", index / BUSES.len()))),
        name: Some(Cow::Borrowed(board.name)),
        architecture: Some(Cow::Borrowed(board.architecture)),
        compute_capability: Some(Cow::Borrowed(board.capability)),
        serial: Some(Cow::Owned(serial)),
        driver_version: Some(Cow::Borrowed(DRIVER)),
    }
}

/// `GPU-` and the first twelve digits, as the seed shortens a UUID.
fn short(uuid: &str) -> String {
    let digits = uuid.trim_start_matches("GPU-").chars().filter(|c| *c != '-').take(12);
    format!("GPU-{}", digits.collect::<String>())
}

fn event(now: Time, host: event::Host<'static>, body: Body<'static>, index: usize, interval_ms: i64) -> Event<'static> {
    // A few milliseconds, the later slots later: what reading a board through a host engine takes.
    let latency_ms = 3 + i64::try_from(index).unwrap_or(0);
    Event {
        schema_version: Some(Cow::Borrowed(SCHEMA_VERSION)),
        time: Some(now),
        collected: Some(now),
        processed: Some(now.plus(latency_ms)),
        host,
        asset: None,
        body,
        quality: Quality {
            latency_ms: Some(latency_ms),
            stale: Some(false),
            sample_count: Some(SAMPLES),
            interval_ms: Some(interval_ms),
            error: None,
        },
    }
}
