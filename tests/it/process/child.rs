//! Processes that are waited for with a deadline, signalled, and never left behind.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use gpuhm::pipeline::clock::monotonic;

use super::Ran;

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Waits until `met`; panics with `what` when it takes longer than `patience`.
pub(crate) fn until(what: &str, patience: Duration, mut met: impl FnMut() -> bool) {
    let started = monotonic();
    while !met() {
        assert!(started.elapsed() < patience, "waited {} s for {what}", patience.as_secs());
        std::thread::sleep(LOOK);
    }
}

/// The exit code; as a shell gives it where a signal ended the process.
fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Runs a command to its end.
pub(crate) fn output(command: &mut Command, patience: Duration) -> Ran {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut service = Service { child: command.spawn().unwrap() };
    let (out, err) = (service.child.stdout.take().unwrap(), service.child.stderr.take().unwrap());
    let (out, err) = (collect(out), collect(err));
    let code = service.ended(patience);
    Ran { code, out: out.join().unwrap(), err: err.join().unwrap() }
}

/// A process that goes on until it is told or made to end; killed when dropped.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
}

impl Service {
    /// Starts it; what it prints goes nowhere.
    pub(crate) fn start(mut command: Command) -> Service {
        Service { child: command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap() }
    }

    /// Starts it with the streams that were chosen for it.
    pub(crate) fn as_is(command: &mut Command) -> Service {
        Service { child: command.spawn().unwrap() }
    }

    /// One that was started already.
    pub(crate) fn of(child: Child) -> Service {
        Service { child }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it is still there.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The exit code, where it has ended.
    pub(crate) fn has_ended(&mut self) -> Option<i32> {
        self.child.try_wait().unwrap().map(code)
    }

    /// Kill -9, and gone when this returns.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // One that ended by itself cannot be killed.
        drop(self.child.kill());
        self.child.wait().unwrap();
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let line = format!("kill -s {name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success(), "{line}");
    }

    /// Waits for its end; returns the exit code.
    pub(crate) fn ended(&mut self, patience: Duration) -> i32 {
        let started = monotonic();
        loop {
            if let Some(code) = self.has_ended() {
                return code;
            }
            if started.elapsed() > patience {
                self.end();
                panic!("still there after {} s", patience.as_secs());
            }
            std::thread::sleep(LOOK);
        }
    }

    /// SIGTERM, and its exit code.
    pub(crate) fn stopped(mut self, patience: Duration) -> i32 {
        self.signal("TERM");
        self.ended(patience)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}
