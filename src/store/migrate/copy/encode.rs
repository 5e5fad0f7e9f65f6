//! Rows of the embedded store as lines of `COPY … BINARY`: each value a length and its bytes, by what its column holds.
//!
//! The server's texts cannot hold the character 0, which comes from a broken source if at all: U+FFFD takes its place.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};
use rusqlite::types::{FromSqlError, ValueRef};
use rusqlite::{Error, Result, Row};

use crate::event::Time;
use crate::store::postgres::stamp::Stamp;
use crate::store::schema::{Holds, Table};

/// What a copy begins with: signature, flags, length of an extension.
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Lines of one table.
pub(super) struct Lines<'t> {
    table: &'t Table,
    bytes: BytesMut,
}

impl<'t> Lines<'t> {
    pub(super) fn new(table: &'t Table) -> Lines<'t> {
        let mut bytes = BytesMut::new();
        bytes.put_slice(HEAD);
        Lines { table, bytes }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a row.
    pub(super) fn row(&mut self, row: &Row<'_>) -> Result<()> {
        self.bytes.put_i16(i16::try_from(self.table.columns.len()).unwrap_or(i16::MAX));
        for (at, column) in self.table.columns.iter().enumerate() {
            let value = row.get_ref(at)?;
            // The one whole number that is no more than four bytes on the server.
            let short = column.name == "partition";
            put(&mut self.bytes, column.holds, short, value).ok_or_else(|| {
                Error::FromSqlConversionFailure(at, value.data_type(), Box::new(FromSqlError::InvalidType))
            })?;
        }
        Ok(())
    }

    /// Ends the copy.
    pub(super) fn end(mut self) -> Bytes {
        self.bytes.put_i16(-1);
        self.bytes.freeze()
    }
}

/// Puts a value there; nothing where it is none that its column holds.
fn put(to: &mut BytesMut, holds: Holds, short: bool, value: ValueRef<'_>) -> Option<()> {
    match (holds, value) {
        (_, ValueRef::Null) => to.put_i32(-1),
        (Holds::Text, ValueRef::Text(text)) => {
            let text = plain(std::str::from_utf8(text).ok()?);
            to.put_i32(i32::try_from(text.len()).ok()?);
            to.put_slice(text.as_bytes());
        }
        (Holds::Json, ValueRef::Text(text)) => {
            let text = plain_json(std::str::from_utf8(text).ok()?);
            to.put_i32(i32::try_from(text.len() + 1).ok()?);
            to.put_u8(1);
            to.put_slice(text.as_bytes());
        }
        (Holds::Int, ValueRef::Integer(value)) if short => {
            to.put_i32(4);
            to.put_i32(i32::try_from(value).ok()?);
        }
        (Holds::Int, ValueRef::Integer(value)) => {
            to.put_i32(8);
            to.put_i64(value);
        }
        (Holds::Time, ValueRef::Integer(value)) => {
            to.put_i32(8);
            to.put_i64(Stamp(Time(value)).micros());
        }
        (Holds::Flag, ValueRef::Integer(value)) => {
            to.put_i32(1);
            to.put_u8(u8::from(value != 0));
        }
        (Holds::Real, value) => {
            to.put_i32(4);
            #[expect(clippy::cast_possible_truncation, reason = "it was rounded to this before it was stored")]
            to.put_f32(real(value)? as f32);
        }
        (Holds::Double, value) => {
            to.put_i32(8);
            to.put_f64(real(value)?);
        }
        _ => return None,
    }
    Some(())
}

fn real(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Real(value) => Some(value),
        #[expect(clippy::cast_precision_loss, reason = "a whole number that was stored where reals are")]
        ValueRef::Integer(value) => Some(value as f64),
        _ => None,
    }
}

fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// A document without the escaped character 0; a backslash that is itself escaped begins nothing.
fn plain_json(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u0000") {
        return plain(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = from.strip_prefix("\\u0000") {
            out.push_str("\\ufffd");
            rest = after;
        } else {
            let len = 1 + from.chars().nth(1).map_or(0, char::len_utf8);
            let (pair, after) = from.split_at(len);
            out.push_str(pair);
            rest = after;
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_character_0_is_replaced() {
        assert_eq!(plain("a\0b"), "a\u{fffd}b");
        assert_eq!(plain_json(r#"{"a":"\u0000x\\u0000é\\\u0000"}"#), r#"{"a":"\ufffdx\\u0000é\\\ufffd"}"#);
        assert_eq!(plain_json(r#"["\\"]"#), r#"["\\"]"#);
        assert_eq!(plain_json(r#"["\u0000\"#), r#"["\ufffd\"#);
    }
}
