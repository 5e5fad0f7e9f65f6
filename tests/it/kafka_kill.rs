//! Kill -9 on Kafka while a fixed recording flows: a validate of two, an aggregate of two, the collector, the broker.
//! Afterwards everything is there once, and as an undisturbed run leaves it.
//!
//! `GPUHM_KILL_ROUNDS` says how many rounds (10; 3 of the broker), `GPUHM_KILL_SEED` which one to repeat: a failure names
//! its seed. `GPUHM_KILL_LOGS=DIR` keeps what the processes say.

mod count;
mod members;
mod namesakes;
mod offsets;

use std::time::Duration;

use gpuhm::pipeline::clock::monotonic;

use self::count::{alerts_once, once_each, read};
use self::members::{Member, Sender};
use self::offsets::Watch;
use crate::broker::topics::Topics;
use crate::broker::{Own, shared};
use crate::process::left::{Fixed, Left, setting};
use crate::process::{Dice, Home};

/// Longer than anything waited for here takes, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Longer than a round's kills go on, however busy the machine: what never ends must not stop the tests of a night.
const ROUND: Duration = Duration::from_mins(8);

/// Dead members are given up soon, and what they left open, too.
const SETTINGS: [(&str, &str); 3] =
    [("session.timeout.ms", "3000"), ("heartbeat.interval.ms", "300"), ("transaction.timeout.ms", "6000")];

/// Rounds that run beside each other: most of each is waiting.
const LANES: u64 = 2;

/// Who is killed in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victims {
    /// One member of this stage at a time.
    Of(&'static str),
    Collector,
    Everyone,
    Broker,
}

const KINDS: [Victims; 4] = [Victims::Of("validate"), Victims::Of("aggregate"), Victims::Collector, Victims::Everyone];

impl Victims {
    fn has(self, stage: &'static str) -> bool {
        self == Victims::Everyone || self == Victims::Of(stage)
    }

    fn has_collector(self) -> bool {
        matches!(self, Victims::Collector | Victims::Everyone)
    }
}

/// What a round needs and is.
struct Round<'a> {
    fixed: &'a Fixed,
    address: &'a str,
    own: Option<&'a Own>,
    victims: Victims,
    told: String,
    dice: Dice,
}

impl Round<'_> {
    /// Runs it; returns how often something was killed.
    fn run(mut self) -> u32 {
        let topics = Topics::make(self.address);
        let debug = std::env::var_os("GPUHM_KILL_LOGS").map(|_| ("debug", "cgrp,eos"));
        let settings: Vec<(&str, &str)> = SETTINGS.into_iter().chain(debug).collect();
        let home = Home::on_kafka(self.address, topics.prefix(), &settings);
        let watch = |group, topic| Watch::new(self.address, topics.prefix(), group, topic);
        let mut watches =
            [watch("gpuhm-validate", "gpu-metrics-raw"), watch("gpuhm-aggregate", "gpu-metrics-validated")];
        let (kills, repeats) = self.disturb(&home, &mut watches);
        let began = monotonic();
        home.ok(&["validate", "--once"]);
        home.ok(&["aggregate", "--once"]);
        crate::broker::measured(&format!("{}: drained in {} s", self.told, began.elapsed().as_secs()));
        self.counted(&home, topics.prefix(), &mut watches, repeats);
        kills
    }

    /// Sends the recording and kills; returns how often, and whether the sender repeated itself.
    fn disturb(&mut self, home: &Home, watches: &mut [Watch]) -> (u32, bool) {
        let (told, mut kills) = (self.told.clone(), 0);
        let pairs = [("validate", "a"), ("validate", "b"), ("aggregate", "a"), ("aggregate", "b")];
        let mut members: Vec<Member<'_>> =
            pairs.iter().map(|(stage, instance)| Member::new(home, &told, stage, instance)).collect();
        let mut sender = Sender::new(home, &told, &self.fixed.pieces);
        let mut after = 4;
        let mut broker_dies_at = usize::try_from(self.dice.below(self.fixed.pieces.len() as u64 / 2)).unwrap();
        let began = monotonic();
        while after > 0 {
            assert!(began.elapsed() < ROUND, "{told}: {} of {} pieces sent", sender.sent, self.fixed.pieces.len());
            for member in &mut members {
                member.turn(&mut self.dice);
            }
            after -= u32::from(!sender.go_on());
            std::thread::sleep(Duration::from_millis(20 + self.dice.below(500)));
            if self.victims.has_collector() && self.dice.below(2) == 0 {
                kills += sender.kill();
            }
            let who = usize::try_from(self.dice.below(members.len() as u64)).unwrap();
            if self.victims.has(members[who].stage) {
                kills += members[who].kill(&mut self.dice);
            }
            if let Some(own) = self.own
                && sender.sent >= broker_dies_at
            {
                own.kill();
                std::thread::sleep(Duration::from_millis(self.dice.below(4000)));
                own.start_again();
                kills += 1;
                broker_dies_at = usize::MAX;
            }
            for watch in watches.iter_mut() {
                watch.look(&told);
            }
        }
        let repeats = sender.repeats || self.victims.has_collector();
        // Some end in order, some are killed with what they have open.
        for mut member in members {
            if self.dice.below(2) == 0 {
                member.stop();
            } else {
                kills += member.kill(&mut self.dice);
            }
        }
        (kills, repeats)
    }

    fn counted(&self, home: &Home, prefix: &str, watches: &mut [Watch], repeats: bool) {
        let all = |topic: &str| read(self.address, &format!("{prefix}{topic}"));
        let [raw, validated, invalid, alerts] =
            ["gpu-metrics-raw", "gpu-metrics-validated", "gpu-metrics-invalid", "gpu-alerts"].map(all);
        once_each(&self.told, &raw, &validated, &invalid);
        alerts_once(&self.told, &alerts);
        for (watch, records) in watches.iter_mut().zip([&raw, &validated]) {
            watch.is_through(&self.told, records);
        }
        let lines = |records: &[count::Found]| records.iter().map(count::Found::line).collect::<Vec<_>>();
        // A broker that dies has collectors send again what it had not acknowledged.
        let repeats = repeats || self.own.is_some();
        self.fixed.left.same(&self.told, Left::with(home, &lines(&alerts), &lines(&invalid)), repeats);
    }
}

/// Rounds of one lane; returns the kills.
fn lane(fixed: &Fixed, address: &str, seeds: impl Iterator<Item = u64>) -> u32 {
    let round = |seed: u64| {
        let began = monotonic();
        let victims = KINDS[usize::try_from(seed % KINDS.len() as u64).unwrap()];
        let told = format!("GPUHM_KILL_SEED={seed}");
        let kills = Round { fixed, address, own: None, victims, told, dice: Dice(seed) }.run();
        crate::broker::measured(&format!("seed {seed}: {victims:?}, {kills} kills, {} s", began.elapsed().as_secs()));
        kills
    };
    seeds.map(round).sum()
}

#[test]
fn killed_stages_and_collectors_leave_what_an_undisturbed_run_leaves() {
    let test = "kafka_kill::killed_stages_and_collectors_leave_what_an_undisturbed_run_leaves";
    let Some(address) = shared(test) else { return };
    let (fixed, address) = (&Fixed::new(), address.as_str());
    let first = setting("GPUHM_KILL_SEED");
    let rounds = if first.is_some() { 1 } else { setting("GPUHM_KILL_ROUNDS").unwrap_or(10) };
    let first = first.unwrap_or(1);
    let kills: u32 = std::thread::scope(|scope| {
        // Odd and even seeds would be the same kinds of victims in each lane.
        let of = move |of: u64| (first..first + rounds).filter(move |seed| (seed / 2) % LANES == of);
        let lanes: Vec<_> = (0..LANES).map(|at| scope.spawn(move || lane(fixed, address, of(at)))).collect();
        lanes.into_iter().map(|lane| lane.join().expect("a round failed")).sum()
    });
    assert!(u64::from(kills) >= 3 * rounds, "only {kills} kills in {rounds} rounds");
}

#[test]
fn a_killed_broker_leaves_what_an_undisturbed_run_leaves() {
    let Some(own) = Own::start("kafka_kill::a_killed_broker_leaves_what_an_undisturbed_run_leaves") else { return };
    let fixed = Fixed::new();
    let first = setting("GPUHM_KILL_SEED");
    let rounds = if first.is_some() { 1 } else { 3 };
    for seed in (first.unwrap_or(1)..).take(rounds) {
        let began = monotonic();
        let (told, dice) = (format!("GPUHM_KILL_SEED={seed} (broker)"), Dice(seed));
        let (own, address) = (Some(&own), own.address());
        Round { fixed: &fixed, address, own, victims: Victims::Broker, told, dice }.run();
        crate::broker::measured(&format!("seed {seed}: the broker, {} s", began.elapsed().as_secs()));
    }
}
