//! The processes that are killed: members of the stages' groups, and the collector.
//!
//! `GPUHM_KILL_LOGS=DIR` keeps what they say there, at the level of debugging.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;

use crate::process::left::replay;
use crate::process::{Dice, Home, Service};

/// Where a process's words go, and how many.
fn log(home: &Home, told: &str, name: &str) -> (PathBuf, &'static str) {
    match std::env::var_os("GPUHM_KILL_LOGS") {
        Some(dir) => (PathBuf::from(dir).join(format!("{}-{name}.log", told.replace('=', "-"))), "debug"),
        None => (home.path(&format!("{name}.log")), "info"),
    }
}

/// Starts one; its words are added to its log.
fn start(home: &Home, args: &[&str], told: &str, name: &str) -> (Service, PathBuf) {
    let (path, level) = log(home, told, name);
    let file = File::options().create(true).append(true).open(&path).unwrap();
    let mut command = home.command(&[args, &["--log", level]].concat());
    (Service::as_is(command.stdout(Stdio::null()).stderr(file)), path)
}

fn said(path: &PathBuf) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

/// One of two members of a stage's group, as a service.
pub(super) struct Member<'a> {
    pub(super) home: &'a Home,
    pub(super) told: &'a str,
    pub(super) stage: &'static str,
    pub(super) instance: &'static str,
    runs: Option<(Service, PathBuf)>,
    /// Turns until it is back.
    away: u64,
}

impl<'a> Member<'a> {
    pub(super) fn new(home: &'a Home, told: &'a str, stage: &'static str, instance: &'static str) -> Member<'a> {
        Member { home, told, stage, instance, runs: None, away: 0 }
    }

    fn name(&self) -> String {
        format!("{}-{}", self.stage, self.instance)
    }

    /// Comes back when it is time; one that ended by itself is a fault.
    pub(super) fn turn(&mut self, dice: &mut Dice) {
        if let Some((service, path)) = &mut self.runs {
            let (told, stage, instance) = (self.told, self.stage, self.instance);
            let ended = service.has_ended();
            assert_eq!(ended, None, "{told}: {stage} {instance} ended by itself: {}", said(path));
            return;
        }
        self.away = self.away.saturating_sub(1);
        if self.away == 0 {
            // Small steps: many transactions, and many gaps between two acts to be killed in.
            let step = *dice.pick(&["1", "7", "40", "300", "8192"]);
            let args = [self.stage, "--instance", self.instance, "--step", step];
            self.runs = Some(start(self.home, &args, self.told, &self.name()));
        }
    }

    /// Kills it; back at once, or after some turns: some longer than its session.
    pub(super) fn kill(&mut self, dice: &mut Dice) -> u32 {
        let Some((service, _)) = self.runs.take() else { return 0 };
        service.kill();
        self.away = *dice.pick(&[1, 1, 2, 3, 9]);
        1
    }

    /// Ends it in order; what it says then must be success.
    pub(super) fn stop(&mut self) {
        let Some((service, path)) = self.runs.take() else { return };
        assert_eq!(service.stopped(super::PATIENCE), 0, "{}: {}: {}", self.told, self.name(), said(&path));
    }
}

/// Sends the pieces in order, each by a collector on the same spool. One that was killed, or lost the broker, sends what
/// the spool has and then its piece again from the start: of no GPU there is more in it than a collector has on the way,
/// so the repeats lie within what `validate` remembers.
pub(super) struct Sender<'a> {
    pub(super) home: &'a Home,
    pub(super) told: &'a str,
    pub(super) pieces: &'a [String],
    pub(super) sent: usize,
    pub(super) repeats: bool,
    runs: Option<(Service, PathBuf)>,
    /// How often the piece that is being sent may still be killed.
    lives: u32,
}

/// Kills of one piece: more, on a machine on which sending takes longer than a turn, and it never ends.
const LIVES: u32 = 2;

impl<'a> Sender<'a> {
    pub(super) fn new(home: &'a Home, told: &'a str, pieces: &'a [String]) -> Sender<'a> {
        Sender { home, told, pieces, sent: 0, repeats: false, runs: None, lives: LIVES }
    }

    /// Goes on; false when all is sent.
    pub(super) fn go_on(&mut self) -> bool {
        if let Some((service, path)) = &mut self.runs {
            match service.has_ended() {
                None => return true,
                Some(0) => (self.sent, self.lives) = (self.sent + 1, LIVES),
                // The broker was away: what was collected is in the spool.
                Some(3) => self.repeats = true,
                Some(code) => panic!("{}: collect ended with {code}: {}", self.told, said(path)),
            }
            self.runs = None;
        }
        let Some(piece) = self.pieces.get(self.sent) else { return false };
        let args = ["collect", "--source", &replay(piece), "--speed", "max"];
        self.runs = Some(start(self.home, &args, self.told, "collect"));
        true
    }

    /// Kills it, unless the piece has been through enough.
    pub(super) fn kill(&mut self) -> u32 {
        if self.lives == 0 {
            return 0;
        }
        let Some((service, _)) = self.runs.take() else { return 0 };
        service.kill();
        self.lives -= 1;
        self.repeats = true;
        1
    }
}
