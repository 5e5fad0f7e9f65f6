//! What the tests of `aggregate` and `detect` share: events in a line, a stage that is fed them, a seeded generator.

use crate::support::random::splitmix;
use gpuhm::event::{Body, Event, Gpu, Record, Time, Value, Values, Xid};
use gpuhm::metric;
use gpuhm::stage::aggregate::{Aggregate, State};
use gpuhm::stage::{Inputs, Out, States, Step};

/// The seeded generator of all tests here: splitmix64.
#[derive(Debug, Clone)]
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        splitmix(&mut self.0)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.next() % u64::try_from(high - low + 1).unwrap()).unwrap()
    }

    /// True `share` times in 1000.
    pub(crate) fn chance(&mut self, share: i64) -> bool {
        self.between(0, 999) < share
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.next() % of.len() as u64).unwrap()]
    }
}

pub(crate) const GPU: &str = "GPU-1";

/// A sample of `uuid` at `at` ms with the named values.
pub(crate) fn sample(uuid: &str, at: i64, named: &[(&str, f64)]) -> Event<'static> {
    let mut values = Values::default();
    for (name, number) in named {
        values.set_number(metric::index(name).expect(name), *number);
    }
    let gpu = Gpu {
        gpu_uuid: Some(uuid.to_owned().into()),
        device_index: Some(3),
        name: Some("NVIDIA H100 80GB HBM3".into()),
        ..Gpu::default()
    };
    let mut event = Event { time: Some(Time(at)), body: Body::Sample(gpu, values, Vec::new()), ..Event::default() };
    event.host.hostname = Some("h1".into());
    event.quality.interval_ms = Some(10_000);
    event
}

/// The same with XIDs.
pub(crate) fn with_xids(mut event: Event<'static>, xids: &[(i64, i64)]) -> Event<'static> {
    if let Body::Sample(_, _, list) = &mut event.body {
        list.extend(xids.iter().map(|(code, at)| Xid { code: *code, at: Time(*at) }));
    }
    event
}

/// A stage of one partition that is fed events, and all it put out.
#[derive(Debug, Default)]
pub(crate) struct Fed {
    pub(crate) stage: Aggregate,
    pub(crate) states: States<State>,
    pub(crate) out: Out,
    position: i64,
    inputs: Inputs,
}

impl Fed {
    pub(crate) fn feed(&mut self, event: &Event<'_>) {
        let now = event.time.unwrap_or_default();
        let step = Step { now, topic: "gpu-metrics-validated", partition: 0, inputs: &self.inputs };
        self.stage.apply_event(&step, &record(self.position, now), event, &mut self.states, &mut self.out);
        self.position += 1;
    }

    /// Feeds samples of one GPU every `every` s from `from` s to before `to` s.
    pub(crate) fn every(&mut self, (from, to, every): (i64, i64, i64), named: &[(&str, f64)]) {
        for at in (from..to).step_by(usize::try_from(every).unwrap()) {
            self.feed(&sample(GPU, at * 1000, named));
        }
    }

    /// Saves every state and goes on with what was saved, as after a restart.
    pub(crate) fn restart(&mut self) {
        let (saved, _) = self.states.to_save(1, self.position, Time(0), true);
        for (entity, upto, body) in &saved {
            self.states.load(1, entity, *upto, body, Time(0)).unwrap();
        }
    }

    /// The alerts so far: rule, status, severity, since, at, in seconds.
    pub(crate) fn alerts(&self) -> Vec<(String, &'static str, &'static str, i64, i64)> {
        let seconds = |text: &str| Time::parse(text).unwrap().ms() / 1000;
        let line = |alert: &gpuhm::event::Alert| {
            let (since, at) = (seconds(&alert.since), seconds(&alert.at));
            (alert.rule.clone(), alert.status.word(), alert.severity.word(), since, at)
        };
        self.out.rows.alerts.iter().map(line).collect()
    }
}

pub(crate) fn record(position: i64, time: Time) -> Record {
    Record { offset: position, time, key: bytes::Bytes::new(), value: bytes::Bytes::new() }
}

/// A whole number as a cell.
#[expect(clippy::unnecessary_wraps, reason = "cells are options")]
pub(crate) fn int(value: i64) -> Option<Value> {
    Some(Value::Int(value))
}

/// A real number as a cell, rounded as cells are.
#[expect(clippy::unnecessary_wraps, reason = "cells are options")]
pub(crate) fn real(value: f64) -> Option<Value> {
    Some(Value::Real(f64::from(gpuhm::event::values::rounded(value))))
}
