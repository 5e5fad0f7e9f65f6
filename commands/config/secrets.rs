//! What of a value may be shown, and whether a file that holds a password is for its owner's eyes only.

use gpuhm::bus::kafka::settings::entry::{MASK, is_secret};
use gpuhm::source::place::redacted;
use gpuhm::store::postgres::settings::{Settings, has_password, is_postgres};

use super::file::Contents;
use super::keys::PROPERTIES;
use crate::exit::Failure;

/// Bits of `chmod` that let everyone read.
const OTHERS: u32 = 0o004;

/// Whether a password stands in it.
pub(crate) fn holds(value: &str) -> bool {
    (is_postgres(value) && has_password(value)) || redacted(value) != value
}

/// The value without passwords.
pub(crate) fn shown(value: &str) -> String {
    if is_postgres(value) && has_password(value) {
        let place = Settings::parse(value).map_or_else(|_| "…".to_owned(), |settings| settings.place().to_owned());
        return format!("{place} (password {MASK})");
    }
    redacted(value)
}

/// Refuses a file with a password that everyone may read; of another it says that there is one.
pub(crate) fn looked_at(file: &Contents) -> Result<Option<String>, Failure> {
    let lines = file.lines.iter().filter(|line| line.values.iter().any(|value| holds(value)));
    let properties = file.properties.iter().filter(|property| is_secret(&property.key));
    let mut found: Vec<(usize, String)> = lines.map(|line| (line.line, line.key.path.to_owned())).collect();
    found.extend(properties.map(|property| (property.line, format!("{PROPERTIES}.{}", property.key))));
    let Some((line, path)) = found.first() else { return Ok(None) };
    let place = format!("{path} in {}:{line}", file.path.display());
    if file.mode & OTHERS != 0 {
        return Err(Failure::usage(format!("{place}: holds a password, and everyone may read the file"))
            .hint(format!("chmod 0640 {}, or keep the password in a file of its own", file.path.display())));
    }
    Ok(Some(format!(
        "{place}: a password stands in the configuration file; a file of its own is safer (store.password_file, \
sasl.password.file, or a credential of the service manager)"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_urls_and_words_are_hidden_and_nothing_else() {
        for secret in [
            "postgres://u:s3cret@h/d",
            "host=h password=s3cret",
            "exporter:http://u:s3cret@h:9400/metrics",
            "postgres://h/d?password=s3cret",
        ] {
            assert!(holds(secret), "{secret}");
            assert!(!shown(secret).contains("s3cret"), "{}", shown(secret));
        }
        for plain in ["postgres://u@h/d", "kafka://h1:9092,h2:9092", "10s", "host=h user=u", "http://h:9400/a@b:c"] {
            assert!(!holds(plain), "{plain}");
            assert_eq!(shown(plain), plain);
        }
    }
}
