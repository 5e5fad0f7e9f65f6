//! What one row of the metric table says, and the small vocabulary it is written in.
//!
//! Built by `const` chaining so that the table reads as a table. Knows nothing of JSON, SQL or DCGM calls: it only
//! carries the names those worlds use.

/// The block of `metrics` in the event that holds the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// `metrics.health`
    Health,
    /// `metrics.memory`
    Memory,
    /// `metrics.performance`
    Performance,
    /// `metrics.clocks`
    Clocks,
    /// `metrics.errors` (additive to the seed)
    Errors,
}

impl Block {
    /// Every block, in the order events are written.
    pub const ALL: [Block; 5] = [Block::Health, Block::Memory, Block::Performance, Block::Clocks, Block::Errors];

    /// The block's key under `metrics`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Block::Health => "health",
            Block::Memory => "memory",
            Block::Performance => "performance",
            Block::Clocks => "clocks",
            Block::Errors => "errors",
        }
    }
}

/// How a value behaves over time, which decides what a change of it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Goes up and down.
    Gauge,
    /// Counts up; starts again at a driver reload, GPU reset or reboot.
    Volatile,
    /// Counts up over the board's life.
    Lifetime,
    /// A small state whose change is worth an entry in `gpu_events`.
    State,
    /// A property or limit of the board: constant while nothing is reconfigured.
    Limit,
    /// A bit mask.
    Mask,
    /// Not a number that is sampled but things that happened (XIDs); has no column.
    Events,
}

/// How the value is stored: a 64-bit integer (BIGINT) or a floating-point number (REAL, rounded to `f32`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A whole number.
    Int,
    /// A real number.
    Real,
}

/// The statistics a window carries of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats(u8);

impl Stats {
    /// None: the metric is only in the raw rows.
    pub const NONE: Stats = Stats(0);
    /// Smallest value.
    pub const MIN: Stats = Stats(1);
    /// Largest value.
    pub const MAX: Stats = Stats(2);
    /// Arithmetic mean of the readings.
    pub const MEAN: Stats = Stats(4);
    /// Value of the newest reading that had one.
    pub const LAST: Stats = Stats(8);
    /// Increase of a counter, resets handled.
    pub const DELTA: Stats = Stats(16);
    /// p50, p95, p99 in the 15 min and 1 h windows.
    pub const QUANTILES: Stats = Stats(32);
    /// Seconds spent with each throttle reason set.
    pub const TIMES: Stats = Stats(64);

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Stats) -> Stats {
        Stats(self.0 | other.0)
    }

    /// Whether all of `other` is in this set.
    #[must_use]
    pub const fn has(self, other: Stats) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a window keeps min, max or mean of it.
    #[must_use]
    pub const fn spread(self) -> bool {
        self.0 & 7 != 0
    }
}

/// A column of a recording file that carries a metric, and the factor that brings it to the table's unit.
#[derive(Debug, Clone, Copy)]
pub struct Recorded {
    /// The column's header.
    pub column: &'static str,
    /// Value in the table's unit = value in the file × `factor`.
    pub factor: f64,
}

/// One row of the metric table.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// The name everywhere in gpuhm, and the key in the event's block; the unit is in it.
    pub name: &'static str,
    /// The block of the event it stands in.
    pub block: Block,
    /// The column of `gpu_metrics`; the stem of its columns in the window tables.
    pub column: &'static str,
    /// Integer or real.
    pub ty: Type,
    /// Behaviour over time.
    pub kind: Kind,
    /// Unit, as printed.
    pub unit: &'static str,
    /// Smallest and largest plausible value; anything outside is refused.
    pub range: (f64, f64),
    /// What windows keep of it.
    pub stats: Stats,
    /// DCGM field id.
    pub dcgm: Option<u16>,
    /// Factor from DCGM's unit to the table's.
    pub dcgm_factor: f64,
    /// The NVML call or field that gives it; empty where NVML has none.
    pub nvml: &'static str,
    /// Metric names of dcgm-exporter, oldest first.
    pub exporter: &'static [&'static str],
    /// Properties of `nvidia-smi --query-gpu`.
    pub smi: &'static [&'static str],
    /// The column of a recording.
    pub recorded: Option<Recorded>,
    /// A short heading for tables on screen; empty where none shows it by default.
    pub label: &'static str,
    /// Whether a whole value is written without `.0`, as the seed writes temperatures.
    pub whole: bool,
}

impl Metric {
    /// A row with the two names every metric has; the rest is chained on.
    #[must_use]
    pub const fn new(block: Block, name: &'static str, ty: Type, kind: Kind, unit: &'static str) -> Metric {
        Metric {
            name,
            block,
            column: name,
            ty,
            kind,
            unit,
            range: (0.0, 9_007_199_254_740_992.0),
            stats: Stats::NONE,
            dcgm: None,
            dcgm_factor: 1.0,
            nvml: "",
            exporter: &[],
            smi: &[],
            recorded: None,
            label: "",
            whole: false,
        }
    }

    /// The column, where it is not the name.
    #[must_use]
    pub const fn column(mut self, column: &'static str) -> Metric {
        self.column = column;
        self
    }

    /// The plausible range, both ends included.
    #[must_use]
    pub const fn range(mut self, low: f64, high: f64) -> Metric {
        self.range = (low, high);
        self
    }

    /// Adds a statistic to the windows.
    #[must_use]
    pub const fn stat(mut self, stat: Stats) -> Metric {
        self.stats = self.stats.and(stat);
        self
    }

    /// The DCGM field and the NVML source.
    #[must_use]
    pub const fn from(mut self, dcgm: u16, nvml: &'static str) -> Metric {
        self.dcgm = Some(dcgm);
        self.nvml = nvml;
        self
    }

    /// The factor from DCGM's unit.
    #[must_use]
    pub const fn dcgm_factor(mut self, factor: f64) -> Metric {
        self.dcgm_factor = factor;
        self
    }

    /// Names in dcgm-exporter.
    #[must_use]
    pub const fn exporter(mut self, names: &'static [&'static str]) -> Metric {
        self.exporter = names;
        self
    }

    /// Names in `nvidia-smi --query-gpu`.
    #[must_use]
    pub const fn smi(mut self, names: &'static [&'static str]) -> Metric {
        self.smi = names;
        self
    }

    /// The column in recordings.
    #[must_use]
    pub const fn recorded(mut self, column: &'static str, factor: f64) -> Metric {
        self.recorded = Some(Recorded { column, factor });
        self
    }

    /// The heading on screen.
    #[must_use]
    pub const fn label(mut self, label: &'static str) -> Metric {
        self.label = label;
        self
    }

    /// Whole values are written without a fraction.
    #[must_use]
    pub const fn whole(mut self) -> Metric {
        self.whole = true;
        self
    }
}
