//! Bytes to events and back: the seed's JSON, its additive fields, and a strict eye for what is not quite JSON.
//!
//! `serde_json` parses; the seeds in `decode` see every key and value, so that duplicate keys, wrong types, depth and
//! numbers beyond the range are found wherever they stand, also in fields gpuhm does not know. Everything wrong is
//! collected, not just the first; only a syntax error ends the reading. Decoding a plain event allocates nothing. What
//! looks exactly as gpuhm writes it goes the short way of `quick` first, which knows no fault and can find none.
//! What values *mean* (ranges, times) is for validation's rules.

mod blocks;
mod decode;
mod encode;
mod instant;
mod measures;
mod probe;
mod quick;
mod scalar;

pub use decode::Decoder;
pub use encode::{encode, replace_asset};
pub use probe::{Probe, probe};

/// Objects and arrays may nest this deep, the event itself counted. The seed needs 4.
pub const MAX_DEPTH: u8 = 32;

/// At most this many problems of one event are reported, so that a refusal is never larger than a bus takes.
pub const MAX_PROBLEMS: usize = 64;
/// At most this many XIDs an event may hold. A storm of thousands is one fault: its collector counts, it does not list.
pub const MAX_XIDS: usize = 256;

/// Why an event is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Id of the rule it breaks.
    pub rule: &'static str,
    /// Where: a path such as `metrics.health.gpu_temp_c`.
    pub field: String,
    /// What stands there, in short.
    pub value: String,
    /// One line for people.
    pub message: String,
}

/// The rules that decoding itself enforces: id and what it refuses.
pub const SYNTAX_RULES: [(&str, &str); 8] = [
    ("utf8", "bytes that are not UTF-8"),
    ("syntax", "bytes that are not one JSON object: bad syntax, NaN, trailing data, lone surrogates"),
    ("depth", "objects and arrays nested deeper than 32"),
    ("number", "a number beyond the range of a 64-bit float"),
    ("duplicate_key", "an object that names a key twice, also by escapes"),
    ("type", "a value of the wrong type; null where a block must be"),
    ("timestamp", "a time that is not RFC 3339 with a zone"),
    ("required", "a required field that is missing or null"),
];

/// What was wrong with the value of a field, while decoding.
fn problem(rule: &'static str, block: &str, key: &str, value: &str, message: &str) -> Problem {
    let field = if block.is_empty() { key.to_owned() } else { format!("{block}.{key}") };
    let shown: String = value.chars().take(64).collect();
    let message = if shown.is_empty() { format!("{field}: {message}") } else { format!("{field}: {message}: {shown}") };
    Problem { rule, field, value: shown, message }
}

#[cfg(test)]
mod tests;
