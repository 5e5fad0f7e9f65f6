//! Kill -9 at random moments while a fixed recording flows: afterwards every row, every window, every alert and every
//! event on gpu-alerts is as in a run that nobody disturbed.
//!
//! `GPUHM_KILL_ROUNDS` says how many rounds (10), `GPUHM_KILL_SEED` which one to repeat: a failure names its seed.

use std::time::Duration;

use crate::process::left::{Fixed, Left, replay, setting};
use crate::process::tables::number;
use crate::process::{Dice, Home, Service};

/// A service that is killed and started again and again; now and then as a one-shot.
struct Victim<'a> {
    home: &'a Home,
    stage: &'static str,
    runs: Option<Service>,
}

impl Victim<'_> {
    fn again(&mut self, dice: &mut Dice) {
        if let Some(service) = self.runs.take() {
            service.kill();
        }
        // Small steps: many acts, and many gaps between two of them to be killed in.
        let step = *dice.pick(&["1", "7", "40", "300", "8192"]);
        let mut args = vec![self.stage, "-q", "--step", step];
        if dice.below(5) == 0 {
            args.push("--once");
        }
        self.runs = Some(self.home.start(&args));
    }
}

/// Sends the pieces in order. One that was killed sends its piece again from the start: of no GPU there is more in it
/// than a collector has on the way, so the repeats lie within what `validate` remembers, as those of a live one do.
struct Sender<'a> {
    home: &'a Home,
    pieces: &'a [String],
    sent: usize,
    runs: Option<Service>,
}

impl Sender<'_> {
    /// Goes on; false when all is sent.
    fn go_on(&mut self) -> bool {
        if let Some(service) = &mut self.runs {
            match service.has_ended() {
                None => return true,
                Some(code) => assert_eq!(code, 0, "collect failed"),
            }
            self.runs = None;
            self.sent += 1;
        }
        let Some(piece) = self.pieces.get(self.sent) else { return false };
        self.runs = Some(self.home.start(&["collect", "-q", "--source", &replay(piece), "--speed", "max"]));
        true
    }

    fn kill(&mut self) {
        if let Some(service) = self.runs.take() {
            service.kill();
        }
    }
}

/// One round; returns how often something was killed.
fn round(fixed: &Fixed, seed: u64) -> u32 {
    let (home, mut dice, mut kills) = (Home::new(), Dice(seed), 0);
    let kills_sender = seed.is_multiple_of(3);
    let mut sender = Sender { home: &home, pieces: &fixed.pieces, sent: 0, runs: None };
    // With a second member a live one takes over from a dead one, and gives partitions back to it.
    let second = *dice.pick(&[None, Some("validate"), Some("aggregate")]);
    let stages = ["validate", "aggregate"].into_iter().chain(second);
    let mut victims: Vec<Victim<'_>> = stages.map(|stage| Victim { home: &home, stage, runs: None }).collect();
    for victim in &mut victims {
        victim.again(&mut dice);
    }
    let mut after = 3;
    while after > 0 {
        std::thread::sleep(Duration::from_millis(5 + dice.below(120)));
        after -= u32::from(!sender.go_on());
        if kills_sender && dice.below(4) == 0 {
            sender.kill();
            kills += 1;
        }
        for victim in &mut victims {
            if dice.below(3) > 0 {
                victim.again(&mut dice);
                kills += 1;
            }
        }
    }
    drop(victims);
    home.ok(&["validate", "--once"]);
    home.ok(&["aggregate", "--once"]);
    fixed.left.same(&format!("GPUHM_KILL_SEED={seed}"), Left::of(&home), kills_sender);
    kills
}

#[test]
fn the_recording_is_worth_it() {
    let fixed = Fixed::new();
    let store = fixed.home.store();
    for table in ["gpu_metrics", "gpu_metrics_1m", "gpu_metrics_15m", "gpu_metrics_1h", "gpu_events", "gpu_alerts"] {
        assert!(!fixed.left.tables[table].is_empty(), "{table} is empty");
    }
    let rules = number(&store, "SELECT count(DISTINCT rule) FROM gpu_alerts");
    assert!(rules >= 6, "only {rules} rules");
    assert!(number(&store, "SELECT count(*) FROM gpu_alerts WHERE status = 'resolved'") > 0);
    assert!(number(&store, "SELECT count(*) FROM gpu_alerts WHERE status = 'firing'") > 0);
    assert!(number(&store, "SELECT count(*) FROM gpu_metrics_1m WHERE final") > 0);
    assert!(!fixed.left.refused.is_empty(), "nothing was refused");
    assert!(fixed.pieces.len() > 10, "{} pieces", fixed.pieces.len());
}

#[test]
fn killed_stages_leave_what_an_undisturbed_run_leaves() {
    let fixed = Fixed::new();
    let first = setting("GPUHM_KILL_SEED");
    let rounds = if first.is_some() { 1 } else { setting("GPUHM_KILL_ROUNDS").unwrap_or(10) };
    let kills: u32 =
        (first.unwrap_or(1)..).take(usize::try_from(rounds).unwrap()).map(|seed| round(&fixed, seed)).sum();
    assert!(u64::from(kills) >= 5 * rounds, "only {kills} kills in {rounds} rounds");
}

#[test]
fn a_killed_run_is_continued_by_run() {
    let fixed = Fixed::new();
    let mut dice = Dice(setting("GPUHM_KILL_SEED").unwrap_or(99));
    let home = Home::new();
    let source = replay(&fixed.whole);
    for _ in 0..6 {
        let service = home.start(&["run", "-q", "--source", &source, "--speed", "max"]);
        std::thread::sleep(Duration::from_millis(20 + dice.below(150)));
        service.kill();
    }
    let summary = home.json(&["run", "-q", "--source", &source, "--speed", "max", "-o", "json"]);
    assert_eq!(summary["lost"], 0, "{summary}");
    fixed.left.same("run", Left::of(&home), true);
}
