//! One look at every host engine, shared by the checks that ask about them: connected, read, and watched for as long as
//! profiling takes to give a value.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use gpuhm::event::Time;
use gpuhm::event::sample::Body;
use gpuhm::metric::METRICS;
use gpuhm::source::dcgm::layout::codes::{PROFILING_FIRST, PROFILING_LAST};
use gpuhm::source::dcgm::{Absence, Engine, Facts, Library, Options};
use gpuhm::source::endpoint::{Endpoint, Taken, Trouble};
use gpuhm::source::place::{DCGM_PORT, Kind, Place};
use gpuhm::source::{HostReport, Reading};

use super::super::registry::{Finding, Subject};
use super::each::{Ending, each};
use super::{INTERVAL, by_itself, is_dcgm, is_there, library, socket};
use crate::source::live::{LOOPBACK, SOCKET, here};

/// How often profiling is watched while looking, ms, and how long that must go on until there are values: two samples.
const PROFILE_MS: i64 = 400;
const PROFILED: Duration = Duration::from_millis(1100);

/// What every engine told, once it was asked.
#[derive(Debug, Default)]
pub(in super::super) struct Engines(OnceLock<Vec<Asked>>);

/// An engine that was asked, and what came of it.
pub(super) type Asked = (Place, Result<Looked, Trouble>);

/// What an engine told.
#[derive(Debug, Clone)]
pub(super) struct Looked {
    pub(super) facts: Facts,
    /// Its host, as a collector would report it.
    pub(super) report: Option<HostReport>,
    /// Fields without a value, less profiling's.
    pub(super) absences: Vec<Absence>,
    /// GPUs with a profiling value, of those that were read.
    pub(super) profiled: [usize; 2],
    /// Profiling metrics that some GPU has.
    pub(super) given: BTreeSet<&'static str>,
}

/// Whether a field is one of profiling; there are others above them.
fn is_profiling(field: u16) -> bool {
    (PROFILING_FIRST..=PROFILING_LAST).contains(&field)
}

/// Metrics that profiling has.
pub(super) fn profiles() -> impl Iterator<Item = (usize, &'static str)> {
    let is_one = |field: Option<u16>| field.is_some_and(is_profiling);
    METRICS.iter().enumerate().filter(move |(_, metric)| is_one(metric.dcgm)).map(|(at, metric)| (at, metric.name))
}

/// The engines that are named and can be looked at, and this machine's where it is to be found out.
fn places(subject: &Subject) -> Vec<Place> {
    let socket = |path: &String| socket::is_well(path);
    let named = subject.places.iter().filter(|place| match &place.kind {
        Kind::DcgmSocket(path) => socket(path),
        kind => is_dcgm(kind),
    });
    let mut all: Vec<Place> = named.cloned().collect();
    if by_itself(subject) {
        let of = |kind: Kind| Place { kind, host: None, gpus: None };
        all.push(of(Kind::Dcgm(LOOPBACK.to_owned(), DCGM_PORT)));
        if is_there() && socket::is_well(SOCKET) {
            all.push(of(Kind::DcgmSocket(SOCKET.to_owned())));
        }
    }
    all
}

/// Whether it stands in the settings, and is not one of the places where `auto` looks.
pub(super) fn is_named(subject: &Subject, place: &Place) -> bool {
    subject.places.iter().any(|named| named == place)
}

/// What every engine tells: asked at the first call.
pub(super) fn engines(subject: &Subject) -> Result<&Vec<Asked>, Finding> {
    let library =
        library::load(&subject.live).map_err(|error| Finding::fault(error.to_string()).remedy(error.hint()))?;
    Ok(subject.engines.0.get_or_init(|| {
        let all = places(subject);
        let (now, profile) = (subject.now, subject.live.profiled().is_some());
        let looked = each(&all, subject.patience(), move |place, ending| look(library, place, ending, now, profile));
        let seconds = subject.patience().as_secs_f64();
        let silent = || {
            Trouble::new(format!("no answer within {seconds:.1} s: connecting hangs, or a call that nothing ends"))
                .hint("systemctl restart nvidia-dcgm; see dmesg for XIDs: a GPU or its driver may hang")
        };
        let found = all.into_iter().zip(looked).map(|(place, looked)| (place, looked.unwrap_or_else(|| Err(silent()))));
        settled(subject, found.collect())
    }))
}

/// Of the places where `auto` looks, those that answer; where none does, the first.
fn settled(subject: &Subject, found: Vec<Asked>) -> Vec<Asked> {
    let (named, mut tried): (Vec<_>, Vec<_>) = found.into_iter().partition(|(place, _)| is_named(subject, place));
    if tried.iter().any(|(_, looked)| looked.is_ok()) {
        tried.retain(|(_, looked)| looked.is_ok());
    } else {
        tried.truncate(1);
    }
    named.into_iter().chain(tried).collect()
}

fn look(
    library: &'static Library,
    place: &Place,
    ending: &Ending,
    now: Time,
    profile: bool,
) -> Result<Looked, Trouble> {
    let options =
        Options { hostname: place.hostname(&here()), pace: INTERVAL.into(), profile_ms: profile.then_some(PROFILE_MS) };
    let mut engine = Engine::new(library, place.clone(), options);
    ending.by(engine.breaker());
    let mut taken = engine.read(now)?;
    let facts = |engine: &Engine| engine.facts().ok_or_else(|| Trouble::new("the connection was lost at once"));
    let watched = facts(&engine)?;
    if profile && watched.gpus > 0 {
        std::thread::sleep(PROFILED);
        let waited = i64::try_from(PROFILED.as_millis()).unwrap_or_default();
        taken = engine.read(now.plus(waited))?;
    }
    let own = |absence: &Absence| !is_profiling(absence.field);
    let (given, profiled) = profiled(&taken);
    Ok(Looked {
        facts: facts(&engine)?,
        report: taken.hosts.into_iter().next(),
        absences: engine.absences().into_iter().filter(own).collect(),
        profiled,
        given,
    })
}

/// Profiling metrics that came, and how many GPUs of how many they came from.
fn profiled(taken: &Taken) -> (BTreeSet<&'static str>, [usize; 2]) {
    let (mut given, mut gpus) = (BTreeSet::new(), [0, 0]);
    for reading in &taken.readings {
        let Reading::Event(event) = reading else { continue };
        let Body::Sample(_, values, _) = &event.body else { continue };
        if values.is_empty() {
            continue;
        }
        let own: Vec<&str> = profiles().filter(|(at, _)| values.get(*at).is_some()).map(|(_, name)| name).collect();
        let [with, all] = &mut gpus;
        *with += usize::from(!own.is_empty());
        *all += 1;
        given.extend(own);
    }
    (given, gpus)
}
