//! The brokers a bus URL names: `kafka://h1:9092,h2:9092`, short `h1:9092,h2:9092`. Whatever is wrong is said here, before
//! a client tries to resolve it for ever. A URL with a login in it is not repeated.

use super::error::SettingsError;

/// Before the brokers.
const SCHEME: &str = "kafka://";
/// Where a broker listens by default.
const PORT: &str = "9092";

fn wrong(why: String, hint: &str) -> SettingsError {
    SettingsError::Brokers { why, hint: Some(hint.to_owned()) }
}

const EXAMPLE: &str = "brokers are named as kafka://h1:9092,h2:9092 or [::1]:9092";

/// Whether a bus URL is meant to name brokers.
#[must_use]
pub fn is_kafka(url: &str) -> bool {
    let list = !url.contains("://") && !url.contains('/') && url.contains(':');
    url.starts_with(SCHEME) || list
}

/// The brokers, as librdkafka wants them: `host:port,…`.
///
/// # Errors
/// Where it names none, or something else.
pub fn parse(url: &str) -> Result<String, SettingsError> {
    let list = url.strip_prefix(SCHEME).unwrap_or(url);
    if list.contains('@') {
        let why = "a bus URL holds no user and no password, which other users of this machine could read".to_owned();
        return Err(wrong(why, "set sasl.username in the file that -F names; the password comes from a file, too"));
    }
    let list = list.strip_suffix('/').unwrap_or(list);
    if list.contains("://") {
        let hint = "give hosts and ports only; security.protocol is set in the file that -F names, or with -X";
        return Err(wrong("a broker has no protocol before its host".to_owned(), hint));
    }
    if list.contains(['/', '?', '#']) {
        return Err(wrong("nothing may follow the brokers".to_owned(), EXAMPLE));
    }
    let brokers: Vec<String> = list.split(',').map(|text| broker(text.trim())).collect::<Result<_, _>>()?;
    Ok(brokers.join(","))
}

fn broker(text: &str) -> Result<String, SettingsError> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or_else(|| wrong(format!("{text}: no ]"), EXAMPLE))?;
        if host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(wrong(format!("{text}: no IPv6 address in [ ]"), EXAMPLE));
        }
        let port = match rest {
            "" => PORT,
            rest => rest.strip_prefix(':').ok_or_else(|| wrong(format!("{text}: no : before the port"), EXAMPLE))?,
        };
        (format!("[{host}]"), port)
    } else {
        let (host, port) = text.split_once(':').unwrap_or((text, PORT));
        if port.contains(':') {
            return Err(wrong(format!("{text}: an IPv6 address stands in brackets"), EXAMPLE));
        }
        (host.to_owned(), port)
    };
    if host.is_empty() {
        return Err(wrong("a broker without a host".to_owned(), EXAMPLE));
    }
    let spelt = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !host.starts_with('[') && !host.bytes().all(spelt) {
        return Err(wrong(format!("{text}: no host name"), EXAMPLE));
    }
    match port.parse::<u16>() {
        Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => Ok(format!("{host}:{number}")),
        _ => Err(wrong(format!("{text}: a port is a number from 1 to 65535"), EXAMPLE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_brokers() {
        for (url, brokers) in [
            ("kafka://h1:9092,h2:9093", "h1:9092,h2:9093"),
            ("kafka://h1", "h1:9092"),
            ("kafka://h1/", "h1:9092"),
            ("h1:9092, h2:9092", "h1:9092,h2:9092"),
            ("[::1]:9094", "[::1]:9094"),
            ("kafka://[fe80::2],10.0.0.1:1", "[fe80::2]:9092,10.0.0.1:1"),
            ("my_broker-1.lan:9092", "my_broker-1.lan:9092"),
        ] {
            assert_eq!(parse(url).as_deref(), Ok(brokers), "{url}");
            assert!(is_kafka(url), "{url}");
        }
        for url in ["gopher", "file:", "/var/lib/gpuhm", "postgres://h:1", "sqlite:/x"] {
            assert!(!is_kafka(url) || parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn what_does_not() {
        for (url, why) in [
            ("kafka://", "without a host"),
            ("kafka://h1:9092,", "without a host"),
            (":9092", "without a host"),
            ("h1:", "a port is"),
            ("h1:0", "a port is"),
            ("h1:+1", "a port is"),
            ("h1:65536", "a port is"),
            ("h1:kafka", "a port is"),
            ("::1:9092", "in brackets"),
            ("[::1:9092", "no ]"),
            ("[h1]:9092", "no IPv6"),
            ("[::1]9092", "before the port"),
            ("kafka://h1:9092/topic", "nothing may follow"),
            ("kafka://SSL://h1:9092", "no protocol"),
            ("h 1:9092", "no host name"),
        ] {
            let said = parse(url).unwrap_err().to_string();
            assert!(said.contains(why), "{url}: {said}");
        }
        let said = parse("kafka://me:hunter2@h1:9092").unwrap_err();
        assert!(!format!("{said} {said:?}").contains("hunter2"), "{said}");
    }
}
