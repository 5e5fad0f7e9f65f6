//! Which process a member is, and whether it still lives.
//!
//! A process number is used again, so its start and the machine's boot belong to it; a zombie holds nothing. Across
//! process namespaces (containers), and where `/proc` hides other users' processes, numbers say nothing: there, only
//! the heartbeat counts. Heartbeats are told in uptime, which no clock correction moves: one ahead of this boot's is an
//! earlier one's. So the boot's name only makes it certain at once; a sandbox may hide it with all of `/proc/sys`.

use std::fs;
use std::io;

/// A member without a heartbeat for this long gives up its place, in milliseconds. Half, and a step over a full
/// backlog on a slow disk costs a rebalance; double, and a process that hangs holds its GPUs back for two minutes.
pub(super) const SILENT: i64 = 60_000;

/// A process, as its member row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    /// Its number.
    pub(super) pid: i64,
    /// When it started, in ticks since boot.
    pub(super) start: i64,
    /// The boot; empty where it is hidden.
    pub(super) boot: String,
    /// The namespace of its number.
    pub(super) space: String,
}

impl Process {
    /// This one.
    pub(super) fn this() -> io::Result<Process> {
        let pid = i64::from(std::process::id());
        let Some((_, start)) = stat(pid) else {
            return Err(io::Error::other("/proc says nothing about this process"));
        };
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned();
        let space = fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string()).unwrap_or_default();
        Ok(Process { pid, start, boot, space })
    }

    /// Whether `other`, last heard of at `beat`, lives as this process sees it at `now`.
    pub(super) fn sees(&self, other: &Process, beat: i64, now: i64) -> bool {
        let known = !self.boot.is_empty() && !other.boot.is_empty();
        // A beat may be a little ahead of `now`, which was taken before it.
        let apart = now.saturating_sub(beat);
        if (known && other.boot != self.boot) || apart >= SILENT || apart <= -SILENT {
            return false;
        }
        if other.space != self.space || (other.pid == self.pid && other.start == self.start) {
            return true;
        }
        match stat(other.pid) {
            Some((state, start)) => start == other.start && !matches!(state, b'Z' | b'X' | b'x'),
            // The first process is always there: where it is not shown, others are hidden, too.
            None => stat(1).is_none(),
        }
    }
}

/// Milliseconds since boot.
pub(super) fn uptime() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000)
}

/// State and start of a process.
fn stat(pid: i64) -> Option<(u8, i64)> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name may hold spaces and parentheses, so what counts begins behind the last of them.
fn parse_stat(text: &str) -> Option<(u8, i64)> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = *fields.next()?.as_bytes().first()?;
    // The state is field 3, the start field 22.
    Some((state, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let text = "42 (a) S (b)) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20";
        assert_eq!(parse_stat(text), Some((b'R', 777)));
        assert_eq!(parse_stat("42 (short) R 1"), None);
    }

    #[test]
    fn the_living_are_told_from_the_dead() {
        let me = Process::this().unwrap();
        let now = uptime();
        assert!(me.sees(&me, now, now));
        assert!(!me.sees(&me, now - SILENT, now));
        assert!(!me.sees(&Process { pid: 999_999_999, ..me.clone() }, now, now));
        assert!(!me.sees(&Process { pid: 1, start: -1, ..me.clone() }, now, now));
        assert!(!me.sees(&Process { boot: "another".to_owned(), ..me.clone() }, now, now));
        // Where it is hidden, who beat after this boot's present did so in an earlier one.
        let hidden = Process { boot: String::new(), ..me.clone() };
        assert!(me.sees(&hidden, now, now) && hidden.sees(&me, now, now));
        assert!(!hidden.sees(&hidden, now + 2 * SILENT, now) && !hidden.sees(&hidden, now - SILENT, now));
        assert!(me.sees(&Process { pid: 999_999_999, space: "another".to_owned(), ..me.clone() }, now, now));
    }

    #[test]
    fn a_child_is_dead_once_killed_though_nobody_waited_for_it() {
        let me = Process::this().unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i64::from(child.id());
        let other = Process { pid, start: stat(pid).unwrap().1, ..me.clone() };
        let now = uptime();
        assert!(me.sees(&other, now, now));
        child.kill().unwrap();
        let gone = (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(5));
            !me.sees(&other, now, now)
        });
        assert!(gone);
        child.wait().unwrap();
    }
}
