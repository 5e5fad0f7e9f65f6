//! A state is bounded: about 6 KB at the usual interval, and a fast stream grows it by what a minute must remember.

use super::aggregate_support::{Fed, GPU, Rng, sample};
use gpuhm::metric::Kind;

fn metrics(rng: &mut Rng, at: i64) -> Vec<(&'static str, f64)> {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let mut number = |low: i64, high: i64| rng.between(low, high) as f64;
    let mut all = vec![("gpu_temp_c", number(40, 70)), ("memory_temp_c", number(50, 80))];
    all.push(("power_usage_w", number(100_000, 700_000) / 1000.0));
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    all.push(("energy_mj", 1e9 + at as f64));
    for row in gpuhm::metric::sampled().map(|(_, row)| row) {
        if all.iter().all(|(name, _)| *name != row.name) {
            // Counters and limits stand still on a healthy GPU; the energy counter is there already.
            let gauge = matches!(row.kind, Kind::Gauge | Kind::Mask);
            all.push((row.name, if gauge { number(0, 100) } else { 1.0 }));
        }
    }
    all
}

/// The saved state of one GPU that was read every `every` ms from `from` to `to` s.
fn size((from, to): (i64, i64), every: usize, swap: bool) -> usize {
    let (mut fed, mut rng) = (Fed::default(), Rng(1));
    let mut times: Vec<i64> = (from * 1000..to * 1000).step_by(every).collect();
    if swap {
        times.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    }
    for at in times {
        let values = metrics(&mut rng, at);
        fed.feed(&sample(GPU, at, &values));
    }
    postcard::to_allocvec(fed.states.get(GPU).unwrap()).unwrap().len()
}

#[test]
fn ten_seconds_cost_six_kilobytes() {
    let found = size((0, 3600 + 25), 10_000, false);
    assert!(found < 6 * 1024, "{found} bytes at the hour's end");
}

#[test]
fn a_hundred_a_second_do_not_blow_it_up() {
    let ordered = size((3000, 3200), 10, false);
    assert!(ordered < 150_000, "{ordered} bytes");
    let swapped = size((3000, 3200), 10, true);
    assert!(swapped < 150_000, "{swapped} bytes out of order");
}
