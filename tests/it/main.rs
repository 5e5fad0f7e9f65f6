//! The integration tests: one binary, one file a feature.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bus_contract;
#[cfg(test)]
mod bus_embedded;
#[cfg(test)]
mod bus_groups;
#[cfg(test)]
mod bus_member;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod process;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod store_contract;
#[cfg(test)]
mod store_fixtures;
#[cfg(test)]
mod store_queries;
#[cfg(test)]
mod store_sqlite;
