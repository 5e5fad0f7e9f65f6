//! What a store is held against when it is opened: that its schema is this version's. Whose search path leads to another schema
//! is told which one was looked in, since `gpuhm migrate` there would make a second store. Changes nothing.

use super::super::judge;
use super::{MIGRATIONS, run, server};
use crate::store::StoreError;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::link::Session;

/// What to do where a schema has no tables of gpuhm: they may well be in another one.
pub const NOT_THERE: &str =
    "run `gpuhm migrate`, or give the role the search_path of the schema that has them (docs/postgres.md, Roles)";

/// Refuses a schema that this binary cannot use as it stands. For whoever opens the store.
pub(in crate::store) async fn check(session: &mut Session, place: &str) -> Result<(), Fault> {
    let unusable = |why: String, hint: Option<&str>| StoreError::Unusable {
        place: place.to_owned(),
        why,
        hint: hint.map(Into::into),
    };
    let schema = session.about.schema.clone();
    if server::is_none(&schema) {
        return Err(unusable(server::NO_SCHEMA.to_owned(), None).into());
    }
    let ran = run::ran(session.client()).await?;
    let status = judge::status(place, !ran.is_empty(), &MIGRATIONS, &ran);
    judge::usable(&status)?;
    if status.version >= status.newest {
        return Ok(());
    }
    let why = format!("its schema is at version {} and this gpuhm needs {}", status.version, status.newest);
    if ran.is_empty() && server::ask(session.client(), place).await?.partitions.is_none() {
        return Err(unusable(format!("{why}: schema {schema} has no tables of gpuhm"), Some(NOT_THERE)).into());
    }
    Err(unusable(why, Some("run `gpuhm migrate` with the same --store")).into())
}
