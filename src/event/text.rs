//! Characters that are not text: what could act on a terminal, hide, or turn what follows around.
//!
//! Identities may not hold them, and views write them out; both ask here, so that neither forgets one.

/// Whether a text holds none of them.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.chars().any(acts)
}

/// Whether a character is a control character, invisible, or changes the direction of what follows.
#[must_use]
pub fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}
