//! A broker of one test's own, to be killed, stopped, paused and started again. Two at a time: each takes 250 MB and a core.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};

use tempfile::TempDir;

use super::node::Node;
use super::{ignored, told};

/// Brokers that one test process may have at a time.
const MOST: usize = 2;

/// After kill -9 a broker waits until its own last session has run out: 9 s by default.
const SOON_BACK: [&str; 2] = ["broker.session.timeout.ms=2000", "broker.heartbeat.interval.ms=500"];

static RUNNING: Mutex<usize> = Mutex::new(0);
static ONE_ENDED: Condvar = Condvar::new();

/// One of the brokers that may run; given back when dropped.
#[derive(Debug)]
struct Place;

impl Place {
    fn take() -> Place {
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running = ONE_ENDED.wait_while(running, |running| *running >= MOST).unwrap();
        *running += 1;
        Place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ONE_ENDED.notify_one();
    }
}

/// A broker that only one test knows. Killed and removed when dropped.
#[derive(Debug)]
pub(crate) struct Own {
    node: Node,
    // Dropped in this order, after the broker has ended.
    _dir: TempDir,
    _place: Place,
}

/// Kafka's jars, where they and a Java are there.
fn jars() -> Option<PathBuf> {
    let cache = || {
        let home = told("XDG_CACHE_HOME").map(PathBuf::from);
        let home = home.or_else(|| told("HOME").map(|home| PathBuf::from(home).join(".cache")));
        Some(home?.join("gpuhm/kafka/4.1.0"))
    };
    let jars = told("GPUHM_TEST_KAFKA_LIBS").map(PathBuf::from).or_else(cache)?;
    // The file that the fetching of them ends with.
    let complete = jars.join("pom.xml").is_file();
    let mut java = Command::new("java");
    java.arg("-version").stdout(Stdio::null()).stderr(Stdio::null());
    (complete && java.status().is_ok_and(|status| status.success())).then_some(jars)
}

impl Own {
    /// Starts one; waits while two others of this process run.
    pub(crate) fn start(test: &str) -> Option<Own> {
        Own::start_with(test, &[])
    }

    /// Starts one with settings of the broker, `key=value`, that count before those of the script.
    pub(crate) fn start_with(test: &str, settings: &[&str]) -> Option<Own> {
        let Some(jars) = jars() else {
            ignored(test, "Java and Kafka's jars (tests/run fetches them)");
            return None;
        };
        let place = Place::take();
        let dir = tempfile::tempdir().unwrap();
        let node = Node::make(jars, dir.path().join("broker"), &[&SOON_BACK, settings].concat());
        let own = Own { node, _dir: dir, _place: place };
        own.node.start();
        Some(own)
    }

    /// `127.0.0.1:PORT`, the same for all its lives.
    pub(crate) fn address(&self) -> &str {
        self.node.address()
    }

    /// Kill -9, and gone when this returns.
    pub(crate) fn kill(&self) {
        self.node.end("KILL");
    }

    /// Ends it in order: gone when this returns.
    pub(crate) fn stop(&self) {
        self.node.end("TERM");
    }

    /// The next life of one that was killed or stopped: the same data, the same address.
    pub(crate) fn start_again(&self) {
        self.node.start();
    }

    /// Mute until [`Own::resume`]: connections stay, answers do not come.
    pub(crate) fn pause(&self) {
        assert!(self.node.kill("STOP"), "the broker to pause is gone");
    }

    /// Lets a paused one go on.
    pub(crate) fn resume(&self) {
        assert!(self.node.kill("CONT"), "the broker to resume is gone");
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.node.end("KILL");
    }
}
