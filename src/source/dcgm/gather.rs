//! The callback that copies values out of libdcgm while it enumerates them.
//!
//! Called by C, in the thread of the call, with one value at a time as a rule.
#![expect(unsafe_code, reason = "C calls this, with pointers")]

use std::ffi::{c_int, c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::layout::{Entity, FieldValue, TYPE_DOUBLE, TYPE_INT, TYPE_STRING};
use super::text::text;
use super::value::{Datum, Payload};

/// Copies values out: the library's array is gone when it returns. Never unwinds into the library, never ends the call.
pub(super) unsafe extern "C" fn gather(
    group: c_uint,
    id: c_uint,
    values: *mut FieldValue,
    count: c_int,
    user: *mut c_void,
) -> c_int {
    let Ok(count) = usize::try_from(count) else { return 0 };
    if values.is_null() || user.is_null() {
        return 0;
    }
    // SAFETY: `user` is the caller's `Vec<Datum>`, which nobody else touches during the call.
    let into = unsafe { &mut *user.cast::<Vec<Datum>>() };
    // SAFETY: the library gives `count` values that live until this returns.
    let values = unsafe { std::slice::from_raw_parts(values, count) };
    let copied = catch_unwind(AssertUnwindSafe(|| {
        into.extend(values.iter().map(|value| Datum {
            entity: Entity { group, id },
            field: value.field,
            status: value.status,
            ts_us: value.ts,
            payload: payload(value),
        }));
    }));
    // A panic here can only be want of memory; values that are missing are missing.
    drop(copied);
    0
}

/// The value by its type. Of a status other than 0 the type means nothing.
fn payload(value: &FieldValue) -> Payload {
    if value.status != 0 {
        return Payload::None;
    }
    match value.ty {
        TYPE_INT => {
            // SAFETY: the type says that this member holds; any bits are a number.
            Payload::Int(unsafe { value.value.int })
        }
        TYPE_DOUBLE => {
            // SAFETY: as above.
            Payload::Real(unsafe { value.value.double })
        }
        TYPE_STRING => {
            // SAFETY: as above; it ends at the first 0, or at 256.
            Payload::Text(text(&unsafe { value.value.text }))
        }
        _ => Payload::None,
    }
}
