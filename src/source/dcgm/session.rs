//! A session with a host engine: connected, verified, its GPUs known, its groups made and watched.
//!
//! All of it belongs to one connection and is gone with it: ids of GPUs and groups may mean something else on the next.
//! What is done at each tick is `tick`'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Options;
use super::clock::Clock;
use super::code::Code;
use super::connection::Connection;
use super::cut::Cut;
use super::device::{Device, Instance, State, instances};
use super::layout::codes::{CONNECTION_NOT_VALID, GPU_IS_LOST, GPU_NOT_SUPPORTED, NVML_NOT_LOADED, RESET_REQUIRED};
use super::layout::codes::{FUNCTION_NOT_FOUND, TIMEOUT};
use super::layout::{ENTITY_GPU, Entity, FieldGroup, Group, ONLY_SUPPORTED};
use super::library::Library;
use super::plan;
use super::probe;
use super::value::{Absent, Datum};
use super::version::Version;
use super::watch::every_ms;
use super::words::{self, Pair};
use crate::event::Time;
use crate::source::endpoint::Trouble;
use crate::source::place::{Kind, Place};

/// What a session is opened to, and how.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) library: &'static Library,
    pub(super) cut: &'a Arc<Cut>,
    pub(super) place: &'a Place,
    pub(super) options: &'a Options,
}

/// A field group with what is in it.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) group: FieldGroup,
    pub(super) ids: Vec<u16>,
}

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: Connection,
    /// Where it is, for the log.
    pub(super) place: String,
    pub(super) pair: Pair,
    pub(super) tcp: bool,
    pub(super) devices: Vec<Device>,
    pub(super) instances: Vec<Instance>,
    /// The GPUs that are read.
    pub(super) group: Option<Group>,
    pub(super) health: Vec<Fields>,
    pub(super) limits: Vec<Fields>,
    pub(super) profile: Vec<Fields>,
    /// XIDs: of the GPUs and their instances.
    pub(super) xid: Option<(Group, FieldGroup)>,
    /// The engine has no driver: nothing can be watched, what it has cached is read.
    pub(super) driverless: bool,
    /// Why there is no profiling.
    pub(super) unprofiled: Option<Code>,
    /// Why it could not be read when that was last tried, though it is watched.
    pub(super) unread: Option<Code>,
    /// Fields that no GPU of the engine has, and why.
    pub(super) absent: BTreeMap<u16, Absent>,
    pub(super) clock: Clock,
    /// How often the engine takes what is read at every tick, ms.
    pub(super) every_ms: i64,
    /// When limits were last read.
    pub(super) limits_at: Option<Time>,
    /// When it was last asked which GPUs there are.
    pub(super) looked_at: Option<Time>,
    /// Room for values, kept from tick to tick.
    pub(super) data: Vec<Datum>,
}

impl Drop for Session {
    fn drop(&mut self) {
        // A connection takes its groups with it; the engine of this process goes on, so they are taken away one by one.
        if !self.connection.stays() {
            return;
        }
        let all = self.health.iter().chain(&self.limits).chain(&self.profile).map(|fields| fields.group);
        let ours = self.group.into_iter().flat_map(|group| all.clone().map(move |fields| (group, fields)));
        for (group, fields) in ours.chain(self.xid) {
            let gone = self.connection.unwatch(group, fields).and(self.connection.drop_fields(fields));
            tracing::trace!(?gone, "field group");
        }
        let other = self.xid.map(|(group, _)| group).filter(|group| Some(*group) != self.group);
        for group in self.group.into_iter().chain(other) {
            let gone = self.connection.drop_group(group);
            tracing::trace!(?gone, "group");
        }
    }
}

/// Whether a code says that the connection itself is of no use.
pub(super) fn is_fatal(code: Code) -> bool {
    matches!(code.0, CONNECTION_NOT_VALID | TIMEOUT | FUNCTION_NOT_FOUND)
}

/// Whether a code is about one GPU of a group.
pub(super) fn is_of_one(code: Code) -> Option<State> {
    match code.0 {
        GPU_IS_LOST => Some(State::Lost),
        RESET_REQUIRED => Some(State::NeedsReset),
        GPU_NOT_SUPPORTED => Some(State::Closed),
        _ => None,
    }
}

impl Session {
    /// Connects, verifies, discovers, watches.
    pub(super) fn open(target: Target<'_>, now: Time) -> Result<Session, Trouble> {
        let (connection, pair) = connect(target)?;
        if pair.is_deaf() {
            return Err(pair.trouble());
        }
        let mut session = Session {
            connection,
            place: target.place.to_string(),
            pair,
            tcp: matches!(target.place.kind, Kind::Dcgm(..)),
            devices: Vec::new(),
            instances: Vec::new(),
            group: None,
            health: Vec::new(),
            limits: Vec::new(),
            profile: Vec::new(),
            xid: None,
            driverless: false,
            unprofiled: None,
            unread: None,
            absent: BTreeMap::new(),
            clock: Clock::default(),
            every_ms: every_ms(target.options),
            limits_at: None,
            looked_at: Some(now),
            data: Vec::new(),
        };
        let told = |doing| move |code| words::trouble(code, doing, pair);
        session.discover().map_err(told("asking for GPUs"))?;
        if !session.devices.is_empty() {
            let options = target.options;
            session.regroup(&options.hostname).map_err(told("making a group"))?;
            session.watch_health(options).map_err(told("watching fields"))?;
            session.watch_limits(options).map_err(told("watching limits"))?;
            session.read_limits(now).map_err(told("reading limits"))?;
            session.settle(&options.hostname);
            session.watch_profile(options).map_err(told("watching profiling fields"))?;
            session.watch_xids(options).map_err(told("watching XIDs"))?;
        }
        Ok(session)
    }

    /// GPUs the engine supports, by one of two ways: without a driver 3.3.9 knows one of them only.
    pub(super) fn listed(&self) -> Result<Vec<u32>, Code> {
        match self.connection.gpus() {
            Ok(ids) if !ids.is_empty() => Ok(ids),
            Err(code) if is_fatal(code) => Err(code),
            other => match (self.connection.entities(ONLY_SUPPORTED), other) {
                (Ok(ids), _) => Ok(ids),
                (Err(code), _) if is_fatal(code) && code.0 != FUNCTION_NOT_FOUND => Err(code),
                (Err(_), Err(Code(NVML_NOT_LOADED))) => Ok(Vec::new()),
                (Err(_), other) => other,
            },
        }
    }

    fn discover(&mut self) -> Result<(), Code> {
        let mut ids = self.listed()?;
        let state = |id: u32| self.connection.status(id).and_then(Result::ok).map(State::of);
        // GPUs that are lost may not count as supported.
        let others = self.connection.entities(0).unwrap_or_default();
        let gone = |id: &u32| matches!(state(*id), Some(State::Lost | State::Detached));
        let missing: Vec<u32> = others.into_iter().filter(|id| !ids.contains(id)).filter(gone).collect();
        ids.extend(missing);
        for id in ids {
            let (mut state, mut culled) = (state(id).unwrap_or(State::Well), false);
            // The driver is not asked about what it has lost.
            let attributes = match state {
                State::Well => match self.connection.attributes(id) {
                    Err(code) if is_fatal(code) => return Err(code),
                    Err(code) => {
                        // Its status says well, and it is not: left out as one that cannot be watched is.
                        (state, culled) = is_of_one(code).map_or((state, false), |state| (state, true));
                        None
                    }
                    Ok(attributes) => Some(attributes),
                },
                _ => None,
            };
            let architecture = attributes.as_ref().and_then(|_| self.connection.architecture(id));
            let mut device = Device::new(id, attributes.as_deref(), architecture);
            (device.state, device.culled) = (Some(state), culled);
            self.devices.push(device);
        }
        self.instances = match self.connection.instances() {
            Err(code) if is_fatal(code) && code.0 != FUNCTION_NOT_FOUND => return Err(code),
            Err(_) => Vec::new(),
            Ok(tree) => instances(&tree),
        };
        for device in &mut self.devices {
            let own = self.instances.iter().filter(|instance| instance.gpu == device.id);
            device.identity.mig = own.map(Instance::told).collect();
        }
        Ok(())
    }

    /// Puts the GPUs that are well into one new group.
    pub(super) fn regroup(&mut self, host: &str) -> Result<(), Code> {
        if let Some(old) = self.group.take() {
            self.connection.drop_group(old)?;
        }
        let group = self.connection.group(&plan::name(host))?;
        self.group = Some(group);
        for device in &mut self.devices {
            device.grouped = false;
            if device.state() != State::Well || device.culled {
                continue;
            }
            match self.connection.add(group, Entity { group: ENTITY_GPU, id: device.id }) {
                Err(code) if is_fatal(code) => return Err(code),
                Err(code) => {
                    tracing::warn!("{}: GPU {}: cannot be put into a group: {code}", self.place, device.index());
                    (device.state, device.culled) = (Some(is_of_one(code).unwrap_or(State::Closed)), true);
                }
                Ok(()) => device.grouped = true,
            }
        }
        Ok(())
    }

    /// Gives every GPU that is read its identity.
    fn settle(&mut self, host: &str) {
        for device in self.devices.iter_mut().filter(|device| device.grouped) {
            device.settle(host);
        }
    }

    /// The state a watch's failure gives one GPU, where it is about one.
    pub(super) fn blames(code: Code) -> bool {
        is_of_one(code).is_some()
    }
}

/// Connects and makes sure that a host engine answers.
fn connect(target: Target<'_>) -> Result<(Connection, Pair), Trouble> {
    let (library, cut) = (target.library, target.cut);
    let opened = match &target.place.kind {
        Kind::Dcgm(host, port) => Connection::open(&probe::tcp(host, *port)?, false, library, cut),
        Kind::DcgmSocket(path) => {
            probe::socket(path)?;
            Connection::open(path, true, library, cut)
        }
        Kind::DcgmEmbedded => Connection::embedded(library, cut),
        Kind::Nvml | Kind::Exporter(_) | Kind::Auto => return Err(Trouble::new("not a host engine")),
    };
    let mut pair = Pair { library: library.version(), engine: None };
    let connection = opened.map_err(|code| {
        let embedded = target.place.kind == Kind::DcgmEmbedded;
        let doing = if embedded { "starting an engine in this process" } else { "connecting" };
        match code.0 {
            CONNECTION_NOT_VALID => Trouble::new(words::STRANGER).hint(words::STRANGER_HINT),
            _ => words::trouble(code, doing, pair),
        }
    })?;
    // A connect that returns 0 proves nothing: a web server behind the port would do.
    let info = connection.version().map_err(|code| match code.0 {
        FUNCTION_NOT_FOUND => words::trouble(code, "asking for the version", pair),
        _ => Trouble::new(words::STRANGER).hint(words::STRANGER_HINT),
    })?;
    pair.engine = Version::of(&info);
    Ok((connection, pair))
}
