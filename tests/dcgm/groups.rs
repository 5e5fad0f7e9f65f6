//! Calls that make and remove groups, field groups and watches.

use std::ffi::{c_char, c_int, c_uint};

use crate::engine::Wanted;
use crate::fields::knows;
use crate::gate::call;
use crate::layout::codes::{BADPARAM, NVML_NOT_LOADED};
use crate::layout::{ENTITY_GPU_I, Entity, FieldGroup, Group, Handle, Return};
use crate::memory::{list, put, text};

/// Type of a group of all GPUs.
const OF_GPUS: c_int = 0;
/// Type of a group of all GPU instances.
const OF_INSTANCES: c_int = 3;

#[unsafe(no_mangle)]
extern "C" fn dcgmGroupCreate(handle: Handle, kind: c_int, _name: *const c_char, group: *mut Group) -> Return {
    call("dcgmGroupCreate", handle, |far| {
        let all = match kind {
            OF_GPUS => far.script.supported(),
            OF_INSTANCES => far.script.mig.iter().map(|one| Entity { group: ENTITY_GPU_I, id: one.id }).collect(),
            _ => Vec::new(),
        };
        put(group, far.engine.create_group(handle, all)?);
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn dcgmGroupAddEntity(handle: Handle, group: Group, kind: c_uint, id: c_uint) -> Return {
    call("dcgmGroupAddEntity", handle, |far| far.engine.add(far.script, group, Entity { group: kind, id }))
}

#[unsafe(no_mangle)]
extern "C" fn dcgmGroupDestroy(handle: Handle, group: Group) -> Return {
    call("dcgmGroupDestroy", handle, |far| far.engine.destroy_group(group))
}

#[unsafe(no_mangle)]
extern "C" fn dcgmFieldGroupCreate(
    handle: Handle,
    count: c_int,
    ids: *const u16,
    name: *const c_char,
    group: *mut FieldGroup,
) -> Return {
    call("dcgmFieldGroupCreate", handle, |far| {
        let ids = list(ids, usize::try_from(count).map_err(|_| BADPARAM)?);
        // One that is not known fails them all.
        if ids.iter().any(|id| !knows(far.version(), *id) || far.script.unknown.contains(id)) {
            return Err(BADPARAM);
        }
        put(group, far.engine.create_fields(handle, text(name), ids)?);
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn dcgmFieldGroupDestroy(handle: Handle, group: FieldGroup) -> Return {
    call("dcgmFieldGroupDestroy", handle, |far| far.engine.destroy_fields(group))
}

#[unsafe(no_mangle)]
extern "C" fn dcgmWatchFields(
    handle: Handle,
    group: Group,
    fields: FieldGroup,
    interval: i64,
    _keep_s: f64,
    _keep: c_int,
) -> Return {
    call("dcgmWatchFields", handle, |far| {
        far.engine.watch(far.script, &Wanted { by: handle, group, fields, interval }, far.now)
    })
}

#[unsafe(no_mangle)]
extern "C" fn dcgmUnwatchFields(handle: Handle, group: Group, fields: FieldGroup) -> Return {
    call("dcgmUnwatchFields", handle, |far| {
        far.engine.unwatch(far.script, group, fields, far.now);
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn dcgmUpdateAllFields(handle: Handle, _wait: c_int) -> Return {
    call("dcgmUpdateAllFields", handle, |far| if far.script.no_driver { Err(NVML_NOT_LOADED) } else { Ok(()) })
}
