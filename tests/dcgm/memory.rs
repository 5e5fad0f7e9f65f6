//! Memory of the caller: what C functions are given to read and to fill.
//!
//! The functions are safe to write and not to misuse: every pointer is one that the caller vouches for, as C has it.

use std::ffi::{CStr, c_char};

/// Fills what an out parameter points to.
pub(crate) fn put<T>(at: *mut T, value: T) {
    if !at.is_null() {
        // SAFETY: the caller passed a place for a T.
        unsafe { at.write(value) };
    }
}

/// What an in parameter points to.
pub(crate) fn get<T: Copy>(at: *const T) -> Option<T> {
    // SAFETY: the caller passed a T, or null.
    unsafe { at.as_ref() }.copied()
}

/// An array that was passed with its length.
pub(crate) fn list<T: Copy>(at: *const T, length: usize) -> Vec<T> {
    if at.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller passed an array of this length.
    unsafe { std::slice::from_raw_parts(at, length) }.to_vec()
}

/// Fills the front of an array.
pub(crate) fn fill<T: Copy>(at: *mut T, values: &[T]) {
    if !at.is_null() {
        // SAFETY: the caller passed an array with room for these, which is not theirs.
        unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), at, values.len()) };
    }
}

/// A text that was passed.
pub(crate) fn text(at: *const c_char) -> String {
    if at.is_null() {
        return String::new();
    }
    // SAFETY: the caller passed a text that ends with 0.
    unsafe { CStr::from_ptr(at) }.to_string_lossy().into_owned()
}

/// A text of fixed size, ended by 0.
pub(crate) fn fixed<const N: usize>(text: &str) -> [c_char; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().take(N - 1).zip(text.bytes()) {
        *to = c_char::from_ne_bytes([from]);
    }
    out
}

/// What is all zeros.
pub(crate) fn zeroed<T: Copy>() -> T {
    // SAFETY: used for C structs of numbers and arrays of them, for which zeros are values.
    unsafe { std::mem::zeroed() }
}
