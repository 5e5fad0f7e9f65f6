//! A stage as it lives through a case: life after life of real runners, killed, held up, taken over, restarted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gpuhm::pipeline::retry::Retry;
use gpuhm::pipeline::runner::Parts;
use gpuhm::pipeline::{Flag, Goal, PipelineError, Runner};
use gpuhm::stage::Stage;

use super::fake_bus::FakeConsumer;
use super::fake_store::FakeStore;
use super::random::Rng;
use super::world::{Fate, World};

/// Seconds of `now` after which a silent GPU's windows are shown, and a little more.
pub(crate) const SILENCE: i64 = 125;

/// How a case ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With `--once`.
    Once,
    /// With silence.
    Idle,
}

/// A stage in a case.
pub(crate) trait Actor {
    /// Turns without anything happening to it until it has finished all that arrived.
    fn calm(&mut self);
    /// One step in which things may happen to it.
    fn step(&mut self, rng: &mut Rng);
    /// One turn in which the fate befalls it that `left` other edges come before; false where the turn has fewer.
    fn strike(&mut self, left: u64, stall: bool) -> bool;
    /// The end; with `rng`, what happens on the way.
    fn end(&mut self, ending: Ending, rng: Option<&mut Rng>);
    /// Whether there is nothing left for it, now or later.
    fn drained(&self) -> bool;
    /// Whether there is something for it now.
    fn lags(&self) -> bool;
}

/// The lives of a stage.
pub(crate) struct Lives<S: Stage> {
    world: World,
    make: fn() -> S,
    topic: &'static str,
    life: Option<Runner<S>>,
    /// Another that lives beside it and has some of the partitions.
    second: Option<Runner<S>>,
    /// Whether the present life was started with `--once`.
    once: bool,
}

/// Where who took over waits for the old owner to come to its end.
type Slot<S> = Arc<Mutex<Option<(Runner<S>, Share)>>>;

/// What a member takes at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    All,
    Half,
}

/// A runner with a membership of its own.
fn born<S: Stage>(world: &World, make: fn() -> S, topic: &'static str, (step, share): (usize, Share)) -> Runner<S> {
    let stage = make();
    let consumer = FakeConsumer::new(world, stage.name(), topic, share == Share::Half);
    Runner::new(Parts {
        consumer: Box::new(consumer),
        store: Some(Box::new(FakeStore::new(world))),
        clock: Arc::clone(&world.clock),
        topic: topic.to_owned(),
        retry: Retry::default(),
        step: Some(step),
        reload: Flag::default(),
        stage,
    })
}

fn turn<S: Stage>(runner: &mut Runner<S>) -> Result<(), PipelineError> {
    runner.turn(Duration::ZERO, Goal::Stop)
}

/// A life may end by being killed and by nothing else.
fn killed(error: &PipelineError) {
    assert!(error.to_string().ends_with("fake: killed"), "a life ended with: {error}");
}

impl<S: Stage + 'static> Lives<S>
where
    S::State: 'static,
{
    pub(crate) fn new(world: &World, make: fn() -> S, topic: &'static str) -> Lives<S> {
        Lives { world: world.clone(), make, topic, life: None, second: None, once: false }
    }

    fn fresh(&self) -> Runner<S> {
        born(&self.world, self.make, self.topic, (8192, Share::All))
    }

    fn start(&mut self, rng: &mut Rng) -> Runner<S> {
        if rng.chance(100) {
            // Down for a while.
            self.world.advance(rng.pick(&[5, 400, 4000, 9000, 20_000]));
        }
        self.once = rng.chance(100);
        born(&self.world, self.make, self.topic, (rng.pick(&[1, 2, 5, 20, 100, 8192, 8192]), Share::All))
    }

    /// A new owner that works while the old one stands still; the slot keeps it if it lives.
    fn rival(&self, rng: &mut Rng, slot: &Slot<S>) -> Fate {
        let (world, make, topic, slot) = (self.world.clone(), self.make, self.topic, Arc::clone(slot));
        let (mut rng, step) = (Rng::new(rng.next()), rng.pick(&[1, 5, 100, 8192]));
        let share = rng.pick(&[Share::All, Share::Half]);
        Fate::Stall(Box::new(move || {
            let mut rival = born(&world, make, topic, (step, share));
            for _ in 0..rng.below(5) {
                turn(&mut rival).unwrap();
                world.advance(rng.pick(&[0, 1, 20, 130, 600, 4000]));
            }
            // Else it has died again, and the old owner recovers.
            if rng.chance(800) {
                *slot.lock().unwrap() = Some((rival, share));
            }
        }))
    }

    /// A life that runs to its goal, which is its end; or is killed on the way.
    fn run(&mut self, rng: &mut Rng, mut life: Runner<S>, goal: Goal) {
        if rng.chance(300) {
            self.world.arm(rng.next() % 16, Fate::Die);
        }
        self.second = None;
        let stop = Flag::default();
        if goal == Goal::Stop {
            // As SIGTERM does: it saves all it has and ends.
            stop.set();
        }
        let ended = life.run(goal, &stop, &Flag::default());
        self.world.disarm();
        if let Err(error) = ended {
            killed(&error);
        }
    }

    /// A turn under the plan that is armed; true where it was carried out. Who took over goes on; with `old_goes_on` the
    /// old owner first takes another turn, as if nothing had been.
    fn outlive(&mut self, mut life: Runner<S>, slot: &Slot<S>, old_goes_on: bool) -> bool {
        let mut ended = turn(&mut life);
        let struck = !self.world.disarm();
        let rival = slot.lock().unwrap().take();
        if rival.is_some() && ended.is_ok() && old_goes_on {
            ended = turn(&mut life);
        }
        self.life = match ended {
            Ok(()) => match rival {
                Some((rival, Share::Half)) => {
                    self.second = Some(rival);
                    Some(life)
                }
                Some((rival, Share::All)) => Some(rival),
                None => Some(life),
            },
            Err(error) => {
                killed(&error);
                rival.map(|(rival, _)| rival)
            }
        };
        struck
    }

    fn all_settled(&self) -> bool {
        let mut inner = self.world.lock();
        let all = inner.all();
        let group = inner.groups.entry((self.make)().name().to_owned()).or_default();
        all.into_iter().all(|partition| group.position(partition).0 == group.position(partition).1)
    }
}

impl<S: Stage + 'static> Actor for Lives<S>
where
    S::State: 'static,
{
    fn calm(&mut self) {
        self.second = None;
        let mut life = self.life.take().unwrap_or_else(|| self.fresh());
        turn(&mut life).unwrap();
        while self.lags() {
            turn(&mut life).unwrap();
        }
        self.life = Some(life);
    }

    fn step(&mut self, rng: &mut Rng) {
        if rng.chance(500) {
            std::mem::swap(&mut self.life, &mut self.second);
        }
        let young = self.life.is_none();
        let life = self.life.take().unwrap_or_else(|| self.start(rng));
        if self.once && rng.chance(500) {
            return self.run(rng, life, Goal::End);
        }
        if rng.chance(20) {
            return self.run(rng, life, Goal::Stop);
        }
        let slot = Arc::new(Mutex::new(None));
        if rng.chance(250) {
            let fate = if rng.chance(500) { Fate::Die } else { self.rival(rng, &slot) };
            self.world.arm(rng.next() % if young { 18 } else { 8 }, fate);
        }
        {
            let mut inner = self.world.lock();
            (inner.rebalance, inner.notices) = (rng.chance(30), rng.chance(500));
        }
        let goes_on = rng.chance(300);
        self.outlive(life, &slot, goes_on);
    }

    fn strike(&mut self, left: u64, stall: bool) -> bool {
        let life = self.life.take().unwrap_or_else(|| self.fresh());
        let slot = Arc::new(Mutex::new(None));
        let fate = if stall { self.rival(&mut Rng::new(left), &slot) } else { Fate::Die };
        self.world.lock().notices = left.is_multiple_of(2);
        self.world.arm(left, fate);
        self.outlive(life, &slot, left.is_multiple_of(3))
    }

    fn end(&mut self, ending: Ending, mut rng: Option<&mut Rng>) {
        while let Some(rng) = rng.as_deref_mut()
            && rng.chance(600)
        {
            let life = self.start(rng);
            self.life = None;
            self.run(rng, life, Goal::End);
        }
        (self.life, self.second) = (None, None);
        if ending == Ending::Once {
            let mut life = self.fresh();
            life.run(Goal::End, &Flag::default(), &Flag::default()).unwrap();
            assert!(self.world.lock().flaw.is_some() || self.all_settled(), "--once left something unsaved");
        } else {
            self.calm();
            self.world.advance(SILENCE);
            self.calm();
        }
    }

    fn drained(&self) -> bool {
        self.world.drained((self.make)().name(), self.topic)
    }

    fn lags(&self) -> bool {
        self.world.lags((self.make)().name(), self.topic)
    }
}
