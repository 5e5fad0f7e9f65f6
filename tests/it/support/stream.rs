//! Random streams in the order in which they reach the bus: several GPUs, some with two collectors, some that die or
//! come late; gaps, disorder within 20 s, outages of the path that end in a burst, events sent twice, broken events.

use bytes::Bytes;
use gpuhm::event::{Message, Time};

use super::random::Rng;
use super::readings::{Board, Walk, report};

/// An hour's start, in 2026.
pub(crate) const START: Time = Time(1_770_804_000_000);

/// A record and when it reaches the bus, in seconds after [`START`].
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) at: i64,
    pub(crate) message: Message,
}

/// The instant so many seconds after [`START`].
pub(crate) fn at(seconds: i64) -> Time {
    START.plus(seconds * 1000)
}

/// How long a stream is and what is in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) gpus: i64,
    /// Seconds from its first event to its last.
    pub(crate) span: i64,
    /// Seconds between two readings.
    pub(crate) step: i64,
}

impl Shape {
    pub(crate) fn random(rng: &mut Rng) -> Shape {
        let (gpus, span) = (rng.within(1, 4), rng.pick(&[1200, 3600, 3600, 3 * 3600, 5 * 3600]));
        let step = if span <= 3600 { rng.pick(&[10, 20, 30]) } else { rng.pick(&[60, 90]) };
        Shape { gpus, span, step }
    }
}

/// A stream for `topic`.
pub(crate) fn stream(rng: &mut Rng, topic: &'static str, shape: Shape) -> Vec<Arrival> {
    let mut all = Vec::new();
    // Anywhere in an hour, so that windows are cut at their beginning, too.
    let first = rng.within(0, 3599);
    for number in 0..shape.gpus {
        let board = Board::new(rng, number, shape.step);
        let begin = if rng.chance(800) { 0 } else { rng.within(0, shape.span / 2) };
        let end = if rng.chance(700) { shape.span } else { rng.within(60, shape.span) };
        let walk = Walk::new(rng);
        for _ in 0..if rng.chance(250) { 2 } else { 1 } {
            let begin = first + begin + rng.pick(&[0, 0, 3]);
            let read = readings(rng, (topic, &board), walk.clone(), begin..first + end);
            all.extend(travel(rng, read, begin..first + end));
        }
    }
    for host in ["node-0", "node-1"] {
        let ticks = (0..shape.span / 60).map(|tick| {
            let time = first + tick * 60;
            (time, report(topic, host, at(time), tick))
        });
        let read = ticks.collect();
        all.extend(travel(rng, read, first..first + shape.span));
    }
    // Stable: what one collector sent keeps its order.
    all.sort_by_key(|arrival| arrival.at);
    all
}

/// What a collector reads, in the order it sends it.
fn readings(
    rng: &mut Rng,
    (topic, board): (&'static str, &Board),
    mut walk: Walk,
    span: std::ops::Range<i64>,
) -> Vec<(i64, Message)> {
    let mut read = Vec::new();
    let mut time = span.start;
    let disorder = rng.pick(&[0, 0, 150]);
    while time < span.end {
        if rng.chance(10) {
            time += rng.pick(&[60, 150, 600, 3600]);
        }
        walk.pass(rng);
        read.push((time, walk.message(topic, board, at(time))));
        time += board.step;
    }
    for place in 1..read.len() {
        let near = read[place].0 - read[place - 1].0 <= 20;
        if near && rng.chance(disorder) {
            read.swap(place - 1, place);
        }
    }
    read
}

/// The way to the bus: a delay, outages that end in a burst, and events sent twice; order is kept.
fn travel(rng: &mut Rng, read: Vec<(i64, Message)>, span: std::ops::Range<i64>) -> Vec<Arrival> {
    let mut outages = Vec::new();
    let mut from = span.start;
    while rng.chance(450) && from < span.end {
        let begin = rng.within(from, span.end);
        from = begin + rng.pick(&[90, 300, 1800, 5400, 2 * 3600, 3 * 3600]);
        outages.push(begin..from);
    }
    let mut sent: Vec<Arrival> = Vec::new();
    let mut newest = 0;
    for (time, message) in read {
        let mut at = time + rng.within(0, 3);
        for outage in &outages {
            if outage.contains(&at) {
                at = outage.end;
            }
        }
        at = at.max(newest);
        newest = at;
        sent.push(Arrival { at, message });
        if rng.chance(10) {
            let tail = sent.len().saturating_sub(1 + rng.below(4));
            let again: Vec<Arrival> = sent[tail..].iter().map(|arrival| Arrival { at, ..arrival.clone() }).collect();
            sent.extend(again);
        }
    }
    sent
}

/// Breaks some events, each in a way that is refused; `deep` also where only validate looks.
pub(crate) fn spoil(rng: &mut Rng, arrivals: &mut [Arrival], deep: bool) {
    for arrival in arrivals {
        if !rng.chance(8) {
            continue;
        }
        let text = String::from_utf8(arrival.message.value.to_vec()).unwrap();
        let text = match rng.below(if deep { 5 } else { 2 }) {
            0 => text[..text.len() / 2].to_owned(),
            1 => {
                arrival.message.key = Bytes::new();
                "no event at all".to_owned()
            }
            2 => text.replacen("\"1.0\"", "\"2.0\"", 1),
            3 => text.replacen("\"timestamp\":\"2026", "\"timestamp\":\"2027", 1),
            _ => text.replacen("\"gpu_temp_c\":", "\"gpu_temp_c\":5", 1),
        };
        arrival.message.value = Bytes::from(text);
    }
}
