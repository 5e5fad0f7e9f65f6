//! A stand-in for the driver's library: two GPUs with fixed values, and what a script beside the library does to them.
//!
//! It exports what the NVML source calls, so that tests load it as they would load the real one. It is for faults; it proves no
//! layout: its structs are those of the bindings that the source uses too. A file `script` in its own directory is read at every
//! look: `lost N` (GPU N fell off the bus), `mute N` (it is there, and each call about it fails), `xid N CODE` (raised once a line), `gone` (the driver was unloaded).
#![expect(unsafe_code, reason = "it is a C library")]
#![expect(non_snake_case, reason = "the names are NVML's")]

mod answers;
mod script;

use std::ffi::{c_char, c_uint, c_ulonglong};

use nvml_wrapper_sys::bindings::{
    nvmlDevice_t, nvmlEventData_t, nvmlEventSet_t, nvmlFieldValue_t, nvmlMemory_v2_t, nvmlPciInfo_t, nvmlUtilization_t,
    nvmlViolationTime_t,
};

use script::Script;

pub(crate) const OK: u32 = 0;
const UNINITIALIZED: u32 = 1;
const INVALID: u32 = 2;
const NOT_SUPPORTED: u32 = 3;
const TIMEOUT: u32 = 10;
const LOST: u32 = 15;
const UNKNOWN: u32 = 999;

/// How many GPUs there are.
const GPUS: u32 = 2;

/// A GPU's handle; never followed.
fn handle(index: u32) -> nvmlDevice_t {
    std::ptr::without_provenance_mut(index as usize + 1)
}

/// Which GPU a handle is, where it is still there and answers.
fn gpu(device: nvmlDevice_t) -> Result<u32, u32> {
    let index = there(device)?;
    if Script::now().mute.contains(&index) { Err(UNKNOWN) } else { Ok(index) }
}

/// Which GPU a handle is, where it is still there.
fn there(device: nvmlDevice_t) -> Result<u32, u32> {
    let index =
        u32::try_from(device.addr()).unwrap_or(0).checked_sub(1).filter(|index| *index < GPUS).ok_or(INVALID)?;
    let script = Script::now();
    if script.gone {
        return Err(UNINITIALIZED);
    }
    if script.lost.contains(&index) { Err(LOST) } else { Ok(index) }
}

/// Writes an answer about a GPU.
pub(crate) fn answer<T>(device: nvmlDevice_t, out: *mut T, of: impl FnOnce(u32) -> Option<T>) -> u32 {
    match gpu(device).map(of) {
        Ok(Some(value)) => {
            // SAFETY: NVML's callers give a place for the answer.
            unsafe { out.write(value) };
            OK
        }
        Ok(None) => NOT_SUPPORTED,
        Err(code) => code,
    }
}

/// Writes a text of at most `len` bytes with its NUL.
fn text(text: &str, out: *mut c_char, len: c_uint) -> u32 {
    for (at, byte) in text.bytes().chain([0]).enumerate().take(len as usize) {
        // SAFETY: the caller's buffer has `len` bytes.
        unsafe { out.wrapping_add(at).write(byte.cast_signed()) };
    }
    OK
}

#[unsafe(no_mangle)]
extern "C" fn nvmlInit_v2() -> u32 {
    if Script::now().gone { 9 } else { OK }
}

#[unsafe(no_mangle)]
extern "C" fn nvmlShutdown() -> u32 {
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetCount_v2(out: *mut c_uint) -> u32 {
    // SAFETY: the caller gives a place for the answer.
    unsafe { out.write(GPUS) };
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlSystemGetDriverVersion(out: *mut c_char, len: c_uint) -> u32 {
    text("580.95.05", out, len)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(index: c_uint, out: *mut nvmlDevice_t) -> u32 {
    match there(handle(index)) {
        Ok(index) => {
            // SAFETY: the caller gives a place for the answer.
            unsafe { out.write(handle(index)) };
            OK
        }
        Err(code) => code,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetUUID(device: nvmlDevice_t, out: *mut c_char, len: c_uint) -> u32 {
    match gpu(device) {
        Ok(index) => text(&format!("GPU-00000000-0000-4000-8000-00000000000{index}"), out, len),
        Err(code) => code,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetName(device: nvmlDevice_t, out: *mut c_char, len: c_uint) -> u32 {
    gpu(device).map_or_else(|code| code, |_| text("NVIDIA H100 80GB HBM3", out, len))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetSerial(device: nvmlDevice_t, out: *mut c_char, len: c_uint) -> u32 {
    gpu(device).map_or_else(|code| code, |index| text(&format!("165000000000{index}"), out, len))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetPciInfo_v3(device: nvmlDevice_t, out: *mut nvmlPciInfo_t) -> u32 {
    answer(device, out, |index| {
        // SAFETY: a C struct of integers, for which all bits zero is a value.
        let mut info: nvmlPciInfo_t = unsafe { std::mem::zeroed() };
        text(&format!("00000000:{:02X}:00.0", 0x3b + index), info.busId.as_mut_ptr(), 32);
        text(&format!("0000:{:02X}:00.0", 0x3b + index), info.busIdLegacy.as_mut_ptr(), 16);
        Some(info)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetMemoryInfo_v2(device: nvmlDevice_t, out: *mut nvmlMemory_v2_t) -> u32 {
    let version = 2 << 24 | u32::try_from(size_of::<nvmlMemory_v2_t>()).unwrap_or(0);
    let mib = |count: u64| count << 20;
    answer(device, out, |_| {
        Some(nvmlMemory_v2_t { version, total: mib(81559), reserved: mib(559), free: mib(80000), used: mib(1000) })
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetUtilizationRates(device: nvmlDevice_t, out: *mut nvmlUtilization_t) -> u32 {
    answer(device, out, |_| Some(nvmlUtilization_t { gpu: 97, memory: 35 }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetViolationStatus(
    device: nvmlDevice_t,
    policy: c_uint,
    out: *mut nvmlViolationTime_t,
) -> u32 {
    answer(device, out, |_| {
        Some(nvmlViolationTime_t { referenceTime: 1, violationTime: 5_000_000_000 + u64::from(policy) })
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetFieldValues(device: nvmlDevice_t, count: i32, fields: *mut nvmlFieldValue_t) -> u32 {
    for at in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: the caller gives `count` fields.
        let field = unsafe { &mut *fields.wrapping_add(at) };
        match gpu(device) {
            Err(code) => return code,
            Ok(_) => answers::field(field),
        }
    }
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetSupportedEventTypes(device: nvmlDevice_t, out: *mut c_ulonglong) -> u32 {
    answer(device, out, |_| Some(0x18))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceRegisterEvents(device: nvmlDevice_t, _: c_ulonglong, _: nvmlEventSet_t) -> u32 {
    gpu(device).map_or_else(|code| code, |_| OK)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlEventSetCreate(out: *mut nvmlEventSet_t) -> u32 {
    // SAFETY: the caller gives a place for the answer.
    unsafe { out.write(std::ptr::without_provenance_mut(7)) };
    OK
}

#[unsafe(no_mangle)]
extern "C" fn nvmlEventSetFree(_: nvmlEventSet_t) -> u32 {
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlEventSetWait_v2(_: nvmlEventSet_t, out: *mut nvmlEventData_t, wait_ms: c_uint) -> u32 {
    const STEP_MS: u32 = 20;
    for _ in 0..=wait_ms / STEP_MS {
        if let Some((index, code)) = script::next_xid() {
            let (eventType, nowhere) = (8, u32::MAX);
            let event = nvmlEventData_t {
                device: handle(index),
                eventType,
                eventData: code,
                gpuInstanceId: nowhere,
                computeInstanceId: nowhere,
            };
            // SAFETY: the caller gives a place for the answer.
            unsafe { out.write(event) };
            return OK;
        }
        std::thread::sleep(std::time::Duration::from_millis(STEP_MS.into()));
    }
    TIMEOUT
}
