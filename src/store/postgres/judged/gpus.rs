//! Every GPU with the newest that is known of it: four statements, asked together, merged by GPU.

use std::cell::RefCell;
use std::collections::HashMap;

use futures_util::future::try_join4;
use tokio_postgres::{Row, Statement};

use super::super::fault::Fault;
use super::super::link::{Value, Work};
use super::super::read::asked::{all, each, prepared};
use super::super::row::{Cells, sample};
use super::row;
use super::sql::JUDGED;
use crate::event::rows::Place;
use crate::event::{Health, Known, Prediction, Time};
use crate::store::known::seen_as;

/// The GPUs by host, index and UUID, each found by its UUID.
pub(super) struct Gpus {
    pub(super) all: Vec<Known>,
    at: HashMap<String, usize, foldhash::fast::RandomState>,
}

/// The statements of `known`.
pub(super) struct Newest([Statement; 4]);

/// The rows of `known`'s answers: a piece for each statement.
pub(super) type Found = (Vec<Known>, Vec<(Place, Time)>, Vec<Health>, Vec<Prediction>);

impl Newest {
    pub(super) async fn prepared(work: &mut Work<'_>) -> Result<Newest, Fault> {
        let sql = &*JUDGED;
        prepared(work, [&sql.latest, &sql.places, &sql.healths, &sql.predictions]).await.map(Newest)
    }

    /// Every GPU with raw rows, and the newest rows of GPUs, these or others.
    pub(super) async fn found(&self, work: &Work<'_>) -> Result<Found, Fault> {
        let Newest([latest, places, healths, predictions]) = self;
        try_join4(
            all(work, latest, [], seen),
            all(work, places, [], row::place),
            all(work, healths, [&1_i64], row::health),
            all(work, predictions, [&1_i64], row::prediction),
        )
        .await
    }
}

impl Gpus {
    /// The GPU, where it has raw rows.
    pub(super) fn find(&mut self, gpu: &str) -> Option<&mut Known> {
        let at = *self.at.get(gpu)?;
        self.all.get_mut(at)
    }

    /// The newest of each, its place, its health and its prediction; the lists are empty.
    pub(super) fn merged((mut all, places, healths, predictions): Found) -> Gpus {
        all.sort_by(|a, b| {
            let (a, b) = (&a.latest, &b.latest);
            (&a.hostname, a.device_index, &a.gpu_uuid).cmp(&(&b.hostname, b.device_index, &b.gpu_uuid))
        });
        let at = all.iter().enumerate().map(|(at, gpu)| (gpu.uuid().to_owned(), at)).collect();
        let mut gpus = Gpus { all, at };
        for (place, oldest) in places {
            if let Some(gpu) = gpus.find(&place.gpu_uuid) {
                gpu.first = gpu.first.min(oldest);
                gpu.place = place;
            }
        }
        for health in healths {
            if let Some(gpu) = gpus.find(&health.gpu_uuid) {
                gpu.health = Some(health);
            }
        }
        for prediction in predictions {
            if let Some(gpu) = gpus.find(&prediction.gpu_uuid) {
                gpu.prediction = Some(prediction);
            }
        }
        gpus
    }
}

/// Hands every row of an answer to its GPU as it comes in; the first column names it. Rows of others are left out.
///
/// Several answers may be under way at once: none holds the GPUs while it waits.
pub(super) async fn give<const N: usize>(
    gpus: &RefCell<Gpus>,
    work: &Work<'_>,
    (statement, values): (&Statement, [Value<'_>; N]),
    take: impl Fn(&mut Known, &mut Cells<'_>, &Row) -> Result<(), Fault>,
) -> Result<(), Fault> {
    each(work, statement, values, |row| {
        let mut cells = Cells::new(row);
        match gpus.borrow_mut().find(cells.get()?) {
            Some(gpu) => take(gpu, &mut cells, row),
            None => Ok(()),
        }
    })
    .await
}

/// A GPU as its raw rows show it.
fn seen(row: &Row) -> Result<Known, Fault> {
    let mut cells = Cells::new(row);
    let latest = sample(&mut cells)?;
    let (written, first) = (cells.time()?, cells.time()?);
    Ok(seen_as(latest, written, first))
}
