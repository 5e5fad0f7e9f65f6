//! `sasl.jaas.config`: user and password out of the line that names a login module. Nothing of the line is ever repeated.

use super::{Layer, Translated, is_provided};
use crate::bus::kafka::settings::entry::Entry;
use crate::bus::kafka::settings::error::SettingsError;

/// A login module's class and its options.
#[derive(PartialEq, Eq)]
struct Login {
    module: String,
    options: Vec<(String, String)>,
}

/// Takes `sasl.jaas.config` out of a layer and puts user and password in its place.
pub(super) fn take(layer: &mut Layer, out: &mut Translated) -> Result<(), SettingsError> {
    let Some(entry) = layer.take("sasl.jaas.config") else { return Ok(()) };
    let shape = "read as MODULE required username=\"USER\" password=\"PASSWORD\";";
    let Some(login) = parsed(&entry.value) else {
        return Err(entry.wrong(format!("not understood; it is {shape}"), None));
    };
    let class = login.module.rsplit('.').next().unwrap_or_default();
    match class {
        "PlainLoginModule" | "ScramLoginModule" => {}
        "Krb5LoginModule" => {
            return Err(entry.wrong("this build is without Kerberos", Some(super::super::login::NO_KERBEROS)));
        }
        "OAuthBearerLoginModule" => {
            return Err(entry.wrong("OAuth logins are not read from it", Some(super::super::login::NO_OIDC)));
        }
        _ => return Err(entry.wrong("a login module other than PlainLoginModule and ScramLoginModule", None)),
    }
    for (option, key) in [("username", "sasl.username"), ("password", "sasl.password")] {
        let Some((_, value)) = login.options.iter().find(|(name, _)| name == option) else { continue };
        if is_provided(value) {
            let hint = "put the password in a file of its own and name it with sasl.password.file=PATH";
            return Err(entry.wrong(format!("{option} comes from a Java config provider (${{…}})"), Some(hint)));
        }
        // What is said outright counts more.
        if layer.value(key).is_none() {
            out.entries.push(Entry::new(key, value, entry.origin.clone()));
        }
    }
    Ok(())
}

/// Cuts `MODULE FLAG name=value …;` apart.
fn parsed(text: &str) -> Option<Login> {
    let mut words = words(text)?.into_iter();
    let module = words.next()?;
    let flag = words.next()?;
    if !["required", "requisite", "sufficient", "optional"].contains(&flag.to_ascii_lowercase().as_str()) {
        return None;
    }
    let options: Option<Vec<_>> =
        words.map(|word| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))).collect();
    Some(Login { module, options: options? })
}

/// Words up to the semicolon, without quotes; a backslash in quotes takes the next character as it is.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ';' => {
                if !word.is_empty() {
                    words.push(word);
                }
                return chars.as_str().trim().is_empty().then_some(words);
            }
            '"' | '\'' => loop {
                match chars.next()? {
                    '\\' => word.push(chars.next()?),
                    end if end == c => break,
                    other => word.push(other),
                }
            },
            c if c.is_whitespace() => {
                // White space may stand about the `=`.
                let goes_on = chars.as_str().trim_start().starts_with('=') || word.ends_with('=');
                if !word.is_empty() && !goes_on {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    None
}
