//! Runs one migration on a server, and keeps the books.
//!
//! A file and its row are one transaction. A file of one statement that no transaction may hold has its row first, marked
//! as begun: where the mark is still there, nobody knows how far it came, and a person must look.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient};

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
/// The books are their owner's alone to write, whatever its default privileges give to services.
const OURS_ALONE: &str = "DO $$
DECLARE
    given RECORD;
BEGIN
    FOR given IN
        SELECT DISTINCT c.oid::regclass AS of_table,
            CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS to_role
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE c.oid = to_regclass(quote_ident(current_schema()) || '.gpuhm_migrations') AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON %s FROM %s', given.of_table, given.to_role);
    END LOOP;
END
$$";
/// Without a schema there are none.
const KNOWN: &str = "SELECT to_regclass(quote_ident(current_schema()) || '.gpuhm_migrations') IS NOT NULL";
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
    if !known(client).await? {
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

async fn known(client: &impl GenericClient) -> Result<bool, Fault> {
    Ok(client.query_one(KNOWN, &[]).await?.try_get(0)?)
}

/// Makes the books where there are none.
async fn bookkeeping(client: &impl GenericClient) -> Result<(), Fault> {
    if !known(client).await? {
        client.batch_execute(BOOKKEEPING).await?;
        client.batch_execute(OURS_ALONE).await?;
    }
    Ok(())
}

/// Runs one; `newest` is the last there is. `Ok(false)` where another process has it in its books meanwhile.
pub(super) async fn run(client: &mut Client, place: &str, migration: &Migration, newest: i64) -> Result<bool, Fault> {
    let named = |fault| named(fault, place, migration, newest);
    if migration.alone() {
        bookkeeping(client).await?;
        record(client, migration, true, true).await?;
        client.batch_execute(migration.sql).await.map_err(|error| named(error.into()))?;
        client.execute(ENDED, &[&migration.version]).await?;
        return Ok(true);
    }
    let transaction = client.transaction().await?;
    bookkeeping(&transaction).await.map_err(named)?;
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
pub(super) async fn take(client: &impl GenericClient, migrations: &[Migration]) -> Result<(), Fault> {
    bookkeeping(client).await?;
    client.batch_execute(HOLD).await?;
    for migration in migrations {
        record(client, migration, false, false).await?;
    }
    Ok(())
}

/// Makes the partitions of today and those after them.
pub(super) async fn ahead(client: &impl GenericClient) -> Result<(), Fault> {
    client.query_one(AHEAD, &[]).await?;
    Ok(())
}

async fn record(client: &impl GenericClient, migration: &Migration, timed: bool, dirty: bool) -> Result<(), Fault> {
    let (checksum, from) = (migration.checksum(), migration.compatible_from());
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&migration.version, &migration.name, &checksum, &OURS, &from, &timed, &dirty];
    client.execute(RECORD, &values).await?;
    Ok(())
}

/// Says which file it was, and what a person can do.
fn named(fault: Fault, place: &str, migration: &Migration, newest: i64) -> Fault {
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
        return StoreError::Failed { place, what: "migrate", why, hint: None }.into();
    }
    if [SqlState::DUPLICATE_TABLE, SqlState::DUPLICATE_FUNCTION, SqlState::DUPLICATE_OBJECT].contains(code) {
        // Above a history only the newest can be taken over.
        let to = if version == 1 { 1 } else { newest };
        let why =
            format!("{why}; {left}; where its tables were made by hand, `gpuhm migrate baseline {to}` takes them over");
        return StoreError::Unusable { place, why, hint: None }.into();
    }
    // Syntax, rights, what is not there: no second try will change it.
    if code.code().starts_with("42") || code.code().starts_with("0A") {
        return StoreError::Unusable { place, why: format!("{why}; {left}"), hint: None }.into();
    }
    StoreError::Failed { place, what: "migrate", why: format!("{why}; {left}"), hint: None }.into()
}
