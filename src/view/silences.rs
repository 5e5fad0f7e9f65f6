//! Silences as a table and as JSON.

use comfy_table::{ContentArrangement, Table};
use serde_json::{Map, Value, json};

use super::escape::escaped;
use crate::event::{Silence, Time};

/// Where it stands at `now`, in a word.
#[must_use]
pub fn standing(silence: &Silence, now: Time) -> &'static str {
    if silence.holds(now) {
        "holds"
    } else if now < silence.from && silence.ended.is_none() {
        "to come"
    } else {
        "ended"
    }
}

fn matchers(silence: &Silence) -> Vec<String> {
    silence.matchers.iter().map(ToString::to_string).collect()
}

/// A table for people.
#[must_use]
pub fn table(silences: &[Silence], now: Time) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["ID", "STANDS", "FROM", "UNTIL", "WHO", "MATCHES", "REASON"]);
    for silence in silences {
        let until = silence.ended.map_or(silence.until, |ended| ended.min(silence.until));
        table.add_row([
            silence.id.clone(),
            standing(silence, now).to_owned(),
            silence.from.to_string(),
            until.to_string(),
            escaped(&silence.who).into_owned(),
            escaped(&matchers(silence).join(" ")).into_owned(),
            escaped(&silence.reason).into_owned(),
        ]);
    }
    table.trim_fmt()
}

/// `gpuhm.silences/1`.
#[must_use]
pub fn json(silences: &[Silence], now: Time) -> Value {
    let one = |silence: &Silence| {
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        put("id", silence.id.clone().into());
        put("stands", standing(silence, now).into());
        put("matchers", matchers(silence).into());
        put("from", silence.from.to_string().into());
        put("until", silence.until.to_string().into());
        put("who", silence.who.clone().into());
        put("reason", silence.reason.clone().into());
        if let Some(ended) = silence.ended {
            put("ended", ended.to_string().into());
        }
        Value::Object(object)
    };
    let all: Vec<Value> = silences.iter().map(one).collect();
    json!({"schema": "gpuhm.silences/1", "at": now.to_string(), "silences": all})
}
