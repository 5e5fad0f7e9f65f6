//! Every GPU with the newest that is known of it: four statements, merged by GPU.

use std::collections::HashMap;

use rusqlite::{Connection, Params, Result, Row};

use super::super::read;
use super::row;
use super::sql::JUDGED;
use crate::event::rows::PLACE_TEXTS;
use crate::event::{Known, Time};
use crate::store::known::seen_as;

/// The GPUs by host, index and UUID, each found by its UUID.
pub(super) struct Gpus {
    pub(super) all: Vec<Known>,
    at: HashMap<String, usize, foldhash::fast::RandomState>,
}

impl Gpus {
    /// The GPU, where it has raw rows.
    pub(super) fn find(&mut self, gpu: &str) -> Option<&mut Known> {
        let at = *self.at.get(gpu)?;
        self.all.get_mut(at)
    }

    /// Hands every row of an answer to its GPU; the first column names it. Rows of others are left out.
    pub(super) fn give(
        &mut self,
        connection: &Connection,
        text: &str,
        values: impl Params,
        mut take: impl FnMut(&mut Known, &Row<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut statement = connection.prepare_cached(text)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            if let Some(gpu) = self.find(row.get_ref(0)?.as_str()?) {
                take(gpu, row)?;
            }
        }
        Ok(())
    }
}

/// Every GPU with raw rows: the newest of these, its place, its health and its prediction; the lists are empty.
pub(super) fn known(connection: &Connection) -> Result<Gpus> {
    let mut all: Vec<Known> =
        connection.prepare_cached(&JUDGED.latest)?.query_map([], seen)?.collect::<Result<Vec<Known>>>()?;
    all.sort_by(|a, b| {
        let (a, b) = (&a.latest, &b.latest);
        (&a.hostname, a.device_index, &a.gpu_uuid).cmp(&(&b.hostname, b.device_index, &b.gpu_uuid))
    });
    let at = all.iter().enumerate().map(|(at, gpu)| (gpu.uuid().to_owned(), at)).collect();
    let mut gpus = Gpus { all, at };
    gpus.give(connection, &JUDGED.places, [], |gpu, row| {
        gpu.place = row::place(row)?;
        let oldest: i64 = row.get(4 + PLACE_TEXTS.len())?;
        gpu.first = gpu.first.min(Time(oldest));
        Ok(())
    })?;
    gpus.give(connection, &JUDGED.healths, [], |gpu, row| {
        gpu.health = Some(row::health(row)?);
        Ok(())
    })?;
    gpus.give(connection, &JUDGED.predictions, [], |gpu, row| {
        gpu.prediction = Some(row::prediction(row)?);
        Ok(())
    })?;
    Ok(gpus)
}

/// A GPU as its raw rows show it.
fn seen(row: &Row<'_>) -> Result<Known> {
    let (latest, next) = read::sample(row)?;
    let first = Time(row.get(next + 1)?);
    Ok(seen_as(latest, Time(row.get(next)?), first))
}
