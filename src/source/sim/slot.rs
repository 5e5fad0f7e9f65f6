//! A slot of a simulated host: the board in it, what identifies that board, and the samples it gives.
//!
//! Apart from the host, because boards come and go and slots stay. Knows nothing of heat.

use std::borrow::Cow;

use super::board::{BUSES, Board};
use super::fault::{Kind, Scripted};
use super::fill;
use super::gpu::Gpu;
use super::random::Random;
use crate::event::{self, Body, Event, Quality, Time, Values, Xid};
use crate::source::identity;

const DRIVER: &str = "550.90.07";
/// Readings behind each profiling value.
const SAMPLES: i64 = 10;
/// Streams of boards that were put into a slot later lie so far apart.
const BOARD_STREAM: u64 = 1 << 16;

/// Where boards of a host come from.
#[derive(Debug, Clone)]
pub(super) struct Maker {
    /// The fleet's seed.
    pub(super) seed: u64,
    /// The host's number.
    pub(super) stream: u64,
    /// The host's name.
    pub(super) host: String,
    /// The kind of board.
    pub(super) board: &'static Board,
}

/// A GPU in its slot, with what identifies it.
#[derive(Debug)]
pub(super) struct Slot {
    /// The board.
    pub(super) gpu: Gpu,
    /// The slot's number.
    pub(super) index: usize,
    /// It answers again from so many ms after the first tick.
    pub(super) back_ms: i64,
    identity: event::Gpu<'static>,
    /// Boards that were in the slot before this one.
    boards: u64,
    /// What it reported last, for `frozen`.
    last: Option<Values>,
    /// What the driver reported since the sample before.
    xids: Vec<Xid>,
    /// Its last words are said.
    said: bool,
}

impl Maker {
    /// Slot `index` with the board that follows `boards` others.
    pub(super) fn slot(&self, index: usize, boards: u64) -> Slot {
        let mut random = Random::stream(self.seed, self.stream, index as u64 + boards * BOARD_STREAM);
        let serial = format!("165{:010}", random.number());
        Slot {
            gpu: Gpu::new(random, self.board),
            index,
            back_ms: i64::MIN,
            identity: self.identity(index, boards, serial),
            boards,
            last: None,
            xids: Vec::new(),
            said: false,
        }
    }

    fn identity(&self, index: usize, boards: u64, serial: String) -> event::Gpu<'static> {
        let place = if boards == 0 { index.to_string() } else { format!("{index}.{boards}") };
        let uuid = identity::gpu_uuid(&format!("sim-{}/{}", self.seed, self.host), &place);
        let bus = BUSES.get(index % BUSES.len()).copied().unwrap_or(0);
        event::Gpu {
            gpu_id: Some(Cow::Owned(identity::gpu_id(&uuid))),
            gpu_uuid: Some(Cow::Owned(uuid)),
            device_index: i64::try_from(index).ok(),
            pci_bus_id: Some(Cow::Owned(format!("{:04X}:{bus:02X}:00.0", index / BUSES.len()))),
            name: Some(Cow::Borrowed(self.board.name)),
            architecture: Some(Cow::Borrowed(self.board.architecture)),
            compute_capability: Some(Cow::Borrowed(self.board.capability)),
            serial: Some(Cow::Owned(serial)),
            driver_version: Some(Cow::Borrowed(DRIVER)),
            ..event::Gpu::default()
        }
    }
}

impl Slot {
    /// Begins and ends faults; puts another board in where one of them says so.
    pub(super) fn script(&mut self, maker: &Maker, start: Time, elapsed: i64) {
        self.gpu.script(start, elapsed, &mut self.xids);
        if self.gpu.swapped {
            // What befell the old board left with it.
            let to_come: Vec<Scripted> = self.gpu.faults.drain(..).filter(|fault| fault.on.is_none()).collect();
            let back_ms = self.back_ms;
            *self = maker.slot(self.index, self.boards + 1);
            self.back_ms = back_ms;
            self.gpu.faults = to_come;
            self.gpu.since.energy_mj = 0.0;
        }
    }

    /// Its sample, where it gives one: a GPU that is lost says why, and then nothing.
    pub(super) fn sample(&mut self, silent: bool, elapsed: i64) -> Option<Body<'static>> {
        let xids = std::mem::take(&mut self.xids);
        let lost = self.gpu.lost;
        if silent || elapsed < self.back_ms || (lost && self.said) {
            return None;
        }
        self.said = lost;
        Some(Body::Sample(self.identity.clone(), self.values(), xids))
    }

    fn values(&mut self) -> Values {
        if let (true, Some(last)) = (self.gpu.is(Kind::Frozen), &self.last) {
            return last.clone();
        }
        let values = fill::values(&self.gpu);
        // Only a script can freeze a GPU: the others need no copy.
        if !self.gpu.faults.is_empty() {
            self.last = Some(values.clone());
        }
        values
    }

    /// The event that carries its sample.
    pub(super) fn event(
        &self,
        now: Time,
        host: event::Host<'static>,
        body: Body<'static>,
        interval_ms: i64,
    ) -> Event<'static> {
        // A few milliseconds, the later slots later: what reading a board through a host engine takes.
        let latency_ms = 3 + i64::try_from(self.index).unwrap_or(0);
        let quality = Quality {
            latency_ms: Some(latency_ms),
            stale: Some(false),
            sample_count: Some(SAMPLES),
            interval_ms: Some(interval_ms),
            error: None,
        };
        Event::made(now, host, body, quality)
    }
}
