//! Decoding, every rule and the duplicate check, against the least a JSON reader can do with the same bytes.
//!
//! The baseline is `serde_json` with `IgnoredAny`: it finds that the bytes are JSON and keeps nothing of them.

use std::hint::black_box;

use gpuhm::event::Time;
use gpuhm::stage::States;
use gpuhm::stage::validate::{Judge, Recent};
use serde::de::IgnoredAny;

use super::corpus::{Fleet, SEED};
use super::harness::{Pair, Rounds, Took, real, timed};

const GPUS: usize = 1000;
const TICKS: usize = 12;
/// How often the seed's one event is read a round.
const SEED_TIMES: usize = 10_000;

pub(crate) fn run() -> anyhow::Result<()> {
    let mut fleet = Fleet::new(GPUS)?;
    let ticks = (0..TICKS).map(|_| fleet.encoded()).collect::<anyhow::Result<Vec<_>>>()?;
    let (first, rest) = ticks.split_first().ok_or_else(|| anyhow::anyhow!("no ticks"))?;
    let events: Vec<(Time, &[u8])> = flat(rest);
    let bytes: usize = events.iter().map(|(_, bytes)| bytes.len()).sum();
    let pair = |subject, items, bytes| Pair {
        subject,
        baseline: "IgnoredAny",
        unit: "event",
        items: real(items),
        bytes: real(bytes) / real(items),
        aim: Some(2.5),
    };
    let rounds = Rounds::of(|| judge(&flat(std::slice::from_ref(first)), &events), || ignore(&events))?;
    let name = format!("decode+validate, {} B a simulated event", bytes / events.len());
    println!("{}", rounds.line(&pair(name, events.len(), bytes), |took| took.cpu));

    let arrived = Time(1_770_805_801_000);
    let seeds = vec![(arrived, SEED); SEED_TIMES];
    let rounds = Rounds::of(|| judge(&[], &seeds), || ignore(&seeds))?;
    let name = format!("decode+validate, the seed's {} B, indented", SEED.len());
    println!("{}", rounds.line(&pair(name, SEED_TIMES, SEED_TIMES * SEED.len()), |took| took.cpu));
    Ok(())
}

fn flat(ticks: &[(Time, Vec<Vec<u8>>)]) -> Vec<(Time, &[u8])> {
    ticks.iter().flat_map(|(now, events)| events.iter().map(|bytes| (*now, bytes.as_slice()))).collect()
}

/// What validate does with an event but for passing it on; `known` makes the GPUs known before the clock starts.
fn judge(known: &[(Time, &[u8])], events: &[(Time, &[u8])]) -> anyhow::Result<Took> {
    let (mut judge, mut states, mut problems) = (Judge::default(), States::<Recent>::default(), Vec::new());
    let mut offset = 0;
    let mut pass = |events: &[(Time, &[u8])]| {
        let mut sound = 0;
        for (now, bytes) in events {
            problems.clear();
            let event = judge.judge(bytes, *now, &mut problems);
            let Some(event) = event.filter(|_| problems.is_empty()) else { continue };
            if let (Some(entity), Some(time)) = (event.entity(), event.time)
                && let Some(recent) = states.at(&entity, offset, *now)
            {
                black_box(recent.accept(time));
                sound += 1;
            }
            offset += 1;
        }
        sound
    };
    pass(known);
    let (took, sound) = timed(|| pass(events));
    anyhow::ensure!(sound == events.len(), "{sound} of {} events are sound", events.len());
    Ok(took)
}

fn ignore(events: &[(Time, &[u8])]) -> anyhow::Result<Took> {
    let (took, done) = timed(|| -> serde_json::Result<()> {
        for (_, bytes) in events {
            black_box(serde_json::from_slice::<IgnoredAny>(bytes)?);
        }
        Ok(())
    });
    done?;
    Ok(took)
}
