//! The script: what each engine is like and what is wrong with it, as a test wrote it in JSON.
//!
//! Data only. What is left out is an engine with 8 healthy GPUs that support no field at all.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::Number;

/// The whole world.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    /// Version of the library.
    #[serde(default = "newest")]
    pub(crate) library: String,
    /// Engines by `host:port`, socket path, or `embedded`.
    #[serde(default)]
    pub(crate) engines: BTreeMap<String, EngineScript>,
}

/// One host engine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EngineScript {
    /// Its version; the library's where empty.
    pub(crate) version: String,
    /// Another number: the engine was started again.
    pub(crate) run: u64,
    /// It is not there at present.
    pub(crate) down: bool,
    /// Runs without a driver: watching gives -56, and values are there as if injected.
    pub(crate) no_driver: bool,
    /// Has stopped talking to the driver: everything is blank.
    pub(crate) latched: bool,
    /// How many GPUs; 8 where left out.
    pub(crate) gpus: Option<u32>,
    /// Id of the first one.
    pub(crate) first_id: u32,
    /// UUIDs, with `{g}` for the GPU's number, and so on for the other names.
    pub(crate) uuid: Option<String>,
    /// Product name.
    pub(crate) name: Option<String>,
    /// Serial numbers.
    pub(crate) serial: Option<String>,
    /// Bus ids.
    pub(crate) pci: Option<String>,
    /// Driver version.
    pub(crate) driver: Option<String>,
    /// Architecture's number.
    pub(crate) architecture: Option<u32>,
    /// Fields of all GPUs.
    pub(crate) fields: BTreeMap<u16, Spec>,
    /// What differs for GPUs, by number from 0.
    pub(crate) per_gpu: BTreeMap<u32, GpuScript>,
    /// XIDs that the driver raised.
    pub(crate) xids: Vec<XidScript>,
    /// Instances of MIG.
    pub(crate) mig: Vec<MigScript>,
    /// Fields it does not know, beside those newer than its version.
    pub(crate) unknown: Vec<u16>,
    /// What goes wrong.
    pub(crate) faults: Vec<Fault>,
    /// Watching a profiling field gives this.
    pub(crate) profiling: Option<i32>,
    /// Reading a profiling field gives this, though it is watched.
    pub(crate) profiling_read: Option<i32>,
    /// Its clock is ahead by so much, microseconds.
    pub(crate) skew_us: i64,
    /// How long names of a closed connection stay taken, milliseconds.
    pub(crate) reap_ms: i64,
}

/// What differs for one GPU.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct GpuScript {
    /// DCGM's number of its state, 1 where left out.
    pub(crate) state: Option<u32>,
    /// Watching it, or a group that it is in, gives this, whatever its state.
    pub(crate) watch: Option<i32>,
    /// Its UUID.
    pub(crate) uuid: Option<String>,
    /// Its fields.
    pub(crate) fields: BTreeMap<u16, Spec>,
    /// No sample is newer than this, microseconds since 1970.
    pub(crate) frozen: Option<i64>,
    /// Every value has this status.
    pub(crate) status: Option<i32>,
    /// Every value is this blank.
    pub(crate) blank: Option<Blank>,
}

/// A value of a field.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Spec {
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A status other than 0.
    Status {
        /// DCGM's code.
        status: i32,
    },
    /// Status 0 and no value.
    Blank {
        /// Which.
        blank: Blank,
    },
    /// A counter.
    Counter {
        /// Its value when first watched.
        from: i64,
        /// How fast it grows.
        per_second: i64,
    },
    /// One after the other, at each poll of the engine; the last stays.
    Sequence {
        /// The values.
        sequence: Vec<Spec>,
    },
}

/// The kinds of blanks, in the order of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Blank {
    /// No value.
    Null,
    /// Not found.
    NotFound,
    /// Not supported.
    NotSupported,
    /// Not permitted.
    NotPermitted,
}

/// An XID.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct XidScript {
    /// The GPU's number from 0.
    pub(crate) gpu: u32,
    /// Its GPU instance, where it is told of that.
    #[serde(default)]
    pub(crate) instance: Option<u32>,
    /// The code.
    pub(crate) code: i64,
    /// When, microseconds since 1970 by the engine's clock.
    pub(crate) at: i64,
}

/// An instance of MIG.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MigScript {
    /// The GPU's number from 0.
    pub(crate) gpu: u32,
    /// The entity's id.
    pub(crate) id: u32,
    /// NVML's id of the instance.
    pub(crate) instance: u32,
    /// NVML's profile id.
    pub(crate) profile: u32,
    /// Slices.
    pub(crate) slices: u32,
}

/// What goes wrong with a call, for as long as it stands here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Fault {
    /// The symbol.
    pub(crate) call: String,
    /// Returns this; with a hang, after it.
    pub(crate) code: Option<i32>,
    /// Only at the nth call of the engine's run, from 1.
    pub(crate) nth: Option<u64>,
    /// Answers after so long.
    pub(crate) delay_ms: u64,
    /// Does not answer: until its connection is closed (-21) or 60 s are over (-11).
    pub(crate) hang: bool,
    /// Does not notice either that its connection is closed.
    pub(crate) deaf: bool,
    /// Delivers what it has before it returns the code.
    pub(crate) deliver: bool,
}

fn newest() -> String {
    "4.6.0".to_owned()
}

/// Which version of the file was read.
pub(crate) type Stamp = (SystemTime, u64);

/// The script, unless it is the one read already.
pub(crate) fn read(known: Option<Stamp>) -> Result<Option<(Script, Stamp)>, String> {
    let path = std::env::var_os("GPUHM_STANDIN").ok_or("GPUHM_STANDIN names no script")?;
    let file = std::fs::metadata(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let changed = file.modified().map_err(|error| error.to_string())?;
    let stamp = (changed, std::os::unix::fs::MetadataExt::ino(&file));
    if known == Some(stamp) {
        return Ok(None);
    }
    let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let script = serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Some((script, stamp)))
}
