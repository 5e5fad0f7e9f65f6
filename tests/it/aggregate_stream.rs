//! Streams as the design's model makes them: outages that end in bursts, disorder up to 20 s, duplicates, resets, GPUs
//! that fall silent or come late, two collectors on one GPU; with the metrics that every accumulator and rule needs.

use super::aggregate_support::{Rng, sample, with_xids};
use gpuhm::event::Event;

/// A record of the log: when it came (in s), and what.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) at: i64,
    pub(crate) event: Event<'static>,
}

/// The state a GPU's samples are made from.
struct Truth {
    temp: i64,
    energy: i64,
    errors: i64,
    pending: i64,
}

/// One partition's log. `whole`: no value is ever missing.
pub(crate) fn stream(rng: &mut Rng, whole: bool) -> Vec<Arrival> {
    let span = rng.pick(&[1200, 3600, 3 * 3600, 7 * 3600]);
    let step = if span <= 3600 { rng.pick(&[10, 20, 30]) } else { rng.pick(&[60, 90]) };
    let mut lists = Vec::new();
    for gpu in 0..rng.between(2, 5) {
        let end = if rng.chance(700) { span } else { rng.between(60, span) };
        let start = if rng.chance(800) { 0 } else { rng.between(0, span / 2) };
        for _ in 0..if rng.chance(250) { 2 } else { 1 } {
            let from = start + rng.pick(&[0, 0, 3]);
            lists.push(collector(rng, &format!("GPU-{gpu}"), (from, end, step), whole));
        }
    }
    // Collectors mix by arrival; each keeps its order.
    let mut log = Vec::new();
    while let Some(list) = lists.iter_mut().filter(|list| !list.is_empty()).min_by_key(|list| list[0].at) {
        log.push(list.remove(0));
    }
    log
}

fn collector(rng: &mut Rng, gpu: &str, (start, end, step): (i64, i64, i64), whole: bool) -> Vec<Arrival> {
    let mut events = samples(rng, gpu, (start, end, step), whole);
    let disorder = rng.pick(&[0, 0, 150]);
    for at in 1..events.len() {
        if rng.chance(disorder) && events[at].0 - events[at - 1].0 <= 20 {
            events.swap(at - 1, at);
        }
    }
    let mut outages = Vec::new();
    let mut from = start;
    while rng.chance(500) && from < end {
        let begin = rng.between(from, end);
        from = begin + rng.pick(&[90, 300, 1800, 5400, 2 * 3600, 3 * 3600, 5 * 3600]);
        outages.push((begin, from));
    }
    let (mut last, mut sent) = (0, Vec::<Arrival>::new());
    for (time, event) in events {
        let mut at = time + rng.between(0, 3);
        for (begin, end) in &outages {
            if (*begin..*end).contains(&at) {
                at = *end;
            }
        }
        last = last.max(at);
        sent.push(Arrival { at: last, event });
        if rng.chance(10) {
            // The tail of a burst is sent again.
            let tail = sent.len().saturating_sub(usize::try_from(rng.between(1, 4)).unwrap());
            let again: Vec<Arrival> = sent[tail..].iter().map(|one| Arrival { at: last, ..one.clone() }).collect();
            sent.extend(again);
        }
    }
    sent
}

fn samples(rng: &mut Rng, gpu: &str, (start, end, step): (i64, i64, i64), whole: bool) -> Vec<(i64, Event<'static>)> {
    let mut truth = Truth { temp: rng.pick(&[70, 82, 84]), energy: rng.between(0, 1000), errors: 0, pending: 0 };
    let (mut time, mut all) = (start, Vec::new());
    let frozen = rng.chance(100);
    while time < end {
        if rng.chance(10) {
            time += rng.pick(&[60, 150, 600, 3600]);
        }
        if !(frozen && time % 3000 < 1500) {
            truth.temp = (truth.temp + rng.between(-3, 3)).clamp(60, 92);
        }
        truth.energy += rng.pick(&[0, 0, 1, 5]);
        truth.errors += i64::from(rng.chance(2));
        truth.pending |= i64::from(rng.chance(1));
        if rng.chance(4) {
            truth = Truth { energy: rng.between(0, 3), errors: 0, pending: 0, ..truth };
        }
        let ms = time * 1000 + rng.pick(&[0, 0, 0, 1, 500, 999]);
        let mut event = one(rng, gpu, ms, &truth, frozen, whole);
        event.quality.interval_ms = rng.pick(&[Some(step * 1000), Some(step * 1000), None]);
        if rng.chance(4) {
            event = with_xids(event, &[(rng.pick(&[13, 48, 79, 94, 31_000]), ms - rng.between(0, 5000))]);
        }
        if rng.chance(5) {
            event.host.hostname = Some(format!("h{}", rng.between(2, 3)).into());
        }
        all.push((time, event));
        time += step;
    }
    all
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn one(rng: &mut Rng, gpu: &str, ms: i64, truth: &Truth, frozen: bool, whole: bool) -> Event<'static> {
    let power = if frozen { 400.0 } else { rng.between(600, 7000) as f64 / 10.1 };
    let all = [
        ("gpu_temp_c", truth.temp as f64),
        ("slowdown_temp_c", 88.0),
        ("power_usage_w", power),
        ("gpu_util_pct", if frozen { 100.0 } else { rng.between(0, 100) as f64 }),
        ("sm_clock_mhz", rng.between(300, 1980) as f64),
        ("fb_used_mib", rng.between(0, 80_000) as f64),
        ("throttle_reasons", f64::from(rng.pick(&[0, 0, 1, 4, 0x48, 0x80, 0x20]))),
        ("energy_mj", truth.energy as f64),
        ("pcie_replays", (truth.energy / 7) as f64),
        ("ecc_dbe_volatile", truth.errors as f64),
        ("row_remap_pending", truth.pending as f64),
        ("recovery_action", f64::from(rng.pick(&[0, 0, 0, 0, 1]))),
        ("pstate", rng.between(0, 8) as f64),
    ];
    let kept: Vec<(&str, f64)> = all.into_iter().filter(|_| whole || !rng.chance(50)).collect();
    sample(gpu, ms, &kept)
}
