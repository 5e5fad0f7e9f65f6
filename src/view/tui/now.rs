//! One GPU's numbers and past, made when a reading comes: what its page shows.

use super::model::SPANS;
use crate::event::fleet::{FleetNow, GpuNow, GpuPast};
use crate::event::{Severity, Status, Time, Value};
use crate::metric::{METRICS, ids};

/// A page's content.
#[derive(Debug, Clone, Default)]
pub(super) struct Detail {
    pub(super) uuid: String,
    pub(super) from: Time,
    pub(super) to: Time,
    pub(super) numbers: Vec<Number>,
    /// Score over the span, oldest first.
    pub(super) scores: Vec<(Time, f64)>,
    /// The last score that was another, and until when it was.
    pub(super) was: Option<(i64, Time)>,
    pub(super) events: Vec<Event>,
    /// Whether the past was read at all.
    pub(super) has_past: bool,
}

/// A line of numbers.
#[derive(Debug, Clone)]
pub(super) struct Number {
    pub(super) label: &'static str,
    pub(super) unit: &'static str,
    pub(super) now: Option<f64>,
    pub(super) median: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) limit: Option<f64>,
    pub(super) series: Vec<(Time, f64)>,
}

/// Something in a GPU's past.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) at: Time,
    /// Of an alert; absent for what merely happened.
    pub(super) severity: Option<Severity>,
    pub(super) word: String,
    pub(super) text: String,
}

/// Label, unit, metric, limit.
const NUMBERS: [(&str, &str, usize, Option<&str>); 10] = [
    ("temp", "C", ids::GPU_TEMP, Some("slowdown_temp_c")),
    ("HBM temp", "C", ids::MEMORY_TEMP, Some("memory_max_operating_temp_c")),
    ("power", "W", ids::POWER, Some("power_limit_w")),
    ("SM active", "%", ids::SM_ACTIVE, None),
    ("GPU util", "%", ids::GPU_UTIL, None),
    ("tensor", "%", named("tensor_active_pct"), None),
    ("FB used", "MiB", named("fb_used_mib"), Some("fb_total_mib")),
    ("SM clock", "MHz", named("sm_clock_mhz"), Some("sm_clock_max_mhz")),
    ("PCIe rx", "MB/s", named("pcie_rx_mb_per_sec"), None),
    ("PCIe tx", "MB/s", named("pcie_tx_mb_per_sec"), None),
];
/// Lines that are there even where the board does not report them.
const ALWAYS: usize = 3;

/// The index of a metric, found at compile time.
const fn named(name: &str) -> usize {
    let mut at = 0;
    let mut rest: &[crate::metric::Metric] = &METRICS;
    while let [metric, tail @ ..] = rest {
        if same(metric.name.as_bytes(), name.as_bytes()) {
            return at;
        }
        rest = tail;
        at += 1;
    }
    at
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let (mut a, mut b) = (a, b);
    while let ([x, rest_a @ ..], [y, rest_b @ ..]) = (a, b) {
        if *x != *y {
            return false;
        }
        (a, b) = (rest_a, rest_b);
    }
    a.is_empty() && b.is_empty()
}

/// The page of a GPU of the reading.
pub(super) fn detail(fleet: &FleetNow, gpu: &GpuNow, past: Option<&GpuPast>, span: usize, at: Time) -> Detail {
    let past = past.filter(|past| past.gpu_uuid == gpu.uuid());
    let ms = SPANS.get(span).map_or(0, |(ms, _)| *ms);
    let from = at.plus(-ms);
    let number = |(label, unit, metric, limit): &(&'static str, &'static str, usize, Option<&str>)| {
        let values = &gpu.latest.values;
        let series = past.map(|past| series(past, *metric, from, span == 0)).unwrap_or_default();
        let mut sorted: Vec<f64> = series.iter().map(|(_, value)| *value).collect();
        sorted.sort_by(f64::total_cmp);
        let peaks = past.filter(|_| span > 0).and_then(|past| peak(past, *metric, from));
        Number {
            label,
            unit,
            now: values.real(*metric),
            median: sorted.get(sorted.len().div_ceil(2).saturating_sub(1)).copied(),
            max: peaks.or_else(|| sorted.last().copied()),
            limit: limit.and_then(crate::metric::index).and_then(|limit| values.real(limit)),
            series,
        }
    };
    let mut numbers: Vec<Number> = NUMBERS.iter().map(number).collect();
    let mut place = 0;
    numbers.retain(|number| {
        place += 1;
        place <= ALWAYS || number.now.is_some() || !number.series.is_empty()
    });
    Detail {
        uuid: gpu.uuid().to_owned(),
        from,
        to: at,
        numbers,
        scores: past.map(|past| scores(past, from)).unwrap_or_default(),
        was: was(gpu, past),
        events: events(fleet, gpu, past),
        has_past: past.is_some(),
    }
}

/// A metric over the span: its readings, else the means, else the newest, of its windows.
fn series(past: &GpuPast, metric: usize, from: Time, readings: bool) -> Vec<(Time, f64)> {
    if readings && !past.raw.is_empty() {
        let raw = past.raw.iter().filter(|row| row.time >= from);
        return raw.filter_map(|row| Some((row.time, row.values.real(metric)?))).collect();
    }
    let Some(column) = METRICS.get(metric).map(|row| row.column) else { return Vec::new() };
    let windows = past.windows.iter().filter(|window| window.start >= from);
    let cell = |window: &crate::event::Window| {
        ["mean", "max", "last"].iter().find_map(|stat| window.cell(&format!("{column}_{stat}"))).map(Value::real)
    };
    windows.filter_map(|window| Some((window.start, cell(window)?))).collect()
}

fn peak(past: &GpuPast, metric: usize, from: Time) -> Option<f64> {
    let name = format!("{}_max", METRICS.get(metric)?.column);
    let windows = past.windows.iter().filter(|window| window.start >= from);
    windows.filter_map(|window| window.cell(&name)).map(Value::real).reduce(f64::max)
}

fn scores(past: &GpuPast, from: Time) -> Vec<(Time, f64)> {
    // The row that held when the span began counts at its start: rows are written on change.
    let before = past.healths.iter().rev().find(|health| health.time < from).map(|health| (from, health.score));
    let within = past.healths.iter().filter(|health| health.time >= from).map(|health| (health.time, health.score));
    let real = |(time, score): (Time, i64)| Some((time, f64::from(i32::try_from(score).ok()?)));
    before.into_iter().chain(within).filter_map(real).collect()
}

fn was(gpu: &GpuNow, past: Option<&GpuPast>) -> Option<(i64, Time)> {
    let now = gpu.health.as_ref()?.score;
    let at = past?.healths.iter().rposition(|health| health.score != now)?;
    let other = past?.healths.get(at)?;
    let since = past?.healths.get(at + 1).map_or(gpu.health.as_ref()?.time, |health| health.time);
    Some((other.score, since))
}

fn events(fleet: &FleetNow, gpu: &GpuNow, past: Option<&GpuPast>) -> Vec<Event> {
    let known = past.map_or(fleet.alerts.as_slice(), |past| past.alerts.as_slice());
    let alerts = known.iter().filter(|alert| alert.gpu.as_ref().is_some_and(|own| own.gpu_uuid == gpu.uuid()));
    let mut events: Vec<Event> = alerts
        .flat_map(|alert| {
            let event = |at: &str, text: String| {
                Some(Event { at: Time::parse(at)?, severity: Some(alert.severity), word: alert.rule.clone(), text })
            };
            let ended = (alert.status == Status::Resolved).then(|| event(&alert.at, "ended".to_owned())).flatten();
            let text = super::alerts::summary(alert).to_owned();
            [event(&alert.since, text), ended.map(|event| Event { severity: None, ..event })]
        })
        .flatten()
        .collect();
    events.extend(past.into_iter().flat_map(|past| &past.events).map(|happening| Event {
        at: happening.at,
        severity: None,
        word: happening.kind.clone(),
        text: happening.detail.clone(),
    }));
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    events
}

/// A series as one value a column: the mean of what falls into it, nothing where nothing does.
pub(super) fn columns(series: &[(Time, f64)], from: Time, to: Time, width: u16) -> Vec<Option<f64>> {
    let width = usize::from(width);
    let mut sums = vec![(0.0, 0usize); width];
    let span = to.since(from).max(1);
    for (time, value) in series {
        let ahead = i128::from(time.since(from).clamp(0, span)) * i128::try_from(width).unwrap_or(0) / i128::from(span);
        let at = usize::try_from(ahead).unwrap_or_default().min(width.saturating_sub(1));
        if let Some((sum, count)) = sums.get_mut(at) {
            *sum += value;
            *count += 1;
        }
    }
    sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / super::format::real(count))).collect()
}

/// As [`columns`], each value holding until the next.
pub(super) fn held(series: &[(Time, f64)], from: Time, to: Time, width: u16) -> Vec<Option<f64>> {
    let mut last = None;
    let mut values = columns(series, from, to, width);
    for value in &mut values {
        last = value.or(last);
        *value = last;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_names_a_metric() {
        for (label, _, metric, limit) in NUMBERS {
            assert!(METRICS.get(metric).is_some(), "{label}");
            assert!(limit.is_none_or(|limit| crate::metric::index(limit).is_some()), "{label}");
        }
    }

    #[test]
    fn columns_leave_gaps_and_held_fills_them() {
        let series = [(Time(0), 1.0), (Time(10), 3.0), (Time(90), 5.0), (Time(100), 7.0)];
        assert_eq!(columns(&series, Time(0), Time(100), 4), [Some(2.0), None, None, Some(6.0)]);
        assert_eq!(held(&series, Time(0), Time(100), 4), [Some(2.0), Some(2.0), Some(2.0), Some(6.0)]);
        assert!(columns(&series, Time(0), Time(0), 0).is_empty());
    }
}
