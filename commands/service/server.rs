//! A server for three pages that are read and never written: /metrics, /healthz and /readyz.
//!
//! A request is bounded in size and time, and so are connections at a time, so that whoever talks to the port cannot harm
//! the service. What is more than GET and HEAD of these paths is refused. Knows nothing of what the pages hold.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gpuhm::pipeline::clock::monotonic;

use crate::exit::Failure;
use crate::process::thread;

use super::address::{Address, Listener};
use super::encode::{self, Form};
use super::facts::Facts;

/// Bytes of a request at most: Prometheus sends some hundred.
const LONGEST: usize = 8 << 10;
/// How long a connection may take in all.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections at a time; one more is refused at once.
const AT_ONCE: usize = 8;
/// How long to wait when no connection can be taken, such as for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection of either kind.
trait Connection: Read + Write + Send {
    fn patience(&self, left: Duration) -> std::io::Result<()>;
}

impl Connection for TcpStream {
    fn patience(&self, left: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(left))?;
        self.set_write_timeout(Some(left))
    }
}

impl Connection for UnixStream {
    fn patience(&self, left: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(left))?;
        self.set_write_timeout(Some(left))
    }
}

/// Listens, and answers on threads of its own until the process ends.
pub(super) fn start(address: &Address, facts: Arc<Facts>) -> Result<(), Failure> {
    let listener = address.listen()?;
    thread("metrics", move || accept(&listener, &facts))?;
    Ok(())
}

fn accept(listener: &Listener, facts: &Arc<Facts>) {
    let busy = Arc::new(AtomicUsize::new(0));
    loop {
        let taken: std::io::Result<Box<dyn Connection>> = match listener {
            Listener::Tcp(tcp) => tcp.accept().map(|(stream, _)| Box::new(stream) as Box<dyn Connection>),
            Listener::Unix(unix) => unix.accept().map(|(stream, _)| Box::new(stream) as Box<dyn Connection>),
        };
        let mut connection = match taken {
            Ok(connection) => connection,
            Err(error) => {
                tracing::debug!("metrics: no connection taken: {error}");
                std::thread::sleep(PAUSE);
                continue;
            }
        };
        let place = Place::take(&busy);
        if place.is_none() {
            // It must not hold up the others: what fits into the socket is sent.
            let said = connection
                .patience(PAUSE)
                .and_then(|()| connection.write_all(&response(503, "text/plain; charset=utf-8", "busy\n", true)));
            drop(said);
            continue;
        }
        let facts = Arc::clone(facts);
        let answering = std::thread::Builder::new().name("metrics-answer".to_owned()).spawn(move || {
            let _place = place;
            if let Err(error) = serve(&mut *connection, &facts) {
                tracing::debug!("metrics: a connection ended early: {error}");
            }
        });
        if let Err(error) = answering {
            tracing::debug!("metrics: no thread for a connection: {error}");
        }
    }
}

/// One of the places for connections; free again when it is dropped, however its thread ends.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(busy: &Arc<AtomicUsize>) -> Option<Place> {
        let free = busy.fetch_add(1, Ordering::SeqCst) < AT_ONCE;
        let place = Place(Arc::clone(busy));
        free.then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Reads one request and answers it.
fn serve(connection: &mut dyn Connection, facts: &Facts) -> std::io::Result<()> {
    let began = monotonic();
    let (mut request, mut chunk) = (Vec::new(), [0; 1024]);
    let whole = loop {
        let Some(left) = PATIENCE.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) else { break false };
        connection.patience(left)?;
        let Ok(read) = connection.read(&mut chunk) else { break false };
        request.extend_from_slice(chunk.get(..read).unwrap_or_default());
        if request.windows(4).any(|end| end == b"\r\n\r\n") {
            break true;
        }
        if read == 0 || request.len() > LONGEST {
            break false;
        }
    };
    let answer = match (whole, request.len() > LONGEST) {
        (_, true) => plain(431, "the request is too large\n", true),
        (true, _) => answer(&request, facts),
        // Who said nothing is told nothing.
        (false, _) if request.is_empty() => return Ok(()),
        (false, _) if began.elapsed() >= PATIENCE => plain(408, "the request took too long\n", true),
        (false, _) => plain(400, "this is no HTTP request\n", true),
    };
    connection.patience(PATIENCE)?;
    connection.write_all(&answer)?;
    connection.flush()
}

fn plain(code: u16, text: &str, body: bool) -> Vec<u8> {
    response(code, "text/plain; charset=utf-8", text, body)
}

fn answer(request: &[u8], facts: &Facts) -> Vec<u8> {
    let bad = || plain(400, "this is no HTTP request\n", true);
    let Ok(text) = std::str::from_utf8(request) else { return bad() };
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return bad();
    };
    if !version.starts_with("HTTP/1.") {
        return bad();
    }
    let body = match method {
        "GET" => true,
        "HEAD" => false,
        _ => return plain(405, "GET and HEAD only\n", true),
    };
    let said = |fares: Result<(), String>| match fares {
        Ok(()) => plain(200, "ok\n", body),
        Err(why) => plain(503, &format!("{why}\n"), body),
    };
    match target.split('?').next().unwrap_or_default() {
        "/metrics" => {
            let accepts = lines.take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
            let open = accepts
                .filter(|(name, _)| name.eq_ignore_ascii_case("accept"))
                .any(|(_, value)| value.contains("application/openmetrics-text"));
            let form = if open { Form::OpenMetrics } else { Form::Prometheus };
            response(200, form.content_type(), &encode::page(facts, form), body)
        }
        "/healthz" => said(facts.health()),
        "/readyz" => said(facts.readiness()),
        _ => plain(404, "/metrics, /healthz or /readyz\n", body),
    }
}

fn response(code: u16, kind: &str, text: &str, body: bool) -> Vec<u8> {
    let reason = match code {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    };
    let allow = if code == 405 { "Allow: GET, HEAD\r\n" } else { "" };
    let length = text.len();
    let head = format!(
        "HTTP/1.1 {code} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{allow}Connection: close\r\n\r\n"
    );
    let mut bytes = head.into_bytes();
    if body {
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}
