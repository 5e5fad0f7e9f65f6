//! `score` over fleets of three sizes: what reading the facts and judging them takes, what a whole pass of the program
//! takes, and how many rows the server read for it. A growth of 1 is linear.

use gpuhm::pass::Now;
use gpuhm::pass::score::score;
use gpuhm::store::Judged as _;

use super::field::Field;
use super::harness::{load, real, timed};

const SIZES: [usize; 3] = [1_000, 3_000, 10_000];
/// Passes, of which the fastest counts: what else the machine does only ever adds.
const PASSES: usize = 5;

pub(crate) fn run(server: &str) -> anyhow::Result<()> {
    let mut smallest = None;
    for gpus in SIZES {
        let field = Field::new(server, gpus)?;
        let (facts, judged, read) = judged(&field)?;
        let whole = whole(&field)?;
        let one = (facts + judged) / real(gpus);
        let first: f64 = *smallest.get_or_insert(one);
        println!(
            "{gpus:>6} GPUs: facts {facts:6.3} s, judging {judged:6.3} s, {read} rows read ({:.1} a GPU); \
             {:4.0} us a GPU, growth {:.2}; `gpuhm score` {whole:6.2} s; load {}",
            real(usize::try_from(read)?) / real(gpus),
            one * 1e6,
            one / first,
            load()
        );
    }
    Ok(())
}

/// Seconds of reading the facts, of judging them, and the rows that were read.
fn judged(field: &Field) -> anyhow::Result<(f64, f64, i64)> {
    let mut store = field.store()?;
    let (mut facts_took, mut judged_took) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..PASSES {
        let (took, facts) = timed(|| store.facts(field.now));
        facts_took = facts_took.min(took.wall.as_secs_f64());
        let facts = facts?;
        let now = Now { at: field.now, absence: true, stalled: false };
        judged_took = judged_took.min(timed(|| score(&facts, now).len()).0.wall.as_secs_f64());
    }
    // A connection tells what it read when it ends.
    drop(store);
    let before = settled(field)?;
    field.store()?.facts(field.now)?;
    Ok((facts_took, judged_took, settled(field)? - before))
}

/// Rows that were read in this schema, once nothing more is added to them.
fn settled(field: &Field) -> anyhow::Result<i64> {
    let mut last = -1;
    loop {
        std::thread::sleep(std::time::Duration::from_millis(1_500));
        let now = field.psql(
            "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables
                WHERE schemaname = current_schema()",
        )?;
        let now = now.trim().parse()?;
        if now == last {
            return Ok(now);
        }
        last = now;
    }
}

/// Seconds of a pass of the program, the second: the first writes every GPU's health.
fn whole(field: &Field) -> anyhow::Result<f64> {
    let mut last = 0.0;
    for _ in 0..2 {
        let (took, ran) = timed(|| field.gpuhm(&["score", "--once"]));
        ran?;
        last = took.wall.as_secs_f64();
    }
    Ok(last)
}
