//! The grammar against a thing with a few fields: what matches, and what a mistake says and where.

use super::{Filter, Subject};
use crate::event::Severity;
use crate::event::matcher::{Field, FieldsOf};

const NAMES: [&str; 5] = ["host", "score", "severity", "rule", "rack"];

struct Thing;

impl FieldsOf for Thing {
    fn value(&self, name: &str) -> Field<'_> {
        match name {
            "host" => Field::Text("gpu-node-043".into()),
            "score" => Field::Number(64.0),
            "severity" => Field::Severity(Severity::Warning),
            _ => Field::Missing,
        }
    }
}

impl Subject for Thing {
    fn several(&self, name: &str) -> Option<Vec<Field<'_>>> {
        (name == "rule").then(|| vec![Field::Text("xid".into()), Field::Text("hbm_temp".into())])
    }
    fn mentions(&self, word: &str) -> bool {
        "gpu-node-043/2 h100".contains(word)
    }
}

fn holds(text: &str) -> bool {
    Filter::parse(text, &NAMES).unwrap_or_else(|wrong| panic!("{text}: {wrong}")).matches(&Thing)
}

#[test]
fn expressions_match_as_they_read() {
    for text in [
        "043",
        "NODE H100",
        "node and not 044",
        "score<80 and host=gpu-node-*",
        "score<10 or severity>=warning",
        "score<10 or score<20 or 043 and h100",
        "not (score<10 or score>90)",
        "rule=xid",
        "rule=hbm_temp and rule!=ecc_dbe",
        "rule in (ecc_dbe, xid)",
        "not rule in (ecc_dbe)",
        "host=~\"gpu-node-04[0-9]\" and NOT rack=rack-1",
        "\"043/2 h\"",
        "rack!=rack-1",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "044",
        "node 044",
        "score<10 or score<20 and 043",
        "rule!=xid",
        "rule!~h.*",
        "rule in (ecc_dbe)",
        "rack=rack-1",
        "not 043",
        "(score<10 or 043) and score>90",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn a_mistake_has_a_place_and_a_remedy() {
    for (text, at, why) in [
        ("score<80 and hots=a", 13, "did you mean host?"),
        ("score<", 6, "compared with nothing"),
        ("score<80 and", 12, "missing here"),
        ("(score<80", 0, "not closed"),
        ("score<80)", 8, "does not belong"),
        ("host=\"a", 5, "does not end"),
        ("rule in xid", 8, "wants a list"),
        ("rule in (xid", 12, "closing bracket"),
        ("host=~(", 6, "compared with nothing"),
        ("host=~'('", 6, "no regular expression"),
        ("host<b", 5, "neither a number"),
        ("a ! b", 2, "! alone"),
        ("= 3", 0, "does not belong"),
    ] {
        let wrong = Filter::parse(text, &NAMES).unwrap_err();
        assert!(wrong.at == at && wrong.why.contains(why), "{text}: {} at {}", wrong.why, wrong.at);
    }
    assert!(Filter::parse(&"(".repeat(100_000), &NAMES).unwrap_err().why.contains("too many"));
    assert!(Filter::parse(&"not ".repeat(100_000), &NAMES).unwrap_err().why.contains("too many"));
}

#[test]
fn keeps_what_was_written() {
    assert_eq!(Filter::parse("  score<80 ", &NAMES).unwrap().text(), "score<80");
}
