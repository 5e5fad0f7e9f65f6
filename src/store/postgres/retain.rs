//! Dropping what is too old: tables that grow with time by whole partitions, so that their rows stay up to one partition
//! longer; the others row by row, some at a time.
//!
//! Every step is a transaction of its own, so that a stage's write never waits long. Tables that a TimescaleDB policy keeps
//! short are left to it. The size of a server's disk is its administrator's: nothing is dropped for being too much.

use std::collections::BTreeSet;

use super::fault::Fault;
use super::link::{Link, Session, Work};
use super::stamp::Stamp;
use crate::event::{Size, Time};
use crate::store::schema::{self, Table};
use crate::store::{Retention, StoreError};

/// Rows a transaction deletes: some 30 ms.
const CHUNK: i64 = 5_000;
/// What errors name.
const WHAT: &str = "drop old rows";

const POLICIES_THERE: &str = "SELECT to_regclass('timescaledb_information.jobs') IS NOT NULL";
const POLICIES: &str = "SELECT hypertable_name::text FROM timescaledb_information.jobs
    WHERE proc_name = 'policy_retention' AND hypertable_schema = current_schema()";
const AHEAD: &str = "SELECT gpuhm_partitions_ahead($1)";
/// The partitions that hold no instant from $2 on, and their rows, about.
const ROWS: &str =
    "SELECT count(*), coalesce(sum(CASE WHEN pg_relation_size(c.oid) > 0 THEN greatest(c.reltuples, 1) END), 0)::int8
    FROM gpuhm_parts($1) p JOIN pg_class c ON c.oid = p.part WHERE p.to_time <= $2";
const DROP: &str = "SELECT gpuhm_drop_before($1, $2, $3)";
/// Where the partitions that hold no instant from $2 on end.
const END: &str = "SELECT max(to_time) FROM gpuhm_parts($1) WHERE to_time <= $2";
/// The list of GPUs follows their rows. A writer that comes in between names times from the oldest partition on.
const SPANS: [&str; 2] = [
    "DELETE FROM gpus WHERE last_time < (SELECT min(from_time) FROM gpuhm_parts('gpu_metrics'))",
    "UPDATE gpus g SET first_time = f.time FROM gpus o CROSS JOIN LATERAL (
        SELECT time FROM gpu_metrics WHERE gpu_uuid = o.gpu_uuid ORDER BY time LIMIT 1
    ) f WHERE o.gpu_uuid = g.gpu_uuid AND o.first_time < (SELECT min(from_time) FROM gpuhm_parts('gpu_metrics'))
        AND f.time > g.first_time",
];

/// Tables whose partitions go, whatever is in them.
const SERIES: [&str; 4] = [Size::Minute.table(), Size::Quarter.table(), Size::Hour.table(), "gpu_events"];
/// Small tables: the column that ages their rows, and which of them may go. An alert that fires has no `resolved_at`; of the
/// fleet's numbers the newest stay.
const SMALL: [(&str, &str, &str); 2] = [
    ("gpu_alerts", "resolved_at", ""),
    ("fleet_health", "time", " AND time < (SELECT max(n.time) FROM fleet_health n)"),
];

/// Drops what `keep` does not keep; returns how many rows, about, where partitions went.
pub(super) fn retain(link: &mut Link, now: Time, keep: Retention) -> Result<u64, StoreError> {
    let settled = now.plus(-keep.fresh_ms.max(0));
    let [raw, windows] = [keep.raw_ms, keep.windows_ms].map(|age| now.plus(-age.max(0)));
    let policies = link.run(WHAT, async |session| policies(session).await)?;
    let ours = |table: &&str| !policies.contains(*table);
    let mut dropped = 0;
    let series = SERIES.map(|table| (table, windows));
    for (table, cut) in std::iter::once(("gpu_metrics", raw)).chain(series).filter(|(table, _)| ours(table)) {
        dropped += link.run(WHAT, async |session| parts(session, table, cut, settled).await)?;
    }
    link.run(WHAT, async |session| spans(session).await)?;
    for table in [schema::healths(), schema::predictions()].iter().filter(|table| ours(&table.name)) {
        dropped += link.run(WHAT, async |session| judged(session, table, windows, settled).await)?;
    }
    for (table, column, may) in SMALL {
        let text = small(table, column, may);
        while let count @ 1.. = link.run(WHAT, async |session| delete(session, &text, windows, settled).await)? {
            dropped += count;
        }
    }
    link.run("make partitions", async |session| ahead(session, now).await)?;
    Ok(dropped)
}

/// The tables that TimescaleDB keeps short by itself.
async fn policies(session: &mut Session) -> Result<BTreeSet<String>, Fault> {
    let mut work = session.begin().await?;
    let there = work.query(POLICIES_THERE, &[]).await?;
    let there = there.first().is_some_and(|row| row.try_get(0).unwrap_or(false));
    let rows = if there { work.query(POLICIES, &[]).await? } else { Vec::new() };
    work.commit().await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Drops the partitions of `table` that hold no instant from `cut` on and nothing that was written since `settled`.
async fn parts(session: &mut Session, table: &str, cut: Time, settled: Time) -> Result<u64, Fault> {
    let mut work = session.begin().await?;
    let (parts, before) = rows(&mut work, table, Stamp(cut)).await?;
    if parts == 0 {
        return Ok(0);
    }
    work.query(DROP, &[&table, &Stamp(cut), &Stamp(settled)]).await?;
    let (_, after) = rows(&mut work, table, Stamp(cut)).await?;
    work.commit().await?;
    Ok(before.saturating_sub(after))
}

/// How many partitions hold no instant from `cut` on, and about how many rows are in them.
async fn rows(work: &mut Work<'_>, table: &str, cut: Stamp) -> Result<(u64, u64), Fault> {
    let found = work.query(ROWS, &[&table, &cut]).await?;
    let Some(row) = found.first() else { return Ok((0, 0)) };
    let [parts, rows] = [row.try_get::<_, i64>(0)?, row.try_get(1)?].map(|number| u64::try_from(number).unwrap_or(0));
    Ok((parts, rows))
}

/// The same for a table of judgement, of which the newest row of each GPU stays, however old: it is how a GPU stands. They
/// are put back after their partitions went.
async fn judged(session: &mut Session, table: &Table, cut: Time, settled: Time) -> Result<u64, Fault> {
    let name = table.name;
    let mut work = session.begin().await?;
    let ends = work.query(END, &[&name, &Stamp(cut)]).await?;
    let end: Option<Stamp> = ends.first().map_or(Ok(None), |row| row.try_get(0))?;
    let Some(end) = end else { return Ok(0) };
    let newer = format!("EXISTS (SELECT FROM {name} n WHERE n.gpu_uuid = t.gpu_uuid AND n.time > t.time)");
    let old = format!("FROM {name} t WHERE t.time < $1");
    let may = format!("SELECT count(*) FROM (SELECT {old} AND t.written_at < $2 AND {newer} LIMIT 1) one");
    let found = work.query(&may, &[&end, &Stamp(settled)]).await?;
    if found.first().map_or(Ok(0_i64), |row| row.try_get(0))? == 0 {
        return Ok(0);
    }
    let stay = format!(
        "CREATE TEMP TABLE gpuhm_stay ON COMMIT DROP AS SELECT t.* FROM {name} t
        WHERE t.time < '{0}' AND NOT {newer}",
        end.0
    );
    work.batch(&stay).await?;
    let (_, before) = rows(&mut work, name, end).await?;
    work.query(DROP, &[&name, &end, &Stamp(settled)]).await?;
    let (_, after) = rows(&mut work, name, end).await?;
    work.batch(&format!("SELECT gpuhm_partition('{name}', time) FROM gpuhm_stay")).await?;
    let back = format!("INSERT INTO {name} SELECT * FROM gpuhm_stay ON CONFLICT DO NOTHING");
    // Not one to be kept: the table is another each time.
    let put_back = work.transaction().execute(back.as_str(), &[]).await?;
    work.commit().await?;
    Ok(before.saturating_sub(after).saturating_sub(put_back))
}

/// The list of GPUs, after their rows.
async fn spans(session: &mut Session) -> Result<(), Fault> {
    let mut work = session.begin().await?;
    for text in SPANS {
        work.execute(text, &[]).await?;
    }
    work.commit().await
}

/// Deletes some of a small table's rows.
fn small(table: &str, column: &str, may: &str) -> String {
    format!(
        "DELETE FROM {table} WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM {table} WHERE {column} < $1 AND written_at < $2{may} ORDER BY {column} LIMIT {CHUNK}
        ))"
    )
}

async fn delete(session: &mut Session, text: &str, cut: Time, settled: Time) -> Result<u64, Fault> {
    let mut work = session.begin().await?;
    let count = work.execute(text, &[&Stamp(cut), &Stamp(settled)]).await?;
    work.commit().await?;
    Ok(count)
}

/// Makes the partitions that the next rows need.
async fn ahead(session: &mut Session, now: Time) -> Result<(), Fault> {
    let mut work = session.begin().await?;
    work.query(AHEAD, &[&Stamp(now)]).await?;
    work.commit().await
}
