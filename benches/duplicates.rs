//! The duplicate check against what one would write first: a set of (GPU, time) as strings, in two generations.
//!
//! The events are a fleet's in the order in which collectors deliver them, tick by tick, with 1 % repeated at once, 1 %
//! out of order within the last 16 of their GPU, and 0.5 % repeats of times more than 32 back. Both sides are given the
//! GPU's name and the time, and find the GPU by its name. A second line leaves the finding out on gpuhm's side: there
//! the state is the one the stage holds already.

use std::collections::HashSet;
use std::hint::black_box;

use gpuhm::event::Time;
use gpuhm::stage::States;
use gpuhm::stage::validate::Recent;

use super::corpus::{INTERVAL, START};
use super::harness::{Pair, Random, Rounds, Took, real, timed};

/// Ticks before the clock starts: both structures are full by then.
const FILL: usize = 40;
/// Events that are timed, about.
const EVENTS: usize = 1_000_000;
/// Two generations of the set cover this many ticks each: five minutes.
const GENERATION: usize = 30;

/// One event: GPU, time, and the tick it arrives in.
type Seen = (u32, Time, usize);

pub(crate) fn run() -> anyhow::Result<()> {
    for gpus in [10_000, 100_000] {
        let names: Vec<String> = (0..gpus).map(|gpu| format!("GPU-{gpu:08x}-1111-2222-3333-{gpu:012x}")).collect();
        let (fill, events) = stream(gpus, FILL, (EVENTS / gpus).max(10));
        let pair = |subject| Pair {
            subject,
            baseline: "2 HashSet<(String, String)>",
            unit: "event",
            items: real(events.len()),
            bytes: 0.0,
            aim: Some(0.1),
        };
        let mut alone = Vec::new();
        let rounds = Rounds::of(
            || Ok(by_name(&names, &fill, &events)),
            || {
                let (sets, number) = (sets(&names, &fill, &events), by_number(gpus, &fill, &events));
                alone.push((number, sets));
                Ok(sets)
            },
        )?;
        println!("{}", rounds.line(&pair(format!("Recent by name, {gpus} GPUs")), |took| took.cpu));
        println!("{}", Rounds::before(alone).line(&pair(format!("Recent alone, {gpus} GPUs")), |took| took.cpu));
    }
    Ok(())
}

/// The events of `fill` ticks and of `ticks` more.
fn stream(gpus: usize, fill: usize, ticks: usize) -> (Vec<Seen>, Vec<Seen>) {
    let mut random = Random(7);
    let (mut filled, mut rest) = (Vec::new(), Vec::new());
    for tick in 0..fill + ticks {
        let to = if tick < fill { &mut filled } else { &mut rest };
        for gpu in (0_u32..).take(gpus) {
            let back = |ticks: usize| {
                let tick = i64::try_from(tick.saturating_sub(ticks)).unwrap_or_default();
                START.plus(tick * INTERVAL)
            };
            to.push((gpu, back(0), tick));
            match random.below(1000) {
                0..10 => to.push((gpu, back(0), tick)),
                // Between two ticks of the past, so that it was not seen before.
                10..20 => to.push((
                    gpu,
                    back(random.below(16)).plus(-1 - i64::try_from(random.below(9000)).unwrap_or(0)),
                    tick,
                )),
                20..25 => to.push((gpu, back(33 + random.below(6)), tick)),
                _ => {}
            }
        }
    }
    (filled, rest)
}

fn by_name(names: &[String], fill: &[Seen], events: &[Seen]) -> Took {
    let mut states = States::<Recent>::default();
    let mut offset = 0;
    let mut pass = |events: &[Seen]| {
        for (gpu, time, _) in events {
            offset += 1;
            if let Some(recent) = names.get(*gpu as usize).and_then(|name| states.at(name, offset, *time)) {
                black_box(recent.accept(*time));
            }
        }
    };
    pass(fill);
    timed(|| pass(events)).0
}

fn by_number(gpus: usize, fill: &[Seen], events: &[Seen]) -> Took {
    let mut states = vec![Recent::default(); gpus];
    let mut pass = |events: &[Seen]| {
        for (gpu, time, _) in events {
            if let Some(recent) = states.get_mut(*gpu as usize) {
                black_box(recent.accept(*time));
            }
        }
    };
    pass(fill);
    timed(|| pass(events)).0
}

fn sets(names: &[String], fill: &[Seen], events: &[Seen]) -> Took {
    let mut sets: [HashSet<(String, String)>; 2] = Default::default();
    let mut generation = 0;
    let mut pass = |events: &[Seen]| {
        for (gpu, time, tick) in events {
            if tick / GENERATION != generation {
                generation = tick / GENERATION;
                sets.rotate_right(1);
                let [newer, _] = &mut sets;
                newer.clear();
            }
            let Some(name) = names.get(*gpu as usize) else { continue };
            let key = (name.clone(), time.ms().to_string());
            let [newer, older] = &mut sets;
            black_box(!older.contains(&key) && newer.insert(key));
        }
    };
    pass(fill);
    timed(|| pass(events)).0
}
