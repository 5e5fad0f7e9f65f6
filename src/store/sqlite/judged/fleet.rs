//! The fleet as people look at it: nine statements in one transaction.

use rusqlite::{Connection, Result};

use super::super::{alerts, read};
use super::gpus::known;
use super::sql::JUDGED;
use super::{recorded, row};
use crate::event::health::FleetHealth;
use crate::event::{Alert, FleetNow, GpuNow};
use crate::store::AlertFilter;

/// Alerts that ended, beside every one that fires.
const ENDED: u32 = 500;
/// Rows of the fleet's numbers: the last passes.
const NUMBERS: u32 = 240;
/// Silences.
const SILENCES: u32 = 500;

/// The fleet.
pub(super) fn fleet(connection: &mut Connection) -> Result<FleetNow> {
    // One transaction, so that all answers are of one moment.
    let transaction = connection.transaction()?;
    let gpus = known(&transaction)?.all; // four statements
    let now = |gpu: crate::event::Known| GpuNow {
        latest: gpu.latest,
        place: gpu.place,
        health: gpu.health,
        prediction: gpu.prediction,
    };
    Ok(FleetNow {
        gpus: gpus.into_iter().map(now).collect(),
        alerts: newest(&transaction)?, // two
        collectors: read::collectors(&transaction)?,
        numbers: numbers(&transaction)?,
        silences: recorded::silences_newest(&transaction, SILENCES)?,
    })
}

/// Every alert that fires and the newest others, those that began last first.
fn newest(connection: &Connection) -> Result<Vec<Alert>> {
    let mut all = alerts::list(connection, AlertFilter::Open)?;
    let mut ended = connection.prepare_cached(&JUDGED.alerts_ended)?;
    all.extend(ended.query_map([ENDED], alerts::alert)?.collect::<Result<Vec<Alert>>>()?);
    // Times that a store prints are of one length, so that their texts order as they do.
    all.sort_by(|a, b| (&b.since, &b.alert_id).cmp(&(&a.since, &a.alert_id)));
    Ok(all)
}

/// The fleet's newest numbers, by time.
fn numbers(connection: &Connection) -> Result<Vec<FleetHealth>> {
    let mut statement = connection.prepare_cached(&JUDGED.numbers)?;
    let mut all = statement.query_map([NUMBERS], row::fleet)?.collect::<Result<Vec<FleetHealth>>>()?;
    all.reverse();
    Ok(all)
}
