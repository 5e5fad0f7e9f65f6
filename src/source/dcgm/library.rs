//! libdcgm, loaded when it is first wanted, once a process, and never unloaded: it owns threads and global state.
//!
//! The first door is here: a symbol is looked up by its name and becomes a function of the type that `layout` states
//! beside that name. What every version has is required; the rest is optional, and without it only its own use is missing.
#![expect(unsafe_code, reason = "a library is opened and its symbols are looked up: DCGM speaks C only")]

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::code::Code;
use super::layout::{self, VERSION_INFO, VersionInfo};
use super::text::text;
use super::version::Version;

/// By the linker's paths: the newest major first.
const NAMES: [&str; 2] = ["libdcgm.so.4", "libdcgm.so.3"];
/// Where packages put it, should the linker not know.
const FOLDERS: [&str; 3] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"];
const INSTALL: &str = "install NVIDIA's package datacenter-gpu-manager-4-core, which has libdcgm.so.4, or name the library: --libdcgm PATH";

static LOADED: Mutex<Option<&'static Library>> = Mutex::new(None);

/// Why there is no library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// None could be opened: what was tried, and what came of it.
    #[error("libdcgm cannot be loaded: {}", tried(.0))]
    Missing(Vec<(String, String)>),
    /// It lacks what every version has.
    #[error("{file}: not DCGM 3 or 4: it has no {symbol}")]
    Symbol {
        /// The library.
        file: String,
        /// What is missing.
        symbol: &'static str,
    },
    /// It does not start.
    #[error("{file}: dcgmInit: {code}")]
    Init {
        /// The library.
        file: String,
        /// What it said.
        code: Code,
    },
    /// Another is loaded; two cannot be in one process.
    #[error("{loaded} is loaded already: {wanted} cannot be beside it")]
    Another {
        /// The one that is there.
        loaded: String,
        /// The one that was asked for.
        wanted: String,
    },
}

impl LoadError {
    /// Every name that was tried, where none could be loaded, and what came of it.
    #[must_use]
    pub fn tried(&self) -> &[(String, String)] {
        match self {
            LoadError::Missing(tried) => tried,
            LoadError::Symbol { .. } | LoadError::Init { .. } | LoadError::Another { .. } => &[],
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            LoadError::Missing(_) | LoadError::Symbol { .. } => INSTALL,
            LoadError::Init { .. } => "reinstall DCGM: library and host engine from one version",
            LoadError::Another { .. } => "name one library for all sources",
        }
    }
}

/// What was tried, in a line: of names that are there, why they would not load; else how many there were.
fn tried(all: &[(String, String)]) -> String {
    let absent = |why: &str| why.contains("No such file");
    let mut there = all.iter().filter(|(_, why)| !absent(why)).map(|(_, why)| why.as_str());
    match (there.next(), all) {
        (Some(why), _) => match there.count() {
            0 => why.to_owned(),
            more => format!("{why}, and {more} more that would not load"),
        },
        (None, [(only, _)]) => format!("found no {only}"),
        (None, [(first, _), .., (last, _)]) => format!("found none of {} names, {first} to {last}", all.len()),
        (None, []) => "nothing was tried".to_owned(),
    }
}

/// The library, ready for calls.
#[derive(Debug)]
pub struct Library {
    pub(super) calls: Calls,
    file: String,
    version: Option<Version>,
    /// Held for ever: the calls point into it.
    _held: libloading::Library,
}

/// Its functions.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) engine_version: layout::HostengineVersionInfo,
    pub(super) connect: layout::ConnectV2,
    pub(super) disconnect: layout::Disconnect,
    pub(super) gpus: layout::GetAllSupportedDevices,
    pub(super) attributes: layout::GetDeviceAttributes,
    pub(super) group_create: layout::GroupCreate,
    pub(super) group_add: layout::GroupAddEntity,
    pub(super) group_destroy: layout::GroupDestroy,
    pub(super) fields_create: layout::FieldGroupCreate,
    pub(super) fields_destroy: layout::FieldGroupDestroy,
    pub(super) watch: layout::WatchFields,
    pub(super) unwatch: layout::UnwatchFields,
    pub(super) latest: layout::GetLatestValuesV2,
    pub(super) since: Option<layout::GetValuesSinceV2>,
    pub(super) embedded: Option<layout::StartEmbeddedV2>,
    pub(super) entities: Option<layout::GetEntityGroupEntities>,
    pub(super) status: Option<layout::GetGpuStatus>,
    pub(super) architecture: Option<layout::GetGpuChipArchitecture>,
    pub(super) instances: Option<layout::GetGpuInstanceHierarchy>,
    pub(super) modules: Option<layout::ModuleGetStatuses>,
    version: layout::VersionInfoOf,
    init: layout::Init,
}

impl Library {
    /// The library: loaded and started by the first who asks, the same for all. `path` is the operator's choice.
    ///
    /// # Errors
    /// Where there is none, or one that is not DCGM 3 or 4; a later call tries again.
    pub fn load(path: Option<&Path>) -> Result<&'static Library, LoadError> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = path.map(|path| path.to_string_lossy().into_owned());
        if let Some(library) = *loaded {
            return match wanted {
                Some(wanted) if wanted != library.file => {
                    Err(LoadError::Another { loaded: library.file.clone(), wanted })
                }
                _ => Ok(library),
            };
        }
        let (file, opened) = open(wanted)?;
        // Leaked whatever comes: unloading it is never safe once any code of it ran.
        let library: &'static Library = Box::leak(Box::new(Library::start(file, opened)?));
        *loaded = Some(library);
        Ok(library)
    }

    fn start(file: String, library: libloading::Library) -> Result<Library, LoadError> {
        let calls = match Calls::find(&library) {
            Ok(calls) => calls,
            Err(symbol) => {
                std::mem::forget(library);
                return Err(LoadError::Symbol { file, symbol });
            }
        };
        // SAFETY: takes nothing; may be called at any time and any number of times.
        if let Err(code) = Code::check(unsafe { (calls.init)() }) {
            std::mem::forget(library);
            return Err(LoadError::Init { file, code });
        }
        let mut info = VersionInfo { version: VERSION_INFO, text: [0; 512] };
        // SAFETY: a struct of ours with its version word, which the call fills in.
        let told = Code::check(unsafe { (calls.version)(&raw mut info) });
        let version = told.ok().and_then(|()| Version::of(&text(&info.text)));
        Ok(Library { calls, file, version, _held: library })
    }

    /// What was loaded, as it was named to the linker.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Its version, where it says one.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// Optional calls that this version lacks.
    #[must_use]
    pub fn lacks(&self) -> Vec<&'static str> {
        let calls = &self.calls;
        let there = [
            ("dcgmGetValuesSince_v2", calls.since.is_some()),
            ("dcgmStartEmbedded_v2", calls.embedded.is_some()),
            ("dcgmGetEntityGroupEntities", calls.entities.is_some()),
            ("dcgmGetGpuStatus", calls.status.is_some()),
            ("dcgmGetGpuChipArchitecture", calls.architecture.is_some()),
            ("dcgmGetGpuInstanceHierarchy", calls.instances.is_some()),
            ("dcgmModuleGetStatuses", calls.modules.is_some()),
        ];
        there.into_iter().filter(|(_, there)| !there).map(|(name, _)| name).collect()
    }
}

fn open(wanted: Option<String>) -> Result<(String, libloading::Library), LoadError> {
    let by_linker = NAMES.iter().map(|name| (*name).to_owned());
    let by_folder = FOLDERS.iter().flat_map(|folder| NAMES.iter().map(move |name| format!("{folder}/{name}")));
    let names: Vec<String> = wanted.map_or_else(|| by_linker.chain(by_folder).collect(), |path| vec![path]);
    let mut tried = Vec::new();
    for name in names {
        // SAFETY: the library's initialisers run; libdcgm's are made for this, and the operator names what is loaded.
        match unsafe { libloading::Library::new(&name) } {
            Ok(library) => return Ok((name, library)),
            Err(error) => tried.push((name, error.to_string())),
        }
    }
    Err(LoadError::Missing(tried))
}

/// The first door.
fn symbol<T: Copy>(library: &libloading::Library, name: &str) -> Option<T> {
    // SAFETY: `T` is inferred from the field of `Calls`, whose type `layout` states for this name; the library stays.
    let found = unsafe { library.get::<T>(name.as_bytes()) };
    found.ok().map(|symbol| *symbol)
}

impl Calls {
    fn find(library: &libloading::Library) -> Result<Calls, &'static str> {
        fn need<T: Copy>(library: &libloading::Library, name: &'static str) -> Result<T, &'static str> {
            symbol(library, name).ok_or(name)
        }
        Ok(Calls {
            init: need(library, "dcgmInit")?,
            version: need(library, "dcgmVersionInfo")?,
            engine_version: need(library, "dcgmHostengineVersionInfo")?,
            connect: need(library, "dcgmConnect_v2")?,
            disconnect: need(library, "dcgmDisconnect")?,
            gpus: need(library, "dcgmGetAllSupportedDevices")?,
            attributes: need(library, "dcgmGetDeviceAttributes")?,
            group_create: need(library, "dcgmGroupCreate")?,
            group_add: need(library, "dcgmGroupAddEntity")?,
            group_destroy: need(library, "dcgmGroupDestroy")?,
            fields_create: need(library, "dcgmFieldGroupCreate")?,
            fields_destroy: need(library, "dcgmFieldGroupDestroy")?,
            watch: need(library, "dcgmWatchFields")?,
            unwatch: need(library, "dcgmUnwatchFields")?,
            latest: need(library, "dcgmGetLatestValues_v2")?,
            since: symbol(library, "dcgmGetValuesSince_v2"),
            embedded: symbol(library, "dcgmStartEmbedded_v2"),
            entities: symbol(library, "dcgmGetEntityGroupEntities"),
            status: symbol(library, "dcgmGetGpuStatus"),
            architecture: symbol(library, "dcgmGetGpuChipArchitecture"),
            instances: symbol(library, "dcgmGetGpuInstanceHierarchy"),
            modules: symbol(library, "dcgmModuleGetStatuses"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_library_is_told_with_what_was_tried() {
        let error = open(Some("/nowhere/libdcgm.so.4".to_owned())).unwrap_err();
        assert!(error.to_string().contains("/nowhere/libdcgm.so.4"), "{error}");
        assert!(error.hint().contains("datacenter-gpu-manager-4-core"));
        let all: Vec<(String, String)> =
            ["a", "b", "c"].map(|name| (name.to_owned(), "No such file or directory".to_owned())).into();
        let error = LoadError::Missing(all);
        assert_eq!(error.to_string(), "libdcgm cannot be loaded: found none of 3 names, a to c");
        assert_eq!(error.tried().len(), 3);
    }

    #[test]
    fn a_library_that_is_not_dcgm_is_refused_by_what_it_lacks() {
        let (file, library) = open(Some("libc.so.6".to_owned())).unwrap();
        let error = Library::start(file, library).unwrap_err();
        assert_eq!(error, LoadError::Symbol { file: "libc.so.6".to_owned(), symbol: "dcgmInit" });
    }

    #[test]
    fn a_library_that_is_there_and_broken_is_told_by_its_own_fault() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "no ELF").unwrap();
        let error = open(Some(file.path().to_string_lossy().into_owned())).unwrap_err().to_string();
        assert!(!error.contains("found none"), "{error}");
    }
}
