//! A GPU of an engine: which it is, by attributes read once a connection and by fields where attributes do not tell; and
//! its instances where MIG is on.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::convert::{Mean, Row};
use super::layout::codes::{
    ARCHITECTURE_UNKNOWN, ARCHITECTURES, FIELD_COMPUTE_CAPABILITY, FIELD_UUID, GPU_DETACHED, GPU_DISABLED,
    GPU_INACCESSIBLE, GPU_LOST,
};
use super::layout::{Attributes, ENTITY_GPU, ENTITY_GPU_CI, ENTITY_GPU_I, Entity, MigTree};
use super::plan::{FIELD_BUS, FIELD_INDEX, FIELD_NAME, FIELD_SERIAL};
use super::text::{bus_id, said, text};
use super::value::{Absent, Datum, Number};
use crate::event;
use crate::source::identity;

/// What an engine says of a made-up GPU.
const NO_UUID: &str = "GPU-00000000-0000-0000-0000-000000000000";

/// How a GPU is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It is read.
    Well,
    /// It has fallen off the bus.
    Lost,
    /// An administrator has detached it from the driver.
    Detached,
    /// The engine may not open it, or it is switched off.
    Closed,
    /// It answers nothing until it is reset.
    NeedsReset,
    /// Its values are old.
    Stale,
    /// Its values are blank, while others' are not.
    Blank,
}

impl State {
    /// By DCGM's number; what is unknown is well, as are made-up GPUs.
    pub(super) fn of(status: u32) -> State {
        match status {
            GPU_LOST => State::Lost,
            GPU_DETACHED => State::Detached,
            GPU_INACCESSIBLE | GPU_DISABLED => State::Closed,
            _ => State::Well,
        }
    }

    /// After "GPU 3".
    pub(super) fn word(self) -> &'static str {
        match self {
            State::Well => "ok",
            State::Lost => "lost",
            State::Detached => "detached",
            State::Closed => "not accessible",
            State::NeedsReset => "needs a reset",
            State::Stale => "gives no fresh values",
            State::Blank => "gives only blanks",
        }
    }

    /// The error of its last event.
    pub(super) fn error(self) -> Option<&'static str> {
        match self {
            State::Well => None,
            State::Lost => Some("the GPU is lost: it has fallen off the bus"),
            State::Detached => Some("the GPU is detached from the driver"),
            State::Closed => Some("the host engine cannot open the GPU"),
            State::NeedsReset => Some("the GPU needs a reset"),
            State::Stale => Some("the host engine has no fresh values of the GPU"),
            State::Blank => Some("the driver gives no value of the GPU"),
        }
    }
}

/// An instance of MIG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// DCGM's id of the GPU it is of.
    pub gpu: u32,
    /// NVML's id of the GPU instance.
    pub gi: u32,
    /// NVML's id of the compute instance, where it is one.
    pub ci: Option<u32>,
    /// NVML's profile id.
    pub profile: u32,
    /// Slices it has.
    pub slices: u32,
    /// UUID of the GPU, as MIG's tree tells it.
    pub uuid: String,
    /// What it is to DCGM.
    pub(super) entity: Entity,
}

/// A GPU of an engine.
#[derive(Debug, Default)]
pub(super) struct Device {
    /// DCGM's id, of this connection only.
    pub(super) id: u32,
    pub(super) identity: event::Gpu<'static>,
    pub(super) state: Option<State>,
    /// It is in the groups that are read.
    pub(super) grouped: bool,
    /// It was left out of them, since it could not be watched, whatever its state.
    pub(super) culled: bool,
    /// The state that its last event told.
    pub(super) told: Option<State>,
    /// Limits, read now and then.
    pub(super) limits: Row,
    /// Profiling values since the last tick.
    pub(super) mean: Mean,
    /// What this tick gave.
    pub(super) row: Row,
    /// Why fields were absent at the last tick.
    pub(super) absent: BTreeMap<u16, Absent>,
}

impl Device {
    /// What it is as far as its attributes tell.
    pub(super) fn new(id: u32, attributes: Option<&Attributes>, architecture: Option<u32>) -> Device {
        let mut gpu = event::Gpu { device_index: Some(i64::from(id)), ..event::Gpu::default() };
        if let Some(attributes) = attributes {
            let names = &attributes.identifiers;
            let own = |characters| said(&text(characters)).map(Cow::Owned);
            gpu.gpu_uuid = own(&names.uuid).filter(|uuid| uuid != NO_UUID);
            gpu.name = own(&names.name);
            gpu.serial = own(&names.serial);
            gpu.driver_version = own(&names.driver);
            gpu.pci_bus_id = said(&text(&names.pci_bus_id)).map(|bus| Cow::Owned(bus_id(&bus)));
        }
        let known = architecture.filter(|number| *number != ARCHITECTURE_UNKNOWN);
        gpu.architecture = known.and_then(named).map(Cow::Borrowed);
        Device { id, identity: gpu, ..Device::default() }
    }

    /// Learns from a field what the attributes did not tell.
    pub(super) fn learn(&mut self, datum: &Datum) {
        let gpu = &mut self.identity;
        let own = |text: Option<String>| text.map(Cow::Owned);
        match datum.field {
            FIELD_UUID if gpu.gpu_uuid.is_none() => gpu.gpu_uuid = own(datum.text().filter(|uuid| uuid != NO_UUID)),
            FIELD_NAME if gpu.name.is_none() => gpu.name = own(datum.text()),
            FIELD_SERIAL if gpu.serial.is_none() => gpu.serial = own(datum.text()),
            FIELD_BUS if gpu.pci_bus_id.is_none() => gpu.pci_bus_id = datum.text().map(|bus| Cow::Owned(bus_id(&bus))),
            FIELD_INDEX => {
                if let Ok(Number::Int(index)) = datum.number() {
                    gpu.device_index = Some(index);
                }
            }
            FIELD_COMPUTE_CAPABILITY => {
                if let Ok(Number::Int(both)) = datum.number() {
                    let (major, minor) = (both >> 16, both & 0xffff);
                    gpu.compute_capability = Some(Cow::Owned(format!("{major}.{minor}")));
                    if gpu.architecture.is_none() {
                        gpu.architecture = by_capability(major, minor).map(Cow::Borrowed);
                    }
                }
            }
            _ => {}
        }
    }

    /// Ends what is not known: a GPU without a UUID gets one of its host and index, the same in every run.
    pub(super) fn settle(&mut self, host: &str) {
        let index = self.index().to_string();
        let gpu = &mut self.identity;
        let uuid = gpu.gpu_uuid.get_or_insert_with(|| Cow::Owned(identity::gpu_uuid(host, &index)));
        gpu.gpu_id = Some(Cow::Owned(identity::gpu_id(uuid)));
    }

    /// Its UUID; empty before it is settled.
    pub(super) fn uuid(&self) -> &str {
        self.identity.gpu_uuid.as_deref().unwrap_or_default()
    }

    /// Its number for operators: NVML's, as nvidia-smi has it, else DCGM's.
    pub(super) fn index(&self) -> i64 {
        self.identity.device_index.unwrap_or(i64::from(self.id))
    }

    /// How it is.
    pub(super) fn state(&self) -> State {
        self.state.unwrap_or(State::Well)
    }
}

fn named(number: u32) -> Option<&'static str> {
    ARCHITECTURES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// The architecture of a compute capability.
fn by_capability(major: i64, minor: i64) -> Option<&'static str> {
    Some(match (major, minor) {
        (3, _) => "Kepler",
        (5, _) => "Maxwell",
        (6, _) => "Pascal",
        (7, 5) => "Turing",
        (7, _) => "Volta",
        (8, 9) => "Ada",
        (8, _) => "Ampere",
        (9, _) => "Hopper",
        (10 | 12, _) => "Blackwell",
        _ => return None,
    })
}

impl Instance {
    /// It as its GPU's event lists it.
    pub(super) fn told(&self) -> event::Instance<'static> {
        event::Instance {
            gpu_instance: i64::from(self.gi),
            compute_instance: self.ci.map(i64::from),
            profile: None,
            uuid: None,
        }
    }
}

/// The instances in MIG's tree, each with the GPU it is of; what has no GPU above it is left out.
pub(super) fn instances(tree: &MigTree) -> Vec<Instance> {
    let count = usize::try_from(tree.count).unwrap_or_default();
    let entries: Vec<_> = tree.entries.iter().take(count).collect();
    let gpu_of = |entity: Entity| {
        let mut at = entity;
        // A compute instance is of a GPU instance, which is of a GPU.
        for _ in 0..3 {
            if at.group == ENTITY_GPU {
                return Some(at.id);
            }
            at = entries.iter().find(|entry| entry.entity == at)?.parent;
        }
        None
    };
    let of = |entry: &&super::layout::MigEntry| {
        let compute = entry.entity.group == ENTITY_GPU_CI;
        if !compute && entry.entity.group != ENTITY_GPU_I {
            return None;
        }
        Some(Instance {
            gpu: gpu_of(entry.parent)?,
            gi: entry.instance,
            ci: compute.then_some(entry.compute),
            profile: entry.profile,
            slices: entry.slices,
            uuid: text(&entry.gpu_uuid),
            entity: entry.entity,
        })
    };
    entries.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests;
