//! What SQLite's errors mean: whether a person must act, or whether trying again may help.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::store::StoreError;

/// The store's name in messages.
pub(in crate::store) fn place(path: &Path) -> String {
    path.display().to_string()
}

/// Says that a person must act.
pub(in crate::store) fn unusable(path: &Path, why: impl Into<String>) -> StoreError {
    StoreError::Unusable { place: place(path), why: why.into(), hint: None }
}

/// What a failed operation means. A full disk, a lock held too long and failing I/O may pass; the rest will not.
pub(in crate::store) fn fault(path: &Path, what: &'static str, error: &rusqlite::Error) -> StoreError {
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "it is not a database; name another file, or move this one away",
        Some(ErrorCode::DatabaseCorrupt) => {
            "the file is damaged; move it away and a new one is made, or restore a copy"
        }
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "this user may not write it or its directory, which reading needs too while no stage has it open; run as its owner"
        }
        // A missing table or column, a value of a wrong type, a broken constraint: the schema is not what it should be.
        Some(ErrorCode::Unknown | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => {
            "its schema is not what it should be; `gpuhm migrate verify` says where"
        }
        Some(_) => return StoreError::Failed { place: place(path), what, why: error.to_string(), hint: None },
        // Not SQLite's but the conversion's: a row holds what no gpuhm wrote.
        None => "a row in it does not read; `gpuhm migrate verify` says whether the schema is whole",
    };
    unusable(path, format!("{what}: {error}: {advice}"))
}
