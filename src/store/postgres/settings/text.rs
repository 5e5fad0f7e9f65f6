//! The string that names a server, taken apart: a URL or key=value, as libpq writes them. What it says is not judged here,
//! and not repeated: it may hold a password.

/// How it should look.
pub(super) const FORM: &str = "it is postgres://USER@HOST:PORT/DATABASE?KEY=VALUE or host=… dbname=…; in a URL write @ / : ? % of a password as %40 %2F %3A %3F %25";

/// An `@` where a host or a database stands is most likely a password's, and what stands around it the rest of that.
const AT: &str = "an @ stands where the host or the database should be";

/// A key and its value.
pub(super) type Pair = (String, String);

/// The pairs, in the order written.
pub(super) fn pairs(text: &str) -> Result<Vec<Pair>, String> {
    match super::behind_scheme(text) {
        Some(rest) => url(rest),
        None => key_value(text),
    }
}

/// What stands before the first `=`, where that is one word.
pub(super) fn first_key(text: &str) -> Option<&str> {
    let (key, _) = text.split_once('=')?;
    Some(key.trim()).filter(|key| !key.is_empty())
}

fn url(rest: &str) -> Result<Vec<Pair>, String> {
    let mut pairs = Vec::new();
    let mut say = |key: &str, value: String| pairs.push((key.to_owned(), value));
    // As libpq: a user stands before the first `@` that comes before any `/`.
    let head = rest.find('/').unwrap_or(rest.len());
    let at = rest.find('@').filter(|at| *at < head);
    let (login, rest) = at.map_or(("", rest), |at| rest.split_at(at));
    let rest = rest.strip_prefix('@').unwrap_or(rest);
    let (user, password) = login.split_once(':').map_or((login, None), |(user, password)| (user, Some(password)));
    if !user.is_empty() {
        say("user", decoded(user)?);
    }
    if let Some(password) = password.filter(|password| !password.is_empty()) {
        say("password", decoded(password)?);
    }
    let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, query)| (rest, query));
    let (hosts, database) = rest.split_once('/').map_or((rest, ""), |(hosts, database)| (hosts, database));
    if hosts.contains('@') || database.contains('@') {
        return Err(AT.to_owned());
    }
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for one in hosts.split(',').filter(|_| !hosts.is_empty()) {
        let (name, port) = host(one)?;
        names.push(decoded(name)?);
        ports.push(port.to_owned());
    }
    if names.iter().any(|name| !name.is_empty()) {
        say("host", names.join(","));
    }
    if ports.iter().any(|port| !port.is_empty()) {
        say("port", ports.join(","));
    }
    if !database.is_empty() {
        say("dbname", decoded(database)?);
    }
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').ok_or("a part after ? is not KEY=VALUE")?;
        match (decoded(key)?, decoded(value)?) {
            // JDBC's.
            (key, value) if key == "ssl" && value == "true" => say("sslmode", "require".to_owned()),
            (key, value) if value.contains('@') && super::keys::find(&key).is_none() => return Err(AT.to_owned()),
            (key, value) => say(&key, value),
        }
    }
    Ok(pairs)
}

/// A host and its port.
fn host(one: &str) -> Result<(&str, &str), String> {
    if let Some(rest) = one.strip_prefix('[') {
        let (name, rest) = rest.split_once(']').ok_or("an address in [ ] does not end")?;
        let port = rest.strip_prefix(':').unwrap_or_default();
        return if rest.is_empty() || rest.starts_with(':') {
            Ok((name, port))
        } else {
            Err("something stands behind an address in [ ]".to_owned())
        };
    }
    Ok(one.split_once(':').map_or((one, ""), |(name, port)| (name, port)))
}

/// A part of a URL without its percent signs.
fn decoded(part: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.filter(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match byte.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|byte| *byte != 0) {
            Some(byte) => bytes.push(byte),
            None => return Err("a % in the URL is not followed by two hexadecimal digits".to_owned()),
        }
        rest = rest.get(2..).unwrap_or_default();
    }
    String::from_utf8(bytes).map_err(|_| "the URL is not UTF-8".to_owned())
}

fn key_value(text: &str) -> Result<Vec<Pair>, String> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        // What has no `=` may be the rest of a password with a blank in it: it is not repeated.
        let (key, behind) = rest.split_once('=').ok_or("a word is not KEY=VALUE (quote a value with blanks: 'a b')")?;
        let key = key.trim_end();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err("a word is not KEY=VALUE (quote a value with blanks: 'a b')".to_owned());
        }
        let (value, behind) = value(behind.trim_start())?;
        pairs.push((key.to_owned(), value));
        rest = behind.trim_start();
    }
    Ok(pairs)
}

/// A value, and what stands behind it.
fn value(text: &str) -> Result<(String, &str), String> {
    let (quoted, body) = text.strip_prefix('\'').map_or((false, text), |body| (true, body));
    let (mut value, mut letters) = (String::new(), body.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            '\'' if quoted => return Ok((value, body.get(at + 1..).unwrap_or_default())),
            letter if !quoted && letter.is_whitespace() => return Ok((value, body.get(at..).unwrap_or_default())),
            letter => value.push(letter),
        }
    }
    if quoted { Err("a value in ' ' does not end".to_owned()) } else { Ok((value, "")) }
}
