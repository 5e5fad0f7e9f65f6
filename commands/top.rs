//! `gpuhm top`: the live view of the fleet, or one picture of it for people and scripts.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::channel;

use clap::{Args, ValueEnum};
use gpuhm::bus::Bus;
use gpuhm::event::Health;
use gpuhm::pipeline::Clock;
use gpuhm::pipeline::clock::wall;
use gpuhm::pipeline::retry::Retry;
use gpuhm::view::escape::json_line;
use gpuhm::view::filter::Filter;
use gpuhm::view::tui::{self, GPU_FIELDS, Model, Msg, Settings, Sort, Theme, View, Zoom};
use gpuhm::view::{fleet, scores};

use super::exit::{BAD_NEWS, Failure, Outcome};
use super::options::{self, BusOptions, CommonOptions, StoreOptions};
use super::out::Out;
use super::process::Signals;
use super::watch::{Watcher, outward, tick};
use super::{open, screen};

/// How the live view looks; `demo` has these flags, too.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "View options")]
pub(crate) struct Look {
    /// Time between readings of the store
    #[arg(long, value_name = "D", default_value = "1s", value_parser = options::interval)]
    refresh: std::time::Duration,
    /// The pane it opens on: fleet, gpus, alerts or pipeline
    #[arg(long, value_name = "PANE", default_value = "fleet", value_parser = view)]
    view: View,
    /// Only GPUs that match: rack=rack-14 and score<80; a bare word is looked for in names
    #[arg(long = "where", value_name = "EXPR", value_parser = filter)]
    filter: Option<Filter>,
    /// Order of the table of GPUs: FIELD or FIELD:desc
    #[arg(long, value_name = "FIELD[:desc]", value_parser = sort)]
    sort: Option<Sort>,
    /// What a cell of the map is: auto, gpu, host or rack
    #[arg(long, value_name = "WHAT", default_value = "auto", value_parser = zoom)]
    zoom: ZoomTo,
    #[arg(help = "Colours: auto, dark, light, cvd (blue and orange) or mono; mono where NO_COLOR is set", long, value_name = "THEME", value_parser = theme)]
    theme: Option<Theme>,
    /// ASCII characters only [default: where the locale is not UTF-8]
    #[arg(long)]
    ascii: bool,
    /// Local time instead of UTC
    #[arg(long)]
    local: bool,
    /// Take the mouse
    #[arg(long)]
    mouse: bool,
}

/// The zoom that was asked for; none is the finest that fits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ZoomTo(Option<Zoom>);

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

fn one_of<T>(found: Option<T>, all: &[&str]) -> Result<T, String> {
    found.ok_or_else(|| format!("one of {}", all.join(", ")))
}

fn named<T: Copy>(word: &str, all: &[(&str, T)]) -> Option<T> {
    all.iter().find(|(name, _)| *name == word).map(|(_, one)| *one)
}

fn view(word: &str) -> Result<View, String> {
    let panes = [("fleet", View::Fleet), ("gpus", View::Gpus), ("alerts", View::Alerts), ("pipeline", View::Pipeline)];
    one_of(named(word, &panes), &panes.map(|(name, _)| name))
}

fn zoom(word: &str) -> Result<ZoomTo, String> {
    let cells = [("auto", None), ("gpu", Some(Zoom::Gpu)), ("host", Some(Zoom::Host)), ("rack", Some(Zoom::Rack))];
    one_of(named(word, &cells).map(ZoomTo), &cells.map(|(name, _)| name))
}

fn theme(word: &str) -> Result<Theme, String> {
    one_of(Theme::parse(word), &["auto", "dark", "light", "cvd", "mono"])
}

fn sort(text: &str) -> Result<Sort, String> {
    Sort::parse(text)
}

fn filter(text: &str) -> Result<Filter, String> {
    Filter::parse(text, &GPU_FIELDS).map_err(|wrong| {
        let caret = " ".repeat(wrong.at);
        format!("{}\n  {text}\n  {caret}^", wrong.why)
    })
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let wrong = || format!("{text:?} is no size such as 120x36");
    let (width, height) = text.split_once('x').ok_or_else(wrong)?;
    let (width, height) = (width.parse().map_err(|_| wrong())?, height.parse().map_err(|_| wrong())?);
    if (20..=500).contains(&width) && (5..=200).contains(&height) {
        Ok((width, height))
    } else {
        Err("20x5 to 500x200".to_owned())
    }
}

impl Look {
    /// The view's settings, with what the terminal's surroundings say.
    pub(crate) fn settings(&self) -> Settings {
        let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let term = of("TERM");
        let plain = term.as_ref().is_none_or(|term| term == "dumb");
        let mono = of("NO_COLOR").is_some() || plain;
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| of(name));
        let utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_string_lossy().to_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        Settings {
            theme: if mono { Theme::Mono } else { self.theme.unwrap_or(Theme::Auto) },
            ascii: self.ascii || !utf8 || term.is_some_and(|term| term == "linux"),
            utc: !self.local,
            offset_s: offset(),
            title: String::new(),
            demo: false,
            view: self.view,
            filter: self.filter.clone(),
            sort: self.sort.unwrap_or_default(),
            zoom: self.zoom.0,
            refresh: self.refresh(),
            size: (80, 24),
            grace_ms: 0,
            mouse: self.mouse,
        }
    }

    /// Seconds between readings.
    pub(crate) fn refresh(&self) -> u64 {
        self.refresh.as_secs().max(1)
    }
}

/// Seconds that local time is ahead of UTC now.
fn offset() -> i32 {
    let now = jiff::Timestamp::from_millisecond(wall().ms()).unwrap_or_default();
    jiff::tz::TimeZone::system().to_offset(now).seconds()
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
    open::store_file(common, &options.store)?;
    let bus = bus(common, &options.bus)?;
    let signals = Signals::listen()?;
    let settings = Settings { title: title(options), ..options.look.settings() };
    let clock = Arc::new(Clock::Wall);
    let mut model = Model::new(settings, clock.now());
    let (to, inbox) = channel();
    let (ask, asked) = channel();
    let watcher = Watcher {
        open: {
            let (common, store) = (common.clone(), options.store.clone());
            Box::new(move || open::store_to_read(&common, &store))
        },
        bus,
        place: "ok".to_owned(),
        clock: Arc::clone(&clock),
        refresh: options.look.refresh(),
    };
    let ticks: std::sync::mpsc::Sender<Msg> = to.clone();
    std::thread::spawn(move || watcher.run(&to, &asked));
    std::thread::spawn(move || tick(&clock, &ticks));
    screen::run(&mut model, inbox, |effect| outward(effect, &ask), &signals.stop)?;
    Ok(ExitCode::SUCCESS)
}

/// The name in the header: the store's, where it was chosen; never a password.
fn title(options: &Options) -> String {
    options.store.store.as_deref().and_then(|url| url.strip_prefix("sqlite:")).unwrap_or_default().to_owned()
}

/// The bus for the lags on screen, where there is one: a view makes none.
fn bus(common: &CommonOptions, options: &BusOptions) -> Result<Option<Arc<dyn Bus>>, Failure> {
    if !open::bus_directory(common, options)?.join("bus.db").exists() {
        return Ok(None);
    }
    Ok(open::bus(common, options, &Arc::new(Clock::Wall), &Retry::never()).ok())
}

fn once(common: &CommonOptions, options: &Options) -> Outcome {
    let mut store = open::store_to_read(common, &options.store)?;
    let at = wall();
    let found = store.fleet()?;
    let bad: Vec<&Health> = match options.fail_below {
        Some(limit) => {
            let healths = found.gpus.iter().filter_map(|gpu| gpu.health.as_ref());
            healths.filter(|health| health.replaced_by.is_none() && health.score < limit).collect()
        }
        None => Vec::new(),
    };
    let mut out = Out::new();
    match options.output {
        Format::Json => out.line(&json_line(&fleet::json(&found.gpus, at).to_string()))?,
        Format::Csv => {
            let mut text = Vec::new();
            fleet::csv(&found.gpus, at, &mut text).map_err(Failure::cannot)?;
            out.line(String::from_utf8_lossy(&text).trim_end())?;
        }
        Format::Table => {
            let gpus: Vec<_> = found.gpus.iter().filter(|gpu| !gpu.is_replaced()).cloned().collect();
            out.line(&fleet::table(&gpus, at))?;
            let open: Vec<_> = found.alerts.iter().filter(|alert| alert.is_open()).collect();
            out.line(&format!("\n{} GPUs, {} open alerts", gpus.len(), open.len()))?;
            for alert in open {
                out.line(&gpuhm::view::alerts::line(alert))?;
            }
        }
        Format::Text | Format::Svg => {
            let bus = bus(common, &options.bus)?;
            let watcher = Watcher {
                open: Box::new(|| Err(Failure::usage("read already"))),
                bus,
                place: "ok".to_owned(),
                clock: Arc::new(Clock::Wall),
                refresh: 1,
            };
            let read = watcher.of(found.clone(), at);
            let settings = Settings { title: title(options), size: options.size, ..options.look.settings() };
            let (width, height) = options.size;
            let theme =
                if options.output == Format::Svg { options.look.theme.unwrap_or(Theme::Dark) } else { settings.theme };
            let mut model = Model::new(Settings { theme, ascii: options.look.ascii, ..settings }, at);
            tui::update(&mut model, Msg::Data(Box::new(read)));
            let picture = tui::picture(&model, width, height);
            match options.output {
                Format::Svg => out.line(&tui::svg(&picture, theme))?,
                _ => out.line(tui::text(&picture).trim_end())?,
            }
        }
    }
    out.flush()?;
    for health in &bad {
        tracing::warn!("{} scores {}: {}", scores::place(health), health.score, scores::why(health));
    }
    Ok(if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BAD_NEWS) })
}
