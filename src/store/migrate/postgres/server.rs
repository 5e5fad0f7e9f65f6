//! What the server is: its version, and whether this database has TimescaleDB, and which edition of it.
//!
//! The extension in this database is the only proof: with the library loaded, the setting of the licence answers in a
//! database without the extension too. Knows no migration.

use tokio_postgres::Client;

use crate::store::StoreError;
use crate::store::postgres::fault::Fault;

/// The oldest server that this store's statements were written for.
const OLDEST: i32 = 130_000;

/// Which TimescaleDB a database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// The community edition: compression and policies.
    Timescale,
    /// The Apache edition: chunks alone.
    Apache,
    /// None: `PostgreSQL`'s own partitions.
    Plain,
}

impl Edition {
    /// The word in tables and JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Edition::Timescale => "timescale",
            Edition::Apache => "apache",
            Edition::Plain => "plain",
        }
    }
}

/// What the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The version of `PostgreSQL`.
    pub postgresql: String,
    /// The edition of TimescaleDB in this database.
    pub edition: Edition,
    /// The version of TimescaleDB in this database, where there is one.
    pub timescaledb: Option<String>,
    /// The version that could be had by `CREATE EXTENSION`, where there is one.
    pub available: Option<String>,
    /// The schema that has, or gets, the store's tables.
    pub schema: String,
    /// Whether the tables that grow are `PostgreSQL`'s own partitions; `None` while there are none.
    pub partitions: Option<bool>,
}

impl Server {
    /// It in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let base = format!("PostgreSQL {}, ", self.postgresql);
        let timescaledb = self.timescaledb.as_deref().unwrap_or_default();
        let rest = match (self.edition, self.partitions) {
            (Edition::Plain, None) if self.available.is_some() => format!(
                "without TimescaleDB: this server has it, and this database would after CREATE EXTENSION timescaledb, {}",
                "which must come before the first migrate"
            ),
            (Edition::Plain, _) => {
                "without TimescaleDB: daily partitions and retention by gpuhm, no compression".to_owned()
            }
            (edition, Some(true)) => format!(
                "TimescaleDB {timescaledb} ({}), which came after the tables: they stay partitions, kept by gpuhm, uncompressed",
                edition.word()
            ),
            (Edition::Apache, _) => {
                format!("TimescaleDB {timescaledb} (Apache edition): chunks, retention by gpuhm, no compression")
            }
            (Edition::Timescale, _) => {
                format!("TimescaleDB {timescaledb} (community edition): chunks, compression and retention by policies")
            }
        };
        base + &rest
    }
}

const ASK: &str = "SELECT current_setting('server_version'), current_setting('server_version_num')::int,
    current_schema()::text, e.extversion, current_setting('timescaledb.license', true),
    (SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb'),
    (SELECT relkind::text FROM pg_class WHERE oid = to_regclass(quote_ident(current_schema()) || '.gpu_metrics'))
    FROM (SELECT) one LEFT JOIN pg_extension e ON e.extname = 'timescaledb'";

/// What is told where there is no schema to look in.
pub(super) const NO_SCHEMA: &str = "its search_path names no schema that exists; make one and give it to this role: \
CREATE SCHEMA gpuhm; ALTER ROLE … SET search_path = gpuhm, public";

/// Whether the first schema of the search path, empty where none exists, is none that can have tables.
pub(super) fn is_none(schema: &str) -> bool {
    ["", "pg_catalog"].contains(&schema)
}

/// Asks it.
pub(super) async fn ask(client: &Client, place: &str) -> Result<Server, Fault> {
    let unusable = |why: &str| StoreError::Unusable { place: place.to_owned(), why: why.to_owned(), hint: None };
    let row = client.query_one(ASK, &[]).await?;
    let version: String = row.try_get(0)?;
    if row.try_get::<_, i32>(1)? < OLDEST {
        return Err(
            unusable(&format!("PostgreSQL {version} is too old; 13 is the oldest that has what this needs")).into()
        );
    }
    let schema: Option<String> = row.try_get(2)?;
    let schema = schema.unwrap_or_default();
    if is_none(&schema) {
        return Err(unusable(NO_SCHEMA).into());
    }
    let timescaledb: Option<String> = row.try_get(3)?;
    let license: Option<String> = row.try_get(4)?;
    let edition = match (&timescaledb, license.as_deref()) {
        (None, _) => Edition::Plain,
        (Some(_), Some("timescale")) => Edition::Timescale,
        (Some(_), Some(_)) => Edition::Apache,
        (Some(_), None) => {
            let why = "this database has TimescaleDB, but the server did not load it; \
put timescaledb into shared_preload_libraries and restart the server";
            return Err(unusable(why).into());
        }
    };
    let kind: Option<String> = row.try_get(6)?;
    Ok(Server {
        postgresql: version,
        edition,
        timescaledb,
        available: row.try_get(5)?,
        schema,
        partitions: kind.map(|kind| kind == "p"),
    })
}
