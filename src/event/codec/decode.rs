//! The event itself: the outermost object, what it must have, and where its parts go.

use serde::de::{DeserializeSeed, MapAccess};
use serde_json::value::RawValue;

use super::blocks::Fields;
use super::measures::{Metrics, xids};
use super::scalar::{Any, Context, Known, Object, Scalar};
use super::{Problem, instant, problem, quick};
use crate::event::sample::{AssetBlock, Body, COLLECTOR_STATUS, Collector, Event, Gpu, Host, Quality, SAMPLE, Text};

/// Decodes events; its scratch space is used again, so that decoding a plain event allocates nothing.
#[derive(Debug, Default)]
pub struct Decoder {
    hashes: Vec<u64>,
}

impl Decoder {
    /// Decodes one event. What is wrong with it is added to `problems`; `None` where it is no JSON object at all.
    pub fn decode<'a>(&mut self, bytes: &'a [u8], problems: &mut Vec<Problem>) -> Option<Event<'a>> {
        let Ok(text) = simdutf8::basic::from_utf8(bytes) else {
            let at = std::str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to());
            problems.push(problem("utf8", "", "the event", &format!("byte {at}"), "is not UTF-8"));
            return None;
        };
        if let Some(event) = quick::sample(text) {
            return Some(event);
        }
        self.read(text, problems)
    }

    /// The general way, which sees every key and value.
    pub(super) fn read<'a>(&mut self, text: &'a str, problems: &mut Vec<Problem>) -> Option<Event<'a>> {
        self.hashes.clear();
        let mut context = Context { problems, hashes: &mut self.hashes, depth: 0, deep: false };
        let mut top = Top { start: text.as_ptr().addr(), ..Top::default() };
        let before = context.problems.len();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let result = Object { context: &mut context, into: &mut top }.deserialize(&mut deserializer);
        if let Err(error) = result.and_then(|()| deserializer.end()) {
            context.problems.push(syntax(&error, context.deep));
            return None;
        }
        if !top.any && context.problems.len() > before {
            return None;
        }
        Some(top.finish(&mut context))
    }
}

fn syntax(error: &serde_json::Error, deep: bool) -> Problem {
    let text = error.to_string();
    let rule = match () {
        () if deep => "depth",
        () if text.starts_with("number out of range") => "number",
        () => "syntax",
    };
    let what = text.split(" at line ").next().unwrap_or_default();
    problem(rule, "", "the event", &format!("line {} column {}", error.line(), error.column()), what)
}

/// The members, by the numbers that `Top::field` goes by.
pub(super) const KEYS: [&str; 11] = [
    "schema_version",
    "event_type",
    "timestamp",
    "collection_timestamp",
    "processing_timestamp",
    "gpu",
    "host",
    "metrics",
    "quality",
    "asset",
    "collector",
];

/// The outermost object while it is read.
#[derive(Debug, Default)]
struct Top<'de> {
    /// Address of the event's first byte, to find where the asset block stands.
    start: usize,
    any: bool,
    has_gpu: bool,
    has_metrics: bool,
    schema_version: Option<Text<'de>>,
    event_type: Option<Text<'de>>,
    times: [Option<Text<'de>>; 3],
    gpu: Gpu<'de>,
    host: Host<'de>,
    metrics: Metrics,
    quality: Quality<'de>,
    asset: Option<AssetBlock<'de>>,
    collector: Collector<'de>,
}

impl<'de> Top<'de> {
    fn text<A: MapAccess<'de>>(
        key: &str,
        map: &mut A,
        context: &mut Context<'_>,
    ) -> Result<Option<Text<'de>>, A::Error> {
        match map.next_value_seed(Any(context))? {
            Scalar::Null => Ok(None),
            Scalar::Text(text) => Ok(Some(text)),
            other => {
                context.report("type", "", key, &other.show(), "must be a string");
                Ok(None)
            }
        }
    }

    /// Reads the asset block from its own bytes, so that its place in the event is known.
    fn asset<A: MapAccess<'de>>(&mut self, map: &mut A, context: &mut Context<'_>) -> Result<(), A::Error> {
        let raw: &'de RawValue = map.next_value()?;
        let mut asset =
            AssetBlock { span: (raw.get().as_ptr().addr() - self.start, raw.get().len()), ..AssetBlock::default() };
        let mut inner = serde_json::Deserializer::from_str(raw.get());
        Object { context, into: &mut Fields(&mut asset) }
            .deserialize(&mut inner)
            .map_err(<A::Error as serde::de::Error>::custom)?;
        self.asset = Some(asset);
        Ok(())
    }

    fn finish(self, context: &mut Context<'_>) -> Event<'de> {
        let [time, collected, processed] = self.times;
        let mut parse = |text: Option<Text<'de>>, key: &str| {
            let text = text?;
            let time = instant::parse(&text);
            if time.is_none() {
                context.report("timestamp", "", key, &text, "must be an RFC 3339 time with a zone");
            }
            time
        };
        let had_time = time.is_some();
        let time = parse(time, "timestamp");
        let collected = parse(collected, "collection_timestamp");
        let processed = parse(processed, "processing_timestamp");
        let mut need = |there: bool, key: &str| {
            if !there && !context.problems.iter().any(|problem| problem.field == key) {
                context.report("required", "", key, "", "is missing");
            }
        };
        need(self.schema_version.is_some(), "schema_version");
        need(self.event_type.is_some(), "event_type");
        need(had_time, "timestamp");
        let body = match self.event_type.as_deref() {
            Some(SAMPLE) => {
                need(self.has_gpu, "gpu");
                need(self.gpu.gpu_uuid.is_some() || !self.has_gpu, "gpu.gpu_uuid");
                need(self.has_metrics, "metrics");
                let xids = xids(&self.metrics.xids, time, context);
                Body::Sample(self.gpu, self.metrics.values, xids)
            }
            Some(COLLECTOR_STATUS) => {
                need(self.host.hostname.is_some(), "host.hostname");
                Body::Collector(self.collector)
            }
            _ => Body::Other(self.event_type),
        };
        Event {
            schema_version: self.schema_version,
            time,
            collected,
            processed,
            host: self.host,
            asset: self.asset,
            body,
            quality: self.quality,
        }
    }
}

impl<'de> Known<'de> for Top<'de> {
    fn path(&self) -> &'static str {
        ""
    }

    fn known(&mut self, key: &str) -> Option<u32> {
        self.any = true;
        KEYS.iter().position(|known| *known == key).and_then(|at| u32::try_from(at).ok())
    }

    fn field<A: MapAccess<'de>>(
        &mut self,
        number: u32,
        map: &mut A,
        context: &mut Context<'_>,
    ) -> Result<(), A::Error> {
        let key = KEYS.get(number as usize).copied().unwrap_or_default();
        match number {
            0 => self.schema_version = Self::text(key, map, context)?,
            1 => self.event_type = Self::text(key, map, context)?,
            5 => {
                self.has_gpu = true;
                map.next_value_seed(Object { context, into: &mut Fields(&mut self.gpu) })?;
            }
            6 => map.next_value_seed(Object { context, into: &mut Fields(&mut self.host) })?,
            7 => {
                self.has_metrics = true;
                map.next_value_seed(Object { context, into: &mut self.metrics })?;
            }
            8 => map.next_value_seed(Object { context, into: &mut Fields(&mut self.quality) })?,
            9 => self.asset(map, context)?,
            10 => map.next_value_seed(Object { context, into: &mut Fields(&mut self.collector) })?,
            _ => {
                let time = Self::text(key, map, context)?;
                if let Some(slot) = (number as usize).checked_sub(2).and_then(|at| self.times.get_mut(at)) {
                    *slot = time;
                }
            }
        }
        Ok(())
    }
}
