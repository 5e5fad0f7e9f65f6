//! Ratios on a real Kafka broker: `benches/kafka.sh` starts one and runs this; without a broker it measures nothing.
//!
//! `cargo bench --bench kafka -- [stage] [tail] [collect] [recover]`, with `GPUHM_BENCH_KAFKA=HOST:PORT`; nothing named is
//! everything. Both sides of a pair run in turns in one run. Broker and clients share the machine: the wall clock moves
//! with all that runs on it, and the CPU time of the measured process beside it does so less. Nothing is asserted.
#![expect(clippy::print_stdout, reason = "a bench's lines are its answer")]

mod collect;
#[expect(dead_code, reason = "the other benches use more of it")]
#[path = "../corpus.rs"]
mod corpus;
mod field;
#[expect(dead_code, reason = "the other benches use more of it")]
#[path = "../harness.rs"]
mod harness;
mod process;
mod recover;
mod stage;
mod tail;

use field::Field;

/// A bench: its name, and what runs it.
type Bench = (&'static str, fn(&Field) -> anyhow::Result<()>);

const BENCHES: [Bench; 4] =
    [("tail", tail::run), ("stage", stage::run), ("collect", collect::run), ("recover", recover::run)];

fn main() -> anyhow::Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let Some(unknown) = wanted.iter().find(|word| BENCHES.iter().all(|(name, _)| name != word)) {
        let names: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
        anyhow::bail!("no bench {unknown:?}: there are {}", names.join(", "));
    }
    let Some(address) = std::env::var_os("GPUHM_BENCH_KAFKA").and_then(|name| name.into_string().ok()) else {
        println!("kafka: GPUHM_BENCH_KAFKA names no broker, nothing is measured; benches/kafka.sh starts one");
        return Ok(());
    };
    println!("load average before: {}", harness::load());
    let field = Field::new(&address);
    for (name, run) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            println!("\n{name}");
            run(&field)?;
        }
    }
    println!("\nload average after: {}", harness::load());
    Ok(())
}
