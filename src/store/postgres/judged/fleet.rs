//! The fleet as people look at it: nine statements in one transaction, asked together.

use futures_util::future::{try_join, try_join5};

use super::super::fault::Fault;
use super::super::link::Session;
use super::super::read::asked::{all, look, prepared};
use super::super::row::{alert, collector};
use super::super::sql::SQL;
use super::gpus::{Gpus, Newest};
use super::sql::JUDGED;
use super::{recorded, row};
use crate::event::{FleetNow, GpuNow, Known};

/// Alerts that ended, beside every one that fires.
const ENDED: i64 = 500;
/// Rows of the fleet's numbers: the last passes.
const NUMBERS: i64 = 240;
/// Silences.
const SILENCES: i64 = 500;

/// The fleet.
pub(super) async fn fleet(session: &mut Session) -> Result<FleetNow, Fault> {
    // One transaction, so that all answers are of one moment.
    let mut work = look(session).await?;
    let newest = Newest::prepared(&mut work).await?; // four statements
    let sql = &*JUDGED;
    let [open, ended, collectors, numbers, silences] =
        prepared(&mut work, [&SQL.alerts_open, &sql.alerts_ended, &SQL.collectors, &sql.numbers, &sql.silences_newest])
            .await?;
    let (found, (mut alerts, ended, collectors, mut numbers, silences)) = try_join(
        newest.found(&work),
        try_join5(
            all(&work, &open, [], alert),
            all(&work, &ended, [&ENDED], alert),
            all(&work, &collectors, [], collector),
            all(&work, &numbers, [&NUMBERS], row::fleet),
            all(&work, &silences, [&SILENCES], row::silence),
        ),
    )
    .await?;
    work.commit().await?;
    alerts.extend(ended);
    // Times that a store prints are of one length, so that their texts order as they do.
    alerts.sort_by(|a, b| (&b.since, &b.alert_id).cmp(&(&a.since, &a.alert_id)));
    numbers.reverse();
    Ok(FleetNow {
        gpus: Gpus::merged(found).all.into_iter().map(now).collect(),
        alerts,
        collectors,
        numbers,
        silences: recorded::newest_first(silences),
    })
}

fn now(gpu: Known) -> GpuNow {
    GpuNow { latest: gpu.latest, place: gpu.place, health: gpu.health, prediction: gpu.prediction }
}
