//! Calls that find what an engine has: GPUs, their states and attributes, instances of MIG.

use std::ffi::{c_int, c_uint};

use crate::fields::version;
use crate::gate::call;
use crate::layout::codes::{
    BLANK_CUT, BLANK_INT32, GPU_FAKE, INSUFFICIENT_SIZE, MODULE_NOT_LOADED, NOT_SUPPORTED, NVML_NOT_LOADED,
    VER_MISMATCH,
};
use crate::layout::{
    ATTRIBUTES, Attributes, ENTITY_GPU, ENTITY_GPU_I, Entity, Handle, MAX_GPUS, MIG_TREE, MigEntry, MigTree,
    ONLY_SUPPORTED, Return,
};
use crate::memory::{fill, fixed, get, put, zeroed};
use crate::script::EngineScript;
use crate::world::Far;

/// Hopper.
const ARCHITECTURE: u32 = 9;

#[unsafe(no_mangle)]
extern "C" fn dcgmGetAllSupportedDevices(handle: Handle, ids: *mut c_uint, count: *mut c_int) -> Return {
    call("dcgmGetAllSupportedDevices", handle, |far| {
        if far.script.no_driver && version(far.version()) < (4, 0) {
            return Err(NVML_NOT_LOADED);
        }
        let found: Vec<u32> = far.script.supported().iter().map(|entity| entity.id).take(MAX_GPUS).collect();
        fill(ids, &found);
        put(count, c_int::try_from(found.len()).unwrap_or_default());
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn dcgmGetEntityGroupEntities(
    handle: Handle,
    group: c_uint,
    ids: *mut c_uint,
    count: *mut c_int,
    flags: c_uint,
) -> Return {
    call("dcgmGetEntityGroupEntities", handle, |far| {
        let found: Vec<u32> = match group {
            ENTITY_GPU if flags & ONLY_SUPPORTED != 0 => far.script.supported().iter().map(|one| one.id).collect(),
            ENTITY_GPU => far.script.ids().collect(),
            ENTITY_GPU_I => far.script.mig.iter().map(|instance| instance.id).collect(),
            0 | 2 => return Err(NOT_SUPPORTED),
            _ => return Err(MODULE_NOT_LOADED),
        };
        let room = get(count).and_then(|room| usize::try_from(room).ok()).unwrap_or_default();
        put(count, c_int::try_from(found.len()).unwrap_or_default());
        if room < found.len() {
            return Err(INSUFFICIENT_SIZE);
        }
        fill(ids, &found);
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn dcgmGetGpuStatus(handle: Handle, gpu: c_uint, status: *mut c_uint) -> Return {
    call("dcgmGetGpuStatus", handle, |far| {
        put(status, far.script.state(gpu));
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn dcgmGetGpuChipArchitecture(handle: Handle, gpu: c_uint, architecture: *mut c_uint) -> Return {
    call("dcgmGetGpuChipArchitecture", handle, |far| {
        let unknown = far.script.no_driver || far.script.number(gpu).is_none();
        put(architecture, if unknown { u32::MAX } else { far.script.architecture.unwrap_or(ARCHITECTURE) });
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn dcgmGetDeviceAttributes(handle: Handle, gpu: c_uint, attributes: *mut Attributes) -> Return {
    call("dcgmGetDeviceAttributes", handle, |far| {
        if get(attributes.cast::<u32>().cast_const()) != Some(ATTRIBUTES) {
            return Err(VER_MISMATCH);
        }
        put(attributes, describe(far, gpu));
        Ok(())
    })
}

fn describe(far: &Far<'_>, gpu: u32) -> Attributes {
    let mut told: Attributes = zeroed();
    told.version = ATTRIBUTES;
    let Some(number) = far.script.number(gpu) else { return told };
    let named = |which: Name| named(far, number, which);
    // A made-up GPU has texts that are blank and the UUID that all of them have.
    let fake = far.script.state(gpu) == GPU_FAKE;
    let out = &mut told.identifiers;
    out.brand = fixed("Tesla");
    out.name = fixed(&if fake { "<<<NULL>>>".to_owned() } else { named(Name::Product) });
    out.pci_bus_id = fixed(&if fake { String::new() } else { named(Name::Pci) });
    out.serial = fixed(&if fake { "<<<NULL>>>".to_owned() } else { named(Name::Serial) });
    let nobody = "GPU-00000000-0000-0000-0000-000000000000".to_owned();
    out.uuid = fixed(&if fake { nobody } else { named(Name::Uuid) });
    out.vbios = fixed("<<<NOT_SUPPORTED>>>");
    out.inforom = fixed("<<<NULL>>>");
    out.driver = fixed(&if fake { "<<<NULL>>>".to_owned() } else { named(Name::Driver) });
    (out.pci_device_id, out.pci_subsystem_id) = (BLANK_CUT, BLANK_CUT);
    out.virtualization = BLANK_INT32;
    (told.thermals.slowdown_c, told.thermals.shutdown_c) = (BLANK_INT32, BLANK_INT32);
    for watts in [&mut told.power.current, &mut told.power.default, &mut told.power.enforced] {
        *watts = BLANK_INT32;
    }
    told
}

/// What a GPU is called by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Name {
    /// UUID.
    Uuid,
    /// Product.
    Product,
    /// Serial number.
    Serial,
    /// Bus id.
    Pci,
    /// Driver version.
    Driver,
}

/// A name of a GPU, by its number.
pub(crate) fn named(far: &Far<'_>, number: u32, which: Name) -> String {
    let script: &EngineScript = far.script;
    let own = script.own(number).and_then(|own| own.uuid.clone());
    let port: u32 = far.name.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default();
    let pattern = match which {
        Name::Uuid => own.or_else(|| script.uuid.clone()),
        Name::Product => script.name.clone(),
        Name::Serial => script.serial.clone(),
        Name::Pci => script.pci.clone(),
        Name::Driver => script.driver.clone(),
    };
    let pattern = pattern.unwrap_or_else(|| match which {
        Name::Uuid => format!("GPU-{number:04x}{port:04x}-0000-4000-8000-{number:012x}"),
        Name::Product => "NVIDIA H100 80GB HBM3".to_owned(),
        Name::Serial => format!("{port:05}{number:08}"),
        Name::Pci => format!("00000000:{:02X}:00.0", 0x1B + number),
        Name::Driver => "550.54.15".to_owned(),
    });
    pattern.replace("{g}", &number.to_string())
}

#[unsafe(no_mangle)]
extern "C" fn dcgmGetGpuInstanceHierarchy(handle: Handle, tree: *mut MigTree) -> Return {
    call("dcgmGetGpuInstanceHierarchy", handle, |far| {
        if get(tree.cast::<u32>().cast_const()) != Some(MIG_TREE) {
            return Err(VER_MISMATCH);
        }
        if far.script.no_driver {
            return Err(NVML_NOT_LOADED);
        }
        let mut told: Box<MigTree> = Box::new(zeroed());
        told.version = MIG_TREE;
        for (entry, instance) in told.entries.iter_mut().zip(&far.script.mig) {
            *entry = MigEntry {
                entity: Entity { group: ENTITY_GPU_I, id: instance.id },
                parent: Entity { group: ENTITY_GPU, id: far.script.first_id + instance.gpu },
                gpu_uuid: fixed(&named(far, instance.gpu, Name::Uuid)),
                gpu_index: instance.gpu,
                instance: instance.instance,
                compute: 0,
                profile: instance.profile,
                slices: instance.slices,
            };
        }
        told.count = u32::try_from(far.script.mig.len()).unwrap_or_default();
        put(tree, *told);
        Ok(())
    })
}
