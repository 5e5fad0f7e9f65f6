//! Calls about the library and connections: start, connect, disconnect, versions, an engine in this process.

use std::ffi::{CStr, c_char};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use crate::gate::{INIT_ERROR, UNINITIALIZED, call, pass};
use crate::layout::codes::{BADPARAM, CONNECTION_NOT_VALID, OK, TIMEOUT, VER_MISMATCH};
use crate::layout::{
    CONNECT_PARAMS, ConnectParams, EMBEDDED_HANDLE, EMBEDDED_PARAMS, EmbeddedParams, Handle, MODULE_STATUSES,
    ModuleStatuses, Return, VERSION_INFO, VersionInfo,
};
use crate::memory::{fixed, get, put, text};
use crate::world::{now, world};

/// How long a connect tries unless told, milliseconds.
const TRIES_MS: u32 = 5000;
/// How long a connect to a mute peer takes, microseconds: two requests of 60 s.
const MUTE: i64 = 120_000_000;
/// Version of the smaller parameters, which are taken too.
const CONNECT_PARAMS_V1: u32 = 0x0100_0008;
/// The name of the engine in this process in the script.
const EMBEDDED: &str = "embedded";
/// Texts of some codes.
const TEXTS: [(Return, &CStr); 6] = [
    (OK, c"Success"),
    (-3, c"Generic unspecified error"),
    (-11, c"Timeout"),
    (-16, c"Field is not being watched"),
    (-21, c"The connection is not valid"),
    (-56, c"NVML is not loaded"),
];

#[unsafe(no_mangle)]
extern "C" fn dcgmInit() -> Return {
    let mut world = world();
    world.started = world.script.is_some();
    if world.started { OK } else { INIT_ERROR }
}

#[unsafe(no_mangle)]
extern "C" fn dcgmShutdown() -> Return {
    world().started = false;
    OK
}

#[unsafe(no_mangle)]
extern "C" fn errorString(code: Return) -> *const c_char {
    TEXTS.iter().find(|(known, _)| *known == code).map_or(std::ptr::null(), |(_, text)| text.as_ptr())
}

#[unsafe(no_mangle)]
extern "C" fn dcgmVersionInfo(info: *mut VersionInfo) -> Return {
    let version = world().script.as_ref().map(|script| script.library.clone()).unwrap_or_default();
    tell_version(info, &version)
}

#[unsafe(no_mangle)]
extern "C" fn dcgmHostengineVersionInfo(handle: Handle, info: *mut VersionInfo) -> Return {
    let mut version = String::new();
    let answer = call("dcgmHostengineVersionInfo", handle, |far| {
        far.version().clone_into(&mut version);
        Ok(())
    });
    if answer == OK { tell_version(info, &version) } else { answer }
}

fn tell_version(info: *mut VersionInfo, version: &str) -> Return {
    if get(info).is_none_or(|info| info.version != VERSION_INFO) {
        return VER_MISMATCH;
    }
    let text = format!("version:{version};arch:x86_64;buildtype:Release;buildid:0;commit:none;branch:a:b");
    put(info, VersionInfo { version: VERSION_INFO, text: fixed(&text) });
    OK
}

#[unsafe(no_mangle)]
extern "C" fn dcgmConnect_v2(address: *const c_char, params: *mut ConnectParams, handle: *mut Handle) -> Return {
    // Read as the smaller one first, for that is all some callers have.
    let version = get(params.cast::<u32>());
    let full = if version == Some(CONNECT_PARAMS) { get(params) } else { None };
    if full.is_none() && version != Some(CONNECT_PARAMS_V1) {
        return VER_MISMATCH;
    }
    let address = text(address);
    let socket = full.is_some_and(|params| params.address_is_unix_socket == 1);
    if address.is_empty() || address.ends_with(':') {
        return BADPARAM;
    }
    if !world().started {
        return UNINITIALIZED;
    }
    let name = if socket || address.contains("]:") || address.matches(':').count() == 1 {
        address
    } else {
        format!("{address}:5555")
    };
    // The handle is overwritten whatever comes of it.
    put(handle, 0);
    let patience = full.map_or(0, |params| params.timeout_ms);
    let patience = if patience == 0 { TRIES_MS } else { patience };
    connect(&name, socket, Duration::from_millis(u64::from(patience))).map_or_else(
        |code| code,
        |made| {
            put(handle, made);
            OK
        },
    )
}

fn connect(name: &str, socket: bool, patience: Duration) -> Result<Handle, Return> {
    let known = world().engine(name).is_some();
    if !known && (socket || !listens(name, patience)) {
        std::thread::sleep(patience);
        return Err(CONNECTION_NOT_VALID);
    }
    // A fault needs a connection to be looked up by; what comes of it is what the caller gets.
    let made = world().connect(name, None);
    let began = now();
    match pass("dcgmConnect_v2", made) {
        // A mute peer: 0, after two minutes, and a handle that is dead.
        Err(CONNECTION_NOT_VALID | TIMEOUT) => {
            let left = u64::try_from(MUTE - (now() - began)).unwrap_or_default();
            if world().engine(name).is_some() {
                std::thread::sleep(Duration::from_micros(left));
                world().disconnect(made);
            }
            Ok(made)
        }
        Err(code) => {
            world().disconnect(made);
            Err(code)
        }
        Ok(_) => Ok(made),
    }
}

/// Whether something takes a connection.
fn listens(name: &str, patience: Duration) -> bool {
    let mut addresses = name.to_socket_addrs().into_iter().flatten();
    addresses.any(|address| TcpStream::connect_timeout(&address, patience).is_ok())
}

#[unsafe(no_mangle)]
extern "C" fn dcgmDisconnect(handle: Handle) -> Return {
    world().disconnect(handle);
    OK
}

#[unsafe(no_mangle)]
extern "C" fn dcgmStartEmbedded_v2(params: *mut EmbeddedParams) -> Return {
    let Some(mut given) = get(params) else { return BADPARAM };
    if given.version != EMBEDDED_PARAMS {
        return VER_MISMATCH;
    }
    let mut world = world();
    if !world.started {
        return UNINITIALIZED;
    }
    if world.engine(EMBEDDED).is_none() {
        return INIT_ERROR;
    }
    if world.at(EMBEDDED_HANDLE).is_err() {
        given.handle = world.connect(EMBEDDED, Some(EMBEDDED_HANDLE));
        put(params, given);
    }
    OK
}

#[unsafe(no_mangle)]
extern "C" fn dcgmStopEmbedded(handle: Handle) -> Return {
    if handle != EMBEDDED_HANDLE {
        return BADPARAM;
    }
    world().disconnect(handle);
    OK
}

#[unsafe(no_mangle)]
extern "C" fn dcgmModuleGetStatuses(handle: Handle, statuses: *mut ModuleStatuses) -> Return {
    call("dcgmModuleGetStatuses", handle, |_| {
        if get(statuses).is_none_or(|given| given.version != MODULE_STATUSES) {
            return Err(VER_MISMATCH);
        }
        // The core is loaded; the others are when they are first wanted.
        let mut told = [[0, 0]; 16];
        for (id, status) in (0..).zip(&mut told) {
            *status = [id, if id == 0 { 3 } else { 0 }];
        }
        put(statuses, ModuleStatuses { version: MODULE_STATUSES, count: 11, statuses: told });
        Ok(())
    })
}
