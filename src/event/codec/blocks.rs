//! The blocks of plain fields: each a table of keys and where their values go.

use serde::de::MapAccess;

use super::scalar::{Any, Context, Known, Scalar};
use crate::event::sample::{AssetBlock, Collector, Gpu, Host, Quality, Text};
use crate::event::values::whole;

/// A place for the value of a plain field, by the type the field wants.
pub(super) enum Slot<'s, 'de> {
    Text(&'s mut Option<Text<'de>>),
    Int(&'s mut Option<i64>),
    Bool(&'s mut Option<bool>),
}

/// Reads one value into its slot; a wrong type is a problem, null is absent.
fn fill(scalar: &Scalar<'_>, path: &str, key: &str, context: &mut Context<'_>, wanted: &str) {
    let shown = scalar.show();
    context.report("type", path, key, &shown, wanted);
}

fn read<'de, A: MapAccess<'de>>(
    map: &mut A,
    context: &mut Context<'_>,
    place: (&str, &str),
    slot: Option<Slot<'_, 'de>>,
) -> Result<(), A::Error> {
    let scalar = map.next_value_seed(Any(context))?;
    let (path, key) = place;
    match (slot, scalar) {
        (_, Scalar::Null) | (None, _) => {}
        (Some(Slot::Text(slot)), Scalar::Text(text)) => *slot = Some(text),
        (Some(Slot::Bool(slot)), Scalar::Bool(value)) => *slot = Some(value),
        (Some(Slot::Int(slot)), Scalar::Int(value)) => *slot = Some(value),
        (Some(Slot::Int(slot)), Scalar::Real(value)) if whole(value).is_some() => *slot = whole(value),
        (Some(Slot::Text(_)), other) => fill(&other, path, key, context, "must be a string"),
        (Some(Slot::Bool(_)), other) => fill(&other, path, key, context, "must be true or false"),
        (Some(Slot::Int(_)), other) => fill(&other, path, key, context, "must be a whole number"),
    }
    Ok(())
}

/// A block of plain fields: its path, its keys, and the slot of each key by its place among them (a key is compared
/// once; a test holds keys and slots together).
pub(super) trait Plain<'de> {
    const PATH: &'static str;
    const KEYS: &'static [&'static str];
    fn slot(&mut self, number: u32) -> Option<SlotOf<'_, 'de>>;
}

/// [`Slot`], nameable by the trait.
pub(super) struct SlotOf<'s, 'de>(pub(super) Slot<'s, 'de>);

fn text<'s, 'de>(slot: &'s mut Option<Text<'de>>) -> SlotOf<'s, 'de> {
    SlotOf(Slot::Text(slot))
}

fn int<'de>(slot: &mut Option<i64>) -> SlotOf<'_, 'de> {
    SlotOf(Slot::Int(slot))
}

/// Any [`Plain`] block is an object with known keys.
pub(super) struct Fields<'b, B>(pub(super) &'b mut B);

impl<'de, B: Plain<'de>> Known<'de> for Fields<'_, B> {
    fn path(&self) -> &'static str {
        B::PATH
    }

    fn known(&mut self, key: &str) -> Option<u32> {
        B::KEYS.iter().position(|known| *known == key).and_then(|at| u32::try_from(at).ok())
    }

    fn field<A: MapAccess<'de>>(
        &mut self,
        number: u32,
        map: &mut A,
        context: &mut Context<'_>,
    ) -> Result<(), A::Error> {
        let key = B::KEYS.get(number as usize).copied().unwrap_or_default();
        let slot = self.0.slot(number).map(|slot| slot.0);
        read(map, context, (B::PATH, key), slot)
    }
}

impl<'de> Plain<'de> for Gpu<'de> {
    const PATH: &'static str = "gpu";
    const KEYS: &'static [&'static str] = &[
        "gpu_id",
        "gpu_uuid",
        "device_index",
        "pci_bus_id",
        "name",
        "architecture",
        "compute_capability",
        "serial",
        "driver_version",
        "job",
    ];

    fn slot(&mut self, number: u32) -> Option<SlotOf<'_, 'de>> {
        Some(match number {
            0 => text(&mut self.gpu_id),
            1 => text(&mut self.gpu_uuid),
            2 => int(&mut self.device_index),
            3 => text(&mut self.pci_bus_id),
            4 => text(&mut self.name),
            5 => text(&mut self.architecture),
            6 => text(&mut self.compute_capability),
            7 => text(&mut self.serial),
            8 => text(&mut self.driver_version),
            9 => text(&mut self.job),
            _ => return None,
        })
    }
}

fn host_slot<'s, 'de>(host: &'s mut Host<'de>, number: u32) -> Option<SlotOf<'s, 'de>> {
    Some(match number {
        0 => text(&mut host.hostname),
        1 => text(&mut host.cluster),
        2 => text(&mut host.rack),
        3 => text(&mut host.datacenter),
        _ => return None,
    })
}

impl<'de> Plain<'de> for Host<'de> {
    const PATH: &'static str = "host";
    const KEYS: &'static [&'static str] = &["hostname", "cluster", "rack", "datacenter"];

    fn slot(&mut self, number: u32) -> Option<SlotOf<'_, 'de>> {
        host_slot(self, number)
    }
}

impl<'de> Plain<'de> for AssetBlock<'de> {
    const PATH: &'static str = "asset";
    const KEYS: &'static [&'static str] = &["hostname", "cluster", "rack", "datacenter", "model"];

    fn slot(&mut self, number: u32) -> Option<SlotOf<'_, 'de>> {
        if number == 4 { Some(text(&mut self.model)) } else { host_slot(&mut self.host, number) }
    }
}

impl<'de> Plain<'de> for Quality<'de> {
    const PATH: &'static str = "quality";
    const KEYS: &'static [&'static str] = &["collection_latency_ms", "stale", "sample_count", "interval_ms", "error"];

    fn slot(&mut self, number: u32) -> Option<SlotOf<'_, 'de>> {
        Some(match number {
            0 => int(&mut self.latency_ms),
            1 => SlotOf(Slot::Bool(&mut self.stale)),
            2 => int(&mut self.sample_count),
            3 => int(&mut self.interval_ms),
            4 => text(&mut self.error),
            _ => return None,
        })
    }
}

impl<'de> Plain<'de> for Collector<'de> {
    const PATH: &'static str = "collector";
    const KEYS: &'static [&'static str] = &[
        "ticks",
        "missed",
        "spool_bytes",
        "dropped",
        "gpus_seen",
        "gpus_expected",
        "source",
        "source_state",
        "version",
    ];

    fn slot(&mut self, number: u32) -> Option<SlotOf<'_, 'de>> {
        Some(match number {
            0 => int(&mut self.ticks),
            1 => int(&mut self.missed),
            2 => int(&mut self.spool_bytes),
            3 => int(&mut self.dropped),
            4 => int(&mut self.gpus_seen),
            5 => int(&mut self.gpus_expected),
            6 => text(&mut self.source),
            7 => text(&mut self.source_state),
            8 => text(&mut self.version),
            _ => return None,
        })
    }
}

/// One XID as it stands in the event.
#[derive(Debug, Default)]
pub(super) struct XidFields<'de> {
    pub(super) code: Option<i64>,
    pub(super) at: Option<Text<'de>>,
}

impl<'de> Plain<'de> for XidFields<'de> {
    const PATH: &'static str = "metrics.errors.xids";
    const KEYS: &'static [&'static str] = &["code", "at"];

    fn slot(&mut self, number: u32) -> Option<SlotOf<'_, 'de>> {
        Some(if number == 0 { int(&mut self.code) } else { text(&mut self.at) })
    }
}
