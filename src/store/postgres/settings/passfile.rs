//! The password file: `host:port:database:user:password` a line, as libpq reads it. One that others may read is refused.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Target, unusable};
use crate::store::StoreError;

/// Bytes of it at most.
const LARGEST: u64 = 1 << 20;
/// Permissions that only its owner has.
const OTHERS: u32 = 0o077;

/// Its text; `None` where there is no such file.
pub(super) fn text(path: &Path) -> Result<Option<String>, StoreError> {
    let wrong = |why: String, hint: Option<&str>| unusable(format!("password file {}: {why}", path.display()), hint);
    let data = match path.metadata() {
        Ok(data) => data,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error.to_string(), Some("its user must be able to read it"))),
    };
    if !data.is_file() {
        return Err(wrong("it is not a plain file".to_owned(), None));
    }
    if data.mode() & OTHERS != 0 {
        let hint = format!("chmod 0600 {}", path.display());
        return Err(wrong(format!("others may read it (mode {:04o})", data.mode() & 0o7777), Some(&hint)));
    }
    if data.len() > LARGEST {
        return Err(wrong(format!("larger than {LARGEST} bytes"), None));
    }
    let text = std::fs::read_to_string(path);
    Ok(Some(text.map_err(|error| wrong(error.to_string(), Some("its user must be able to read it")))?))
}

/// The password for one server: of the first line that fits.
pub(super) fn password(text: &str, target: &Target, database: &str, user: &str) -> Option<String> {
    let port = target.port.to_string();
    let sought = [host(target), port.as_str(), database, user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line;
        for wanted in sought {
            let (field, behind) = field(rest)?;
            if field != "*" && unescaped(field) != wanted {
                return None;
            }
            rest = behind;
        }
        Some(unescaped(rest)).filter(|password| !password.is_empty())
    })
}

/// What a host is called there: a socket where sockets usually are is this machine.
fn host(target: &Target) -> &str {
    if super::build::SOCKETS.contains(&target.host.as_str()) { "localhost" } else { &target.host }
}

/// A field as written, and what stands behind its colon.
fn field(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b':' => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

fn unescaped(field: &str) -> String {
    let (mut plain, mut letters) = (String::with_capacity(field.len()), field.chars());
    while let Some(letter) = letters.next() {
        plain.push(if letter == '\\' { letters.next().unwrap_or('\\') } else { letter });
    }
    plain
}
