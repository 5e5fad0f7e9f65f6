//! Dropping what is too old: tables that grow with time by whole partitions, so that their rows stay up to one partition
//! longer; the others row by row, some at a time.
//!
//! Every step is a transaction of its own, so that a stage's write never waits long. Tables that a TimescaleDB policy keeps
//! short are left to it. The size of a server's disk is its administrator's: nothing is dropped for being too much.

use std::collections::BTreeSet;

use tokio_postgres::Row;

use super::fault::Fault;
use super::link::{Link, Session};
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
/// The partitions that hold no instant from $2 on, oldest first, with their rows, about.
const OLD: &str = "SELECT p.from_time, p.to_time,
        CASE WHEN pg_relation_size(c.oid) > 0 THEN greatest(c.reltuples, 1)::int8 ELSE 0 END
    FROM gpuhm_parts($1) p JOIN pg_class c ON c.oid = p.part WHERE p.to_time <= $2 ORDER BY p.from_time";
const DROP: &str = "SELECT gpuhm_drop_before($1, $2, $3)";
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

/// Drops what `keep` does not keep; returns how many rows, about, where partitions went. What cannot be dropped from one
/// table keeps no other from it: the first failure is told in the end.
pub(super) fn retain(link: &mut Link, now: Time, keep: Retention) -> Result<u64, StoreError> {
    let settled = now.plus(-keep.fresh_ms.max(0));
    let [raw, windows] = [keep.raw_ms, keep.windows_ms].map(|age| now.plus(-age.max(0)));
    let policies = link.run(WHAT, async |session| policies(session).await)?;
    let ours = |table: &&str| !policies.contains(*table);
    let mut done = Done { dropped: 0, failed: None };
    let series = SERIES.map(|table| (table, windows));
    for (table, cut) in std::iter::once(("gpu_metrics", raw)).chain(series).filter(|(table, _)| ours(table)) {
        done.add(table, parts(link, (table, cut), &async |session, part| dropped(session, table, part, settled).await));
    }
    done.add("gpus", link.run(WHAT, async |session| spans(session).await));
    for table in [schema::healths(), schema::predictions()].iter().filter(|table| ours(&table.name)) {
        done.add(
            table.name,
            parts(link, (table.name, windows), &async |session, part| judged(session, table, part, settled).await),
        );
    }
    for (table, column, may) in SMALL {
        let text = small(table, column, may);
        while done.add(table, link.run(WHAT, async |session| delete(session, &text, windows, settled).await)) {}
    }
    done.add("partitions ahead", link.run("make partitions", async |session| ahead(session, now).await));
    done.failed.map_or(Ok(done.dropped), Err)
}

/// What was done so far.
struct Done {
    dropped: u64,
    failed: Option<StoreError>,
}

impl Done {
    /// Adds what became of `table`; says whether anything was dropped.
    fn add(&mut self, table: &str, dropped: Result<u64, StoreError>) -> bool {
        match dropped {
            Ok(rows) => {
                self.dropped += rows;
                return rows > 0;
            }
            Err(StoreError::Failed { place, what, why, hint }) => {
                let why = format!("{table}: {why}");
                self.failed.get_or_insert(StoreError::Failed { place, what, why, hint });
            }
            Err(error) => drop(self.failed.get_or_insert(error)),
        }
        false
    }
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

/// A partition: where it begins and ends, and how many rows it has, about.
type Part = (Time, Time, u64);

/// Has each partition of `table` that holds no instant from `cut` on dropped, each in a transaction of its own.
fn parts(
    link: &mut Link,
    (table, cut): (&str, Time),
    drop: &impl AsyncFn(&mut Session, Part) -> Result<u64, Fault>,
) -> Result<u64, StoreError> {
    let old = link.run(WHAT, async |session| {
        let mut work = session.look().await?;
        let rows = work.query(OLD, &[&table, &Stamp(cut)]).await?;
        work.commit().await?;
        let part = |row: &Row| -> Result<Part, Fault> {
            let [from, to] = [row.try_get::<_, Stamp>(0)?.0, row.try_get::<_, Stamp>(1)?.0];
            Ok((from, to, u64::try_from(row.try_get::<_, i64>(2)?).unwrap_or(0)))
        };
        rows.iter().map(part).collect::<Result<Vec<_>, _>>()
    })?;
    old.into_iter().try_fold(0, |all, part| Ok(all + link.run(WHAT, async |session| drop(session, part).await)?))
}

/// Drops a partition, and what is older and still there; nothing where somebody uses it, or it was written to since
/// `settled`.
async fn dropped(session: &mut Session, table: &str, (_, to, rows): Part, settled: Time) -> Result<u64, Fault> {
    let mut work = session.begin().await?;
    let gone = work.query(DROP, &[&table, &Stamp(to), &Stamp(settled)]).await?;
    work.commit().await?;
    let gone: i64 = gone.first().map_or(Ok(0), |row| row.try_get(0))?;
    Ok(if gone > 0 { rows } else { 0 })
}

/// The same for a table of judgement, of which the newest row of each GPU stays, however old: it is how a GPU stands. They
/// are put back after their partition went. Each GPU is one seek: a partition may have tens of millions of rows.
async fn judged(session: &mut Session, table: &Table, (from, to, rows): Part, settled: Time) -> Result<u64, Fault> {
    let name = table.name;
    let within = |of: &str| format!("{of}.time >= '{from}' AND {of}.time < '{to}'");
    let newer = format!("EXISTS (SELECT FROM {name} n WHERE n.gpu_uuid = t.gpu_uuid AND n.time > t.time)");
    let mut work = session.begin().await?;
    // By seeks, whatever the server makes of its statistics.
    work.batch("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off; SET LOCAL enable_bitmapscan = off")
        .await?;
    let may = format!("SELECT EXISTS (SELECT FROM {name} t WHERE {} AND {newer})", within("t"));
    if !work.transaction().query_one(may.as_str(), &[]).await?.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let stay = format!(
        "CREATE TEMP TABLE gpuhm_stay ON COMMIT DROP AS WITH RECURSIVE gpu (gpu_uuid) AS (
            (SELECT t.gpu_uuid FROM {name} t WHERE {0} ORDER BY t.gpu_uuid LIMIT 1)
            UNION ALL
            SELECT (SELECT t.gpu_uuid FROM {name} t WHERE {0} AND t.gpu_uuid > gpu.gpu_uuid ORDER BY t.gpu_uuid LIMIT 1)
            FROM gpu WHERE gpu.gpu_uuid IS NOT NULL
        ) SELECT t.* FROM gpu CROSS JOIN LATERAL (
            SELECT t.* FROM {name} t WHERE {0} AND t.gpu_uuid = gpu.gpu_uuid ORDER BY t.time DESC LIMIT 1
        ) t WHERE NOT {newer}",
        within("t")
    );
    work.batch(&stay).await?;
    let gone = work.query(DROP, &[&name, &Stamp(to), &Stamp(settled)]).await?;
    if gone.first().map_or(Ok(0_i64), |row| row.try_get(0))? == 0 {
        return Ok(0);
    }
    work.batch(&format!("SELECT gpuhm_partition('{name}', time) FROM gpuhm_stay")).await?;
    let back = format!("INSERT INTO {name} SELECT * FROM gpuhm_stay ON CONFLICT DO NOTHING");
    // Not one to be kept: the table is another each time.
    let put_back = work.transaction().execute(back.as_str(), &[]).await?;
    work.commit().await?;
    Ok(rows.saturating_sub(put_back))
}

/// The list of GPUs, after their rows.
async fn spans(session: &mut Session) -> Result<u64, Fault> {
    let mut work = session.begin().await?;
    for text in SPANS {
        work.execute(text, &[]).await?;
    }
    work.commit().await?;
    Ok(0)
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
async fn ahead(session: &mut Session, now: Time) -> Result<u64, Fault> {
    let mut work = session.begin().await?;
    work.query(AHEAD, &[&Stamp(now)]).await?;
    work.commit().await?;
    Ok(0)
}
