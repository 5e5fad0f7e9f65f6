//! Random numbers of the simulator: one small stream a host and a GPU, each derived from the seed alone.
//!
//! A stream of its own for every entity means that no draw depends on the order in which others are simulated. No call
//! into libm is made, here or in the dynamics, so that every platform gives the same bytes. Knows nothing of GPUs.

/// A stream: `SplitMix64` (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; constants
/// from Vigna's public-domain `splitmix64.c`).
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

/// The odd constant the state moves by.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Random {
    /// The stream of one entity: the seed and the entity's two numbers.
    pub(super) fn stream(seed: u64, host: u64, gpu: u64) -> Random {
        let start = mix(seed.wrapping_add(STEP));
        let start = mix(start ^ host.wrapping_add(1).wrapping_mul(STEP));
        Random(mix(start ^ gpu.wrapping_add(1).wrapping_mul(STEP)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Uniform in 0 ≤ x < 1, in steps of 2^-32.
    pub(super) fn uniform(&mut self) -> f64 {
        let [a, b, c, d, ..] = self.next().to_le_bytes();
        f64::from(u32::from_le_bytes([a, b, c, d])) / 4_294_967_296.0
    }

    /// Nearly normal, mean 0 and standard deviation 1: the sum of four uniforms, scaled; never beyond ±3.47.
    pub(super) fn normal(&mut self) -> f64 {
        // Variance of four uniforms on 0..65535: 4 / 12 × 65536².
        const SCALE: f64 = 1.732_050_807_568_877_2 / 65_536.0;
        let bytes = self.next().to_le_bytes();
        let sum: f64 = bytes.as_chunks().0.iter().map(|two| f64::from(u16::from_le_bytes(*two))).sum();
        (sum - 131_070.0) * SCALE
    }

    /// A whole number with ten digits or fewer, for serial numbers and counters.
    pub(super) fn number(&mut self) -> u32 {
        let [a, b, c, d, ..] = self.next().to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    /// Whether something of probability `p` happens.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }
}

/// The value at `at` of the line through `points`, held constant beyond its ends. Points rise in their first member.
pub(super) fn along(points: &[(f64, f64)], at: f64) -> f64 {
    let mut before: Option<(f64, f64)> = None;
    for &(x, y) in points {
        if at <= x {
            return before.map_or(y, |(x0, y0)| y0 + (y - y0) * (at - x0) / (x - x0));
        }
        before = Some((x, y));
    }
    before.map_or(0.0, |(_, y)| y)
}

/// What is left after `seconds` of something that decays with time constant `tau` seconds: e^(−seconds/tau), as
/// (1 + x/64)^−64, which is within 1 % where a step is no longer than the time constant.
pub(super) fn decay(seconds: f64, tau: f64) -> f64 {
    let mut left = 1.0 / (1.0 + seconds / tau / 64.0);
    for _ in 0..6 {
        left *= left;
    }
    left
}

/// Share of a normal distribution below `z`, to half a percent.
pub(super) fn share_below(z: f64) -> f64 {
    const TABLE: [(f64, f64); 17] = [
        (-3.5, 0.0),
        (-2.5, 0.0062),
        (-2.0, 0.0228),
        (-1.6, 0.0548),
        (-1.2, 0.1151),
        (-0.9, 0.1841),
        (-0.6, 0.2743),
        (-0.3, 0.3821),
        (0.0, 0.5),
        (0.3, 0.6179),
        (0.6, 0.7257),
        (0.9, 0.8159),
        (1.2, 0.8849),
        (1.6, 0.9452),
        (2.0, 0.9772),
        (2.5, 0.9938),
        (3.5, 1.0),
    ];
    along(&TABLE, z)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_has_mean_nought_and_deviation_one() {
        let mut random = Random::stream(7, 1, 2);
        let draws: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }

    #[test]
    fn streams_differ_by_each_of_their_numbers() {
        let first = |seed, host, gpu| Random::stream(seed, host, gpu).next();
        let all = [first(1, 0, 0), first(2, 0, 0), first(1, 1, 0), first(1, 0, 1), first(1, 1, 1)];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one));
        }
    }

    #[test]
    fn decay_is_near_the_exponential() {
        for (seconds, tau) in [(0.0_f64, 30.0_f64), (1.0, 45.0), (10.0, 30.0), (30.0, 30.0)] {
            assert!((decay(seconds, tau) / (-seconds / tau).exp() - 1.0).abs() < 0.01);
        }
    }

    #[test]
    fn shares_of_normal_draws_are_uniform() {
        let mut random = Random::stream(3, 0, 0);
        let shares: Vec<f64> = (0..20_000).map(|_| share_below(random.normal())).collect();
        for tenth in 1..10 {
            let at = f64::from(tenth) / 10.0;
            let below = shares.iter().filter(|share| **share < at).count();
            assert!((f64::from(u32::try_from(below).unwrap()) / 20_000.0 - at).abs() < 0.015, "{at}: {below}");
        }
    }

    #[test]
    fn along_holds_its_ends() {
        let line = [(0.0, 10.0), (1.0, 20.0)];
        for (at, is) in [(-5.0, 10.0), (0.5, 15.0), (9.0, 20.0)] {
            assert!((along(&line, at) - is).abs() < 1e-9);
        }
    }
}
