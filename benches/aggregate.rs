//! The aggregate stage against histograms of 128 bins, two hours of a fleet in random order, closes included.
//!
//! Both are given decoded events (decoding has its own bench) and find the GPU by its name. The subject is the whole
//! stage: windows, alert rules, what happened, and the raw row, which the baseline does not make; what a tick put out is
//! dropped within the time. A second line has the baseline make them, too.

use std::hint::black_box;

use bytes::Bytes;
use gpuhm::event::record::VALIDATED;
use gpuhm::event::rows::Raw;
use gpuhm::event::{Body, Event, Record, Time, Values};
use gpuhm::stage::aggregate::{Aggregate, State};
use gpuhm::stage::{Inputs, Out, States, Step};

use super::bins::Bins;
use super::corpus::Fleet;
use super::harness::{Pair, Random, Rounds, Took, real, timed};

const GPUS: usize = 2000;
/// A little over two hours: two hours of windows close.
const TICKS: usize = 730;

pub(crate) fn run() -> anyhow::Result<()> {
    let items = real(GPUS * TICKS);
    let mut windows = 0;
    for (with_rows, baseline) in [(false, "22 x 3 histograms of 128 bins"), (true, "the same, and its raw rows made")] {
        let rounds = Rounds::run(|subject_first| {
            let (took, closed) = round(subject_first, with_rows)?;
            windows = closed;
            Ok(took)
        })?;
        let aim = (!with_rows).then_some(1.2);
        let pair =
            Pair { subject: "aggregate, whole stage".to_owned(), baseline, unit: "event", items, bytes: 0.0, aim };
        println!("{}", rounds.line(&pair, |took| took.cpu));
    }
    println!("{GPUS} GPUs, {TICKS} ticks, {windows} windows closed");
    Ok(())
}

/// Two hours, tick by tick in turns; what both sides took, and how many windows the stage closed.
fn round(subject_first: bool, with_rows: bool) -> anyhow::Result<((Took, Took), u64)> {
    let mut fleet = Fleet::new(GPUS)?;
    let mut random = Random(11);
    let (mut stage, mut states, mut bins) = (Aggregate::default(), States::<State>::default(), Bins::new(GPUS));
    let (mut subject, mut baseline) = (Took::default(), Took::default());
    let (mut offset, mut closed) = (0, 0);
    for _ in 0..TICKS {
        let (now, mut events) = fleet.tick()?;
        random.shuffle(&mut events);
        let records: Vec<Record> = (offset..).take(events.len()).map(|offset| record(offset, now)).collect();
        offset += i64::try_from(events.len())?;
        let mut stage_turn = || {
            let (took, out) = timed(|| apply((&mut stage, &mut states), now, &records, &events));
            closed += out;
            subject += took;
        };
        let mut bins_turn = || baseline += timed(|| add(&mut bins, with_rows, &events)).0;
        if subject_first {
            stage_turn();
            bins_turn();
        } else {
            bins_turn();
            stage_turn();
        }
    }
    Ok(((subject, baseline), closed))
}

fn record(offset: i64, time: Time) -> Record {
    Record { offset, time, key: Bytes::new(), value: Bytes::new() }
}

fn apply(
    (stage, states): (&mut Aggregate, &mut States<State>),
    now: Time,
    records: &[Record],
    events: &[Event<'_>],
) -> u64 {
    let inputs = Inputs::default();
    let step = Step { now, topic: VALIDATED, partition: 0, inputs: &inputs };
    let mut out = Out::default();
    for (record, event) in records.iter().zip(events) {
        stage.apply_event(&step, record, event, states, &mut out);
    }
    black_box(&out);
    out.counts.closed
}

fn add(bins: &mut Bins, with_rows: bool, events: &[Event<'_>]) {
    bins.rows.clear();
    let mut rows = Vec::new();
    for event in events {
        let (Body::Sample(gpu, values, _), Some(time)) = (&event.body, event.time) else { continue };
        let Some(uuid) = gpu.gpu_uuid.as_deref() else { continue };
        bins.add(uuid, time.ms(), values);
        if with_rows {
            rows.push(raw(event, time, uuid, values));
        }
    }
    black_box(rows);
}

fn raw(event: &Event<'_>, time: Time, uuid: &str, values: &Values) -> Raw {
    let model = match &event.body {
        Body::Sample(gpu, ..) => gpu.name.as_deref().map(str::to_owned),
        Body::Collector(_) | Body::Other(_) => None,
    };
    Raw {
        time,
        gpu_uuid: uuid.to_owned(),
        hostname: event.host.hostname.as_deref().unwrap_or_default().to_owned(),
        device_index: None,
        model,
        values: values.clone(),
        latency_ms: event.quality.latency_ms,
        interval_ms: event.quality.interval_ms,
    }
}
