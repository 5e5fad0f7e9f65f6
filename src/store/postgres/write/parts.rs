//! Partitions, made before rows that need them are written. On TimescaleDB there is nothing to make.
//!
//! What is known to be there is remembered, however often the connection changes; a partition that retention took in
//! between is missed by the write that needs it, which forgets everything and asks again.

use std::collections::{BTreeMap, BTreeSet};

use super::super::fault::Fault;
use super::super::link::Session;
use super::super::stamp::Stamp;
use crate::event::time::DAY;
use crate::event::{Rows, Time, Window};

/// The series with their days, where this server has partitions of ours: none on TimescaleDB.
const SERIES: &str =
    "SELECT s.name, s.days FROM gpuhm_series s JOIN pg_class c ON c.oid = to_regclass(quote_ident(s.name))
    WHERE c.relkind = 'p'";
const MAKE: &str = "SELECT count(gpuhm_partition(name, at)) FROM unnest($1::text[], $2::timestamptz[]) t (name, at)";
/// What the server's calendar holds, and a little less: 4713 BC to 294276 AD.
const CALENDAR: std::ops::Range<i64> = -210_800_000_000_000..9_220_000_000_000_000;

/// Partitions that are there.
#[derive(Debug, Default)]
pub(in crate::store) struct Parts {
    /// Days of a partition by table; `None` until it was asked.
    series: Option<BTreeMap<String, i64>>,
    there: BTreeSet<(&'static str, i64)>,
}

/// Partitions that one transaction makes: each takes some of the server's locks.
const AT_ONCE: usize = 50;

/// Partitions that are remembered, at most: those of years of days.
const REMEMBERED: usize = 10_000;

impl Parts {
    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        *self = Parts::default();
    }

    /// Makes what partitions these instants of tables need.
    pub(in crate::store) async fn make(
        &mut self,
        session: &mut Session,
        wanted: impl Iterator<Item = (&'static str, Time)>,
    ) -> Result<(), Fault> {
        if self.series.is_none() {
            self.series = Some(series(session).await?);
        }
        let Some(series) = self.series.as_ref().filter(|series| !series.is_empty()) else { return Ok(()) };
        let mut missing = BTreeSet::new();
        for (table, time) in wanted {
            let Some(days) = series.get(table) else { continue };
            let nth = time.ms().div_euclid(days * DAY);
            if CALENDAR.contains(&time.ms()) && !self.there.contains(&(table, nth)) {
                missing.insert((table, nth, days * DAY));
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<(&str, i64, i64)> = missing.into_iter().collect();
        for some in missing.chunks(AT_ONCE) {
            let tables: Vec<&str> = some.iter().map(|(table, ..)| *table).collect();
            let starts: Vec<Stamp> = some.iter().map(|(_, nth, ms)| Stamp(Time(nth * ms))).collect();
            let mut work = session.begin().await?;
            work.execute(MAKE, &[&tables, &starts]).await?;
            work.commit().await?;
        }
        if self.there.len() > REMEMBERED {
            self.there.clear();
        }
        self.there.extend(missing.into_iter().map(|(table, nth, _)| (table, nth)));
        Ok(())
    }
}

async fn series(session: &mut Session) -> Result<BTreeMap<String, i64>, Fault> {
    let mut work = session.begin().await?;
    let rows = work.query(SERIES, &[]).await?;
    work.commit().await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, i64::from(row.try_get::<_, i32>(1)?)))).collect()
}

/// Tables that grow with time, and the instants of a step's rows in them.
pub(super) fn of_rows(rows: &Rows) -> impl Iterator<Item = (&'static str, Time)> {
    let raw = rows.raw.iter().map(|row| ("gpu_metrics", row.time));
    let events = rows.happenings.iter().map(|row| ("gpu_events", row.at));
    let healths = rows.healths.iter().map(|row| ("gpu_health_scores", row.time));
    let predictions = rows.predictions.iter().map(|row| ("gpu_failure_predictions", row.time));
    raw.chain(of_windows(&rows.windows)).chain(events).chain(healths).chain(predictions)
}

pub(super) fn of_windows(windows: &[Window]) -> impl Iterator<Item = (&'static str, Time)> {
    windows.iter().map(|window| (window.size.table(), window.start))
}
