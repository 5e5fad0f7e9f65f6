//! The scoring pass over 10,000 GPUs against passes over ten fleets of 1,000: 1 where the cost of a GPU hangs on nothing
//! else. So it must be of a host with all of them, too. The fleets are different ones, so that both sides have as much memory to go through.
//!
//! A fleet as a store answers it: eight GPUs a host, a day of hours each, the health of last time; one in fifty has a past
//! of XIDs, errors and throttling, one in two hundred has fallen silent.

use std::hint::black_box;

use gpuhm::event::facts::{FaultMinute, Load};
use gpuhm::event::rows::{Happening, Place, Raw};
use gpuhm::event::time::{DAY, HOUR, MINUTE, SECOND};
use gpuhm::event::{Facts, Known, Time, Values};
use gpuhm::metric::sampled;
use gpuhm::pass::Now;
use gpuhm::pass::score::score;

use super::harness::{Pair, Random, Rounds, Took, real, timed};

const LARGE: usize = 10_000;
const SMALL: usize = 1_000;
const NOW: Now = Now { at: Time(1_760_000_400_000), absence: true, stalled: false };

pub(crate) fn run() -> anyhow::Result<()> {
    against(format!("score, {LARGE} GPUs"), 8)?;
    against(format!("score, {LARGE} GPUs of one host"), LARGE)
}

/// A large fleet with so many GPUs a host against small ones with eight.
fn against(subject: String, crowd: usize) -> anyhow::Result<()> {
    let mut random = Random(7);
    let large = fleet(LARGE, crowd, &mut random)?;
    let small = (0..LARGE / SMALL).map(|_| fleet(SMALL, 8, &mut random)).collect::<anyhow::Result<Vec<Facts>>>()?;
    let rounds = Rounds::of(
        || Ok(timed(|| black_box(score(&large, NOW)).len()).0),
        || {
            let mut took = Took::default();
            for fleet in &small {
                took += timed(|| black_box(score(fleet, NOW)).len()).0;
            }
            Ok(took)
        },
    )?;
    let pair = Pair {
        subject,
        baseline: "score, ten fleets of 1,000",
        unit: "GPU",
        items: real(LARGE),
        bytes: 0.0,
        aim: None,
    };
    println!("{}", rounds.line(&pair, |took| took.cpu));
    Ok(())
}

fn fleet(gpus: usize, crowd: usize, random: &mut Random) -> anyhow::Result<Facts> {
    let mut facts = Facts::default();
    for number in 0..gpus {
        facts.gpus.push(gpu(number, crowd, random)?);
    }
    let healths = score(&facts, Now { at: NOW.at.plus(-MINUTE), ..NOW });
    for (known, health) in facts.gpus.iter_mut().zip(healths) {
        known.health = Some(health);
    }
    Ok(facts)
}

fn gpu(number: usize, crowd: usize, random: &mut Random) -> anyhow::Result<Known> {
    let mut values = Values::default();
    for (metric, row) in sampled() {
        // A value at work: half of what is plausible for gauges, none for whatever counts.
        let gauge = row.kind == gpuhm::metric::Kind::Gauge || row.kind == gpuhm::metric::Kind::Limit;
        values.set_number(metric, if gauge { row.range.1.min(100.0) / 2.0 } else { 0.0 });
    }
    let silent = random.below(200) == 0;
    let latest = Raw {
        time: NOW.at.plus(if silent { -HOUR } else { -5 * SECOND }),
        gpu_uuid: format!("GPU-{number}"),
        hostname: format!("node{}", number / crowd),
        device_index: i64::try_from(number % crowd).ok(),
        model: Some("NVIDIA H100 80GB HBM3".to_owned()),
        values,
        latency_ms: None,
        interval_ms: Some(10 * SECOND),
    };
    let hour = |back: i64| Load {
        start: NOW.at.floor(HOUR).plus(-back * HOUR),
        ms: HOUR,
        power: [Some(500.0), Some(600.0), Some(650.0)],
        limit: Some(700.0),
        sm_active: Some(60.0),
        sm_clock: Some(1980.0),
        util: Some(98.0),
    };
    let mut known = Known {
        written: latest.time,
        place: Place::default(),
        first: NOW.at.plus(-100 * DAY),
        asset: None,
        health: None,
        prediction: None,
        events: Vec::new(),
        minutes: Vec::new(),
        hours: (1..=24).rev().map(hour).collect(),
        corrected: Vec::new(),
        retired_a_week_ago: None,
        latest,
    };
    if random.below(50) == 0 {
        past(&mut known, random)?;
    }
    Ok(known)
}

fn past(known: &mut Known, random: &mut Random) -> anyhow::Result<()> {
    for _ in 0..10 {
        let code = [13, 31, 48, 63, 74, 94, 119].get(random.below(7)).copied().unwrap_or_default();
        let at = NOW.at.plus(-i64::try_from(random.below(30 * 24 * 60))? * MINUTE);
        let gpu_uuid = known.latest.gpu_uuid.clone();
        let hostname = known.latest.hostname.clone();
        known.events.push(Happening { gpu_uuid, at, kind: "xid".to_owned(), code, hostname, detail: String::new() });
    }
    known.events.sort_by_key(|event| event.at);
    let throttled = i64::try_from(random.below(480))?;
    let minute = |back: i64| FaultMinute {
        start: NOW.at.plus(-back * MINUTE),
        hw_slowdown_s: 20.0,
        hw_thermal_s: 20.0,
        dbe: i64::from(back == 100),
        ..FaultMinute::default()
    };
    known.minutes = (1..=throttled).rev().map(minute).collect();
    Ok(())
}
