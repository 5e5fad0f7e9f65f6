//! A properties file: lines of `key=value` as Java and kcat have them. What is in it is cut apart here; what a key means
//! is said in [`super::java`]. A line that cannot be read is named by its number only: it may hold a password.

use super::entry::{Entry, Origin, is_key};
use super::error::SettingsError;

/// Largest file, in bytes.
pub const LARGEST: u64 = 1 << 20;

/// Cuts the text of `file` apart; later lines are later entries.
///
/// # Errors
/// Where a line is no setting.
pub(super) fn entries(file: &str, text: &str) -> Result<Vec<Entry>, SettingsError> {
    let mut found = Vec::new();
    for (line, logical) in lines(text) {
        let origin = || Origin::File { file: file.to_owned(), line };
        let syntax = |why: &str| SettingsError::Syntax { origin: origin(), why: why.to_owned() };
        let Some((key, value)) = cut(&logical) else { return Err(syntax("not key=value")) };
        let (key, value) = (unescaped(key), unescaped(value));
        let (Some(key), Some(value)) = (key, value) else { return Err(syntax("\\u is followed by four hex digits")) };
        if !is_key(&key) {
            return Err(syntax("not key=value"));
        }
        found.push(Entry::new(key, value, origin()));
    }
    Ok(found)
}

/// Lines with their numbers from 1: without comments and empty ones, and joined where one goes on in the next.
fn lines(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start_matches([' ', '\t', '\x0c']);
        if !open && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        let goes_on = line.len() - line.trim_end_matches('\\').len();
        let (part, more) = match line.strip_suffix('\\') {
            Some(part) if goes_on % 2 == 1 => (part, true),
            _ => (line, false),
        };
        match found.last_mut() {
            Some((_, last)) if open => last.push_str(part),
            _ => found.push((at + 1, part.to_owned())),
        }
        open = more;
    }
    found
}

/// Key and value, both still escaped: what divides them is the first `=`, `:` or white space, with white space about it.
fn cut(line: &str) -> Option<(&str, &str)> {
    let white = [' ', '\t', '\x0c'];
    let mut escaped = false;
    let end = line.find(|c: char| {
        let divides = !escaped && (c == '=' || c == ':' || white.contains(&c));
        escaped = c == '\\' && !escaped;
        divides
    })?;
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start_matches(white);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    Some((key, rest.trim_start_matches(white)))
}

/// Without escapes; `None` where `\u` is not followed by four hex digits.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\x0c'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let code = if digits.len() == 4 { u32::from_str_radix(&digits, 16).ok() } else { None };
                out.push(code.and_then(char::from_u32)?);
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String, String)> {
        let entries = entries("f", text).unwrap();
        entries.into_iter().map(|entry| (entry.key, entry.value, entry.origin.to_string())).collect()
    }

    fn pair(key: &str, value: &str, line: usize) -> (String, String, String) {
        (key.to_owned(), value.to_owned(), format!("f:{line}"))
    }

    #[test]
    fn lines_as_java_has_them() {
        let text = "# one\n  ! two = 2\n\na=1\r\n b : 2\nc\t3\n d.e = x = y # no comment\nf=\n";
        let want = [
            pair("a", "1", 4),
            pair("b", "2", 5),
            pair("c", "3", 6),
            pair("d.e", "x = y # no comment", 7),
            pair("f", "", 8),
        ];
        assert_eq!(pairs(text), want);
    }

    #[test]
    fn lines_go_on_and_escapes_go() {
        let text = "a=1\\\n   2\\\n#3\nb=x\\\\\nc=\\u00e9\\t\\n\\:\\=\\q\\\"\nd=end\\";
        let want = [pair("a", "12#3", 1), pair("b", "x\\", 4), pair("c", "é\t\n:=q\"", 5), pair("d", "end", 6)];
        assert_eq!(pairs(text), want);
    }

    #[test]
    fn what_is_no_setting_is_named_by_its_line() {
        for text in ["a=1\nhunter2\n", "a=1\n=hunter2", "a=1\nhunter2 \\u00g0", "a=1\nhun/ter2=3"] {
            let said = entries("f", text).unwrap_err();
            assert!(said.to_string().starts_with("f:2: "), "{said}");
            assert!(!format!("{said} {said:?}").contains("hun"), "{said}");
        }
    }
}
