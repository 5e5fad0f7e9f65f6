//! Setting up what a session reads: field groups by cadence, of fields that the engine knows, watched.
//!
//! One field that an engine does not know fails a whole field group, and one GPU that is lost the watch of all: both are
//! found out and left out; such a GPU is tried again alone, and the others go on. Without a driver nothing can be watched, and what is cached is read.

use super::Options;
use super::code::Code;
use super::device::State;
use super::layout::codes::{BADPARAM, DUPLICATE_KEY, FIELD_XID, NVML_NOT_LOADED, PROFILING_MULTI_PASS};
use super::layout::{ENTITY_GPU, Entity, FieldGroup, Group};
use super::plan;
use super::session::{Fields, Session, is_fatal, is_of_one};
use super::value::Absent;
use super::version::knows;

/// How often another name is tried where one is taken.
const NAMES: usize = 8;

/// How often the engine takes what is read at every tick, ms.
pub(super) fn every_ms(options: &Options) -> i64 {
    (options.pace.ms() / 2).max(100)
}

impl Session {
    /// Watches what is read at every tick, at half the interval, so that no value is older than that.
    pub(super) fn watch_health(&mut self, options: &Options) -> Result<(), Code> {
        let every_ms = self.every_ms;
        self.health = self.make(plan::health(), &options.hostname)?;
        let groups: Vec<FieldGroup> = self.health.iter().map(|fields| fields.group).collect();
        let mut culled = false;
        while let Some(group) = self.group.filter(|_| self.devices.iter().any(|device| device.grouped)) {
            let watched = groups.iter().try_for_each(|fields| {
                self.watch(group, *fields, every_ms, plan::keep_s(options.pace.ms())).map_err(|code| (*fields, code))
            });
            match watched {
                Err((fields, code)) if Session::blames(code) && !culled => {
                    culled = true;
                    self.cull(fields, every_ms, &options.hostname)?;
                }
                Err((_, code)) => return Err(code),
                Ok(()) => break,
            }
        }
        Ok(())
    }

    /// Watches what is read at every tick at the pace that it is read at now; no watch is given up for it, so that no XID is
    /// missed.
    pub(super) fn repace(&mut self, options: &Options) -> Result<(), Code> {
        let every_ms = every_ms(options);
        if self.every_ms == every_ms {
            return Ok(());
        }
        self.every_ms = every_ms;
        let groups: Vec<FieldGroup> = self.health.iter().map(|fields| fields.group).collect();
        let Some(group) = self.group.filter(|_| self.devices.iter().any(|device| device.grouped)) else {
            return Ok(());
        };
        let keep_s = plan::keep_s(options.pace.ms());
        groups.into_iter().try_for_each(|fields| self.watch(group, fields, every_ms, keep_s))
    }

    /// Leaves those GPUs out that cannot be watched: one that is lost fails the watch of all.
    fn cull(&mut self, fields: FieldGroup, every_ms: i64, host: &str) -> Result<(), Code> {
        let grouped: Vec<u32> = self.devices.iter().filter(|device| device.grouped).map(|device| device.id).collect();
        for id in grouped {
            let alone = self.watch_alone(id, fields, every_ms, host)?;
            if let (Err(code), Some(device)) = (alone, self.devices.iter_mut().find(|device| device.id == id)) {
                (device.state, device.culled) = (Some(is_of_one(code).unwrap_or(State::Closed)), true);
            }
        }
        self.regroup(host)
    }

    /// Watches a GPU in a group of its own, for a moment: whether it can be.
    fn watch_alone(&self, id: u32, fields: FieldGroup, every_ms: i64, host: &str) -> Result<Result<(), Code>, Code> {
        let group = self.connection.group(&plan::name(host))?;
        let watched = self
            .connection
            .add(group, Entity { group: ENTITY_GPU, id })
            .and_then(|()| self.connection.watch(group, fields, every_ms, plan::keep_s(every_ms)));
        match watched {
            Err(code) if is_fatal(code) => return Err(code),
            Err(_) => {}
            Ok(()) => self.connection.unwatch(group, fields)?,
        }
        self.connection.drop_group(group)?;
        Ok(watched)
    }

    /// Whether a GPU that was left out could be watched now; the others are not touched.
    pub(super) fn is_mended(&self, id: u32, options: &Options) -> Result<bool, Code> {
        match self.connection.attributes(id) {
            Err(code) if is_fatal(code) => return Err(code),
            Err(_) => return Ok(false),
            Ok(_) => {}
        }
        let Some(fields) = self.health.first() else { return Ok(true) };
        Ok(self.watch_alone(id, fields.group, self.every_ms, &options.hostname)?.is_ok())
    }

    /// Watches limits and names, which hardly change.
    pub(super) fn watch_limits(&mut self, options: &Options) -> Result<(), Code> {
        self.limits = self.make(plan::limits(), &options.hostname)?;
        let groups: Vec<FieldGroup> = self.limits.iter().map(|fields| fields.group).collect();
        let Some(group) = self.group else { return Ok(()) };
        groups
            .into_iter()
            .try_for_each(|fields| self.watch(group, fields, plan::LIMITS_MS, plan::keep_s(plan::LIMITS_MS)))
    }

    /// Watches profiling, where it is wanted; that it cannot be had fails nothing else.
    pub(super) fn watch_profile(&mut self, options: &Options) -> Result<(), Code> {
        let (Some(every_ms), Some(group)) = (options.profile_ms, self.group) else { return Ok(()) };
        let mut made = self.make(plan::profiling(), &options.hostname)?;
        while let Some(fields) = made.pop() {
            match self.watch(group, fields.group, every_ms, plan::keep_s(every_ms)) {
                Ok(()) => self.profile.push(fields),
                Err(code) if is_fatal(code) => return Err(code),
                Err(code) => {
                    self.connection.drop_fields(fields.group)?;
                    let half = fields.ids.len() / 2;
                    if let (PROFILING_MULTI_PASS, Some((first, second))) = (code.0, fields.ids.split_at_checked(half))
                        && !first.is_empty()
                    {
                        // Not together: perhaps the first half alone, which has what matters most.
                        for ids in [second, first] {
                            let group = self.create(ids, &options.hostname)?;
                            made.push(Fields { group, ids: ids.to_vec() });
                        }
                        continue;
                    }
                    self.unprofiled = Some(code);
                    self.absent.extend(fields.ids.iter().map(|field| (*field, Absent::Failed(code))));
                }
            }
        }
        Ok(())
    }

    /// Watches XIDs of the GPUs and, with MIG, of their instances.
    pub(super) fn watch_xids(&mut self, options: &Options) -> Result<(), Code> {
        let Some(gpus) = self.group else { return Ok(()) };
        let fields = self.create(&[FIELD_XID], &options.hostname)?;
        let wide = if self.instances.is_empty() { Ok(gpus) } else { self.group_of_instances(&options.hostname) };
        let watched = wide.and_then(|group| {
            self.watch(group, fields, plan::XID_MS, plan::XID_KEEP_S)?;
            Ok(group)
        });
        let watched = match watched {
            Err(code) if !is_fatal(code) && !self.instances.is_empty() => {
                tracing::warn!("{}: XIDs of MIG's instances cannot be watched: {code}", self.place);
                self.watch(gpus, fields, plan::XID_MS, plan::XID_KEEP_S).map(|()| gpus)
            }
            other => other,
        };
        match watched {
            Ok(group) => self.xid = Some((group, fields)),
            Err(code) if is_fatal(code) => return Err(code),
            Err(code) => {
                self.absent.insert(FIELD_XID, Absent::Failed(code));
                self.connection.drop_fields(fields)?;
            }
        }
        Ok(())
    }

    fn group_of_instances(&self, host: &str) -> Result<Group, Code> {
        let group = self.connection.group(&plan::name(host))?;
        let gpus = self.devices.iter().filter(|device| device.grouped);
        let gpus = gpus.map(|device| Entity { group: ENTITY_GPU, id: device.id });
        for entity in gpus.chain(self.instances.iter().map(|instance| instance.entity)) {
            self.connection.add(group, entity)?;
        }
        Ok(group)
    }

    /// Watches; without a driver that cannot be, and is told once.
    fn watch(&mut self, group: Group, fields: FieldGroup, every_ms: i64, keep_s: f64) -> Result<(), Code> {
        match self.connection.watch(group, fields, every_ms, keep_s) {
            Err(Code(NVML_NOT_LOADED)) => {
                self.driverless = true;
                Ok(())
            }
            other => other,
        }
    }

    /// Makes the field groups of fields, less those that the engine does not know.
    fn make(&mut self, fields: Vec<u16>, host: &str) -> Result<Vec<Fields>, Code> {
        let engine = self.pair.engine;
        let (known, unknown): (Vec<u16>, Vec<u16>) = fields.into_iter().partition(|field| knows(engine, *field));
        self.absent.extend(unknown.into_iter().map(|field| (field, Absent::Unknown)));
        let gpus = self.devices.iter().filter(|device| device.grouped).count();
        let mut made = Vec::new();
        for ids in plan::split(&known, gpus, self.tcp) {
            match self.create(&ids, host) {
                Ok(group) => made.push(Fields { group, ids }),
                Err(Code(BADPARAM)) => {
                    let mut rest = Vec::new();
                    self.sift(&ids, host, &mut rest)?;
                    if !rest.is_empty() {
                        made.push(Fields { group: self.create(&rest, host)?, ids: rest });
                    }
                }
                Err(code) => return Err(code),
            }
        }
        Ok(made)
    }

    /// Finds the fields among these that the engine knows, by halves.
    fn sift(&mut self, ids: &[u16], host: &str, known: &mut Vec<u16>) -> Result<(), Code> {
        match self.create(ids, host) {
            Ok(group) => {
                known.extend(ids);
                self.connection.drop_fields(group)
            }
            Err(Code(BADPARAM)) => match (ids.split_at_checked(ids.len() / 2), ids) {
                (_, [one]) => {
                    self.absent.insert(*one, Absent::Unknown);
                    Ok(())
                }
                (Some((first, second)), [_, _, ..]) => {
                    self.sift(first, host, known)?;
                    self.sift(second, host, known)
                }
                _ => Ok(()),
            },
            Err(code) => Err(code),
        }
    }

    /// Makes a field group under a name that is free.
    fn create(&self, ids: &[u16], host: &str) -> Result<FieldGroup, Code> {
        for _ in 0..NAMES {
            match self.connection.fields(ids, &plan::name(host)) {
                Err(Code(DUPLICATE_KEY)) => {}
                other => return other,
            }
        }
        Err(Code(DUPLICATE_KEY))
    }
}
