//! The driver library's errors in words a person can act on.

use nvml_wrapper::error::NvmlError;

use crate::source::endpoint::Trouble;

/// Why the library could not be opened.
pub(super) fn opening(library: &str, error: &NvmlError) -> Trouble {
    let (why, hint) = match error {
        NvmlError::LibloadingError(inner) if absent(&inner.to_string()) => (
            format!("{library} not found: no NVIDIA driver on this machine"),
            "install the driver, or use another source",
        ),
        NvmlError::LibloadingError(inner) => (
            format!("{library}: {}", line(&inner.to_string())),
            "see whether it is the driver's library, for this architecture",
        ),
        NvmlError::FailedToLoadSymbol(_) => (
            format!("{library} is not a driver's library: it lacks nvmlInit_v2"),
            "name the driver's own libnvidia-ml.so.1",
        ),
        NvmlError::DriverNotLoaded => (
            "the NVIDIA driver is not loaded".to_owned(),
            "load it (modprobe nvidia), and see dmesg if it does not stay",
        ),
        NvmlError::LibRmVersionMismatch => (
            "the driver in the kernel and its library are of different versions".to_owned(),
            "reboot, or reload the driver: it was updated while it was in use",
        ),
        NvmlError::Uninitialized => ("the NVIDIA driver went away".to_owned(), "it is opened again when it is back"),
        NvmlError::NoPermission => {
            ("no permission to use the NVIDIA driver".to_owned(), "let gpuhm's user read and write /dev/nvidiactl")
        }
        other => (line(&other.to_string()), "see dmesg for NVRM"),
    };
    Trouble::new(why).hint(hint)
}

/// Whether the loader says that there is no such file.
fn absent(text: &str) -> bool {
    text.contains("No such file") || text.contains("cannot open shared object")
}

/// What an error of one GPU means, where it means that nothing of it can be read.
pub(super) fn gone(error: &NvmlError) -> Option<&'static str> {
    match error {
        NvmlError::GpuLost => Some("the GPU is lost: it fell off the bus"),
        NvmlError::ResetRequired => Some("the GPU must be reset"),
        NvmlError::InsufficientPower => Some("the GPU's power cables are not attached"),
        NvmlError::IrqIssue => Some("the GPU has an interrupt problem"),
        NvmlError::OperatingSystem => Some("the operating system blocks the GPU"),
        _ => None,
    }
}

/// Whether an error means that the driver went away under us, and all must be opened again.
pub(super) fn driver_gone(error: &NvmlError) -> bool {
    matches!(error, NvmlError::Uninitialized | NvmlError::DriverNotLoaded | NvmlError::LibRmVersionMismatch)
}

/// Why a value is absent, in a few words.
pub(super) fn refusal(error: &NvmlError) -> String {
    match error {
        NvmlError::NotSupported | NvmlError::InvalidArg => "not supported by this GPU".to_owned(),
        NvmlError::NoPermission => "no permission".to_owned(),
        NvmlError::FailedToLoadSymbol(_) | NvmlError::FunctionNotFound => "not in this driver's library".to_owned(),
        NvmlError::NotFound | NvmlError::NoData => "no data".to_owned(),
        other => line(&other.to_string()),
    }
}

/// Whether asking again soon is of no use.
pub(super) fn lasting(error: &NvmlError) -> bool {
    matches!(
        error,
        NvmlError::NotSupported
            | NvmlError::InvalidArg
            | NvmlError::NoPermission
            | NvmlError::FailedToLoadSymbol(_)
            | NvmlError::FunctionNotFound
    )
}

fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}
