//! Temperature less what power explains has the spread and the memory of real GPUs (facts/telemetry.md, section 2).
//!
//! Work is held still (a full load that is braked), power is taken from the energy counter, and what the recipe says of
//! power, its lag and the neighbour is taken off. What is left falls into a part common to a host and one of each GPU.

use super::*;

/// Resistances of a row of section 6, °C/W: at once, with a lag, from upstream; the lag, s; the slots behind another.
struct Row {
    boards: Boards,
    fast: f64,
    slow: f64,
    preheat: f64,
    tau_s: f64,
    hot: [usize; 4],
}

const HOSTS: usize = 24;
const TICKS: usize = 720;
/// Ticks until the lag has forgotten where it began.
const SKIPPED: usize = 60;
/// Variance that rounding to whole degrees adds.
const ROUNDING: f64 = 1.0 / 12.0;

/// What is left of every GPU's temperature, by host, GPU and tick.
fn residuals(row: &Row) -> Vec<Vec<Vec<f64>>> {
    let script = (1..=HOSTS).flat_map(|host| [format!("full_load@{host}+0s"), format!("power_brake@{host}+0s")]);
    let faults = script.map(|text| text.parse().unwrap()).collect();
    let options = Options { gpus: 8 * HOSTS, hosts: HOSTS, seed: 11, interval_ms: TICK, faults };
    let mut sim = Sim::with_boards(options, row.boards).unwrap();
    let energy = metric::index("energy_mj").unwrap();
    let (mut before, mut lagged) = (vec![0.0; 8 * HOSTS], vec![None; 8 * HOSTS]);
    let mut all = vec![vec![Vec::new(); 8]; HOSTS];
    for n in 0..TICKS {
        let events = tick(&mut sim, i64::try_from(n).unwrap());
        let values: Vec<Values> = events.iter().map(|event| values(event).0).collect();
        let watts: Vec<f64> =
            values.iter().zip(&before).map(|(values, before)| (values.real(energy).unwrap() - before) / 1e4).collect();
        before = values.iter().map(|values| values.real(energy).unwrap()).collect();
        if n == 0 {
            continue;
        }
        for (at, values) in values.iter().enumerate() {
            let left = (-10.0 / row.tau_s).exp();
            let lag = watts[at] + (lagged[at].unwrap_or(watts[at]) - watts[at]) * left;
            lagged[at] = Some(lag);
            let upstream = if row.hot.contains(&(at % 8)) { watts[at ^ 1] } else { 0.0 };
            let known = row.fast * watts[at] + row.slow * lag + row.preheat * upstream;
            if n > SKIPPED {
                all[at / 8][at % 8].push(values.real(metric::ids::GPU_TEMP).unwrap() - known);
            }
        }
    }
    all
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap())
}

/// Mean product of a series with itself `lag` later.
fn covariance(series: &[f64], lag: usize) -> f64 {
    mean(&series.iter().zip(&series[lag..]).map(|(a, b)| a * b).collect::<Vec<_>>())
}

/// Half the mean square of the change over `lag`: jumps from run to run hardly count in it.
fn change(series: &[f64], lag: usize) -> f64 {
    mean(&series.iter().zip(&series[lag..]).map(|(a, b)| (a - b) * (a - b) / 2.0).collect::<Vec<_>>())
}

/// Deviation and what is left after 10 s: of the GPUs' own part, then of the hosts' common one.
fn fitted(row: &Row) -> [(f64, f64); 2] {
    let (mut own, mut common) = (Vec::new(), Vec::new());
    for host in residuals(row) {
        let centred: Vec<Vec<f64>> = host
            .iter()
            .map(|series| {
                let centre = mean(series);
                series.iter().map(|value| value - centre).collect()
            })
            .collect();
        let shared: Vec<f64> =
            (0..centred[0].len()).map(|at| mean(&centred.iter().map(|gpu| gpu[at]).collect::<Vec<_>>())).collect();
        for gpu in &centred {
            let alone: Vec<f64> = gpu.iter().zip(&shared).map(|(value, shared)| value - shared).collect();
            own.push([covariance(&alone, 0), covariance(&alone, 1)]);
        }
        common.push([change(&shared, 1), change(&shared, 3)]);
    }
    let of = |all: &[[f64; 2]], at: usize| mean(&all.iter().map(|pair| pair[at]).collect::<Vec<_>>());
    // The mean of eight takes an eighth of a GPU's own part with it.
    let variance = of(&own, 0) * 8.0 / 7.0 - ROUNDING;
    let phi = of(&own, 1) * 8.0 / 7.0 / variance;
    // And leaves an eighth of it in the common one.
    let part = |lag: i32| (variance * (1.0 - phi.powi(lag)) + ROUNDING) / 8.0;
    let (one, three) = (of(&common, 0) - part(1), of(&common, 1) - part(3));
    // three / one = 1 + φ + φ².
    let common_phi = ((4.0 * three / one - 3.0).sqrt() - 1.0) / 2.0;
    [(variance.sqrt(), phi), ((one / (1.0 - common_phi)).sqrt(), common_phi)]
}

fn near(found: (f64, f64), wanted: (f64, f64)) {
    let fine = (found.0 - wanted.0).abs() < 0.12 && (found.1 - wanted.1).abs() < 0.08;
    assert!(fine, "found {found:?}, wanted {wanted:?}");
}

#[test]
fn a100_residuals_are_as_recorded() {
    let hot = [0, 3, 5, 7];
    let row = Row { boards: Boards::A100, fast: 0.047, slow: 0.058, preheat: 0.027, tau_s: 45.0, hot };
    let [own, common] = fitted(&row);
    near(own, (0.7, 0.75));
    near(common, (0.6, 0.85));
}

#[test]
fn h100_residuals_are_as_recorded() {
    let hot = [0, 2, 4, 6];
    let row = Row { boards: Boards::H100, fast: 0.028, slow: 0.036, preheat: 0.017, tau_s: 35.0, hot };
    let [own, common] = fitted(&row);
    near(own, (0.4, 0.7));
    near(common, (0.45, 0.85));
}
