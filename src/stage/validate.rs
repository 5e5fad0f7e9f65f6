//! validate: refuses what is not a sound event, drops duplicates, passes everything else on, enriched, otherwise untouched.
//!
//! A valid event's bytes travel on as they came; the asset record is spliced in before the closing brace. What is
//! refused goes to the invalid topic with every reason. State: of each GPU the last 32 accepted times, so that a
//! sender's repeat is dropped; an older repeat passes and is late downstream. Knows no bus, no store, no clock.

mod recent;
mod refusal;
pub mod rules;

use bytes::Bytes;

pub use recent::Recent;
pub use refusal::refusal;

use super::{LookUp, Out, Stage, States, Step};
use crate::event::codec::{Decoder, Problem, probe, replace_asset};
use crate::event::record::VALIDATED;
use crate::event::sample::{Body, Event};
use crate::event::{Message, Record, Time};
use rules::{RULES, Subject};

/// An event longer than this is refused unread. The seed's events are 1.6 KB; Kafka's default limit is 1 MB.
pub const MAX_BYTES: usize = 1 << 20;

/// Decodes an event and holds it against every rule; keeps its scratch space.
#[derive(Debug, Default)]
pub struct Judge {
    decoder: Decoder,
}

impl Judge {
    /// Judges the bytes of one event that reached the bus at `arrived`. It is sound when no problem was added.
    pub fn judge<'a>(&mut self, bytes: &'a [u8], arrived: Time, problems: &mut Vec<Problem>) -> Option<Event<'a>> {
        if bytes.len() > MAX_BYTES {
            problems.push(Problem {
                rule: "size",
                field: "the event".to_owned(),
                value: bytes.len().to_string(),
                message: format!("the event: {} bytes, at most {MAX_BYTES} are read", bytes.len()),
            });
            return None;
        }
        let event = self.decoder.decode(bytes, problems)?;
        let subject = Subject { event: &event, arrived };
        for rule in RULES {
            rule.check(&subject, problems);
        }
        Some(event)
    }
}

/// The stage.
#[derive(Debug, Default)]
pub struct Validate {
    judge: Judge,
    problems: Vec<Problem>,
}

impl Validate {
    fn pass(event: &Event<'_>, step: &Step<'_>, record: &Record, out: &mut Out) -> Bytes {
        let Body::Sample(gpu, ..) = &event.body else { return record.value.clone() };
        let Some(known) = gpu.gpu_uuid.as_deref().and_then(|uuid| step.inputs.assets.get(uuid)) else {
            return record.value.clone();
        };
        out.counts.asset_differences += known.asset.differences(&event.host, gpu.name.as_deref()) as u64;
        let span = event.asset.as_ref().map(|asset| asset.span);
        replace_asset(&record.value, span, &known.block).map_or_else(|| record.value.clone(), Bytes::from)
    }
}

impl Stage for Validate {
    type State = Recent;

    fn name(&self) -> &'static str {
        "validate"
    }

    fn state_version(&self) -> u8 {
        1
    }

    fn looks_up(&self) -> LookUp {
        LookUp::Assets
    }

    fn apply(&mut self, step: &Step<'_>, record: &Record, states: &mut States<Recent>, out: &mut Out) {
        self.problems.clear();
        let event = self.judge.judge(&record.value, record.time, &mut self.problems);
        let event = match event {
            Some(event) if self.problems.is_empty() => event,
            other => {
                let is_json = other.is_some();
                // The same opinion of what a sample is as those have who count what goes in.
                let report = probe(&record.value).is_ok_and(|probe| probe.report);
                out.counts.refused += u64::from(!report);
                for problem in &self.problems {
                    out.reason(problem.rule);
                }
                out.events.push(refusal(record, step, &self.problems, is_json));
                return;
            }
        };
        let (Some(entity), Some(time)) = (event.entity(), event.time) else { return };
        let Some(recent) = states.at(&entity, record.offset, step.now) else { return };
        let sample = matches!(event.body, Body::Sample(..));
        if !recent.accept(time) {
            out.counts.duplicates += u64::from(sample);
            return;
        }
        if sample {
            out.counts.validated += 1;
        } else {
            out.counts.reports += 1;
        }
        let key = if record.key == entity.as_bytes() {
            record.key.clone()
        } else {
            Bytes::copy_from_slice(entity.as_bytes())
        };
        let value = Self::pass(&event, step, record, out);
        out.events.push(Message { topic: VALIDATED, key, value });
    }

    fn idle(&mut self, _entity: &str, _state: &Recent, _out: &mut Out) {}
}

#[cfg(test)]
mod tests;
