//! DCGM's return codes with their names and meanings, its blank values, states of GPUs, and field ids with a part of their own.
//!
//! Codes are carried as numbers everywhere: one that is not in the table is shown as it is. Part of `layout`, as
//! self-contained.

use super::Return;

/// Done.
pub const OK: Return = 0;
/// Bad argument.
pub const BADPARAM: Return = -1;
/// An exception inside DCGM.
pub const GENERIC_ERROR: Return = -3;
/// No such group.
pub const NOT_CONFIGURED: Return = -5;
/// Not supported.
pub const NOT_SUPPORTED: Return = -6;
/// The driver's library gave an error.
pub const NVML_ERROR: Return = -8;
/// No answer within 60 s.
pub const TIMEOUT: Return = -11;
/// Library and host engine disagree on a structure's version.
pub const VER_MISMATCH: Return = -12;
/// The host engine does not know the field.
pub const UNKNOWN_FIELD: Return = -13;
/// No data yet.
pub const NO_DATA: Return = -14;
/// The data are old.
pub const STALE_DATA: Return = -15;
/// The field is not watched.
pub const NOT_WATCHED: Return = -16;
/// Not permitted.
pub const NO_PERMISSION: Return = -17;
/// The GPU is lost.
pub const GPU_IS_LOST: Return = -18;
/// The GPU needs a reset.
pub const RESET_REQUIRED: Return = -19;
/// The host engine does not know the call: it is older than the library.
pub const FUNCTION_NOT_FOUND: Return = -20;
/// The connection is lost.
pub const CONNECTION_NOT_VALID: Return = -21;
/// The GPU is not supported.
pub const GPU_NOT_SUPPORTED: Return = -22;
/// The host engine has no room for another group.
pub const MAX_LIMIT: Return = -24;
/// The name is taken.
pub const DUPLICATE_KEY: Return = -26;
/// The host engine does not run as root.
pub const REQUIRES_ROOT: Return = -29;
/// Too large for one answer.
pub const INSUFFICIENT_SIZE: Return = -31;
/// The field cannot be read this way.
pub const FIELD_UNSUPPORTED_BY_API: Return = -32;
/// The host engine lacks the module.
pub const MODULE_NOT_LOADED: Return = -33;
/// The group is empty.
pub const GROUP_IS_EMPTY: Return = -35;
/// Profiling is not supported.
pub const PROFILING_NOT_SUPPORTED: Return = -36;
/// The profiling library gave an error.
pub const PROFILING_LIBRARY_ERROR: Return = -37;
/// These profiling fields cannot be read together.
pub const PROFILING_MULTI_PASS: Return = -38;
/// The GPU instance is gone.
pub const INSTANCE_NOT_FOUND: Return = -45;
/// The compute instance is gone.
pub const COMPUTE_INSTANCE_NOT_FOUND: Return = -46;
/// The host engine is paused.
pub const PAUSED: Return = -54;
/// The host engine runs without a driver.
pub const NVML_NOT_LOADED: Return = -56;
/// The driver does not answer.
pub const NVML_DRIVER_TIMEOUT: Return = -57;
/// The GPUs are detached from the driver.
pub const GPUS_DETACHED: Return = -67;

/// Code, name after `DCGM_ST_`, meaning.
#[rustfmt::skip]
pub static CODES: [(Return, &str, &str); 66] = [
    (-1, "BADPARAM", "bad argument"),
    (-3, "GENERIC_ERROR", "an exception inside DCGM"),
    (-4, "MEMORY", "out of memory"),
    (-5, "NOT_CONFIGURED", "no such group"),
    (-6, "NOT_SUPPORTED", "not supported"),
    (-7, "INIT_ERROR", "DCGM could not be started"),
    (-8, "NVML_ERROR", "the driver's library gave an error"),
    (-9, "PENDING", "still at work"),
    (-10, "UNINITIALIZED", "DCGM is not started"),
    (-11, "TIMEOUT", "no answer within 60 s"),
    (-12, "VER_MISMATCH", "library and host engine disagree on a structure's version"),
    (-13, "UNKNOWN_FIELD", "the host engine does not know the field"),
    (-14, "NO_DATA", "no data yet"),
    (-15, "STALE_DATA", "the data are old"),
    (-16, "NOT_WATCHED", "the field is not watched"),
    (-17, "NO_PERMISSION", "not permitted"),
    (-18, "GPU_IS_LOST", "the GPU is lost"),
    (-19, "RESET_REQUIRED", "the GPU needs a reset"),
    (-20, "FUNCTION_NOT_FOUND", "the host engine does not know the call: it is older than the library"),
    (-21, "CONNECTION_NOT_VALID", "the connection is lost"),
    (-22, "GPU_NOT_SUPPORTED", "the GPU is not supported"),
    (-23, "GROUP_INCOMPATIBLE", "the GPUs of the group differ"),
    (-24, "MAX_LIMIT", "the host engine has no room for another group"),
    (-25, "LIBRARY_NOT_FOUND", "a library is missing"),
    (-26, "DUPLICATE_KEY", "the name is taken"),
    (-27, "GPU_IN_SYNC_BOOST_GROUP", "the GPU is in a sync boost group"),
    (-28, "GPU_NOT_IN_SYNC_BOOST_GROUP", "the GPU is in no sync boost group"),
    (-29, "REQUIRES_ROOT", "the host engine does not run as root"),
    (-30, "NVVS_ERROR", "the diagnostic failed"),
    (-31, "INSUFFICIENT_SIZE", "too large for one answer"),
    (-32, "FIELD_UNSUPPORTED_BY_API", "the field cannot be read this way"),
    (-33, "MODULE_NOT_LOADED", "the host engine lacks the module"),
    (-34, "IN_USE", "in use"),
    (-35, "GROUP_IS_EMPTY", "the group is empty"),
    (-36, "PROFILING_NOT_SUPPORTED", "profiling is not supported"),
    (-37, "PROFILING_LIBRARY_ERROR", "the profiling library gave an error"),
    (-38, "PROFILING_MULTI_PASS", "these profiling fields cannot be read together"),
    (-39, "DIAG_ALREADY_RUNNING", "a diagnostic runs already"),
    (-40, "DIAG_BAD_JSON", "the diagnostic's output cannot be read"),
    (-41, "DIAG_BAD_LAUNCH", "the diagnostic could not be started"),
    (-42, "DIAG_UNUSED", "unused"),
    (-43, "DIAG_THRESHOLD_EXCEEDED", "a threshold of the diagnostic was exceeded"),
    (-44, "INSUFFICIENT_DRIVER_VERSION", "the driver is too old"),
    (-45, "INSTANCE_NOT_FOUND", "the GPU instance is gone"),
    (-46, "COMPUTE_INSTANCE_NOT_FOUND", "the compute instance is gone"),
    (-47, "CHILD_NOT_KILLED", "a child process could not be ended"),
    (-48, "3RD_PARTY_LIBRARY_ERROR", "a third party's library gave an error"),
    (-49, "INSUFFICIENT_RESOURCES", "not enough resources"),
    (-50, "PLUGIN_EXCEPTION", "an exception in a plug-in"),
    (-51, "NVVS_ISOLATE_ERROR", "the diagnostic found a fault to isolate"),
    (-52, "NVVS_BINARY_NOT_FOUND", "the diagnostic is not installed"),
    (-53, "NVVS_KILLED", "the diagnostic was killed"),
    (-54, "PAUSED", "the host engine is paused"),
    (-55, "ALREADY_INITIALIZED", "started already"),
    (-56, "NVML_NOT_LOADED", "the host engine runs without a driver"),
    (-57, "NVML_DRIVER_TIMEOUT", "the driver does not answer"),
    (-58, "NVVS_NO_AVAILABLE_TEST", "no test of the diagnostic fits"),
    (-59, "MNDIAG_CONNECTION_NOT_AVAILABLE", "a node of the diagnostic cannot be reached"),
    (-60, "MNDIAG_UNAUTHORIZED", "a node of the diagnostic refuses"),
    (-61, "REMOTE_SSH_CONNECTION_FAILED", "SSH failed"),
    (-62, "CHILD_SPAWN_FAILED", "a child process could not be started"),
    (-63, "FILE_IO_ERROR", "a file could not be read or written"),
    (-64, "CHILD_SIGNAL_RECEIVED", "a child process was ended by a signal"),
    (-65, "CALLER_ALREADY_STOPPED", "the caller has stopped"),
    (-66, "DIAG_STOPPED", "the diagnostic was stopped"),
    (-67, "GPUS_DETACHED", "the GPUs are detached from the driver"),
];

/// The name and the meaning of a code, where it is known.
#[must_use]
pub fn describe(code: Return) -> Option<(&'static str, &'static str)> {
    CODES.iter().find(|(number, ..)| *number == code).map(|(_, name, meaning)| (*name, *meaning))
}

/// From here on a 32-bit number is blank.
pub const BLANK_INT32: u32 = 0x7fff_fff0;
/// From here on a 64-bit number is blank.
pub const BLANK_INT: i64 = 0x7fff_ffff_ffff_fff0;
/// From here on a 64-bit number that was cut to 32 bits is blank.
pub const BLANK_CUT: u32 = 0xffff_fff0;
/// From here on a real number is blank: 2^47.
pub const BLANK_DOUBLE: f64 = 140_737_488_355_328.0;
/// What is added to a blank for "not found".
pub const BLANK_NOT_FOUND: u8 = 1;
/// What is added to a blank for "not supported".
pub const BLANK_NOT_SUPPORTED: u8 = 2;
/// What is added to a blank for "not permitted".
pub const BLANK_NOT_PERMITTED: u8 = 3;
/// Blank texts, by what is added.
pub const BLANK_TEXTS: [&str; 4] = ["<<<NULL>>>", "<<<NOT_FOUND>>>", "<<<NOT_SUPPORTED>>>", "<<<NOT_PERM>>>"];

/// State of a GPU that is well.
pub const GPU_OK: u32 = 1;
/// State of a GPU that DCGM does not support.
pub const GPU_UNSUPPORTED: u32 = 2;
/// State of a GPU that the engine may not open.
pub const GPU_INACCESSIBLE: u32 = 3;
/// State of a GPU that has fallen off the bus.
pub const GPU_LOST: u32 = 4;
/// State of a GPU that a test made up.
pub const GPU_FAKE: u32 = 5;
/// State of a GPU that is switched off.
pub const GPU_DISABLED: u32 = 6;
/// State of a GPU that is detached from the driver.
pub const GPU_DETACHED: u32 = 7;

/// UUID.
pub const FIELD_UUID: u16 = 54;
/// Compute capability: the major number, shifted by 16, and the minor one.
pub const FIELD_COMPUTE_CAPABILITY: u16 = 63;
/// XIDs.
pub const FIELD_XID: u16 = 230;
/// Profiling fields are numbered from here to [`PROFILING_LAST`]; never to be read live: that kills the engine.
pub const PROFILING_FIRST: u16 = 1001;
/// The last number profiling fields may have.
pub const PROFILING_LAST: u16 = 1099;
/// Architecture that DCGM does not know.
pub const ARCHITECTURE_UNKNOWN: u32 = 0xffff_ffff;
/// Architectures by DCGM's number.
pub const ARCHITECTURES: [(u32, &str); 9] = [
    (2, "Kepler"),
    (3, "Maxwell"),
    (4, "Pascal"),
    (5, "Volta"),
    (6, "Turing"),
    (7, "Ampere"),
    (8, "Ada"),
    (9, "Hopper"),
    (10, "Blackwell"),
];
