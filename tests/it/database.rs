//! Real PostgreSQL servers for the tests: the one that all share, a TimescaleDB where one is named, and those that a test
//! may kill.
//!
//! `tests/run` starts the shared one and names it in the environment. A test that needs what is absent says so on stderr
//! and ends.

pub(crate) mod own;
pub(crate) mod schema;

pub(crate) use own::Server;
pub(crate) use schema::Schema;

use crate::broker::{ignored, prefix, told};

/// A schema of this test's own on the shared server.
pub(crate) fn shared(test: &str) -> Option<Schema> {
    let Some(url) = told("GPUHM_TEST_POSTGRES") else {
        ignored(test, "a PostgreSQL server (tests/run starts one, or GPUHM_TEST_POSTGRES=postgres://…)");
        return None;
    };
    Some(Schema::make(&url))
}

/// A schema of this test's own on a server with TimescaleDB.
pub(crate) fn timescale(test: &str) -> Option<Schema> {
    let Some(url) = told("GPUHM_TEST_TIMESCALE") else {
        ignored(test, "a TimescaleDB (GPUHM_TEST_TIMESCALE=postgres://…)");
        return None;
    };
    Some(Schema::make(&url))
}

/// A schema on each of them.
pub(crate) fn everywhere(test: &str) -> Vec<Schema> {
    [shared(test), timescale(test)].into_iter().flatten().collect()
}

/// A name that nothing else in this or another run has.
pub(crate) fn name() -> String {
    prefix().trim_end_matches('-').replace('-', "_")
}
