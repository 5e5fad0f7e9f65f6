//! The fleet pane: the map, the worst GPUs, open alerts, the pipeline in two lines.

use ratatui::layout::Rect;

use super::canvas::{Canvas, spot};
use super::format::{columns, odds, tenth, whole};
use super::layout::{self, Screen};
use super::model::{Model, Zoom};
use super::rows::{Class, Row};
use super::subject::name;
use super::theme::Role;
use super::{alerts, heat, pipeline};
use crate::event::Severity;
use crate::event::health::Action;
use crate::metric::ids;
use crate::view::fleet::{ago, reasons};

/// Draws the pane.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, screen: &Screen) {
    let areas = layout::fleet(screen);
    map(canvas, model, screen, areas.map);
    if let Some(area) = areas.worst {
        worst(canvas, model, area);
    }
    open(canvas, model, areas.alerts, screen.compact);
    if let Some(area) = areas.pipeline {
        pipeline::summary(canvas, model, area, screen.compact);
    }
}

fn map(canvas: &mut Canvas<'_>, model: &Model, screen: &Screen, area: Rect) {
    let plan = &model.derived.plan;
    let cell = match plan.zoom {
        Some(Zoom::Host) => "one cell = one host (worst GPU)",
        Some(Zoom::Rack) => "one block = one rack: worst GPU, not well/all",
        _ => "one cell = one GPU",
    };
    let title = match &model.filter {
        Some(filter) => format!("Fleet  filter: {}", filter.text()),
        None if model.only_bad => "Fleet  only what is not well".to_owned(),
        None if screen.compact => format!("Fleet: {cell}"),
        None => format!("Fleet by rack: {cell}"),
    };
    let (measure, legend) = model.measure.words();
    let inner = canvas.boxed(area, &title, measure);
    heat::draw(canvas, model, layout::map(screen));
    if model.derived.rows.is_empty() {
        let text = if model.read.is_some() { "no GPU has sent anything yet" } else { "waiting for the first reading" };
        canvas.put(spot(inner.x + 1, inner.y, inner.width.saturating_sub(2)), text, Role::Faint);
    }
    let used = columns(plan.lines.len() * plan.height());
    if !screen.compact || inner.height >= used.saturating_add(LITTLE) {
        cursor(canvas, model, inner);
    }
    if !screen.compact {
        canvas.below(area, legend);
    }
    let (shown, lines) = (plan.shown(layout::map(screen).height), plan.lines.len());
    if lines > shown {
        let text = format!(" lines {}-{} of {lines} ", model.tops.map + 1, (model.tops.map + shown).min(lines));
        let wide = columns(text.len());
        canvas.put(
            spot(area.right().saturating_sub(wide + 2), area.bottom().saturating_sub(1), wide),
            &text,
            Role::Strong,
        );
    }
}

/// Lines that a small fleet leaves free on a compact screen, from which on the GPU under the cursor is told of (J).
const LITTLE: u16 = 4;
/// Lines at most for the GPU under the cursor (J).
const STORY: u16 = 8;

/// The GPU under the cursor: what it is, what is wrong, what to do; as much as there is room for under the map.
fn cursor(canvas: &mut Canvas<'_>, model: &Model, inner: Rect) {
    let Some(gpu) = model.selected_at().and_then(|at| model.gpu(at)) else { return };
    let plan = &model.derived.plan;
    let used = columns(plan.lines.len() * plan.height()) + u16::from(plan.heads > 0);
    let free = inner.height.saturating_sub(used.min(inner.height.saturating_sub(2)));
    // Two lines always; more only where a line stays free above them.
    let lines = free.saturating_sub(1).max(2);
    let y = inner.bottom().saturating_sub(lines.min(STORY));
    let row = model.selected_at().and_then(|at| model.derived.row_of.get(at).copied().flatten());
    let row = row.and_then(|at| model.derived.rows.get(at));
    let score = row.and_then(|row| row.score).map_or_else(|| "-".to_owned(), |score| score.to_string());
    let word = row.map_or("", |row| class_word(row.class));
    let values = &gpu.latest.values;
    let text = format!(
        "cursor > {} / GPU {}   score {score}  {word}  {}   {} C  {} W",
        gpu.latest.hostname,
        gpu.latest.device_index.map_or_else(|| "-".to_owned(), |index| index.to_string()),
        row.map(|row| why(model, row)).unwrap_or_default(),
        whole(values.real(ids::GPU_TEMP)),
        whole(values.real(ids::POWER)),
    );
    let wide = inner.width.saturating_sub(2);
    canvas.put(spot(inner.x + 1, y, wide), &text, Role::Strong);
    let mut said = story(model, gpu);
    if said.is_empty() {
        said.push(match row.map(|row| row.class) {
            Some(Class::NoScore) => "not judged yet".to_owned(),
            Some(Class::Ok) => "nothing is wrong with it".to_owned(),
            _ => String::new(),
        });
    }
    for (y, line) in (y + 1..inner.bottom()).zip(said) {
        canvas.put(spot(inner.x + 10, y, wide.saturating_sub(9)), &line, Role::Plain);
    }
}

/// The rule that tells of the score itself.
const GRADE: &str = "health_grade";

/// What is wrong with a GPU, line by line, and what to do.
fn story(model: &Model, gpu: &crate::event::fleet::GpuNow) -> Vec<String> {
    let mut lines = Vec::new();
    let ledger = gpu.health.as_ref().map(|health| health.ledger.as_slice()).unwrap_or_default();
    lines.extend(ledger.iter().map(|row| format!("{} ({:+})", row.text, -row.points)));
    let own = model.selected_at().and_then(|at| model.derived.own.get(&at));
    let open = own.into_iter().flatten().filter(|at| model.derived.voices.get(**at).copied().flatten().is_some());
    let open = open.filter_map(|at| model.alert_at(*at));
    // What costs points is said with them already.
    let new = open.filter(|alert| alert.rule != GRADE && ledger.iter().all(|row| row.id != alert.rule));
    lines.splice(0..0, new.map(|alert| alerts::summary(alert).to_owned()).collect::<Vec<_>>());
    lines.extend(
        gpu.health
            .as_ref()
            .filter(|health| health.action != Action::None)
            .map(|health| format!("do: {}", action(health.action))),
    );
    lines
}

/// An action in words.
pub(super) fn action(action: Action) -> &'static str {
    match action {
        Action::None => "nothing",
        Action::Monitor => "keep an eye on it",
        Action::CheckCooling => "look at cooling and airflow",
        Action::CheckPower => "look at the power supply",
        Action::Reset => "reset it when it is free",
        Action::Drain => "drain it, then reset or reboot",
        Action::RunFieldDiag => "run the field diagnostic",
        Action::Replace => "replace it",
    }
}

fn class_word(class: Class) -> &'static str {
    match class {
        Class::Critical => "CRIT",
        Class::Warning => "WARN",
        Class::Watch => "watch",
        Class::Ok => "ok",
        Class::NoData => "NO DATA",
        Class::NoScore => "no score",
    }
}

/// Why a GPU is not well, in a word or two: its worst open alert, the grade's last of all, else what costs it most.
pub(super) fn why(model: &Model, row: &Row) -> String {
    let own = model.derived.own.get(&row.gpu);
    let voice = |at: &usize| Some((model.derived.voices.get(*at).copied().flatten()?, model.alert_at(*at)?));
    let told = own.into_iter().flatten().filter_map(voice);
    if let Some((_, alert)) = told.max_by_key(|(severity, alert)| (alert.rule != GRADE, *severity)) {
        return alert.rule.clone();
    }
    let Some(gpu) = model.gpu(row.gpu) else { return String::new() };
    if row.class == Class::NoData && model.reference() <= row.fresh_until {
        return "too little known".to_owned();
    }
    if row.class == Class::NoData {
        return format!("no data {}", ago(model.reference().since(gpu.latest.time).max(0) / 1000));
    }
    gpu.health.as_ref().and_then(|health| health.ledger.first()).map(|row| row.id.clone()).unwrap_or_default()
}

/// Lines of the worst box that the sums take.
const SUMS: u16 = 8;

fn worst(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let derived = &model.derived;
    let inner = layout::inside(area);
    let sums = if inner.height >= SUMS + 6 { SUMS } else { 0 };
    let room = inner.height.saturating_sub(1 + sums);
    let shown = usize::from(room).min(derived.unwell);
    canvas.boxed(
        area,
        "Worst first",
        &match (derived.unwell, derived.counts) {
            _ if model.read.is_none() => "-".to_owned(),
            (0, [.., unjudged]) if unjudged > 0 => "not judged yet".to_owned(),
            (0, _) => "all well".to_owned(),
            (unwell, _) if shown < unwell => format!("{shown} of {unwell} not well"),
            (unwell, _) => format!("{unwell} not well"),
        },
    );
    let place = columns((derived.widths.0 + 3).clamp(8, 22));
    let wide = inner.width;
    canvas.put(spot(inner.x + 1, inner.y, wide), "SCORE", Role::Faint);
    canvas.put(spot(inner.x + 8, inner.y, wide), "GPU", Role::Faint);
    canvas.put(spot(inner.x + 9 + place, inner.y, wide.saturating_sub(10 + place)), "WHY", Role::Faint);
    let last = inner.y + 1 + room;
    for (y, at) in (inner.y + 1..last).zip(&derived.worst) {
        let Some(row) = derived.rows.get(*at) else { continue };
        let Some(gpu) = model.gpu(row.gpu) else { continue };
        let (score, role) = super::gpus::score(row);
        canvas.put_right(spot(inner.x + 1, y, 5), &score, role);
        canvas.put(spot(inner.x + 8, y, place), &name(gpu), Role::Plain);
        let x = inner.x + 9 + place;
        canvas.put(spot(x, y, inner.right().saturating_sub(x + 1)), &why(model, row), Role::Plain);
        if model.selected_at() == Some(row.gpu) {
            canvas.dot(inner.x, y, '>', Role::Strong);
        }
    }
    if sums > 0 {
        totals(canvas, model, Rect { y: last + 1, height: sums - 1, ..inner });
    }
}

fn totals(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let totals = &model.derived.totals;
    let line = |at: u16| spot(area.x + 3, area.y + at, area.width.saturating_sub(4));
    let numbers = model.fleet().map(|fleet| fleet.numbers.as_slice()).unwrap_or_default();
    let room = area.width.saturating_sub(9);
    let means: Vec<Option<f64>> =
        numbers.iter().rev().take(usize::from(room)).rev().map(|number| number.mean).collect();
    let low = means.iter().flatten().copied().reduce(f64::min);
    let high = means.iter().flatten().copied().reduce(f64::max);
    let since = numbers
        .get(numbers.len().saturating_sub(usize::from(room)))
        .map(|number| model.reference().since(number.time) / 1000);
    canvas.put(
        line(0),
        &since.map_or_else(|| "fleet mean".to_owned(), |since| format!("fleet mean, {}", ago(since))),
        Role::Plain,
    );
    canvas.put_right(spot(area.x + 1, area.y + 1, 5), &whole(high.map(f64::ceil)), Role::Faint);
    canvas.put_right(spot(area.x + 1, area.y + 2, 5), &whole(low.map(f64::floor)), Role::Faint);
    if let (Some(low), Some(high)) = (low, high) {
        canvas.spark(spot(area.x + 7, area.y + 1, room), &means, (low.floor(), high.ceil()));
    }
    let kilowatts = totals.watts.map(|watts| watts / 1000.0);
    let kilowatts =
        if kilowatts.is_some_and(|kilowatts| kilowatts < 10.0) { tenth(kilowatts) } else { whole(kilowatts) };
    canvas.put(line(3), &format!("power {kilowatts} kW   mean {} C", whole(totals.temp)), Role::Plain);
    canvas.put(
        line(4),
        &format!(
            "util  mean {} %  idle {} GPUs",
            whole(totals.busy),
            totals.idle.map_or_else(|| "-".to_owned(), |idle| idle.to_string())
        ),
        Role::Plain,
    );
    let expected = match totals.expected {
        Some(sum) if sum >= 10.0 => whole(Some(sum)),
        sum => odds(sum),
    };
    canvas.put(line(5), &format!("failures expected in 7 d: {expected}"), Role::Plain);
    let (reporting, all) = (totals.reporting, model.derived.rows.len());
    let role = if reporting < all { Role::Strong } else { Role::Plain };
    canvas.put(line(6), &format!("{reporting} of {all} GPUs reporting"), role);
}

fn open(canvas: &mut Canvas<'_>, model: &Model, area: Rect, compact: bool) {
    let [info, warning, critical] = model.derived.open;
    let key = if compact { "" } else { "   (3 opens)" };
    let info = if info > 0 { format!("  {info} info") } else { String::new() };
    let counts = if model.read.is_some() {
        format!("{critical} crit  {warning} warn{info}{}{key}", alerts::quiet(model))
    } else {
        "-".to_owned()
    };
    let inner = canvas.boxed(area, "Open alerts", &counts);
    let more = model.derived.open.iter().sum::<usize>().saturating_sub(usize::from(inner.height));
    if more > 0 {
        canvas.below(area, &format!("+{more} more"));
    }
    for (y, row) in (inner.top()..inner.bottom()).zip(&model.derived.open_rows) {
        alerts::line(canvas, model, row, spot(inner.x, y, inner.width));
    }
    if model.derived.open_rows.is_empty() && model.read.is_some() {
        canvas.put(spot(inner.x + 1, inner.y, inner.width.saturating_sub(2)), "none", Role::Faint);
    }
}

/// Severity as four letters.
pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "INFO",
        Severity::Warning => "WARN",
        Severity::Critical => "CRIT",
    }
}

/// The reasons a GPU is throttled, less idleness.
pub(super) fn throttle(gpu: &crate::event::fleet::GpuNow) -> String {
    gpu.latest.values.int(ids::THROTTLE).map_or_else(|| "-".to_owned(), reasons)
}
