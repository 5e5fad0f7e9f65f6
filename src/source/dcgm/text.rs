//! Texts of DCGM: arrays of C characters that end with a 0, and words that stand for "none".

use std::ffi::c_char;

use super::layout::codes::BLANK_TEXTS;

/// What stands before the first 0; what is not UTF-8 is shown as such.
pub(super) fn text(characters: &[c_char]) -> String {
    let bytes = characters.iter().map(|character| {
        // Signed on some machines, unsigned on others.
        let [byte] = character.to_ne_bytes();
        byte
    });
    let bytes: Vec<u8> = bytes.take_while(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a text stands for "none": `<<<NULL>>>` and the like, known ones and those to come.
pub(super) fn is_blank(text: &str) -> bool {
    BLANK_TEXTS.contains(&text) || (text.starts_with("<<<") && text.contains(">>>"))
}

/// A text that says something.
pub(super) fn said(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && !is_blank(text)).then(|| text.to_owned())
}

/// A bus id as events have it: a domain of four digits (eight only where it needs them), upper case.
pub(super) fn bus_id(text: &str) -> String {
    let upper = text.trim().to_ascii_uppercase();
    match upper.split_once(':') {
        Some((domain, rest)) if domain.len() == 8 && rest.contains(':') => {
            format!("{}:{rest}", domain.strip_prefix("0000").unwrap_or(domain))
        }
        _ => upper,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_at_the_first_0() {
        let bytes: Vec<c_char> = b"H100\0left".iter().map(|byte| c_char::from_ne_bytes([*byte])).collect();
        assert_eq!(text(&bytes), "H100");
        assert_eq!(text(&[]), "");
    }

    #[test]
    fn blanks_say_nothing() {
        for blank in ["<<<NULL>>>", "<<<NOT_SUPPORTED>>>", "<<<NEW_ONE>>>", "", "  "] {
            assert_eq!(said(blank), None, "{blank:?}");
        }
        assert_eq!(said(" NVIDIA H100 "), Some("NVIDIA H100".to_owned()));
    }

    #[test]
    fn bus_ids_have_a_domain_of_four_digits() {
        assert_eq!(bus_id("00000000:3b:00.0"), "0000:3B:00.0");
        assert_eq!(bus_id("00010000:3B:00.0"), "00010000:3B:00.0", "it would be another's");
        assert_eq!(bus_id("0000:3B:00.0"), "0000:3B:00.0");
    }
}
