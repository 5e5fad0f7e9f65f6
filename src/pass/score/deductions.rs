//! The registry of deductions. A new one is a file here and a line in `DEDUCTIONS`.
//!
//! Ledgers hold them by id: an id never changes its meaning. In the order of facts on health, section 3.

mod corrected;
mod margin;
mod nvlink_errors;
mod off_bus;
mod pcie_link;
mod pcie_replays;
mod peers;
mod pending;
mod remap_failure;
mod remapped_rows;
mod retired_pages;
mod spare_rows;
mod sram;
mod throttle;
mod uncorrectable;
mod xids;

use super::rule::Rule;

/// Every deduction, by dimension.
pub(super) static DEDUCTIONS: [Rule; 23] = [
    remap_failure::RULE,
    sram::RULE,
    retired_pages::RULE,
    xids::UNCONTAINED,
    uncorrectable::RULE,
    xids::CONTAINED,
    pending::REMAP,
    pending::RETIREMENT,
    remapped_rows::RULE,
    spare_rows::RULE,
    corrected::RULE,
    off_bus::RULE,
    xids::INTERNAL,
    xids::NVLINK,
    nvlink_errors::RULE,
    pcie_replays::RULE,
    pcie_link::RULE,
    throttle::HW_THERMAL,
    throttle::SW_THERMAL,
    margin::RULE,
    throttle::POWER_BRAKE,
    throttle::HW_SLOWDOWN,
    peers::RULE,
];

/// The XIDs that a deduction is about.
pub(super) static JUDGED_XIDS: [&[i64]; 7] = [
    remap_failure::CODES,
    uncorrectable::CODES,
    off_bus::CODES,
    xids::UNCONTAINED_CODES,
    xids::CONTAINED_CODES,
    xids::INTERNAL_CODES,
    xids::NVLINK_CODES,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::health::{Action, Dimension};

    #[test]
    fn ids_are_words_of_their_own() {
        for (at, rule) in DEDUCTIONS.iter().enumerate() {
            assert!(rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", rule.id);
            assert!(DEDUCTIONS.iter().skip(at + 1).all(|other| other.id != rule.id), "{}", rule.id);
        }
    }

    #[test]
    fn every_dimension_has_one_and_every_one_says_what_to_do() {
        for dimension in Dimension::ALL {
            assert!(DEDUCTIONS.iter().any(|rule| rule.dimension == *dimension), "{dimension:?}");
        }
        assert!(DEDUCTIONS.iter().all(|rule| rule.action > Action::None));
    }

    #[test]
    fn a_listed_deduction_is_one_line() {
        let listed: Vec<_> = crate::pass::score::list().collect();
        assert_eq!(listed.len(), DEDUCTIONS.len());
        for one in listed {
            let line = format!("{} {} {}", one.id, one.points, one.looks_for);
            assert!(!line.contains('\n') && !one.points.is_empty() && !one.looks_for.is_empty(), "{line}");
        }
    }

    #[test]
    fn an_xid_belongs_to_one_deduction() {
        let codes: Vec<i64> = JUDGED_XIDS.iter().flat_map(|codes| codes.iter().copied()).collect();
        for (at, code) in codes.iter().enumerate() {
            assert!(!codes[at + 1..].contains(code), "XID {code}");
            assert!(crate::event::xid::find(*code).is_some(), "XID {code} is not in the catalogue");
        }
    }
}
