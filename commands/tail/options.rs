//! The flags of `tail`. Parsing does no I/O and asks no time; what flags mean together is in `plan`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use gpuhm::bus::{ALERTS, From};
use gpuhm::view::tail::choice::{Asked, Choice};

use crate::exit::Failure;
use crate::options::{BusOptions, duration};

/// Flags of `tail`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "A backlog is shown by the time of its events, what comes then as it arrives. Values of one flag are \
alternatives, ! before one excludes, * stands for any text; all flags and matchers must let a record through.\n\nExit \
codes: 0 something was shown; 1 nothing was; 2 usage, unknown topic; 3 the bus was lost; 130, 143 ended by a signal."
)]
pub(crate) struct Options {
    /// Only what matches, such as 'severity>=critical' or host=gpu-node-0*; several must all match
    #[arg(value_name = "MATCHER")]
    pub(super) matchers: Vec<String>,
    /// Topic: gpu-alerts, gpu-metrics-raw, gpu-metrics-validated, gpu-metrics-invalid
    #[arg(short, long, value_name = "TOPIC", default_value = ALERTS)]
    pub(super) topic: String,
    /// Begin with the newest N records of the whole topic that are wanted, or all of them
    #[arg(short = 'n', long, value_name = "N|all", default_value = "10", value_parser = newest)]
    pub(super) lines: Newest,
    /// Begin with what is newer: 30m, yesterday, a date, or an RFC 3339 time
    #[arg(long, value_name = "TIME", conflicts_with = "lines", allow_hyphen_values = true)]
    pub(super) since: Option<String>,
    /// End with what is older; `now` ends at the log's end as it stands
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) until: Option<String>,
    /// Only these partitions
    #[arg(short, long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(i32).range(0..))]
    pub(super) partitions: Vec<i32>,
    /// Begin in every partition at this offset, or at its newest N with -N, and show records as they arrived
    #[arg(long, value_name = "beginning|end|N|-N", conflicts_with_all = ["lines", "since"], value_parser = offset)]
    #[arg(allow_hyphen_values = true)]
    pub(super) offset: Option<From>,
    /// Go on where the last run with this file stopped, and keep in it how far this one is
    #[arg(long, value_name = "FILE")]
    pub(super) cursor_file: Option<PathBuf>,
    /// Do not wait for more
    #[arg(long)]
    pub(super) no_follow: bool,
    /// Stop after this many records
    #[arg(long, value_name = "N")]
    pub(super) max: Option<u64>,
    /// Stop after this long
    #[arg(long, value_name = "D", value_parser = duration)]
    pub(super) timeout: Option<Duration>,
    /// Exit 0 also where nothing was shown
    #[arg(long)]
    pub(super) allow_empty: bool,
    /// pretty, jsonl, json (an array) or raw (the bytes as they are) [default: pretty on a terminal, else jsonl]
    #[arg(short, long, value_enum)]
    pub(super) output: Option<Format>,
    /// With jsonl or json: each record in an object that says where it stood
    #[arg(long)]
    pub(super) envelope: bool,
    #[command(flatten)]
    pub(super) filters: Filters,
    #[command(flatten)]
    pub(super) bus: BusOptions,
}

/// Flags that say which records are wanted.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Filters")]
pub(super) struct Filters {
    /// info, warning or critical, and what is worse; =warning only that
    #[arg(long, value_name = "LEVEL")]
    severity: Vec<String>,
    /// A GPU by its UUID, eight characters or more of its beginning, or host/index
    #[arg(long, value_name = "GPU")]
    gpu: Vec<String>,
    /// A host
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// A rack
    #[arg(long, value_name = "NAME")]
    rack: Vec<String>,
    /// A cluster
    #[arg(long, value_name = "NAME")]
    cluster: Vec<String>,
    /// A rule
    #[arg(long, value_name = "ID")]
    rule: Vec<String>,
    /// A regular expression that an alert's summary, or the JSON of another event, holds
    #[arg(short, long, value_name = "REGEX")]
    grep: Option<String>,
    /// An expression: rule=xid and not (host=n7 or rack in (r1, r2)); .evidence.xid=79 names any member
    #[arg(long = "where", value_name = "EXPR")]
    filter: Option<String>,
}

/// How records are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Pretty,
    Jsonl,
    Json,
    Raw,
}

/// How much of a backlog is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Newest {
    All,
    Count(u64),
}

fn newest(text: &str) -> Result<Newest, String> {
    if text == "all" {
        Ok(Newest::All)
    } else {
        text.parse().map(Newest::Count).map_err(|_| "a number, or all".to_owned())
    }
}

fn offset(text: &str) -> Result<From, String> {
    let wrong = || "beginning, end, an offset, or -N for the newest N of each partition".to_owned();
    match (text, text.strip_prefix('-')) {
        ("beginning", _) => Ok(From::Beginning),
        ("end", _) => Ok(From::End),
        (_, Some(count)) => count.parse().map(From::Newest).map_err(|_| wrong()),
        (_, None) => text.parse().ok().filter(|at| *at >= 0).map(From::Offset).ok_or_else(wrong),
    }
}

impl Options {
    /// What the filters and matchers ask for.
    pub(super) fn choice(&self) -> Result<Choice, Failure> {
        let filters = &self.filters;
        let flags = [
            ("severity", filters.severity.as_slice()),
            ("gpu", filters.gpu.as_slice()),
            ("host", filters.host.as_slice()),
            ("rack", filters.rack.as_slice()),
            ("cluster", filters.cluster.as_slice()),
            ("rule", filters.rule.as_slice()),
        ];
        let (grep, filter) = (filters.grep.as_deref(), filters.filter.as_deref());
        let asked = Asked { flags: &flags, grep, filter, matchers: &self.matchers };
        Choice::read(&self.topic, &asked).map_err(|refused| {
            let topic = gpuhm::bus::TOPICS.contains(&refused.text.as_str());
            let failure = Failure::usage(&refused).mark(&refused.text, refused.wrong.at);
            if topic { failure.hint(format!("a topic is named with -t {}", refused.text)) } else { failure }
        })
    }

    /// How records are printed; `people` look at it directly.
    pub(super) fn format(&self, people: bool) -> Result<Format, Failure> {
        let default = if people && !self.envelope { Format::Pretty } else { Format::Jsonl };
        match self.output.unwrap_or(default) {
            Format::Pretty | Format::Raw if self.envelope => {
                Err(Failure::usage("--envelope is JSON: it goes with -o jsonl or -o json"))
            }
            format => Ok(format),
        }
    }
}
