//! Runs one migration on a server, and keeps the books.
//!
//! A file and its row are one transaction. A file of one statement that no transaction may hold has its row first, marked
//! as begun: where the mark is still there, nobody knows how far it came, and a person must look.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::super::judge::Ran;
use super::super::{Migration, OURS};
use crate::event::Time;
use crate::store::StoreError;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::stamp::Stamp;

const BOOKKEEPING: &str = "CREATE TABLE IF NOT EXISTS gpuhm_migrations (
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL,
    duration_ms BIGINT,
    gpuhm_version TEXT NOT NULL,
    compatible_from TEXT NOT NULL,
    dirty BOOLEAN NOT NULL DEFAULT false,
    PRIMARY KEY (version)
)";
const KNOWN: &str = "SELECT to_regclass(format('%I.gpuhm_migrations', current_schema())) IS NOT NULL";
const RAN: &str = "SELECT version, name, checksum, applied_at, duration_ms, gpuhm_version, compatible_from, dirty
    FROM gpuhm_migrations ORDER BY version";
/// The transaction's start and this moment tell how long a file took.
const RECORD: &str = "INSERT INTO gpuhm_migrations
    VALUES ($1, $2, $3, clock_timestamp(), CASE WHEN $6 THEN
        (extract(epoch FROM clock_timestamp() - transaction_timestamp()) * 1000)::bigint END, $4, $5, $7)";
const ENDED: &str = "UPDATE gpuhm_migrations SET dirty = false,
    duration_ms = (extract(epoch FROM clock_timestamp() - applied_at) * 1000)::bigint WHERE version = $1";
/// Nobody else writes the books until the transaction ends, even where the session's lock is not one (a pooler between).
const HOLD: &str = "LOCK TABLE gpuhm_migrations IN SHARE ROW EXCLUSIVE MODE";
const AHEAD: &str = "SELECT gpuhm_partitions_ahead(now())";

/// The rows of the books, by version; none where there are no books.
pub(super) async fn ran(client: &Client) -> Result<Vec<Ran>, Fault> {
    if !client.query_one(KNOWN, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for row in client.query(RAN, &[]).await? {
        all.push(Ran {
            version: row.try_get(0)?,
            name: row.try_get(1)?,
            checksum: row.try_get(2)?,
            applied_at: row.try_get::<_, Stamp>(3).map(|stamp| Time(stamp.0.ms()))?,
            duration_ms: row.try_get(4)?,
            gpuhm_version: row.try_get(5)?,
            compatible_from: row.try_get(6)?,
            dirty: row.try_get(7)?,
        });
    }
    Ok(all)
}

/// Runs one. `Ok(false)` where another process has it in its books meanwhile.
pub(super) async fn run(client: &mut Client, place: &str, migration: &Migration) -> Result<bool, Fault> {
    let named = |fault| named(fault, place, migration);
    if migration.alone() {
        client.batch_execute(BOOKKEEPING).await?;
        record(client, migration, true, true).await?;
        client.batch_execute(migration.sql).await.map_err(|error| named(error.into()))?;
        client.execute(ENDED, &[&migration.version]).await?;
        return Ok(true);
    }
    let transaction = client.transaction().await?;
    transaction.batch_execute(BOOKKEEPING).await.map_err(|error| named(error.into()))?;
    transaction.batch_execute(HOLD).await.map_err(|error| named(error.into()))?;
    let there = transaction.query_opt("SELECT FROM gpuhm_migrations WHERE version = $1", &[&migration.version]).await?;
    if there.is_some() {
        return Ok(false);
    }
    transaction.batch_execute(migration.sql).await.map_err(|error| named(error.into()))?;
    record(&transaction, migration, true, false).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Takes `migrations` as applied, for tables that were made without them.
pub(super) async fn take(client: &impl tokio_postgres::GenericClient, migrations: &[Migration]) -> Result<(), Fault> {
    client.batch_execute(BOOKKEEPING).await?;
    client.batch_execute(HOLD).await?;
    for migration in migrations {
        record(client, migration, false, false).await?;
    }
    Ok(())
}

/// Makes the partitions of today and those after them.
pub(super) async fn ahead(client: &Client) -> Result<(), Fault> {
    client.query_one(AHEAD, &[]).await?;
    Ok(())
}

async fn record(
    client: &impl tokio_postgres::GenericClient,
    migration: &Migration,
    timed: bool,
    dirty: bool,
) -> Result<(), Fault> {
    let (checksum, from) = (migration.checksum(), migration.compatible_from());
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&migration.version, &migration.name, &checksum, &OURS, &from, &timed, &dirty];
    client.execute(RECORD, &values).await?;
    Ok(())
}

/// Says which file it was, and what a person can do.
fn named(fault: Fault, place: &str, migration: &Migration) -> Fault {
    let Fault::Sql(error) = &fault else { return fault };
    let Some(said) = error.as_db_error() else { return fault };
    let (version, name, code) = (migration.version, migration.name, said.code());
    let why = format!("migration {version} ({name}): {} ({})", said.message(), code.code());
    let left = if migration.alone() { "see what of it is there" } else { "nothing of it is there" };
    let place = place.to_owned();
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        let why = format!(
            "migration {version} ({name}): somebody uses what it changes, and --lock-timeout is over; {left}; try again when it is quiet"
        );
        return StoreError::Failed { place, what: "migrate", why }.into();
    }
    if [SqlState::DUPLICATE_TABLE, SqlState::DUPLICATE_FUNCTION, SqlState::DUPLICATE_OBJECT].contains(code) {
        let why = format!(
            "{why}; {left}; where its tables were made by hand, `gpuhm migrate baseline {version}` takes them over"
        );
        return StoreError::Unusable { place, why }.into();
    }
    // Syntax, rights, what is not there: no second try will change it.
    if code.code().starts_with("42") || code.code().starts_with("0A") {
        return StoreError::Unusable { place, why: format!("{why}; {left}") }.into();
    }
    StoreError::Failed { place, what: "migrate", why: format!("{why}; {left}") }.into()
}
