//! What `doctor` asks a server: who it is, who we are to it, and how the tables that grow stand. Nothing is changed, and what
//! this role may not see is told as unknown.

use super::Settings;
use super::fault::Fault;
use super::link::{Link, Session};
use super::stamp::Stamp;
use crate::event::Time;
use crate::store::{StoreError, schema};

/// What a server is to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// Host and port.
    pub server: String,
    /// The version of `PostgreSQL`.
    pub version: String,
    /// The role we are.
    pub role: String,
    /// The protocol of encryption; `None` where there is none.
    pub encrypted: Option<String>,
    /// Whether the way to it does not leave this machine.
    pub near: bool,
    /// Its clock.
    pub clock: Time,
    /// Connections that are used, and that roles like ours may use.
    pub connections: (i64, i64),
    /// The schema that was looked in, where the search path leads to one.
    pub schema: Option<String>,
    /// How many of the store's tables it has.
    pub tables: usize,
    /// Rights that this role lacks, and on what: `SELECT` on the table `gpu_metrics`, `EXECUTE` on the function
    /// `gpuhm_parts`, `TEMPORARY` on the database.
    pub lacks: Vec<(&'static str, String)>,
}

/// How a table that grows is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growing {
    /// Its name.
    pub table: String,
    /// How many partitions or chunks it has.
    pub parts: i64,
    /// The first instant that one is for.
    pub from: Option<Time>,
    /// The first instant after the last.
    pub to: Option<Time>,
    /// How many are compressed; `None` where there is no such thing.
    pub compressed: Option<i64>,
}

/// A policy that the server itself runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// What it does, and to which table.
    pub name: String,
    /// When it ended well last.
    pub last: Option<Time>,
    /// Whether its last run failed.
    pub failed: bool,
    /// Whether it is to run at all.
    pub scheduled: bool,
}

const MET: &str = "SELECT current_setting('server_version'), current_user::text, clock_timestamp(),
    (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL),
    current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint,
    (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), current_schema()::text,
    (SELECT count(to_regclass(quote_ident(current_schema()) || '.' || quote_ident(name))) FROM unnest($1::text[]) name)";
/// What is not there has no rights: its name is NULL, as is all where the search path leads nowhere.
const LACKS: &str = "SELECT right_name, name FROM (
        SELECT o.nth, o.name AS right_name, t.name, has_table_privilege(
            to_regclass(quote_ident(current_schema()) || '.' || quote_ident(t.name))::oid, o.name) AS has
        FROM unnest($1::text[]) t (name), unnest($2::text[]) WITH ORDINALITY o (name, nth)
        UNION ALL
        SELECT 100, 'EXECUTE', split_part(f.name, '(', 1), has_function_privilege(
            to_regprocedure(quote_ident(current_schema()) || '.' || f.name)::oid, 'EXECUTE')
        FROM unnest($3::text[]) f (name)
        UNION ALL
        SELECT 101, 'TEMPORARY', current_database()::text, has_database_privilege(current_database(), 'TEMPORARY')
    ) each_right WHERE NOT has ORDER BY nth, name";
/// Rights in the order of their weight: those on tables, which are asked for each, and what writers need besides.
const RIGHTS: [&str; 6] = ["SELECT", "INSERT", "UPDATE", "DELETE", EXECUTE, TEMPORARY];
const ON_TABLES: usize = 4;
/// The right to call the store's functions.
pub const EXECUTE: &str = "EXECUTE";
/// The right to make tables that end with the session.
pub const TEMPORARY: &str = "TEMPORARY";
/// The functions that stages call to make and drop partitions.
pub(in crate::store) const FUNCTIONS: [&str; 4] = [
    "gpuhm_parts(text)",
    "gpuhm_partition(text, timestamptz)",
    "gpuhm_partitions_ahead(timestamptz)",
    "gpuhm_drop_before(text, timestamptz, timestamptz)",
];
/// What a partition is for stands in its catalogue's text alone.
const PARTITIONS: &str = "WITH parts AS (
        SELECT s.name, pg_get_expr(k.relpartbound, k.oid) AS bound FROM gpuhm_series s
        JOIN pg_inherits i ON i.inhparent = to_regclass(format('%I.%I', current_schema(), s.name))
        JOIN pg_class k ON k.oid = i.inhrelid
    )
    SELECT s.name, count(p.bound), min((regexp_match(p.bound, $$FROM [(]'([^']+)'[)]$$))[1]::timestamptz),
        max((regexp_match(p.bound, $$TO [(]'([^']+)'[)]$$))[1]::timestamptz), NULL::bigint
    FROM gpuhm_series s LEFT JOIN parts p ON p.name = s.name GROUP BY s.name ORDER BY s.name";
const CHUNKS: &str = "SELECT h.hypertable_name::text, count(c.chunk_name), min(c.range_start), max(c.range_end),
        count(*) FILTER (WHERE c.is_compressed)
    FROM timescaledb_information.hypertables h LEFT JOIN timescaledb_information.chunks c
        ON c.hypertable_schema = h.hypertable_schema AND c.hypertable_name = h.hypertable_name
    WHERE h.hypertable_schema = current_schema() GROUP BY 1 ORDER BY 1";
const JOBS: &str = "SELECT j.proc_name || ' of ' || j.hypertable_name, nullif(s.last_successful_finish, '-infinity'),
        coalesce(s.last_run_status = 'Failed', false), j.scheduled
    FROM timescaledb_information.jobs j LEFT JOIN timescaledb_information.job_stats s ON s.job_id = j.job_id
    WHERE j.hypertable_schema = current_schema() ORDER BY 1";

/// Meets the server.
///
/// # Errors
/// Where it cannot be reached.
pub fn met(settings: &Settings) -> Result<Met, StoreError> {
    Link::new(settings.clone())?.run("look", async |session| {
        session.is_pooled().await?;
        let about = session.about.clone();
        let tables: Vec<&str> = schema::tables().iter().map(|table| table.name).collect();
        let mut work = session.look().await?;
        let rows = work.query(MET, &[&tables]).await?;
        let of_tables = RIGHTS.get(..ON_TABLES).unwrap_or_default();
        let lacks = work.query(LACKS, &[&tables, &of_tables, &&FUNCTIONS[..]]).await?;
        work.commit().await?;
        let row = rows.first().ok_or_else(|| Fault::Unreadable("an answer without a row".to_owned()))?;
        let mut missing = Vec::new();
        for row in lacks {
            let (right, table): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            missing.extend(RIGHTS.iter().find(|one| **one == right).map(|one| (*one, table)));
        }
        Ok(Met {
            server: about.server,
            version: row.try_get(0)?,
            role: row.try_get(1)?,
            encrypted: row.try_get::<_, Option<String>>(5)?.filter(|_| about.encrypted),
            near: about.near,
            clock: row.try_get::<_, Stamp>(2)?.0,
            connections: (row.try_get(3)?, row.try_get(4)?),
            schema: row.try_get(6)?,
            tables: usize::try_from(row.try_get::<_, i64>(7)?).unwrap_or_default(),
            lacks: missing,
        })
    })
}

/// How the tables that grow stand: as partitions, or as chunks.
///
/// # Errors
/// Where the server cannot be reached or refuses.
pub fn growing(settings: &Settings, chunks: bool) -> Result<Vec<Growing>, StoreError> {
    let text = if chunks { CHUNKS } else { PARTITIONS };
    Link::new(settings.clone())?.run("look", async |session: &mut Session| {
        let mut work = session.look().await?;
        let rows = work.query(text, &[]).await?;
        work.commit().await?;
        let time = |stamp: Option<Stamp>| stamp.map(|stamp| stamp.0);
        let one = |row: tokio_postgres::Row| -> Result<Growing, Fault> {
            Ok(Growing {
                table: row.try_get(0)?,
                parts: row.try_get(1)?,
                from: time(row.try_get(2)?),
                to: time(row.try_get(3)?),
                compressed: row.try_get(4)?,
            })
        };
        rows.into_iter().map(one).collect()
    })
}

/// The policies that the server runs by itself.
///
/// # Errors
/// Where the server cannot be reached or refuses.
pub fn jobs(settings: &Settings) -> Result<Vec<Job>, StoreError> {
    Link::new(settings.clone())?.run("look", async |session: &mut Session| {
        let mut work = session.look().await?;
        let rows = work.query(JOBS, &[]).await?;
        work.commit().await?;
        let one = |row: tokio_postgres::Row| -> Result<Job, Fault> {
            let last = row.try_get::<_, Option<Stamp>>(1)?.map(|stamp| stamp.0);
            Ok(Job { name: row.try_get(0)?, last, failed: row.try_get(2)?, scheduled: row.try_get(3)? })
        };
        rows.into_iter().map(one).collect()
    })
}
