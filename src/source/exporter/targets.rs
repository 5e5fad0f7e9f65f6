//! A file of targets: a URL a line, or JSON as Prometheus' file-based service discovery has it.
//!
//! Parsing only. In a list of lines `#` begins a comment at a line's beginning or behind a blank, since `#host=` directly behind
//! a URL belongs to it.

use std::collections::HashSet;

use serde::Deserialize;

use crate::source::place::{Place, redacted};

/// What is wrong with a file of targets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Wrong {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub why: String,
}

/// One group of file-based service discovery.
#[derive(Debug, Deserialize)]
struct Group {
    targets: Vec<String>,
    #[serde(default)]
    labels: std::collections::BTreeMap<String, String>,
}

/// The sources that a file of targets names, each once, in its order. A line is a source's URL, that of a page without its
/// `exporter:`, or `HOST:PORT` with dcgm-exporter's path.
///
/// # Errors
/// Where a line names none: the first such.
pub fn targets(text: &str) -> Result<Vec<Place>, Wrong> {
    let named = if text.trim_start().starts_with(['[', '{']) { groups(text)? } else { lines(text) };
    let mut known = HashSet::new();
    let mut places = Vec::new();
    for (line, url) in named {
        let place: Place = url.parse().map_err(|why| Wrong { line, why: format!("{}: {why}", redacted(&url)) })?;
        if known.insert(place.kind.clone()) {
            places.push(place);
        }
    }
    if places.is_empty() {
        return Err(Wrong { line: 1, why: "no target in it".to_owned() });
    }
    Ok(places)
}

fn lines(text: &str) -> Vec<(usize, String)> {
    let target = |(at, line): (usize, &str)| {
        let comment = line.char_indices().find(|(at, c)| {
            let before = line.get(..*at).and_then(|before| before.chars().next_back());
            *c == '#' && before.is_none_or(char::is_whitespace)
        });
        let line = line.get(..comment.map_or(line.len(), |(at, _)| at)).unwrap_or_default().trim();
        (!line.is_empty()).then(|| (at + 1, url(line, "/metrics")))
    };
    text.trim_start_matches('\u{feff}').lines().enumerate().filter_map(target).collect()
}

fn groups(text: &str) -> Result<Vec<(usize, String)>, Wrong> {
    let groups: Vec<Group> = serde_json::from_str(text).map_err(|error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        Wrong { line: error.line().max(1), why: format!("not [{{\"targets\": [\"HOST:9400\"]}}]: {why}") }
    })?;
    let mut named = Vec::new();
    for group in groups {
        let path = group.labels.get("__metrics_path__").map_or("/metrics", String::as_str);
        if let Some(scheme) = group.labels.get("__scheme__").filter(|scheme| *scheme != "http") {
            let why = format!("__scheme__ {scheme}: pages are read over plain http");
            return Err(Wrong { line: line_of(text, scheme), why });
        }
        named.extend(group.targets.iter().map(|target| (line_of(text, target), url(target, path))));
    }
    Ok(named)
}

/// The line in which a word stands as a JSON string.
fn line_of(text: &str, word: &str) -> usize {
    let at = text.find(&format!("\"{word}\"")).unwrap_or(0);
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}

/// What is written as a source's URL.
fn url(text: &str, path: &str) -> String {
    let (at, facts) = text.split_at(text.find('#').unwrap_or(text.len()));
    if at.starts_with("http://") || at.starts_with("https://") {
        return format!("exporter:{text}");
    }
    let port = at.rsplit_once(':').is_some_and(|(host, port)| {
        !host.contains('/') && !port.is_empty() && port.chars().all(|c| c.is_ascii_digit())
    });
    if port { format!("exporter:http://{at}{path}{facts}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(text: &str) -> Vec<String> {
        targets(text).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_is_a_target_and_a_hash_behind_a_blank_a_comment() {
        let text = "# fleet\n\nexporter:http://a:9400/metrics#host=n1,gpus=8  # the first\n\thttp://b:9400/m\t#x\nc:9400\r\n\
                    [::1]:9400#host=n4\ndcgm://d\nc:9400\n";
        assert_eq!(
            urls(text),
            [
                "exporter:http://a:9400/metrics",
                "exporter:http://b:9400/m",
                "exporter:http://c:9400/metrics",
                "exporter:http://[::1]:9400/metrics",
                "dcgm://d:5555"
            ]
        );
        let places = targets(text).unwrap();
        assert_eq!((places[0].host.as_deref(), places[0].gpus), (Some("n1"), Some(8)));
        assert_eq!(places[3].host.as_deref(), Some("n4"));
    }

    #[test]
    fn service_discovery_files_are_read() {
        let text = r#"[{"targets": ["a:9400", "b:9400"], "labels": {"job": "gpus"}},
            {"targets": ["c:80"], "labels": {"__metrics_path__": "/gpu"}}, {"targets": []}]"#;
        assert_eq!(
            urls(text),
            ["exporter:http://a:9400/metrics", "exporter:http://b:9400/metrics", "exporter:http://c:80/gpu"]
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, why) in [
            ("a:9400\n\nhttps://b:9400/metrics\n", 3, "use exporter:http://"),
            ("a:9400\nnonsense\n", 2, "nonsense: not a source"),
            ("a:9400#hosts=b\n", 1, "#hosts=b"),
            ("# nothing\n", 1, "no target"),
            ("", 1, "no target"),
            ("[{\"targets\":\n[\"a:9400\",\n\"b\"]}]", 3, "b: not a source"),
            ("[{\"targets\":\n[1]}]", 2, "not [{\"targets\""),
            ("{\"targets\": []}", 1, "not [{\"targets\""),
            ("[\n{\"targets\": [\"a:1\"], \"labels\": {\"__scheme__\": \"https\"}}]", 2, "plain http"),
        ] {
            let wrong = targets(text).unwrap_err();
            assert!(wrong.line == line && wrong.why.contains(why), "{text:?}: {wrong}");
        }
    }
}
