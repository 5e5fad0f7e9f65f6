//! Asking: a transaction whose plans do not guess, and answers that are read row by row as they come in.
//!
//! Statements that are asked together are sent together: the futures are joined, the server works through them in order,
//! and the network is waited for once. Knows no table.

use std::pin::pin;

use futures_util::TryStreamExt as _;
use tokio_postgres::{Row, Statement};

use super::super::fault::Fault;
use super::super::link::{Session, Value, Work};

/// How plans are made in a transaction that reads.
///
/// `jit`: costs add up over partitions that are never opened, and compiling for them takes longer than the answer.
/// `enable_seqscan`: every statement has its index; a partition that was empty when it was looked at is not empty for long.
/// `plan_cache_mode`: a plan for unknown times has every partition in it. Statements without values are planned once.
const PLANS: &str =
    "SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_custom_plan";

/// Begins a transaction that reads, all of one moment.
pub(in crate::store::postgres) async fn look(session: &mut Session) -> Result<Work<'_>, Fault> {
    let mut work = session.look().await?;
    work.batch(PLANS).await?;
    Ok(work)
}

/// Statements, each prepared once a connection.
pub(in crate::store::postgres) async fn prepared<const N: usize>(
    work: &mut Work<'_>,
    texts: [&str; N],
) -> Result<[Statement; N], Fault> {
    let mut all = Vec::with_capacity(N);
    for text in texts {
        all.push(work.prepared(text).await?);
    }
    all.try_into().map_err(|_| Fault::Unreadable("statements were lost".to_owned()))
}

/// Hands over every row of an answer as it comes in.
pub(in crate::store::postgres) async fn each<const N: usize>(
    work: &Work<'_>,
    statement: &Statement,
    values: [Value<'_>; N],
    mut take: impl FnMut(&Row) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut rows = pin!(work.transaction().query_raw(statement, values).await?);
    while let Some(row) = rows.try_next().await? {
        take(&row)?;
    }
    Ok(())
}

/// Every row of an answer, as `read` has it.
pub(in crate::store::postgres) async fn all<T, const N: usize>(
    work: &Work<'_>,
    statement: &Statement,
    values: [Value<'_>; N],
    read: impl Fn(&Row) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut all = Vec::new();
    each(work, statement, values, |row| {
        all.push(read(row)?);
        Ok(())
    })
    .await?;
    Ok(all)
}

/// The rows of one statement, in a transaction of its own.
pub(in crate::store::postgres) async fn alone<T, const N: usize>(
    session: &mut Session,
    text: &str,
    values: [Value<'_>; N],
    read: impl Fn(&Row) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut work = look(session).await?;
    let statement = work.prepared(text).await?;
    let rows = all(&work, &statement, values, read).await?;
    work.commit().await?;
    Ok(rows)
}
