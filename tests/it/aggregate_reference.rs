//! Windows against a second implementation written from the definitions alone: keep every event in time, sort, count.
//! And windows rebuilt from raw rows against live ones.

use std::collections::{BTreeMap, BTreeSet};

use super::aggregate_stream::{Arrival, stream};
use super::aggregate_support::{Fed, Rng, int, real};
use gpuhm::event::values::rounded;
use gpuhm::event::window::{Column, Stat};
use gpuhm::event::{Body, Event, Size, Time, Value, Values, Window};
use gpuhm::metric::{METRICS, REASONS, Type};
use gpuhm::stage::Stage as _;
use gpuhm::stage::aggregate::{LATENESS, rebuild};

const MINUTE: i64 = 60_000;

/// What of one GPU's log counts in windows.
#[derive(Default)]
struct Counted {
    /// First event of each time, by time.
    events: BTreeMap<i64, Event<'static>>,
    closed: i64,
    late: usize,
}

fn values<'a>(event: &'a Event<'static>) -> &'a Values {
    let Body::Sample(_, values, _) = &event.body else { panic!("no sample") };
    values
}

fn uuid(event: &Event<'_>) -> String {
    event.entity().unwrap().into_owned()
}

fn count(log: &[Arrival]) -> BTreeMap<String, Counted> {
    let mut all = BTreeMap::new();
    let mut newest = BTreeMap::<String, i64>::new();
    for arrival in log {
        let (gpu, time) = (uuid(&arrival.event), arrival.event.time.unwrap().ms());
        let one = all.entry(gpu.clone()).or_insert_with(|| Counted { closed: i64::MIN, ..Counted::default() });
        if time.div_euclid(MINUTE) > one.closed {
            one.events.entry(time).or_insert_with(|| arrival.event.clone());
        } else {
            one.late += 1;
        }
        let newest = newest.entry(gpu).or_insert(time);
        *newest = time.max(*newest);
        one.closed = one.closed.max((*newest - LATENESS).div_euclid(MINUTE) - 1);
    }
    all
}

fn cell(column: &Column, counted: &Counted, (start, end): (i64, i64)) -> Option<Value> {
    let within: Vec<(i64, &Event<'static>)> =
        counted.events.range(start..end).map(|(at, event)| (*at, event)).collect();
    let has = |value: Value| match value {
        Value::Int(value) => Value::Int(value),
        Value::Real(value) => Value::Real(f64::from(rounded(value))),
    };
    let read = |event: &Event<'static>| values(event).get(column.metric).map(has);
    let readings: Vec<(i64, Value)> = within.iter().filter_map(|(at, event)| Some((*at, read(event)?))).collect();
    let numbers: Vec<f64> = readings.iter().map(|(_, value)| value.real()).collect();
    let newest = readings.last()?.1;
    let typed = |value: f64| {
        if column.ty == Type::Int { int(gpuhm::event::values::whole(value).unwrap()) } else { real(value) }
    };
    match column.stat {
        Stat::Min => typed(numbers.iter().copied().fold(f64::MAX, f64::min)),
        Stat::Max => typed(numbers.iter().copied().fold(f64::MIN, f64::max)),
        #[expect(clippy::cast_precision_loss, reason = "few readings")]
        Stat::Mean => real(numbers.iter().sum::<f64>() / numbers.len() as f64),
        Stat::Last => Some(newest),
        Stat::Delta => {
            let int = |event: &Event<'static>| values(event).int(column.metric);
            let before = counted.events.range(..start).rev().find_map(|(_, event)| int(event));
            let all: Vec<i64> = before.into_iter().chain(within.iter().filter_map(|(_, event)| int(event))).collect();
            let step = |pair: &[i64]| if pair[1] < pair[0] { pair[1] } else { pair[1] - pair[0] };
            Some(Value::Int(all.windows(2).map(step).sum()))
        }
        Stat::Quantile(percent) => {
            let mut seconds = BTreeSet::new();
            let first = readings.iter().filter(|(at, _)| seconds.insert(at / 1000));
            let mut kept: Vec<f64> = first.map(|(_, value)| value.real()).collect();
            kept.sort_by(f64::total_cmp);
            let rank = (1..=kept.len()).find(|rank| rank * 100 >= kept.len() * usize::from(percent)).unwrap();
            real(kept[rank - 1])
        }
        Stat::Seconds(reason) => {
            let mut by_minute = BTreeMap::<i64, i64>::new();
            for (at, event) in &within {
                if values(event).int(column.metric).is_some_and(|mask| mask & REASONS[reason].mask() != 0) {
                    let stands_for = event.quality.interval_ms.unwrap_or(10_000).min(60_000);
                    *by_minute.entry(at.div_euclid(MINUTE)).or_default() += stands_for;
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "an hour in ms")]
            real(by_minute.values().map(|ms| (*ms).min(MINUTE)).sum::<i64>() as f64 / 1000.0)
        }
    }
}

fn expect(gpu: &str, counted: &Counted, size: Size) -> Vec<Window> {
    let starts: BTreeSet<i64> = counted.events.keys().map(|at| at.div_euclid(size.ms())).collect();
    let window = |index: i64| {
        let (start, end) = (index * size.ms(), (index + 1) * size.ms());
        let (_, newest) = counted.events.range(start..end).next_back().unwrap();
        let interval = newest.quality.interval_ms.unwrap_or(10_000);
        Window {
            gpu_uuid: gpu.to_owned(),
            hostname: newest.host.hostname.as_deref().unwrap().to_owned(),
            size,
            start: Time(start),
            closed: end / MINUTE - 1 <= counted.closed,
            count: i64::try_from(counted.events.range(start..end).count()).unwrap(),
            expected: ((2 * size.ms() + interval) / (2 * interval)).max(1),
            cells: size.columns().iter().map(|column| cell(column, counted, (start, end))).collect(),
        }
    };
    starts.into_iter().map(window).collect()
}

fn live(log: &[Arrival]) -> Fed {
    let mut fed = Fed::default();
    for arrival in log {
        fed.feed(&arrival.event);
    }
    for (entity, _, state) in fed.states.iter() {
        let before = fed.out.rows.windows.len();
        fed.stage.idle(entity, state, &mut fed.out);
        let shown = u64::try_from(fed.out.rows.windows.len() - before).unwrap();
        assert_eq!(gpuhm::stage::aggregate::Aggregate::open_windows(state), shown);
    }
    fed
}

#[track_caller]
fn same(found: &Window, expected: &Window, seed: u64) {
    for (column, pair) in found.size.columns().iter().zip(found.cells.iter().zip(&expected.cells)) {
        let place = (&found.gpu_uuid, found.size, found.start);
        assert_eq!(pair.0, pair.1, "seed {seed}: {} of {place:?}, metric {}", column.name, METRICS[column.metric].name);
    }
    assert_eq!(found, expected, "seed {seed}");
}

#[test]
fn windows_are_what_the_definitions_say() {
    let mut late = 0;
    for seed in 0..40 {
        let log = stream(&mut Rng(seed), false);
        let mut fed = live(&log);
        fed.out.rows.fold();
        let counted = count(&log);
        late += counted.values().map(|one| one.late).sum::<usize>();
        assert_eq!(fed.out.counts.late, counted.values().map(|one| one.late as u64).sum::<u64>());
        assert_eq!(fed.out.counts.aggregated, log.len() as u64);
        let mut found = fed.out.rows.windows;
        found.sort_by_key(|window| (window.gpu_uuid.clone(), window.size, window.start));
        let all = counted.iter().flat_map(|(gpu, one)| Size::ALL.map(|size| expect(gpu, one, size)));
        let expected: Vec<Window> = all.flatten().collect();
        assert_eq!(found.len(), expected.len(), "seed {seed}");
        found.iter().zip(&expected).for_each(|(found, expected)| same(found, expected, seed));
        let closed = expected.iter().filter(|window| window.closed).count();
        assert_eq!(fed.out.counts.closed, closed as u64, "seed {seed}: a window is closed once");
    }
    assert!(late > 100, "the streams are too tame: {late} late events");
}

#[test]
fn windows_rebuilt_from_raw_rows_are_the_live_ones() {
    let mut compared = 0;
    for seed in 200..230 {
        let mut log = stream(&mut Rng(seed), true);
        let counted = count(&log);
        // A rebuild sees late events; a live window did not. Without them both must agree.
        log.retain(|arrival| {
            let kept = counted[&uuid(&arrival.event)].events.get(&arrival.event.time.unwrap().ms());
            kept == Some(&arrival.event)
        });
        let mut fed = live(&log);
        fed.out.rows.fold();
        let hour = 60 * MINUTE;
        for gpu in counted.keys() {
            let mut rows: Vec<_> = fed.out.rows.raw.iter().filter(|row| row.gpu_uuid == *gpu).cloned().collect();
            rows.sort_by_key(|row| row.time);
            for from in [0, hour, 3 * hour] {
                let part: Vec<_> = rows.iter().filter(|row| row.time.ms() >= from).cloned().collect();
                let before = rows.iter().rev().find(|row| row.time.ms() < from);
                let rebuilt = rebuild(before, &part, Time(from), Time(24 * hour));
                let ours = |window: &&Window| window.gpu_uuid == *gpu && window.start.ms() >= from && window.closed;
                for window in fed.out.rows.windows.iter().filter(ours) {
                    let key = (window.size, window.start);
                    let found = rebuilt.iter().find(|found| (found.size, found.start) == key).expect("a window");
                    same(found, window, seed);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 5000, "only {compared} windows");
}
