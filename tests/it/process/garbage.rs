//! Lines that are no good events, each with the rule that must refuse it.

use serde_json::{Value, json};

/// A change to a good event.
type Spoil = fn(&mut Value);

const SPOILT: [(&str, Spoil); 16] = [
    ("required", |event| drop(remove(event, "schema_version"))),
    ("required", |event| drop(remove(event, "event_type"))),
    ("required", |event| drop(remove(event, "timestamp"))),
    ("required", |event| drop(remove(event, "gpu"))),
    ("required", |event| drop(remove(event, "metrics"))),
    ("type", |event| event["gpu"] = Value::Null),
    ("type", |event| event["metrics"] = json!(3)),
    ("type", |event| event["metrics"]["health"]["gpu_temp_c"] = json!("hot")),
    ("identity", |event| event["gpu"]["gpu_uuid"] = json!("")),
    ("identity", |event| event["gpu"]["gpu_uuid"] = json!("x".repeat(200))),
    ("clock_skew", |event| event["timestamp"] = json!("2099-01-01T00:00:00Z")),
    ("timestamp", |event| event["timestamp"] = json!("yesterday")),
    ("schema", |event| event["schema_version"] = json!("2.0")),
    ("range", |event| event["metrics"]["health"]["gpu_temp_c"] = json!(900)),
    ("power_limit", |event| event["metrics"]["health"]["power_usage_w"] = json!(1500)),
    ("interval", |event| event["quality"]["interval_ms"] = json!(-1)),
];

fn remove(event: &mut Value, key: &str) -> Option<Value> {
    event.as_object_mut()?.remove(key)
}

/// Lines and their rules, made from a good event.
pub(crate) fn lines(good: &str) -> Vec<(&'static str, Vec<u8>)> {
    let event: Value = serde_json::from_str(good).unwrap();
    let mut lines: Vec<(&str, Vec<u8>)> = Vec::new();
    for (rule, spoil) in SPOILT {
        let mut event = event.clone();
        spoil(&mut event);
        lines.push((rule, event.to_string().into_bytes()));
    }
    let open = good.strip_suffix('}').unwrap();
    let nested = "[".repeat(40) + &"]".repeat(40);
    let texts = [
        ("syntax", "{\"a\":".to_owned()),
        ("syntax", "no json at all".to_owned()),
        ("type", "[1, 2]".to_owned()),
        ("type", "null".to_owned()),
        ("required", "{}".to_owned()),
        ("syntax", format!("{good} and more")),
        ("syntax", good.replace("\"gpu_temp_c\":", "\"gpu_temp_c\":NaN,\"x\":")),
        ("number", good.replace("\"power_usage_w\":", "\"power_usage_w\":1e999,\"x\":")),
        ("depth", format!("{open},\"deep\":{nested}}}")),
        ("depth", nested.clone()),
        ("duplicate_key", format!("{open},\"gpu\":{{}}}}")),
        ("size", format!("{open},\"pad\":\"{}\"}}", "x".repeat(1 << 20))),
    ];
    lines.extend(texts.into_iter().map(|(rule, text)| (rule, text.into_bytes())));
    lines.push(("utf8", b"{\"a\": \"\xff\xfe\"}".to_vec()));
    lines.push(("syntax", vec![0, 1, 2]));
    lines
}
