//! What Python's `json.loads` makes of bytes, as far as the seed's validator can tell the difference.
//!
//! It is laxer than JSON: NaN and infinities, numbers beyond a float's range, lone surrogates, a key's last value.
//! Strings are compared with ASCII only, so escapes beyond it become a question mark each.

/// Python's recursion limit, of which the caller has used a little.
const RECURSION: usize = 990;

/// A Python value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Py {
    None,
    Bool(bool),
    Number(f64),
    Str(String),
    List(Vec<Py>),
    Dict(Vec<(String, Py)>),
}

impl Py {
    /// What it is.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Py::None => "NoneType",
            Py::Bool(_) => "bool",
            Py::Number(_) => "number",
            Py::Str(_) => "str",
            Py::List(_) => "list",
            Py::Dict(_) => "dict",
        }
    }

    /// The value of a key: of two, the last.
    pub(crate) fn get(&self, key: &str) -> Option<&Py> {
        match self {
            Py::Dict(entries) => entries.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }
}

/// `json.loads(bytes.decode('utf-8'))`; the name of what it raises where it does.
pub(crate) fn loads(bytes: &[u8]) -> Result<Py, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "UnicodeDecodeError")?;
    let mut parser = Parser { rest: text };
    let value = parser.value(0)?;
    parser.blank();
    if parser.rest.is_empty() { Ok(value) } else { Err(BROKEN) }
}

const BROKEN: &str = "JSONDecodeError";

struct Parser<'t> {
    rest: &'t str,
}

impl Parser<'_> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn eat(&mut self, word: &str) -> bool {
        self.rest.strip_prefix(word).is_some_and(|rest| {
            self.rest = rest;
            true
        })
    }

    fn value(&mut self, depth: usize) -> Result<Py, &'static str> {
        if depth > RECURSION {
            return Err("RecursionError");
        }
        self.blank();
        let words = [
            ("null", Py::None),
            ("true", Py::Bool(true)),
            ("false", Py::Bool(false)),
            ("NaN", Py::Number(f64::NAN)),
            ("Infinity", Py::Number(f64::INFINITY)),
            ("-Infinity", Py::Number(f64::NEG_INFINITY)),
        ];
        match self.rest.as_bytes().first() {
            Some(b'{') => self.dict(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Py::Str),
            Some(b'0'..=b'9') => self.number(),
            Some(b'-') if !self.rest.starts_with("-I") => self.number(),
            _ => words.into_iter().find(|(word, _)| self.eat(word)).map(|(_, value)| value).ok_or(BROKEN),
        }
    }

    fn number(&mut self) -> Result<Py, &'static str> {
        let end = self.rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
        let (text, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        let whole = text.trim_start_matches('-').split(['.', 'e', 'E']).next().unwrap_or_default();
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) || text.ends_with(['.', 'e', 'E', '-', '+'])
        {
            return Err(BROKEN);
        }
        text.parse().map(Py::Number).map_err(|_| BROKEN)
    }

    fn string(&mut self) -> Result<String, &'static str> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return Ok(text);
                }
                '\\' => {
                    let (_, escape) = chars.next().ok_or(BROKEN)?;
                    match escape {
                        'u' => {
                            let digits: String = chars.by_ref().take(4).map(|(_, digit)| digit).collect();
                            let code = u32::from_str_radix(&digits, 16).map_err(|_| BROKEN)?;
                            text.push(char::from_u32(code).unwrap_or('?'));
                        }
                        '"' | '\\' | '/' => text.push(escape),
                        'b' | 'f' | 'n' | 'r' | 't' => text.push(' '),
                        _ => return Err(BROKEN),
                    }
                }
                '\0'..'\x20' => return Err(BROKEN),
                _ => text.push(char),
            }
        }
        Err(BROKEN)
    }

    fn list(&mut self, depth: usize) -> Result<Py, &'static str> {
        self.eat("[");
        let mut items = Vec::new();
        self.blank();
        if self.eat("]") {
            return Ok(Py::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blank();
            if self.eat("]") {
                return Ok(Py::List(items));
            }
            if !self.eat(",") {
                return Err(BROKEN);
            }
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Py, &'static str> {
        self.eat("{");
        let mut entries = Vec::new();
        self.blank();
        if self.eat("}") {
            return Ok(Py::Dict(entries));
        }
        loop {
            self.blank();
            if !self.rest.starts_with('"') {
                return Err(BROKEN);
            }
            let key = self.string()?;
            self.blank();
            if !self.eat(":") {
                return Err(BROKEN);
            }
            entries.push((key, self.value(depth + 1)?));
            self.blank();
            if self.eat("}") {
                return Ok(Py::Dict(entries));
            }
            if !self.eat(",") {
                return Err(BROKEN);
            }
        }
    }
}
