//! The words of a filter expression, each with the character it begins at. Knows no field and no grammar.

use std::fmt;

use crate::event::matcher::{Op, Wrong};

/// One word of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    Comma,
    Op(Op),
    Word { text: String, quoted: bool },
}

impl Token {
    /// Whether it is this keyword, which a quoted word never is.
    pub(super) fn is_keyword(&self, word: &str) -> bool {
        matches!(self, Token::Word { text, quoted: false } if text.eq_ignore_ascii_case(word))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Open => f.write_str("("),
            Token::Close => f.write_str(")"),
            Token::Comma => f.write_str("a comma"),
            Token::Op(_) => f.write_str("a comparison"),
            Token::Word { text, .. } => f.write_str(text),
        }
    }
}

/// The comparisons, longest spelling first.
const OPS: [(&str, Op); 9] = [
    ("!=", Op::IsNot),
    ("=~", Op::Like),
    ("!~", Op::Unlike),
    ("<=", Op::AtMost),
    (">=", Op::AtLeast),
    ("==", Op::Is),
    ("=", Op::Is),
    ("<", Op::Less),
    (">", Op::More),
];

/// The words of `text`.
///
/// # Errors
/// Where a quotation does not end, or `!` stands alone.
pub(super) fn lex(text: &str) -> Result<Vec<(usize, Token)>, Wrong> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut at = 0;
    while let Some(c) = rest.chars().next() {
        let (token, chars) = match c {
            c if c.is_whitespace() => (None, 1),
            '(' => (Some(Token::Open), 1),
            ')' => (Some(Token::Close), 1),
            ',' => (Some(Token::Comma), 1),
            '"' | '\'' => quoted(rest, c, at)?,
            _ => match OPS.iter().find(|(word, _)| rest.starts_with(word)) {
                Some((word, op)) => (Some(Token::Op(*op)), word.chars().count()),
                None if c == '!' => return Err(Wrong { at, why: "! alone is no comparison: write != or !~".into() }),
                None => word(rest),
            },
        };
        tokens.extend(token.map(|token| (at, token)));
        at += chars;
        rest = rest.char_indices().nth(chars).and_then(|(byte, _)| rest.get(byte..)).unwrap_or_default();
    }
    Ok(tokens)
}

fn quoted(rest: &str, quote: char, at: usize) -> Result<(Option<Token>, usize), Wrong> {
    let inner: String = rest.chars().skip(1).take_while(|c| *c != quote).collect();
    let chars = inner.chars().count();
    if rest.chars().nth(chars + 1).is_none() {
        return Err(Wrong { at, why: "this quotation does not end".into() });
    }
    Ok((Some(Token::Word { text: inner, quoted: true }), chars + 2))
}

fn word(rest: &str) -> (Option<Token>, usize) {
    let ends = |c: &char| c.is_whitespace() || "(),=<>!\"'".contains(*c);
    let text: String = rest.chars().take_while(|c| !ends(c)).collect();
    let chars = text.chars().count();
    (Some(Token::Word { text, quoted: false }), chars)
}
