//! `metrics`: blocks whose known keys are the metric table, and the XIDs.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::MAX_XIDS;
use super::blocks::{Fields, XidFields};
use super::scalar::{Any, Context, Known, Object, Scalar, large};
use crate::event::sample::Xid;
use crate::event::values::whole;
use crate::event::{Time, Value, Values};
use crate::metric::{Block, Kind, METRICS, Metric, Type};

/// `metrics`: the metric blocks.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    pub(super) values: Values,
    pub(super) xids: Vec<(Option<i64>, Option<Time>)>,
}

impl<'de> Known<'de> for Metrics {
    fn path(&self) -> &'static str {
        "metrics"
    }

    fn known(&mut self, key: &str) -> Option<u32> {
        Block::ALL.iter().position(|block| block.key() == key).and_then(|at| u32::try_from(at).ok())
    }

    fn field<A: MapAccess<'de>>(
        &mut self,
        number: u32,
        map: &mut A,
        context: &mut Context<'_>,
    ) -> Result<(), A::Error> {
        let block = Block::ALL.get(number as usize).copied().unwrap_or(Block::Health);
        let next = METRICS.iter().position(|metric| metric.block == block).unwrap_or_default();
        let mut into = MetricBlock { block, metrics: self, next };
        map.next_value_seed(Object { context, into: &mut into })
    }
}

/// The key beside `throttle_reasons` that spells its bits; derived, so it is not read back.
pub(super) const DECODED: &str = "throttle_reasons_decoded";
const DECODED_NUMBER: u32 = 63;

/// One block of `metrics`.
struct MetricBlock<'m> {
    block: Block,
    metrics: &'m mut Metrics,
    /// The row expected next: writers keep the table's order.
    next: usize,
}

impl<'de> Known<'de> for MetricBlock<'_> {
    fn path(&self) -> &'static str {
        match self.block {
            Block::Health => "metrics.health",
            Block::Memory => "metrics.memory",
            Block::Performance => "metrics.performance",
            Block::Clocks => "metrics.clocks",
            Block::Errors => "metrics.errors",
        }
    }

    fn known(&mut self, key: &str) -> Option<u32> {
        let is = |metric: &crate::metric::Metric| metric.block == self.block && metric.name == key;
        let at = match METRICS.get(self.next) {
            Some(metric) if is(metric) => self.next,
            _ if key == DECODED => return Some(DECODED_NUMBER),
            _ => METRICS.iter().position(is)?,
        };
        self.next = at + 1;
        u32::try_from(at).ok()
    }

    fn field<A: MapAccess<'de>>(
        &mut self,
        number: u32,
        map: &mut A,
        context: &mut Context<'_>,
    ) -> Result<(), A::Error> {
        let metric = number as usize;
        let Some(row) = METRICS.get(metric) else {
            return map.next_value_seed(Any(context)).map(drop);
        };
        if row.kind == Kind::Events {
            return map.next_value_seed(Xids { context, into: &mut self.metrics.xids });
        }
        let path = self.path();
        map.next_value_seed(Measure { context, row, metric, path, values: &mut self.metrics.values })
    }
}

/// One sampled value: most of an event is these, so they are read without the detour over [`Scalar`].
struct Measure<'c, 'p> {
    context: &'c mut Context<'p>,
    row: &'static Metric,
    metric: usize,
    path: &'static str,
    values: &'c mut Values,
}

impl Measure<'_, '_> {
    /// What is no number, or none of the metric's type.
    #[cold]
    fn other(self, scalar: &Scalar<'_>) {
        let wanted = match scalar {
            Scalar::Real(value) => match whole(*value) {
                Some(value) => return self.values.set(self.metric, Value::Int(value)),
                None => "must be a whole number",
            },
            _ => "must be a number or null",
        };
        self.context.report("type", self.path, self.row.name, &scalar.show(), wanted);
    }
}

impl<'de> DeserializeSeed<'de> for Measure<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Measure<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or null")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.other(&Scalar::Bool(value));
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "a whole number in a REAL column is a small one")]
    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        let value = if self.row.ty == Type::Int { Value::Int(value) } else { Value::Real(value as f64) };
        self.values.set(self.metric, value);
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => self.visit_f64(large(value)),
        }
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        if self.row.ty == Type::Real {
            self.values.set(self.metric, Value::Real(value));
        } else {
            self.other(&Scalar::Real(value));
        }
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.other(&Scalar::Text(value.into()));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        let scalar = Any(self.context).visit_seq(seq)?;
        self.other(&scalar);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let scalar = Any(self.context).visit_map(map)?;
        self.other(&scalar);
        Ok(())
    }
}

/// `metrics.errors.xids`: an array of `{code, at}`.
struct Xids<'c, 'p> {
    context: &'c mut Context<'p>,
    into: &'c mut Vec<(Option<i64>, Option<Time>)>,
}

impl<'de> DeserializeSeed<'de> for Xids<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Xids<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of {code, at}")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.context.enter()?;
        loop {
            if self.into.len() >= MAX_XIDS {
                if seq.next_element_seed(Any(self.context))?.is_some() {
                    let wanted = "holds more than 256 XIDs";
                    self.context.report("type", "metrics.errors", "xids", "", wanted);
                    while seq.next_element_seed(Any(self.context))?.is_some() {}
                }
                break;
            }
            let mut xid = XidFields::default();
            if seq.next_element_seed(Object { context: self.context, into: &mut Fields(&mut xid) })?.is_none() {
                break;
            }
            let at = xid.at.as_deref().map(|text| (Time::parse(text), text));
            if let Some((None, text)) = at {
                self.context.report(
                    "timestamp",
                    "metrics.errors.xids",
                    "at",
                    text,
                    "must be an RFC 3339 time with a zone",
                );
            }
            self.into.push((xid.code, at.and_then(|(time, _)| time)));
        }
        self.context.leave();
        Ok(())
    }
}

/// The XIDs of a sample at `time`: an entry without its own time happened then; one without a code is a problem.
pub(super) fn xids(read: &[(Option<i64>, Option<Time>)], time: Option<Time>, context: &mut Context<'_>) -> Vec<Xid> {
    let mut xids = Vec::with_capacity(read.len());
    for (code, at) in read {
        match code {
            // Some exporters show 0 where there was none.
            Some(0) => {}
            Some(code) => xids.push(Xid { code: *code, at: at.or(time).unwrap_or_default() }),
            None => context.report("required", "metrics.errors.xids", "code", "", "is missing"),
        }
    }
    xids
}
