//! An open minute: its tally, and what must be remembered until it closes because events may come out of order.
//!
//! Three things depend on the order of time: a time counts once, counters rise from reading to reading, and quantiles
//! take the earliest reading of each second. They are kept as sorted offsets, as runs of equal counter values, and as
//! one reading a second, so that a 100 Hz stream costs tens of kilobytes for a minute and not megabytes. All readings
//! of a steady counter are one run. Knows nothing of other minutes but the counters' values before it.

use serde::{Deserialize, Serialize};

use super::plan::{PLAN, to_bits};
use super::reading::Reading;
use super::tally::Tally;
use crate::event::time::MINUTE;
use crate::event::values;

/// Readings of one counter with one value: from and to are offsets in the minute, in ms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Run {
    value: i64,
    from: u16,
    to: u16,
    counter: u8,
}

/// The earliest reading of one second of a metric with quantiles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Ranked {
    value: f32,
    at: u16,
    metric: u8,
}

/// No run yet.
const NO_RUN: u32 = u32::MAX;
/// Milliseconds a second, as offsets count them.
const OFFSETS_A_SECOND: u16 = 1000;

/// A minute that still takes readings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Minute {
    /// Sums.
    pub(super) tally: Tally,
    /// Offsets of its readings in ms, sorted.
    offsets: Vec<u16>,
    /// Offset of the reading behind each of the tally's `lasts`.
    last_at: Vec<u16>,
    /// Counter readings. While `ordered`, a counter's runs stand in order of time.
    runs: Vec<Run>,
    /// Each counter's newest run.
    tails: Vec<u32>,
    ordered: bool,
    ranked: Vec<Ranked>,
}

impl Minute {
    /// Makes it an empty minute; its memory stays.
    pub(super) fn reset(&mut self, index: i64) {
        self.tally.reset(index);
        self.offsets.clear();
        self.last_at.clear();
        self.last_at.resize(PLAN.lasts.len(), 0);
        self.runs.clear();
        self.tails.clear();
        self.tails.resize(PLAN.counters.len(), NO_RUN);
        self.ordered = true;
        self.ranked.clear();
    }

    /// Takes a reading of this minute. One whose time was read before changes nothing.
    pub(super) fn add(&mut self, reading: &Reading<'_>) {
        let Ok(at) = u16::try_from(reading.time.ms().rem_euclid(MINUTE)) else {
            return;
        };
        let newest = self.offsets.last().copied();
        let forward = newest.is_none_or(|newest| at > newest);
        if forward {
            self.offsets.push(at);
        } else {
            match self.offsets.binary_search(&at) {
                Ok(_) => return,
                Err(place) => self.offsets.insert(place, at),
            }
            self.ordered = false;
        }
        self.tally.add(reading);
        if forward {
            self.tally.describe(reading.time, reading.interval, reading.host);
        }
        self.keep_last(reading, at);
        if forward {
            self.count(reading, at, newest);
        } else {
            self.count_behind(reading, at);
        }
        let new_second = newest.is_none_or(|newest| at / OFFSETS_A_SECOND > newest / OFFSETS_A_SECOND);
        self.rank(reading, at, forward && new_second);
    }

    fn keep_last(&mut self, reading: &Reading<'_>, at: u16) {
        let slots = self.tally.lasts.iter_mut().zip(&mut self.last_at);
        for ((last, last_at), metric) in slots.zip(&PLAN.lasts) {
            if let Some(value) = reading.values.get(*metric)
                && (last.is_none() || at > *last_at)
            {
                *last = Some(to_bits(value));
                *last_at = at;
            }
        }
    }

    /// Counter values of a reading newer than all others. A run goes on only where no reading lies between.
    fn count(&mut self, reading: &Reading<'_>, at: u16, newest: Option<u16>) {
        for (counter, (tail, metric)) in (0_u8..).zip(self.tails.iter_mut().zip(&PLAN.counters)) {
            let Some(value) = reading.values.int(*metric) else {
                continue;
            };
            let run = usize::try_from(*tail).ok().and_then(|tail| self.runs.get_mut(tail));
            if let Some(run) = run.filter(|run| run.value == value && Some(run.to) == newest) {
                run.to = at;
            } else {
                *tail = u32::try_from(self.runs.len()).unwrap_or(NO_RUN);
                self.runs.push(Run { value, from: at, to: at, counter });
            }
        }
    }

    /// Counter values of a reading between or before others. A run of another value that it falls into is parted at it,
    /// so that a run always stands for every reading between its ends; the later part keeps its place, which `tails`
    /// may name.
    fn count_behind(&mut self, reading: &Reading<'_>, at: u16) {
        let place = self.offsets.partition_point(|offset| *offset < at);
        let before = place.checked_sub(1).and_then(|place| self.offsets.get(place)).copied();
        let after = self.offsets.get(place + 1).copied();
        let value_of = |counter: u8| reading.values.int(*PLAN.counters.get(usize::from(counter))?);
        let mut parts = Vec::new();
        let mut held = 0_u64;
        if let (Some(before), Some(after)) = (before, after) {
            for run in self.runs.iter_mut().filter(|run| run.from < at && at < run.to) {
                if value_of(run.counter) == Some(run.value) {
                    held |= 1 << run.counter;
                } else {
                    parts.push(Run { to: before, ..*run });
                    run.from = after;
                }
            }
        }
        self.runs.append(&mut parts);
        for (counter, _) in (0_u8..).zip(&PLAN.counters) {
            if held & (1 << counter) == 0
                && let Some(value) = value_of(counter)
            {
                self.runs.push(Run { value, from: at, to: at, counter });
            }
        }
    }

    fn rank(&mut self, reading: &Reading<'_>, at: u16, new_second: bool) {
        for (metric, index) in (0_u8..).zip(&PLAN.ranked) {
            let Some(value) = reading.values.real(*index).map(values::rounded) else {
                continue;
            };
            let same =
                |ranked: &&mut Ranked| ranked.metric == metric && ranked.at / OFFSETS_A_SECOND == at / OFFSETS_A_SECOND;
            let held = if new_second { None } else { self.ranked.iter_mut().rev().find(same) };
            match held {
                Some(ranked) if at < ranked.at => (ranked.value, ranked.at) = (value, at),
                Some(_) => {}
                None => self.ranked.push(Ranked { value, at, metric }),
            }
        }
    }

    /// Completes the tally: increases from `before` on, which becomes the counters' values at the minute's end, and
    /// throttle times within the minute's length (two collectors on one GPU would count it twice).
    pub(super) fn complete(&mut self, before: &mut [Option<i64>]) {
        if !self.ordered {
            self.runs.sort_unstable_by_key(|run| (run.counter, run.from));
        }
        for run in &self.runs {
            step(run.counter, run.value, before, &mut self.tally.deltas);
        }
        let minute = u32::try_from(MINUTE).unwrap_or(u32::MAX);
        for time in &mut self.tally.times {
            *time = (*time).min(minute);
        }
    }

    /// Hands over the readings for quantiles, metric by metric.
    pub(super) fn ranked(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.ranked.iter().map(|ranked| (usize::from(ranked.metric), ranked.value))
    }
}

/// One reading of a counter after another: a lower value is a counter that started again from 0. The first reading
/// ever is where counting begins.
fn step(counter: u8, value: i64, before: &mut [Option<i64>], deltas: &mut [Option<i64>]) {
    let counter = usize::from(counter);
    let (Some(before), Some(delta)) = (before.get_mut(counter), deltas.get_mut(counter)) else {
        return;
    };
    let increase = match *before {
        None => 0,
        Some(before) if value < before => value,
        Some(before) => value.saturating_sub(before),
    };
    *delta = Some(delta.unwrap_or(0).saturating_add(increase));
    *before = Some(value);
}
