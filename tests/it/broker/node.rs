//! One broker in a directory: made, run, signalled and awaited, by the script that `tests/run` uses too.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use crate::process::child::until;

/// Longer than a broker takes to start, recover or stop, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Below the ports that the system gives to clients, so that a broker finds its own free when it starts again.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A broker whose settings and log lie in `dir`.
#[derive(Debug)]
pub(crate) struct Node {
    jars: PathBuf,
    dir: PathBuf,
    address: String,
}

fn script(verb: &str, jars: &Path, dir: &Path) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/broker"));
    command.arg(verb).arg(jars).arg(dir).stdin(Stdio::null());
    command
}

impl Node {
    /// One that was made already.
    pub(crate) fn at(jars: PathBuf, dir: PathBuf, address: String) -> Node {
        Node { jars, dir, address }
    }

    /// Makes one, alone in its cluster; `settings` count before those of the script.
    pub(crate) fn make(jars: PathBuf, dir: PathBuf, settings: &[&str]) -> Node {
        let (port, controller) = (free_port(), free_port());
        let mut make = script("make", &jars, &dir);
        make.args([port.to_string(), format!("1@127.0.0.1:{controller}")]).args(settings);
        assert!(make.status().unwrap().success(), "{}", said(&dir.join("format.log")));
        Node { jars, dir, address: format!("127.0.0.1:{port}") }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Starts it and waits until it takes connections. It ends with this process, however that ends.
    pub(crate) fn start(&self) {
        // No longer true, and not to be signalled by anybody.
        drop(std::fs::remove_file(self.dir.join("pid")));
        let mut command = self.leashed();
        // The leash is held by a thread, not by the process: by this one, which lives as long as the broker.
        std::thread::spawn(move || command.status().unwrap());
        until("a broker to have a pid", PATIENCE, || self.pid().is_some());
        until("a broker to take connections", PATIENCE, || {
            assert!(self.runs(), "a broker ended: {}", said(&self.dir.join("log")));
            TcpStream::connect(&self.address).is_ok()
        });
    }

    fn leashed(&self) -> Command {
        let run = script("run", &self.jars, &self.dir);
        let known = Command::new("setpriv").arg("--help").output();
        if !known.is_ok_and(|known| String::from_utf8_lossy(&known.stdout).contains("--pdeathsig")) {
            return run;
        }
        let mut leash = Command::new("setpriv");
        leash.args(["--pdeathsig", "KILL"]).arg(run.get_program()).args(run.get_args()).stdin(Stdio::null());
        leash
    }

    fn pid(&self) -> Option<u32> {
        std::fs::read_to_string(self.dir.join("pid")).ok()?.trim().parse().ok()
    }

    /// Whether its process is there.
    pub(crate) fn runs(&self) -> bool {
        self.kill("0")
    }

    /// Sends a signal by its name; false where nobody is there to get it.
    pub(crate) fn kill(&self, signal: &str) -> bool {
        let Some(pid) = self.pid() else { return false };
        let mut kill = Command::new("kill");
        kill.args(["-s", signal, &pid.to_string()]).stderr(Stdio::null());
        kill.status().unwrap().success()
    }

    /// Sends a signal that ends it, and waits until it is gone.
    pub(crate) fn end(&self, signal: &str) {
        self.kill(signal);
        until("a broker to end", PATIENCE, || !self.runs());
    }
}

/// The end of a file of log lines.
fn said(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}

/// A port on which nothing listens, other than those given before.
pub(crate) fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let all = PORTS.end - PORTS.start;
    // Test processes start at different places.
    let first = u16::try_from(std::process::id() * 97 % u32::from(all)).unwrap();
    loop {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + (first + given % all) % all;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
