//! What a session does at each tick: looks after its GPUs, reads what they have, and makes their events.
//!
//! A GPU that gives nothing any more says so in one event and is silent then: its silence is what the fleet's rules judge,
//! as they do a host's. An engine that gives nothing of any GPU is said in the host's state, and is not eight dead GPUs.

use std::borrow::Cow;

use super::Options;
use super::code::Code;
use super::convert::Row;
use super::device::{Device, State};
use super::layout::codes::{FIELD_XID, GROUP_IS_EMPTY, NO_DATA, NOT_WATCHED};
use super::layout::{ENTITY_GPU, Entity};
use super::plan;
use super::session::{Session, is_fatal};
use super::value::{Absent, Datum, Number};
use super::words::{LATCHED, NO_GPUS};
use super::xids::Xids;
use crate::event::sample::SCHEMA_VERSION;
use crate::event::{self, Body, Event, Quality, Time};
use crate::source::endpoint::Taken;
use crate::source::{HostReport, Reading};

/// Why a tick did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A call failed.
    Failed(Code),
    /// The GPUs are others than those that were found.
    Changed,
}

impl From<Code> for Stop {
    fn from(code: Code) -> Stop {
        Stop::Failed(code)
    }
}

/// The age from which a value is stale, in halves of its period: 2.5 of them.
fn stale_ms(period_ms: i64) -> i64 {
    period_ms.saturating_mul(5) / 2
}

impl Session {
    /// Reads everything for the tick `now`.
    pub(super) fn tick(&mut self, now: Time, options: &Options, xids: &mut Xids) -> Result<Taken, Stop> {
        self.look(now)?;
        if self.limits_at.is_none_or(|at| now.since(at) >= plan::LIMITS_MS || now < at) {
            self.read_limits(now)?;
        }
        self.read_health(now, stale_ms(options.interval_ms))?;
        self.glance()?;
        self.read_xids(xids)?;
        Ok(self.events(now, options, xids))
    }

    /// Looks at the state of each GPU and, now and then, at which there are.
    fn look(&mut self, now: Time) -> Result<(), Stop> {
        for device in &mut self.devices {
            let state = match self.connection.status(device.id) {
                Some(Err(code)) if is_fatal(code) => return Err(code.into()),
                None | Some(Err(_)) => continue,
                Some(Ok(status)) => State::of(status),
            };
            if state == State::Well && device.state() != State::Well && !device.culled {
                return Err(Stop::Changed);
            }
            if state != State::Well {
                device.state = Some(state);
            }
        }
        let since = self.looked_at.map_or(i64::MAX, |at| now.since(at));
        if !self.devices.is_empty() && (0..plan::LIMITS_MS).contains(&since) {
            return Ok(());
        }
        self.looked_at = Some(now);
        let listed = self.listed()?;
        let new = listed.iter().any(|id| self.devices.iter().all(|device| device.id != *id));
        let gone = |device: &Device| device.state() == State::Well && !listed.contains(&device.id);
        if new || self.devices.iter().any(|device| gone(device) || device.culled) {
            return Err(Stop::Changed);
        }
        Ok(())
    }

    fn read_health(&mut self, now: Time, stale: i64) -> Result<(), Code> {
        for device in &mut self.devices {
            // A tick that ended half way left something.
            device.row = Row::default();
        }
        let mut data = std::mem::take(&mut self.data);
        data.clear();
        let done = self.read(|session| &session.health, &mut data);
        let newest = data.iter().filter(|datum| datum.status == 0 && datum.ts_us > 0).map(Datum::ts).max();
        if let Some(newest) = newest {
            self.clock.observe(now, newest);
        }
        for datum in &data {
            let age = self.clock.age(now, datum.ts());
            if let Some(device) = device(&mut self.devices, datum.entity) {
                device.row.add(datum, age, stale);
            }
        }
        self.data = data;
        done
    }

    /// Reads limits and names.
    pub(super) fn read_limits(&mut self, now: Time) -> Result<(), Code> {
        let mut data = Vec::new();
        self.read(|session| &session.limits, &mut data)?;
        for device in &mut self.devices {
            device.limits = Row::default();
        }
        for datum in &data {
            if let Some(device) = device(&mut self.devices, datum.entity) {
                device.learn(datum);
                // They do not change: what was read once holds.
                device.limits.add(datum, 0, i64::MAX);
            }
        }
        self.limits_at = Some(now);
        Ok(())
    }

    /// Reads profiling values, to be averaged.
    pub(super) fn glance(&mut self) -> Result<(), Code> {
        let mut data = std::mem::take(&mut self.data);
        data.clear();
        let done = self.read(|session| &session.profile, &mut data);
        for datum in &data {
            if let Some(device) = device(&mut self.devices, datum.entity) {
                device.mean.add(datum);
            }
        }
        self.data = data;
        done
    }

    fn read(&self, which: fn(&Session) -> &Vec<super::session::Fields>, into: &mut Vec<Datum>) -> Result<(), Code> {
        let any = self.devices.iter().any(|device| device.grouped);
        let Some(group) = self.group.filter(|_| any) else { return Ok(()) };
        which(self).iter().try_for_each(|fields| self.connection.latest(group, fields.group, into))
    }

    /// Reads XIDs since the last time. Values may come before the call fails, and count.
    fn read_xids(&mut self, xids: &mut Xids) -> Result<(), Code> {
        let Some((group, fields)) = self.xid else { return Ok(()) };
        let mut data = Vec::new();
        let since = xids.since(self.clock.newest_us());
        let mut went = self.connection.since(group, fields, since, &mut data);
        if went == Err(Code(NOT_WATCHED)) {
            // Without a watch the call ends at the first GPU that has none; the newest of each can be had all the same.
            went = self.connection.latest(group, fields, &mut data).and(Err(Code(NOT_WATCHED)));
        }
        let mut newest = None;
        for datum in data.iter().filter(|datum| datum.field == FIELD_XID) {
            let Ok(Number::Int(code)) = datum.number() else { continue };
            let gpu = self.gpu_of(datum.entity);
            if let Some(device) = gpu.and_then(|id| self.devices.iter().find(|device| device.id == id))
                && code > 0
                && xids.saw(device.uuid(), datum.ts_us, code)
            {
                tracing::info!("GPU {}: {}", device.index(), event::xid::line(code));
            }
            newest = newest.max(Some(datum.ts_us));
        }
        xids.went(went.ok(), newest);
        match went {
            Err(code) if is_fatal(code) => Err(code),
            Err(Code(NO_DATA | NOT_WATCHED | GROUP_IS_EMPTY)) | Ok(_) => Ok(()),
            Err(code) => {
                self.absent.insert(FIELD_XID, Absent::Failed(code));
                Ok(())
            }
        }
    }

    /// The GPU that an entity is, or is an instance of.
    fn gpu_of(&self, entity: Entity) -> Option<u32> {
        if entity.group == ENTITY_GPU {
            return Some(entity.id);
        }
        self.instances.iter().find(|instance| instance.entity == entity).map(|instance| instance.gpu)
    }

    /// Makes the events and the host's report.
    fn events(&mut self, now: Time, options: &Options, xids: &mut Xids) -> Taken {
        let read = |device: &&Device| device.grouped && device.state() == State::Well;
        let latched = self.devices.iter().any(|device| read(&device))
            && self.devices.iter().filter(read).all(|device| device.row.is_blank());
        let (mut readings, mut silent, mut seen) = (Vec::new(), Vec::new(), 0);
        let tolerance = stale_ms(options.interval_ms);
        let collected = self.clock.collected(tolerance).unwrap_or(now);
        for device in &mut self.devices {
            let mut row = std::mem::take(&mut device.row);
            let state = state(device.state(), &row);
            // What is known of no GPU is said of none.
            seen += i64::from(state == State::Well || latched);
            let quiet = latched || (state != State::Well && device.told == Some(state));
            if state != State::Well && !latched {
                silent.push((device.index(), state));
            }
            let count = complete(device, &mut row);
            if device.uuid().is_empty() || (quiet && !xids.has(device.uuid())) {
                device.absent = row.absent;
                continue;
            }
            if !latched {
                device.told = Some(state);
            }
            let since = xids.take(device.uuid(), |ts| self.clock.ours(ts, tolerance));
            let quality = Quality {
                latency_ms: None,
                stale: Some(row.is_stale()),
                sample_count: count,
                interval_ms: Some(options.interval_ms),
                error: if latched { Some(LATCHED) } else { state.error() }.map(Cow::Borrowed),
            };
            if state != State::Well || latched {
                row.values = event::Values::default();
            }
            let identity = device.identity.clone();
            let body = Body::Sample(identity, std::mem::take(&mut row.values), since);
            readings.push(Reading::Event(Box::new(sample(now, collected, options, body, quality))));
            device.absent = row.absent;
        }
        let state = if latched { LATCHED.to_owned() } else { told(&silent, self.devices.len()) };
        Taken { readings, hosts: vec![self.report(options, seen, state)] }
    }

    /// The host's report.
    pub(super) fn report(&self, options: &Options, seen: i64, state: String) -> HostReport {
        HostReport {
            hostname: options.hostname.clone(),
            place: [None, None, None],
            seen,
            missed: 0,
            expected: i64::try_from(self.devices.len()).ok().filter(|count| *count > 0),
            state,
        }
    }
}

/// The device that an entity is.
fn device(devices: &mut [Device], entity: Entity) -> Option<&mut Device> {
    devices.iter_mut().find(|device| entity.group == ENTITY_GPU && device.id == entity.id)
}

/// How a GPU is, by its state and by what this tick gave.
fn state(state: State, row: &Row) -> State {
    match state {
        State::Well if row.has(Absent::Lost) => State::Lost,
        State::Well if !row.values.is_empty() => State::Well,
        State::Well if row.has(Absent::NeedsReset) => State::NeedsReset,
        State::Well if row.is_stale() => State::Stale,
        State::Well if row.is_blank() => State::Blank,
        other => other,
    }
}

/// Adds limits and the means of profiling values; of how many readings these are.
fn complete(device: &mut Device, row: &mut Row) -> Option<i64> {
    for (metric, value) in device.limits.values.iter() {
        if row.values.get(metric).is_none() {
            row.values.set(metric, value);
        }
    }
    row.absent.extend(device.limits.absent.iter().map(|(field, why)| (*field, *why)));
    device.mean.take(row)
}

/// The host's state in words: which GPUs are not read, and why.
fn told(silent: &[(i64, State)], all: usize) -> String {
    match silent {
        _ if all == 0 => NO_GPUS.to_owned(),
        [] => "ok".to_owned(),
        [(_, State::Stale), ..] if silent.len() == all && all > 1 => {
            "host engine has no fresh values of any GPU".to_owned()
        }
        _ => {
            let words: Vec<String> = silent.iter().map(|(gpu, state)| format!("GPU {gpu} {}", state.word())).collect();
            words.join(", ")
        }
    }
}

/// The event of a GPU. MIG's instances of it ([`Session::instances`]) belong into its `gpu` block, in `body`.
fn sample(
    now: Time,
    collected: Time,
    options: &Options,
    body: Body<'static>,
    quality: Quality<'static>,
) -> Event<'static> {
    Event {
        schema_version: Some(Cow::Borrowed(SCHEMA_VERSION)),
        time: Some(now),
        collected: Some(collected),
        processed: None,
        host: event::Host { hostname: Some(Cow::Owned(options.hostname.clone())), ..event::Host::default() },
        asset: None,
        body,
        quality,
    }
}

/// The times that an engine's events get when all of them are made: how long reading them took.
pub(super) fn stamp(readings: &mut [Reading], now: Time, latency_ms: i64) {
    for reading in readings {
        if let Reading::Event(event) = reading {
            event.processed = Some(now.plus(latency_ms));
            event.quality.latency_ms = Some(latency_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_in_one_line() {
        assert_eq!(told(&[], 8), "ok");
        assert_eq!(told(&[], 0), NO_GPUS);
        assert_eq!(told(&[(3, State::Lost), (5, State::Detached)], 8), "GPU 3 lost, GPU 5 detached");
        assert_eq!(told(&[(0, State::Stale), (1, State::Stale)], 2), "host engine has no fresh values of any GPU");
    }

    #[test]
    fn a_gpu_that_gives_anything_is_well_unless_it_is_lost() {
        let mut row = Row::default();
        assert_eq!(state(State::Well, &row), State::Well, "nothing was asked");
        row.absent.insert(155, Absent::Blank);
        assert_eq!(state(State::Well, &row), State::Blank);
        row.absent.insert(150, Absent::Stale);
        assert_eq!(state(State::Well, &row), State::Stale);
        row.values.set_number(0, 60.0);
        assert_eq!(state(State::Well, &row), State::Well);
        row.absent.insert(156, Absent::Lost);
        assert_eq!(state(State::Well, &row), State::Lost);
        assert_eq!(state(State::Detached, &row), State::Detached);
    }
}
