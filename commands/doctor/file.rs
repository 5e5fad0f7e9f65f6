//! `bus.file`: whether the embedded bus is there, can be written, and has room to grow.

use std::path::{Path, PathBuf};

use gpuhm::bus::embedded::Options;

use super::registry::{Check, Finding, Subject, told};
use crate::open;

pub(super) const ID: &str = "bus.file";
pub(super) const CHECK: Check = Check { id: ID, needs: None, applies: Subject::embedded, run };

/// Free bytes below which someone should look, and below which writes may fail at any moment (J).
const LOW: u64 = 2 << 30;
const FULL: u64 = 64 << 20;
const MIB: u64 = 1 << 20;

/// Whether there is an embedded bus.
pub(super) fn is_there(subject: &Subject) -> bool {
    subject.embedded() && place(subject).is_ok_and(|file| file.exists())
}

fn place(subject: &Subject) -> Result<PathBuf, Finding> {
    Ok(open::bus_directory(&subject.common, &subject.bus)?.join("bus.db"))
}

fn run(subject: &Subject) -> Finding {
    told(look(subject))
}

fn look(subject: &Subject) -> Result<Finding, Finding> {
    let file = place(subject)?;
    if !file.exists() {
        let text = format!("{}: not made yet; a stage makes it", file.display());
        return Ok(Finding::ok(text));
    }
    // Opening it is the test: it finds out whether it is a log of this version and can be written.
    subject.open_bus()?;
    let size = size(&file);
    let directory = file.parent().unwrap_or(&file);
    let free = free(directory)?;
    let text = format!("{}: {} MiB, writable, {} MiB free", file.display(), size / MIB, free / MIB);
    let grows = Options::default().bytes.saturating_sub(size);
    if free < FULL {
        return Ok(Finding::fault(text).remedy(format!("make room on the disk of {}", directory.display())));
    }
    if free < LOW.min(grows) {
        let room = format!("it may grow by {} MiB: make room on the disk of {}", grows / MIB, directory.display());
        return Ok(Finding::warning(text).remedy(room));
    }
    Ok(Finding::ok(text))
}

/// Bytes of the log and of what is written ahead.
fn size(file: &Path) -> u64 {
    let ahead = file.with_extension("db-wal");
    [file, &ahead].iter().filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum()
}

fn free(directory: &Path) -> Result<u64, Finding> {
    let answer = rustix::fs::statvfs(directory);
    let answer = answer.map_err(|error| Finding::fault(format!("{}: {error}", directory.display())))?;
    Ok(answer.f_bavail.saturating_mul(answer.f_frsize))
}
