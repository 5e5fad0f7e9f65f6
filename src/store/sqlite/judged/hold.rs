//! Rights that one process holds at a time: a locked file beside the store for each name.
//!
//! The system drops the lock with the process, however it ends; the file stays, empty, because taking it away would let
//! two processes lock two files of one name.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::super::{place, unusable};
use crate::store::{Held, StoreError};

/// A locked file.
struct Lock {
    _file: File,
}

impl Held for Lock {}

/// Takes the right `name` of the store at `path`; `None` while another holds it.
pub(super) fn take(path: &Path, name: &str) -> Result<Option<Box<dyn Held>>, StoreError> {
    if name.is_empty() || !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-')) {
        return Err(unusable(path, format!("{name:?} is no name of a right: letters a to z and - only")));
    }
    let lock = beside(path, name);
    let cannot =
        |error: std::io::Error| unusable(path, format!("its lock {} cannot be opened: {error}", lock.display()));
    crate::private::make(&lock).map_err(cannot)?;
    let file = OpenOptions::new().read(true).write(true).open(&lock).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Box::new(Lock { _file: file }))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => {
            let why = format!("{}: {error}", lock.display());
            Err(StoreError::Failed { place: place(path), what: "lock", why, hint: None })
        }
    }
}

/// The lock's file: beside the store itself, by whatever link it was opened.
fn beside(path: &Path, name: &str) -> PathBuf {
    let mut lock = path.canonicalize().unwrap_or_else(|_| path.to_owned()).into_os_string();
    lock.push(format!(".{name}.lock"));
    lock.into()
}
