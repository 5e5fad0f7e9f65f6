//! A schema that one test has to itself, in a database that it shares: made empty, dropped in the end.

use gpuhm::store::migrate::postgres::{MIGRATIONS, Migrator};
use gpuhm::store::postgres::Settings;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row, SimpleQueryMessage};

/// A connection of the test's own, with nothing of gpuhm's.
pub(crate) struct Direct {
    runtime: Runtime,
    client: Client,
}

impl Direct {
    pub(crate) fn connect(url: &str) -> Direct {
        Direct::tried(url).unwrap()
    }

    /// The same where the server may refuse it.
    pub(crate) fn tried(url: &str) -> Result<Direct, tokio_postgres::Error> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (client, connection) = runtime.block_on(tokio_postgres::connect(url, NoTls))?;
        runtime.spawn(connection);
        Ok(Direct { runtime, client })
    }

    /// Runs statements.
    pub(crate) fn run(&mut self, sql: &str) {
        self.try_run(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    pub(crate) fn try_run(&mut self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.runtime.block_on(self.client.batch_execute(sql))
    }

    /// The rows of a query.
    pub(crate) fn query(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Vec<Row> {
        self.runtime.block_on(self.client.query(sql, values)).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// A number that a query gives.
    pub(crate) fn number(&mut self, sql: &str) -> i64 {
        self.query(sql, &[])[0].get(0)
    }

    /// The first column of a query, as text.
    pub(crate) fn texts(&mut self, sql: &str) -> Vec<String> {
        let said = self.runtime.block_on(self.client.simple_query(sql)).unwrap();
        let row = |message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
            _ => None,
        };
        said.into_iter().filter_map(row).collect()
    }
}

/// Makes this version's tables in the database, and the schema, of a URL.
pub(crate) fn fill(url: &str) {
    let migrator = Migrator::new(Settings::parse(url).unwrap());
    assert_eq!(migrator.up(None, false).unwrap().steps.len(), MIGRATIONS.len());
}

/// The schema.
pub(crate) struct Schema {
    server: String,
    name: String,
}

impl Schema {
    /// Makes one in the database of `server`, a URL.
    pub(crate) fn make(server: &str) -> Schema {
        let name = super::name();
        Direct::connect(server).run(&format!("CREATE SCHEMA {name}"));
        Schema { server: server.to_owned(), name }
    }

    /// Another one on the same server.
    pub(crate) fn beside(&self) -> Schema {
        Schema::make(&self.server)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A URL whose tables are this schema's.
    pub(crate) fn url(&self) -> String {
        let more = if self.server.contains('?') { '&' } else { '?' };
        // `public` is where TimescaleDB's functions are.
        format!("{}{more}options=-csearch_path%3D{}%2Cpublic", self.server, self.name)
    }

    /// Makes this version's tables in it.
    pub(crate) fn fill(&self) {
        fill(&self.url());
    }

    /// A connection of the test's own.
    pub(crate) fn direct(&self) -> Direct {
        Direct::connect(&self.url())
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // A test that failed may have left a transaction that holds it.
        let sql =
            format!("SET lock_timeout = '10s'; SET client_min_messages = warning; DROP SCHEMA {} CASCADE", self.name);
        drop(Direct::connect(&self.server).try_run(&sql));
    }
}
