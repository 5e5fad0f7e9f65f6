//! How the live view looks, as flags: shared by `top` and `demo`, with what the terminal's surroundings say; and a picture of it.

use clap::Args;
use gpuhm::event::{GpuNow, Time};
use gpuhm::pipeline::clock::wall;
use gpuhm::view::filter::Filter;
use gpuhm::view::tui::{self, GPU_FIELDS, Model, Msg, Read, Settings, Sort, Theme, View, Zoom};

use super::options;

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

/// Parses `120x36`.
pub(crate) fn size(text: &str) -> Result<(u16, u16), String> {
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

impl Look {
    /// The GPUs that `--where` lets through, in the order of `--sort`; without both, the reading's own.
    pub(crate) fn choose(&self, read: &Read, at: Time) -> Vec<GpuNow> {
        let here = |gpus: &[GpuNow]| gpus.iter().filter(|gpu| !gpu.is_replaced()).cloned().collect();
        if self.filter.is_none() && self.sort.is_none() {
            return here(&read.fleet.gpus);
        }
        let hosts = Sort::parse("host").unwrap_or_default();
        let mut model = Model::new(Settings { sort: self.sort.unwrap_or(hosts), ..self.settings() }, at);
        tui::update(&mut model, Msg::Data(Box::new(read.clone())));
        model.chosen().into_iter().cloned().collect()
    }
}

/// What a picture is made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Picture {
    /// The screen's characters.
    Text,
    /// A picture of the screen.
    Svg,
}

impl Look {
    /// A picture of the screen that this reading gives.
    pub(crate) fn picture(&self, read: Read, settings: Settings, kind: Picture, at: Time) -> String {
        let (width, height) = settings.size;
        // A picture has colours of its own, wherever it is made.
        let theme = if kind == Picture::Svg { self.theme.unwrap_or(Theme::Dark) } else { settings.theme };
        let mut model = Model::new(Settings { theme, ascii: self.ascii, ..settings }, at);
        tui::update(&mut model, Msg::Data(Box::new(read)));
        let picture = tui::picture(&model, width, height);
        match kind {
            Picture::Svg => tui::svg(&picture, theme),
            Picture::Text => tui::text(&picture).trim_end().to_owned(),
        }
    }
}
