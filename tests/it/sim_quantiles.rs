//! The percentiles of a simulated fleet lie where a real cluster's do: what `gpuhm sim-quantiles` prints.

use gpuhm::source::sim::compare::{ALLOWED, Fleet};
use gpuhm::source::sim::ranks::{KALOS, Quantiles};

use crate::process::{Home, text};

#[test]
fn percentiles_lie_within_three_ranks_of_kalos() {
    let table = Quantiles::parse(KALOS).unwrap();
    let lines = Fleet { gpus: 8192, hours: 2, seed: 7 }.compare(&table).unwrap();
    assert_eq!(lines.len(), 7 * 91);
    let far: Vec<_> = lines.iter().filter(|line| line.off > ALLOWED).collect();
    assert!(far.is_empty(), "{far:?}");
}

#[test]
fn the_command_prints_both_and_says_what_is_too_far() {
    let home = Home::new();
    let file = home.path("table.csv");
    std::fs::write(&file, KALOS).unwrap();
    // Eight GPUs are no cluster.
    let few = ["sim-quantiles", "--gpus", "8", "--hours", "1", &text(&file)];
    let out = home.run(&few);
    assert_eq!(out.code, 1);
    let said = out.out;
    assert!(said.contains("gpu_temp_c") && said.contains("too far") && said.lines().count() > 600, "{said}");
    std::fs::write(&file, "percentile,gpu_temp_c\n").unwrap();
    home.fails(&few, 2, &["no column memory_temp_c"]);
}
