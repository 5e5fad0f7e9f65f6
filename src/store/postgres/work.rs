//! A transaction while it is open: its statements, prepared once a connection, and its end.

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use super::fault::Fault;
use super::session::Session;

/// What a value is handed to a statement as.
pub(in crate::store) type Value<'v> = &'v (dyn ToSql + Sync);

/// Fails where a statement before failed: without it the server answers such a commit by undoing all, and no error.
const COMMIT: &str = "SELECT 1; COMMIT";

/// A transaction. One that is dropped is undone before the next begins, and before its job is answered.
pub(in crate::store) struct Work<'s> {
    session: &'s mut Session,
}

impl<'s> Work<'s> {
    /// The one that was begun on `session`.
    pub(super) fn new(session: &'s mut Session) -> Work<'s> {
        Work { session }
    }

    /// The statement of `text`, prepared once a connection.
    pub(in crate::store) async fn prepared(&mut self, text: &str) -> Result<Statement, Fault> {
        if let Some(statement) = self.session.statements.get(text) {
            return Ok(statement.clone());
        }
        let statement = self.session.bounded(self.session.client.prepare(text)).await?;
        self.session.statements.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    /// The rows of a query.
    pub(in crate::store) async fn query(&mut self, text: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        let statement = self.prepared(text).await?;
        self.session.bounded(self.session.client.query(&statement, values)).await
    }

    /// How many rows a statement touched.
    pub(in crate::store) async fn execute(&mut self, text: &str, values: &[Value<'_>]) -> Result<u64, Fault> {
        let statement = self.prepared(text).await?;
        self.session.bounded(self.session.client.execute(&statement, values)).await
    }

    /// Statements without values.
    pub(in crate::store) async fn batch(&mut self, text: &str) -> Result<(), Fault> {
        self.session.bounded(self.session.client.batch_execute(text)).await
    }

    /// The connection itself, to copy rows in and to ask for several things at once.
    pub(in crate::store) fn transaction(&self) -> &Client {
        &self.session.client
    }

    /// Ends it: everything is in the store, also where the connection was lost over it.
    pub(in crate::store) async fn commit(self) -> Result<(), Fault> {
        let session = self.session;
        let ended = session.bounded(session.client.batch_execute(COMMIT)).await;
        match (ended, session.number.take()) {
            (Ok(()), _) => {
                session.open = false;
                Ok(())
            }
            (Err(fault), Some(number)) if fault.is_lost() => session.resolve(&number, fault).await,
            (Err(fault), _) => Err(fault),
        }
    }
}
