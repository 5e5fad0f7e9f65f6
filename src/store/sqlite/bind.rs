//! Binding a row's values one after the other, without a list in between.

use rusqlite::types::Null;
use rusqlite::{CachedStatement, Result, ToSql};

use crate::event::Value;
use crate::event::values::{rounded, whole};
use crate::metric::Type;

/// Fills a statement's parameters from the first on.
pub(super) struct Binder<'s, 'c> {
    statement: &'s mut CachedStatement<'c>,
    next: usize,
}

impl<'s, 'c> Binder<'s, 'c> {
    /// Starts at the first parameter.
    pub(super) fn new(statement: &'s mut CachedStatement<'c>) -> Binder<'s, 'c> {
        Binder { statement, next: 0 }
    }

    /// Binds the next parameter.
    pub(super) fn put(&mut self, value: impl ToSql) -> Result<()> {
        self.next += 1;
        self.statement.raw_bind_parameter(self.next, value)
    }

    /// Binds a metric's value as its column holds it.
    pub(super) fn metric(&mut self, ty: Type, value: Option<Value>) -> Result<()> {
        match (ty, value) {
            (Type::Int, Some(Value::Int(value))) => self.put(value),
            // A stage that computes in reals may hand a whole number over as one.
            (Type::Int, Some(Value::Real(value))) => self.put(whole(value.round())),
            (Type::Real, Some(value)) => self.put(f64::from(rounded(value.real()))),
            (_, None) => self.put(Null),
        }
    }

    /// Runs the statement; returns how many rows it changed.
    pub(super) fn run(self) -> Result<usize> {
        self.statement.raw_execute()
    }
}
