//! Writing rows of judgement: upserts within the transaction of a step or pass, and what people record.

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Error, Result, ToSql, Transaction, TransactionBehavior::Immediate, params};
use serde::Serialize;

use super::super::bind::Binder;
use super::sql::{JUDGED, SUPPRESS};
use crate::event::health::FleetHealth;
use crate::event::rows::{Place, Suppression};
use crate::event::{Failure, Health, Prediction, Rows, Silence, Time};

/// Writes everything of `rows` that is judgement. Its alerts must be in their table: suppressions mark them.
pub(in crate::store::sqlite) fn put(transaction: &Transaction<'_>, rows: &Rows, now: Time) -> Result<()> {
    put_places(transaction, &rows.places, now)?;
    put_healths(transaction, &rows.healths, now)?;
    put_fleet(transaction, &rows.fleet, now)?;
    put_predictions(transaction, &rows.predictions, now)?;
    suppress(transaction, &rows.suppressions)
}

fn put_places(transaction: &Transaction<'_>, rows: &[Place], now: Time) -> Result<()> {
    let mut statement = transaction.prepare_cached(&JUDGED.place_upsert)?;
    for row in rows {
        let mut to = Binder::new(&mut statement);
        to.put(&row.gpu_uuid)?;
        to.put(row.since.ms())?;
        to.put(&row.hostname)?;
        to.put(row.device_index)?;
        for text in &row.texts {
            to.put(text)?;
        }
        to.put(now.ms())?;
        to.run()?;
    }
    Ok(())
}

fn put_healths(transaction: &Transaction<'_>, rows: &[Health], now: Time) -> Result<()> {
    let mut statement = transaction.prepare_cached(&JUDGED.health_upsert)?;
    for row in rows {
        let mut to = Binder::new(&mut statement);
        to.put(&row.gpu_uuid)?;
        to.put(row.time.ms())?;
        to.put(&row.hostname)?;
        to.put(row.device_index)?;
        to.put(row.score)?;
        to.put(row.grade.word())?;
        to.put(row.state.word())?;
        to.put(row.confidence)?;
        to.put(row.action.word())?;
        to.put(Json(&row.ledger))?;
        to.put(Json(&row.notes))?;
        to.put(row.better_since.map(Time::ms))?;
        to.put(row.as_of.ms())?;
        to.put(&row.replaced_by)?;
        to.put(now.ms())?;
        to.run()?;
    }
    Ok(())
}

fn put_fleet(transaction: &Transaction<'_>, rows: &[FleetHealth], now: Time) -> Result<()> {
    let mut statement = transaction.prepare_cached(&JUDGED.fleet_upsert)?;
    for row in rows {
        let mut to = Binder::new(&mut statement);
        to.put(row.time.ms())?;
        for count in row.states {
            to.put(count)?;
        }
        to.put(row.mean)?;
        to.put(row.worst)?;
        for count in row.open {
            to.put(count)?;
        }
        to.put(now.ms())?;
        to.run()?;
    }
    Ok(())
}

fn put_predictions(transaction: &Transaction<'_>, rows: &[Prediction], now: Time) -> Result<()> {
    let mut statement = transaction.prepare_cached(&JUDGED.prediction_upsert)?;
    for row in rows {
        let mut to = Binder::new(&mut statement);
        to.put(&row.gpu_uuid)?;
        to.put(row.time.ms())?;
        to.put(&row.hostname)?;
        to.put(row.device_index)?;
        for odds in row.odds {
            for part in [odds.p, odds.low, odds.high, odds.base] {
                to.put(part)?;
            }
        }
        to.put(row.hazard)?;
        to.put(row.base_hazard)?;
        to.put(Json(&row.reasons))?;
        to.put(row.advice.word())?;
        to.put(row.standing.word())?;
        to.put(&row.model)?;
        to.put(row.labels)?;
        to.put(row.exposure_years)?;
        to.put(row.as_of.ms())?;
        to.put(now.ms())?;
        to.run()?;
    }
    Ok(())
}

fn suppress(transaction: &Transaction<'_>, rows: &[Suppression]) -> Result<()> {
    let mut statement = transaction.prepare_cached(SUPPRESS)?;
    for row in rows {
        statement.execute(params![row.alert_id, row.by])?;
    }
    Ok(())
}

/// Puts failures in, whole rows by key; returns how many were new or differed.
pub(super) fn put_failures(connection: &mut Connection, rows: &[Failure]) -> Result<u64> {
    let transaction = connection.transaction_with_behavior(Immediate)?;
    let mut changed = 0;
    {
        let mut statement = transaction.prepare_cached(&JUDGED.failure_upsert)?;
        for row in rows {
            let key = params![row.gpu_uuid, row.at.ms(), row.kind.word(), row.who, row.note];
            changed += u64::from(statement.execute(key)? != 0);
        }
    }
    transaction.commit()?;
    Ok(changed)
}

/// Puts a silence in, or changes the one with its id.
pub(super) fn put_silence(connection: &Connection, row: &Silence) -> Result<()> {
    let matchers: Vec<String> = row.matchers.iter().map(ToString::to_string).collect();
    let (from, until, ended) = (row.from.ms(), row.until.ms(), row.ended.map(Time::ms));
    let all = params![row.id, Json(&matchers), from, until, row.reason, row.who, ended];
    connection.prepare_cached(&JUDGED.silence_upsert)?.execute(all)?;
    Ok(())
}

/// A list as its column holds it.
struct Json<'a, T>(&'a [T]);

impl<T: Serialize> ToSql for Json<'_, T> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        if self.0.is_empty() {
            return Ok("[]".into());
        }
        let text = serde_json::to_string(self.0).map_err(|error| Error::ToSqlConversionFailure(error.into()))?;
        Ok(text.into())
    }
}
