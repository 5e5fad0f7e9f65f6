//! `tail --offset beginning --no-follow -o raw` against `kcat -C -e -q`: the same records to /dev/null, process by process.

use std::process::Command;

use super::field::{EVENTS, Field};
use super::harness::{load, real};
use super::process::{gpuhm, median, ran};

const ROUNDS: usize = 9;

pub(crate) fn run(field: &Field) -> anyhow::Result<()> {
    field.filled("bench.")?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        for turn in 0..2 {
            let subject = (round + turn) % 2 == 0;
            let took = if subject {
                let mut tail = gpuhm(&field.address, "bench.", "tail");
                ran(tail.args(["-t", "gpu-metrics-raw", "--offset", "beginning", "--no-follow", "-o", "raw"]))?
            } else {
                let mut kcat = Command::new("kcat");
                ran(kcat.args([
                    "-C",
                    "-e",
                    "-q",
                    "-o",
                    "beginning",
                    "-b",
                    &field.address,
                    "-t",
                    "bench.gpu-metrics-raw",
                ]))?
            };
            // The first of each fills the caches.
            if round > 0 {
                if subject { ours.push(took) } else { theirs.push(took) }
            }
        }
    }
    for (name, runs) in [("gpuhm tail -o raw", &ours), ("kcat -C -e -q", &theirs)] {
        let (wall, cpu) = (median(runs, |ran| ran.wall), median(runs, |ran| ran.cpu));
        let rate = real(EVENTS) / wall / 1e3;
        println!("{name:<20} {wall:6.2} s {rate:6.0} k/s   CPU {cpu:5.2} s");
    }
    let by_wall = median(&theirs, |ran| ran.wall) / median(&ours, |ran| ran.wall);
    let by_cpu = median(&theirs, |ran| ran.cpu) / median(&ours, |ran| ran.cpu);
    println!("tail's rate by kcat's: {by_wall:.2} by the wall clock (aim >= 1), {by_cpu:.2} by CPU; load {}", load());
    Ok(())
}
