//! Indexes of the metrics that only deductions name, found at compile time.

use crate::metric::ids::find;

/// Corrected errors since driver load.
pub(super) const SBE: usize = find("ecc_sbe_volatile");
/// Pages retired for corrected errors.
pub(super) const RETIRED_SBE: usize = find("retired_pages_sbe");
/// Pages retired for uncorrectable errors.
pub(super) const RETIRED_DBE: usize = find("retired_pages_dbe");
/// Rows remapped for uncorrectable errors.
pub(super) const REMAPPED: usize = find("remapped_rows_uncorrectable");
/// Banks with few spare rows left.
pub(super) const BANKS_LOW: usize = find("bank_remap_low");
/// Banks with no spare row left.
pub(super) const BANKS_NONE: usize = find("bank_remap_none");
/// SM clock.
pub(super) const SM_CLOCK: usize = find("sm_clock_mhz");
/// PCIe replays.
pub(super) const REPLAYS: usize = find("pcie_replays");
/// PCIe generation of the link now …
pub(super) const LINK_GEN: usize = find("pcie_link_gen");
/// … and the most that GPU and host can do.
pub(super) const LINK_GEN_MAX: usize = find("pcie_link_gen_max");
/// Lanes of the link now …
pub(super) const LINK_WIDTH: usize = find("pcie_link_width");
/// … and the most that GPU and host can do.
pub(super) const LINK_WIDTH_MAX: usize = find("pcie_link_width_max");
/// `NVLink` CRC errors.
pub(super) const NVLINK_CRC: usize = find("nvlink_crc_errors");
/// `NVLink` replays.
pub(super) const NVLINK_REPLAY: usize = find("nvlink_replay_errors");
/// `NVLink` recoveries.
pub(super) const NVLINK_RECOVERY: usize = find("nvlink_recovery_errors");
