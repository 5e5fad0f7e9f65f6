//! The sampled values of one GPU at one instant: a fixed array by metric index and one word that says which are there.
//!
//! Fixed size, so that decoding an event allocates nothing. Absent is absent: there is no default value.

use crate::metric::{self, COMPACT, COUNT, METRICS, Type};

/// One value. Integers keep all 64 bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// Of a metric stored as an integer.
    Int(i64),
    /// Of a metric stored as a real number.
    Real(f64),
}

impl Value {
    /// The value as a real number; counters beyond 2^53 lose their last bits here and nowhere else.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the loss above 2^53 is documented")]
    pub const fn real(self) -> f64 {
        match self {
            Value::Int(value) => value as f64,
            Value::Real(value) => value,
        }
    }
}

/// The values of a sample, by metric index.
#[derive(Clone)]
pub struct Values {
    set: u64,
    bits: [u64; COUNT],
}

impl Default for Values {
    fn default() -> Self {
        Values { set: 0, bits: [0; COUNT] }
    }
}

impl Values {
    /// Sets a value. An index outside the table is ignored.
    pub fn set(&mut self, metric: usize, value: Value) {
        if let Some(slot) = self.bits.get_mut(metric) {
            *slot = match value {
                Value::Int(value) => value.cast_unsigned(),
                Value::Real(value) => value.to_bits(),
            };
            self.set |= 1 << metric;
        }
    }

    /// Sets a number in the type its metric is stored in; an integer metric is rounded to the nearest whole.
    pub fn set_number(&mut self, metric: usize, number: f64) {
        match COMPACT.get(metric).map(|row| row.ty) {
            Some(Type::Int) => {
                if let Some(whole) = whole(number.round()) {
                    self.set(metric, Value::Int(whole));
                }
            }
            Some(Type::Real) => self.set(metric, Value::Real(number)),
            None => {}
        }
    }

    /// Takes over an older reading's counters where this one lacks them; returns whether it has all of them now.
    pub fn fill_counters(&mut self, older: &Values) -> bool {
        let mut whole = true;
        for metric in metric::counters() {
            if self.get(metric).is_none() {
                match older.get(metric) {
                    Some(value) => self.set(metric, value),
                    None => whole = false,
                }
            }
        }
        whole
    }

    /// Takes a value away.
    pub fn clear(&mut self, metric: usize) {
        if metric < COUNT {
            self.set &= !(1 << metric);
        }
    }

    /// The value, where there is one.
    #[must_use]
    pub fn get(&self, metric: usize) -> Option<Value> {
        if metric >= COUNT || self.set & (1 << metric) == 0 {
            return None;
        }
        let bits = *self.bits.get(metric)?;
        Some(match COMPACT.get(metric)?.ty {
            Type::Int => Value::Int(bits.cast_signed()),
            Type::Real => Value::Real(f64::from_bits(bits)),
        })
    }

    /// The value as a real number.
    #[must_use]
    pub fn real(&self, metric: usize) -> Option<f64> {
        self.get(metric).map(Value::real)
    }

    /// The value of an integer metric.
    #[must_use]
    pub fn int(&self, metric: usize) -> Option<i64> {
        match self.get(metric)? {
            Value::Int(value) => Some(value),
            Value::Real(_) => None,
        }
    }

    /// The values that are there, by rising metric index.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Value)> + '_ {
        let mut left = self.set;
        std::iter::from_fn(move || {
            while left != 0 {
                let metric = left.trailing_zeros() as usize;
                left &= left - 1;
                if let Some(value) = self.get(metric) {
                    return Some((metric, value));
                }
            }
            None
        })
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.set.count_ones() as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set == 0
    }
}

/// A real number as an integer, where it is whole and within 2^63.
#[must_use]
pub fn whole(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if number.fract() == 0.0 && (-LIMIT..LIMIT).contains(&number) {
        #[expect(clippy::cast_possible_truncation, reason = "whole and in range, checked above")]
        return Some(number as i64);
    }
    None
}

/// A real number rounded as REAL columns are.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "rounding to f32 is the purpose")]
pub fn rounded(number: f64) -> f32 {
    number as f32
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = self.iter().filter_map(|(metric, value)| METRICS.get(metric).map(|row| (row.name, value.real())));
        f.debug_map().entries(named).finish()
    }
}
