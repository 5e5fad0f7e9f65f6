//! The real binary in a home of its own: started, signalled, killed, and what it left in its store.

pub(crate) mod child;
pub(crate) mod example;
pub(crate) mod garbage;
pub(crate) mod left;
pub(crate) mod recording;
pub(crate) mod tables;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::random::splitmix;

pub(crate) use child::{Service, until};

/// What ran to its end.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Longer than any command of these tests takes, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A directory for a bus, a store and files of one test.
#[derive(Debug)]
pub(crate) struct Home {
    dir: TempDir,
    /// What its commands have in their environment beside where it is.
    named: Vec<(&'static str, String)>,
}

impl Home {
    pub(crate) fn new() -> Home {
        Home { dir: tempfile::tempdir().unwrap(), named: Vec::new() }
    }

    /// One whose bus is Kafka: topics under `prefix`, and client settings.
    pub(crate) fn on_kafka(address: &str, prefix: &str, settings: &[(&str, &str)]) -> Home {
        let mut home = Home::new();
        let lines: Vec<String> = settings.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
        let settings = home.file("kafka.properties", lines.concat());
        let bus = format!("kafka://{address}");
        home.named.extend([("GPUHM_BUS", bus), ("GPUHM_TOPIC_PREFIX", prefix.to_owned())]);
        home.named.push(("GPUHM_KAFKA_CONFIG", settings));
        home
    }

    /// One whose store is on a server, by its URL.
    pub(crate) fn on_server(url: &str) -> Home {
        let mut home = Home::new();
        home.named.push(("GPUHM_STORE", url.to_owned()));
        home
    }

    /// With a variable in the environment of its commands.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Home {
        self.named.push((name, value.into()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file and returns its path as text.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        text(&path)
    }

    /// The binary, with nothing of this process's environment but where programs are.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gpuhm"));
        command.args(args);
        self.clean(&mut command);
        command
    }

    /// A line of shell in which `$GPUHM` is the binary.
    pub(crate) fn shell(&self, line: &str) -> Ran {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        self.clean(&mut command);
        command.env("GPUHM", env!("CARGO_BIN_EXE_gpuhm"));
        Home::end(&mut command)
    }

    fn clean(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("HOME", self.path("person")).env("GPUHM_HOME", self.path("home"));
        // Not this machine's settings.
        command.env("GPUHM_CONFIG", "/dev/null");
        command.envs(self.named.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).current_dir(self.dir.path());
    }

    /// Runs to the end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Home::end(&mut self.command(args))
    }

    fn end(command: &mut Command) -> Ran {
        let started = format!("{command:?}");
        let ran = child::output(command, PATIENCE);
        assert_ne!(ran.code, 101, "a panic in {started}: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "a panic in {started}: {}", ran.err);
        ran
    }

    /// Runs to the end, which must be success; returns standard output.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.out, ran.err);
        ran.out
    }

    /// The same for a command that prints one JSON object.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let out = self.ok(args);
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{args:?} printed {out:?}: {error}"))
    }

    /// Runs to the end, which must be failure `code`, said in one line that holds all of `says`, and maybe hints.
    pub(crate) fn fails(&self, args: &[&str], code: i32, says: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "{args:?}: {}{}", ran.out, ran.err);
        let said: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("gpuhm: ")).collect();
        assert_eq!(said.len(), 1, "{args:?} must say what is wrong in one line: {}", ran.err);
        for what in says {
            assert!(said[0].contains(what), "{args:?} does not say {what:?}: {}", said[0]);
        }
        ran
    }

    /// Starts a process that goes on.
    pub(crate) fn start(&self, args: &[&str]) -> Service {
        Service::start(self.command(args))
    }

    /// The embedded store's file.
    pub(crate) fn store(&self) -> PathBuf {
        self.path("home/store.db")
    }

    /// The embedded bus's file.
    pub(crate) fn bus(&self) -> PathBuf {
        self.path("home/bus.db")
    }

    /// All of a topic, a line a record, sorted.
    pub(crate) fn topic(&self, topic: &str) -> Vec<String> {
        let out = self.ok(&["tail", "-t", topic, "-n", "all", "--no-follow", "--allow-empty", "-o", "jsonl"]);
        let mut lines: Vec<String> = out.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    }
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Parses a line of a topic.
pub(crate) fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

/// Numbers that look random and follow from a seed (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        splitmix(&mut self.0) % bound
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.below(from.len() as u64);
        &from[usize::try_from(at).unwrap()]
    }
}
