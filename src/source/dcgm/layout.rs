//! DCGM's C types as they lie in memory, with its numbers: what is called, passed and returned, and nothing that calls.
//!
//! Sizes and offsets are asserted at compile time against what was measured on the headers of DCGM 3.2.5 to 4.6.0
//! (x86-64 and every other LP64 Linux). Only what gpuhm uses is here. Uses `core` alone, so that the tests' stand-in
//! library is built from this same file; it must not know that one or any other module.

use core::ffi::{c_char, c_int};
use core::mem::{offset_of, size_of};

// By path, for the stand-in takes this file by path, which would change where its modules are looked for.
#[path = "layout/attributes.rs"]
mod attributes;
#[path = "layout/calls.rs"]
mod calls;
#[path = "layout/codes.rs"]
pub mod codes;
#[path = "layout/mig.rs"]
mod mig;

pub use attributes::{
    ATTRIBUTES, Attributes, ClockSet, ClockSets, Identifiers, MemoryUsage, PowerLimits, Settings, Text, Thermals,
};
pub use calls::*;
pub use mig::{MIG_TREE, MigEntry, MigTree};

/// A connection.
pub type Handle = usize;
/// A group of entities.
pub type Group = usize;
/// A group of fields.
pub type FieldGroup = usize;
/// What every call returns: 0, or what went wrong, below 0.
pub type Return = c_int;

/// The version word of a struct: its size, and its version in the highest byte.
#[must_use]
pub const fn version<T>(number: u32) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the largest struct is a megabyte")]
    let size = size_of::<T>() as u32;
    size | (number << 24)
}

/// How a connection is made (`dcgmConnectV2Params_v2`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ConnectParams {
    /// [`CONNECT_PARAMS`].
    pub version: u32,
    /// 1 keeps watches after the connection is gone; they leak: use 0.
    pub persist_after_disconnect: u32,
    /// How long to try, milliseconds; 0 means 5000.
    pub timeout_ms: u32,
    /// 1 where the address is a socket's path.
    pub address_is_unix_socket: u32,
}
/// Version of [`ConnectParams`].
pub const CONNECT_PARAMS: u32 = 0x0200_0010;
const _: () = {
    assert!(size_of::<ConnectParams>() == 16 && version::<ConnectParams>(2) == CONNECT_PARAMS);
    assert!(offset_of!(ConnectParams, persist_after_disconnect) == 4);
    assert!(offset_of!(ConnectParams, timeout_ms) == 8);
    assert!(offset_of!(ConnectParams, address_is_unix_socket) == 12);
};

/// How an engine in this process is started (`dcgmStartEmbeddedV2Params_v1`, which every version takes).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedParams {
    /// [`EMBEDDED_PARAMS`].
    pub version: u32,
    /// [`MODE_AUTO`] or 2.
    pub mode: i32,
    /// Out: the connection. Stays as it is where an engine runs already: set to [`EMBEDDED_HANDLE`] before.
    pub handle: Handle,
    /// Where to log; null for the default.
    pub log_file: *const c_char,
    /// How much to log; -1 as the environment says.
    pub severity: i32,
    /// How many of the list hold.
    pub deny_count: u32,
    /// Modules not to load.
    pub deny: [u32; 10],
}
/// Version of [`EmbeddedParams`].
pub const EMBEDDED_PARAMS: u32 = 0x0100_0048;
/// An engine that polls by itself.
pub const MODE_AUTO: i32 = 1;
/// The one connection to an engine in this process.
pub const EMBEDDED_HANDLE: Handle = 0x7fff_ffff;
const _: () = {
    assert!(size_of::<EmbeddedParams>() == 72 && version::<EmbeddedParams>(1) == EMBEDDED_PARAMS);
    assert!(offset_of!(EmbeddedParams, mode) == 4 && offset_of!(EmbeddedParams, handle) == 8);
    assert!(offset_of!(EmbeddedParams, log_file) == 16 && offset_of!(EmbeddedParams, severity) == 24);
    assert!(offset_of!(EmbeddedParams, deny_count) == 28 && offset_of!(EmbeddedParams, deny) == 32);
};

/// What a library or an engine says of itself (`dcgmVersionInfo_v2`): `version:4.6.0;arch:…`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct VersionInfo {
    /// [`VERSION_INFO`].
    pub version: u32,
    /// Text, ended by 0.
    pub text: [c_char; 512],
}
/// Version of [`VersionInfo`].
pub const VERSION_INFO: u32 = 0x0200_0204;
const _: () = {
    assert!(size_of::<VersionInfo>() == 516 && version::<VersionInfo>(2) == VERSION_INFO);
    assert!(offset_of!(VersionInfo, text) == 4);
};

/// Which modules an engine has loaded (`dcgmModuleGetStatuses_v1`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ModuleStatuses {
    /// [`MODULE_STATUSES`].
    pub version: u32,
    /// How many hold.
    pub count: u32,
    /// Module and [`MODULE_FAILED`] and the like.
    pub statuses: [[u32; 2]; 16],
}
/// Version of [`ModuleStatuses`].
pub const MODULE_STATUSES: u32 = 0x0100_0088;
/// The module that profiles GPUs up to Ampere.
pub const MODULE_PROFILING: u32 = 8;
/// A module that could not be loaded.
pub const MODULE_FAILED: u32 = 2;
const _: () = {
    assert!(size_of::<ModuleStatuses>() == 136 && version::<ModuleStatuses>(1) == MODULE_STATUSES);
    assert!(offset_of!(ModuleStatuses, count) == 4 && offset_of!(ModuleStatuses, statuses) == 8);
};

/// The value of a field, by its type; the bytes beyond it are what stood there before.
#[repr(C)]
#[derive(Clone, Copy)]
pub union ValueUnion {
    /// [`TYPE_INT`].
    pub int: i64,
    /// [`TYPE_DOUBLE`].
    pub double: f64,
    /// [`TYPE_STRING`], ended by 0 within 256.
    pub text: [c_char; 256],
    /// [`TYPE_BLOB`].
    pub blob: [u8; 4096],
}

impl core::fmt::Debug for ValueUnion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ValueUnion")
    }
}

/// The value of a field as callbacks get it (`dcgmFieldValue_v1`). The array belongs to the library: copy it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct FieldValue {
    /// [`FIELD_VALUE`]; the library sets it.
    pub version: u32,
    /// The field.
    pub field: u16,
    /// [`TYPE_INT`] and the like; of no meaning unless the status is 0.
    pub ty: u16,
    /// 0, or a return code.
    pub status: i32,
    /// When it was read, microseconds since 1970 by the engine's clock.
    pub ts: i64,
    /// The value.
    pub value: ValueUnion,
}
/// Version of [`FieldValue`].
pub const FIELD_VALUE: u32 = 0x0100_1018;
/// Type of whole numbers.
pub const TYPE_INT: u16 = b'i' as u16;
/// Type of real numbers.
pub const TYPE_DOUBLE: u16 = b'd' as u16;
/// Type of texts.
pub const TYPE_STRING: u16 = b's' as u16;
/// Type of bytes.
pub const TYPE_BLOB: u16 = b'b' as u16;
const _: () = {
    assert!(size_of::<ValueUnion>() == 4096);
    assert!(size_of::<FieldValue>() == 4120 && version::<FieldValue>(1) == FIELD_VALUE);
    assert!(offset_of!(FieldValue, field) == 4 && offset_of!(FieldValue, ty) == 6);
    assert!(offset_of!(FieldValue, status) == 8 && offset_of!(FieldValue, ts) == 16);
    assert!(offset_of!(FieldValue, value) == 24);
};

/// An entity (`dcgmGroupEntityPair_t`).
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity {
    /// [`ENTITY_GPU`] and the like.
    pub group: u32,
    /// Its number there.
    pub id: u32,
}
/// Entities that are GPUs.
pub const ENTITY_GPU: u32 = 1;
/// Entities that are GPU instances of MIG.
pub const ENTITY_GPU_I: u32 = 4;
/// Entities that are compute instances of MIG.
pub const ENTITY_GPU_CI: u32 = 5;
const _: () = assert!(size_of::<Entity>() == 8 && offset_of!(Entity, id) == 4);
