//! Bytes to events and back.

use super::Event;

/// Why an event is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Id of the rule it breaks.
    pub rule: &'static str,
    /// Where: a path such as `metrics.health.gpu_temp_c`.
    pub field: String,
    /// What stands there.
    pub value: String,
    /// One line for people.
    pub message: String,
}

/// Decodes events; its scratch space is used again, so that decoding a plain event allocates nothing.
#[derive(Debug, Default)]
pub struct Decoder {}

impl Decoder {
    /// Decodes one event. What is wrong with it is added to `problems`; `None` where it is no JSON object at all.
    pub fn decode<'a>(&mut self, _bytes: &'a [u8], _problems: &mut Vec<Problem>) -> Option<Event<'a>> {
        None
    }
}

/// Appends an event as JSON.
pub fn encode(_event: &Event<'_>, _out: &mut Vec<u8>) {}
