//! A row's values as the server's binary protocol has them: each a length and its bytes. Lines of `COPY … BINARY` are made
//! of them, and arrays, of which a statement takes one a column; so what a row is made of is said once for both.
//!
//! A number that is none (NaN) is NULL, as in the embedded store. Knows no table.

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use tokio_postgres::types::{IsNull, ToSql, Type as SqlType, to_sql_checked};

use super::super::stamp::Stamp;
use crate::event::values::{rounded, whole};
use crate::event::{Time, Value};
use crate::metric::Type;
use crate::store::schema::Holds;

/// Takes the values of rows, one after the other.
pub(super) trait Cells {
    /// A value of `len` bytes, put there by `fill`.
    fn fill(&mut self, len: usize, fill: impl FnOnce(&mut BytesMut));

    /// No value.
    fn null(&mut self);

    fn text(&mut self, value: &str) {
        self.fill(value.len(), |to| to.put_slice(value.as_bytes()));
    }

    fn text_or_null(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    fn int(&mut self, value: i64) {
        self.fill(8, |to| to.put_i64(value));
    }

    fn int_or_null(&mut self, value: Option<i64>) {
        match value {
            Some(value) => self.int(value),
            None => self.null(),
        }
    }

    fn double(&mut self, value: f64) {
        if value.is_nan() {
            self.null();
        } else {
            self.fill(8, |to| to.put_f64(value));
        }
    }

    fn double_or_null(&mut self, value: Option<f64>) {
        self.double(value.unwrap_or(f64::NAN));
    }

    fn flag(&mut self, value: bool) {
        self.fill(1, |to| to.put_u8(u8::from(value)));
    }

    fn time(&mut self, value: Time) {
        self.fill(8, |to| to.put_i64(Stamp(value).micros()));
    }

    fn time_or_null(&mut self, value: Option<Time>) {
        match value {
            Some(value) => self.time(value),
            None => self.null(),
        }
    }

    /// A document; what cannot be written as one is none.
    fn json<T: Serialize + ?Sized>(&mut self, value: &T) {
        match serde_json::to_vec(value) {
            // A JSONB begins with its version.
            Ok(text) => self.fill(text.len() + 1, |to| {
                to.put_u8(1);
                to.put_slice(&text);
            }),
            Err(_) => self.null(),
        }
    }

    /// A metric's value as its column holds it.
    fn metric(&mut self, ty: Type, value: Option<Value>) {
        match (ty, value) {
            (Type::Int, Some(Value::Int(value))) => self.int(value),
            // A stage that computes in reals may hand a whole number over as one.
            (Type::Int, Some(Value::Real(value))) => self.int_or_null(whole(value.round())),
            (Type::Real, Some(value)) => {
                let value = rounded(value.real());
                if value.is_nan() {
                    self.null();
                } else {
                    self.fill(4, |to| to.put_f32(value));
                }
            }
            (_, None) => self.null(),
        }
    }
}

fn put(to: &mut BytesMut, len: usize, fill: impl FnOnce(&mut BytesMut)) {
    // The server takes no value of more than 1 GiB.
    to.put_i32(i32::try_from(len).unwrap_or(i32::MAX));
    fill(to);
}

/// What `COPY … BINARY` begins with: signature, flags, length of an extension.
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Lines of `COPY … BINARY`.
pub(super) struct Lines {
    bytes: BytesMut,
    columns: i16,
}

impl Lines {
    /// The beginning of a copy of lines of `columns` values.
    pub(super) fn new(columns: usize, room: usize) -> Lines {
        let mut bytes = BytesMut::with_capacity(room);
        bytes.put_slice(HEAD);
        Lines { bytes, columns: i16::try_from(columns).unwrap_or(i16::MAX) }
    }

    /// Begins a line.
    pub(super) fn begin(&mut self) {
        self.bytes.put_i16(self.columns);
    }

    /// Ends the copy.
    pub(super) fn end(&mut self) {
        self.bytes.put_i16(-1);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What there is so far, to be sent.
    pub(super) fn take(&mut self) -> Bytes {
        self.bytes.split().freeze()
    }
}

impl Cells for Lines {
    fn fill(&mut self, len: usize, fill: impl FnOnce(&mut BytesMut)) {
        put(&mut self.bytes, len, fill);
    }

    fn null(&mut self) {
        self.bytes.put_i32(-1);
    }
}

/// One array a column.
#[derive(Debug)]
pub(super) struct Arrays {
    columns: Vec<Array>,
    next: usize,
}

/// An array of one dimension.
#[derive(Debug)]
pub(super) struct Array {
    element: u32,
    count: i32,
    nulls: bool,
    bytes: BytesMut,
}

impl Arrays {
    /// Empty ones.
    pub(super) fn new(columns: impl Iterator<Item = Holds>) -> Arrays {
        let array = |holds| Array { element: oid(holds), count: 0, nulls: false, bytes: BytesMut::new() };
        Arrays { columns: columns.map(array).collect(), next: 0 }
    }

    /// Begins a row.
    pub(super) fn begin(&mut self) {
        self.next = 0;
    }

    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.columns.iter().map(|column| -> &(dyn ToSql + Sync) { column }).collect()
    }

    fn column(&mut self) -> Option<&mut Array> {
        let column = self.columns.get_mut(self.next)?;
        self.next += 1;
        column.count += 1;
        Some(column)
    }
}

impl Cells for Arrays {
    fn fill(&mut self, len: usize, fill: impl FnOnce(&mut BytesMut)) {
        match self.column() {
            Some(column) => put(&mut column.bytes, len, fill),
            None => debug_assert!(false, "a row has more values than its table has columns"),
        }
    }

    fn null(&mut self) {
        if let Some(column) = self.column() {
            column.nulls = true;
            column.bytes.put_i32(-1);
        }
    }
}

impl ToSql for Array {
    fn to_sql(&self, _: &SqlType, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        // Dimensions; whether there are NULLs; the elements' type; how many; the first one's number.
        out.put_i32(i32::from(self.count > 0));
        out.put_i32(i32::from(self.nulls));
        out.put_u32(self.element);
        if self.count > 0 {
            out.put_i32(self.count);
            out.put_i32(1);
            out.put_slice(&self.bytes);
        }
        Ok(IsNull::No)
    }

    // The statement's own text says what it takes.
    fn accepts(_: &SqlType) -> bool {
        true
    }

    to_sql_checked!();
}

/// The name of a column's type.
pub(super) const fn type_name(holds: Holds) -> &'static str {
    match holds {
        Holds::Text => "text",
        Holds::Int => "int8",
        Holds::Real => "float4",
        Holds::Double => "float8",
        Holds::Time => "timestamptz",
        Holds::Flag => "bool",
        Holds::Json => "jsonb",
    }
}

fn oid(holds: Holds) -> u32 {
    match holds {
        Holds::Text => SqlType::TEXT,
        Holds::Int => SqlType::INT8,
        Holds::Real => SqlType::FLOAT4,
        Holds::Double => SqlType::FLOAT8,
        Holds::Time => SqlType::TIMESTAMPTZ,
        Holds::Flag => SqlType::BOOL,
        Holds::Json => SqlType::JSONB,
    }
    .oid()
}
