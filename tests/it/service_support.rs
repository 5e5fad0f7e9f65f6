//! What watches a service in tests: a socket that a service manager would have, and a reader of its pages.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::process::{Home, text, until};

/// Longer than any service takes to say what is waited for, however busy the machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A service manager's socket, and what came to it.
pub(crate) struct Manager {
    path: String,
    said: Arc<Mutex<Vec<String>>>,
}

impl Manager {
    pub(crate) fn new(home: &Home) -> Manager {
        let path = text(&home.path("notify.sock"));
        let socket = UnixDatagram::bind(&path).unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let manager = Manager { path, said: Arc::clone(&said) };
        // Ends with the test's process.
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read) = socket.recv(&mut bytes) {
                let message = String::from_utf8_lossy(&bytes[..read]).into_owned();
                said.lock().unwrap().extend(message.lines().map(str::to_owned));
            }
        });
        manager
    }

    /// The command as the manager starts it, with a watchdog of two seconds.
    pub(crate) fn command(&self, home: &Home, args: &[&str]) -> Command {
        let mut command = home.command(args);
        self.told_by(&mut command);
        command
    }

    /// The same for a command that was made elsewhere.
    pub(crate) fn told_by(&self, command: &mut Command) {
        command.env("NOTIFY_SOCKET", &self.path).env("WATCHDOG_USEC", "2000000");
    }

    /// Every line so far.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// How many lines so far begin so.
    pub(crate) fn count(&self, start: &str) -> usize {
        self.said().iter().filter(|line| line.starts_with(start)).count()
    }

    /// Waits for a line that begins so, after the first `from` lines; returns the number of lines up to it.
    pub(crate) fn hears(&self, start: &str, from: usize) -> usize {
        let place = || self.said().iter().skip(from).position(|line| line.starts_with(start));
        let said = || format!("{start} in {:?}", self.said());
        let began = gpuhm::pipeline::clock::monotonic();
        loop {
            if let Some(at) = place() {
                return from + at + 1;
            }
            assert!(began.elapsed() < PATIENCE, "waited for {}", said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends bytes and reads what comes until the other side closes.
pub(crate) fn raw(mut connection: impl Read + Write, request: &[u8]) -> Answer {
    // One that is refused early may close before all is written.
    drop(connection.write_all(request));
    let mut bytes = Vec::new();
    drop(connection.read_to_end(&mut bytes));
    let all = String::from_utf8(bytes).unwrap();
    let (head, body) = all.split_once("\r\n\r\n").unwrap_or((&all, ""));
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
    Answer { code, head: head.to_owned(), body: body.to_owned() }
}

/// Asks for a page at a unix socket.
pub(crate) fn get(socket: &Path, path: &str, accept: &str) -> Answer {
    let connection = UnixStream::connect(socket).unwrap();
    raw(connection, format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\r\n").as_bytes())
}

/// A connection to a port of this host.
pub(crate) fn tcp(port: u16) -> TcpStream {
    let connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection
}

/// A port that nobody has now.
pub(crate) fn port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until a service answers at a unix socket, and is ready.
pub(crate) fn ready(socket: &Path) {
    until("a service that is ready", PATIENCE, || {
        UnixStream::connect(socket).is_ok() && get(socket, "/readyz", "*/*").code == 200
    });
}
