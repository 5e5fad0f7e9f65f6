//! What a field of an entity is at an instant, as the script says and the watches allow.

use serde_json::Number;

use crate::engine::Sampled;
use crate::fields::{Plain, blank, is_profiling, of_type};
use crate::finding::{Name, named};
use crate::layout::codes::{FIELD_COMPUTE_CAPABILITY, FIELD_UUID, FIELD_XID, NO_DATA, NOT_WATCHED, OK};
use crate::layout::{ENTITY_GPU, ENTITY_GPU_I, Entity, TYPE_DOUBLE};
use crate::script::{Blank, Spec};
use crate::world::Far;

/// 9.0: Hopper.
const CAPABILITY: i64 = 9 << 16;

/// One value as a callback gets it.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// Whose.
    pub(crate) entity: Entity,
    /// The field.
    pub(crate) field: u16,
    /// 0 or a code.
    pub(crate) status: i32,
    /// Microseconds since 1970.
    pub(crate) ts: i64,
    /// The value; to be ignored with a status.
    pub(crate) value: Plain,
}

/// The latest value.
pub(crate) fn latest(far: &Far<'_>, entity: Entity, field: u16) -> Sample {
    let make = |status, ts, value| Sample { entity, field, status, ts, value };
    let none = |status| make(status, 0, blank(field, Blank::Null));
    if field == FIELD_XID {
        return match xids(far, entity, 0) {
            None => none(NOT_WATCHED),
            Some(all) => all.last().cloned().unwrap_or_else(|| none(NO_DATA)),
        };
    }
    match far.engine.sampled(entity, field) {
        Some(sampled) => nth(far, entity, field, at(&sampled, far.now)),
        // Without a driver what is there is what was injected.
        None if far.script.no_driver && spec(far, entity, field).is_some() => {
            nth(far, entity, field, Poll { number: 2, ts: far.now, seconds: 0 })
        }
        None => none(NOT_WATCHED),
    }
}

/// A poll of the engine.
#[derive(Debug, Clone, Copy)]
struct Poll {
    /// Which, from 0.
    number: i64,
    /// When.
    ts: i64,
    /// Microseconds since the first.
    seconds: i64,
}

/// The last poll at an instant.
fn at(sampled: &Sampled, now: i64) -> Poll {
    let now = sampled.until.map_or(now, |until| until.min(now));
    let number = (now - sampled.since).max(0) / sampled.interval;
    let ts = sampled.since + number * sampled.interval;
    Poll { number, ts, seconds: ts - sampled.since }
}

fn nth(far: &Far<'_>, entity: Entity, field: u16, poll: Poll) -> Sample {
    let own = gpu(far, entity).and_then(|number| far.script.own(number));
    let ts = own.and_then(|own| own.frozen).map_or(poll.ts, |frozen| frozen.min(poll.ts));
    let make = |status, value| Sample { entity, field, status, ts, value };
    if let Some(status) = own.and_then(|own| own.status) {
        return make(status, blank(field, Blank::Null));
    }
    let kind = own.and_then(|own| own.blank).or(far.script.latched.then_some(Blank::Null));
    if let Some(kind) = kind.or((is_profiling(field) && poll.number == 0).then_some(Blank::Null)) {
        return make(OK, blank(field, kind));
    }
    match spec(far, entity, field) {
        Some(spec) => {
            let (status, value) = evaluate(&spec, field, poll);
            make(status, value)
        }
        None => make(OK, blank(field, Blank::NotSupported)),
    }
}

/// The number, from 0, of the GPU an entity belongs to.
fn gpu(far: &Far<'_>, entity: Entity) -> Option<u32> {
    match entity.group {
        ENTITY_GPU => far.script.number(entity.id),
        _ => far.script.mig.iter().find(|instance| instance.id == entity.id).map(|instance| instance.gpu),
    }
}

fn spec(far: &Far<'_>, entity: Entity, field: u16) -> Option<Spec> {
    let number = gpu(far, entity)?;
    let own = far.script.own(number).and_then(|own| own.fields.get(&field));
    if let Some(found) = own.or_else(|| far.script.fields.get(&field)) {
        return Some(found.clone());
    }
    let named = |which| Some(Spec::Text(named(far, number, which)));
    match field {
        1 => named(Name::Driver),
        50 => named(Name::Product),
        53 => named(Name::Serial),
        FIELD_UUID => named(Name::Uuid),
        57 => named(Name::Pci),
        52 => Some(Spec::Number(Number::from(number))),
        FIELD_COMPUTE_CAPABILITY => Some(Spec::Number(Number::from(CAPABILITY))),
        _ => None,
    }
}

fn evaluate(spec: &Spec, field: u16, poll: Poll) -> (i32, Plain) {
    match spec {
        Spec::Number(number) if of_type(field) == TYPE_DOUBLE => (OK, Plain::Real(number.as_f64().unwrap_or_default())),
        Spec::Number(number) => (OK, Plain::Int(number.as_i64().unwrap_or_default())),
        Spec::Text(text) => (OK, Plain::Text(text.clone())),
        Spec::Status { status } => (*status, blank(field, Blank::Null)),
        Spec::Blank { blank: kind } => (OK, blank(field, *kind)),
        Spec::Counter { from, per_second } => (OK, Plain::Int(from + per_second * poll.seconds / 1_000_000)),
        Spec::Sequence { sequence } => {
            let at = usize::try_from(poll.number).unwrap_or_default().min(sequence.len().saturating_sub(1));
            match sequence.get(at) {
                Some(one) => evaluate(one, field, poll),
                None => (OK, blank(field, Blank::Null)),
            }
        }
    }
}

/// XIDs of an entity since an instant; none where the field is not watched.
fn xids(far: &Far<'_>, entity: Entity, since: i64) -> Option<Vec<Sample>> {
    let sampled = far.engine.sampled(entity, FIELD_XID);
    if sampled.is_none() && !far.script.no_driver {
        return None;
    }
    // What was raised while nobody watched, nobody kept.
    let kept = |at: i64| at >= since && sampled.as_ref().is_none_or(|sampled| sampled.kept(at));
    let number = gpu(far, entity);
    let instance = (entity.group == ENTITY_GPU_I).then_some(entity.id);
    let mut found: Vec<Sample> = far
        .script
        .xids
        .iter()
        .filter(|xid| Some(xid.gpu) == number && xid.instance == instance && kept(xid.at) && xid.at <= far.now)
        .map(|xid| Sample { entity, field: FIELD_XID, status: OK, ts: xid.at, value: Plain::Int(xid.code) })
        .collect();
    found.sort_by_key(|xid| xid.ts);
    Some(found)
}

/// Every value since an instant: one without data where there is none, and nothing where the field is not watched.
pub(crate) fn since(far: &Far<'_>, entity: Entity, field: u16, since: i64) -> Option<Vec<Sample>> {
    let mut all = if field == FIELD_XID {
        xids(far, entity, since)?
    } else {
        let sampled = far.engine.sampled(entity, field)?;
        let last = at(&sampled, far.now);
        let first = ((since - sampled.since).max(0) + sampled.interval - 1) / sampled.interval;
        let poll = |number: i64| {
            let seconds = number * sampled.interval;
            nth(far, entity, field, Poll { number, ts: sampled.since + seconds, seconds })
        };
        (first..=last.number).map(poll).collect()
    };
    if all.is_empty() {
        let value = blank(field, Blank::Null);
        all.push(Sample { entity, field, status: NO_DATA, ts: 0, value });
    }
    Some(all)
}
