//! One page over plain HTTP, line by line: bounded in time, in size and in the length of a line, whatever the other side does.
//!
//! No redirect is followed, no proxy asked, nothing compressed taken, and the connection is closed afterwards: a page every few
//! seconds gains nothing from keeping it, and a stale one would cost a tick. A page is taken whole or not at all, since GPUs
//! behind the cut would look lost.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::http::{Response, Uri, header};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout, time};

use crate::source::endpoint::Trouble;
use crate::source::place::redacted;

/// Longest page, in bytes: 1,000 GPUs with 60 metrics and lines of 400 bytes are 24 MB (J: more than twice that).
pub(super) const MOST_PAGE: u64 = 64 << 20;
/// Longest line that is read, in bytes: a sample with every label of its pod takes 2,000 (J). A longer one is passed over.
pub(super) const MOST_LINE: u64 = 64 << 10;

/// What is done with a line.
type Each<'f> = dyn FnMut(Option<&[u8]>) -> Result<(), Trouble> + 'f;

/// What fetches pages.
pub(super) fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .proxy(None)
        .user_agent(concat!("gpuhm/", env!("CARGO_PKG_VERSION")))
        .accept("text/plain; version=0.0.4")
        .accept_encoding("identity")
        .build();
    Agent::with_parts(config, DefaultConnector::default(), Here::default())
}

/// Looks names up in the caller's own thread, which is the endpoint's: the usual way takes another thread for each page, and
/// panics where there is none to be had. A look-up that takes long holds up that endpoint alone.
#[derive(Debug, Default)]
struct Here(DefaultResolver);

impl Resolver for Here {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.0.resolve(uri, config, NextTimeout { after: time::Duration::NotHappening, ..timeout })
    }
}

/// Fetches a page, within a time from the name's look-up to the last byte, and gives each line, without its end; `None` for
/// one that is too long.
pub(super) fn lines((agent, within): (&Agent, Duration), url: &str, each: &mut Each<'_>) -> Result<(), Trouble> {
    let request = agent.get(url).config().timeout_global(Some(within)).build();
    let response = request.call().map_err(|error| trouble(&error))?;
    accept(&response)?;
    let body = response.into_body().into_reader().take(MOST_PAGE + 1);
    read(BufReader::new(body), each)
}

/// Reads lines up to the page's end, which must be the end of a line.
fn read(mut page: impl BufRead, each: &mut Each<'_>) -> Result<(), Trouble> {
    let (mut read, mut line, mut long) = (0, Vec::new(), false);
    loop {
        line.clear();
        let part = page.by_ref().take(MOST_LINE).read_until(b'\n', &mut line).map_err(broken)?;
        read += u64::try_from(part).unwrap_or(u64::MAX);
        if read > MOST_PAGE {
            return Err(Trouble::new(format!("the page is longer than {} MiB", MOST_PAGE >> 20)));
        }
        match line.strip_suffix(b"\n") {
            Some(_) if long => {
                long = false;
                each(None)?;
            }
            Some(whole) => each(Some(whole))?,
            None if u64::try_from(line.len()) == Ok(MOST_LINE) => long = true,
            None if line.is_empty() && !long => return Ok(()),
            None => return Err(Trouble::new("the page is cut off")),
        }
    }
}

/// Whether what answers may be a page of metrics, by its status and headers.
fn accept<T>(response: &Response<T>) -> Result<(), Trouble> {
    let status = response.status();
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if status.is_redirection() {
        let to: String = text(header::LOCATION).chars().take(200).collect();
        return Err(Trouble::new(format!("HTTP {}: the page is elsewhere", status.as_u16()))
            .hint(format!("redirects are not followed: name the page itself as source ({to:?})")));
    }
    if status.as_u16() != 200 {
        let trouble = Trouble::new(format!("HTTP {}", status.as_u16()));
        return Err(match status.as_u16() {
            401 | 403 => trouble.hint("name a login in the URL: exporter:http://USER:PASSWORD@HOST:9400/metrics"),
            404 => trouble.hint("use the exporter's own page, http://HOST:9400/metrics"),
            _ => trouble.hint("see what the exporter itself says: journalctl -u, docker logs"),
        });
    }
    let encoding = text(header::CONTENT_ENCODING);
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        let encoding: String = encoding.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        return Err(Trouble::new(format!("the page is compressed ({encoding}), which was not asked for")));
    }
    Ok(())
}

fn broken(error: std::io::Error) -> Trouble {
    trouble(&ureq::Error::from(error))
}

/// What went wrong, in words.
fn trouble(error: &ureq::Error) -> Trouble {
    use std::io::ErrorKind;
    let why = match error {
        ureq::Error::Timeout(ureq::Timeout::Connect) => "connecting took too long".to_owned(),
        ureq::Error::Timeout(ureq::Timeout::Resolve) => "finding the host took too long".to_owned(),
        ureq::Error::Timeout(_) => "the page took too long".to_owned(),
        ureq::Error::HostNotFound => "no such host".to_owned(),
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                "the connection was lost".to_owned()
            }
            ErrorKind::UnexpectedEof => "the page is cut off".to_owned(),
            _ => one_line(&redacted(&error.to_string())),
        },
        ureq::Error::Protocol(error) => format!("no HTTP: {}", one_line(&error.to_string())),
        other => one_line(&redacted(&other.to_string())),
    };
    let hint = match error {
        ureq::Error::Timeout(ureq::Timeout::Connect) => "is the host up, and does a firewall drop the port?",
        ureq::Error::Timeout(ureq::Timeout::Resolve) | ureq::Error::HostNotFound => "check the name, or use an address",
        ureq::Error::Timeout(_) => "the exporter is slow or hangs: see its own log; a GPU or its driver may hang, too",
        _ if why == "connection refused" => "see whether the exporter runs, and on which port",
        _ => return Trouble::new(why),
    };
    Trouble::new(why).hint(hint)
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(page: &[u8]) -> (Vec<Option<String>>, Result<(), Trouble>) {
        let mut lines = Vec::new();
        let result = read(page, &mut |line| {
            lines.push(line.map(|line| String::from_utf8_lossy(line).into_owned()));
            Ok(())
        });
        (lines, result)
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_is_read() {
        let most = usize::try_from(MOST_LINE).unwrap();
        for long in [most, most + 1, 3 * most] {
            let page = format!("a\n{}\nb\n", "x".repeat(long));
            let (lines, result) = all(page.as_bytes());
            assert_eq!((lines, result), (vec![Some("a".into()), None, Some("b".into())], Ok(())), "{long}");
        }
        let (lines, _) = all(format!("{}\n", "x".repeat(most - 1)).as_bytes());
        assert_eq!(lines[0].as_ref().unwrap().len(), most - 1, "the longest that is read");
    }

    #[test]
    fn a_page_ends_with_a_line() {
        assert_eq!(all(b"").1, Ok(()));
        assert_eq!(all(b"a\n\n").1, Ok(()));
        assert_eq!(all(b"a\nb").1.unwrap_err().why, "the page is cut off");
        let long = "x".repeat(usize::try_from(MOST_LINE).unwrap());
        assert!(all(long.as_bytes()).1.unwrap_err().why == "the page is cut off");
    }

    #[test]
    fn a_page_without_end_is_left() {
        let endless = BufReader::new(std::io::repeat(b'\n'));
        let error = read(endless, &mut |_| Ok(())).unwrap_err();
        assert_eq!(error.why, "the page is longer than 64 MiB");
    }
}
