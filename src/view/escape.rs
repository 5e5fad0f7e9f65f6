//! Text from the wire made safe for a terminal: control characters cannot move the cursor, ring or recolour.

use std::borrow::Cow;

use crate::event::text::{acts, is_plain};

/// The text with such characters written as `\u{…}`.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let safe = |c: char| if acts(c) { format!("\\u{{{:x}}}", u32::from(c)) } else { c.to_string() };
    Cow::Owned(text.chars().map(safe).collect())
}

/// JSON with such characters written as JSON's own escapes, and on one line: they can only stand in its strings, line
/// ends only between its tokens. The value is the same.
#[must_use]
pub fn json_line(json: &str) -> String {
    // All of them lie in the basic plane: one unit of four digits each.
    let safe = |c: char| match c {
        '\n' | '\r' | '\t' => " ".to_owned(),
        c if acts(c) => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    if is_plain(json) { json.to_owned() } else { json.chars().map(safe).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_is_shown_not_sent() {
        assert_eq!(escaped("a\u{1b}[2Jb\u{202e}"), "a\\u{1b}[2Jb\\u{202e}");
        assert_eq!(escaped("GPU 3 · 65 °C"), "GPU 3 · 65 °C");
    }

    #[test]
    fn json_keeps_its_value() {
        let json = "{\n\"a\": \"x\u{9b}y\u{202e}z\"}";
        let line = json_line(json);
        assert_eq!(line, "{ \"a\": \"x\\u009by\\u202ez\"}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&line), value(json));
    }
}
