//! One `migrate` at a time in a schema: a lock of the session, which the server gives back when the session ends, however
//! that happens. Who waits for it in vain is told who holds it.

use std::time::Duration;

use tokio_postgres::Client;

use crate::store::StoreError;
use crate::store::postgres::fault::Fault;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

const TRY: &str = "SELECT pg_try_advisory_lock(hashtext('gpuhm_migrate'), hashtext(current_schema()))";
const LEAVE: &str = "SELECT pg_advisory_unlock(hashtext('gpuhm_migrate'), hashtext(current_schema()))";
/// An advisory lock of two numbers shows them as object ids, which have no sign.
const HOLDER: &str = "SELECT format('process %s of user %s (%s, from %s) since %s', a.pid, a.usename,
        coalesce(nullif(a.application_name, ''), 'no name'), coalesce(host(a.client_addr), 'this machine'),
        to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')), a.pid
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.classid = (hashtext('gpuhm_migrate')::bigint & 4294967295)::oid
    AND l.objid = (hashtext(current_schema())::bigint & 4294967295)::oid";

/// Takes it, waiting as long as `wait`.
pub(super) async fn take(client: &Client, place: &str, wait: Duration) -> Result<(), Fault> {
    let mut waited = Duration::ZERO;
    while !client.query_one(TRY, &[]).await?.try_get::<_, bool>(0)? {
        if waited >= wait {
            return held(client, place, wait).await;
        }
        if waited.is_zero() {
            tracing::info!("store {place}: another migrate runs; waiting for it");
        }
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
    }
    Ok(())
}

/// Says who holds it.
async fn held(client: &Client, place: &str, wait: Duration) -> Result<(), Fault> {
    let who = match client.query_opt(HOLDER, &[]).await? {
        Some(row) => {
            let (who, pid): (String, i32) = (row.try_get(0)?, row.try_get(1)?);
            format!("{who}; wait longer with --wait, or end it: SELECT pg_terminate_backend({pid})")
        }
        None => "it ended just now; try again".to_owned(),
    };
    let why = format!("another migrate runs, and {} s were not enough: {who}", wait.as_secs());
    Err(StoreError::Failed { place: place.to_owned(), what: "migrate", why, hint: None }.into())
}

/// Gives it back before the session ends.
pub(super) async fn leave(client: &Client) -> Result<(), Fault> {
    client.query_one(LEAVE, &[]).await?;
    Ok(())
}
