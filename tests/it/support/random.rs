//! Seeded random numbers (`SplitMix64`), and how many rounds a test runs: the same seed makes the same run on any machine.

/// The next number of Vigna's `SplitMix64`: the one step of every generator in these tests.
pub(crate) fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A generator.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(crate) fn next(&mut self) -> u64 {
        splitmix(&mut self.0)
    }

    /// A number from 0 up to but without `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn within(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).unwrap();
        low + i64::try_from(self.next() % span).unwrap()
    }

    /// True in `permille` of a thousand cases.
    pub(crate) fn chance(&mut self, permille: u64) -> bool {
        self.next() % 1000 < permille
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// The seeds of a test: `rounds` from `first` on, unless `GPUHM_SEED` and `GPUHM_ROUNDS` say otherwise. What fails
/// names its seed, so that `GPUHM_SEED=… GPUHM_ROUNDS=1` repeats it.
pub(crate) fn seeds(first: u64, rounds: u64) -> std::ops::Range<u64> {
    let first = number("GPUHM_SEED").unwrap_or(first);
    first..first + number("GPUHM_ROUNDS").unwrap_or(rounds)
}

#[expect(clippy::disallowed_methods, reason = "how long a test runs is asked by whoever runs it")]
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}: not a number: {text}")))
}
