//! What comes to the live view and what it asks for: the contract with whoever reads the store and owns the terminal.

use crossterm::event::{KeyEvent, MouseEvent};

use super::model::{View, Zoom};
use super::sort::Sort;
use super::theme::Theme;
use crate::event::Time;
use crate::event::fleet::{FleetNow, GpuPast};
use crate::view::filter::Filter;

/// What the view is started with.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Settings {
    /// Colours. Where `NO_COLOR` is not empty this must be [`Theme::Mono`], which sets none.
    pub theme: Theme,
    /// Only ASCII: where the locale is not UTF-8, or `TERM=linux`.
    pub ascii: bool,
    /// Times in UTC.
    pub utc: bool,
    /// Seconds that local time is ahead of UTC.
    pub offset_s: i32,
    /// Name of the fleet, in the header.
    pub title: String,
    /// Whether the fleet is simulated; the header says so.
    pub demo: bool,
    /// The pane it opens on.
    pub view: View,
    /// The filter of GPUs it starts with.
    pub filter: Option<Filter>,
    /// The order of the table of GPUs.
    pub sort: Sort,
    /// What a cell of the map is; absent: the finest that fits.
    pub zoom: Option<Zoom>,
    /// Seconds between readings, which `i` changes.
    pub refresh: u64,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// Beyond three intervals, how much older a sample may be and still count as fresh, ms: a hurried clock needs some.
    pub grace_ms: i64,
    /// Whether the mouse is on at the start.
    pub mouse: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            theme: Theme::Auto,
            ascii: false,
            utc: true,
            offset_s: 0,
            title: String::new(),
            demo: false,
            view: View::Fleet,
            filter: None,
            sort: Sort::default(),
            zoom: None,
            refresh: 1,
            size: (80, 24),
            grace_ms: 0,
            mouse: false,
        }
    }
}

/// Something that happened. A [`Msg::Tick`] is expected every second of wall time.
#[derive(Debug)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// The screen has so many columns and rows now.
    Resize(u16, u16),
    /// The terminal has the user's attention, or lost it.
    Focus(bool),
    /// The store was read.
    Data(Box<Read>),
    /// The store could not be read.
    Failed {
        /// Why, in a line.
        error: String,
        /// Seconds until it is tried again.
        retry_in_s: u64,
        /// Which attempt that will be.
        attempt: u32,
    },
    /// Work before the first frame, such as a demo's history; absent once it is over.
    Progress(Option<Progress>),
    /// Something the user should know, such as what became of a [`Effect::Save`].
    Said(String),
    /// A second went by; the run's clock says so now.
    Tick(Time),
}

/// How far some work is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// 0 to 1.
    pub part: f64,
    /// What is being done.
    pub word: String,
}

/// One reading of the store.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Read {
    /// The fleet.
    pub fleet: FleetNow,
    /// The past of the GPU that was asked for.
    pub past: Option<GpuPast>,
    /// The pipeline.
    pub pipeline: Pipeline,
    /// The instant of the reading, by the run's clock.
    pub at: Time,
    /// What it took, wall ms.
    pub took_ms: u64,
}

/// What is known of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pipeline {
    /// The bus in words: `kafka ok 3 brokers`; absent where it is not looked at.
    pub bus: Option<String>,
    /// The store in words: `sqlite ok`.
    pub store: String,
    /// The stages and passes, in the order of the flow.
    pub stages: Vec<Stage>,
}

/// One stage or pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// Events it has yet to read; absent where that is not known.
    pub lag: Option<u64>,
    /// Who does the work.
    pub members: Vec<String>,
    /// The last instant of which something it wrote is known.
    pub newest: Option<Time>,
}

/// What is to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// With the next readings, the past of this GPU over so many milliseconds; or of none.
    Ask(Option<String>, i64),
    /// Read the store every so many seconds, and once at once.
    Refresh(u64),
    /// Put a text on the clipboard of the user's own terminal.
    Copy(String),
    /// Write a file into the working directory.
    Save {
        /// Its name.
        name: String,
        /// What it holds.
        text: String,
    },
    /// Ring.
    Bell,
    /// Stop the process as the shell's job control does.
    Suspend,
    /// Draw the whole screen anew.
    Redraw,
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
}
