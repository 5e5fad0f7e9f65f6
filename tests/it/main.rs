//! The integration tests: one binary, one file a feature.

#[cfg(test)]
mod bus_contract;
#[cfg(test)]
mod bus_embedded;
#[cfg(test)]
mod bus_groups;
#[cfg(test)]
mod bus_member;
#[cfg(test)]
mod store_contract;
#[cfg(test)]
mod store_fixtures;
#[cfg(test)]
mod store_queries;
#[cfg(test)]
mod store_sqlite;
#[cfg(test)]
mod process;
#[cfg(test)]
mod kill;
