//! The throttle reasons: bits of `throttle_reasons` (DCGM field 112), their names, and which of them cost anything.
//!
//! Bit 3 is set together with 6 or 7; bit 0 is idleness and bit 2 the power cap, both normal at work.

/// One bit of the mask.
#[derive(Debug, Clone, Copy)]
pub struct Reason {
    /// The bit's number.
    pub bit: u8,
    /// Its name in events and on screen.
    pub name: &'static str,
    /// The stem of its column in the window tables.
    pub column: &'static str,
    /// Whether events list it in `throttle_reasons_decoded` (idleness and a chosen clock are no throttling).
    pub listed: bool,
    /// Whether it says that something is wrong.
    pub fault: bool,
}

impl Reason {
    /// The bit as a mask.
    #[must_use]
    pub const fn mask(&self) -> i64 {
        1 << self.bit
    }
}

const fn reason(bit: u8, name: &'static str, column: &'static str, listed: bool, fault: bool) -> Reason {
    Reason { bit, name, column, listed, fault }
}

/// The bits, in the order the seed decodes its five, then the others.
pub static REASONS: [Reason; 9] = [
    reason(3, "HW_SLOWDOWN", "throttle_hw_slowdown", true, true),
    reason(6, "HW_THERMAL", "throttle_hw_thermal", true, true),
    reason(7, "HW_POWER_BRAKE", "throttle_hw_power_brake", true, true),
    reason(2, "SW_POWER_CAP", "throttle_sw_power_cap", true, false),
    reason(5, "SW_THERMAL", "throttle_sw_thermal", true, true),
    reason(4, "SYNC_BOOST", "throttle_sync_boost", true, false),
    reason(8, "DISPLAY_CLOCKS", "throttle_display_clocks", true, false),
    reason(0, "GPU_IDLE", "throttle_gpu_idle", false, false),
    reason(1, "CLOCKS_SETTING", "throttle_clocks_setting", false, false),
];
