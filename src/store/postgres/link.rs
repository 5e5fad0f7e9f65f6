//! A connection to the server, made when it is needed and anew when it was lost; jobs run on it one after the other.
//!
//! Every job is one transaction that may be repeated: rows are upserts, tokens only rise. So a connection that turns out
//! dead when a job begins (the server restarted while nobody asked) costs a second try and no error. Knows no table.

use std::collections::HashMap;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row, Statement, Transaction};

use super::fault::Fault;
use super::settings::Settings;
use crate::store::StoreError;

/// What a value is handed to a statement as.
pub(in crate::store) type Value<'v> = &'v (dyn ToSql + Sync);

/// How much longer than a statement may take on the server an answer is waited for.
const GRACE: Duration = Duration::from_secs(10);

/// A connection.
#[derive(Debug)]
pub(in crate::store) struct Link {
    settings: Settings,
    runtime: Runtime,
    session: Option<Session>,
}

/// One connection while it lasts.
#[derive(Debug)]
pub(in crate::store) struct Session {
    client: Client,
    /// What sends and receives.
    carrier: tokio::task::AbortHandle,
    statements: HashMap<String, Statement>,
}

impl Drop for Session {
    fn drop(&mut self) {
        // It would wait for answers first.
        self.carrier.abort();
    }
}

/// A transaction.
pub(in crate::store) struct Work<'s> {
    transaction: Transaction<'s>,
    statements: &'s mut HashMap<String, Statement>,
}

impl Link {
    /// One that is not connected yet.
    pub(in crate::store) fn new(settings: Settings) -> Result<Link, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| StoreError::Failed {
            place: settings.place.clone(),
            what: "connect",
            why: error.to_string(),
        })?;
        Ok(Link { settings, runtime, session: None })
    }

    /// The store's name in messages.
    pub(in crate::store) fn place(&self) -> &str {
        &self.settings.place
    }

    /// Runs `job`, which is one transaction, naming `what` in its errors.
    pub(in crate::store) fn run<T>(
        &mut self,
        what: &'static str,
        job: impl AsyncFn(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let Link { settings, runtime, session } = self;
        let deadline = settings.statement + GRACE;
        let ran = runtime.block_on(async {
            let used = session.is_some();
            let first = within(deadline, settings, session, &job).await;
            match first {
                // It may have been lost long ago.
                Err(fault) if used && fault.is_lost() => within(deadline, settings, session, &job).await,
                first => first,
            }
        });
        ran.map_err(|fault| fault.told(&settings.place, what))
    }
}

async fn within<T>(
    deadline: Duration,
    settings: &Settings,
    session: &mut Option<Session>,
    job: &impl AsyncFn(&mut Session) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let work = async {
        if session.is_none() {
            *session = Some(Session::connect(settings).await?);
        }
        match session {
            Some(session) => job(session).await,
            None => Err(Fault::Late),
        }
    };
    let ran = tokio::time::timeout(deadline, work).await.unwrap_or(Err(Fault::Late));
    if let Err(fault) = &ran {
        if fault.is_lost() {
            *session = None;
        }
        settled(session.as_ref()).await;
    }
    ran
}

/// Lets what a failed job left behind reach the server, the end of its transaction or of its connection: between jobs
/// nothing is sent, and what is open there holds back others.
async fn settled(session: Option<&Session>) {
    match session {
        // An answer to this comes after the one to the transaction's end.
        Some(session) => drop(tokio::time::timeout(GRACE, session.client.check_connection()).await),
        None => tokio::task::yield_now().await,
    }
}

impl Session {
    /// Connects.
    pub(in crate::store) async fn connect(settings: &Settings) -> Result<Session, Fault> {
        let (client, connection) = settings.config.connect(NoTls).await?;
        let carrier = tokio::spawn(connection).abort_handle();
        Ok(Session { client, carrier, statements: HashMap::new() })
    }

    /// The connection itself, for what is no single transaction.
    pub(in crate::store) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Begins a transaction that writes.
    pub(in crate::store) async fn begin(&mut self) -> Result<Work<'_>, Fault> {
        let transaction = self.client.transaction().await?;
        Ok(Work { transaction, statements: &mut self.statements })
    }

    /// Begins a transaction that reads, all of one moment.
    pub(in crate::store) async fn look(&mut self) -> Result<Work<'_>, Fault> {
        let reading = self.client.build_transaction().isolation_level(tokio_postgres::IsolationLevel::RepeatableRead);
        let transaction = reading.read_only(true).start().await?;
        Ok(Work { transaction, statements: &mut self.statements })
    }
}

impl Work<'_> {
    /// The statement of `text`, prepared once a connection.
    pub(in crate::store) async fn prepared(&mut self, text: &str) -> Result<Statement, Fault> {
        if let Some(statement) = self.statements.get(text) {
            return Ok(statement.clone());
        }
        let statement = self.transaction.prepare(text).await?;
        self.statements.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    /// The rows of a query.
    pub(in crate::store) async fn query(&mut self, text: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        let statement = self.prepared(text).await?;
        Ok(self.transaction.query(&statement, values).await?)
    }

    /// How many rows a statement touched.
    pub(in crate::store) async fn execute(&mut self, text: &str, values: &[Value<'_>]) -> Result<u64, Fault> {
        let statement = self.prepared(text).await?;
        Ok(self.transaction.execute(&statement, values).await?)
    }

    /// Statements without values.
    pub(in crate::store) async fn batch(&mut self, text: &str) -> Result<(), Fault> {
        Ok(self.transaction.batch_execute(text).await?)
    }

    /// The transaction itself, to copy rows in.
    pub(in crate::store) fn transaction(&self) -> &Transaction<'_> {
        &self.transaction
    }

    /// Ends it: everything is in the store.
    pub(in crate::store) async fn commit(self) -> Result<(), Fault> {
        Ok(self.transaction.commit().await?)
    }
}
