//! Reads JSON documents of the store with every number as it was written.
//!
//! `serde_json` reads decimals fast and sometimes one unit in the last place off. An alert that is read back and
//! published again must be the same alert, so decimals are read by the standard library here.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error as _};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

/// As deep as `serde_json` itself goes.
const DEPTH: u32 = 128;

/// Reads an object.
pub(crate) fn object(text: &str) -> serde_json::Result<BTreeMap<String, Value>> {
    members(text, DEPTH)
}

/// Reads a list.
pub(crate) fn list<T: DeserializeOwned>(text: &str) -> serde_json::Result<Vec<T>> {
    // What most lists of the store are.
    if text == "[]" {
        return Ok(Vec::new());
    }
    let items: Vec<&RawValue> = serde_json::from_str(text)?;
    items.into_iter().map(|item| serde_json::from_value(value(item, DEPTH)?)).collect()
}

fn members<M: FromIterator<(String, Value)>>(text: &str, depth: u32) -> serde_json::Result<M> {
    let raw: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
    raw.into_iter().map(|(key, raw)| Ok((key, value(raw, depth)?))).collect()
}

fn value(raw: &RawValue, depth: u32) -> serde_json::Result<Value> {
    let text = raw.get();
    let Some(left) = depth.checked_sub(1) else {
        return Err(serde_json::Error::custom("nested too deeply"));
    };
    Ok(match text.as_bytes().first() {
        Some(b'{') => Value::Object(members(text, left)?),
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            Value::Array(items.into_iter().map(|item| value(item, left)).collect::<serde_json::Result<_>>()?)
        }
        // PostgreSQL writes large decimals out, without a point.
        Some(b'-' | b'0'..=b'9') if text.contains(['.', 'e', 'E']) || beyond(text) => {
            let number = text.parse().ok().and_then(Number::from_f64);
            Value::Number(number.ok_or_else(|| serde_json::Error::custom("a number out of range"))?)
        }
        _ => serde_json::from_str(text)?,
    })
}

/// Whether a whole number is none of 64 bits.
fn beyond(text: &str) -> bool {
    text.parse::<i64>().is_err() && text.parse::<u64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".*".prop_map(Value::String),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::btree_map(".*", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn gives_back_what_was_written(map in prop::collection::btree_map(".*", document(), 0..4)) {
            prop_assert_eq!(object(&serde_json::to_string(&map).unwrap()).unwrap(), map);
        }
    }

    #[test]
    fn reads_large_decimals_written_out() {
        for number in [5e300, 1.797_693_134_862_315_7e308, 9.007_199_254_740_993e22, 2e19] {
            let text = format!("{{\"a\": {number:.0}, \"b\": [-{number:.0}]}}");
            let want = [("a".to_owned(), Value::from(number)), ("b".to_owned(), Value::from(vec![-number]))];
            assert_eq!(object(&text).unwrap(), want.into());
        }
        let ends = format!("{{\"a\": {}, \"b\": {}}}", u64::MAX, i64::MIN);
        let want = [("a".to_owned(), Value::from(u64::MAX)), ("b".to_owned(), Value::from(i64::MIN))];
        assert_eq!(object(&ends).unwrap(), want.into());
    }

    #[test]
    fn refuses_a_bottomless_document() {
        let text = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        assert!(object(&text).is_err());
    }
}
