//! Apache Kafka: the bus of a fleet. Groups, rebalance and replication are the brokers'; what is said here is how the
//! contract of [`crate::bus`] is kept on them.
//!
//! `finish` is one transaction: events, states (to `gpuhm-state`, in the partition of their input's number) and positions
//! with their settled position as metadata. A member is static and so is its transactional id, so that a restart takes
//! over at once and its former life is fenced. Everything that can be asked without joining is asked by one client.
//! This module knows bytes, keys and positions; of events, stages and stores it knows nothing.

pub mod settings;
