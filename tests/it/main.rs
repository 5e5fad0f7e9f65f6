//! x
#[cfg(test)]
mod store_contract;
#[cfg(test)]
mod store_fixtures;
#[cfg(test)]
mod store_queries;
#[cfg(test)]
mod store_sqlite;
