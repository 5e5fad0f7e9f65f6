//! What DCGM tells of MIG: the tree of instances.
//!
//! Part of `layout`, as self-contained.

use core::ffi::c_char;
use core::mem::{offset_of, size_of};

use super::{Entity, version};

/// An instance of MIG (`dcgmMigHierarchyInfo_v2`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct MigEntry {
    /// The instance.
    pub entity: Entity,
    /// The GPU or GPU instance it belongs to.
    pub parent: Entity,
    /// UUID of the GPU.
    pub gpu_uuid: [c_char; 128],
    /// NVML's index of the GPU.
    pub gpu_index: u32,
    /// NVML's id of the GPU instance.
    pub instance: u32,
    /// NVML's id of the compute instance.
    pub compute: u32,
    /// NVML's profile id.
    pub profile: u32,
    /// Slices it has.
    pub slices: u32,
}

/// MIG's tree (`dcgmMigHierarchy_v2`). 72 KiB: on the heap.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct MigTree {
    /// [`MIG_TREE`].
    pub version: u32,
    /// How many hold.
    pub count: u32,
    /// The instances.
    pub entries: [MigEntry; 448],
}
/// Version of [`MigTree`].
pub const MIG_TREE: u32 = 0x0201_1f08;
const _: () = {
    assert!(size_of::<MigEntry>() == 164);
    assert!(offset_of!(MigEntry, parent) == 8 && offset_of!(MigEntry, gpu_uuid) == 16);
    assert!(offset_of!(MigEntry, gpu_index) == 144 && offset_of!(MigEntry, instance) == 148);
    assert!(offset_of!(MigEntry, compute) == 152 && offset_of!(MigEntry, profile) == 156);
    assert!(offset_of!(MigEntry, slices) == 160);
    assert!(size_of::<MigTree>() == 73480 && version::<MigTree>(2) == MIG_TREE);
    assert!(offset_of!(MigTree, count) == 4 && offset_of!(MigTree, entries) == 8);
};
