//! What a collector's event costs: the sim through the spool to Kafka, against the same events as lines into /dev/null.
//!
//! The difference is what the spool and the client cost; the rest is the source's and the encoder's. A host has 8 GPUs.

use std::process::Command;

use super::field::Field;
use super::harness::{load, real};
use super::process::{Ran, gpuhm, median, ran};

const ROUNDS: usize = 3;

pub(crate) fn run(field: &Field) -> anyhow::Result<()> {
    field.topics("bench-collect.")?;
    for (gpus, hosts, ticks) in [(8, 1, 2_500), (512, 64, 200)] {
        let events = real(gpus * ticks);
        let numbers = [("--gpus", gpus), ("--hosts", hosts), ("--ticks", ticks)];
        let (mut spooled, mut lines) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let spool = tempfile::tempdir()?;
            let mut bus = gpuhm(&field.address, "bench-collect.", "collect");
            bus.args(["--spool-rate", "1000000", "--spool-max", "4GiB", "--spool"]).arg(spool.path());
            spooled.push(source(&mut bus, &numbers)?);
            let mut file = Command::new(env!("CARGO_BIN_EXE_gpuhm"));
            lines.push(source(file.args(["collect", "-q", "--sink", "-"]), &numbers)?);
        }
        let cpu = |runs: &[Ran]| median(runs, |ran| ran.cpu) / events * 1e6;
        let (all, rest) = (cpu(&spooled), cpu(&lines));
        let rate = events / median(&spooled, |ran| ran.wall) / 1e3;
        println!(
            "{gpus:>4} GPUs, {ticks} ticks: {all:.1} us of CPU an event, {rest:.1} of them source and encoder; {rate:.1} k/s"
        );
    }
    println!("load {}", load());
    Ok(())
}

fn source(command: &mut Command, numbers: &[(&str, usize)]) -> anyhow::Result<Ran> {
    command.args(["--source", "sim", "--speed", "max"]);
    for (flag, number) in numbers {
        command.arg(flag).arg(number.to_string());
    }
    ran(command)
}
