//! What a user chooses between: panes, zoom, what the map shows.

/// A pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The map, the worst GPUs, open alerts.
    Fleet,
    /// The table of GPUs.
    Gpus,
    /// Alerts.
    Alerts,
    /// Stages and collectors.
    Pipeline,
}

impl View {
    /// Every one, in the order of the keys 1 to 4.
    pub const ALL: [View; 4] = [View::Fleet, View::Gpus, View::Alerts, View::Pipeline];

    /// Its name on screen.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            View::Fleet => "Fleet",
            View::Gpus => "GPUs",
            View::Alerts => "Alerts",
            View::Pipeline => "Pipeline",
        }
    }
}

/// What a cell of the map is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zoom {
    /// A GPU.
    Gpu,
    /// A host: its worst GPU.
    Host,
    /// A rack: its worst GPU, and how many are not well.
    Rack,
}

impl Zoom {
    /// From fine to coarse.
    pub const ALL: [Zoom; 3] = [Zoom::Gpu, Zoom::Host, Zoom::Rack];
}

/// What the map shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Score,
    Temp,
    Power,
    Util,
    Age,
}

impl Measure {
    pub(super) const ALL: [Measure; 5] = [Measure::Score, Measure::Temp, Measure::Power, Measure::Util, Measure::Age];

    /// Its name, and what a digit means.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Measure::Score => ("score", ". >=90  8..5 = tens  <50 = 4..0  x no data  - no score  reverse = open alert"),
            Measure::Temp => ("temp", "tens of C  # >=100  x no data  - not reported  reverse = open alert"),
            Measure::Power => {
                ("power", "tenths of the limit  # over it  x no data  - not reported  reverse = open alert")
            }
            Measure::Util => ("util", "tens of %  x no data  - not reported  reverse = open alert"),
            Measure::Age => ("age", ". in time  1 2 intervals late  x no data  reverse = open alert"),
        }
    }
}
