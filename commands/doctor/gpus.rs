//! `dcgm.library`, `dcgm.hostengine`, `dcgm.profiling`, `nvml.driver`: whether GPUs can be read by what the settings name.
//!
//! With `auto`, one way is enough: a missing one is a warning where the other works. Exporters are looked at by reading them.

use gpuhm::source::dcgm::{Absent, Engine, Library};
use gpuhm::source::endpoint::Endpoint;
use gpuhm::source::place::{Kind, Place};

use super::registry::{Check, Finding, Subject, told};
use crate::source::live::here;

pub(super) const LIBRARY: Check = Check { id: "dcgm.library", needs: None, applies: by_dcgm, run: library };
pub(super) const ENGINE: Check =
    Check { id: "dcgm.hostengine", needs: Some("dcgm.library"), applies: by_dcgm, run: engine };
pub(super) const PROFILING: Check =
    Check { id: "dcgm.profiling", needs: Some("dcgm.hostengine"), applies: by_dcgm, run: profiling };
pub(super) const NVML: Check = Check { id: "nvml.driver", needs: None, applies: by_nvml, run: nvml };
pub(super) const PAGES: Check = Check { id: "exporter.pages", needs: None, applies: by_pages, run: pages };

/// The interval that engines are asked with, ms: they are read once.
const INTERVAL: i64 = 10_000;
/// Sources of one kind that are looked at, at most: each may take its time.
const MOST: usize = 8;

fn is_dcgm(kind: &Kind) -> bool {
    matches!(kind, Kind::Dcgm(..) | Kind::DcgmSocket(_) | Kind::DcgmEmbedded)
}

fn by_dcgm(subject: &Subject) -> bool {
    subject.places.iter().any(|place| is_dcgm(&place.kind) || place.kind == Kind::Auto)
}

fn by_nvml(subject: &Subject) -> bool {
    subject.places.iter().any(|place| matches!(place.kind, Kind::Nvml | Kind::Auto))
}

fn by_pages(subject: &Subject) -> bool {
    subject.places.iter().any(|place| matches!(place.kind, Kind::Exporter(_)))
}
