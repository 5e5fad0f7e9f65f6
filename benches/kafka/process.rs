//! A process from its start to its end: wall time, and the CPU time it took, as the system counts it for its parent.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// What a process took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ran {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

/// The gpuhm that was built with this bench, told of the broker.
pub(crate) fn gpuhm(address: &str, prefix: &str, command: &str) -> Command {
    let mut gpuhm = Command::new(env!("CARGO_BIN_EXE_gpuhm"));
    gpuhm.args([command, "-q", "-b", address, "--topic-prefix", prefix]);
    gpuhm
}

/// Runs a command with its standard output thrown away.
#[expect(clippy::disallowed_methods, reason = "a bench measures; nothing of gpuhm sees the time")]
pub(crate) fn ran(command: &mut Command) -> anyhow::Result<Ran> {
    let (before, start) = (children()?, Instant::now());
    let status = command.stdin(Stdio::null()).stdout(File::create("/dev/null")?).status();
    let status = status.with_context(|| command.get_program().to_string_lossy().into_owned())?;
    let wall = start.elapsed();
    anyhow::ensure!(status.success(), "{command:?}: {status}");
    Ok(Ran { wall, cpu: children()?.saturating_sub(before) })
}

/// CPU time of this process's children that have ended: the 16th and 17th field of its row, in hundredths of a second.
fn children() -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = rest.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// Seconds of the median run, by wall or by CPU.
pub(crate) fn median(runs: &[Ran], of: fn(&Ran) -> Duration) -> f64 {
    let mut all: Vec<f64> = runs.iter().map(|run| of(run).as_secs_f64()).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}
