//! Answers that are one number, and fields. GPU 1 has no fan, no links and no ECC counts, to show what is not supported.

use std::ffi::{c_int, c_uint, c_ulonglong};

use nvml_wrapper_sys::bindings::{
    nvmlDevice_t, nvmlEccSramErrorStatus_v1_t, nvmlFieldValue_t, nvmlMarginTemperature_v1_t,
    nvmlRowRemapperHistogramValues_t, nvmlValue_t,
};

use super::{NOT_SUPPORTED, OK, answer};

/// Calls that give one number: name, further arguments, type, answer by GPU.
macro_rules! numbers {
    ($($name:ident($($arg:ident),*) -> $ty:ty = $of:expr;)*) => {
        $(#[unsafe(no_mangle)]
        unsafe extern "C" fn $name(device: nvmlDevice_t, $($arg: c_uint,)* out: *mut $ty) -> u32 {
            answer(device, out, |gpu| ($of)(gpu, $($arg),*))
        })*
    };
}

numbers! {
    nvmlDeviceGetTemperature(sensor) -> c_uint = |gpu: u32, sensor| (sensor == 0).then_some(41 + gpu);
    nvmlDeviceGetTemperatureThreshold(which) -> c_uint = |_, which: u32| [94, 88, 95, 86].get(which as usize).copied();
    nvmlDeviceGetPowerUsage() -> c_uint = |gpu: u32| Some(312_456 + gpu);
    nvmlDeviceGetEnforcedPowerLimit() -> c_uint = |_| Some(700_000);
    nvmlDeviceGetPowerManagementDefaultLimit() -> c_uint = |_| Some(700_000);
    nvmlDeviceGetCurrentClocksThrottleReasons() -> c_ulonglong = |_| Some(0x1_0004);
    nvmlDeviceGetFanSpeed_v2(fan) -> c_uint = |gpu, fan| (gpu == 0 && fan == 0).then_some(30);
    nvmlDeviceGetPerformanceState() -> c_uint = |_| Some(0);
    nvmlDeviceGetTotalEnergyConsumption() -> c_ulonglong = |gpu: u32| Some(9_007_199_254_740_993 + u64::from(gpu));
    nvmlDeviceGetTotalEccErrors(kind, since) -> c_ulonglong = |gpu, kind: u32, since: u32| {
        (gpu == 0).then_some(u64::from(10 * kind + since))
    };
    nvmlDeviceGetClockInfo(which) -> c_uint = |_, which| Some(if which == 2 { 2619 } else { 1980 });
    nvmlDeviceGetMaxClockInfo(which) -> c_uint = |_, which| Some(if which == 2 { 2619 } else { 1980 });
    nvmlDeviceGetPcieReplayCounter() -> c_uint = |_| Some(120);
    nvmlDeviceGetCurrPcieLinkGeneration() -> c_uint = |_| Some(5);
    nvmlDeviceGetCurrPcieLinkWidth() -> c_uint = |_| Some(16);
    nvmlDeviceGetMaxPcieLinkGeneration() -> c_uint = |_| Some(5);
    nvmlDeviceGetMaxPcieLinkWidth() -> c_uint = |_| Some(16);
    nvmlDeviceGetNvLinkState(link) -> c_uint = |gpu, link| (gpu == 0).then_some(u32::from(link < 4));
    nvmlDeviceGetNvLinkErrorCounter(link, kind) -> c_ulonglong = |_, link: u32, kind: u32| {
        Some(u64::from(100 * kind + link))
    };
    nvmlDeviceGetArchitecture() -> c_uint = |_| Some(9);
    nvmlDeviceGetRowRemapperHistogram() -> nvmlRowRemapperHistogramValues_t = |_| {
        Some(nvmlRowRemapperHistogramValues_t { max: 640, high: 4, partial: 3, low: 2, none: 1 })
    };
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetMarginTemperature(device: nvmlDevice_t, out: *mut nvmlMarginTemperature_v1_t) -> u32 {
    // SAFETY: the caller gives a struct whose version says what it is.
    let version = unsafe { (*out).version };
    let known = version == 0x0100_0008;
    answer(device, out, |_| known.then_some(nvmlMarginTemperature_v1_t { version, marginTemperature: -3 }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetSramEccErrorStatus(
    device: nvmlDevice_t,
    out: *mut nvmlEccSramErrorStatus_v1_t,
) -> u32 {
    // SAFETY: the caller gives a struct whose version says what it is.
    let mut status = unsafe { *out };
    let known = status.version == 1 << 24 | u32::try_from(size_of_val(&status)).unwrap_or(0);
    status.bThresholdExceeded = 1;
    answer(device, out, |_| known.then_some(status))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetPowerManagementLimitConstraints(
    device: nvmlDevice_t,
    least: *mut c_uint,
    most: *mut c_uint,
) -> u32 {
    match answer(device, least, |_| Some(200_000)) {
        OK => answer(device, most, |_| Some(700_000)),
        code => code,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetCudaComputeCapability(
    device: nvmlDevice_t,
    major: *mut c_int,
    minor: *mut c_int,
) -> u32 {
    match answer(device, major, |_| Some(9)) {
        OK => answer(device, minor, |_| Some(0)),
        code => code,
    }
}

/// Fills a field by its id: unsigned integers, but for one that is not supported.
pub(crate) fn field(field: &mut nvmlFieldValue_t) {
    /// `NVML_VALUE_TYPE_UNSIGNED_INT`.
    const UNSIGNED: u32 = 1;
    let value = match field.fieldId {
        82 => Some(55),
        186 => Some(299_000),
        142 => Some(6),
        143 => Some(2),
        144 => Some(1),
        145 | 230 => Some(0),
        _ => None,
    };
    field.valueType = UNSIGNED;
    field.nvmlReturn = if value.is_some() { OK } else { NOT_SUPPORTED };
    field.value = nvmlValue_t { uiVal: value.unwrap_or(0) };
}
