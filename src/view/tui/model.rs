//! What the live view remembers: the newest reading, what the user chose, where the cursor is.
//!
//! The cursor is a GPU's UUID and an alert's id, never a position: it stays on its thing when the order changes.

use std::collections::{BTreeSet, HashMap};

pub(super) use super::choices::Measure;
pub use super::choices::{View, Zoom};
use super::derive::Derived;
use super::format::Zone;
use super::layout::{self, Screen};
use super::message::{Progress, Read, Settings};
use super::now::Detail;
use super::sort::Sort;
use super::theme::{Glyphs, Theme};
use crate::event::Time;
use crate::event::fleet::{FleetNow, GpuNow};
use crate::event::matcher::Wrong;
use crate::event::{Severity, time};
use crate::view::filter::Filter;

/// Why the newest reading is old.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) error: String,
    pub(super) retry_in_s: u64,
    pub(super) attempt: u32,
}

/// What keys go to before the pane gets them.
#[derive(Debug, Clone)]
pub(super) enum Mode {
    /// To the pane.
    Normal,
    /// Into the filter that is written: the text, the cursor in characters, what is wrong with it.
    Filter { text: String, at: usize, wrong: Option<Wrong>, before: Option<Filter> },
    /// The next letter names a column.
    Sort,
    /// The help is open, from this line on.
    Help(u16),
    /// A text is open, from this line on.
    Text { title: String, lines: Vec<String>, top: usize },
}

/// Spans of a GPU's past that `H` goes through, ms, and their names.
pub(super) const SPANS: [(i64, &str); 4] =
    [(30 * time::MINUTE, "30 min"), (6 * time::HOUR, "6 h"), (time::DAY, "24 h"), (7 * time::DAY, "7 d")];

/// Ticks and readings that the order stays as it is after a move (J): a row must not jump from under a finger.
pub(super) const STILL: u8 = 3;
/// Ticks and readings that a notice stays.
const NOTICE: u64 = 6;
/// Ticks that a new alert stands out.
pub(super) const NEW: u64 = 10;

/// The live view's state.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Model {
    pub(super) title: String,
    pub(super) demo: bool,
    pub(super) theme: Theme,
    pub(super) ascii: bool,
    pub(super) utc: bool,
    pub(super) offset_s: i32,
    pub(super) grace_ms: i64,
    pub(super) refresh: u64,
    pub(super) mouse: bool,
    pub(super) bell: bool,
    pub(super) size: (u16, u16),
    pub(super) focused: bool,
    pub(super) now: Time,
    pub(super) ticks: u64,
    /// Ticks and readings: what is held for a while is counted by them.
    pub(super) beats: u64,
    /// Whether the user has moved the cursor.
    pub(super) touched: bool,
    /// Ticks since data came.
    pub(super) silent: u64,
    pub(super) still: u8,
    pub(super) read: Option<Box<Read>>,
    /// A reading that came while the screen was frozen.
    pub(super) waiting: Option<Box<Read>>,
    pub(super) frozen: bool,
    pub(super) trouble: Option<Trouble>,
    pub(super) progress: Option<Progress>,
    pub(super) notice: Option<(String, u64)>,
    pub(super) view: View,
    /// The GPU whose own page is open.
    pub(super) open: Option<String>,
    pub(super) mode: Mode,
    pub(super) filter: Option<Filter>,
    pub(super) alert_filter: Option<Filter>,
    pub(super) floor: Severity,
    pub(super) only_bad: bool,
    pub(super) marked: BTreeSet<String>,
    pub(super) sort: Sort,
    /// Whether the extra columns are shown; absent: where there is room.
    pub(super) wide: Option<bool>,
    pub(super) zoom: Option<Zoom>,
    pub(super) measure: Measure,
    pub(super) span: usize,
    /// The GPU under the cursor, and where it was last found in the reading.
    pub(super) selected: Option<(String, usize)>,
    pub(super) alert: Option<String>,
    pub(super) folded: BTreeSet<String>,
    pub(super) seen: BTreeSet<String>,
    /// The tick at which each alert was first read.
    pub(super) news: HashMap<String, u64>,
    /// First line shown of the table, the alerts, the map, the collectors, the events.
    pub(super) tops: Tops,
    pub(super) derived: Derived,
    pub(super) detail: Option<Detail>,
}

/// First lines shown.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tops {
    pub(super) table: usize,
    pub(super) alerts: usize,
    pub(super) map: usize,
    pub(super) collectors: usize,
    pub(super) events: usize,
}

impl Model {
    /// A view that has seen nothing yet.
    #[must_use]
    pub fn new(settings: Settings, now: Time) -> Model {
        Model {
            title: settings.title,
            demo: settings.demo,
            theme: settings.theme,
            ascii: settings.ascii,
            utc: settings.utc,
            offset_s: settings.offset_s,
            grace_ms: settings.grace_ms,
            refresh: settings.refresh.max(1),
            mouse: settings.mouse,
            bell: false,
            size: settings.size,
            focused: true,
            now,
            ticks: 0,
            beats: 0,
            touched: false,
            silent: 0,
            still: 0,
            read: None,
            waiting: None,
            frozen: false,
            trouble: None,
            progress: None,
            notice: None,
            view: settings.view,
            open: None,
            mode: Mode::Normal,
            filter: settings.filter,
            alert_filter: None,
            floor: Severity::Info,
            only_bad: false,
            marked: BTreeSet::new(),
            sort: settings.sort,
            wide: None,
            zoom: settings.zoom,
            measure: Measure::Score,
            span: 0,
            selected: None,
            alert: None,
            folded: BTreeSet::new(),
            seen: BTreeSet::new(),
            news: HashMap::new(),
            tops: Tops::default(),
            derived: Derived::default(),
            detail: None,
        }
    }

    /// Whether the terminal has the user's attention: where not, nothing needs to be drawn.
    #[must_use]
    pub fn is_focused(&self) -> bool {
        self.focused
    }

    /// Whether the mouse is the view's.
    #[must_use]
    pub fn has_mouse(&self) -> bool {
        self.mouse
    }

    /// Whether the reading is old: the last attempt failed, or none came for long.
    pub(super) fn is_stale(&self) -> bool {
        // (J): three readings late and more than ten seconds.
        self.trouble.is_some() || (self.read.is_some() && self.silent > (3 * self.refresh).max(10))
    }

    /// The instant by which ages count: the reading's, and now where no newer one comes.
    pub(super) fn reference(&self) -> Time {
        match &self.read {
            Some(read) if self.frozen || !self.is_stale() => read.at,
            _ => self.now,
        }
    }

    pub(super) fn fleet(&self) -> Option<&FleetNow> {
        self.read.as_ref().map(|read| &read.fleet)
    }

    pub(super) fn gpu(&self, at: usize) -> Option<&GpuNow> {
        self.fleet()?.gpus.get(at)
    }

    /// Where the GPU with this UUID stands in the reading.
    pub(super) fn find(&self, uuid: &str) -> Option<usize> {
        let gpus = &self.fleet()?.gpus;
        let hint = self.selected.as_ref().map(|(_, at)| *at);
        match hint.filter(|at| gpus.get(*at).is_some_and(|gpu| gpu.uuid() == uuid)) {
            Some(at) => Some(at),
            None => gpus.iter().position(|gpu| gpu.uuid() == uuid),
        }
    }

    /// The place in the reading of the GPU under the cursor.
    pub(super) fn selected_at(&self) -> Option<usize> {
        self.selected.as_ref().map(|(_, at)| *at)
    }

    pub(super) fn select(&mut self, at: usize) {
        self.selected = self.gpu(at).map(|gpu| (gpu.uuid().to_owned(), at));
    }

    pub(super) fn zone(&self) -> Zone {
        Zone { offset_s: self.offset_s, utc: self.utc }
    }

    pub(super) fn glyphs(&self) -> Glyphs {
        Glyphs::of(self.ascii)
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.notice = Some((text.into(), self.beats + NOTICE));
    }

    /// How the screen is divided now.
    pub(super) fn screen(&self) -> Screen {
        layout::screen(self.size, self.banner().is_some(), matches!(self.mode, Mode::Filter { .. }))
    }

    /// What the banner says, where there is one.
    pub(super) fn banner(&self) -> Option<String> {
        if let Some(progress) = &self.progress {
            return Some(format!("{:.0} %  {}", 100.0 * progress.part.clamp(0.0, 1.0), progress.word));
        }
        let good = self.read.as_ref().map_or_else(|| "never".to_owned(), |read| self.zone().clock(read.at));
        if let Some(trouble) = &self.trouble {
            let Trouble { error, retry_in_s, attempt } = trouble;
            let retry = match retry_in_s.saturating_sub(self.silent) {
                0 => format!("retry {attempt} now"),
                left => format!("retry {attempt} in {left} s"),
            };
            let never = self.read.is_none();
            return Some(if never {
                format!("NO STORE YET: {retry}: {error}")
            } else {
                format!("STALE: {retry}; last good {good}: {error}")
            });
        }
        if self.is_stale() {
            return Some(format!("STALE: no reading for {} s; last good {good}", self.silent));
        }
        self.unheard().map(|newest| self.no_new_data(newest))
    }

    /// The newest sample of the fleet, where even that is too old to count as fresh.
    pub(super) fn unheard(&self) -> Option<Time> {
        self.derived.totals.newest.filter(|_| self.derived.totals.reporting == 0)
    }

    fn no_new_data(&self, newest: Time) -> String {
        let stages = self.read.as_ref().map(|read| read.pipeline.stages.as_slice()).unwrap_or_default();
        let late = |stage: &super::message::Stage| {
            Some(format!("{} lags {} events", stage.name, stage.lag.filter(|lag| *lag > 0)?))
        };
        let lags: Vec<String> = stages.iter().filter_map(late).collect();
        let last = self.zone().clock(newest);
        let mut text = format!("NO NEW DATA: last sample {last}");
        if self.demo {
            let behind = super::format::age(Some(newest), self.reference());
            text = format!("{text}; this machine is {behind} behind: the fleet's clock runs faster than it can work");
        }
        if !lags.is_empty() {
            text = format!("{text}; {}", lags.join(", "));
        }
        text
    }
}
