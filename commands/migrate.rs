//! `gpuhm migrate`: makes and checks what stages rest on: the store's schema, Kafka's topics; moves from one bus, and
//! from one store, to another.
//!
//! Bare, it brings the store's schema up to date.

mod bus;
mod copy;
mod store;
mod topics;

use clap::{Args, Subcommand, ValueEnum};

use super::exit::Outcome;
use super::options::{CommonOptions, StoreOptions};

/// Flags of `migrate`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    act: Option<Act>,
    /// table or json
    #[arg(short, long, value_enum, default_value = "table", global = true)]
    output: Format,
    #[command(flatten)]
    store: StoreOptions,
}

#[derive(Debug, Clone, Subcommand)]
enum Act {
    #[command(flatten)]
    Store(store::Act),
    /// Make and check the topics on Kafka: makes what is missing, says what differs
    Topics(topics::Options),
    /// Move an embedded store to a server, with everything in it; may be stopped and run again
    Copy(copy::Options),
    /// Move from one bus to another: what the stages know of each GPU goes on where it stopped
    Bus(bus::Options),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// Runs `migrate`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    match options.act.clone().unwrap_or(Act::Store(store::Act::Up(store::Up::default()))) {
        Act::Store(act) => store::run(common, &options.store, &act, options.output),
        Act::Topics(topics) => topics::run(common, &topics, options.output),
        Act::Copy(copy) => copy::run(common, &options.store, &copy, options.output),
        Act::Bus(bus) => bus::run(common, &bus, options.output),
    }
}
