//! The world: the script as last read, the engines of it that run, the connections to them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use crate::engine::Engine;
use crate::layout::codes::{CONNECTION_NOT_VALID, GPU_FAKE, GPU_OK};
use crate::layout::{ENTITY_GPU, Entity, Handle, Return};
use crate::script::{self, EngineScript, GpuScript, Script, Stamp};

/// Handles count up from here, so that none is taken for another number.
const FIRST_HANDLE: Handle = 0x4000_1000;
/// GPUs of an engine unless said otherwise.
const GPUS: u32 = 8;

/// Everything there is.
#[derive(Debug)]
pub(crate) struct World {
    /// Whether the library was started.
    pub(crate) started: bool,
    /// The script, where one could be read.
    pub(crate) script: Option<Script>,
    stamp: Option<Stamp>,
    engines: BTreeMap<String, Engine>,
    connections: BTreeMap<Handle, Connection>,
    connected: usize,
}

#[derive(Debug)]
struct Connection {
    engine: String,
    /// The engine's run it is to; none for one to nothing.
    run: Option<u64>,
}

static WORLD: Mutex<World> = Mutex::new(World {
    started: false,
    script: None,
    stamp: None,
    engines: BTreeMap::new(),
    connections: BTreeMap::new(),
    connected: 0,
});

/// The world, as the script is now.
pub(crate) fn world() -> MutexGuard<'static, World> {
    let mut world = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    world.refresh();
    world
}

/// Microseconds since 1970.
pub(crate) fn now() -> i64 {
    UNIX_EPOCH.elapsed().ok().and_then(|since| i64::try_from(since.as_micros()).ok()).unwrap_or_default()
}

impl World {
    fn refresh(&mut self) {
        match script::read(self.stamp) {
            Ok(Some((script, stamp))) => {
                for (name, engine) in &script.engines {
                    let live = self.engines.entry(name.clone()).or_insert_with(|| Engine::new(engine.run));
                    if live.run != engine.run {
                        *live = Engine::new(engine.run);
                    }
                }
                (self.script, self.stamp) = (Some(script), Some(stamp));
            }
            Ok(None) => {}
            Err(why) => {
                use std::io::Write as _;
                // The test sees what is missing too, but not why.
                drop(std::io::stderr().write_all(format!("stand-in: {why}\n").as_bytes()));
                self.script = None;
            }
        }
    }

    /// The script of an engine that is there.
    pub(crate) fn engine(&self, name: &str) -> Option<&EngineScript> {
        self.script.as_ref()?.engines.get(name).filter(|engine| !engine.down)
    }

    /// A new connection; to nothing where there is no such engine.
    pub(crate) fn connect(&mut self, engine: &str, handle: Option<Handle>) -> Handle {
        let run = self.engine(engine).map(|found| found.run);
        let handle = handle.unwrap_or(FIRST_HANDLE + self.connected);
        self.connected += 1;
        self.connections.insert(handle, Connection { engine: engine.to_owned(), run });
        handle
    }

    /// Closes a connection.
    pub(crate) fn disconnect(&mut self, handle: Handle) {
        let Some(connection) = self.connections.remove(&handle) else { return };
        let Some(script) = self.script.as_ref().and_then(|script| script.engines.get(&connection.engine)) else {
            return;
        };
        if let Some(engine) = self.engines.get_mut(&connection.engine) {
            engine.closed(script, handle, now() + script.skew_us);
        }
    }

    /// The engine at the other end of a connection, by its name, its script, itself, and its clock.
    pub(crate) fn at(&mut self, handle: Handle) -> Result<Far<'_>, Return> {
        let connection = self.connections.get(&handle).ok_or(CONNECTION_NOT_VALID)?;
        let all = self.script.as_ref().ok_or(CONNECTION_NOT_VALID)?;
        let script = all.engines.get(&connection.engine).filter(|script| !script.down).ok_or(CONNECTION_NOT_VALID)?;
        let engine = self.engines.get_mut(&connection.engine).ok_or(CONNECTION_NOT_VALID)?;
        if connection.run != Some(engine.run) {
            return Err(CONNECTION_NOT_VALID);
        }
        let now = now() + script.skew_us;
        engine.reap(now);
        Ok(Far { name: &connection.engine, library: &all.library, script, engine, now })
    }
}

/// An engine that is reached over a connection.
#[derive(Debug)]
pub(crate) struct Far<'w> {
    /// Its address.
    pub(crate) name: &'w str,
    /// Version of the library.
    pub(crate) library: &'w str,
    /// What it is like.
    pub(crate) script: &'w EngineScript,
    /// What it keeps.
    pub(crate) engine: &'w mut Engine,
    /// Its clock, microseconds since 1970.
    pub(crate) now: i64,
}

impl Far<'_> {
    /// Its version.
    pub(crate) fn version(&self) -> &str {
        if self.script.version.is_empty() { self.library } else { &self.script.version }
    }
}

impl EngineScript {
    /// How many GPUs it has.
    pub(crate) fn count(&self) -> u32 {
        self.gpus.unwrap_or(GPUS)
    }

    /// The number, from 0, of the GPU with an id.
    pub(crate) fn number(&self, id: u32) -> Option<u32> {
        id.checked_sub(self.first_id).filter(|number| *number < self.count())
    }

    /// What differs for a GPU.
    pub(crate) fn own(&self, number: u32) -> Option<&GpuScript> {
        self.per_gpu.get(&number)
    }

    /// The state of the GPU with an id; 0 where there is none.
    pub(crate) fn state(&self, id: u32) -> u32 {
        let own = |number| self.own(number).and_then(|own| own.state).unwrap_or(GPU_OK);
        self.number(id).map_or(0, own)
    }

    /// Ids of all GPUs.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> {
        (0..self.count()).map(|number| number + self.first_id)
    }

    /// The GPUs that count as supported.
    pub(crate) fn supported(&self) -> Vec<Entity> {
        let well = |id: &u32| [GPU_OK, GPU_FAKE].contains(&self.state(*id));
        self.ids().filter(well).map(|id| Entity { group: ENTITY_GPU, id }).collect()
    }
}
