//! A store of a bench's own on the server, filled there with a fleet: an hour of samples a minute apart, and what ninety
//! days leave behind in every table and partition.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use gpuhm::event::Time;
use gpuhm::event::time::{DAY, MINUTE};
use gpuhm::pipeline::clock::wall;
use gpuhm::store::postgres::{Postgres, Settings};

use super::harness::load;

const FILL: &str = include_str!("../../tests/it/pg_read/fill.sql");
/// Days before now that have partitions.
const BACK: i64 = 190;

/// A schema with a fleet.
#[derive(Debug)]
pub(crate) struct Field {
    url: String,
    schema: String,
    /// What the fleet's newest rows are of.
    pub(crate) now: Time,
}

impl Field {
    /// Makes one with tables and nothing in them.
    pub(crate) fn empty(server: &str, name: &str) -> anyhow::Result<Field> {
        let schema = format!("gpuhm_bench_{name}");
        let more = if server.contains('?') { '&' } else { '?' };
        let field = Field {
            url: format!("{server}{more}options=-csearch_path%3D{schema}%2Cpublic"),
            schema,
            now: wall().floor(MINUTE),
        };
        field.psql(&format!(
            "SET client_min_messages = warning; DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0}",
            field.schema
        ))?;
        field.tables()?;
        Ok(field)
    }

    /// Makes it, with so many GPUs.
    pub(crate) fn new(server: &str, gpus: usize) -> anyhow::Result<Field> {
        let field = Field::empty(server, &gpus.to_string())?;
        field.psql(FILL)?;
        field.psql(&format!("SELECT fleet({gpus}, '{}')", field.now))?;
        // As it would be: autovacuum comes by after so many rows.
        field.psql("VACUUM ANALYZE")?;
        let bytes = field.psql(&format!(
            "SELECT pg_size_pretty(sum(pg_relation_size(oid))) FROM pg_class WHERE relnamespace = '{}'::regnamespace",
            field.schema
        ))?;
        println!("{gpus} GPUs, {} on disk; load {}", bytes.trim(), load());
        Ok(field)
    }

    /// The schema as this version makes it, and partitions for old rows.
    fn tables(&self) -> anyhow::Result<()> {
        self.gpuhm(&["migrate", "up"])?;
        self.psql(&format!(
            "SELECT gpuhm_partition(name, at) FROM gpuhm_series, generate_series('{}'::timestamptz, '{}', '1 day') at
                WHERE at >= '{}'::timestamptz - interval '92 days' OR name <> 'gpu_metrics'",
            self.now.plus(-BACK * DAY),
            self.now.plus(DAY),
            self.now
        ))?;
        Ok(())
    }

    /// The store on it.
    pub(crate) fn store(&self) -> anyhow::Result<Postgres> {
        Ok(Postgres::open(Settings::parse(&self.url)?)?)
    }

    /// What psql prints for a script.
    pub(crate) fn psql(&self, script: &str) -> anyhow::Result<String> {
        let mut psql = Command::new("psql");
        psql.args(["-qXAt", "-v", "ON_ERROR_STOP=1", &self.url]);
        let mut psql = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("psql")?;
        psql.stdin.take().context("psql's input")?.write_all(script.as_bytes())?;
        let said = psql.wait_with_output()?;
        anyhow::ensure!(said.status.success(), "psql: {}", said.status);
        Ok(String::from_utf8(said.stdout)?)
    }

    /// Runs the gpuhm that was built with this bench.
    pub(crate) fn gpuhm(&self, args: &[&str]) -> anyhow::Result<()> {
        let mut gpuhm = Command::new(env!("CARGO_BIN_EXE_gpuhm"));
        let status = gpuhm.args(args).args(["-q", "--store", &self.url]).stdout(Stdio::null()).status()?;
        anyhow::ensure!(status.success(), "gpuhm {args:?}: {status}");
        Ok(())
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        drop(self.psql(&format!("SET client_min_messages = error; DROP SCHEMA {} CASCADE", self.schema)));
    }
}
