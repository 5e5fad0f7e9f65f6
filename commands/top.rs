//! `gpuhm top`: the live view of the fleet, or one picture of it for people and scripts.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{channel, sync_channel};

use clap::{Args, ValueEnum};
use gpuhm::bus::Bus;
use gpuhm::event::health::State;
use gpuhm::event::{GpuNow, Health, Status};
use gpuhm::pipeline::Clock;
use gpuhm::pipeline::clock::wall;
use gpuhm::pipeline::retry::Retry;
use gpuhm::view::escape::json_line;
use gpuhm::view::tui::{Model, Settings};
use gpuhm::view::{fleet, scores};

use super::exit::{BAD_NEWS, Failure, Outcome};
use super::look::{Look, Picture, size};
use super::options::{BusOptions, CommonOptions, StoreOptions};
use super::out::Out;
use super::process::{Signals, thread};
use super::watch::{ON_THE_WAY, Watcher, outward, tick};
use super::{open, screen};

/// Flags of `top`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Print the fleet once and exit
    #[arg(long)]
    once: bool,
    /// text (the screen), table, json (gpuhm.fleet/1), csv (a row a GPU) or svg (a picture of the screen)
    #[arg(short, long, value_enum, default_value = "text", requires = "once")]
    output: Format,
    /// With --once -o text or svg: columns and rows of the screen
    #[arg(long, value_name = "WxH", default_value = "120x36", value_parser = size, requires = "once")]
    size: (u16, u16),
    /// With --once: end with code 1 where a GPU scores below N; they are named on standard error
    #[arg(long, value_name = "N", requires = "once", value_parser = clap::value_parser!(i64).range(0..=100))]
    fail_below: Option<i64>,
    #[command(flatten)]
    look: Look,
    #[command(flatten)]
    bus: BusOptions,
    #[command(flatten)]
    store: StoreOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Table,
    Json,
    Csv,
    Svg,
}

/// Runs `top`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    if options.once {
        return once(common, options);
    }
    if !Out::is_terminal() {
        return Err(Failure::usage("standard output is not a terminal").hint("gpuhm top --once prints the fleet"));
    }
    // A wrong URL is a person's to mend; a store that cannot be reached now is shown as such.
    let place = open::store_needed(common, &options.store)?;
    open::place(common, &options.bus)?;
    let signals = Signals::listen_on_a_terminal()?;
    let settings = Settings { title: title(common, options), ..options.look.settings() };
    let clock = Arc::new(Clock::Wall);
    let mut model = Model::new(settings, clock.now());
    let (to, inbox) = sync_channel(ON_THE_WAY);
    let (ask, asked) = channel();
    let watcher = Watcher {
        open: {
            let (common, store) = (common.clone(), options.store.clone());
            Box::new(move || open::store_to_read(&common, &store))
        },
        open_bus: {
            let (common, options) = (common.clone(), options.bus.clone());
            Box::new(move || bus(&common, &options))
        },
        bus: None,
        file: place.file(),
        clock: Arc::clone(&clock),
        shown: Arc::default(),
        refresh: options.look.refresh(),
    };
    let (ticks, said, shown) = (to.clone(), to.clone(), Arc::clone(&watcher.shown));
    let stop = signals.stop.clone();
    thread("readings", move || watcher.run(&to, &asked))?;
    thread("clock", move || tick(&clock, &shown, &ticks, &stop))?;
    screen::run(&mut model, inbox, |effect| outward(effect, &ask, &said), &signals.stop)?;
    Ok(ExitCode::SUCCESS)
}

/// The name in the header: the store's, where it was chosen; never a password.
fn title(common: &CommonOptions, options: &Options) -> String {
    let chosen = options.store.store.is_some().then(|| open::store_place(common, &options.store).ok()).flatten();
    chosen.map(|place| place.title()).unwrap_or_default()
}

/// The bus for the lags on screen, where there is one: a view makes none.
fn bus(common: &CommonOptions, options: &BusOptions) -> Option<Arc<dyn Bus>> {
    let there = match open::place(common, options).ok()? {
        open::Place::Embedded(directory) => directory.join("bus.db").exists(),
        open::Place::Kafka(_) => true,
    };
    there.then(|| open::bus(common, options, &Arc::new(Clock::Wall), &Retry::never()).ok()).flatten()
}

fn once(common: &CommonOptions, options: &Options) -> Outcome {
    let mut store = open::store_to_read(common, &options.store)?;
    let at = wall();
    let watcher = Watcher {
        open: Box::new(|| Err(Failure::usage("read already"))),
        open_bus: Box::new(|| None),
        bus: bus(common, &options.bus),
        file: None,
        clock: Arc::new(Clock::Wall),
        shown: Arc::default(),
        refresh: 1,
    };
    let read = watcher.of(store.fleet()?, at);
    let gpus = options.look.choose(&read, at);
    let mut out = Out::new();
    match options.output {
        Format::Json => out.line(&json_line(&fleet::json(&gpus, at).to_string()))?,
        Format::Csv => out.csv(|to| fleet::csv(&gpus, at, to))?,
        Format::Table => {
            out.line(&fleet::table(&gpus, at))?;
            let firing = || read.fleet.alerts.iter().filter(|alert| alert.status == Status::Firing);
            let open: Vec<_> = firing().filter(|alert| alert.is_open()).collect();
            let under = firing().count() - open.len();
            let under = if under > 0 { format!(", {under} suppressed") } else { String::new() };
            out.line(&format!("\n{} GPUs, {} open alerts{under}", gpus.len(), open.len()))?;
            for alert in open {
                out.line(&gpuhm::view::alerts::line(alert))?;
            }
        }
        Format::Text | Format::Svg => {
            let settings = Settings { title: title(common, options), size: options.size, ..options.look.settings() };
            let kind = if options.output == Format::Svg { Picture::Svg } else { Picture::Text };
            out.line(&options.look.picture(read, settings, kind, at))?;
        }
    }
    out.flush()?;
    Ok(if options.fail_below.is_some_and(|limit| below(&gpus, limit)) {
        ExitCode::from(BAD_NEWS)
    } else {
        ExitCode::SUCCESS
    })
}

/// Names the GPUs that score below a limit, and those of which nothing is known; whether there are any of the first.
fn below(gpus: &[GpuNow], limit: i64) -> bool {
    let healths: Vec<&Health> = gpus.iter().filter_map(|gpu| gpu.health.as_ref()).collect();
    let bad: Vec<&&Health> = healths.iter().filter(|health| scores::fails(health, limit)).collect();
    for health in &bad {
        tracing::warn!(
            "{} scores {}, {}: {}",
            scores::place(health),
            health.score,
            health.state.word(),
            scores::why(health)
        );
    }
    let unknown = gpus.len() - healths.iter().filter(|health| health.state != State::Unknown).count();
    if unknown > 0 {
        tracing::warn!("of {unknown} GPUs too little is known to say");
    }
    !bad.is_empty()
}
