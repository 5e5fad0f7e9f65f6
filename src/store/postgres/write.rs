//! Writing: tokens, a step's rows, rebuilt windows. Each is one transaction.

use super::fault::Fault;
use super::link::Session;
use crate::event::{Asset, Rows, Time, Window};
use crate::store::{Token, Written};

/// Raises the tokens of `partitions`.
pub(super) async fn raise(session: &mut Session, stage: &str, partitions: &[i32]) -> Result<Vec<Token>, Fault> {
    const RAISE: &str = "INSERT INTO writers (stage, partition, token) SELECT $1, unnest($2::int4[]), 1
        ON CONFLICT (stage, partition) DO UPDATE SET token = writers.token + 1 RETURNING partition, token";
    let mut work = session.begin().await?;
    let rows = work.query(RAISE, &[&stage, &partitions]).await?;
    work.commit().await?;
    let token = |row: &tokio_postgres::Row| -> Result<Token, Fault> {
        Ok(Token { stage: stage.to_owned(), partition: row.try_get(0)?, number: row.try_get(1)? })
    };
    rows.iter().map(token).collect()
}

/// Writes a step's rows if all `tokens` are the newest.
pub(super) async fn write(_: &mut Session, _: &[Token], _: &Rows, _: Time) -> Result<Written, Fault> {
    Err(Fault::Late)
}

/// Writes rebuilt windows.
pub(super) async fn backfill(_: &mut Session, _: &[Window], _: Time, _: bool) -> Result<u64, Fault> {
    Err(Fault::Late)
}

/// Replaces whole asset records.
pub(super) async fn put_assets(_: &mut Session, _: &[Asset]) -> Result<u64, Fault> {
    Err(Fault::Late)
}
