//! How a ratio is measured: subject and baseline in turns, one uncounted round first, the medians of the rest.
//!
//! CPU time of the thread, which other processes on the machine lengthen only through caches and memory; where the disk
//! is part of the work, the wall clock, and the line says so. Each side times itself, so that what it prepares for a
//! round does not count.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use cpu_time::{ProcessTime, ThreadTime};

/// Counted rounds.
const ROUNDS: usize = 7;

/// What one side of a round took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Took {
    /// CPU time of the thread.
    pub(crate) cpu: Duration,
    /// CPU time of the whole process.
    pub(crate) process: Duration,
    /// Wall time.
    pub(crate) wall: Duration,
}

impl std::ops::AddAssign for Took {
    fn add_assign(&mut self, other: Took) {
        self.cpu += other.cpu;
        self.process += other.process;
        self.wall += other.wall;
    }
}

/// Does `work` and says what it took.
#[expect(clippy::disallowed_methods, reason = "a bench measures; nothing of gpuhm sees the time")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Took, T) {
    let (cpu, process, wall) = (ThreadTime::now(), ProcessTime::now(), Instant::now());
    let done = std::hint::black_box(work());
    (Took { cpu: cpu.elapsed(), process: process.elapsed(), wall: wall.elapsed() }, done)
}

/// What the rounds of both sides took.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    subject: Vec<Took>,
    baseline: Vec<Took>,
}

impl Rounds {
    /// Runs the rounds: `round` does one, both sides, and is told whose turn is first.
    pub(crate) fn run(mut round: impl FnMut(bool) -> anyhow::Result<(Took, Took)>) -> anyhow::Result<Rounds> {
        let mut rounds = Rounds::default();
        for number in 0..=ROUNDS {
            let (subject, baseline) = round(number % 2 == 0)?;
            if number > 0 {
                rounds.subject.push(subject);
                rounds.baseline.push(baseline);
            }
        }
        Ok(rounds)
    }

    /// Rounds that were run before, the uncounted one among them.
    pub(crate) fn before(list: Vec<(Took, Took)>) -> Rounds {
        let (subject, baseline) = list.into_iter().skip(1).unzip();
        Rounds { subject, baseline }
    }

    /// Runs both sides in turns.
    pub(crate) fn of(
        mut subject: impl FnMut() -> anyhow::Result<Took>,
        mut baseline: impl FnMut() -> anyhow::Result<Took>,
    ) -> anyhow::Result<Rounds> {
        Rounds::run(|subject_first| {
            if subject_first {
                let subject = subject()?;
                Ok((subject, baseline()?))
            } else {
                let baseline = baseline()?;
                Ok((subject()?, baseline))
            }
        })
    }

    /// The line of a pair by one of its times.
    pub(crate) fn line(&self, pair: &Pair<'_>, time: fn(&Took) -> Duration) -> String {
        let per_item = |rounds: &[Took]| median(rounds.iter().map(|took| nanos(time(took)) / pair.items).collect());
        let (subject, baseline) = (per_item(&self.subject), per_item(&self.baseline));
        // Of the rounds' own ratios, not of the medians: both sides of a round saw the same machine.
        let mut ratios: Vec<f64> = (self.subject.iter().zip(&self.baseline))
            .map(|(subject, baseline)| nanos(time(subject)) / nanos(time(baseline)))
            .collect();
        ratios.sort_by(f64::total_cmp);
        let (low, high) = (ratios.first().copied().unwrap_or_default(), ratios.last().copied().unwrap_or_default());
        let mut text = String::new();
        let put = |text: &mut String, name: &str, cost: f64| {
            let rate = if pair.bytes > 0.0 { format!(" {:7.0} MB/s", pair.bytes / cost * 1e3) } else { String::new() };
            append(text, format_args!("{name:<42} {cost:8.0} ns/{}{rate}   ", pair.unit));
        };
        put(&mut text, &pair.subject, subject);
        put(&mut text, pair.baseline, baseline);
        append(&mut text, format_args!("ratio {:.2} ({low:.2}-{high:.2})", median(ratios)));
        if let Some(aim) = pair.aim {
            append(&mut text, format_args!(" (aim <= {aim})"));
        }
        text
    }
}

/// What a line says beside the numbers.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    /// The part of gpuhm.
    pub(crate) subject: String,
    /// What it is held against.
    pub(crate) baseline: &'a str,
    /// What an item is.
    pub(crate) unit: &'a str,
    /// Items a round.
    pub(crate) items: f64,
    /// Bytes an item; 0 where they say nothing.
    pub(crate) bytes: f64,
    /// The ratio aimed at.
    pub(crate) aim: Option<f64>,
}

fn append(text: &mut String, part: std::fmt::Arguments<'_>) {
    if text.write_fmt(part).is_err() {
        debug_assert!(false, "writing to a String cannot fail");
    }
}

fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// A count as a real number; the counts of a bench are small.
#[expect(clippy::cast_precision_loss, reason = "counts of a bench are far below 2^53")]
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}

/// The machine's load average, so that a reader can tell what else ran.
pub(crate) fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").map_or_else(|_| "unknown".to_owned(), |text| text.trim_end().to_owned())
}

/// Repeatable random numbers (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(1);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}
