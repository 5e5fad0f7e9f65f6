//! What DCGM tells of a GPU once: `dcgmDeviceAttributes_v3` with its parts.
//!
//! Only the outer version word is looked at by the library. Blanks of memory and settings are 64-bit blanks cut short.
//! Part of `layout`, as self-contained.

use core::ffi::c_char;
use core::mem::{offset_of, size_of};

use super::version;

/// Clocks that go together (`dcgmClockSet_v1`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ClockSet {
    /// Its version.
    pub version: i32,
    /// Memory clock, MHz.
    pub mem_mhz: u32,
    /// SM clock, MHz.
    pub sm_mhz: u32,
}

/// Clocks that may be set (`dcgmDeviceSupportedClockSets_v1`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ClockSets {
    /// Its version.
    pub version: u32,
    /// How many hold.
    pub count: u32,
    /// The clocks.
    pub sets: [ClockSet; 256],
}

/// Temperatures at which a GPU protects itself, °C (`dcgmDeviceThermals_v1`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Thermals {
    /// Its version.
    pub version: u32,
    /// Slows down.
    pub slowdown_c: u32,
    /// Shuts down.
    pub shutdown_c: u32,
}

/// Power limits, W (`dcgmDevicePowerLimits_v1`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct PowerLimits {
    /// Its version.
    pub version: u32,
    /// Asked for.
    pub current: u32,
    /// From the factory.
    pub default: u32,
    /// In force.
    pub enforced: u32,
    /// Smallest that may be set.
    pub min: u32,
    /// Largest that may be set.
    pub max: u32,
}

/// A text of 256 bytes, ended by 0.
pub type Text = [c_char; 256];

/// Names of a GPU (`dcgmDeviceIdentifiers_v1`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Identifiers {
    /// Its version.
    pub version: u32,
    /// Brand.
    pub brand: Text,
    /// Product.
    pub name: Text,
    /// Bus id, with a domain of 8 digits.
    pub pci_bus_id: Text,
    /// Serial number of the board.
    pub serial: Text,
    /// `GPU-…`.
    pub uuid: Text,
    /// VBIOS version.
    pub vbios: Text,
    /// `InfoROM` version.
    pub inforom: Text,
    /// Device and vendor.
    pub pci_device_id: u32,
    /// Subsystem.
    pub pci_subsystem_id: u32,
    /// Driver version.
    pub driver: Text,
    /// Kind of virtualisation.
    pub virtualization: u32,
}

/// Memory of a GPU, MiB (`dcgmDeviceMemoryUsage_v1`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct MemoryUsage {
    /// Its version.
    pub version: u32,
    /// BAR1.
    pub bar1_total: u32,
    /// Frame buffer; 0 where unknown.
    pub fb_total: u32,
    /// In use.
    pub fb_used: u32,
    /// Free.
    pub fb_free: u32,
}

/// Settings of a GPU (`dcgmDeviceSettings_v2`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Its version.
    pub version: u32,
    /// Persistence mode.
    pub persistence: u32,
    /// MIG mode.
    pub mig: u32,
    /// Confidential computing.
    pub confidential: u32,
}

/// What does not change of a GPU (`dcgmDeviceAttributes_v3`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Attributes {
    /// [`ATTRIBUTES`].
    pub version: u32,
    /// Clocks.
    pub clocks: ClockSets,
    /// Temperatures.
    pub thermals: Thermals,
    /// Power limits.
    pub power: PowerLimits,
    /// Names.
    pub identifiers: Identifiers,
    /// Memory.
    pub memory: MemoryUsage,
    /// Settings.
    pub settings: Settings,
}
/// Version of [`Attributes`].
pub const ATTRIBUTES: u32 = 0x0300_1464;
const _: () = {
    assert!(size_of::<ClockSet>() == 12 && size_of::<ClockSets>() == 3080 && offset_of!(ClockSets, sets) == 8);
    assert!(size_of::<Thermals>() == 12 && size_of::<PowerLimits>() == 24 && size_of::<Identifiers>() == 2064);
    assert!(size_of::<MemoryUsage>() == 20 && size_of::<Settings>() == 16);
    assert!(size_of::<Attributes>() == 5220 && version::<Attributes>(3) == ATTRIBUTES);
    assert!(offset_of!(Attributes, clocks) == 4);
    assert!(offset_of!(Attributes, thermals.slowdown_c) == 3088 && offset_of!(Attributes, thermals.shutdown_c) == 3092);
    assert!(offset_of!(Attributes, power.current) == 3100 && offset_of!(Attributes, power.default) == 3104);
    assert!(offset_of!(Attributes, power.enforced) == 3108 && offset_of!(Attributes, power.max) == 3116);
    assert!(offset_of!(Attributes, identifiers.brand) == 3124 && offset_of!(Attributes, identifiers.name) == 3380);
    assert!(offset_of!(Attributes, identifiers.pci_bus_id) == 3636);
    assert!(offset_of!(Attributes, identifiers.serial) == 3892 && offset_of!(Attributes, identifiers.uuid) == 4148);
    assert!(offset_of!(Attributes, identifiers.vbios) == 4404 && offset_of!(Attributes, identifiers.inforom) == 4660);
    assert!(offset_of!(Attributes, identifiers.pci_device_id) == 4916);
    assert!(offset_of!(Attributes, identifiers.pci_subsystem_id) == 4920);
    assert!(offset_of!(Attributes, identifiers.driver) == 4924);
    assert!(offset_of!(Attributes, identifiers.virtualization) == 5180);
    assert!(offset_of!(Attributes, memory.bar1_total) == 5188 && offset_of!(Attributes, memory.fb_total) == 5192);
    assert!(offset_of!(Attributes, settings.persistence) == 5208 && offset_of!(Attributes, settings.mig) == 5212);
    assert!(offset_of!(Attributes, settings.confidential) == 5216);
};
