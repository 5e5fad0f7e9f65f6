//! What a window of any length keeps: extremes, sums, newest values, increases, throttle time. Two tallies add up.
//!
//! A minute fills one reading by reading; 15 min and 1 h are sums of closed minutes, so that every length rests on the
//! same arithmetic. Sums are f64 in log order within a minute and in order of minutes beyond it. Knows no clock, no
//! order of events and no counters' history: those are the minute's.

use serde::{Deserialize, Serialize};

use super::plan::{PLAN, Source, from_bits};
use super::reading::Reading;
use crate::event::values::whole;
use crate::event::{Size, Time, Value, Window, values, window};
use crate::metric::{REASONS, Type};

/// Smallest, largest and sum of one metric's readings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "Option<Saved>", from = "Option<Saved>")]
pub(super) struct Spread {
    n: u32,
    min: f64,
    max: f64,
    sum: f64,
}

impl Default for Spread {
    fn default() -> Self {
        Spread { n: 0, min: f64::INFINITY, max: f64::NEG_INFINITY, sum: 0.0 }
    }
}

/// A spread as it is saved: a metric the GPU does not have costs one byte, and numbers are turned as in `packed`.
type Saved = (u32, [u64; 3]);

impl From<Spread> for Option<Saved> {
    fn from(spread: Spread) -> Self {
        let turned = [spread.min, spread.max, spread.sum].map(|number| number.to_bits().reverse_bits());
        (spread.n > 0).then_some((spread.n, turned))
    }
}

impl From<Option<Saved>> for Spread {
    fn from(saved: Option<Saved>) -> Self {
        saved.map_or_else(Spread::default, |(n, turned)| {
            let [min, max, sum] = turned.map(|bits| f64::from_bits(bits.reverse_bits()));
            Spread { n, min, max, sum }
        })
    }
}

impl Spread {
    fn add(&mut self, value: f64) {
        self.n += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.sum += value;
    }

    fn merge(&mut self, other: &Spread) {
        self.n += other.n;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
    }

    fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / f64::from(self.n))
    }
}

/// The sums of one window. One without readings is no window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// Which window of its length since the epoch.
    pub(super) index: i64,
    /// Readings in it.
    pub(super) count: u32,
    /// Time of the newest of them.
    pub(super) newest: Time,
    /// Interval of the newest, in ms.
    pub(super) interval: i64,
    /// Host of the newest.
    pub(super) host: String,
    /// By `PLAN.spreads`.
    spreads: Vec<Spread>,
    /// Bits of the newest values, by `PLAN.lasts`.
    pub(super) lasts: Vec<Option<i64>>,
    /// By `PLAN.counters`; absent where there was no reading.
    pub(super) deltas: Vec<Option<i64>>,
    /// Whether the throttle mask was read at all.
    pub(super) masked: bool,
    /// Milliseconds with each of `REASONS` set.
    pub(super) times: Vec<u32>,
}

impl Tally {
    /// Makes it an empty window again; its memory stays.
    pub(super) fn reset(&mut self, index: i64) {
        self.index = index;
        self.count = 0;
        self.newest = Time(0);
        self.interval = 0;
        self.host.clear();
        refill(&mut self.spreads, PLAN.spreads.len(), Spread::default());
        refill(&mut self.lasts, PLAN.lasts.len(), None);
        refill(&mut self.deltas, PLAN.counters.len(), None);
        self.masked = false;
        refill(&mut self.times, REASONS.len(), 0);
    }

    /// Adds what does not depend on the order of readings.
    pub(super) fn add(&mut self, reading: &Reading<'_>) {
        self.count += 1;
        for (spread, metric) in self.spreads.iter_mut().zip(&PLAN.spreads) {
            if let Some(value) = reading.values.real(*metric) {
                spread.add(value);
            }
        }
        if let Some(mask) = PLAN.mask.and_then(|metric| reading.values.int(metric)) {
            self.masked = true;
            if mask != 0 {
                for (time, reason) in self.times.iter_mut().zip(&REASONS) {
                    if mask & reason.mask() != 0 {
                        *time = time.saturating_add(reading.throttle_ms());
                    }
                }
            }
        }
    }

    /// Says what its newest reading said of itself.
    pub(super) fn describe(&mut self, time: Time, interval: i64, host: &str) {
        self.newest = time;
        self.interval = interval;
        if self.host != host {
            self.host.clear();
            self.host.push_str(host);
        }
    }

    /// Adds a minute that lies behind everything in it.
    pub(super) fn merge(&mut self, minute: &Tally) {
        self.count += minute.count;
        self.describe(minute.newest, minute.interval, &minute.host);
        for (spread, other) in self.spreads.iter_mut().zip(&minute.spreads) {
            spread.merge(other);
        }
        for (last, other) in self.lasts.iter_mut().zip(&minute.lasts) {
            *last = other.or(*last);
        }
        for (delta, other) in self.deltas.iter_mut().zip(&minute.deltas) {
            if let Some(increase) = *other {
                *delta = Some(delta.unwrap_or(0).saturating_add(increase));
            }
        }
        self.masked |= minute.masked;
        for (time, other) in self.times.iter_mut().zip(&minute.times) {
            *time = time.saturating_add(*other);
        }
    }

    /// The row. `sorted` are the readings of `PLAN.ranked`, each sorted; empty for a minute.
    pub(super) fn window(&self, gpu: &str, size: Size, closed: bool, sorted: &[Vec<f32>]) -> Window {
        let interval = self.interval.max(1);
        Window {
            gpu_uuid: gpu.to_owned(),
            hostname: self.host.clone(),
            size,
            start: Time(self.index.saturating_mul(size.ms())),
            closed,
            count: i64::from(self.count),
            // Rounded half up; a source slower than the window still owes it one reading.
            expected: (size.ms().saturating_add(interval / 2) / interval).max(1),
            cells: PLAN.cells(size).iter().map(|source| self.cell(*source, sorted)).collect(),
        }
    }

    fn cell(&self, source: Source, sorted: &[Vec<f32>]) -> Option<Value> {
        let spread = |at: usize| self.spreads.get(at).filter(|spread| spread.n > 0);
        match source {
            Source::Min(at, ty) => number(spread(at)?.min, ty),
            Source::Max(at, ty) => number(spread(at)?.max, ty),
            Source::Mean(at) => Some(real(spread(at)?.mean()?)),
            Source::Last(at, ty) => Some(from_bits((*self.lasts.get(at)?)?, ty)),
            Source::Delta(at) => Some(Value::Int((*self.deltas.get(at)?)?)),
            Source::Quantile(at, percent) => {
                let value = window::quantile(sorted.get(at)?, percent)?;
                Some(Value::Real(f64::from(value)))
            }
            Source::Seconds(reason) => {
                let ms = *self.times.get(reason)?;
                self.masked.then(|| real(f64::from(ms) / 1000.0))
            }
        }
    }
}

/// A REAL cell: what a store gives back is what it was given.
fn real(value: f64) -> Value {
    Value::Real(f64::from(values::rounded(value)))
}

fn number(value: f64, ty: Type) -> Option<Value> {
    match ty {
        Type::Int => whole(value).map(Value::Int),
        Type::Real => Some(real(value)),
    }
}

fn refill<T: Clone>(list: &mut Vec<T>, len: usize, value: T) {
    list.clear();
    list.resize(len, value);
}
