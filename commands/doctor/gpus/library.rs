//! `dcgm.library`: which libdcgm was loaded and what it lacks; or the names that were tried, and what came of each.

use std::path::PathBuf;

use gpuhm::source::dcgm::Library;

use super::super::registry::{Finding, Subject};
use super::{count, severe};
use crate::source::live::LiveOptions;

pub(super) const ID: &str = "dcgm.library";

/// Loads the library that the settings name.
pub(super) fn load(live: &LiveOptions) -> Result<&'static Library, gpuhm::source::dcgm::LoadError> {
    Library::load(live.libdcgm.as_deref())
}

pub(super) fn run(subject: &Subject) -> Finding {
    match load(&subject.live) {
        Ok(library) => {
            let version = library.version().map_or_else(|| "of unknown version".to_owned(), |found| found.to_string());
            let place = placed(library.file()).map(|path| format!(" ({})", path.display())).unwrap_or_default();
            let found = Finding::ok(format!("libdcgm {version}: {}{place}", library.file()));
            match library.lacks().as_slice() {
                [] => found,
                lacks => found.details(vec![format!("lacks {}: {}", count(lacks.len(), "call"), lacks.join(", "))]),
            }
        }
        Err(error) => {
            let named =
                subject.live.libdcgm.is_some() || subject.places.iter().any(|place| super::is_dcgm(&place.kind));
            let tried = error.tried().iter().map(|(name, why)| format!("{name}: {}", short(name, why)));
            severe(named, error.to_string()).details(tried.collect()).remedy(error.hint())
        }
    }
}

/// Where a library that the linker found lies.
fn placed(file: &str) -> Option<PathBuf> {
    if file.starts_with('/') {
        return None;
    }
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let found = maps.lines().filter_map(|line| line.split_once('/').map(|(_, path)| format!("/{path}")));
    found.map(PathBuf::from).find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(file)))
}

/// The linker's words without the name they begin with.
fn short<'w>(name: &str, why: &'w str) -> &'w str {
    let why = why.strip_prefix(name).unwrap_or(why).trim_start_matches([':', ' ']);
    let absent = "cannot open shared object file: ";
    why.strip_prefix(absent).unwrap_or(why)
}
