//! Where live samples come from: the URL of a source, taken apart. Parsing only; nothing is reached here.
//!
//! `dcgm://HOST[:5555]`, `dcgm:///path/to/socket`, `dcgm:embedded`, `nvml`, `exporter:http://HOST:9400/metrics`, `auto`. Behind a
//! `#` stands what the operator knows better than the endpoint: `#host=gpu-node-21,gpus=8`.

mod page;

use std::fmt;
use std::str::FromStr;

/// DCGM's port.
pub const DCGM_PORT: u16 = 5555;

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A host engine over TCP: host and port.
    Dcgm(String, u16),
    /// A host engine over a unix socket: its path.
    DcgmSocket(String),
    /// A host engine inside this process.
    DcgmEmbedded,
    /// The driver of this machine.
    Nvml,
    /// The page of an exporter.
    Exporter(PageUrl),
    /// This machine: by DCGM where it answers, else by NVML.
    Auto,
}

/// The URL of a page. It may hold a password, which is shown by nothing that prints it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PageUrl {
    url: String,
    host: String,
}

impl PageUrl {
    /// All of it, to fetch the page by: not to be shown.
    #[must_use]
    pub fn whole(&self) -> &str {
        &self.url
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.url))
    }
}

impl fmt::Debug for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What stands in place of a password.
const MASK: &str = "***";

/// A text with the password in its URL hidden, where there is one.
#[must_use]
pub fn redacted(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((login, host)) => match login.split_once(':') {
            Some((user, password)) if !password.is_empty() => format!("{scheme}://{user}:{MASK}@{host}{behind}"),
            _ => text.to_owned(),
        },
        // A password with a / that nobody escaped: what stands where a port should is none.
        None => match (authority.rsplit_once(':'), behind.rsplit_once('@')) {
            (Some((host, port)), Some((_, behind)))
                if !host.starts_with('[') && !port.chars().all(|digit| digit.is_ascii_digit()) =>
            {
                format!("{scheme}://{host}:{MASK}@{behind}")
            }
            _ => text.to_owned(),
        },
    }
}

/// A live source, as its URL says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// What is read.
    pub kind: Kind,
    /// Host name for its events, where the operator gave one.
    pub host: Option<String>,
    /// GPUs the host should have, where the operator said.
    pub gpus: Option<u32>,
}

impl Place {
    /// The name of the source's kind in events.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.kind {
            Kind::Dcgm(..) | Kind::DcgmSocket(_) | Kind::DcgmEmbedded => "dcgm",
            Kind::Nvml => "nvml",
            Kind::Exporter(_) => "exporter",
            Kind::Auto => "auto",
        }
    }

    /// The host in its URL, where it has one.
    fn named(&self) -> Option<&str> {
        match &self.kind {
            Kind::Dcgm(host, _) => Some(host),
            Kind::Exporter(page) => Some(&page.host),
            Kind::DcgmSocket(_) | Kind::DcgmEmbedded | Kind::Nvml | Kind::Auto => None,
        }
    }

    /// Whether it is on the machine it is read from.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.named().is_none_or(is_here)
    }

    /// The host name for its events: the operator's, else the URL's; `here`, this machine's, where the URL means it.
    #[must_use]
    pub fn hostname(&self, here: &str) -> String {
        let remote = self.named().filter(|host| !is_here(host));
        self.host.as_deref().or(remote).unwrap_or(here).to_owned()
    }
}

/// Whether a host name means the machine it is used on.
fn is_here(host: &str) -> bool {
    host == "localhost" || host == "::1" || host == "127.0.0.1" || host.starts_with("127.")
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Dcgm(host, port) if host.contains(':') => write!(f, "dcgm://[{host}]:{port}"),
            Kind::Dcgm(host, port) => write!(f, "dcgm://{host}:{port}"),
            Kind::DcgmSocket(path) => write!(f, "dcgm://{path}"),
            Kind::DcgmEmbedded => f.write_str("dcgm:embedded"),
            Kind::Nvml => f.write_str("nvml"),
            Kind::Exporter(url) => write!(f, "exporter:{url}"),
            Kind::Auto => f.write_str("auto"),
        }
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        let (url, facts) = text.split_once('#').unwrap_or((text, ""));
        let kind = match url {
            "nvml" => Kind::Nvml,
            "auto" => Kind::Auto,
            "dcgm:embedded" => Kind::DcgmEmbedded,
            _ => match (url.strip_prefix("dcgm://"), url.strip_prefix("exporter:")) {
                (Some(at), _) => dcgm(at)?,
                (_, Some(at)) => Kind::Exporter(page::understood(at)?),
                _ => return Err("not a source of this version".to_owned()),
            },
        };
        let mut place = Place { kind, host: None, gpus: None };
        for fact in facts.split(',').filter(|fact| !fact.is_empty()) {
            match fact.split_once('=') {
                Some(("host", name)) if !name.is_empty() && name.len() <= 253 => place.host = Some(name.to_owned()),
                Some(("gpus", number)) => {
                    let number = number.parse().map_err(|_| format!("gpus={number}: not a number of GPUs"))?;
                    place.gpus = Some(number);
                }
                _ => return Err(format!("#{fact}: use #host=NAME,gpus=N")),
            }
        }
        Ok(place)
    }
}

fn dcgm(at: &str) -> Result<Kind, String> {
    if at.starts_with('/') {
        return Ok(Kind::DcgmSocket(at.to_owned()));
    }
    let port = |text: &str| text.parse().ok().filter(|port| *port > 0).ok_or_else(|| format!("{text}: not a port"));
    let (host, port) = match at.strip_prefix('[') {
        Some(six) => match six.split_once(']') {
            Some((host, "")) => (host, DCGM_PORT),
            Some((host, rest)) => (host, port(rest.strip_prefix(':').unwrap_or(rest))?),
            None => return Err("an IPv6 address ends with ]".to_owned()),
        },
        None => match at.split_once(':') {
            Some((_, rest)) if rest.contains(':') => return Err("an IPv6 address stands in [brackets]".to_owned()),
            Some((host, rest)) => (host, port(rest)?),
            None => (at, DCGM_PORT),
        },
    };
    if host.is_empty() || host.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control()) {
        return Err("use dcgm://HOST[:5555], dcgm:///path/to/socket or dcgm:embedded".to_owned());
    }
    Ok(Kind::Dcgm(host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        text.parse::<Place>().unwrap().kind
    }

    #[test]
    fn urls_are_taken_apart_and_written_as_they_were() {
        assert_eq!(kind("dcgm://n7"), Kind::Dcgm("n7".into(), 5555));
        assert_eq!(kind("dcgm://[fe80::1]:99"), Kind::Dcgm("fe80::1".into(), 99));
        assert_eq!(kind("dcgm:///tmp/nv-hostengine"), Kind::DcgmSocket("/tmp/nv-hostengine".into()));
        for text in [
            "dcgm://n7:5555",
            "dcgm://[::1]:1",
            "dcgm:///s",
            "dcgm:embedded",
            "nvml",
            "auto",
            "exporter:http://n7:9400/metrics",
        ] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        for wrong in [
            "dcgm://",
            "dcgm://n7:0",
            "dcgm://n7:x",
            "dcgm://::1",
            "exporter:n7",
            "exporter:https://n7",
            "x",
            "nvml#gpus=a",
            "nvml#x=1",
        ] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_shown_by_nothing() {
        for (url, shown) in [
            ("exporter:http://u:s3cret@h:9400/metrics", "exporter:http://u:***@h:9400/metrics"),
            ("exporter:http://u:s3cr@et@h:9400/metrics", "exporter:http://u:***@h:9400/metrics"),
            ("exporter:http://u:s3/cret@h:9400/metrics", "exporter:http://u:***@h:9400/metrics"),
            ("exporter:http://u@h:9400/metrics", "exporter:http://u@h:9400/metrics"),
            ("exporter:http://h:9400/a@b:c", "exporter:http://h:9400/a@b:c"),
            ("exporter:http://[::1]:9400/a@b", "exporter:http://[::1]:9400/a@b"),
        ] {
            let place: Place = url.parse().unwrap();
            assert_eq!(place.to_string(), shown);
            let Kind::Exporter(page) = &place.kind else { panic!("{place}") };
            assert_eq!(format!("exporter:{}", page.whole()), url);
            assert!(!format!("{place:?}").contains("cret"), "{place:?}");
        }
        assert_eq!("exporter:http://u:s3cret@h/m".parse::<Place>().unwrap().hostname("here"), "h");
    }

    #[test]
    fn a_host_is_named_by_the_operator_then_the_url_then_this_machine() {
        let name = |text: &str| text.parse::<Place>().unwrap().hostname("here");
        assert_eq!(name("dcgm://127.0.0.1:7#host=a,gpus=8"), "a");
        assert_eq!(name("dcgm://127.0.0.1:7"), "here");
        assert_eq!(name("exporter:http://n7:9400/metrics"), "n7");
        assert_eq!(name("exporter:http://localhost:9400/metrics"), "here");
        assert_eq!("nvml#gpus=8".parse::<Place>().unwrap().gpus, Some(8));
    }
}
