//! A connection to a host engine: every call that gpuhm makes, each safe to use from outside.
//!
//! The second door is [`Code::check`], through which every result goes. A call blocks until the engine answers, 60 s at
//! most; [`Cut`] ends it from another thread by disconnecting the handle (run: the call returns -21 at once). There is
//! no live read here, and there must be none: with a profiling id it kills the host engine. Knows no metrics.
#![expect(unsafe_code, reason = "DCGM's functions are called here")]

use std::ffi::{CString, c_int, c_uint, c_void};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::code::Code;
use super::cut::Cut;
use super::gather::gather;
use super::layout::codes::{BADPARAM, FUNCTION_NOT_FOUND};
use super::layout::{ATTRIBUTES, Attributes, CONNECT_PARAMS, ConnectParams, EMBEDDED_HANDLE, EMBEDDED_PARAMS};
use super::layout::{ENTITY_GPU, EmbeddedParams, Entity, FieldGroup, GROUP_EMPTY, Group, Handle, MAX_GPUS};
use super::layout::{MIG_TREE, MODE_AUTO, MODULE_STATUSES, MigTree, ModuleStatuses, VERSION_INFO, VersionInfo};
use super::library::Library;
use super::text::text;
use super::value::Datum;

/// How long a connection may take to come about, ms; the engine's handshake may take longer all the same.
const CONNECT_MS: u32 = 5000;

/// A connection; gone when dropped, with every group and watch that was made on it.
#[derive(Debug)]
pub(super) struct Connection {
    library: &'static Library,
    handle: Handle,
    cut: Arc<Cut>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.cut.cut();
    }
}

impl Connection {
    /// Connects to an address, or to a socket's path. That it returns proves nothing: see [`Connection::version`].
    pub(super) fn open(address: &str, socket: bool, library: &'static Library, cut: &Arc<Cut>) -> Result<Self, Code> {
        let address = CString::new(address).map_err(|_| Code(BADPARAM))?;
        let mut params = ConnectParams {
            version: CONNECT_PARAMS,
            persist_after_disconnect: 0,
            timeout_ms: CONNECT_MS,
            address_is_unix_socket: u32::from(socket),
        };
        let mut handle: Handle = 0;
        // SAFETY: a text that ends with 0, a struct with its version word, and room for the handle; all outlive the call.
        Code::check(unsafe { (library.calls.connect)(address.as_ptr(), &raw mut params, &raw mut handle) })?;
        cut.handle.store(handle, Ordering::SeqCst);
        Ok(Connection { library, handle, cut: Arc::clone(cut) })
    }

    /// Starts the engine of this process, or finds it running. It cannot be cut.
    pub(super) fn embedded(library: &'static Library, cut: &Arc<Cut>) -> Result<Self, Code> {
        let start = library.calls.embedded.ok_or(Code(FUNCTION_NOT_FOUND))?;
        let mut params = EmbeddedParams {
            version: EMBEDDED_PARAMS,
            mode: MODE_AUTO,
            handle: EMBEDDED_HANDLE,
            log_file: std::ptr::null(),
            severity: -1,
            deny_count: 0,
            deny: [0; 10],
        };
        // SAFETY: a struct with its version word that outlives the call; a null log file means the default.
        Code::check(unsafe { start(&raw mut params) })?;
        Ok(Connection { library, handle: params.handle, cut: Arc::clone(cut) })
    }

    /// Whether the engine outlives the connection's end with all that was made on it: it is this process's own.
    pub(super) fn stays(&self) -> bool {
        self.handle == EMBEDDED_HANDLE
    }

    /// What the engine says of itself; the proof that one is there.
    pub(super) fn version(&self) -> Result<String, Code> {
        let mut info = VersionInfo { version: VERSION_INFO, text: [0; 512] };
        // SAFETY: a struct with its version word, which the call fills in.
        Code::check(unsafe { (self.library.calls.engine_version)(self.handle, &raw mut info) })?;
        Ok(text(&info.text))
    }

    /// GPUs that DCGM supports.
    pub(super) fn gpus(&self) -> Result<Vec<u32>, Code> {
        let mut ids: [c_uint; MAX_GPUS] = [0; MAX_GPUS];
        let mut count: c_int = 0;
        // SAFETY: room for as many ids as the call may write, and for their number.
        Code::check(unsafe { (self.library.calls.gpus)(self.handle, ids.as_mut_ptr(), &raw mut count) })?;
        Ok(ids.into_iter().take(usize::try_from(count).unwrap_or_default()).collect())
    }

    /// All GPUs the engine has, or those only that are supported; another way to ask.
    pub(super) fn entities(&self, flags: u32) -> Result<Vec<u32>, Code> {
        let call = self.library.calls.entities.ok_or(Code(FUNCTION_NOT_FOUND))?;
        let mut ids: [c_uint; 4 * MAX_GPUS] = [0; 4 * MAX_GPUS];
        let mut count = c_int::try_from(ids.len()).unwrap_or_default();
        // SAFETY: `count` says how many ids there is room for, and takes their number.
        Code::check(unsafe { call(self.handle, ENTITY_GPU, ids.as_mut_ptr(), &raw mut count, flags) })?;
        Ok(ids.into_iter().take(usize::try_from(count).unwrap_or_default()).collect())
    }

    /// The state of a GPU; `None` where the library cannot tell.
    pub(super) fn status(&self, gpu: u32) -> Option<Result<u32, Code>> {
        let call = self.library.calls.status?;
        let mut status: c_uint = 0;
        // SAFETY: room for one number.
        let done = Code::check(unsafe { call(self.handle, gpu, &raw mut status) });
        Some(done.map(|()| status))
    }

    /// What does not change of a GPU: 26 calls of the driver, so once a connection.
    pub(super) fn attributes(&self, gpu: u32) -> Result<Box<Attributes>, Code> {
        // SAFETY: numbers and arrays of them, of which all zeros are valid.
        let mut attributes: Box<Attributes> = unsafe { Box::new_zeroed().assume_init() };
        attributes.version = ATTRIBUTES;
        // SAFETY: a struct with its version word, which the call fills in.
        Code::check(unsafe { (self.library.calls.attributes)(self.handle, gpu, &raw mut *attributes) })?;
        Ok(attributes)
    }

    /// DCGM's number of a GPU's architecture; from 4.2 on.
    pub(super) fn architecture(&self, gpu: u32) -> Option<u32> {
        let call = self.library.calls.architecture?;
        let mut architecture: c_uint = 0;
        // SAFETY: room for one number.
        Code::check(unsafe { call(self.handle, gpu, &raw mut architecture) }).ok()?;
        Some(architecture)
    }

    /// MIG's tree.
    pub(super) fn instances(&self) -> Result<Box<MigTree>, Code> {
        let call = self.library.calls.instances.ok_or(Code(FUNCTION_NOT_FOUND))?;
        // SAFETY: numbers and arrays of them, of which all zeros are valid.
        let mut tree: Box<MigTree> = unsafe { Box::new_zeroed().assume_init() };
        tree.version = MIG_TREE;
        // SAFETY: a struct with its version word, which the call fills in.
        Code::check(unsafe { call(self.handle, &raw mut *tree) })?;
        Ok(tree)
    }

    /// The engine's modules by number, each with its state.
    pub(super) fn modules(&self) -> Result<Vec<[u32; 2]>, Code> {
        let call = self.library.calls.modules.ok_or(Code(FUNCTION_NOT_FOUND))?;
        let mut modules = ModuleStatuses { version: MODULE_STATUSES, count: 0, statuses: [[0; 2]; 16] };
        // SAFETY: a struct with its version word, which the call fills in.
        Code::check(unsafe { call(self.handle, &raw mut modules) })?;
        Ok(modules.statuses.into_iter().take(usize::try_from(modules.count).unwrap_or_default()).collect())
    }

    /// Makes an empty group.
    pub(super) fn group(&self, name: &str) -> Result<Group, Code> {
        let name = CString::new(name).map_err(|_| Code(BADPARAM))?;
        let mut group: Group = 0;
        // SAFETY: a text that ends with 0, and room for the group's number.
        Code::check(unsafe {
            (self.library.calls.group_create)(self.handle, GROUP_EMPTY, name.as_ptr(), &raw mut group)
        })?;
        Ok(group)
    }

    /// Adds to a group.
    pub(super) fn add(&self, group: Group, entity: Entity) -> Result<(), Code> {
        // SAFETY: numbers only.
        Code::check(unsafe { (self.library.calls.group_add)(self.handle, group, entity.group, entity.id) })
    }

    /// Takes a group away.
    pub(super) fn drop_group(&self, group: Group) -> Result<(), Code> {
        // SAFETY: numbers only.
        Code::check(unsafe { (self.library.calls.group_destroy)(self.handle, group) })
    }

    /// Makes a field group of 1 to 127 fields. One that the engine does not know fails the whole call with -1.
    pub(super) fn fields(&self, fields: &[u16], name: &str) -> Result<FieldGroup, Code> {
        let name = CString::new(name).map_err(|_| Code(BADPARAM))?;
        let count = c_int::try_from(fields.len()).map_err(|_| Code(BADPARAM))?;
        let mut group: FieldGroup = 0;
        // SAFETY: `count` ids, a text that ends with 0, and room for the group's number.
        Code::check(unsafe {
            (self.library.calls.fields_create)(self.handle, count, fields.as_ptr(), name.as_ptr(), &raw mut group)
        })?;
        Ok(group)
    }

    /// Takes a field group away.
    pub(super) fn drop_fields(&self, group: FieldGroup) -> Result<(), Code> {
        // SAFETY: numbers only.
        Code::check(unsafe { (self.library.calls.fields_destroy)(self.handle, group) })
    }

    /// Has the engine read fields of a group's entities: so often, ms, and keep them so long, s.
    pub(super) fn watch(&self, group: Group, fields: FieldGroup, every_ms: i64, keep_s: f64) -> Result<(), Code> {
        let micros = every_ms.saturating_mul(1000);
        // SAFETY: numbers only.
        Code::check(unsafe { (self.library.calls.watch)(self.handle, group, fields, micros, keep_s, 0) })
    }

    /// Ends a watch.
    pub(super) fn unwatch(&self, group: Group, fields: FieldGroup) -> Result<(), Code> {
        // SAFETY: numbers only.
        Code::check(unsafe { (self.library.calls.unwatch)(self.handle, group, fields) })
    }

    /// Adds the newest values of a group's entities to `into`: one round trip.
    pub(super) fn latest(&self, group: Group, fields: FieldGroup, into: &mut Vec<Datum>) -> Result<(), Code> {
        let user = std::ptr::from_mut(into).cast::<c_void>();
        // SAFETY: the callback is called before the call returns, in this thread, with `user`, which is `into`.
        Code::check(unsafe { (self.library.calls.latest)(self.handle, group, fields, gather, user) })
    }

    /// Adds every value since `since`, µs by the engine's clock, to `into`, and gives where to go on. Values may come
    /// before it fails.
    pub(super) fn since(
        &self,
        group: Group,
        fields: FieldGroup,
        since: i64,
        into: &mut Vec<Datum>,
    ) -> Result<i64, Code> {
        let call = self.library.calls.since.ok_or(Code(FUNCTION_NOT_FOUND))?;
        let user = std::ptr::from_mut(into).cast::<c_void>();
        let mut next: i64 = since;
        // SAFETY: as for `latest`; room for one number.
        Code::check(unsafe { call(self.handle, group, fields, since, &raw mut next, gather, user) })?;
        Ok(next)
    }
}
