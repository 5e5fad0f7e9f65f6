//! Files that only their owner reads: the embedded databases hold the telemetry of a whole fleet.
//!
//! SQLite makes a database for all to read and gives its companions the permissions that it has; so the file is made
//! before SQLite opens it. Knows nothing of what is in it.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Makes the file where there is none, for its owner alone; one that exists keeps the permissions it has.
///
/// # Errors
/// Where it is not there and cannot be made.
pub(crate) fn make(path: &Path) -> io::Result<()> {
    // Between the making and the closing no other thread may lock it through SQLite: closing would drop that lock.
    static MAKING: Mutex<()> = Mutex::new(());
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
