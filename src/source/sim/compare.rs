//! Holds the percentiles of a simulated fleet against those of a real one.
//!
//! By ranks and not by values: what matters is which share of a fleet lies below a value, and columns differ in what a
//! unit means. A value that many readings share covers a range of ranks; two ranges are as far apart as the gap between
//! them. Reads samples as anyone would; knows nothing of how they come about.

use super::ranks::{COLUMNS, METRICS, Quantiles};
use super::{Boards, Options, Sim};
use crate::event::{Body, Time};
use crate::metric;
use crate::source::{Reading, Source, SourceError};

/// Ranks by which a percentile may be off (the issue).
pub const ALLOWED: f64 = 3.0;
/// Percentiles that are judged.
const JUDGED: std::ops::RangeInclusive<u8> = 5..=95;
/// Between two ticks, ms: long enough that the noise of one is forgotten at the next.
const INTERVAL: i64 = 60_000;
/// GPUs of a host.
const A_HOST: usize = 8;
/// Readings that are kept of each column at most, in all about 60 MB.
const KEPT: usize = 1_000_000;
/// First tick: 2026-01-01T00:00:00Z.
const START: Time = Time(1_767_225_600_000);

/// A fleet to hold against the table.
#[derive(Debug, Clone, Copy)]
pub struct Fleet {
    /// GPUs, eight a host.
    pub gpus: usize,
    /// How long, in hours of simulated time.
    pub hours: u32,
    /// The seed.
    pub seed: u64,
}

/// One percentile of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The column.
    pub column: &'static str,
    /// The percentile.
    pub percentile: u8,
    /// The table's value.
    pub wanted: f64,
    /// The fleet's.
    pub found: f64,
    /// By how many ranks the fleet is off; 0 where the ranges of ranks meet.
    pub off: f64,
}

impl Fleet {
    /// Simulates it and holds every column against the table: percentiles 5 to 95.
    ///
    /// # Errors
    /// Where the numbers make no fleet.
    pub fn compare(self, table: &Quantiles) -> Result<Vec<Line>, SourceError> {
        let readings = self.readings()?;
        let lines = readings.iter().enumerate().flat_map(|(at, sorted)| {
            let column = COLUMNS.get(at).copied().unwrap_or_default();
            JUDGED.filter_map(move |percentile| line(column, percentile, table.column(at), sorted))
        });
        Ok(lines.collect())
    }

    /// Readings of every column, sorted.
    fn readings(self) -> Result<[Vec<f64>; 7], SourceError> {
        let hosts = self.gpus.div_ceil(A_HOST);
        let options = Options { gpus: self.gpus, hosts, seed: self.seed, interval_ms: INTERVAL, faults: Vec::new() };
        let mut sim = Sim::with_boards(options, Boards::Kalos)?;
        let mut columns: [Vec<f64>; 7] = Default::default();
        let ticks = i64::from(self.hours) * 60;
        let all = self.gpus.saturating_mul(usize::try_from(ticks).unwrap_or(usize::MAX));
        let stride = i64::try_from(all.div_ceil(KEPT).max(1)).unwrap_or(1);
        let mut out = Vec::new();
        for tick in 0..ticks {
            sim.read(START.plus(tick * INTERVAL), &mut out)?;
            for reading in out.drain(..).filter(|_| tick % stride == 0) {
                if let Reading::Event(event) = reading
                    && let Body::Sample(_, values, _) = &event.body
                {
                    for (column, name) in columns.iter_mut().zip(METRICS) {
                        column.extend(metric::index(name).and_then(|at| values.real(at)));
                    }
                }
            }
        }
        for column in &mut columns {
            column.sort_unstable_by(f64::total_cmp);
        }
        Ok(columns)
    }
}

fn line(column: &'static str, percentile: u8, table: &[f64], sorted: &[f64]) -> Option<Line> {
    let at = usize::from(percentile);
    let wanted = *table.get(at)?;
    let found = *sorted.get((sorted.len() * at / 100).min(sorted.len().checked_sub(1)?))?;
    // Both ways: where the table's value stands in the fleet, and where the fleet's stands in the table.
    let there = gap(ranks(sorted, wanted), (equal(table, wanted, at), equal_last(table, wanted, at)));
    let back = gap(table_ranks(table, found), (f64::from(percentile), f64::from(percentile)));
    Some(Line { column, percentile, wanted, found, off: there.max(back) })
}

/// By how much two ranges miss each other.
fn gap(one: (f64, f64), other: (f64, f64)) -> f64 {
    (one.0 - other.1).max(other.0 - one.1).max(0.0)
}

/// The ranks, 0 to 100, that a value covers among readings.
fn ranks(sorted: &[f64], value: f64) -> (f64, f64) {
    let share = |count: usize| 100.0 * number(count) / number(sorted.len().max(1));
    (share(sorted.partition_point(|other| *other < value)), share(sorted.partition_point(|other| *other <= value)))
}

/// The first and the last percentile with the value that stands at `at`.
fn equal(table: &[f64], value: f64, at: usize) -> f64 {
    number(table.iter().position(|other| *other >= value).unwrap_or(at))
}

fn equal_last(table: &[f64], value: f64, at: usize) -> f64 {
    number(table.iter().rposition(|other| *other <= value).unwrap_or(at))
}

/// The ranks that a value covers in a table of percentiles, on straight lines between them.
fn table_ranks(table: &[f64], value: f64) -> (f64, f64) {
    let (below, above) =
        (table.iter().rposition(|other| *other <= value), table.iter().position(|other| *other >= value));
    match (below, above) {
        (Some(below), Some(above)) if above <= below => (number(above), number(below)),
        (Some(below), Some(above)) => {
            let (low, high) = (table.get(below).copied().unwrap_or(value), table.get(above).copied().unwrap_or(value));
            let rank = number(below) + (value - low) / (high - low);
            (rank, rank)
        }
        (Some(_), None) => (100.0, 100.0),
        (None, _) => (0.0, 0.0),
    }
}

/// A count; none here is beyond 32 bits.
fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_apart_by_the_gap_between_their_ranges() {
        let table: Vec<f64> = (0..=100_u8).map(|at| f64::from(at / 10)).collect();
        let same: Vec<f64> = (0..1000_u16).map(|at| f64::from(at / 100)).collect();
        let off = |sorted: &[f64]| JUDGED.map(|at| line("x", at, &table, sorted).unwrap().off).fold(0.0, f64::max);
        assert!(off(&same) <= 1.0, "{}", off(&same));
        let shifted: Vec<f64> = (0..1000_u16).map(|at| f64::from((at + 50) / 100)).collect();
        assert!((4.0..7.0).contains(&off(&shifted)), "{}", off(&shifted));
        assert!(off(&[50.0]) > 80.0);
    }
}
