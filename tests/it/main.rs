//! The integration tests: one binary, one file a feature.

#[cfg(test)]
mod bus_contract;
#[cfg(test)]
mod bus_crowd;
#[cfg(test)]
mod bus_embedded;
#[cfg(test)]
mod bus_groups;
#[cfg(test)]
mod bus_member;
