//! One simulated host: its place, its GPUs in their slots, their common work and noise, and its samples.
//!
//! Power is settled for every GPU before any temperature, since slots warm each other. Host-wide faults live here.

use std::borrow::Cow;

use super::board::Board;
use super::fault::{Kind, Scripted};
use super::gpu::{Air, NOISE_S};
use super::random::{Random, along, decay};
use super::slot::{Maker, Slot};
use super::work::Work;
use crate::event::time::{MINUTE, SECOND};
use crate::event::{self, Time};
use crate::source::{HostReport, Reading};

/// Hosts in a rack.
pub(super) const RACK: usize = 8;
const CLUSTER: &str = "sim-cluster-1";
const DATACENTER: &str = "sim-dc-1";
/// How far ahead a skewed clock is, ms.
const SKEW: i64 = 10 * MINUTE;
/// After a reboot each GPU answers so much later than the one before it, ms (J): eight within a minute.
const BACK: i64 = 8 * SECOND;
/// How long nothing runs on a host that came back, s (J).
const REST_S: f64 = 120.0;
/// The streams of a host's work and of its other draws; its GPUs' own count from 0.
const WORK_STREAM: u64 = 1 << 32;
const HOST_STREAM: u64 = WORK_STREAM + 1;
/// Share of all limits from which the fans speed up for the whole host, and after how many seconds (D t3).
const FANS: (f64, f64) = (0.93, 90.0);
/// How soon a host without fans is hot, s (J).
const STILL_TAU_S: f64 = 90.0;
/// What is left of the host's noise where nothing runs on it (D b1: one value for minutes).
const IDLE_NOISE: f64 = 0.15;

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

/// A host.
#[derive(Debug)]
pub(super) struct Host {
    /// Its name.
    pub(super) name: String,
    number: usize,
    rack: String,
    maker: Maker,
    random: Random,
    work: Work,
    run_c: f64,
    common_c: f64,
    /// What the fans take away, °C.
    fans_c: f64,
    /// What the room adds, °C; unknown before the first tick.
    room_c: Option<f64>,
    /// How much of the air stands still, 0 to 1.
    still: f64,
    slots: Vec<Slot>,
    faults: Vec<Scripted>,
    seen: usize,
}

impl Host {
    /// Host `number` (from 0) with `gpus` boards of one kind.
    pub(super) fn new(seed: u64, number: usize, gpus: usize, board: &'static Board) -> Host {
        let name = format!("gpu-node-{:03}", number + 1);
        let stream = number as u64;
        let mut random = Random::stream(seed, stream, HOST_STREAM);
        let work = Work::new(Random::stream(seed, stream, WORK_STREAM), board);
        let maker = Maker { seed, stream, host: name.clone(), board };
        Host {
            slots: (0..gpus).map(|index| maker.slot(index, 0)).collect(),
            rack: format!("rack-{:02}", number / RACK + 1),
            run_c: board.common.0 * random.normal(),
            maker,
            random,
            work,
            number,
            common_c: 0.0,
            fans_c: 0.0,
            room_c: None,
            still: 0.0,
            faults: Vec::new(),
            seen: 0,
            name,
        }
    }

    /// How many GPUs it has.
    pub(super) fn gpus(&self) -> usize {
        self.slots.len()
    }

    /// Whether a script means this host: by its name, its number from 1, or its rack.
    pub(super) fn is_at(&self, place: &str) -> bool {
        let rack = |text: &str| text.parse() == Ok(self.number / RACK + 1);
        self.name == place
            || self.rack == place
            || place.parse() == Ok(self.number + 1)
            || place.strip_prefix("rack:").is_some_and(rack)
    }

    /// Adds a fault of the host or, with a kind that strikes GPUs, of one GPU or all.
    pub(super) fn script(&mut self, fault: &Scripted, gpu: Option<usize>) {
        if matches!(fault.kind, Kind::HostLost | Kind::ClockSkew | Kind::FanLoss | Kind::Reboot) {
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

    fn silent(&self) -> bool {
        self.is(Kind::HostLost) || self.is(Kind::Reboot)
    }

    /// Goes on to the tick and adds its samples.
    pub(super) fn tick(&mut self, tick: Tick, out: &mut Vec<Reading>) {
        let elapsed = tick.now.since(tick.start);
        self.befall(elapsed);
        let skew = if self.is(Kind::ClockSkew) { SKEW } else { 0 };
        let silent = self.silent();
        self.seen = 0;
        let (now, start) = (tick.now.plus(skew), tick.start.plus(skew));
        for slot in &mut self.slots {
            slot.script(&self.maker, start, elapsed);
        }
        self.heat(tick.seconds);
        for slot in &mut self.slots {
            slot.gpu.count(tick.seconds);
            let Some(body) = slot.sample(silent, elapsed) else {
                continue;
            };
            let place = event::Host {
                hostname: Some(Cow::Owned(self.name.clone())),
                cluster: Some(Cow::Borrowed(CLUSTER)),
                rack: Some(Cow::Owned(self.rack.clone())),
                datacenter: Some(Cow::Borrowed(DATACENTER)),
            };
            out.push(Reading::Event(Box::new(slot.event(now, place, body, tick.interval_ms))));
            self.seen += 1;
        }
    }

    /// Begins and ends the host's own faults.
    fn befall(&mut self, elapsed: i64) {
        for fault in &mut self.faults {
            match (fault.step(elapsed), fault.kind) {
                (Some(true), Kind::Reboot) => {
                    let until = fault.until_ms.unwrap_or(fault.from_ms);
                    self.work.rest(super::seconds(until.saturating_sub(elapsed)) + REST_S);
                }
                (Some(false), Kind::Reboot) => {
                    let mut back = fault.until_ms.unwrap_or(elapsed);
                    for slot in &mut self.slots {
                        slot.gpu.reset();
                        slot.back_ms = back;
                        back = back.saturating_add(BACK);
                    }
                }
                _ => {}
            }
        }
    }

    /// Work, then power of all GPUs, then temperature of all GPUs.
    fn heat(&mut self, seconds: f64) {
        let board = self.maker.board;
        let (run_sd, sd, left) = board.common;
        if self.work.step(seconds, board) {
            self.run_c = run_sd * self.random.normal();
        }
        let left = along(&[(0.0, 1.0), (NOISE_S, left), (15.0 * NOISE_S, 0.0)], seconds);
        self.common_c = left * self.common_c + sd * (1.0 - left * left).sqrt() * self.random.normal();
        let [first, second] = &self.work.halves;
        let half = self.slots.len().div_ceil(2);
        for slot in &mut self.slots {
            slot.gpu.draw_power(seconds, if slot.index < half { first } else { second });
        }
        let powers: Vec<f64> = self.slots.iter().map(|slot| slot.gpu.power_w).collect();
        let host_c = self.air(seconds, powers.iter().sum());
        for slot in &mut self.slots {
            let hot = board.hot.get(slot.index % board.hot.len()).copied().unwrap_or(false);
            let upstream_w = if hot { powers.get(slot.index ^ 1).copied().unwrap_or(0.0) } else { 0.0 };
            slot.gpu.draw_temperature(seconds, Air { upstream_w, host_c, still: self.still });
        }
    }

    /// What the host's air adds to every GPU's temperature, °C.
    fn air(&mut self, seconds: f64, watts: f64) -> f64 {
        let board = self.maker.board;
        let all: f64 = self.slots.iter().map(|_| board.limit_w).sum();
        let wanted = if watts >= FANS.0 * all { board.fans_c } else { 0.0 };
        self.fans_c = wanted + (self.fans_c - wanted) * decay(seconds, FANS.1);
        let wanted = f64::from(u8::from(self.is(Kind::FanLoss)));
        self.still = wanted + (self.still - wanted) * decay(seconds, STILL_TAU_S);
        let busy = self.work.halves.iter().any(|half| half.job.is_some());
        let wanted = if busy { board.room_c } else { 0.0 };
        let room_c = wanted + (self.room_c.unwrap_or(wanted) - wanted) * decay(seconds, FANS.1);
        self.room_c = Some(room_c);
        self.run_c + self.common_c * if busy { 1.0 } else { IDLE_NOISE } - self.fans_c + room_c
    }

    /// Its report, where it still speaks.
    pub(super) fn report(&self) -> Option<HostReport> {
        if self.silent() {
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
            missed: 0,
            guessed: false,
            expected: Some(count(self.slots.len())),
            state,
            kind: None,
        })
    }
}
