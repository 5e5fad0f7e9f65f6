//! The A100 cluster Kalos as percentiles of its readings: a table carried as it was published, and work drawn from it.
//!
//! The file is from `AcmeTrace` (Hu et al., "Characterization of Large Language Model Development in the Datacenter",
//! NSDI '24), licence CC BY 4.0; `kalos.txt` beside it says so again. Its columns were sorted each by itself, so that a
//! row is no GPU: here a job stands at the same rank in every column (J), and temperatures are left to the dynamics.

use std::sync::LazyLock;

use super::random::{Random, along};
use super::work::Job;

/// Columns of the table.
pub const COLUMNS: [&str; 7] = [
    "gpu_temp_c",
    "memory_temp_c",
    "power_usage_w",
    "gpu_util_pct",
    "fb_used_pct",
    "sm_active_pct",
    "sm_occupancy_pct",
];
/// The same by the metric table's names.
pub const METRICS: [&str; 7] = [
    "gpu_temp_c",
    "memory_temp_c",
    "power_usage_w",
    "gpu_util_pct",
    "utilization_pct",
    "sm_active_pct",
    "sm_occupancy_pct",
];
/// The table as it is carried.
pub const KALOS: &str = include_str!("kalos.csv");
/// Ranks at which one way to spend the time ends and the next begins: nothing in memory; a program that does next to
/// nothing; one that waits, at 91 to 98 % utilisation and 90 to 105 W; work.
const ENDS: [f64; 5] = [0.0, 0.265, 0.337, 0.525, 1.0];
/// Correlation of power between the GPUs of a job (facts/telemetry.md, section 6).
const IN_STEP: f64 = 0.95;
/// Memory that the driver keeps, as a share of all of it, less what a job may take (`fill`).
const RESERVED: f64 = 600.0 / 81_920.0;

/// Percentiles 0 to 100 of each column.
#[derive(Debug, Clone, Default)]
pub struct Quantiles {
    columns: [Vec<f64>; 7],
}

/// Where a job stands: a normal draw within a range of ranks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rank {
    /// The draw.
    pub(super) place: f64,
    range: (f64, f64),
}

impl Rank {
    /// The rank at this share of its range.
    pub(super) fn at(&self, share: f64) -> f64 {
        self.range.0 + (self.range.1 - self.range.0) * share
    }
}

static CARRIED: LazyLock<Quantiles> = LazyLock::new(|| Quantiles::parse(KALOS).unwrap_or_default());

/// The carried table.
pub(super) fn kalos() -> &'static Quantiles {
    &CARRIED
}

impl Quantiles {
    /// Reads a table: a header line, then a line a percentile, in order.
    ///
    /// # Errors
    /// What is wrong with it, and in which line.
    pub fn parse(text: &str) -> Result<Quantiles, String> {
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
        let mut columns: [Vec<f64>; 7] = Default::default();
        let place = |name: &str| header.iter().position(|column| *column == name).ok_or(format!("no column {name}"));
        let mut places = [0; 7];
        for (at, name) in places.iter_mut().zip(COLUMNS) {
            *at = place(name)?;
        }
        for (number, line) in (2..).zip(lines) {
            let cells: Vec<&str> = line.split(',').collect();
            for (column, at) in columns.iter_mut().zip(places) {
                let value: Option<f64> = cells.get(at).and_then(|cell| cell.trim().parse().ok());
                let value = value.filter(|value| column.last().is_none_or(|last| last <= value));
                column.push(value.ok_or_else(|| format!("line {number}: no number that is at least the one above"))?);
            }
        }
        match columns.first().map_or(0, Vec::len) {
            101 => Ok(Quantiles { columns }),
            lines => Err(format!("{lines} percentiles, not 101")),
        }
    }

    /// A column, percentile 0 first.
    #[must_use]
    pub fn column(&self, at: usize) -> &[f64] {
        self.columns.get(at).map_or(&[], Vec::as_slice)
    }

    /// The value at a rank, 0 to 1, of a column.
    fn at(&self, column: usize, rank: f64) -> f64 {
        let place = (rank * 100.0).clamp(0.0, 100.0);
        let below = place.floor();
        let column = self.column(column);
        let mut next = column.iter().skip(index(below));
        let low = next.next().copied().unwrap_or_default();
        low + (next.next().copied().unwrap_or(low) - low) * (place - below)
    }

    /// Power at a rank, W.
    pub(super) fn power_w(&self, rank: f64) -> f64 {
        self.at(2, rank)
    }

    /// Idle power of a board, W; `share` says which of the idle ones.
    pub(super) fn idle_w(&self, share: f64) -> f64 {
        let [_, idle, ..] = ENDS;
        self.power_w(idle * share)
    }

    /// Utilisation at a rank, %.
    pub(super) fn util_pct(&self, rank: f64) -> f64 {
        self.at(3, rank)
    }

    /// Frame buffer in use at a rank, %.
    fn fb_pct(&self, rank: f64) -> f64 {
        self.at(4, rank)
    }

    /// `sm_active` at a rank, %.
    pub(super) fn sm_pct(&self, rank: f64) -> f64 {
        self.at(5, rank)
    }

    /// Occupancy at a rank, %.
    pub(super) fn occupancy_pct(&self, rank: f64) -> f64 {
        self.at(6, rank)
    }
}

/// A whole number from 0 to 100.
fn index(place: f64) -> usize {
    crate::event::values::whole(place).and_then(|place| usize::try_from(place).ok()).unwrap_or(0)
}

/// A job as the cluster had them, or none, by their shares of its time.
pub(super) fn job(random: &mut Random, ranks: &Quantiles) -> Option<Job> {
    let at = random.uniform();
    let mut ranges = ENDS.windows(2).filter_map(|ends| Some((*ends.first()?, *ends.get(1)?)));
    let (place, memory) = (random.normal(), random.uniform());
    let [_, idle, ..] = ENDS;
    let range = ranges.find(|(_, end)| at < *end).filter(|(_, end)| *end > idle)?;
    let memory = ranks.fb_pct(along(&[(0.0, range.0), (1.0, range.1)], memory)) / 100.0 / (1.0 - RESERVED);
    Some(Job { share: at, in_step: IN_STEP, memory, rank: Some(Rank { place, range }) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_carried_table_is_read_and_a_bad_one_is_not() {
        let table = Quantiles::parse(KALOS).unwrap();
        assert!((table.column(0)[50] - 40.0).abs() < 1e-9 && (table.power_w(0.5) - 101.4).abs() < 1e-9);
        assert!((table.power_w(1.0) - 599.7).abs() < 1e-9 && table.util_pct(0.0) < 1e-9);
        for (text, why) in [
            ("", "no column gpu_temp_c".to_owned()),
            (&KALOS.replacen("40.0", "x", 1), "line 6:".to_owned()),
            (&KALOS[..2000], "percentiles, not 101".to_owned()),
        ] {
            let said = Quantiles::parse(text).unwrap_err();
            assert!(said.contains(&why) || said.contains("line"), "{said}");
        }
    }
}
