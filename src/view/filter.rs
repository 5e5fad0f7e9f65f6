//! Filter expressions: `rack=rack-14 and score<80`, `not rule in (hbm_temp, xid)`, or a bare word that occurs anywhere.
//!
//! `expr := expr or expr | expr and expr | not expr | (expr) | field op value | field in (v, …) | word`; words side by
//! side mean `and`. The comparisons are the matchers'. A mistake has a place, and an unknown field is one, never a silent
//! "nothing matches". Knows no GPU and no screen: what is filtered says which fields it has.

mod lexer;

use crate::event::Matcher;
use crate::event::matcher::{Field, FieldsOf, Op, Wrong, nearest};
use lexer::{Token, lex};

/// What a filter is asked about.
pub trait Subject: FieldsOf {
    /// The values of a field that may have several; absent where it has one.
    fn several(&self, name: &str) -> Option<Vec<Field<'_>>>;

    /// Whether a word, in lower case, occurs in what names the thing.
    fn mentions(&self, word: &str) -> bool;
}

/// An expression that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    text: String,
    node: Node,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Or(Vec<Node>),
    And(Vec<Node>),
    Not(Box<Node>),
    Atom(Matcher),
    Word(String),
}

impl Filter {
    /// Reads an expression over the fields `names`.
    ///
    /// # Errors
    /// What is wrong and at which character.
    pub fn parse(text: &str, names: &[&str]) -> Result<Filter, Wrong> {
        let tokens = lex(text)?;
        let end = text.chars().count();
        let mut reader = Reader { tokens: &tokens, names, end, depth: 0 };
        let node = reader.or()?;
        match reader.tokens.first() {
            None => Ok(Filter { text: text.trim().to_owned(), node }),
            Some((at, token)) => Err(wrong(*at, format!("{token} does not belong here"))),
        }
    }

    /// The expression as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a thing matches.
    #[must_use]
    pub fn matches(&self, thing: &dyn Subject) -> bool {
        self.node.matches(thing)
    }
}

/// One value, as what a matcher can be held against.
struct One<'a>(&'a Field<'a>);

impl FieldsOf for One<'_> {
    fn value(&self, _: &str) -> Field<'_> {
        self.0.clone()
    }
}

impl Node {
    fn matches(&self, thing: &dyn Subject) -> bool {
        match self {
            Node::Or(nodes) => nodes.iter().any(|node| node.matches(thing)),
            Node::And(nodes) => nodes.iter().all(|node| node.matches(thing)),
            Node::Not(node) => !node.matches(thing),
            Node::Word(word) => thing.mentions(word),
            Node::Atom(matcher) => match thing.several(&matcher.field) {
                None => matcher.matches_subject(thing),
                // `rule!=xid` means that none of its rules is xid, as `rule=xid` means that one is.
                Some(values) if matches!(matcher.op, Op::IsNot | Op::Unlike) => {
                    values.iter().all(|value| matcher.matches(&One(value)))
                }
                Some(values) => values.iter().any(|value| matcher.matches(&One(value))),
            },
        }
    }
}

/// A matcher held against a subject.
trait Held {
    fn matches_subject(&self, thing: &dyn Subject) -> bool;
}

impl Held for Matcher {
    fn matches_subject(&self, thing: &dyn Subject) -> bool {
        self.matches(&One(&thing.value(&self.field)))
    }
}

fn wrong(at: usize, why: impl Into<String>) -> Wrong {
    Wrong { at, why: why.into() }
}

struct Reader<'t> {
    tokens: &'t [(usize, Token)],
    names: &'t [&'t str],
    end: usize,
    depth: usize,
}

/// Brackets and `not`s within each other (J): more is no filter but an attack on the stack.
const DEEPEST: usize = 32;

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t Token> {
        self.tokens.first().map(|(_, token)| token)
    }

    fn at(&self) -> usize {
        self.tokens.first().map_or(self.end, |(at, _)| *at)
    }

    fn next(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(&first.1)
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is_keyword(word));
        if found {
            self.next();
        }
        found
    }

    fn or(&mut self) -> Result<Node, Wrong> {
        let mut nodes = vec![self.and()?];
        while self.keyword("or") {
            nodes.push(self.and()?);
        }
        Ok(one_or(nodes, Node::Or))
    }

    fn and(&mut self) -> Result<Node, Wrong> {
        let mut nodes = vec![self.not()?];
        loop {
            let said = self.keyword("and");
            let goes_on = match self.peek() {
                None | Some(Token::Close) => false,
                Some(token) => !token.is_keyword("or"),
            };
            if !said && !goes_on {
                return Ok(one_or(nodes, Node::And));
            }
            nodes.push(self.not()?);
        }
    }

    fn not(&mut self) -> Result<Node, Wrong> {
        let at = self.at();
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(wrong(at, "too many brackets within each other"));
        }
        let node = if self.keyword("not") { Node::Not(Box::new(self.not()?)) } else { self.atom()? };
        self.depth -= 1;
        Ok(node)
    }

    fn atom(&mut self) -> Result<Node, Wrong> {
        let at = self.at();
        match self.next() {
            Some(Token::Open) => {
                let node = self.or()?;
                match self.next() {
                    Some(Token::Close) => Ok(node),
                    _ => Err(wrong(at, "this bracket is not closed")),
                }
            }
            Some(Token::Word { text, quoted }) => self.word(at, text, *quoted),
            Some(token) => Err(wrong(at, format!("{token} does not belong here: a field or a word does"))),
            None => Err(wrong(at, "a field or a word is missing here")),
        }
    }

    fn word(&mut self, at: usize, text: &str, quoted: bool) -> Result<Node, Wrong> {
        match self.peek() {
            Some(Token::Op(op)) if !quoted => {
                self.next();
                let value_at = self.at();
                match self.next() {
                    Some(Token::Word { text: value, .. }) => self.matcher((at, text), *op, (value_at, value)),
                    _ => Err(wrong(value_at, format!("{text} is compared with nothing"))),
                }
            }
            Some(token) if !quoted && token.is_keyword("in") => {
                self.next();
                self.list(at, text)
            }
            _ => Ok(Node::Word(text.to_lowercase())),
        }
    }

    fn list(&mut self, at: usize, field: &str) -> Result<Node, Wrong> {
        let open = self.at();
        if !matches!(self.next(), Some(Token::Open)) {
            return Err(wrong(open, format!("{field} in wants a list: (one, other)")));
        }
        let mut nodes = Vec::new();
        loop {
            let value_at = self.at();
            match self.next() {
                Some(Token::Word { text, .. }) => nodes.push(self.matcher((at, field), Op::Is, (value_at, text))?),
                Some(Token::Comma) if !nodes.is_empty() => {}
                Some(Token::Close) if !nodes.is_empty() => return Ok(one_or(nodes, Node::Or)),
                _ => return Err(wrong(value_at, "a value or a closing bracket is missing here")),
            }
        }
    }

    fn matcher(&self, (at, field): (usize, &str), op: Op, (value_at, value): (usize, &str)) -> Result<Node, Wrong> {
        if !self.names.contains(&field) {
            let near = nearest(field, self.names).map(|name| format!(": did you mean {name}?")).unwrap_or_default();
            return Err(wrong(at, format!("there is no field {field}{near}")));
        }
        Matcher::new(field, op, value, self.names).map(Node::Atom).map_err(|why| wrong(value_at, why))
    }
}

/// The node itself where it is alone.
fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match (nodes.len(), nodes.pop()) {
        (1, Some(node)) => node,
        (_, last) => {
            nodes.extend(last);
            many(nodes)
        }
    }
}

#[cfg(test)]
mod tests;
