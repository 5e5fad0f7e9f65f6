//! A PostgreSQL server of one test's own, to be killed, stopped, paused and started again.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::schema::Direct;
use crate::broker::ignored;
use crate::broker::node::free_port;
use crate::process::child::until;

/// Longer than a server takes to start, recover or stop, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// The server; killed and removed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    at: PathBuf,
    port: u16,
    _dir: TempDir,
}

fn script(verb: &str) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postgres/server"));
    command.arg(verb).stdin(Stdio::null());
    command
}

impl Server {
    /// Makes and starts one; settings of the server, `key=value`, count before those of the script.
    pub(crate) fn start(test: &str, settings: &[&str]) -> Option<Server> {
        let there = script("bin").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !there.is_ok_and(|status| status.success()) {
            ignored(test, "PostgreSQL's server programs (tests/run installs them)");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let server = Server { at: dir.path().join("server"), port: free_port(), _dir: dir };
        let made = script("make").arg(&server.at).arg(server.port.to_string()).args(settings).status().unwrap();
        assert!(made.success(), "{}", server.said());
        server.start_again();
        Some(server)
    }

    /// Its directory: `data`, `log`, and its socket.
    pub(crate) fn dir(&self) -> &Path {
        &self.at
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The database that a new server has, as its superuser.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn direct(&self) -> Direct {
        Direct::connect(&self.url())
    }

    /// The end of its log.
    pub(crate) fn said(&self) -> String {
        let text = std::fs::read_to_string(self.at.join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    /// Starts it, and waits until it takes connections and answers. It ends with this process, however that ends.
    pub(crate) fn start_again(&self) {
        drop(std::fs::remove_file(self.at.join("pid")));
        let mut command = script("run");
        command.arg(&self.at).env("LEASHED", "1");
        // The leash is held by a thread, not by the process: by this one, which lives as long as the server.
        std::thread::spawn(move || command.status().unwrap());
        until("a server to have a pid", PATIENCE, || self.pid().is_some());
        until("a server to take connections", PATIENCE, || {
            assert!(self.runs(), "a server ended: {}", self.said());
            TcpStream::connect(("127.0.0.1", self.port)).is_ok() && self.answers()
        });
    }

    fn answers(&self) -> bool {
        let mut asked = Command::new("psql");
        asked.args(["-qX", "-c", "select 1", &self.url()]).stdout(Stdio::null()).stderr(Stdio::null());
        asked.status().is_ok_and(|status| status.success())
    }

    fn pid(&self) -> Option<u32> {
        std::fs::read_to_string(self.at.join("pid")).ok()?.trim().parse().ok()
    }

    /// Whether its first process is there.
    pub(crate) fn runs(&self) -> bool {
        self.signal("0")
    }

    /// Sends its first process a signal; false where nobody is there to get it.
    pub(crate) fn signal(&self, signal: &str) -> bool {
        let Some(pid) = self.pid() else { return false };
        let mut kill = Command::new("kill");
        kill.args(["-s", signal, &pid.to_string()]).stderr(Stdio::null());
        kill.status().unwrap().success()
    }

    /// Halts all its processes, until what is returned is dropped: connections stay, and nobody answers.
    pub(crate) fn pause(&self) -> Paused {
        let first = self.pid().unwrap();
        let all = Paused([vec![first], children(first)].concat());
        all.signal("STOP");
        all
    }

    /// Kill -9 of its first process, which takes the others along; gone when this returns.
    pub(crate) fn kill(&self) {
        self.signal("KILL");
        until("a server to end", PATIENCE, || !self.runs());
        // The others hold the shared memory until they have noticed.
        std::thread::sleep(Duration::from_millis(200));
    }

    /// Ends it at once and in order, with what connections are open.
    pub(crate) fn stop(&self) {
        self.signal("INT");
        until("a server to end", PATIENCE, || !self.runs());
    }
}

/// A halted server.
#[derive(Debug)]
pub(crate) struct Paused(Vec<u32>);

impl Paused {
    fn signal(&self, signal: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", signal]).args(self.0.iter().map(u32::to_string)).stderr(Stdio::null());
        // One that has ended meanwhile gets none.
        kill.status().unwrap();
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        self.signal("CONT");
    }
}

/// The processes that one started.
fn children(of: u32) -> Vec<u32> {
    let line = format!("PPid:\t{of}");
    let ours = |pid: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|told| told == line)
    };
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    all.filter(ours).collect()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
