//! Ratios: each part of gpuhm against a named baseline that does the same work in the same run.
//!
//! `cargo bench --bench ratio -- [decode] [duplicates] [aggregate] [bus] [store] [score] [frame] [page]`; nothing named is
//! everything. A line says what the part costs, what the baseline costs, and the ratio of the two; the ratio is what to compare between
//! runs, the times belong to the machine. Nothing here is asserted: see `harness` for how it is measured.
#![expect(clippy::print_stdout, reason = "a bench's lines are its answer")]

mod aggregate;
mod bins;
mod bus;
mod corpus;
mod decode;
mod duplicates;
mod frame;
mod harness;
mod page;
mod score;
mod store;

/// A bench: its name, and what runs it.
type Bench = (&'static str, fn() -> anyhow::Result<()>);

const BENCHES: [Bench; 8] = [
    ("decode", decode::run),
    ("duplicates", duplicates::run),
    ("aggregate", aggregate::run),
    ("bus", bus::run),
    ("store", store::run),
    ("score", score::run),
    ("frame", frame::run),
    ("page", page::run),
];

fn main() -> anyhow::Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let Some(unknown) = wanted.iter().find(|word| BENCHES.iter().all(|(name, _)| name != word)) {
        let names: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
        anyhow::bail!("no bench {unknown:?}: there are {}", names.join(", "));
    }
    println!("load average before: {}", harness::load());
    for (name, run) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            println!("\n{name}");
            run()?;
        }
    }
    println!("\nload average after: {}", harness::load());
    Ok(())
}
