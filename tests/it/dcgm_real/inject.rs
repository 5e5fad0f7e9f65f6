//! A client of a real libdcgm that makes GPUs up and puts values into its host engine's cache.
//!
//! The two calls for that are exported by every version and declared in none of the public headers.

#![expect(unsafe_code, reason = "DCGM speaks C only")]

use std::ffi::{CString, c_char, c_int, c_uint};

use gpuhm::source::dcgm::layout::{
    CONNECT_PARAMS, ConnectParams, ConnectV2, Disconnect, ENTITY_GPU, Entity, FIELD_VALUE, FieldValue,
    GetAllSupportedDevices, Handle, Init, MAX_GPUS, Return, TYPE_DOUBLE, TYPE_INT, TYPE_STRING, ValueUnion,
};
use libloading::Library;

use crate::dcgm_support::now_us;

/// An entity to make up (facts on dcgm, 8).
#[repr(C)]
#[derive(Clone, Copy)]
struct Fake {
    entity: Entity,
    parent: Entity,
    profile: u32,
}

/// `dcgmCreateFakeEntities_v2`.
#[repr(C)]
struct Fakes {
    version: u32,
    count: u32,
    list: [Fake; 448],
}

const FAKES: u32 = 0x0200_2308;
const _: () = assert!(size_of::<Fakes>() == 8968);

type CreateFakes = unsafe extern "C" fn(Handle, *mut Fakes) -> Return;
type InjectValue = unsafe extern "C" fn(Handle, c_uint, *mut FieldValue) -> Return;

/// What is put in.
pub(super) enum Shape {
    Int(i64),
    Real(f64),
    Text(String),
}

/// A connection for it.
pub(super) struct Injector {
    library: &'static Library,
    handle: Handle,
}

impl Injector {
    fn call<T: Copy>(&self, name: &str) -> T {
        // SAFETY: each caller names a symbol of the type it asks for.
        *unsafe { self.library.get::<T>(name.as_bytes()) }.unwrap()
    }

    /// Loads the library, for ever, and connects.
    pub(super) fn connect(path: &str, address: &str) -> Injector {
        // SAFETY: libdcgm's initialisers are made to be run so.
        let library: &'static Library = Box::leak(Box::new(unsafe { Library::new(path) }.unwrap()));
        let mut injector = Injector { library, handle: 0 };
        let init: Init = injector.call("dcgmInit");
        // SAFETY: takes nothing.
        assert_eq!(unsafe { init() }, 0, "dcgmInit");
        let connect: ConnectV2 = injector.call("dcgmConnect_v2");
        let mut params = ConnectParams {
            version: CONNECT_PARAMS,
            persist_after_disconnect: 0,
            timeout_ms: 3000,
            address_is_unix_socket: u32::from(address.starts_with('/')),
        };
        let text = CString::new(address).unwrap();
        let at: *const c_char = text.as_ptr();
        // SAFETY: a text, a struct with its version word, and a place for the handle.
        assert_eq!(unsafe { connect(at, &raw mut params, &raw mut injector.handle) }, 0, "no host engine at {address}");
        injector
    }

    /// Ids of so many GPUs, made up where they are not there.
    pub(super) fn gpus(&self, wanted: usize) -> Vec<u32> {
        let mut found = self.listed();
        if found.len() < wanted {
            let none = Entity { group: 0, id: 0 };
            let empty = Fake { entity: none, parent: none, profile: 0 };
            let mut fakes = Box::new(Fakes { version: FAKES, count: 0, list: [empty; 448] });
            for fake in fakes.list.iter_mut().take(wanted - found.len()) {
                fake.entity.group = ENTITY_GPU;
                fakes.count += 1;
            }
            let create: CreateFakes = self.call("dcgmCreateFakeEntities");
            // SAFETY: the struct that the symbol takes, with its version word.
            assert_eq!(unsafe { create(self.handle, &raw mut *fakes) }, 0, "dcgmCreateFakeEntities");
            found = self.listed();
        }
        found.truncate(wanted);
        assert_eq!(found.len(), wanted);
        found
    }

    fn listed(&self) -> Vec<u32> {
        let list: GetAllSupportedDevices = self.call("dcgmGetAllSupportedDevices");
        let (mut ids, mut count): ([c_uint; MAX_GPUS], c_int) = ([0; MAX_GPUS], 0);
        // SAFETY: room for as many ids as there may be, and a place for their number.
        let answer = unsafe { list(self.handle, ids.as_mut_ptr(), &raw mut count) };
        assert_eq!(answer, 0, "dcgmGetAllSupportedDevices");
        ids[..usize::try_from(count).unwrap()].to_vec()
    }

    /// Puts a value in, as of now.
    pub(super) fn put(&self, gpu: u32, field: u16, shape: &Shape) -> Return {
        self.put_at(gpu, field, shape, now_us())
    }

    /// Puts a value in, as of an instant in microseconds.
    pub(super) fn put_at(&self, gpu: u32, field: u16, shape: &Shape, ts: i64) -> Return {
        let mut value = ValueUnion { blob: [0; 4096] };
        let ty = match shape {
            Shape::Int(number) => {
                value.int = *number;
                TYPE_INT
            }
            Shape::Real(number) => {
                value.double = *number;
                TYPE_DOUBLE
            }
            Shape::Text(text) => {
                let mut bytes = [0; 256];
                for (to, from) in bytes.iter_mut().take(255).zip(text.bytes()) {
                    *to = c_char::from_ne_bytes([from]);
                }
                value.text = bytes;
                TYPE_STRING
            }
        };
        let mut value = FieldValue { version: FIELD_VALUE, field, ty, status: 0, ts, value };
        let inject: InjectValue = self.call("dcgmInjectFieldValue");
        // SAFETY: the struct that the symbol takes, with its version word.
        unsafe { inject(self.handle, gpu, &raw mut value) }
    }
}

impl Drop for Injector {
    fn drop(&mut self) {
        let disconnect: Disconnect = self.call("dcgmDisconnect");
        // SAFETY: its own handle; any is taken.
        unsafe { disconnect(self.handle) };
    }
}
