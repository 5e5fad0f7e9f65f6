//! An instant as the server has it: `TIMESTAMPTZ`, microseconds since 2000; ours are milliseconds since 1970.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

use crate::event::Time;

/// 2000-01-01 in milliseconds since 1970.
const EPOCH_MS: i64 = 946_684_800_000;

/// An instant on its way to or from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Stamp(pub(in crate::store) Time);

impl Stamp {
    /// As the server counts; instants beyond what it can hold are its first and last.
    pub(in crate::store) const fn micros(self) -> i64 {
        self.0.ms().saturating_sub(EPOCH_MS).saturating_mul(1_000)
    }
}

impl ToSql for Stamp {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_i64(self.micros());
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Stamp {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Stamp, Box<dyn Error + Sync + Send>> {
        let micros = i64::from_be_bytes(raw.try_into()?);
        Ok(Stamp(Time(micros.div_euclid(1_000).saturating_add(EPOCH_MS))))
    }

    accepts!(TIMESTAMPTZ);
}
