//! Calls that read values: the latest of a group, and all since an instant; a callback gets one value a call.

use std::ffi::c_void;

use crate::fields::{Plain, is_profiling, of_type};
use crate::gate::{Passed, pass};
use crate::layout::codes::{FUNCTION_NOT_FOUND, GROUP_IS_EMPTY, NOT_WATCHED, OK};
use crate::layout::{
    FIELD_VALUE, FieldGroup, FieldValue, Group, Handle, OnValue, Return, TYPE_DOUBLE, TYPE_INT, TYPE_STRING,
};
use crate::memory::{fixed, put, zeroed};
use crate::sample::{self, Sample};
use crate::spent::own;
use crate::world::world;

#[unsafe(no_mangle)]
extern "C" fn dcgmGetLatestValues_v2(
    handle: Handle,
    group: Group,
    fields: FieldGroup,
    callback: OnValue,
    user: *mut c_void,
) -> Return {
    let gather = |passed: Passed| {
        let mut world = world();
        let far = world.at(handle)?;
        let (entities, ids) = (far.engine.entities(far.script, group)?, far.engine.ids(fields)?);
        if entities.is_empty() {
            return Err(GROUP_IS_EMPTY);
        }
        if let Some(code) = far.script.profiling_read.filter(|_| ids.iter().any(|id| is_profiling(*id))) {
            return Err(code);
        }
        let pairs = entities.iter().flat_map(|entity| ids.iter().map(|id| (*entity, *id)));
        let found: Vec<Sample> = pairs.map(|(entity, id)| sample::latest(&far, entity, id)).collect();
        Ok((found, passed.fails))
    };
    let gathered = own(|| pass("dcgmGetLatestValues_v2", handle).and_then(gather));
    match gathered {
        Ok((found, fails)) => {
            // That the callback ends it is no failure.
            deliver(&found, callback, user);
            fails.unwrap_or(OK)
        }
        Err(code) => code,
    }
}

#[unsafe(no_mangle)]
extern "C" fn dcgmGetValuesSince_v2(
    handle: Handle,
    group: Group,
    fields: FieldGroup,
    since: i64,
    next: *mut i64,
    callback: OnValue,
    user: *mut c_void,
) -> Return {
    let gather = |passed: Passed| {
        let mut world = world();
        let far = world.at(handle)?;
        if crate::fields::version(far.library).0 > crate::fields::version(far.version()).0 {
            return Err(FUNCTION_NOT_FOUND);
        }
        let (entities, ids) = (far.engine.entities(far.script, group)?, far.engine.ids(fields)?);
        let mut found = Vec::new();
        for (entity, id) in entities.iter().flat_map(|entity| ids.iter().map(|id| (*entity, *id))) {
            match sample::since(&far, entity, id, since) {
                Some(mut samples) => found.append(&mut samples),
                // What came before it is delivered all the same.
                None => return Ok((found, Some(NOT_WATCHED), far.now)),
            }
        }
        Ok((found, passed.fails, far.now))
    };
    let gathered = own(|| pass("dcgmGetValuesSince_v2", handle).and_then(gather));
    match gathered {
        Ok((found, fails, now)) => {
            let all = deliver(&found, callback, user);
            put(next, if all && fails.is_none() { now + 1 } else { since });
            fails.unwrap_or(OK)
        }
        Err(code) => code,
    }
}

/// Calls back with each value, in one place of memory; says whether all were taken.
fn deliver(found: &[Sample], callback: OnValue, user: *mut c_void) -> bool {
    let mut place: Box<FieldValue> = Box::new(zeroed());
    // Bytes beyond the value are whatever was there.
    place.value.blob = [0xa5; 4096];
    for one in found {
        place.version = FIELD_VALUE;
        place.field = one.field;
        place.status = one.status;
        place.ts = one.ts;
        // With a status the type means nothing.
        place.ty = if one.status == OK { of_type(one.field) } else { TYPE_INT };
        match &one.value {
            Plain::Int(value) => place.value.int = *value,
            Plain::Real(value) => place.value.double = *value,
            Plain::Text(value) => place.value.text = fixed(value),
        }
        debug_assert!([TYPE_INT, TYPE_DOUBLE, TYPE_STRING].contains(&place.ty), "these are all it has");
        // SAFETY: the caller's function, called as DCGM calls it.
        let more = unsafe { callback(one.entity.group, one.entity.id, &raw mut *place, 1, user) };
        if more != 0 {
            return false;
        }
    }
    true
}
