//! What a host engine keeps while it runs: groups, field groups, watches, and since when each value is sampled.

use std::collections::BTreeMap;

use crate::fields::is_profiling;
use crate::layout::codes::{
    BADPARAM, DUPLICATE_KEY, GPU_FAKE, GPU_IS_LOST, GPU_OK, MAX_LIMIT, NO_DATA, NOT_CONFIGURED, NVML_NOT_LOADED,
};
use crate::layout::{ENTITY_GPU, ENTITY_GPU_I, Entity, FieldGroup, Group, Handle, MAX_FIELDS, Return};
use crate::script::EngineScript;

/// Groups for all clients: 64 less the two built in.
const MOST_GROUPS: usize = 62;
/// Field groups for all clients.
const MOST_FIELD_GROUPS: usize = 64;
/// The group that is always there: all GPUs.
const ALL_GPUS: Group = 0x7fff_ffff;

/// One run of an engine.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    /// Which run the script says it is.
    pub(crate) run: u64,
    /// How often each symbol was called.
    pub(crate) calls: BTreeMap<&'static str, u64>,
    groups: BTreeMap<Group, Owned<Vec<Entity>>>,
    fields: BTreeMap<FieldGroup, Owned<(String, Vec<u16>)>>,
    groups_ever: usize,
    fields_ever: usize,
    watches: Vec<Watch>,
    /// Each value that is or was sampled.
    sampled: BTreeMap<(Entity, u16), Sampled>,
}

/// Something a connection made.
#[derive(Debug)]
struct Owned<T> {
    by: Handle,
    /// When it goes, its connection being closed.
    goes: Option<i64>,
    what: T,
}

#[derive(Debug)]
struct Watch {
    by: Handle,
    group: Group,
    fields: FieldGroup,
}

/// How a value is sampled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampled {
    /// Since when, microseconds.
    pub(crate) since: i64,
    /// How often, microseconds.
    pub(crate) interval: i64,
    /// Until when, where nobody watches any more.
    pub(crate) until: Option<i64>,
    /// From when until when nobody watched, the last time: what happened then nobody kept.
    pub(crate) gap: Option<(i64, i64)>,
}

impl Sampled {
    /// Whether somebody watched at an instant.
    pub(crate) fn kept(&self, at: i64) -> bool {
        at >= self.since
            && self.until.is_none_or(|until| at < until)
            && self.gap.is_none_or(|(from, to)| !(from..to).contains(&at))
    }
}

impl Engine {
    /// A run of an engine.
    pub(crate) fn new(run: u64) -> Engine {
        Engine { run, ..Engine::default() }
    }

    /// Makes a group; `all` fills it.
    pub(crate) fn create_group(&mut self, by: Handle, all: Vec<Entity>) -> Result<Group, Return> {
        if self.groups.len() >= MOST_GROUPS {
            return Err(MAX_LIMIT);
        }
        // 0 and 1 are built in.
        let id = self.groups_ever + 2;
        self.groups_ever += 1;
        self.groups.insert(id, Owned { by, goes: None, what: all });
        Ok(id)
    }

    /// Adds an entity.
    pub(crate) fn add(&mut self, script: &EngineScript, group: Group, entity: Entity) -> Result<(), Return> {
        let members = &mut self.groups.get_mut(&group).ok_or(NOT_CONFIGURED)?.what;
        let well = |entity: &Entity| match entity.group {
            ENTITY_GPU => [GPU_OK, GPU_FAKE].contains(&script.state(entity.id)),
            ENTITY_GPU_I => script.mig.iter().any(|instance| instance.id == entity.id),
            _ => false,
        };
        if members.contains(&entity) || !well(&entity) {
            return Err(BADPARAM);
        }
        members.push(entity);
        Ok(())
    }

    /// Removes a group.
    pub(crate) fn destroy_group(&mut self, group: Group) -> Result<(), Return> {
        self.groups.remove(&group).map(|_| ()).ok_or(NOT_CONFIGURED)
    }

    /// Makes a field group.
    pub(crate) fn create_fields(&mut self, by: Handle, name: String, ids: Vec<u16>) -> Result<FieldGroup, Return> {
        if ids.is_empty() || ids.len() > MAX_FIELDS {
            return Err(BADPARAM);
        }
        if self.fields.values().any(|taken| taken.what.0 == name) {
            return Err(DUPLICATE_KEY);
        }
        if self.fields.len() >= MOST_FIELD_GROUPS {
            return Err(MAX_LIMIT);
        }
        self.fields_ever += 1;
        self.fields.insert(self.fields_ever, Owned { by, goes: None, what: (name, ids) });
        Ok(self.fields_ever)
    }

    /// Removes a field group.
    pub(crate) fn destroy_fields(&mut self, fields: FieldGroup) -> Result<(), Return> {
        self.fields.remove(&fields).map(|_| ()).ok_or(NO_DATA)
    }

    /// The entities of a group.
    pub(crate) fn entities(&self, script: &EngineScript, group: Group) -> Result<Vec<Entity>, Return> {
        if group == ALL_GPUS {
            return Ok(script.supported());
        }
        self.groups.get(&group).map(|found| found.what.clone()).ok_or(NOT_CONFIGURED)
    }

    /// The ids of a field group.
    pub(crate) fn ids(&self, fields: FieldGroup) -> Result<Vec<u16>, Return> {
        self.fields.get(&fields).map(|found| found.what.1.clone()).ok_or(NO_DATA)
    }

    /// Samples every field of every entity from now on.
    pub(crate) fn watch(&mut self, script: &EngineScript, watch: &Wanted, now: i64) -> Result<(), Return> {
        let (entities, ids) = (self.entities(script, watch.group)?, self.ids(watch.fields)?);
        if watch.interval <= 0 {
            return Err(BADPARAM);
        }
        if script.no_driver {
            return Err(NVML_NOT_LOADED);
        }
        // All or nothing: one GPU that is not well, and none is watched.
        let well =
            |entity: &Entity| entity.group != ENTITY_GPU || [GPU_OK, GPU_FAKE].contains(&script.state(entity.id));
        if !entities.iter().all(well) {
            return Err(GPU_IS_LOST);
        }
        let refused = |entity: &Entity| script.own(script.number(entity.id)?)?.watch;
        if let Some(code) = entities.iter().filter(|entity| entity.group == ENTITY_GPU).find_map(refused) {
            return Err(code);
        }
        if let Some(code) = script.profiling.filter(|_| ids.iter().any(|id| is_profiling(*id))) {
            return Err(code);
        }
        for entity in entities {
            for id in &ids {
                let fresh = Sampled { since: now, interval: watch.interval, until: None, gap: None };
                let sampled = self.sampled.entry((entity, *id)).or_insert(fresh);
                sampled.interval = watch.interval;
                if let Some(until) = sampled.until.take() {
                    sampled.gap = Some((until, now));
                }
            }
        }
        self.watches.push(Watch { by: watch.by, group: watch.group, fields: watch.fields });
        Ok(())
    }

    /// Ends the watches that are of a pair of groups.
    pub(crate) fn unwatch(&mut self, script: &EngineScript, group: Group, fields: FieldGroup, now: i64) {
        self.watches.retain(|watch| (watch.group, watch.fields) != (group, fields));
        self.settle(script, now);
    }

    /// A connection is closed: what it made goes, now or when the engine gets to it.
    pub(crate) fn closed(&mut self, script: &EngineScript, by: Handle, now: i64) {
        let goes = Some(now + script.reap_ms * 1000);
        self.groups.values_mut().filter(|group| group.by == by).for_each(|group| group.goes = goes);
        self.fields.values_mut().filter(|fields| fields.by == by).for_each(|fields| fields.goes = goes);
        self.watches.retain(|watch| watch.by != by);
        self.settle(script, now);
        self.reap(now);
    }

    /// Removes what closed connections left.
    pub(crate) fn reap(&mut self, now: i64) {
        self.groups.retain(|_, group| group.goes.is_none_or(|goes| goes > now));
        self.fields.retain(|_, fields| fields.goes.is_none_or(|goes| goes > now));
    }

    /// What nobody watches is sampled no more, and stays as it is.
    fn settle(&mut self, script: &EngineScript, now: i64) {
        let mut watched = std::collections::BTreeSet::new();
        for watch in &self.watches {
            let pairs = self.entities(script, watch.group).and_then(|entities| Ok((entities, self.ids(watch.fields)?)));
            let (entities, ids) = pairs.unwrap_or_default();
            watched.extend(entities.iter().flat_map(|entity| ids.iter().map(|id| (*entity, *id))));
        }
        for (pair, sampled) in &mut self.sampled {
            if sampled.until.is_none() && !watched.contains(pair) {
                sampled.until = Some(now);
            }
        }
    }

    /// How a value is sampled, where it is or was.
    pub(crate) fn sampled(&self, entity: Entity, field: u16) -> Option<Sampled> {
        self.sampled.get(&(entity, field)).copied()
    }
}

/// A watch that is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// The connection.
    pub(crate) by: Handle,
    /// The entities.
    pub(crate) group: Group,
    /// The fields.
    pub(crate) fields: FieldGroup,
    /// How often, microseconds.
    pub(crate) interval: i64,
}
