//! The facts of a pass: 18 statements in one transaction, however many GPUs there are, each a seek or a walk over an index
//! that holds exactly what is wanted; merged by GPU here.
//!
//! What lies after `now` is left out, so that a pass that runs behind its data judges what was known of that instant.

use rusqlite::{Connection, Result, Row};

use super::super::{alerts, assets, read};
use super::gpus::{Gpus, known};
use super::sql::{JUDGED, THROTTLES};
use super::{recorded, row};
use crate::event::facts::{CORRECTED_BACK, ERRORS_BACK, FaultMinute, HOURS_BACK, Load, THROTTLE_BACK};
use crate::event::time::{DAY, HOUR, MINUTE};
use crate::event::{Facts, Size, Time};
use crate::store::AlertFilter;
use crate::store::known::in_order;

/// A silence that ended this long before `now` is left out.
const SILENCES_BACK: i64 = DAY;
/// The week of `retired_a_week_ago`, and how much younger its hour may be.
const WEEK: i64 = 7 * DAY;
const WEEK_YOUNGER: i64 = DAY;

/// What a pass at `now` needs to know.
pub(super) fn facts(connection: &mut Connection, now: Time) -> Result<Facts> {
    // One transaction, so that all answers are of one moment.
    let transaction = connection.transaction()?;
    let mut gpus = known(&transaction)?; // four statements
    for asset in assets::all(&transaction)? {
        if let Some(gpu) = gpus.find(&asset.gpu_uuid) {
            gpu.asset = Some(asset);
        }
    }
    gpus.give(&transaction, &JUDGED.events, [now.plus(-ERRORS_BACK).ms(), now.ms()], |gpu, row| {
        gpu.events.push(row::happening(row)?);
        Ok(())
    })?;
    minutes(&transaction, &mut gpus, now)?; // three
    loads(&transaction, &mut gpus, now)?; // two
    longer(&transaction, &mut gpus, now)?; // two
    let fleet = transaction.prepare_cached(&JUDGED.numbers)?.query_map([1], row::fleet)?.next().transpose()?;
    Ok(Facts {
        gpus: gpus.all,
        collectors: read::collectors(&transaction)?,
        alerts: alerts::list(&transaction, AlertFilter::Open)?,
        silences: recorded::silences_since(&transaction, now.plus(-SILENCES_BACK))?,
        failures: recorded::failures(&transaction)?,
        fleet,
    })
}

/// Minutes with memory errors, with link errors, with throttling; one that has several is one.
fn minutes(connection: &Connection, gpus: &mut Gpus, now: Time) -> Result<()> {
    let newest = now.plus(-MINUTE).ms();
    gpus.give(connection, &JUDGED.errors, [now.plus(-ERRORS_BACK).ms(), newest], |gpu, row| {
        let [volatile, aggregate, remaps] = counts(row)?;
        let (start, dbe) = (Time(row.get(1)?), volatile.max(aggregate));
        gpu.minutes.push(FaultMinute { start, dbe, remaps, ..Default::default() });
        Ok(())
    })?;
    gpus.give(connection, &JUDGED.links, [now.plus(-THROTTLE_BACK).ms(), newest], |gpu, row| {
        let [nvlink_crc, replays, recoveries, pcie_replays] = counts(row)?;
        let (start, nvlink_other) = (Time(row.get(1)?), replays.saturating_add(recoveries));
        gpu.minutes.push(FaultMinute { start, nvlink_crc, nvlink_other, pcie_replays, ..Default::default() });
        Ok(())
    })?;
    gpus.give(connection, &JUDGED.throttled, [now.plus(-THROTTLE_BACK).ms(), newest], |gpu, row| {
        let mut seconds = [0.0; THROTTLES.len()];
        for (at, seconds) in seconds.iter_mut().enumerate() {
            *seconds = row.get::<_, Option<f64>>(at + 2)?.unwrap_or(0.0);
        }
        let [hw_slowdown_s, hw_thermal_s, power_brake_s, sw_thermal_s] = seconds;
        let start = Time(row.get(1)?);
        let minute =
            FaultMinute { start, hw_slowdown_s, hw_thermal_s, power_brake_s, sw_thermal_s, ..Default::default() };
        gpu.minutes.push(minute);
        Ok(())
    })?;
    for gpu in &mut gpus.all {
        in_order(&mut gpu.minutes);
    }
    Ok(())
}

/// The increases in a row after its GPU and start; 0 where there is none.
fn counts<const N: usize>(row: &Row<'_>) -> Result<[i64; N]> {
    let mut counts = [0; N];
    for (at, count) in counts.iter_mut().enumerate() {
        *count = row.get::<_, Option<i64>>(at + 2)?.unwrap_or(0);
    }
    Ok(counts)
}

/// Final hours, and from the newest one's end on 15-min windows: only a GPU's newest hour may be open, so no time counts
/// twice.
fn loads(connection: &Connection, gpus: &mut Gpus, now: Time) -> Result<()> {
    let span = [now.plus(-HOURS_BACK - HOUR).ms(), now.ms()];
    for (text, size) in [(&JUDGED.hours, Size::Hour), (&JUDGED.quarters, Size::Quarter)] {
        gpus.give(connection, text, span, |gpu, row| {
            gpu.hours.push(Load {
                start: Time(row.get(1)?),
                ms: size.ms(),
                power: [row.get(2)?, row.get(3)?, row.get(4)?],
                limit: row.get(5)?,
                sm_active: row.get(6)?,
                sm_clock: row.get(7)?,
                util: row.get(8)?,
            });
            Ok(())
        })?;
    }
    for gpu in &mut gpus.all {
        gpu.hours.sort_by_key(|load| load.start);
    }
    Ok(())
}

/// What hours say of more than the last day: corrected errors, and pages that were retired a week ago.
fn longer(connection: &Connection, gpus: &mut Gpus, now: Time) -> Result<()> {
    gpus.give(connection, &JUDGED.corrected, [now.plus(-CORRECTED_BACK).ms(), now.ms()], |gpu, row| {
        let of = |at| row.get::<_, Option<i64>>(at).map(Option::unwrap_or_default);
        gpu.corrected.push((Time(row.get(1)?), of(2)?.max(of(3)?)));
        Ok(())
    })?;
    for gpu in &mut gpus.all {
        gpu.corrected.sort_by_key(|(start, _)| *start);
    }
    let span = [now.plus(-WEEK).ms(), now.plus(WEEK_YOUNGER - WEEK).ms()];
    gpus.give(connection, &JUDGED.retired, span, |gpu, row| {
        gpu.retired_a_week_ago = row.get(1)?;
        Ok(())
    })
}
