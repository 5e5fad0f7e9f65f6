//! The columns a table of GPUs is sorted by. What is missing comes last, whichever way the order runs.

use std::cmp::Ordering;

use super::rows::Row;
use super::subject::{busy, memory};
use crate::event::fleet::GpuNow;
use crate::metric::ids;

/// A column to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// Host, then index.
    Host,
    /// Rack.
    Rack,
    /// Model.
    Model,
    /// Score.
    Score,
    /// GPU temperature.
    Temp,
    /// Memory temperature.
    Hbm,
    /// Board power.
    Power,
    /// How busy.
    Util,
    /// Memory in use.
    Mem,
    /// Uncorrectable ECC errors.
    Ecc,
    /// Probability of failure in seven days.
    P7,
    /// Age of the newest sample.
    Age,
}

/// Every column: the letter after `s`, its name, whether large values are the interesting ones.
const COLUMNS: [(SortBy, char, &str, bool); 12] = [
    (SortBy::Host, 'h', "host", false),
    (SortBy::Rack, 'r', "rack", false),
    (SortBy::Model, 'm', "model", false),
    (SortBy::Score, 's', "score", false),
    (SortBy::Temp, 't', "temp", true),
    (SortBy::Hbm, 'b', "hbm", true),
    (SortBy::Power, 'p', "power", true),
    (SortBy::Util, 'u', "util", true),
    (SortBy::Mem, 'g', "mem", true),
    (SortBy::Ecc, 'e', "ecc", true),
    (SortBy::P7, 'f', "p7", true),
    (SortBy::Age, 'a', "age", true),
];

/// An order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The column.
    pub by: SortBy,
    /// Whether the largest come first.
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Sort {
        Sort { by: SortBy::Score, descending: false }
    }
}

impl Sort {
    /// The interesting end of a column first.
    #[must_use]
    pub fn of(by: SortBy) -> Sort {
        let descending = COLUMNS.iter().any(|(column, _, _, large)| *column == by && *large);
        Sort { by, descending }
    }

    /// Reads `FIELD`, `FIELD:asc` or `FIELD:desc`.
    ///
    /// # Errors
    /// Names the fields there are.
    pub fn parse(text: &str) -> Result<Sort, String> {
        let (name, order) = text.split_once(':').unwrap_or((text, ""));
        let names = || COLUMNS.map(|(_, _, name, _)| name).join(", ");
        let found = COLUMNS.iter().find(|(_, _, column, _)| *column == name);
        let (by, ..) = found.ok_or_else(|| format!("no column {name:?} to sort by: there are {}", names()))?;
        match order {
            "" => Ok(Sort::of(*by)),
            "asc" => Ok(Sort { by: *by, descending: false }),
            "desc" => Ok(Sort { by: *by, descending: true }),
            _ => Err(format!("{order:?} is no order: write {name}:asc or {name}:desc")),
        }
    }

    /// The column a letter means.
    pub(super) fn letter(letter: char) -> Option<Sort> {
        COLUMNS.iter().find(|(_, own, ..)| *own == letter).map(|(by, ..)| Sort::of(*by))
    }

    /// `s score  t temp  …`
    pub(super) fn letters() -> String {
        COLUMNS.map(|(_, letter, name, _)| format!("{letter} {name}")).join("  ")
    }

    /// `score ^`: the way the order runs is told by a character.
    pub(super) fn word(self) -> String {
        let name = COLUMNS.iter().find(|(by, ..)| *by == self.by).map_or("", |(_, _, name, _)| name);
        format!("{name} {}", if self.descending { 'v' } else { '^' })
    }

    /// Puts rows into order; equals stay in the reading's own.
    pub(super) fn apply(self, rows: &[Row], gpus: &[GpuNow], order: &mut [usize]) {
        let text = |at: &usize| -> Option<&str> {
            let gpu = rows.get(*at).and_then(|row| gpus.get(row.gpu))?;
            match self.by {
                SortBy::Rack => gpu.place.rack(),
                _ => gpu.latest.model.as_deref(),
            }
        };
        match self.by {
            // The reading's own order.
            SortBy::Host if self.descending => order.sort_unstable_by(|a, b| b.cmp(a)),
            SortBy::Host => order.sort_unstable(),
            SortBy::Rack | SortBy::Model => order
                .sort_unstable_by(|a, b| last_if_missing(text(a), text(b), self.descending, Ord::cmp).then(a.cmp(b))),
            _ => {
                let key = |at: &usize| rows.get(*at).and_then(|row| self.key(row, gpus.get(row.gpu)?));
                let mut keyed: Vec<(Option<f64>, usize)> = order.iter().map(|at| (key(at), *at)).collect();
                keyed.sort_unstable_by(|(a, a_at), (b, b_at)| {
                    last_if_missing(*a, *b, self.descending, f64::total_cmp).then(a_at.cmp(b_at))
                });
                order.iter_mut().zip(keyed).for_each(|(place, (_, at))| *place = at);
            }
        }
    }

    fn key(self, row: &Row, gpu: &GpuNow) -> Option<f64> {
        let values = &gpu.latest.values;
        match self.by {
            SortBy::Host | SortBy::Rack | SortBy::Model => None,
            SortBy::Score => row.score.and_then(|score| i32::try_from(score).ok()).map(f64::from),
            SortBy::Temp => values.real(ids::GPU_TEMP),
            SortBy::Hbm => values.real(ids::MEMORY_TEMP),
            SortBy::Power => values.real(ids::POWER),
            SortBy::Util => busy(gpu),
            SortBy::Mem => memory(gpu),
            SortBy::Ecc => values.real(ids::DBE),
            SortBy::P7 => gpu.prediction.as_ref().and_then(|odds| odds.at(7)).map(|odds| odds.p),
            // The older the sample, the greater the age.
            SortBy::Age => Some(-crate::event::Value::Int(gpu.latest.time.ms()).real()),
        }
    }
}

fn last_if_missing<T>(a: Option<T>, b: Option<T>, descending: bool, compare: impl Fn(&T, &T) -> Ordering) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => compare(&b, &a),
        (Some(a), Some(b)) => compare(&a, &b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_orders_and_says_what_is_wrong() {
        assert_eq!(Sort::parse("temp"), Ok(Sort { by: SortBy::Temp, descending: true }));
        assert_eq!(Sort::parse("score:desc"), Ok(Sort { by: SortBy::Score, descending: true }));
        assert!(Sort::parse("tmp").unwrap_err().contains("there are host, rack"));
        assert!(Sort::parse("temp:up").unwrap_err().contains("temp:asc"));
    }

    #[test]
    fn missing_is_last_both_ways() {
        for descending in [false, true] {
            assert_eq!(last_if_missing(Some(1), None, descending, Ord::cmp), Ordering::Less);
        }
    }

    #[test]
    fn letters_and_names_are_each_one_columns() {
        let mut letters: Vec<char> = COLUMNS.iter().map(|(_, letter, ..)| *letter).collect();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), COLUMNS.len());
        assert!(COLUMNS.iter().all(|(by, letter, ..)| Sort::letter(*letter).is_some_and(|sort| sort.by == *by)));
    }
}
