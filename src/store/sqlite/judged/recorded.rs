//! What people recorded, read back: silences and failures. Few rows, so that their order is made here.

use rusqlite::{Connection, Params, Result};

use super::row;
use super::sql::JUDGED;
use crate::event::{Failure, Silence, Time};

/// Every silence, newest first.
pub(super) fn silences(connection: &Connection) -> Result<Vec<Silence>> {
    read(connection, &JUDGED.silences, [])
}

/// Silences that end or were ended after `since`, newest first.
pub(super) fn silences_since(connection: &Connection, since: Time) -> Result<Vec<Silence>> {
    let mut all = read(connection, &JUDGED.silences_since, [since.ms()])?;
    all.retain(|silence| silence.ended.is_none_or(|ended| ended > since));
    Ok(all)
}

/// The `most` silences that end last, newest first.
pub(super) fn silences_newest(connection: &Connection, most: u32) -> Result<Vec<Silence>> {
    read(connection, &JUDGED.silences_newest, [most])
}

fn read(connection: &Connection, text: &str, values: impl Params) -> Result<Vec<Silence>> {
    let mut statement = connection.prepare_cached(text)?;
    let mut all = statement.query_map(values, row::silence)?.collect::<Result<Vec<Silence>>>()?;
    all.sort_by(|a, b| b.from.cmp(&a.from).then_with(|| a.id.cmp(&b.id)));
    Ok(all)
}

/// Every failure, by time.
pub(super) fn failures(connection: &Connection) -> Result<Vec<Failure>> {
    let mut statement = connection.prepare_cached(&JUDGED.failures)?;
    let mut all = statement.query_map([], row::failure)?.collect::<Result<Vec<Failure>>>()?;
    all.sort_by(|a, b| (a.at, &a.gpu_uuid, a.kind).cmp(&(b.at, &b.gpu_uuid, b.kind)));
    Ok(all)
}
