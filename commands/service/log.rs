//! The log on standard error: for people, for the journal, or as JSON; and its level, which can be set anew.
//!
//! The journal stamps lines itself and takes a line's priority from a prefix; a terminal shows them as they come.

use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

use clap::ValueEnum;
use gpuhm::pipeline::clock::wall;
use gpuhm::view::escape::{escaped, json_line};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, Layer as Lines};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

use crate::options::{CommonOptions, LogLevel};

/// How lines of the log look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// With a priority for the journal where standard error is the journal's, else text.
    Auto,
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// The level of the one log that a process has.
static LEVEL: OnceLock<Handle<LevelFilter, Registry>> = OnceLock::new();

fn level(common: &CommonOptions) -> LevelFilter {
    match (common.quiet, common.log) {
        (true, _) | (_, LogLevel::Error) => LevelFilter::ERROR,
        (_, LogLevel::Warn) => LevelFilter::WARN,
        (_, LogLevel::Info) => LevelFilter::INFO,
        (_, LogLevel::Debug) => LevelFilter::DEBUG,
    }
}

/// Sends the log to standard error.
pub(crate) fn start(common: &CommonOptions) {
    let (filter, handle) = reload::Layer::new(level(common));
    let form = match common.log_format {
        LogFormat::Json => Some(Form::Json),
        LogFormat::Auto if to_journal() => Some(Form::Journal),
        LogFormat::Auto | LogFormat::Text => None,
    };
    let lines = Lines::default().with_writer(std::io::stderr).with_ansi(false);
    let lines = match form {
        Some(form) => lines.event_format(form).boxed(),
        None => lines.with_target(false).without_time().boxed(),
    };
    tracing_subscriber::registry().with(filter).with(lines).init();
    // There is one log, so the handle is set once.
    drop(LEVEL.set(handle));
}

/// Sets the level as these options have it.
pub(crate) fn set_level(common: &CommonOptions) -> Result<(), String> {
    let Some(handle) = LEVEL.get() else { return Ok(()) };
    handle.reload(level(common)).map_err(|error| error.to_string())
}

/// Whether standard error is the stream that the journal gave this process, and not one that it was redirected to.
fn to_journal() -> bool {
    let Some(stream) = std::env::var_os("JOURNAL_STREAM") else { return false };
    let Ok(own) = std::fs::metadata("/proc/self/fd/2") else { return false };
    stream.to_str() == Some(&format!("{}:{}", own.dev(), own.ino()))
}

/// The forms that this module writes itself.
#[derive(Debug, Clone, Copy)]
enum Form {
    Journal,
    Json,
}

/// An event's message and fields.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }
}

impl Said {
    fn put(&mut self, field: &Field, text: String) {
        match field.name() {
            "message" => self.message = text,
            name => self.fields.push((name, text)),
        }
    }

    /// `<4>message key=value`; on one line, whatever is in it.
    fn journal(&self, level: Level) -> String {
        let priority = match level {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        };
        let mut line = self.message.clone();
        for (name, text) in &self.fields {
            line.extend([" ", name, "=", text]);
        }
        format!("<{priority}>{}", escaped(&line))
    }

    fn json(&self, level: Level) -> String {
        let mut object = serde_json::Map::new();
        for (name, text) in &self.fields {
            object.insert((*name).to_owned(), text.as_str().into());
        }
        // These last: no field takes their place.
        object.insert("ts".to_owned(), wall().to_string().into());
        object.insert("level".to_owned(), level.as_str().to_ascii_lowercase().into());
        object.insert("message".to_owned(), self.message.as_str().into());
        json_line(&serde_json::Value::Object(object).to_string())
    }
}

impl<S, N> FormatEvent<S, N> for Form
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> std::fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        let level = *event.metadata().level();
        let line = match self {
            Form::Journal => said.journal(level),
            Form::Json => said.json(level),
        };
        writeln!(writer, "{line}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_whatever_is_in_it() {
        let said = Said { message: "lost\nhost\u{1b}[2J".to_owned(), fields: vec![("error", "a b".to_owned())] };
        assert_eq!(said.journal(Level::WARN), "<4>lost\\u{a}host\\u{1b}[2J error=a b");
        assert_eq!(Said::default().journal(Level::ERROR), "<3>");
        let json = said.json(Level::INFO);
        assert!(!json.contains('\n') && !json.contains('\u{1b}'));
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&value["level"], &value["message"]), (&"info".into(), &"lost\nhost\u{1b}[2J".into()));
        assert!(value["ts"].as_str().unwrap().ends_with('Z'), "{json}");
    }
}
