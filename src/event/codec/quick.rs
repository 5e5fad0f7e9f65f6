//! Samples as gpuhm itself writes them, read in one pass: compact, keys in the tables' order, no escapes, no XIDs.
//!
//! Nearly every event on a bus looks like that, and the general way, which sees every key and value through serde, took
//! over half of what `validate` spends on an event. Whatever does not look exactly like that, a fault above all, is `None`
//! here and read again from its first byte by the general way, whose word is the only one on what is wrong; tests hold
//! the two equal. It must know no rule and report nothing.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use super::blocks::{Plain, Slot};
use super::decode::KEYS;
use super::instant;
use super::measures::DECODED;
use crate::event::sample::{AssetBlock, Body, Event, Gpu, Host, Quality, SAMPLE, Text};
use crate::event::{Time, Value, Values};
use crate::metric::{Block, COMPACT, COUNT, Kind, METRICS, Metric, Type, ids};

/// Digits whose number a 64-bit float holds exactly, so that one division gives the nearest float.
const DIGITS: usize = 15;
/// Powers of ten from the first up to there.
const POWERS: [f64; 15] = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// Keys of all metrics, close together: the rows themselves span many cache lines.
static NAMES: LazyLock<[&str; COUNT]> = LazyLock::new(|| METRICS.each_ref().map(|metric| metric.name));

/// Members of `metrics`, in their order.
static BLOCKS: LazyLock<[&str; Block::ALL.len()]> = LazyLock::new(|| Block::ALL.map(Block::key));

/// Reads a sample; `None` where it is anything but what gpuhm writes.
pub(super) fn sample(text: &str) -> Option<Event<'_>> {
    let mut reader = Reader { text, at: 0 };
    let (mut event, mut gpu) = (Event::default(), None);
    let mut values = None;
    let mut kind = false;
    reader.members(&KEYS, |reader, member| {
        match member {
            0 => event.schema_version = Some(Cow::Borrowed(reader.string()?)),
            1 => kind = reader.string()? == SAMPLE,
            2 => event.time = Some(reader.time()?),
            3 => event.collected = Some(reader.time()?),
            4 => event.processed = Some(reader.time()?),
            5 => gpu = Some(reader.plain::<Gpu<'_>>()?),
            6 => event.host = reader.plain::<Host<'_>>()?,
            7 => values = Some(reader.metrics()?),
            8 => event.quality = reader.plain::<Quality<'_>>()?,
            9 => {
                let start = reader.at;
                let asset = reader.plain::<AssetBlock<'_>>()?;
                event.asset = Some(AssetBlock { span: (start, reader.at - start), ..asset });
            }
            // A collector's.
            _ => return None,
        }
        Some(())
    })?;
    let whole = kind && reader.at == text.len() && event.schema_version.is_some() && event.time.is_some();
    let gpu = gpu.filter(|gpu| whole && gpu.gpu_uuid.is_some())?;
    Some(Event { body: Body::Sample(gpu, values?, Vec::new()), ..event })
}

/// Rows of the table that each block's keys are; XIDs, which are no single value, left out.
static ROWS: LazyLock<[Range<usize>; Block::ALL.len()]> = LazyLock::new(|| {
    Block::ALL.map(|block| {
        let of = |metric: &Metric| metric.block == block && metric.kind != Kind::Events;
        let first = METRICS.iter().position(of).unwrap_or(COUNT);
        let length = METRICS.iter().skip(first).take_while(|metric| of(metric)).count();
        first..first + length
    })
});

/// Where reading stands.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn eat(&mut self, literal: &str) -> bool {
        let there = self.rest().starts_with(literal.as_bytes());
        if there {
            self.at += literal.len();
        }
        there
    }

    fn need(&mut self, literal: &str) -> Option<()> {
        self.eat(literal).then_some(())
    }

    /// A key and its colon.
    fn key(&mut self, key: &str) -> bool {
        let there = self.rest().strip_prefix(b"\"").and_then(|rest| rest.strip_prefix(key.as_bytes()));
        let there = there.is_some_and(|rest| rest.starts_with(b"\":"));
        if there {
            self.at += key.len() + 3;
        }
        there
    }

    /// An object's members, each of them once at most and in the order of `keys`.
    fn members(&mut self, keys: &[&str], mut read: impl FnMut(&mut Self, usize) -> Option<()>) -> Option<()> {
        self.need("{")?;
        if self.eat("}") {
            return Some(());
        }
        let mut next = 0;
        loop {
            let found = keys.get(next..)?.iter().position(|key| self.key(key))?;
            read(self, next + found)?;
            next += found + 1;
            if !self.eat(",") {
                return self.need("}");
            }
        }
    }

    /// A string without escapes.
    fn string(&mut self) -> Option<&'a str> {
        self.need("\"")?;
        let length = self.rest().iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
        let string = self.text.get(self.at..self.at + length)?;
        self.at += length;
        self.need("\"")?;
        Some(string)
    }

    fn truth(&mut self) -> Option<bool> {
        let truth = self.eat("true");
        (truth || self.eat("false")).then_some(truth)
    }

    fn time(&mut self) -> Option<Time> {
        instant::parse(self.string()?)
    }

    /// A number of few digits and without an exponent; whole ones are integers.
    fn number(&mut self) -> Option<Value> {
        let negative = self.eat("-");
        let leading_zero = matches!(self.rest(), [b'0', b'0'..=b'9', ..]);
        let (whole, before) = self.digits(0);
        if before == 0 || leading_zero {
            return None;
        }
        let signed = |number: i64| if negative { -number } else { number };
        let (value, digits) = if self.eat(".") {
            let (number, behind) = self.digits(whole);
            // Of no digits there is no power: the point needs one.
            let power = POWERS.get(behind.checked_sub(1)?)?;
            let value = Value::Int(number).real() / power;
            (Value::Real(if negative { -value } else { value }), before + behind)
        } else if negative && whole == 0 {
            // To a reader of JSON this is a float.
            return None;
        } else {
            (Value::Int(signed(whole)), before)
        };
        let exponent = matches!(self.rest().first(), Some(b'e' | b'E'));
        (digits <= DIGITS && !exponent).then_some(value)
    }

    /// Goes on reading a number's digits; also how many came. It is right only up to [`DIGITS`].
    fn digits(&mut self, mut number: i64) -> (i64, usize) {
        let mut count = 0;
        for digit in self.rest().iter().take_while(|byte| byte.is_ascii_digit()) {
            number = number.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            count += 1;
        }
        self.at += count;
        (number, count)
    }

    /// A block of plain fields.
    fn plain<B: Plain<'a> + Default>(&mut self) -> Option<B> {
        let mut block = B::default();
        self.members(B::KEYS, |reader, member| {
            if reader.eat("null") {
                return Some(());
            }
            match block.slot(u32::try_from(member).ok()?)?.0 {
                Slot::Text(slot) => *slot = Some(Text::Borrowed(reader.string()?)),
                Slot::Bool(slot) => *slot = Some(reader.truth()?),
                Slot::Int(slot) => match reader.number()? {
                    Value::Int(value) => *slot = Some(value),
                    Value::Real(_) => return None,
                },
            }
            Some(())
        })?;
        Some(block)
    }

    fn metrics(&mut self) -> Option<Values> {
        let mut values = Values::default();
        self.members(&*BLOCKS, |reader, block| reader.block(ROWS.get(block)?, &mut values))?;
        Some(values)
    }

    fn block(&mut self, rows: &Range<usize>, values: &mut Values) -> Option<()> {
        let first = rows.start;
        self.members(NAMES.get(rows.clone())?, |reader, member| {
            let metric = first + member;
            if reader.eat("null") {
                return Some(());
            }
            let value = match (reader.number()?, COMPACT.get(metric)?.ty) {
                (value @ Value::Int(_), Type::Int) | (value @ Value::Real(_), Type::Real) => value,
                (whole @ Value::Int(_), Type::Real) => Value::Real(whole.real()),
                (Value::Real(_), Type::Int) => return None,
            };
            values.set(metric, value);
            if metric == ids::THROTTLE { reader.reasons() } else { Some(()) }
        })
    }

    /// The throttle reasons by name, where they follow their bits; derived, so not kept.
    fn reasons(&mut self) -> Option<()> {
        let before = self.at;
        if !(self.eat(",") && self.key(DECODED)) {
            self.at = before;
            return Some(());
        }
        self.need("[")?;
        if self.eat("]") {
            return Some(());
        }
        self.string()?;
        while self.eat(",") {
            self.string()?;
        }
        self.need("]")
    }
}

#[cfg(test)]
mod tests;
