//! The file: where it is looked for, and what it says, each value with its line. Which keys there are stands in
//! [`super::keys`]; what a value means says the flag whose default it becomes. No message repeats a value that may be secret.

use std::ffi::OsString;
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use gpuhm::event::matcher::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key, PROPERTIES, find};
use crate::exit::Failure;

/// Bytes of a file at most (J).
const LARGEST: u64 = 1 << 20;
/// Where every user's is.
pub(crate) const SYSTEM: &str = "/etc/gpuhm/gpuhm.toml";
/// Below the XDG configuration directory.
const PERSON: &str = "gpuhm/gpuhm.toml";
/// What names it.
pub(crate) const VARIABLE: &str = "GPUHM_CONFIG";

/// One value of a file.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) key: &'static Key,
    /// As text, as it would stand behind the flag.
    pub(crate) values: Vec<String>,
    /// Whether it was a list.
    pub(crate) list: bool,
    /// The line, from 1.
    pub(crate) line: usize,
}

/// One setting of Kafka clients.
#[derive(Clone)]
pub(crate) struct Property {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) line: usize,
}

/// A file that was read.
#[derive(Clone)]
pub(crate) struct Contents {
    pub(crate) path: PathBuf,
    /// Permissions, as in `chmod`.
    pub(crate) mode: u32,
    pub(crate) lines: Vec<Given>,
    pub(crate) properties: Vec<Property>,
}

fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Where a person's file is.
pub(crate) fn personal() -> Option<PathBuf> {
    let xdg = environment("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    xdg.or_else(|| environment("HOME").map(|home| PathBuf::from(home).join(".config"))).map(|base| base.join(PERSON))
}

/// The file that counts: the one that was named, else the first that is there.
pub(crate) fn place(named: Option<PathBuf>) -> Option<PathBuf> {
    let there = |path: &PathBuf| !matches!(path.try_exists(), Ok(false));
    named.or_else(|| personal().into_iter().chain([PathBuf::from(SYSTEM)]).find(there))
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Contents, Failure> {
    let (text, mode) = text(path)?;
    let at = At { path, text: &text };
    let document = DeTable::parse(&text).map_err(|error| {
        let place = error.span().map_or_else(|| path.display().to_string(), |span| at.place(&span));
        Failure::usage(format!("{place}: {}", error.message().lines().collect::<Vec<_>>().join(": ")))
            .hint("strings stand in quotation marks: interval = \"10s\"; `gpuhm doctor --init` writes an example")
    })?;
    let mut read = Contents { path: path.to_owned(), mode, lines: Vec::new(), properties: Vec::new() };
    at.table(document.get_ref(), "", &mut read)?;
    read.lines.sort_by_key(|line| line.line);
    Ok(read)
}

fn text(path: &Path) -> Result<(String, u32), Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::usage(format!("configuration file {}: {why}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| {
        let failure = wrong(&error);
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => failure
                .hint(format!("join its group, or name another with --config FILE or {VARIABLE} (/dev/null is none)")),
            std::io::ErrorKind::NotFound => failure.hint("`gpuhm doctor --init` writes an example"),
            _ => failure,
        }
    })?;
    let data = file.metadata().map_err(|error| wrong(&error))?;
    if data.is_dir() {
        return Err(wrong(&"is a directory").hint("name the file in it"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| wrong(&error))?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read > LARGEST) {
        return Err(wrong(&format!("larger than {LARGEST} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let upto = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(upto).filter(|byte| **byte == b'\n').count() + 1;
        wrong(&format!("line {line} is not UTF-8"))
    })?;
    // A device or a pipe is nobody's file.
    Ok((text, if data.is_file() { data.mode() & 0o7777 } else { 0 }))
}

/// What a place in the text is called.
struct At<'t> {
    path: &'t Path,
    text: &'t str,
}

impl At<'_> {
    fn line(&self, span: &Range<usize>) -> usize {
        self.before(span).matches('\n').count() + 1
    }

    fn before(&self, span: &Range<usize>) -> &str {
        self.text.get(..span.start).unwrap_or(self.text)
    }

    /// File, line and column.
    fn place(&self, span: &Range<usize>) -> String {
        let column = self.before(span).rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        format!("{}:{}:{column}", self.path.display(), self.line(span))
    }

    /// Takes in a table whose keys begin with `above`.
    fn table(&self, table: &DeTable<'_>, above: &str, to: &mut Contents) -> Result<(), Failure> {
        for (name, value) in table {
            let path =
                if above.is_empty() { name.get_ref().to_string() } else { format!("{above}.{}", name.get_ref()) };
            match (value.get_ref(), find(&path)) {
                (DeValue::Table(below), Some(key)) if key.path == PROPERTIES => self.properties(below, "", to)?,
                (_, Some(key)) if key.path == PROPERTIES => {
                    return Err(self.wrong(value, &path, "is a table: [kafka.properties]"));
                }
                (DeValue::Table(below), None) if is_section(&path) => self.table(below, &path, to)?,
                (_, None) if is_section(&path) => {
                    return Err(self.wrong(value, &path, &format!("is a section: [{path}]")));
                }
                (DeValue::Table(_), Some(_)) => return Err(self.wrong(value, &path, "takes a value, not a table")),
                (value, Some(key)) => {
                    let (values, list) = self.values(value, &path, name)?;
                    to.lines.push(Given { key, values, list, line: self.line(&name.span()) });
                }
                (_, None) => return Err(self.unknown(name, &path, above)),
            }
        }
        Ok(())
    }

    /// Takes in settings of Kafka clients. A name that is not in quotation marks is a table in a table.
    fn properties(&self, table: &DeTable<'_>, above: &str, to: &mut Contents) -> Result<(), Failure> {
        for (name, value) in table {
            let key = if above.is_empty() { name.get_ref().to_string() } else { format!("{above}.{}", name.get_ref()) };
            if let DeValue::Table(below) = value.get_ref() {
                self.properties(below, &key, to)?;
                continue;
            }
            let path = format!("{PROPERTIES}.{key}");
            let value = scalar(value.get_ref()).ok_or_else(|| self.wrong(value, &path, "takes one value"))?;
            to.properties.push(Property { key, value, line: self.line(&name.span()) });
        }
        Ok(())
    }

    fn values(
        &self,
        value: &DeValue<'_>,
        path: &str,
        name: &Spanned<impl AsRef<str>>,
    ) -> Result<(Vec<String>, bool), Failure> {
        let wrong = |what: &str| Failure::usage(format!("{path} in {}: {what}", self.place(&name.span())));
        match value {
            DeValue::Array(list) => {
                let values = list.iter().map(|value| scalar(value.get_ref())).collect::<Option<Vec<_>>>();
                values.map(|values| (values, true)).ok_or_else(|| wrong("a list of text, numbers or true and false"))
            }
            value => scalar(value).map(|value| (vec![value], false)).ok_or_else(|| wrong("takes a value, not a table")),
        }
    }

    fn wrong(&self, value: &Spanned<DeValue<'_>>, path: &str, why: &str) -> Failure {
        Failure::usage(format!("{path} in {}: {why}", self.place(&value.span())))
    }

    fn unknown(&self, name: &Spanned<impl AsRef<str>>, path: &str, above: &str) -> Failure {
        let failure = Failure::usage(format!("{}: unknown key {path}", self.place(&name.span())));
        match near(path, above) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint("`gpuhm doctor --config` lists every key"),
        }
    }
}

fn is_section(path: &str) -> bool {
    KEYS.iter().any(|key| key.section() == path)
}

/// The key that was most likely meant.
fn near(path: &str, above: &str) -> Option<String> {
    let leaf = path.rsplit('.').next().unwrap_or(path);
    let here: Vec<&str> = KEYS.iter().filter(|key| key.section() == above).map(Key::name).collect();
    let dotted = |name: &str| if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") };
    if let Some(name) = nearest(leaf, &here) {
        return Some(dotted(name));
    }
    let sections: Vec<&str> = KEYS.iter().map(Key::section).filter(|section| !section.is_empty()).collect();
    if above.is_empty()
        && let Some(section) = nearest(leaf, &sections)
    {
        return Some(format!("[{section}]"));
    }
    // In another section by this very name.
    KEYS.iter().find(|key| key.name() == leaf).map(|key| key.path.to_owned())
}

/// A value as text.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok()?.to_string(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) | DeValue::Table(_) => return None,
    })
}
