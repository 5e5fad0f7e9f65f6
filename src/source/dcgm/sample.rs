//! The events of a session's GPUs at a tick, and its host's report.
//!
//! A GPU that gives nothing any more says so in one event and is silent then: its silence is what the fleet's rules judge,
//! as they do a host's. An engine that gives nothing of any GPU is said in the host's state, and is not eight dead GPUs.

use std::borrow::Cow;

use super::Options;
use super::convert::Row;
use super::device::{Device, State};
use super::session::Session;
use super::value::Absent;
use super::words::{LATCHED, NO_GPUS};
use super::xids::Xids;
use crate::event::{self, Body, Event, Quality, Time};
use crate::source::endpoint::Taken;
use crate::source::{HostReport, Reading, stale_ms};

impl Session {
    /// Makes the events of the tick `now`, whose values were there at `read_at`, and the host's report.
    pub(super) fn events(&mut self, now: Time, read_at: Time, options: &Options, xids: &mut Xids) -> Taken {
        let read = |device: &&Device| device.grouped && device.state() == State::Well;
        let latched = self.devices.iter().any(|device| read(&device))
            && self.devices.iter().filter(read).all(|device| device.row.is_blank());
        let (mut readings, mut silent, mut seen) = (Vec::new(), Vec::new(), 0);
        let tolerance = stale_ms(options.pace.ms());
        let collected = self.clock.collected(tolerance).unwrap_or(now);
        for device in &mut self.devices {
            let mut row = std::mem::take(&mut device.row);
            let state = state(device.state(), &row);
            // What is known of no GPU is said of none.
            seen += i64::from(state == State::Well || latched);
            let quiet = latched || (state != State::Well && device.told == Some(state));
            if state != State::Well && !latched {
                silent.push((device.index(), state));
            }
            let count = complete(device, &mut row, |ts| self.clock.age(read_at, ts) <= tolerance);
            if device.uuid().is_empty() || (quiet && !xids.has(device.uuid())) {
                device.absent = row.absent;
                continue;
            }
            if !latched {
                device.told = Some(state);
            }
            let since = xids.take(device.uuid(), |ts| self.clock.ours(ts, tolerance));
            let quality = Quality {
                latency_ms: None,
                stale: Some(row.is_stale()),
                sample_count: count,
                interval_ms: Some(options.pace.ms()),
                error: if latched { Some(LATCHED) } else { state.error() }.map(Cow::Borrowed),
            };
            if state != State::Well || latched {
                row.values = event::Values::default();
            }
            let identity = device.identity.clone();
            let body = Body::Sample(identity, std::mem::take(&mut row.values), since);
            let host = event::Host::named(options.hostname.clone());
            let event = Event { collected: Some(collected), ..Event::made(now, host, body, quality) };
            readings.push(Reading::Event(Box::new(event)));
            device.absent = row.absent;
        }
        let state = if latched { LATCHED.to_owned() } else { told(&silent, self.devices.len()) };
        Taken { readings, hosts: vec![self.report(options, seen, state)] }
    }

    /// The host's report.
    pub(super) fn report(&self, options: &Options, seen: i64, state: String) -> HostReport {
        HostReport {
            hostname: options.hostname.clone(),
            place: [None, None, None],
            seen,
            missed: 0,
            guessed: false,
            expected: i64::try_from(self.devices.len()).ok().filter(|count| *count > 0),
            state,
            kind: None,
        }
    }
}

/// How a GPU is, by its state and by what this tick gave.
fn state(state: State, row: &Row) -> State {
    match state {
        State::Well if row.has(Absent::Lost) => State::Lost,
        State::Well if !row.values.is_empty() => State::Well,
        State::Well if row.has(Absent::NeedsReset) => State::NeedsReset,
        State::Well if row.is_stale() => State::Stale,
        State::Well if row.is_blank() => State::Blank,
        other => other,
    }
}

/// Adds limits and the means of profiling values that are fresh by their time; of how many readings these are.
fn complete(device: &mut Device, row: &mut Row, fresh: impl Fn(i64) -> bool) -> Option<i64> {
    for (metric, value) in device.limits.values.iter() {
        if row.values.get(metric).is_none() {
            row.values.set(metric, value);
        }
    }
    row.absent.extend(device.limits.absent.iter().map(|(field, why)| (*field, *why)));
    device.mean.take(row, fresh)
}

/// The host's state in words: which GPUs are not read, and why.
fn told(silent: &[(i64, State)], all: usize) -> String {
    match silent {
        _ if all == 0 => NO_GPUS.to_owned(),
        [] => "ok".to_owned(),
        [(_, State::Stale), ..] if silent.len() == all && all > 1 => {
            "host engine has no fresh values of any GPU".to_owned()
        }
        _ => {
            let words: Vec<String> = silent.iter().map(|(gpu, state)| format!("GPU {gpu} {}", state.word())).collect();
            words.join(", ")
        }
    }
}

/// The times that an engine's events get when all of them are made: how long reading them took.
pub(super) fn stamp(readings: &mut [Reading], now: Time, latency_ms: i64) {
    for reading in readings {
        if let Reading::Event(event) = reading {
            event.processed = Some(now.plus(latency_ms));
            event.quality.latency_ms = Some(latency_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_in_one_line() {
        assert_eq!(told(&[], 8), "ok");
        assert_eq!(told(&[], 0), NO_GPUS);
        assert_eq!(told(&[(3, State::Lost), (5, State::Detached)], 8), "GPU 3 lost, GPU 5 detached");
        assert_eq!(told(&[(0, State::Stale), (1, State::Stale)], 2), "host engine has no fresh values of any GPU");
    }

    #[test]
    fn a_gpu_that_gives_anything_is_well_unless_it_is_lost() {
        let mut row = Row::default();
        assert_eq!(state(State::Well, &row), State::Well, "nothing was asked");
        row.absent.insert(155, Absent::Blank);
        assert_eq!(state(State::Well, &row), State::Blank);
        row.absent.insert(150, Absent::Stale);
        assert_eq!(state(State::Well, &row), State::Stale);
        row.values.set_number(0, 60.0);
        assert_eq!(state(State::Well, &row), State::Well);
        row.absent.insert(156, Absent::Lost);
        assert_eq!(state(State::Well, &row), State::Lost);
        assert_eq!(state(State::Detached, &row), State::Detached);
    }
}
