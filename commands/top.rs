//! `gpuhm top`: the fleet as it is, live for people, once for scripts.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use gpuhm::event::rows::Place;
use gpuhm::event::{FleetNow, GpuNow};
use gpuhm::pipeline::clock::wall;
use gpuhm::store::{AlertFilter, Store, StoreError};
use gpuhm::view::escape::json_line;
use gpuhm::view::tui::{Model, Msg, Pipeline, Read, Settings};
use gpuhm::view::{alerts, fleet};

use super::exit::{Failure, Outcome};
use super::open;
use super::options::{CommonOptions, StoreOptions};
use super::out::Out;
use super::process::Signals;
use super::screen;

/// Flags of `top`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Print the fleet once and exit
    #[arg(long)]
    once: bool,
    /// text, json (gpuhm.fleet/1) or csv (a row a GPU)
    #[arg(short, long, value_enum, default_value = "text", requires = "once")]
    output: Format,
    #[command(flatten)]
    store: StoreOptions,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
    Csv,
}

/// Runs `top`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    if !options.once {
        return live(common, options);
    }
    let mut store = open::store_to_read(common, &options.store)?;
    let rows = store.latest()?;
    let at = wall();
    let mut out = Out::new();
    match options.output {
        Format::Json => out.line(&json_line(&fleet::json(&rows, at).to_string()))?,
        Format::Csv => {
            let mut text = Vec::new();
            fleet::csv(&rows, at, &mut text).map_err(Failure::cannot)?;
            out.line(String::from_utf8_lossy(&text).trim_end())?;
        }
        Format::Text => {
            out.line(&fleet::table(&rows, at))?;
            let open = store.alerts(AlertFilter::Open)?;
            out.line(&format!("\n{} GPUs, {} open alerts", rows.len(), open.len()))?;
            for alert in &open {
                out.line(&alerts::line(alert))?;
            }
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The live view over the newest rows, read once a second.
fn live(common: &CommonOptions, options: &Options) -> Outcome {
    if !std::io::stdout().is_terminal() {
        return Err(Failure::usage("standard output is no terminal").hint("use gpuhm top --once"));
    }
    let mut store = open::store_to_read(common, &options.store)?;
    let signals = Signals::listen()?;
    let (sender, inbox) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        loop {
            let msg = match read(store.as_mut()) {
                Ok(read) => Msg::Data(Box::new(read)),
                Err(error) => Msg::Failed { error: error.to_string(), retry_in_s: 1, attempt: 1 },
            };
            if sender.send(msg).is_err() || sender.send(Msg::Tick(wall())).is_err() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
    });
    let mut model = Model::new(Settings::default(), wall());
    screen::run(&mut model, inbox, |_| {}, &signals.stop)?;
    Ok(ExitCode::SUCCESS)
}

fn read(store: &mut dyn Store) -> Result<Read, StoreError> {
    let gpus = store.latest()?.into_iter().map(|latest| {
        let texts = [latest.cluster, latest.rack, None, latest.raw.model.clone(), None, None];
        let (gpu_uuid, hostname) = (latest.raw.gpu_uuid.clone(), latest.raw.hostname.clone());
        let device_index = latest.raw.device_index;
        let place = Place { gpu_uuid, since: latest.raw.time, hostname, device_index, texts };
        GpuNow { latest: latest.raw, place, health: None, prediction: None }
    });
    let fleet = FleetNow {
        gpus: gpus.collect(),
        alerts: store.alerts(AlertFilter::Newest(200))?,
        collectors: store.collectors()?,
        ..FleetNow::default()
    };
    let pipeline = Pipeline { store: "store ok".to_owned(), ..Pipeline::default() };
    Ok(Read { fleet, past: None, pipeline, at: wall(), took_ms: 0 })
}
