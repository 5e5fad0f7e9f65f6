//! Rows of judgement as the server sends them, read back equal to what was written.

use tokio_postgres::Row;

use super::super::fault::Fault;
use super::super::row::Cells;
use crate::event::health::{Action, FleetHealth, Grade, State};
use crate::event::matcher::Fields as _;
use crate::event::prediction::{Advice, FailureKind, HORIZONS, Odds, Standing};
use crate::event::rows::{Happening, Place};
use crate::event::{Alert, Failure, Health, Matcher, Prediction, Silence, Time};

/// A place, and the time of the GPU's oldest one.
pub(super) fn place(row: &Row) -> Result<(Place, Time), Fault> {
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
    Ok((place, cells.time()?))
}

pub(super) fn health(row: &Row) -> Result<Health, Fault> {
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
        better_since: cells.time_or_none()?,
        as_of: cells.time()?,
        replaced_by: cells.get()?,
    })
}

pub(super) fn fleet(row: &Row) -> Result<FleetHealth, Fault> {
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

pub(super) fn prediction(row: &Row) -> Result<Prediction, Fault> {
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

pub(super) fn failure(row: &Row) -> Result<Failure, Fault> {
    let mut cells = Cells::new(row);
    Ok(Failure {
        gpu_uuid: cells.get()?,
        at: cells.time()?,
        kind: cells.word(FailureKind::parse)?,
        who: cells.get()?,
        note: cells.get()?,
    })
}

pub(super) fn silence(row: &Row) -> Result<Silence, Fault> {
    let mut cells = Cells::new(row);
    let id = cells.get()?;
    let texts: Vec<String> = cells.list()?;
    let read = |text: &String| {
        Matcher::parse(text, Alert::names()).map_err(|error| Fault::Unreadable(format!("column matchers: {error}")))
    };
    Ok(Silence {
        id,
        matchers: texts.iter().map(read).collect::<Result<_, Fault>>()?,
        from: cells.time()?,
        until: cells.time()?,
        reason: cells.get()?,
        who: cells.get()?,
        ended: cells.time_or_none()?,
    })
}

pub(super) fn happening(row: &Row) -> Result<Happening, Fault> {
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
