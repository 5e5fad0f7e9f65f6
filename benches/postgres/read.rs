//! What `top` reads of 10,000 GPUs, against the bare SQL in psql, in milliseconds.
//!
//! Both sides run in turns, each on a connection that has asked the same before. psql's time is what `\timing` says: until
//! the answer has come in, without printing it. Ours is until it has been read into rows.

use std::fmt::Write as _;
use std::hint::black_box;

use anyhow::Context as _;
use gpuhm::event::Time;
use gpuhm::event::time::{HOUR, MINUTE};
use gpuhm::store::postgres::Postgres;
use gpuhm::store::{Judged as _, Store as _};

use super::field::Field;
use super::harness::timed;

pub(crate) const GPUS: usize = 10_000;
/// Turns, the first of which does not count, and how often each side asks in one.
const TURNS: usize = 8;
const REPEATS: usize = 5;
const GPU: &str = "GPU-004711";

/// A question: what it is called, our way of asking, and the paragraphs of the bare SQL.
struct Question {
    name: &'static str,
    ours: fn(&mut Postgres, Time) -> anyhow::Result<usize>,
    bare: &'static [&'static str],
}

const QUESTIONS: [Question; 3] = [
    Question { name: "every GPU's latest values", ours: |store, _| Ok(store.latest()?.len()), bare: &["latest"] },
    Question {
        name: "the fleet: latest values, scores, predictions, alerts",
        ours: |store, _| Ok(store.fleet()?.gpus.len()),
        bare: &["latest", "scores", "predictions", "places", "numbers", "alerts", "collectors"],
    },
    Question {
        name: "the last hour of one GPU",
        ours: |store, now| Ok(store.past(GPU, now.plus(-HOUR), now)?.windows.len()),
        bare: &["hour"],
    },
];

pub(crate) fn run(server: &str) -> anyhow::Result<()> {
    let field = Field::new(server, GPUS)?;
    let mut store = field.store()?;
    for question in &QUESTIONS {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let mut rows = 0;
        for turn in 0..TURNS {
            for side in 0..2 {
                let counts = turn > 0;
                if (turn + side) % 2 == 0 {
                    for _ in 0..REPEATS {
                        let (took, read) = timed(|| (question.ours)(&mut store, field.now));
                        rows = black_box(read?);
                        ours.extend(counts.then_some(took.wall.as_secs_f64() * 1e3));
                    }
                } else {
                    let took = asked(&field, question.bare)?;
                    theirs.extend(took.into_iter().filter(|_| counts));
                }
            }
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!(
            "{:<54} {rows:>6} rows {ours:8.1} ms   psql {theirs:8.1} ms   ratio {:.2}",
            question.name,
            ours / theirs
        );
    }
    for part in ["scores", "predictions"] {
        println!("  of these in psql: {part:<36} {:24.1} ms", median(asked(&field, &[part])?));
    }
    Ok(())
}

/// What each of the repeats took in psql, in milliseconds, after two that do not count.
fn asked(field: &Field, paragraphs: &[&str]) -> anyhow::Result<Vec<f64>> {
    let mut sql = String::new();
    for name in paragraphs {
        sql.push_str(paragraph(name)?);
    }
    let statements = sql.matches(";\n").count();
    let mut script = String::from("\\timing on\n\\o /dev/null\n");
    writeln!(script, "\\set gpu {GPU}\n\\set from '{}'\n\\set to '{}'", field.now.plus(-HOUR), field.now)?;
    writeln!(script, "\\set late '{}'", field.now.plus(-30 * MINUTE))?;
    script.push_str(&sql.repeat(REPEATS + 2));
    let said = field.psql(&script)?;
    let times: Vec<f64> =
        said.lines().filter_map(|line| line.strip_prefix("Time: ")?.split(' ').next()?.parse().ok()).collect();
    anyhow::ensure!(times.len() == statements * (REPEATS + 2), "psql told {} times", times.len());
    Ok(times.chunks(statements).skip(2).map(|one| one.iter().sum()).collect())
}

/// The statements under a name.
fn paragraph(name: &str) -> anyhow::Result<&'static str> {
    const BARE: &str = include_str!("bare.sql");
    let (_, rest) = BARE.split_once(&format!("-- {name}: ")).with_context(|| format!("no paragraph {name}"))?;
    let (_, rest) = rest.split_once('\n').context("a paragraph without statements")?;
    Ok(rest.split("\n-- ").next().unwrap_or(rest))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
