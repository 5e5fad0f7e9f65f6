//! The functions of libdcgm that gpuhm calls, by the types of their pointers.
//!
//! Names stand as in the library, in snake case less `dcgm`. Part of `layout`, as self-contained.

use core::ffi::{c_char, c_int, c_uint, c_void};

use super::{
    Attributes, ConnectParams, EmbeddedParams, FieldGroup, FieldValue, Group, Handle, MigTree, ModuleStatuses, Return,
    VersionInfo,
};

/// `dcgmInit()`.
pub type Init = unsafe extern "C" fn() -> Return;
/// `errorString(code)`: static text, or null.
pub type ErrorString = unsafe extern "C" fn(Return) -> *const c_char;
/// `dcgmVersionInfo(info)`: of the library.
pub type VersionInfoOf = unsafe extern "C" fn(*mut VersionInfo) -> Return;
/// `dcgmHostengineVersionInfo(handle, info)`.
pub type HostengineVersionInfo = unsafe extern "C" fn(Handle, *mut VersionInfo) -> Return;
/// `dcgmConnect_v2(address, params, handle)`.
pub type ConnectV2 = unsafe extern "C" fn(*const c_char, *mut ConnectParams, *mut Handle) -> Return;
/// `dcgmDisconnect(handle)`.
pub type Disconnect = unsafe extern "C" fn(Handle) -> Return;
/// `dcgmStartEmbedded_v2(params)`.
pub type StartEmbeddedV2 = unsafe extern "C" fn(*mut EmbeddedParams) -> Return;
/// `dcgmStopEmbedded(handle)`.
pub type StopEmbedded = unsafe extern "C" fn(Handle) -> Return;
/// `dcgmModuleGetStatuses(handle, statuses)`.
pub type ModuleGetStatuses = unsafe extern "C" fn(Handle, *mut ModuleStatuses) -> Return;
/// `dcgmGetAllSupportedDevices(handle, ids, count)`: room for [`MAX_GPUS`] ids.
pub type GetAllSupportedDevices = unsafe extern "C" fn(Handle, *mut c_uint, *mut c_int) -> Return;
/// `dcgmGetEntityGroupEntities(handle, group, ids, count, flags)`: `count` is the room before and the number after.
pub type GetEntityGroupEntities = unsafe extern "C" fn(Handle, c_uint, *mut c_uint, *mut c_int, c_uint) -> Return;
/// `dcgmGetGpuStatus(handle, gpu, status)`.
pub type GetGpuStatus = unsafe extern "C" fn(Handle, c_uint, *mut c_uint) -> Return;
/// `dcgmGetDeviceAttributes(handle, gpu, attributes)`.
pub type GetDeviceAttributes = unsafe extern "C" fn(Handle, c_uint, *mut Attributes) -> Return;
/// `dcgmGetGpuChipArchitecture(handle, gpu, architecture)`, from 4.2 on.
pub type GetGpuChipArchitecture = unsafe extern "C" fn(Handle, c_uint, *mut c_uint) -> Return;
/// `dcgmGetGpuInstanceHierarchy(handle, tree)`.
pub type GetGpuInstanceHierarchy = unsafe extern "C" fn(Handle, *mut MigTree) -> Return;
/// `dcgmGroupCreate(handle, type, name, group)`; see [`GROUP_EMPTY`].
pub type GroupCreate = unsafe extern "C" fn(Handle, c_int, *const c_char, *mut Group) -> Return;
/// `dcgmGroupAddEntity(handle, group, entity group, entity)`.
pub type GroupAddEntity = unsafe extern "C" fn(Handle, Group, c_uint, c_uint) -> Return;
/// `dcgmGroupDestroy(handle, group)`.
pub type GroupDestroy = unsafe extern "C" fn(Handle, Group) -> Return;
/// `dcgmFieldGroupCreate(handle, count, ids, name, group)`: 1 to [`MAX_FIELDS`] ids.
pub type FieldGroupCreate = unsafe extern "C" fn(Handle, c_int, *const u16, *const c_char, *mut FieldGroup) -> Return;
/// `dcgmFieldGroupDestroy(handle, group)`.
pub type FieldGroupDestroy = unsafe extern "C" fn(Handle, FieldGroup) -> Return;
/// `dcgmWatchFields(handle, group, fields, interval in µs, seconds to keep, samples to keep)`.
pub type WatchFields = unsafe extern "C" fn(Handle, Group, FieldGroup, i64, f64, c_int) -> Return;
/// `dcgmUnwatchFields(handle, group, fields)`.
pub type UnwatchFields = unsafe extern "C" fn(Handle, Group, FieldGroup) -> Return;
/// `dcgmUpdateAllFields(handle, wait)`.
pub type UpdateAllFields = unsafe extern "C" fn(Handle, c_int) -> Return;
/// What is called with each value: entity group, entity, values, how many, the caller's own. Other than 0 ends it.
pub type OnValue = unsafe extern "C" fn(c_uint, c_uint, *mut FieldValue, c_int, *mut c_void) -> c_int;
/// `dcgmGetLatestValues_v2(handle, group, fields, callback, user)`.
pub type GetLatestValuesV2 = unsafe extern "C" fn(Handle, Group, FieldGroup, OnValue, *mut c_void) -> Return;
/// `dcgmGetValuesSince_v2(handle, group, fields, since, next, callback, user)`; times in µs by the engine's clock.
pub type GetValuesSinceV2 =
    unsafe extern "C" fn(Handle, Group, FieldGroup, i64, *mut i64, OnValue, *mut c_void) -> Return;

/// GPUs an engine has at most.
pub const MAX_GPUS: usize = 32;
/// Fields in a field group at most: 128 are refused by every version.
pub const MAX_FIELDS: usize = 127;
/// Type of a group that begins empty.
pub const GROUP_EMPTY: c_int = 1;
/// Entities that the driver supports, only.
pub const ONLY_SUPPORTED: c_uint = 1;
