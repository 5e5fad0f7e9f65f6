//! The stage `aggregate`: a sample becomes a raw row, feeds its GPU's windows, and is judged by the rules of `detect`.
//!
//! Everything follows from one GPU's events in the order of the log: `track` has the windows, `past` what happened to
//! the GPU, `detect` the alerts. Throttle time is the sum of the intervals of the readings that have the bit (the source's
//! interval, 10 s where it says none, at most 60 s), within a minute never more than the minute.
//! It must not know buses, stores or the clock, and no state may depend on how the stream was cut.

mod backfill;
mod minute;
mod packed;
mod past;
mod place;
mod plan;
mod reading;
mod tally;
mod track;

use serde::{Deserialize, Serialize};

pub use backfill::rebuild;

use super::detect::{self, Scene, Watch};
use super::validate::refusal;
use super::{LookUp, Out, Stage, States, Step};
use crate::event::codec::{Decoder, Problem};
use crate::event::rows::{CollectorRow, Happening};
use crate::event::time::HOUR;
use crate::event::{Body, Collector, Event, Gpu, Record, Silence, Time, Values, Xid};
use past::Past;
use place::Home;
use reading::{Reading, raw, rounded};
use track::{Sink, Track};

/// How far behind its GPU's newest event an event may lie and still count in its minute (design.md, Time).
pub const LATENESS: i64 = 30_000;

/// The longest lateness there may be. Every minute it spans stays open in every GPU's state, which is saved whole every two
/// minutes: an hour of them is 42 KB a GPU at the usual interval instead of 6, 164 KB at a reading a second, 5 MB at a
/// hundred. Samples that come later still are what `--backfill` is for.
pub const MOST_LATENESS: i64 = HOUR;

/// Version of the state's encoding. Raise it whenever a struct in a state, the metric table's statistics or the list of
/// rules changes; a test holds it against both lists.
const STATE_VERSION: u8 = 4;

/// The stage.
#[derive(Debug)]
pub struct Aggregate {
    /// How far behind an event may lie and still count in its minute, in ms: 0 to `MOST_LATENESS`.
    lateness: i64,
    decoder: Decoder,
    problems: Vec<Problem>,
    sorted: Vec<Vec<f32>>,
}

impl Default for Aggregate {
    fn default() -> Self {
        Aggregate { lateness: LATENESS, decoder: Decoder::default(), problems: Vec::new(), sorted: Vec::new() }
    }
}

/// What the stage remembers of one entity: a GPU, or a host whose collector reports.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State(Entity);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
enum Entity {
    #[default]
    New,
    /// Time of the host's newest report.
    Host(Time),
    Gpu(Box<One>),
}

/// One GPU.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct One {
    /// Time of its newest event.
    newest: Option<Time>,
    track: Track,
    past: Past,
    home: Home,
    watch: Watch,
}

impl State {
    /// The GPU; `None` where the entity is a host.
    fn gpu(&mut self) -> Option<&mut One> {
        if matches!(self.0, Entity::New) {
            self.0 = Entity::Gpu(Box::default());
        }
        match &mut self.0 {
            Entity::Gpu(one) => Some(one),
            Entity::New | Entity::Host(_) => None,
        }
    }
}

impl Aggregate {
    /// The stage with another lateness, in ms: brought into 0 to [`MOST_LATENESS`], on which the size of states rests.
    #[must_use]
    pub fn with_lateness(lateness: i64) -> Aggregate {
        Aggregate { lateness: lateness.clamp(0, MOST_LATENESS), ..Aggregate::default() }
    }

    /// How many windows an entity has open.
    #[must_use]
    pub fn open_windows(state: &State) -> u64 {
        match &state.0 {
            Entity::Gpu(one) => one.track.windows(),
            Entity::New | Entity::Host(_) => 0,
        }
    }

    /// Applies one decoded event, as [`Stage::apply`] does after decoding.
    pub fn apply_event(
        &mut self,
        step: &Step<'_>,
        record: &Record,
        event: &Event<'_>,
        states: &mut States<State>,
        out: &mut Out,
    ) {
        let (Some(entity), Some(time)) = (event.entity(), event.time) else {
            let missing = match event.body {
                Body::Other(_) => unfit("event_type", "neither a sample nor a collector's report"),
                _ if event.time.is_none() => unfit("timestamp", "it is missing"),
                _ => unfit("gpu.gpu_uuid", "it is missing, or the host's name in a report"),
            };
            return refuse(step, record, (&missing, true), out);
        };
        let Some(state) = states.at(&entity, record.offset, step.now) else {
            return;
        };
        match &event.body {
            Body::Sample(gpu, values, xids) => {
                if let Some(one) = state.gpu() {
                    return self.sample((event, gpu, &step.inputs.silences), (time, &entity), (values, xids), one, out);
                }
            }
            Body::Collector(collector) => {
                if report((event, collector), time, state, out) {
                    return;
                }
            }
            Body::Other(_) => {}
        }
        // A GPU whose UUID reads like a host's key, or a host's like a GPU's: neither may take the other's state.
        let entity = unfit("gpu.gpu_uuid", "this key belongs to a host's reports, or the host's to a GPU");
        refuse(step, record, (&entity, true), out);
    }

    fn sample(
        &mut self,
        (event, gpu, silences): (&Event<'_>, &Gpu<'_>, &[Silence]),
        (time, uuid): (Time, &str),
        (values, xids): (&Values, &[Xid]),
        one: &mut One,
        out: &mut Out,
    ) {
        let values = rounded(values);
        let place = event.place();
        let host = place.hostname.as_deref().unwrap_or_default();
        let reading = Reading::new(time, host, event.quality.interval_ms, &values);
        let previous = one.newest;
        let forward = previous.is_none_or(|newest| time > newest);
        out.counts.aggregated += 1;
        out.counts.late += u64::from(!one.track.add(&reading));
        if forward {
            one.newest = Some(time);
            let before = out.rows.windows.len();
            let windows = &mut out.rows.windows;
            let mut sink = Sink { gpu: uuid, closed: true, windows, sorted: &mut self.sorted };
            one.track.pass(time, self.lateness, &mut sink);
            out.counts.closed += u64::try_from(out.rows.windows.len() - before).unwrap_or(0);
            out.rows.places.extend(one.home.look(event, gpu, uuid, time));
        }
        let row = |at: Time, kind: &str, code: i64, detail: String| Happening {
            gpu_uuid: uuid.to_owned(),
            at,
            kind: kind.to_owned(),
            code,
            hostname: host.to_owned(),
            detail,
        };
        let told = one.past.look(row, (time, forward), (&values, xids), &mut out.rows.happenings);
        let (reset, xids) = (told.reset, told.xids.as_slice());
        let scene = Scene { event, gpu, uuid, time, forward, previous, reset, values: &values, xids, silences };
        detect::judge(&scene, &mut one.watch, out);
        out.rows.raw.push(raw(event, gpu, &reading, uuid));
    }
}

/// Sends a record that cannot be used to the invalid topic. Validate lets none through; other writers may.
fn refuse(step: &Step<'_>, record: &Record, (problems, is_json): (&[Problem], bool), out: &mut Out) {
    out.counts.refused += 1;
    for problem in problems {
        out.reason(problem.rule);
    }
    out.events.push(refusal(record, step, problems, is_json));
}

/// A reason that only this stage can find.
fn unfit(field: &str, message: &str) -> [Problem; 1] {
    let (field, value, message) = (field.to_owned(), String::new(), format!("{field}: {message}"));
    [Problem { rule: "schema", field, value, message }]
}

/// Takes a collector's report; false where the entity is a GPU.
fn report((event, collector): (&Event<'_>, &Collector<'_>), time: Time, state: &mut State, out: &mut Out) -> bool {
    let newest = match &state.0 {
        Entity::New => None,
        Entity::Host(newest) => Some(*newest),
        Entity::Gpu(_) => return false,
    };
    out.counts.reports += 1;
    if newest.is_some_and(|newest| time < newest) {
        return true;
    }
    state.0 = Entity::Host(time);
    let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
    out.rows.collectors.push(CollectorRow {
        hostname: text(&event.host.hostname).unwrap_or_default(),
        time,
        counts: [
            collector.ticks,
            collector.missed,
            collector.spool_bytes,
            collector.dropped,
            collector.gpus_seen,
            collector.gpus_expected,
        ],
        source: text(&collector.source),
        source_state: text(&collector.source_state),
        version: text(&collector.version),
    });
    true
}

impl Stage for Aggregate {
    type State = State;

    fn name(&self) -> &'static str {
        "aggregate"
    }

    fn state_version(&self) -> u8 {
        STATE_VERSION
    }

    fn looks_up(&self) -> LookUp {
        LookUp::Silences
    }

    fn writes_rows(&self) -> bool {
        true
    }

    fn apply(&mut self, step: &Step<'_>, record: &Record, states: &mut States<State>, out: &mut Out) {
        let mut problems = std::mem::take(&mut self.problems);
        problems.clear();
        match self.decoder.decode(&record.value, &mut problems) {
            Some(event) if problems.is_empty() => self.apply_event(step, record, &event, states, out),
            other => refuse(step, record, (&problems, other.is_some()), out),
        }
        self.problems = problems;
    }

    fn idle(&mut self, entity: &str, state: &State, out: &mut Out) {
        if let Entity::Gpu(one) = &state.0 {
            let windows = &mut out.rows.windows;
            let mut sink = Sink { gpu: entity, closed: false, windows, sorted: &mut self.sorted };
            one.track.clone().finish(&mut sink);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::METRICS;

    /// What a saved state's lists are aligned to: statistics of the table, kinds that are followed, and rules.
    fn layout() -> u64 {
        let metrics = METRICS.iter().map(|row| format!("{} {:?} {:?} {:?}", row.name, row.ty, row.kind, row.stats));
        let all = metrics.chain(detect::ids().map(str::to_owned)).collect::<Vec<_>>().join("\n");
        all.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    #[test]
    fn another_layout_needs_another_version() {
        // Changed on purpose? Raise STATE_VERSION and write the new number here.
        assert_eq!((STATE_VERSION, layout()), (4, 0xd7f_89f7_7360_0f5f));
    }
}
