//! Holds what a database says it ran against what this binary carries.
//!
//! The rules: the versions that ran are the first ones, without a gap; their texts are ours; and what a newer gpuhm
//! added is welcome as long as it says that this one may still run.

use super::file::release;
use super::{Finding, Migration, OURS, State, Status, Step, TABLE};
use crate::event::Time;
use crate::store::StoreError;

/// A row of the bookkeeping table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) checksum: String,
    pub(crate) applied_at: Time,
    /// NULL for one that `baseline` took as applied.
    pub(crate) duration_ms: Option<i64>,
    pub(crate) gpuhm_version: String,
    pub(crate) compatible_from: String,
    /// Began outside a transaction and did not end.
    pub(crate) dirty: bool,
}

/// Where the database at `place` stands that ran `ran`, by rising version.
pub(crate) fn status(place: &str, exists: bool, ours: &[Migration], ran: &[Ran]) -> Status {
    let newest = ours.iter().map(|migration| migration.version).max().unwrap_or(0);
    let version = ran.iter().map(|row| row.version).max().unwrap_or(0);
    let mut steps: Vec<Step> = ours.iter().map(|migration| known(migration, ran, version)).collect();
    let newer = ran.iter().filter(|row| row.version > newest);
    steps.extend(newer.clone().map(|row| step(row, if row.dirty { State::Dirty } else { State::Newer })));
    let needs = newer
        .map(|row| row.compatible_from.as_str())
        .filter(|from| release(from) > release(OURS))
        .max_by_key(|from| release(from));
    Status { place: place.to_owned(), exists, version, newest, needs: needs.map(str::to_owned), steps, server: None }
}

fn known(migration: &Migration, ran: &[Ran], version: i64) -> Step {
    match ran.iter().find(|row| row.version == migration.version) {
        Some(row) if row.dirty => step(row, State::Dirty),
        Some(row) if row.checksum != migration.checksum() => step(row, State::Changed),
        Some(row) if row.duration_ms.is_none() => step(row, State::Baselined),
        Some(row) => step(row, State::Applied),
        None => Step {
            version: migration.version,
            name: migration.name.to_owned(),
            state: if migration.version < version { State::Skipped } else { State::Pending },
            applied_at: None,
            duration_ms: None,
            gpuhm_version: None,
        },
    }
}

fn step(row: &Ran, state: State) -> Step {
    Step {
        version: row.version,
        name: row.name.clone(),
        state,
        applied_at: Some(row.applied_at),
        duration_ms: row.duration_ms,
        gpuhm_version: Some(row.gpuhm_version.clone()),
    }
}

/// Refuses a database that this binary must not touch.
pub(crate) fn usable(status: &Status) -> Result<(), StoreError> {
    if let Some(needs) = &status.needs {
        return Err(StoreError::TooNew {
            place: status.place.clone(),
            found: status.version,
            needs: needs.clone(),
            ours: OURS,
        });
    }
    let Some(step) = status.steps.iter().find(|step| step.state.refused()) else { return Ok(()) };
    let (version, name) = (step.version, &step.name);
    let why = match step.state {
        State::Skipped => format!(
            "migration {version} ({name}) never ran here, though {} did; run its text by hand and record it, or start with a new store",
            status.version
        ),
        State::Dirty => format!(
            "migration {version} ({name}) began here and did not end, and it is one that runs outside a transaction: see what of it is there; then either finish it by hand and UPDATE {TABLE} SET dirty = false WHERE version = {version}, or undo it by hand and DELETE FROM {TABLE} WHERE version = {version}"
        ),
        _ => format!(
            "migration {version} ({name}) ran here with another text than this gpuhm {OURS} carries (it was {}); use the gpuhm that made this store or a later release",
            step.gpuhm_version.as_deref().unwrap_or("unknown"),
        ),
    };
    Err(StoreError::Unusable { place: status.place.clone(), why, hint: None })
}

/// What is wrong with one migration.
pub(crate) fn wrong(step: &Step) -> Option<Finding> {
    let remedy = match step.state {
        State::Applied | State::Baselined | State::Newer => return None,
        State::Pending => "run `gpuhm migrate`",
        State::Changed => "use the gpuhm that made this store, or a later release",
        State::Skipped => "run its text by hand and record it, or start with a new store",
        State::Dirty => "see what of it is there, finish or undo it by hand, and record that",
    };
    let what = format!("migration {} ({}) is {}", step.version, step.name, step.state.word());
    Some(Finding { what, remedy: remedy.into() })
}

/// The migrations to run, up to version `to`.
pub(crate) fn pending(ours: &[Migration], status: &Status, to: Option<i64>) -> Result<Vec<Migration>, StoreError> {
    usable(status)?;
    if let Some(to) = to.filter(|to| !(0..=status.newest).contains(to)) {
        let why = format!("there is no migration {to}; the newest of gpuhm {OURS} is {}", status.newest);
        return Err(StoreError::Unusable { place: status.place.clone(), why, hint: None });
    }
    let wanted =
        |migration: &&Migration| migration.version > status.version && to.is_none_or(|to| migration.version <= to);
    Ok(ours.iter().filter(wanted).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS2: [Migration; 2] = [
        Migration { version: 1, name: "one", sql: "-- compatible-from: 0.1.0\n" },
        Migration { version: 2, name: "two", sql: "-- compatible-from: 0.1.0\n--\n" },
    ];

    fn ran(version: i64, checksum: &str, from: &str) -> Ran {
        Ran {
            version,
            name: "x".into(),
            checksum: checksum.into(),
            applied_at: Time(0),
            duration_ms: Some(1),
            gpuhm_version: "0.0.1".into(),
            compatible_from: from.into(),
            dirty: false,
        }
    }

    fn judged(rows: &[Ran]) -> Result<Vec<i64>, String> {
        let status = status("here", true, &OURS2, rows);
        let todo = pending(&OURS2, &status, None).map_err(|error| error.to_string())?;
        Ok(todo.iter().map(|migration| migration.version).collect())
    }

    #[test]
    fn runs_what_is_missing_at_the_end() {
        let one = ran(1, &OURS2[0].checksum(), "0.1.0");
        assert_eq!(judged(&[]), Ok(vec![1, 2]));
        assert_eq!(judged(std::slice::from_ref(&one)), Ok(vec![2]));
        assert_eq!(judged(&[one, ran(2, &OURS2[1].checksum(), "0.1.0")]), Ok(vec![]));
    }

    #[test]
    fn refuses_a_gap_and_another_text() {
        let two = ran(2, &OURS2[1].checksum(), "0.1.0");
        assert!(judged(std::slice::from_ref(&two)).unwrap_err().contains("migration 1 (one) never ran"));
        assert!(judged(&[ran(1, "other", "0.1.0"), two]).unwrap_err().contains("another text"));
    }

    #[test]
    fn refuses_what_did_not_end() {
        let one = Ran { dirty: true, ..ran(1, &OURS2[0].checksum(), "0.1.0") };
        assert!(judged(&[one]).unwrap_err().contains("migration 1 (x) began here and did not end"));
        let both = [ran(1, &OURS2[0].checksum(), "0.1.0"), ran(2, &OURS2[1].checksum(), "0.1.0")];
        let newer = Ran { dirty: true, ..ran(3, "?", "0.1.0") };
        let [one, two] = both;
        assert!(judged(&[one, two, newer]).unwrap_err().contains("migration 3 (x) began here"));
    }

    #[test]
    fn a_newer_schema_runs_where_it_says_so() {
        let both = [ran(1, &OURS2[0].checksum(), "0.1.0"), ran(2, &OURS2[1].checksum(), "0.1.0")];
        let [one, two] = both;
        assert_eq!(judged(&[one.clone(), two.clone(), ran(3, "?", "0.1.0")]), Ok(vec![]));
        let error = judged(&[one, two, ran(3, "?", "99.0.0"), ran(4, "?", "0.1.0")]).unwrap_err();
        assert!(error.contains("schema 4 needs gpuhm 99.0.0"), "{error}");
    }

    #[test]
    fn refuses_a_target_that_does_not_exist() {
        let status = status("here", true, &OURS2, &[]);
        assert_eq!(pending(&OURS2, &status, Some(1)).unwrap().len(), 1);
        assert!(pending(&OURS2, &status, Some(3)).unwrap_err().to_string().contains("no migration 3"));
    }
}
