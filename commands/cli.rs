//! The command line: one variant and one arm a subcommand, everything else in its own file.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use super::exit::{CANNOT, Outcome};
use super::options::CommonOptions;
use super::{
    aggregate, assets, collect, completions, config, demo, doctor, generate, migrate, open, predict, run, score,
    service, silence, simcheck, tail, top, validate,
};

/// Tells which NVIDIA GPUs are sick, why, and what to do about it.
#[derive(Debug, Parser)]
#[command(name = "gpuhm", version, about, subcommand_required = false, disable_help_subcommand = true)]
#[command(
    after_help = "Try: gpuhm demo\n\nExit codes: 0 done; 1 the answer is bad news; 2 a person must change something; \
3 a dependency could not be reached; 130, 143 ended by a signal."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) common: CommonOptions,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read GPUs every interval and publish their samples
    Collect(collect::Options),
    /// Check samples, drop duplicates, add asset records
    Validate(validate::Options),
    /// Write samples and windows to the store, judge them, raise alerts
    Aggregate(aggregate::Options),
    /// Score every GPU, with its reasons; judge hosts, racks and silence
    Score(score::Options),
    /// State the odds that a GPU fails, with their reasons
    Predict(predict::Options),
    /// Silence alerts that are expected
    Silence(silence::Options),
    /// Make and check the store's schema and Kafka's topics; move to another bus
    Migrate(migrate::Options),
    /// Look at everything the pipeline rests on; say what is wrong and what mends it
    Doctor(doctor::Options),
    /// Follow a topic
    Tail(tail::Options),
    /// Show the fleet
    Top(top::Options),
    /// Import and export asset records
    Assets(assets::Options),
    /// Run every stage in one process
    Run(run::Options),
    /// See it work on a simulated fleet
    Demo(demo::Options),
    /// Print the completions of a shell
    Completions(completions::Options),
    /// Write man pages, completions and docs made from the code
    #[command(hide = true)]
    Generate(generate::Options),
    /// Hold the percentiles of a simulated fleet against a real one's
    #[command(name = "sim-quantiles", hide = true)]
    SimQuantiles(simcheck::Options),
}

/// Parses and runs.
pub(crate) fn run() -> Outcome {
    let matches = config::matches(Cli::command())?;
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    matches.subcommand_name().unwrap_or_default().clone_into(&mut cli.common.command);
    let Some(command) = cli.command else {
        let help = Cli::command().render_help().to_string();
        // Help that was not asked for goes to standard error.
        drop(std::io::Write::write_all(&mut std::io::stderr(), format!("Try: gpuhm demo\n\n{help}").as_bytes()));
        return Ok(ExitCode::from(CANNOT));
    };
    service::log::start(&cli.common);
    config::say();
    let common = &cli.common;
    if open::kafka::looked_at(&matches)? {
        return Ok(ExitCode::SUCCESS);
    }
    open::looked_at(&matches);
    match command {
        Command::Collect(options) => collect::run(common, &options),
        Command::Validate(options) => validate::run(common, &options),
        Command::Aggregate(options) => aggregate::run(common, &options),
        Command::Score(options) => score::run(common, &options),
        Command::Predict(options) => predict::run(common, &options),
        Command::Silence(options) => silence::run(common, &options),
        Command::Migrate(options) => migrate::run(common, &options),
        Command::Doctor(options) => doctor::run(common, &options, &matches),
        Command::Tail(options) => tail::run(common, &options),
        Command::Top(options) => top::run(common, &options),
        Command::Assets(options) => assets::run(common, &options),
        Command::Run(options) => run::run(common, &options),
        Command::Demo(options) => demo::run(common, &options),
        Command::Completions(options) => completions::run(&options),
        Command::Generate(options) => generate::run(&options),
        Command::SimQuantiles(options) => simcheck::run(&options),
    }
}
