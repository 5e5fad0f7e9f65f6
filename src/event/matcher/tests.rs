//! What matches, what does not, and what is said of a matcher that cannot be read.

use super::*;

struct Thing;

impl Fields for Thing {
    fn names() -> &'static [&'static str] {
        &["host", "score", "severity", "rack"]
    }
    fn field(&self, name: &str) -> Field<'_> {
        match name {
            "host" => Field::Text("gpu-node-043".into()),
            "score" => Field::Number(64.0),
            "severity" => Field::Severity(Severity::Warning),
            _ => Field::Missing,
        }
    }
}

fn holds(text: &str) -> bool {
    Matcher::parse(text, Thing::names()).unwrap().matches(&Thing)
}

#[test]
fn compares_text_numbers_and_severities() {
    for text in [
        "host=gpu-node-043",
        "host=gpu-node-*",
        "host=~\"gpu-node-04[0-9]\"",
        "host!=gpu-node-044",
        "host!~.*-05.",
        "score<80",
        "score<=64",
        "score>=64",
        "score = 64",
        "severity>=warning",
        "severity=warn",
        "severity<critical",
        "rack!=rack-1",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in ["host=gpu-node", "host=~gpu-node", "score>64", "severity>warning", "rack=rack-1", "rack<3"] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn says_what_is_wrong() {
    let why = |text: &str| Matcher::parse(text, Thing::names()).unwrap_err().why;
    assert!(why("hots=a").contains("did you mean host?"), "{}", why("hots=a"));
    assert!(why("host").contains("no comparison"));
    assert!(why("host=~(").contains("no regular expression"));
    assert!(why("host<b").contains("neither a number"));
}

#[test]
fn prints_what_reads_again() {
    for text in ["host=gpu-node-043", "host=~\"gpu-node-04[0-9]\"", "score<80"] {
        let matcher = Matcher::parse(text, Thing::names()).unwrap();
        assert_eq!(Matcher::parse(&matcher.to_string(), Thing::names()).unwrap(), matcher);
    }
}
