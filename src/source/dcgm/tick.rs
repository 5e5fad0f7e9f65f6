//! What a session does at each tick: looks after its GPUs and reads what they have. Their events are `sample`'s.

use std::time::Instant;

use super::Options;
use super::code::Code;
use super::convert::Row;
use super::device::{Device, State};
use super::layout::codes::{FIELD_XID, GROUP_IS_EMPTY, NO_DATA, NOT_WATCHED};
use super::layout::{ENTITY_GPU, Entity, Group};
use super::plan;
use super::session::{Session, is_fatal};
use super::value::{Absent, Datum, Number};
use super::xids::Xids;
use crate::event::Time;
use crate::source::endpoint::Taken;
use crate::source::{elapsed_ms, stale_ms, told};

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

impl Session {
    /// Reads everything for the tick `now`, which was `begun` then.
    pub(super) fn tick(
        &mut self,
        now: Time,
        begun: Instant,
        options: &Options,
        xids: &mut Xids,
    ) -> Result<Taken, Stop> {
        self.look(now, options)?;
        if self.limits_at.is_none_or(|at| now.since(at) >= plan::LIMITS_MS || now < at) {
            self.read_limits(now)?;
        }
        let read_at = self.read_health(now, begun, stale_ms(options.pace.ms()))?;
        self.glance()?;
        self.read_xids(xids, stale_ms(options.pace.ms()))?;
        Ok(self.events(now, read_at, options, xids))
    }

    /// Looks at the state of each GPU and, now and then, at which there are.
    fn look(&mut self, now: Time, options: &Options) -> Result<(), Stop> {
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
        let gone = |device: &Device| !device.culled && device.state() == State::Well && !listed.contains(&device.id);
        if new || self.devices.iter().any(gone) {
            return Err(Stop::Changed);
        }
        // One that could not be watched costs the others nothing until it can.
        for device in self.devices.iter().filter(|device| device.culled && listed.contains(&device.id)) {
            if self.is_mended(device.id, options)? {
                return Err(Stop::Changed);
            }
        }
        Ok(())
    }

    /// Reads what changes; says when the values were there.
    fn read_health(&mut self, tick: Time, begun: Instant, stale: i64) -> Result<Time, Code> {
        for device in &mut self.devices {
            // A tick that ended half way left something.
            device.row = Row::default();
        }
        let mut data = std::mem::take(&mut self.data);
        data.clear();
        let done = self.read(|session| &session.health, &mut data);
        // The engine's clock is compared with ours as it is now, not as it was at the tick: the calls may have taken long.
        let now = tick.plus(elapsed_ms(begun));
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
        done.map(|()| now)
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

    /// Reads profiling values, to be averaged. That they cannot be read costs nothing else, unless the connection is lost.
    pub(super) fn glance(&mut self) -> Result<(), Code> {
        self.unread = None;
        let Some(group) = self.watched() else { return Ok(()) };
        let mut data = std::mem::take(&mut self.data);
        data.clear();
        let mut done = Ok(());
        for fields in &self.profile {
            match self.connection.latest(group, fields.group, &mut data) {
                Ok(()) => self.absent.retain(|field, _| !fields.ids.contains(field)),
                Err(code) if is_fatal(code) => {
                    done = Err(code);
                    break;
                }
                Err(code) => {
                    self.absent.extend(fields.ids.iter().map(|field| (*field, Absent::Failed(code))));
                    self.devices.iter_mut().for_each(|device| device.mean.lacks(&fields.ids, Absent::Failed(code)));
                    self.unread = Some(code);
                }
            }
        }
        for datum in &data {
            if let Some(device) = device(&mut self.devices, datum.entity) {
                device.mean.add(datum);
            }
        }
        self.data = data;
        done
    }

    /// The group that is read, where any GPU is in it.
    fn watched(&self) -> Option<Group> {
        self.group.filter(|_| self.devices.iter().any(|device| device.grouped))
    }

    fn read(&self, which: fn(&Session) -> &Vec<super::session::Fields>, into: &mut Vec<Datum>) -> Result<(), Code> {
        let Some(group) = self.watched() else { return Ok(()) };
        which(self).iter().try_for_each(|fields| self.connection.latest(group, fields.group, into))
    }

    /// Reads XIDs since the last time. Values may come before the call fails, and count.
    fn read_xids(&mut self, xids: &mut Xids, tolerance: i64) -> Result<(), Code> {
        let Some((group, fields)) = self.xid else { return Ok(()) };
        let mut data = Vec::new();
        let since = xids.since(self.clock.newest_us(), self.clock.agrees(tolerance));
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
                told::xid(&self.place, device.index(), code);
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
}

/// The device that an entity is.
fn device(devices: &mut [Device], entity: Entity) -> Option<&mut Device> {
    devices.iter_mut().find(|device| entity.group == ENTITY_GPU && device.id == entity.id)
}
