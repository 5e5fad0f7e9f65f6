//! What XIDs mean and what NVIDIA says to do about them, in gpuhm's own words.
//!
//! Classes (facts on dcgm, 6; NVIDIA's catalogue of October 2025, DCGM 4.6's health verdicts): critical where the GPU
//! needs a reset, a reboot or support before work can be trusted; warning where work is hurt and may go on; none where a
//! program is to blame, a repair worked, or the code only informs. Used by the alert rules of one GPU and by the score;
//! what a code costs is the score's to say.

use super::Severity;

/// One code of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// The code.
    pub code: i64,
    /// The alert's severity; `None` raises none.
    pub severity: Option<Severity>,
    /// What it means.
    pub meaning: &'static str,
    /// What to do about it.
    pub action: &'static str,
}

const CRITICAL: Option<Severity> = Some(Severity::Critical);
const WARNING: Option<Severity> = Some(Severity::Warning);

const APP: &str = "Restart the application (NVIDIA: RESTART_APP); look for a bug in it first.";
const NOTE: &str = "Nothing by itself (NVIDIA: IGNORE).";
const RESET: &str = "Drain the GPU and reset it (NVIDIA: RESET_GPU); if it comes back, contact support.";
const SOFTWARE: &str = "Drain the GPU and reset it (NVIDIA: RESET_GPU); if it comes back, check driver and firmware.";
const REBOOT: &str = "Drain the node and restart it (NVIDIA: RESTART_BM); if it comes back, contact support.";
const SUPPORT: &str = "Collect a bug report and contact support (NVIDIA: CONTACT_SUPPORT).";
const LINK: &str =
    "Follow NVIDIA's NVLink workflow: find the link and its peer, reset both, check cables and switches.";
const DRAM: &str = "Drain the GPU and reset it (NVIDIA: WORKFLOW_XID_48); if it comes back, run the field diagnostic.";
const SOON: &str = "Watch it; plan a check at the next maintenance.";

const fn xid(code: i64, severity: Option<Severity>, meaning: &'static str, action: &'static str) -> Entry {
    Entry { code, severity, meaning, action }
}

/// By rising code.
static TABLE: &[Entry] = &[
    xid(13, None, "graphics engine exception, usually the program's fault", APP),
    xid(31, None, "memory page fault, usually the program's fault", APP),
    xid(32, WARNING, "corrupt push buffer", APP),
    xid(43, None, "the GPU stopped processing a program", NOTE),
    xid(45, None, "work was cleaned up after another error", "Follow the other XID."),
    xid(46, CRITICAL, "the GPU stopped processing: time-out", RESET),
    xid(48, CRITICAL, "uncorrectable (double-bit) memory error", DRAM),
    xid(54, WARNING, "auxiliary power is not connected", "Check the power cables (NVIDIA: CHECK_MECHANICALS)."),
    xid(61, WARNING, "internal micro-controller breakpoint", SUPPORT),
    xid(62, CRITICAL, "internal micro-controller halt", RESET),
    xid(63, None, "a memory row remap or page retirement was recorded: the repair works", NOTE),
    xid(64, CRITICAL, "a memory row remap or page retirement failed", RESET),
    xid(68, WARNING, "video decoder exception", APP),
    xid(69, WARNING, "graphics engine class error", APP),
    xid(74, CRITICAL, "NVLink error", LINK),
    xid(78, WARNING, "vGPU start error", "Update driver and vGPU software (NVIDIA: UPDATE_SWFW)."),
    xid(79, CRITICAL, "the GPU has fallen off the bus", REBOOT),
    xid(92, None, "high rate of corrected memory errors", NOTE),
    xid(93, WARNING, "the InfoROM nears its wear limit", SUPPORT),
    xid(94, WARNING, "contained memory error: one program was hit", APP),
    xid(95, CRITICAL, "uncontained memory error: any program may be hit", RESET),
    xid(109, CRITICAL, "context switch time-out", RESET),
    xid(110, CRITICAL, "security fault", SOFTWARE),
    xid(119, CRITICAL, "the GPU's system processor (GSP) does not answer", SOFTWARE),
    xid(120, CRITICAL, "error of the GPU's system processor (GSP)", SOFTWARE),
    xid(121, WARNING, "chip-to-chip link error", SUPPORT),
    xid(122, WARNING, "InfoROM or SPI read failure", SUPPORT),
    xid(123, WARNING, "power management unit or SPI failure", SUPPORT),
    xid(124, WARNING, "InfoROM or SPI write failure", SUPPORT),
    xid(125, WARNING, "InfoROM or SPI access failure", SUPPORT),
    xid(136, WARNING, "NVLink training failed", LINK),
    xid(137, None, "NVLink privilege error, usually a program's fault on this or a peer GPU", NOTE),
    xid(140, CRITICAL, "unrecovered ECC error", RESET),
    xid(143, CRITICAL, "GPU initialisation error", RESET),
    xid(144, WARNING, "NVLink error (SAW)", LINK),
    xid(145, WARNING, "NVLink error (RLW)", LINK),
    xid(146, WARNING, "NVLink error (TLW)", LINK),
    xid(147, WARNING, "NVLink error (TREX)", LINK),
    xid(148, WARNING, "NVLink error (NVLPW)", LINK),
    xid(149, WARNING, "NVLink error (NETIR)", LINK),
    xid(150, WARNING, "NVLink error (MSE)", LINK),
    xid(151, WARNING, "key rotation error", "Restart the virtual machine (NVIDIA: RESTART_VM)."),
    xid(154, None, "the driver's recommended recovery action changed", "Follow `recovery_action`."),
    xid(155, WARNING, "NVLink error defined by software", RESET),
    xid(156, WARNING, "a resource was retired", RESET),
    xid(157, None, "a resource could not be retired", NOTE),
    xid(158, CRITICAL, "fatal GPU time-out", RESET),
    xid(160, WARNING, "a memory channel was retired", SOON),
    xid(161, None, "a memory channel could not be retired", NOTE),
    xid(163, WARNING, "power smoothing hardware is disengaged", SOON),
    xid(164, WARNING, "power smoothing hardware has little life left", SOON),
    xid(165, None, "power smoothing hardware is used up", NOTE),
    xid(167, WARNING, "fatal PCIe time-out", SUPPORT),
    xid(168, WARNING, "errors in the protected region: less memory than usual", SUPPORT),
    xid(171, WARNING, "uncorrectable memory (DRAM) error, detail to XID 48", DRAM),
    xid(172, WARNING, "uncorrectable on-chip (SRAM) error, detail to XID 48", DRAM),
];

/// The entry of a code.
#[must_use]
pub fn find(code: i64) -> Option<&'static Entry> {
    TABLE.binary_search_by_key(&code, |xid| xid.code).ok().and_then(|at| TABLE.get(at))
}

/// One line on a code.
#[must_use]
pub fn line(code: i64) -> String {
    match find(code) {
        Some(xid) => format!("XID {code}: {}", xid.meaning),
        None => format!("XID {code}: not in this version's table"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_rise_so_that_they_can_be_searched() {
        assert!(TABLE.windows(2).all(|pair| pair[0].code < pair[1].code));
    }

    #[test]
    fn what_programs_cause_and_what_informs_raises_no_alert() {
        for code in [13, 31, 43, 45, 63, 92, 137, 154] {
            assert_eq!(find(code).unwrap().severity, None, "XID {code}");
        }
        for code in [48, 64, 74, 79, 95, 119, 120, 140] {
            assert_eq!(find(code).unwrap().severity, CRITICAL, "XID {code}: DCGM says FAIL");
        }
    }
}
