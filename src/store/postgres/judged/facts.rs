//! The facts of a pass: 18 statements in one transaction, however many GPUs there are, asked in two goes: the GPUs and what
//! is small, then what is merged into them as it comes in.
//!
//! What lies after `now` is left out, so that a pass that runs behind its data judges what was known of that instant.

use std::cell::RefCell;

use futures_util::future::{try_join, try_join3, try_join4};
use tokio_postgres::Row;

use super::super::fault::Fault;
use super::super::link::{Session, Work};
use super::super::read::asked::{all, look, prepared};
use super::super::row::{Cells, alert, asset, collector};
use super::super::sql::SQL;
use super::super::stamp::Stamp;
use super::gpus::{Gpus, Newest, give};
use super::sql::{JUDGED, THROTTLES};
use super::{recorded, row};
use crate::event::facts::{CORRECTED_BACK, ERRORS_BACK, FaultMinute, HOURS_BACK, Load, THROTTLE_BACK};
use crate::event::time::{DAY, HOUR, MINUTE};
use crate::event::{Facts, Known, Size, Time};
use crate::store::known::in_order;

/// A silence that ended this long before `now` is left out.
const SILENCES_BACK: i64 = DAY;
/// The week of `retired_a_week_ago`, and how much younger its hour may be.
const WEEK: i64 = 7 * DAY;
const WEEK_YOUNGER: i64 = DAY;

/// What a pass at `now` needs to know.
pub(super) async fn facts(session: &mut Session, now: Time) -> Result<Facts, Fault> {
    // One transaction, so that all answers are of one moment.
    let mut work = look(session).await?;
    let (mut facts, gpus) = known(&mut work, now).await?;
    let gpus = RefCell::new(gpus);
    past(&mut work, &gpus, now).await?;
    work.commit().await?;
    facts.gpus = gpus.into_inner().all;
    for gpu in &mut facts.gpus {
        ordered(gpu);
    }
    Ok(facts)
}

/// The GPUs, and all but them.
async fn known(work: &mut Work<'_>, now: Time) -> Result<(Facts, Gpus), Fault> {
    let newest = Newest::prepared(work).await?; // four statements
    let sql = &*JUDGED;
    let [assets, collectors, alerts, silences, failures, numbers] = prepared(
        work,
        [&SQL.assets, &SQL.collectors, &SQL.alerts_open, &sql.silences_since, &sql.failures, &sql.numbers],
    )
    .await?;
    let since = now.plus(-SILENCES_BACK);
    let stamp = Stamp(since);
    let (found, (assets, collectors), (alerts, silences, failures, mut numbers)) = try_join3(
        newest.found(work),
        try_join(all(work, &assets, [], asset), all(work, &collectors, [], collector)),
        try_join4(
            all(work, &alerts, [], alert),
            all(work, &silences, [&stamp], row::silence),
            all(work, &failures, [], row::failure),
            all(work, &numbers, [&1_i64], row::fleet),
        ),
    )
    .await?;
    let mut gpus = Gpus::merged(found);
    for asset in assets {
        if let Some(gpu) = gpus.find(&asset.gpu_uuid) {
            gpu.asset = Some(asset);
        }
    }
    let facts = Facts {
        gpus: Vec::new(),
        collectors,
        alerts,
        silences: recorded::lasting(silences, since),
        failures: recorded::by_time(failures),
        fleet: numbers.pop(),
    };
    Ok((facts, gpus))
}

/// Events, minutes with faults, hours: eight statements.
async fn past(work: &mut Work<'_>, gpus: &RefCell<Gpus>, now: Time) -> Result<(), Fault> {
    let sql = &*JUDGED;
    let [events, errors, links, throttled] =
        prepared(work, [&sql.events, &sql.errors, &sql.links, &sql.throttled]).await?;
    let [hours, quarters, corrected, retired] =
        prepared(work, [&sql.hours, &sql.quarters, &sql.corrected, &sql.retired]).await?;
    let back = |ms: i64| Stamp(now.plus(-ms));
    let (now, minute) = (Stamp(now), back(MINUTE));
    let (errors_back, throttle_back, corrected_back) = (back(ERRORS_BACK), back(THROTTLE_BACK), back(CORRECTED_BACK));
    let (hours_back, before) = (back(HOURS_BACK + HOUR), back(HOURS_BACK + 2 * HOUR));
    let (week, younger) = (back(WEEK), back(WEEK - WEEK_YOUNGER));
    let event = |gpu: &mut Known, _: &mut Cells<'_>, row: &Row| {
        gpu.events.push(row::happening(row)?);
        Ok(())
    };
    let faults = try_join4(
        give(gpus, work, (&events, [&errors_back, &now]), event),
        give(gpus, work, (&errors, [&errors_back, &minute]), |gpu, cells, _| fault(gpu, cells, memory)),
        give(gpus, work, (&links, [&throttle_back, &minute]), |gpu, cells, _| fault(gpu, cells, link)),
        give(gpus, work, (&throttled, [&throttle_back, &minute]), |gpu, cells, _| fault(gpu, cells, throttle)),
    );
    let longer = try_join4(
        give(gpus, work, (&hours, [&hours_back, &now]), |gpu, cells, _| load(gpu, cells, Size::Hour)),
        give(gpus, work, (&quarters, [&hours_back, &now, &before]), |gpu, cells, _| load(gpu, cells, Size::Quarter)),
        give(gpus, work, (&corrected, [&corrected_back, &now]), |gpu, cells, _| {
            let (start, [volatile, aggregate]) = (cells.time()?, counts(cells)?);
            gpu.corrected.push((start, volatile.max(aggregate)));
            Ok(())
        }),
        give(gpus, work, (&retired, [&week, &younger]), |gpu, cells, _| {
            gpu.retired_a_week_ago = cells.get()?;
            Ok(())
        }),
    );
    try_join(faults, longer).await?;
    Ok(())
}

/// A minute with faults, its numbers as `read` has them.
fn fault(
    gpu: &mut Known,
    cells: &mut Cells<'_>,
    read: impl Fn(&mut Cells<'_>, &mut FaultMinute) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut minute = FaultMinute { start: cells.time()?, ..FaultMinute::default() };
    read(cells, &mut minute)?;
    gpu.minutes.push(minute);
    Ok(())
}

fn memory(cells: &mut Cells<'_>, minute: &mut FaultMinute) -> Result<(), Fault> {
    let [volatile, aggregate, remaps] = counts(cells)?;
    (minute.dbe, minute.remaps) = (volatile.max(aggregate), remaps);
    Ok(())
}

fn link(cells: &mut Cells<'_>, minute: &mut FaultMinute) -> Result<(), Fault> {
    let [nvlink_crc, replays, recoveries, pcie_replays] = counts(cells)?;
    (minute.nvlink_crc, minute.nvlink_other) = (nvlink_crc, replays.saturating_add(recoveries));
    minute.pcie_replays = pcie_replays;
    Ok(())
}

fn throttle(cells: &mut Cells<'_>, minute: &mut FaultMinute) -> Result<(), Fault> {
    let mut seconds = [0.0; THROTTLES.len()];
    for seconds in &mut seconds {
        *seconds = cells.real()?.unwrap_or(0.0);
    }
    [minute.hw_slowdown_s, minute.hw_thermal_s, minute.power_brake_s, minute.sw_thermal_s] = seconds;
    Ok(())
}

/// The increases in a row; 0 where there is none.
fn counts<const N: usize>(cells: &mut Cells<'_>) -> Result<[i64; N], Fault> {
    let mut counts = [0; N];
    for count in &mut counts {
        *count = cells.get::<Option<i64>>()?.unwrap_or(0);
    }
    Ok(counts)
}

/// Final hours, and from the newest one's end on 15-min windows: only a GPU's newest hour may be open, so no time counts
/// twice.
fn load(gpu: &mut Known, cells: &mut Cells<'_>, size: Size) -> Result<(), Fault> {
    gpu.hours.push(Load {
        start: cells.time()?,
        ms: size.ms(),
        power: [cells.real()?, cells.real()?, cells.real()?],
        limit: cells.real()?,
        sm_active: cells.real()?,
        sm_clock: cells.real()?,
        util: cells.real()?,
    });
    Ok(())
}

/// Puts a GPU's lists in order; a minute that has several faults becomes one.
fn ordered(gpu: &mut Known) {
    gpu.events.sort_by(|a, b| (a.at, &a.kind, a.code).cmp(&(b.at, &b.kind, b.code)));
    in_order(&mut gpu.minutes);
    gpu.hours.sort_by_key(|load| load.start);
    gpu.corrected.sort_by_key(|(start, _)| *start);
}
