//! What a host is asked to do: spells of idleness and of jobs that take half of it or all, with dips in between.
//!
//! GPUs of one job go in step, which is why the work is drawn for the host and not for each GPU. Figures:
//! facts/telemetry.md, sections 3 and 6. Knows no temperatures and no values.

use super::board::Board;
use super::random::{Random, along, decay};
use super::ranks::{Quantiles, Rank, job as ranked_job};

/// Share of spells in which both halves work on one job, each on its own, or only one of them works; the rest is idle.
const SPELLS: [f64; 3] = [0.30, 0.08, 0.42];
/// Length of a busy spell by its quantile, s: median 12 min, p90 72 min.
const BUSY_S: [(f64, f64); 4] = [(0.0, 60.0), (0.5, 720.0), (0.9, 4320.0), (1.0, 10_800.0)];
/// Length of an idle spell by its quantile, s: median 3 min, p90 36 min.
const IDLE_S: [(f64, f64); 4] = [(0.0, 30.0), (0.5, 180.0), (0.9, 2160.0), (1.0, 5400.0)];
/// Dips of a job, per second (0.28 an hour), their length, s, and how much of the power goes.
const DIPS: f64 = 0.28 / 3600.0;
const DIP_S: (f64, f64) = (30.0, 210.0);
const DIP_DEPTH: (f64, f64) = (0.2, 0.45);
/// Share of spells that a whole host spends alike, where work is known by ranks (J).
const RANKED_WHOLE: f64 = 0.95;
/// Share of jobs that serve and do not train: about 0.30 of the limit, the GPUs each on its own (D i4).
const SERVING: f64 = 0.15;
const SERVING_SHARE: f64 = 0.30;
/// Correlation of power between the GPUs of a job: training, serving.
const IN_STEP: (f64, f64) = (0.95, 0.3);
/// How fast the noise of busy power is forgotten, s: 0.7 of it is left after one (D).
pub(super) const NOISE_TAU_S: f64 = 2.8;
/// Share of idle halves whose GPUs keep a context open (F: 23 of 128).
const CONTEXT: f64 = 0.18;

/// A job on one half of a host.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    /// Mean power as a share of the limit.
    pub(super) share: f64,
    /// Correlation of power between its GPUs.
    pub(super) in_step: f64,
    /// Share of the frame buffer it takes.
    pub(super) memory: f64,
    /// Where it stands among the fleet's work, for boards whose work is known by ranks.
    pub(super) rank: Option<Rank>,
}

/// One half of a host.
#[derive(Debug, Clone, Default)]
pub(super) struct Half {
    /// Its job; idle where there is none.
    pub(super) job: Option<Job>,
    /// Whether its idle GPUs keep a context open.
    pub(super) context: bool,
    /// How much of the job's power a dip takes away now.
    pub(super) dip: f64,
    /// The noise its GPUs share at this step, in standard deviations.
    pub(super) noise: f64,
    dip_left_s: f64,
}

/// The work of one host.
#[derive(Debug)]
pub(super) struct Work {
    random: Random,
    left_s: f64,
    /// GPUs with an index below half of the host's, and the others.
    pub(super) halves: [Half; 2],
}

impl Work {
    /// Work that is somewhere within its first spell.
    pub(super) fn new(mut random: Random, board: &Board) -> Work {
        let mut halves = <[Half; 2]>::default();
        let left_s = spell(&mut random, board, &mut halves) * random.uniform();
        Work { random, left_s, halves }
    }

    /// Nothing runs for so long.
    pub(super) fn rest(&mut self, seconds: f64) {
        (self.halves, self.left_s) = (<[Half; 2]>::default(), seconds);
    }

    /// Goes on by `seconds`. Returns whether a new spell began.
    pub(super) fn step(&mut self, seconds: f64, board: &Board) -> bool {
        self.left_s -= seconds;
        let ended = self.left_s <= 0.0;
        while self.left_s <= 0.0 {
            self.left_s += spell(&mut self.random, board, &mut self.halves);
        }
        for half in &mut self.halves {
            half.noise = next_noise(half.noise, seconds, NOISE_TAU_S, &mut self.random);
            half.dip_left_s -= seconds;
            if half.dip_left_s <= 0.0 {
                half.dip = 0.0;
                if half.job.is_some() && self.random.chance(DIPS * seconds) {
                    half.dip = between(DIP_DEPTH, self.random.uniform());
                    half.dip_left_s = between(DIP_S, self.random.uniform());
                }
            }
        }
        ended
    }
}

/// Noise of mean 0 and deviation 1 after `seconds` more.
pub(super) fn next_noise(noise: f64, seconds: f64, tau_s: f64, random: &mut Random) -> f64 {
    let left = decay(seconds, tau_s);
    left * noise + (1.0 - left * left).sqrt() * random.normal()
}

fn between((low, high): (f64, f64), at: f64) -> f64 {
    low + (high - low) * at
}

/// Draws a spell and returns its length, s.
fn spell(random: &mut Random, board: &Board, halves: &mut [Half; 2]) -> f64 {
    if let Some(ranks) = board.ranks {
        return ranked(random, ranks(), halves);
    }
    let [both, each, one] = SPELLS;
    let kind = random.uniform();
    let side = random.chance(0.5);
    let (first, second) = (job(random, board), job(random, board));
    let jobs = if kind < both {
        [Some(first), Some(first)]
    } else if kind < both + each {
        [Some(first), Some(second)]
    } else if kind < both + each + one {
        if side { [Some(first), None] } else { [None, Some(first)] }
    } else {
        [None, None]
    };
    let busy = jobs.iter().any(Option::is_some);
    for (half, job) in halves.iter_mut().zip(jobs) {
        let context = random.chance(CONTEXT);
        *half = Half { job, context, noise: random.normal(), ..Half::default() };
    }
    along(if busy { &BUSY_S } else { &IDLE_S }, random.uniform())
}

/// The same where work is known by ranks: a job or none on all of the host, or on each half.
fn ranked(random: &mut Random, ranks: &Quantiles, halves: &mut [Half; 2]) -> f64 {
    let whole = random.chance(RANKED_WHOLE);
    let (first, second) = (ranked_job(random, ranks), ranked_job(random, ranks));
    for (half, job) in halves.iter_mut().zip([first, if whole { first } else { second }]) {
        *half = Half { job, noise: random.normal(), ..Half::default() };
    }
    along(&BUSY_S, random.uniform())
}

fn job(random: &mut Random, board: &Board) -> Job {
    let serving = random.chance(SERVING);
    let at = random.uniform();
    let memory = between((0.4, 0.95), random.uniform());
    if serving {
        Job { share: SERVING_SHARE * between((0.8, 1.2), at), in_step: IN_STEP.1, memory, rank: None }
    } else {
        Job { share: along(&board.work, at), in_step: IN_STEP.0, memory, rank: None }
    }
}

#[cfg(test)]
mod tests {
    use super::super::board::H100;
    use super::*;

    #[test]
    fn jobs_start_and_stop_and_leave_some_idle() {
        let (mut busy, mut changes, steps) = (0_u32, 0_u32, 360 * 24 * 20);
        let mut work = Work::new(Random::stream(1, 0, 0), &H100);
        for _ in 0..steps {
            changes += u32::from(work.step(10.0, &H100));
            busy += work.halves.iter().map(|half| u32::from(half.job.is_some())).sum::<u32>();
        }
        let share = f64::from(busy) / f64::from(2 * steps);
        assert!((0.4..0.8).contains(&share), "{share}");
        assert!((400..2000).contains(&changes), "{changes}");
    }
}
