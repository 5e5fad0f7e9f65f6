//! `dcgm.library`, `dcgm.hostengine`, `dcgm.profiling`, `nvml.driver`: whether GPUs can be read by what the settings name.
//!
//! With `auto`, one way is enough: a missing one is a warning where the other works. Exporters are looked at by reading them.

use gpuhm::source::dcgm::{Absent, Engine, Library, Options};
use gpuhm::source::endpoint::Endpoint;
use gpuhm::source::exporter::{self, Page};
use gpuhm::source::nvml::{self, Driver};
use gpuhm::source::place::{DCGM_PORT, Kind, Place};

use super::registry::{Check, Finding, Subject, told};
use crate::options::ms;
use crate::source::live::{LOOPBACK, here};

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

fn library(subject: &Subject) -> Finding {
    match Library::load(subject.live.libdcgm.as_deref()) {
        Ok(library) => {
            let version = library.version().map(|version| format!(" {version}")).unwrap_or_default();
            let lacks = library.lacks();
            let without = if lacks.is_empty() { String::new() } else { format!("; without {}", lacks.join(", ")) };
            Finding::ok(format!("libdcgm{version}, {}{without}", library.file()))
        }
        Err(error) => severe(subject, error.to_string()).remedy(error.hint()),
    }
}

/// A fault where it was named; where it is one of two ways, a warning.
fn severe(subject: &Subject, text: String) -> Finding {
    let named = subject.places.iter().any(|place| place.kind != Kind::Auto);
    if named { Finding::fault(text) } else { Finding::warning(text) }
}

/// The host engines that are named, and this machine's where it is to be found out.
fn engines(subject: &Subject) -> Vec<Place> {
    let each = subject.places.iter().filter_map(|place| match &place.kind {
        Kind::Auto => Some(Place { kind: Kind::Dcgm(LOOPBACK.to_owned(), DCGM_PORT), ..place.clone() }),
        kind if is_dcgm(kind) => Some(place.clone()),
        _ => None,
    });
    each.take(MOST).collect()
}

/// Reads each engine once, until one cannot be read.
fn read(subject: &Subject, profile_ms: Option<i64>) -> Result<Vec<(Place, Engine)>, Finding> {
    let library = Library::load(subject.live.libdcgm.as_deref())
        .map_err(|error| severe(subject, error.to_string()).remedy(error.hint()))?;
    let mut read = Vec::new();
    for place in engines(subject) {
        let options = Options { hostname: place.hostname(&here()), interval_ms: INTERVAL, profile_ms };
        let mut engine = Engine::new(library, place.clone(), options);
        engine.read(subject.now).map_err(|trouble| {
            let found = severe(subject, format!("{place}: {}", trouble.why));
            trouble.hint.into_iter().fold(found, Finding::remedy)
        })?;
        read.push((place, engine));
    }
    Ok(read)
}

fn engine(subject: &Subject) -> Finding {
    told(read(subject, None).map(|engines| {
        let one = |(place, engine): &(Place, Engine)| {
            let facts = engine.facts();
            let version = facts.as_ref().and_then(|facts| facts.engine).map(|version| version.to_string());
            let gpus = facts.as_ref().map_or(0, |facts| facts.gpus);
            let driverless = if facts.is_some_and(|facts| facts.driverless) { ", without a driver" } else { "" };
            format!("{place}: host engine {}, {gpus} GPUs{driverless}", version.as_deref().unwrap_or("?"))
        };
        let text: Vec<String> = engines.iter().map(one).collect();
        let forbidden = absent(&engines, Absent::NotPermitted);
        let unsupported = absent(&engines, Absent::NotSupported);
        let without =
            if unsupported.is_empty() { String::new() } else { format!("; not supported: {}", unsupported.join(" ")) };
        if forbidden.is_empty() {
            return Finding::ok(format!("{}{without}", text.join("; ")));
        }
        Finding::warning(format!("{}; not permitted: {}{without}", text.join("; "), forbidden.join(" ")))
            .remedy("run nv-hostengine as root: systemctl cat nvidia-dcgm")
    }))
}

/// Metrics that a GPU has not for this reason.
fn absent(engines: &[(Place, Engine)], why: Absent) -> Vec<&'static str> {
    let all = engines.iter().flat_map(|(_, engine)| engine.absences());
    let mut names: Vec<&'static str> = all.filter(|absence| absence.why == why).map(|absence| absence.metric).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn profiling(subject: &Subject) -> Finding {
    let Some(every) = subject.live.profiled() else {
        return Finding::ok("off, as the settings say".to_owned());
    };
    told(read(subject, Some(ms(every))).map(|engines| {
        let without = engines.iter().find_map(|(place, engine)| Some((place, engine.facts()?.unprofiled?)));
        match without {
            Some((place, (code, hint))) => {
                Finding::warning(format!("{place}: no profiling values: {code}")).remedy(hint)
            }
            None => Finding::ok(format!("{} engines give profiling values", engines.len())),
        }
    }))
}

fn nvml(subject: &Subject) -> Finding {
    let options = nvml::Options { hostname: here(), interval_ms: INTERVAL };
    match Driver::open(subject.live.libnvml.as_deref(), options) {
        Ok(driver) => Finding::ok(format!("{} GPUs", driver.gpus())),
        Err(trouble) => {
            let named = subject.places.iter().any(|place| place.kind == Kind::Nvml);
            let found = if named { Finding::fault(trouble.why) } else { Finding::warning(trouble.why) };
            trouble.hint.into_iter().fold(found, Finding::remedy)
        }
    }
}

fn pages(subject: &Subject) -> Finding {
    let pages = subject.places.iter().filter(|place| matches!(place.kind, Kind::Exporter(_)));
    let mut gpus = 0;
    for place in pages.clone().take(MOST) {
        let mut page = Page::new(place.clone(), exporter::Options::new(here(), INTERVAL));
        match page.read(subject.now) {
            Ok(taken) => gpus += taken.readings.len(),
            Err(trouble) => {
                let found = Finding::fault(format!("{place}: {}", trouble.why));
                return trouble.hint.into_iter().fold(found, Finding::remedy);
            }
        }
    }
    let all = pages.count();
    let of = if all > MOST { format!("{MOST} of {all} pages") } else { format!("{all} pages") };
    Finding::ok(format!("{of}, {gpus} GPUs"))
}
