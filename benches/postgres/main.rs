//! Writing to and reading from a real PostgreSQL: `benches/postgres.sh` starts one and runs this; without a server it measures nothing.
//!
//! `cargo bench --bench postgres -- [write] [read] [score]`, with `GPUHM_BENCH_POSTGRES=postgres://…`; nothing named is
//! everything. Both sides of a pair run in turns in one run. Server and client share the machine, and the wall clock moves
//! with all that runs on it. Nothing is asserted.
#![expect(clippy::print_stdout, reason = "a bench's lines are its answer")]

mod field;
#[expect(dead_code, reason = "the other benches use more of it")]
#[path = "../harness.rs"]
mod harness;
mod read;
mod score;
mod write;

/// A bench: its name, and what runs it on the server with this URL.
type Bench = (&'static str, fn(&str) -> anyhow::Result<()>);

const BENCHES: [Bench; 3] = [("write", write::run), ("read", read::run), ("score", score::run)];

fn main() -> anyhow::Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let Some(unknown) = wanted.iter().find(|word| BENCHES.iter().all(|(name, _)| name != word)) {
        let names: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
        anyhow::bail!("no bench {unknown:?}: there are {}", names.join(", "));
    }
    let Some(server) = std::env::var_os("GPUHM_BENCH_POSTGRES").and_then(|name| name.into_string().ok()) else {
        println!("postgres: GPUHM_BENCH_POSTGRES names no server, nothing is measured; benches/postgres.sh starts one");
        return Ok(());
    };
    println!("load average before: {}", harness::load());
    for (name, run) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            println!("\n{name}");
            run(&server)?;
        }
    }
    println!("\nload average after: {}", harness::load());
    Ok(())
}
