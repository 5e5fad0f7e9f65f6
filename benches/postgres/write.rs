//! Rows a second into `gpu_metrics`, against `psql \copy` of the same rows into the same table, in turns in one run.
//!
//! Ours is everything that a step's write is: rows folded and encoded, tokens checked, partitions looked up, a transaction
//! a step, the list of GPUs kept; psql reads a file that is encoded already and copies it in one transaction. Its time is
//! what `\timing` says. Between turns the table is emptied, and the server writes down what it has in memory.

use anyhow::Context as _;
use gpuhm::event::rows::Raw;
use gpuhm::event::values::rounded;
use gpuhm::event::{Rows, Time, Value, Values};
use gpuhm::metric::{self, Type};
use gpuhm::store::Store as _;

use super::field::Field;
use super::harness::{Random, load, timed};

/// GPUs, and samples of each, ten seconds apart.
const GPUS: usize = 200;
const SAMPLES: i64 = 800;
const INTERVAL_MS: i64 = 10_000;
/// Rows of a step: what a runner reads at most in one.
const STEP: usize = 8_192;
/// Turns, the first of which does not count.
const TURNS: usize = 6;

/// How the rows get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Ours, into an empty table.
    New,
    /// Ours, over the same rows.
    Again,
    /// psql, from a file in COPY's binary form.
    Binary,
    /// psql, from a file of text.
    Text,
}

const WAYS: [(Way, &str); 4] = [
    (Way::New, "gpuhm, new rows"),
    (Way::Again, "gpuhm, all of them there already"),
    (Way::Binary, "psql \\copy, binary"),
    (Way::Text, "psql \\copy, text"),
];

pub(crate) fn run(server: &str) -> anyhow::Result<()> {
    let field = Field::empty(server, "write")?;
    let steps = steps(field.now);
    let rows: usize = steps.iter().map(|step| step.raw.len()).sum();
    let files = tempfile::tempdir()?;
    let file = |way| files.path().join(format!("{way:?}")).display().to_string();
    let mut store = field.store()?;
    let mut tokens = store.raise("aggregate", &(0..32).collect::<Vec<_>>())?;
    let mut rates: [Vec<f64>; WAYS.len()] = Default::default();
    for turn in 0..TURNS {
        for ((way, _), rates) in WAYS.iter().zip(&mut rates) {
            if *way != Way::Again {
                field.psql("TRUNCATE gpu_metrics, gpus; CHECKPOINT")?;
            }
            let seconds = match way {
                Way::New | Way::Again => {
                    tokens.rotate_left(1);
                    let (took, put) = timed(|| -> anyhow::Result<u64> {
                        let mut put = 0;
                        for step in &steps {
                            let written = store.write(&tokens, step, field.now)?;
                            put += if *way == Way::New { written.raw } else { written.repeated };
                        }
                        Ok(put)
                    });
                    anyhow::ensure!(usize::try_from(put?)? == rows, "not all rows went in as they should");
                    took.wall.as_secs_f64()
                }
                Way::Binary | Way::Text => copied(&field, *way, &file(*way))?,
            };
            if turn == 0 && *way == Way::Again {
                for way in [Way::Binary, Way::Text] {
                    field.psql(&format!("\\copy (SELECT * FROM gpu_metrics) TO '{}' {}", file(way), form(way)))?;
                }
            }
            rates.extend((turn > 0).then(|| super::harness::real(rows) / seconds));
        }
    }
    println!("{rows} rows of {GPUS} GPUs in steps of {STEP}; load {}", load());
    let medians = rates.map(median);
    for ((way, name), rate) in WAYS.iter().zip(medians) {
        let of = |other: Way| {
            let found = WAYS.iter().zip(medians).find(|((way, _), _)| *way == other);
            rate / found.map_or(f64::NAN, |(_, rate)| rate)
        };
        let ratio = match way {
            Way::New | Way::Again => {
                format!("   of binary {:.2}, of text {:.2} (aim >= 0.8 of each)", of(Way::Binary), of(Way::Text))
            }
            Way::Binary | Way::Text => String::new(),
        };
        println!("{name:<36} {rate:>9.0} rows/s{ratio}");
    }
    Ok(())
}

const fn form(way: Way) -> &'static str {
    match way {
        Way::Text => "",
        _ => "(FORMAT binary)",
    }
}

/// Seconds that psql's copy takes.
fn copied(field: &Field, way: Way, file: &str) -> anyhow::Result<f64> {
    let said = field.psql(&format!("\\timing on\n\\copy gpu_metrics FROM '{file}' {}", form(way)))?;
    let time = said.lines().find_map(|line| line.strip_prefix("Time: ")).context("psql told no time")?;
    let ms: f64 = time.split(' ').next().context("psql told no time")?.parse()?;
    Ok(ms / 1e3)
}

/// Rows as collectors send them: most values there, in the order of time.
fn steps(now: Time) -> Vec<Rows> {
    let mut random = Random(7);
    let mut all: Vec<Raw> = Vec::new();
    for tick in 0..SAMPLES {
        all.extend((0..GPUS).map(|gpu| sample(gpu, now.plus(tick * INTERVAL_MS), &mut random)));
    }
    all.chunks(STEP).map(|raw| Rows { raw: raw.to_vec(), ..Rows::default() }).collect()
}

fn sample(gpu: usize, time: Time, random: &mut Random) -> Raw {
    let mut values = Values::default();
    for (index, metric) in metric::sampled() {
        let number = i64::try_from(random.below(100_000)).unwrap_or_default();
        let value = match metric.ty {
            Type::Int => Value::Int(number),
            Type::Real => Value::Real(f64::from(rounded(Value::Int(number).real() / 7.0))),
        };
        if random.below(8) > 0 {
            values.set(index, value);
        }
    }
    Raw {
        time,
        gpu_uuid: format!("GPU-{gpu:08x}-1c5d-4f6a-9b2e-{gpu:012x}"),
        hostname: format!("gpu-node-{:04}", gpu / 8),
        device_index: i64::try_from(gpu % 8).ok(),
        model: Some("NVIDIA H100 80GB HBM3".to_owned()),
        values,
        latency_ms: Some(3),
        interval_ms: Some(INTERVAL_MS),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
