//! The few calls of the driver library that the wrapper has no method for, and a GPU's handle as a number.
//!
//! All unsafe code of this source. Each call fills an integer or one C struct of integers, of a type that the wrapper's bindings declare.
#![expect(unsafe_code, reason = "calls of the driver library that the wrapper does not wrap")]

use nvml_wrapper::error::{NvmlError, nvml_sym, nvml_try};
use nvml_wrapper::{Device, Nvml};

/// Version 1 of a versioned struct of this size, as the library wants it told.
const fn version_1(size: usize) -> u32 {
    // The structs here take less than a hundred bytes.
    let [a, b, ..] = size.to_le_bytes();
    u32::from_le_bytes([a, b, 0, 1])
}

/// Makes a call that fills a struct; `prepare` sets what must be set before.
fn filled<H, T: Copy>(
    call: unsafe extern "C" fn(H, *mut T) -> u32,
    handle: H,
    prepare: impl FnOnce(&mut T),
) -> Result<T, NvmlError> {
    // SAFETY: every caller's `T` is an integer or a C struct of integers, for which all bits zero is a value.
    let mut out: T = unsafe { std::mem::zeroed() };
    prepare(&mut out);
    // SAFETY: the handle comes from the library, which is loaded, and `out` is a whole `T` that outlives the call.
    nvml_try(unsafe { call(handle, &raw mut out) })?;
    Ok(out)
}

/// Banks by how many spare rows they have left: all, most, some, few, none.
pub(super) fn row_remapper_histogram(nvml: &Nvml, device: &Device<'_>) -> Result<[u32; 5], NvmlError> {
    let call = *nvml_sym(nvml.lib().nvmlDeviceGetRowRemapperHistogram.as_ref())?;
    // SAFETY: the handle is used with the library it comes from, while that is loaded.
    let handle = unsafe { device.handle() };
    let rows = filled(call, handle, |_| {})?;
    Ok([rows.max, rows.high, rows.partial, rows.low, rows.none])
}

/// Degrees to the nearest slowdown.
pub(super) fn margin_temperature(nvml: &Nvml, device: &Device<'_>) -> Result<i32, NvmlError> {
    let call = *nvml_sym(nvml.lib().nvmlDeviceGetMarginTemperature.as_ref())?;
    // SAFETY: as above.
    let handle = unsafe { device.handle() };
    let margin = filled(call, handle, |margin| margin.version = version_1(size_of_val(margin)))?;
    Ok(margin.marginTemperature)
}

/// Whether ECC errors of SRAM passed the threshold.
pub(super) fn sram_threshold_exceeded(nvml: &Nvml, device: &Device<'_>) -> Result<u32, NvmlError> {
    let call = *nvml_sym(nvml.lib().nvmlDeviceGetSramEccErrorStatus.as_ref())?;
    // SAFETY: as above.
    let handle = unsafe { device.handle() };
    let status = filled(call, handle, |status| status.version = version_1(size_of_val(status)))?;
    Ok(status.bThresholdExceeded)
}

/// The number of a MIG device's GPU instance, and that of its compute instance.
pub(super) fn instance(nvml: &Nvml, device: &Device<'_>) -> Result<(u32, u32), NvmlError> {
    let gpu = *nvml_sym(nvml.lib().nvmlDeviceGetGpuInstanceId.as_ref())?;
    let compute = *nvml_sym(nvml.lib().nvmlDeviceGetComputeInstanceId.as_ref())?;
    // SAFETY: as above.
    let handle = unsafe { device.handle() };
    Ok((filled(gpu, handle, |_| {})?, filled(compute, handle, |_| {})?))
}

/// What tells GPUs apart without asking them: one that fell off the bus does not give its UUID any more.
pub(super) fn key(device: &Device<'_>) -> usize {
    // SAFETY: the handle is only compared.
    let handle = unsafe { device.handle() };
    handle.addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_tells_its_size_and_version() {
        assert_eq!(version_1(8), 0x0100_0008);
        assert_eq!(version_1(104), 0x0100_0068);
    }
}
