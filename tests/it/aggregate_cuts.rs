//! The law of states: how a stream is cut into batches, when states are saved and where a process dies changes no row,
//! no window and no alert. A small runner with a store in memory, killed at random, against an undisturbed one.

use std::collections::BTreeMap;

use super::aggregate_stream::{Arrival, stream};
use super::aggregate_support::{Rng, record};
use gpuhm::event::rows::{Happening, Raw};
use gpuhm::event::{Alert, Message, Rows, Size, Time, Window};
use gpuhm::stage::aggregate::{Aggregate, State};
use gpuhm::stage::states::{Encoded, IDLE_AFTER};
use gpuhm::stage::{Inputs, Out, Stage as _, States, Step};

#[derive(Debug, Default, PartialEq)]
struct Store {
    raw: BTreeMap<(Time, String), Raw>,
    windows: BTreeMap<(Size, Time, String), Window>,
    alerts: BTreeMap<String, Alert>,
    happenings: BTreeMap<(String, Time, String, i64), Happening>,
}

impl Store {
    fn write(&mut self, mut rows: Rows) {
        rows.fold();
        for row in rows.raw {
            self.raw.entry((row.time, row.gpu_uuid.clone())).or_insert(row);
        }
        for row in rows.windows {
            self.windows.insert((row.size, row.start, row.gpu_uuid.clone()), row);
        }
        for row in rows.alerts {
            self.alerts.insert(row.alert_id.clone(), row);
        }
        for row in rows.happenings {
            self.happenings.insert((row.gpu_uuid.clone(), row.at, row.kind.clone(), row.code), row);
        }
    }
}

/// What survives a process.
#[derive(Debug, Default)]
struct Durable {
    store: Store,
    saved: BTreeMap<String, Encoded>,
    position: usize,
    settled: usize,
    published: Vec<Message>,
}

/// A process: memory only.
struct Life {
    stage: Aggregate,
    states: States<State>,
    inputs: Inputs,
}

impl Life {
    fn begin(log: &[Arrival], durable: &Durable, now: Time) -> Life {
        let (stage, inputs) = (Aggregate::default(), Inputs::default());
        let mut life = Life { stage, states: States::default(), inputs };
        for (entity, upto, body) in durable.saved.values() {
            life.states.load(1, entity, *upto, body, now).unwrap();
        }
        for position in durable.settled..durable.position {
            life.apply(log, position, now, &mut Out::default());
        }
        life
    }

    fn apply(&mut self, log: &[Arrival], position: usize, now: Time, out: &mut Out) {
        let step = Step { now, topic: "t", partition: 0, inputs: &self.inputs };
        let record = record(i64::try_from(position).unwrap(), now);
        self.stage.apply_event(&step, &record, &log[position].event, &mut self.states, out);
    }

    /// One step of at most `most` records; false where the process died before it was finished.
    fn step(&mut self, log: &[Arrival], durable: &mut Durable, (now, most): (Time, usize), die: Option<&str>) -> bool {
        let there = log.partition_point(|arrival| arrival.at * 1000 <= now.ms());
        let end = there.min(durable.position.saturating_add(most));
        let mut out = Out::default();
        for position in durable.position..end {
            self.apply(log, position, now, &mut out);
        }
        if end == there {
            for entity in self.states.idle(now, false) {
                let state = self.states.get(&entity).unwrap().clone();
                self.stage.idle(&entity, &state, &mut out);
            }
        }
        if die == Some("before the rows") {
            return false;
        }
        durable.store.write(std::mem::take(&mut out.rows));
        if die == Some("after the rows") {
            return false;
        }
        for entity in &out.save {
            self.states.save_soon(entity);
        }
        let (saved, settled) = self.states.to_save(1, i64::try_from(end).unwrap(), now, false);
        durable.published.append(&mut out.events);
        self.states.saved(saved.iter().map(|(entity, ..)| entity.as_str()));
        durable.saved.extend(saved.into_iter().map(|state| (state.0.clone(), state)));
        (durable.position, durable.settled) = (end, usize::try_from(settled).unwrap());
        die.is_none()
    }
}

fn undisturbed(log: &[Arrival]) -> Durable {
    let mut durable = Durable::default();
    let mut life = Life::begin(log, &durable, Time(0));
    let mut last = 0;
    for arrival in log {
        if arrival.at * 1000 - last > IDLE_AFTER {
            life.step(log, &mut durable, (Time(last + IDLE_AFTER), usize::MAX), None);
        }
        last = arrival.at * 1000;
        life.step(log, &mut durable, (Time(last), usize::MAX), None);
    }
    life.step(log, &mut durable, (Time(last + IDLE_AFTER), usize::MAX), None);
    durable
}

fn disturbed(log: &[Arrival], rng: &mut Rng) -> Durable {
    let mut durable = Durable::default();
    let last = log.last().map_or(0, |arrival| arrival.at);
    let (mut now, mut life) = (0, None);
    while durable.position < log.len() || now < last {
        let mut alive = life.take().unwrap_or_else(|| Life::begin(log, &durable, Time(now * 1000)));
        let die = ["before the rows", "after the rows", "after the step"];
        let die = if rng.chance(150) { Some(rng.pick(&die)) } else { None };
        let most = rng.pick(&[1, 2, 5, 20, 100, usize::MAX]);
        if alive.step(log, &mut durable, (Time(now * 1000), most), die) {
            life = Some(alive);
        } else if rng.chance(100) {
            now += rng.pick(&[5, 400, 4000, 9000, 20_000]);
        }
        if rng.chance(400) {
            now += rng.pick(&[1, 20, 130, 600, 3000]);
        }
    }
    let mut alive = Life::begin(log, &durable, Time(now * 1000));
    alive.step(log, &mut durable, (Time(now * 1000), usize::MAX), None);
    alive.step(log, &mut durable, (Time(now * 1000 + IDLE_AFTER), usize::MAX), None);
    durable
}

fn sorted(mut messages: Vec<Message>) -> Vec<Message> {
    messages.sort_by(|a, b| (&a.key, &a.value).cmp(&(&b.key, &b.value)));
    messages
}

#[test]
fn cuts_saves_and_kills_change_nothing() {
    let (mut alerts, mut windows) = (0, 0);
    for seed in 0..60 {
        let mut rng = Rng(seed);
        let log = stream(&mut rng, false);
        let expected = undisturbed(&log);
        alerts += expected.published.len();
        windows += expected.store.windows.len();
        let published = sorted(expected.published);
        for round in 0..3 {
            let found = disturbed(&log, &mut rng);
            assert!(found.store == expected.store, "seed {seed}, round {round}: rows differ");
            assert_eq!(sorted(found.published), published, "seed {seed}, round {round}: alerts");
        }
    }
    assert!(alerts > 200 && windows > 10_000, "the streams are too tame: {alerts} alerts, {windows} windows");
}

#[test]
fn a_state_is_the_same_however_it_came_about() {
    for seed in 100..120 {
        let mut rng = Rng(seed);
        let log = stream(&mut rng, false);
        let mut whole = Life::begin(&log, &Durable::default(), Time(0));
        let mut parted = Life::begin(&log, &Durable::default(), Time(0));
        for position in 0..log.len() {
            whole.apply(&log, position, Time(0), &mut Out::default());
            parted.apply(&log, position, Time(77), &mut Out::default());
            if rng.chance(50) {
                let (saved, _) = parted.states.to_save(1, 0, Time(0), true);
                for (entity, upto, body) in &saved {
                    parted.states.load(1, entity, *upto, body, Time(1)).unwrap();
                }
            }
        }
        for (entity, _, state) in whole.states.iter() {
            let bytes = |state: &State| postcard::to_allocvec(state).unwrap();
            assert_eq!(bytes(parted.states.get(entity).unwrap()), bytes(state), "seed {seed}: {entity}");
        }
    }
}
