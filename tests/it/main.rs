//! x
mod store_contract;
mod store_fixtures;
mod store_sqlite;
