//! A case: a stream, the stages that live through it, and how it ends; run calmly, all at once, or with kills.

use gpuhm::event::record::{RAW, VALIDATED};
use gpuhm::event::{Asset, Time};
use gpuhm::stage::aggregate::Aggregate;
use gpuhm::stage::validate::Validate;

use super::actor::{Actor, Ending, Lives, SILENCE};
use super::random::Rng;
use super::stream::{Arrival, START, Shape, at, spoil, stream};
use super::world::{Counts, Flaw, Outcome, World};

/// Which stages live through a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stages {
    Aggregate,
    Validate,
    /// Validate, and aggregate behind it.
    Both,
}

/// A case.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) stages: Stages,
    pub(crate) partitions: i32,
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) ending: Ending,
}

impl Case {
    pub(crate) fn random(seed: u64, stages: Stages) -> Case {
        let mut rng = Rng::new(seed);
        let shape = Shape::random(&mut rng);
        Case::shaped(&mut rng, stages, shape)
    }

    pub(crate) fn shaped(rng: &mut Rng, stages: Stages, shape: Shape) -> Case {
        let topic = if stages == Stages::Aggregate { VALIDATED } else { RAW };
        let mut arrivals = stream(rng, topic, shape);
        spoil(rng, &mut arrivals, stages != Stages::Aggregate);
        let partitions = rng.pick(&[1, 1, 3]);
        Case { stages, partitions, arrivals, ending: rng.pick(&[Ending::Once, Ending::Idle]) }
    }

    /// Offsets a record takes in this case: in every other one a log has gaps, and ends in one.
    pub(crate) fn stride(&self) -> usize {
        1 + self.arrivals.len() % 2
    }

    /// A world in which the stream arrives, and the stages in it.
    pub(crate) fn open(&self, flaw: Option<Flaw>) -> (World, Vec<Box<dyn Actor>>) {
        let world = World::new((self.partitions, self.stride()), START, flaw);
        {
            let mut inner = world.lock();
            for arrival in &self.arrivals {
                inner.append(&arrival.message, at(arrival.at));
            }
            let mut asset = Asset { gpu_uuid: "GPU-00000001".to_owned(), ..Asset::default() };
            assert!(asset.set("rack", "r7") && asset.set("hostname", "node-one"));
            inner.assets.push(asset);
        }
        let mut actors: Vec<Box<dyn Actor>> = Vec::new();
        if self.stages != Stages::Aggregate {
            actors.push(Box::new(Lives::new(&world, Validate::default, RAW)));
        }
        if self.stages != Stages::Validate {
            actors.push(Box::new(Lives::new(&world, Aggregate::default, VALIDATED)));
        }
        (world, actors)
    }

    fn last(&self) -> Time {
        at(self.arrivals.last().map_or(0, |arrival| arrival.at))
    }

    /// Every record as it arrives, every silence as it comes, one life.
    pub(crate) fn undisturbed(&self) -> (Outcome, Counts) {
        let (world, mut actors) = self.open(None);
        let mut calm = || actors.iter_mut().for_each(|actor| actor.calm());
        let mut times: Vec<i64> = self.arrivals.iter().map(|arrival| arrival.at).collect();
        times.dedup();
        for (place, time) in times.iter().enumerate() {
            world.clock.advance(at(*time));
            calm();
            if times.get(place + 1).is_some_and(|next| next - time > SILENCE) {
                world.advance(SILENCE);
                calm();
            }
        }
        self.end(&world, &mut actors, None)
    }

    /// The whole stream in one step, long after it arrived.
    pub(crate) fn at_once(&self) -> (Outcome, Counts) {
        let (world, mut actors) = self.open(None);
        world.clock.advance(self.last().plus(86_400_000));
        self.end(&world, &mut actors, None)
    }

    /// With random cuts, kills, takeovers and pauses, as `seed` has it.
    pub(crate) fn disturbed(&self, seed: u64, flaw: Option<Flaw>) -> (Outcome, Counts) {
        let mut rng = Rng::new(seed);
        let (world, mut actors) = self.open(flaw);
        let pauses: &[i64] = if rng.chance(500) { &[1, 5, 30, 130] } else { &[1, 20, 130, 600, 3000] };
        while world.clock.now() < self.last() || !actors.iter().all(|actor| actor.drained()) {
            let actor = rng.below(actors.len());
            actors[actor].step(&mut rng);
            if !(actors[actor].lags() && rng.chance(700)) {
                world.advance(rng.pick(pauses));
            }
        }
        self.end(&world, &mut actors, Some(&mut rng))
    }

    /// Lets all actors come to the case's end.
    pub(crate) fn end(
        &self,
        world: &World,
        actors: &mut [Box<dyn Actor>],
        mut rng: Option<&mut Rng>,
    ) -> (Outcome, Counts) {
        world.advance(1);
        for actor in actors {
            actor.end(self.ending, rng.as_deref_mut());
        }
        (world.outcome(), world.lock().counts)
    }
}

/// Where two outcomes differ: by table or topic the number of rows that do, and one of them.
pub(crate) fn differences(wanted: &Outcome, found: &Outcome) -> Vec<String> {
    let (a, b) = (&wanted.tables, &found.tables);
    let mut all = Vec::new();
    let mut add = |name: &str, pairs: Vec<(String, String)>| {
        if let Some((wanted, found)) = pairs.first() {
            all.push(format!("{name}: {} differ, as {wanted}\n  but found {found}", pairs.len()));
        }
    };
    add("gpu_metrics", maps(&a.raw, &b.raw));
    add("windows", maps(&a.windows, &b.windows));
    add("gpu_events", maps(&a.happenings, &b.happenings));
    add("gpu_alerts", maps(&a.alerts, &b.alerts));
    add("collectors", maps(&a.collectors, &b.collectors));
    add("gpu_places", maps(&a.places, &b.places));
    for (topic, logs) in &wanted.topics {
        let numbered = |logs: &[Vec<_>]| -> std::collections::BTreeMap<_, _> {
            let records = logs.iter().enumerate().flat_map(|(at, log)| {
                log.iter().enumerate().map(move |(offset, record)| ((at, offset), Clone::clone(record)))
            });
            records.collect()
        };
        add(topic, maps(&numbered(logs), &numbered(&found.topics[topic])));
    }
    all
}

type Rows<K, V> = std::collections::BTreeMap<K, V>;

fn maps<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    a: &Rows<K, V>,
    b: &Rows<K, V>,
) -> Vec<(String, String)> {
    let keys: std::collections::BTreeSet<&K> = a.keys().chain(b.keys()).collect();
    let differ = keys.into_iter().filter(|key| a.get(key) != b.get(key));
    differ.map(|key| (format!("{key:?} {:?}", a.get(key)), format!("{:?}", b.get(key)))).collect()
}
