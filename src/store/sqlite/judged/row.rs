//! Rows of judgement as the tables hold them, read back equal to what was written.

use rusqlite::types::FromSql;
use rusqlite::{Result, Row};
use serde::de::DeserializeOwned;

use super::super::alerts::{unreadable, word};
use crate::event::health::{Action, FleetHealth, Grade, State};
use crate::event::matcher::Fields as _;
use crate::event::prediction::{Advice, FailureKind, HORIZONS, Odds, Standing};
use crate::event::rows::{Happening, Place};
use crate::event::{Alert, Failure, Health, Matcher, Prediction, Silence, Time};
use crate::store::json;

/// A row's columns, taken from the first on.
struct Cells<'r, 's> {
    row: &'r Row<'s>,
    next: usize,
}

impl<'r, 's> Cells<'r, 's> {
    fn new(row: &'r Row<'s>) -> Cells<'r, 's> {
        Cells { row, next: 0 }
    }

    fn step(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    fn get<T: FromSql>(&mut self) -> Result<T> {
        self.row.get(self.step())
    }

    fn time(&mut self) -> Result<Time> {
        Ok(Time(self.get()?))
    }

    fn word<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        word(self.row, self.step(), parse)
    }

    fn list<T: DeserializeOwned>(&mut self) -> Result<Vec<T>> {
        let at = self.step();
        json::list(self.row.get_ref(at)?.as_str()?).map_err(|error| unreadable(at, error))
    }
}

pub(super) fn place(row: &Row<'_>) -> Result<Place> {
    let mut cells = Cells::new(row);
    let mut place = Place {
        gpu_uuid: cells.get()?,
        since: cells.time()?,
        hostname: cells.get()?,
        device_index: cells.get()?,
        ..Place::default()
    };
    for text in &mut place.texts {
        *text = cells.get()?;
    }
    Ok(place)
}

pub(super) fn health(row: &Row<'_>) -> Result<Health> {
    let mut cells = Cells::new(row);
    Ok(Health {
        gpu_uuid: cells.get()?,
        time: cells.time()?,
        hostname: cells.get()?,
        device_index: cells.get()?,
        score: cells.get()?,
        grade: cells.word(Grade::parse)?,
        state: cells.word(State::parse)?,
        confidence: cells.get()?,
        action: cells.word(Action::parse)?,
        ledger: cells.list()?,
        notes: cells.list()?,
        better_since: cells.get::<Option<i64>>()?.map(Time),
        as_of: cells.time()?,
        replaced_by: cells.get()?,
    })
}

pub(super) fn fleet(row: &Row<'_>) -> Result<FleetHealth> {
    let mut cells = Cells::new(row);
    let mut fleet = FleetHealth { time: cells.time()?, ..FleetHealth::default() };
    for count in &mut fleet.states {
        *count = cells.get()?;
    }
    (fleet.mean, fleet.worst) = (cells.get()?, cells.get()?);
    for count in &mut fleet.open {
        *count = cells.get()?;
    }
    Ok(fleet)
}

pub(super) fn prediction(row: &Row<'_>) -> Result<Prediction> {
    let mut cells = Cells::new(row);
    let (gpu_uuid, time, hostname, device_index) = (cells.get()?, cells.time()?, cells.get()?, cells.get()?);
    let mut odds = HORIZONS.map(|days| Odds { days, ..Odds::default() });
    for odds in &mut odds {
        (odds.p, odds.low, odds.high, odds.base) = (cells.get()?, cells.get()?, cells.get()?, cells.get()?);
    }
    Ok(Prediction {
        gpu_uuid,
        hostname,
        device_index,
        time,
        odds,
        hazard: cells.get()?,
        base_hazard: cells.get()?,
        reasons: cells.list()?,
        advice: cells.word(Advice::parse)?,
        standing: cells.word(Standing::parse)?,
        model: cells.get()?,
        labels: cells.get()?,
        exposure_years: cells.get()?,
        as_of: cells.time()?,
    })
}

pub(super) fn failure(row: &Row<'_>) -> Result<Failure> {
    let mut cells = Cells::new(row);
    Ok(Failure {
        gpu_uuid: cells.get()?,
        at: cells.time()?,
        kind: cells.word(FailureKind::parse)?,
        who: cells.get()?,
        note: cells.get()?,
    })
}

pub(super) fn silence(row: &Row<'_>) -> Result<Silence> {
    let mut cells = Cells::new(row);
    Ok(Silence {
        id: cells.get()?,
        matchers: {
            let texts: Vec<String> = cells.list()?;
            let read = |text: &String| Matcher::parse(text, Alert::names()).map_err(|error| unreadable(1, error));
            texts.iter().map(read).collect::<Result<_>>()?
        },
        from: cells.time()?,
        until: cells.time()?,
        reason: cells.get()?,
        who: cells.get()?,
        ended: cells.get::<Option<i64>>()?.map(Time),
    })
}

pub(super) fn happening(row: &Row<'_>) -> Result<Happening> {
    let mut cells = Cells::new(row);
    Ok(Happening {
        gpu_uuid: cells.get()?,
        at: cells.time()?,
        kind: cells.get()?,
        code: cells.get()?,
        hostname: cells.get()?,
        detail: cells.get()?,
    })
}
