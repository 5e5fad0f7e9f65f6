//! `gpuhm aggregate`: the stage as a service, one drain with `--once`, or windows rebuilt from raw rows.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use gpuhm::bus::{Join, VALIDATED};
use gpuhm::event::Time;
use gpuhm::pipeline::backfill::{self, Range};
use gpuhm::pipeline::crew::{alone, group};
use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::runner::Parts;
use gpuhm::pipeline::{Clock, Flag, Runner};
use gpuhm::stage::aggregate::Aggregate;

use super::exit::{Failure, Outcome};
use super::options::{CommonOptions, StageOptions, lateness, ms};
use super::process::{Progress, Signals};
use super::service::Service;
use super::{open, process};

/// Flags of `aggregate`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// How long after its end a window stays open for late samples
    #[arg(long, value_name = "D", default_value = "30s", value_parser = lateness)]
    lateness: Duration,
    /// Rebuild the windows of a time range from raw rows: FROM..TO, dates or RFC 3339
    #[arg(long, value_name = "FROM..TO", value_parser = range, conflicts_with = "once")]
    backfill: Option<Range>,
    /// With --backfill: say what would be written, write nothing
    #[arg(long, requires = "backfill")]
    dry_run: bool,
    #[command(flatten)]
    stage: StageOptions,
}

/// Parses `FROM..TO`.
fn range(text: &str) -> Result<Range, String> {
    let (from, to) = text.split_once("..").ok_or("two times with .. between them")?;
    let instant = |text: &str| -> Result<Time, String> {
        Time::parse(text)
            .or_else(|| Time::parse(&format!("{text}T00:00:00Z")))
            .ok_or_else(|| format!("{text:?} is no date and no RFC 3339 time"))
    };
    let (from, to) = (instant(from)?, instant(to)?);
    if from >= to {
        return Err("the first time must be before the second".to_owned());
    }
    Ok(Range { from, to })
}

/// Runs `aggregate`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    let signals = Signals::listen()?;
    if let Some(range) = options.backfill {
        // A store that is not there has nothing to rebuild from: a typing error must not make one.
        drop(open::store_to_read(common, &options.stage.store)?);
        let mut store = open::store(common, &options.stage.store, &Retry::never())?;
        let mut progress = Progress::new("backfill", common.quiet);
        let mut show = |part: f64, word: &str| progress.show(part, word);
        let done = backfill::run(&mut *store, range, options.dry_run, &signals.stop, &mut show)?;
        progress.end();
        let verb = if options.dry_run { "would be rebuilt" } else { "rebuilt" };
        tracing::info!(
            "{} windows of {} GPUs {verb}; {} left alone: not older than their GPU's newest final one, or made of more readings",
            done.written,
            done.gpus,
            done.left
        );
        return Ok(signals.one_shot());
    }
    let service = options.stage.service.watched(&options.stage.bus, &signals)?;
    let result = work(common, options, &signals, &service);
    service.end()?;
    options.stage.service.ended(result, &signals)
}

fn work(common: &CommonOptions, options: &Options, signals: &Signals, service: &Service) -> Result<(), Failure> {
    let mut retry = options.stage.service.retry(signals);
    retry.pulse = service.beats("aggregate");
    let clock = Arc::new(Clock::Wall);
    // Both URLs are looked at before either is opened: a wrong one makes nothing.
    open::store_needed(common, &options.stage.store)?;
    let bus = open::bus(common, &options.stage.bus, &clock, &retry)?;
    let store = open::store(common, &options.stage.store, &retry)?;
    let join = Join {
        group: group("aggregate"),
        topic: VALIDATED.to_owned(),
        instance: open::instance("aggregate", &options.stage.bus, &options.stage.member)?,
        once: options.stage.service.once,
    };
    let keeper = (!options.stage.service.once).then(|| {
        let store = open::store(common, &options.stage.store, &retry)?;
        process::keep(Arc::clone(&bus), Some(store), signals.stop.clone())
    });
    let keeper = keeper.transpose()?;
    if options.stage.service.once {
        alone(&*bus, "aggregate", VALIDATED, &retry)?;
    }
    let mut runner = Runner::new(Parts {
        stage: Aggregate::with_lateness(ms(options.lateness)),
        consumer: retry.run(|| bus.consumer(&join))?,
        store: Some(store),
        clock,
        topic: VALIDATED.to_owned(),
        retry,
        step: options.stage.service.step.map(|step| step as usize),
        reload: Signals::reload()?,
    });
    let result = runner.run(options.stage.service.goal(), &signals.stop, &Flag::default());
    let done = runner.done();
    tracing::info!(
        "aggregate: {} samples stored, {} late, {} windows closed, {} alerts fired, {} resolved",
        done.counts.aggregated,
        done.counts.late,
        done.counts.closed,
        done.counts.fired,
        done.counts.resolved
    );
    if let Some(keeper) = keeper {
        signals.stop.set();
        drop(keeper.join());
    }
    Ok(result?)
}
