//! The page of one GPU: the score as a ledger that adds up, the numbers against their limits, what happened.

use ratatui::layout::Rect;

use super::canvas::{Canvas, spot};
use super::fleet::{action, severity, throttle};
use super::format::{age, columns as length, count, model as short, odds, whole};
use super::layout::{self, Screen};
use super::model::{Model, SPANS};
use super::now::{Detail, Number, columns, held};
use super::theme::{Band, Role};
use crate::event::fleet::GpuNow;
use crate::event::health::Deduction;
use crate::event::prediction::Advice;
use crate::event::{Prediction, Value};
use crate::metric::{ids, index};

/// Lines of events that the page shows.
pub(super) fn events_shown(model: &Model) -> usize {
    usize::from(layout::inside(layout::one(&model.screen()).events).height)
}

/// Draws the page.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, screen: &Screen) {
    let areas = layout::one(screen);
    let at = model.detail.as_ref().and_then(|detail| model.find(&detail.uuid));
    let (Some(detail), Some(gpu)) = (model.detail.as_ref(), at.and_then(|at| model.gpu(at))) else {
        canvas.put(
            spot(1, areas.path.y, areas.path.width),
            "this GPU is not in the store any more: esc goes back",
            Role::Strong,
        );
        return;
    };
    let latest = &gpu.latest;
    let path = format!(
        "Fleet > {} > {} > GPU {}   {}   {}   {}{}",
        gpu.place.rack().unwrap_or("-"),
        latest.hostname,
        latest.device_index.map_or_else(|| "-".to_owned(), |index| index.to_string()),
        gpu.uuid(),
        latest.model.as_deref().map_or("-", short),
        gpu.place.get("driver_version").map(|driver| format!("driver {driver}  ")).unwrap_or_default(),
        gpu.place.get("serial").map(|serial| format!("serial {serial}")).unwrap_or_default(),
    );
    canvas.put(spot(1, areas.path.y, areas.path.width.saturating_sub(2)), &path, Role::Strong);
    score(canvas, model, areas.score, (detail, gpu));
    now(canvas, model, areas.now, (detail, gpu));
    events(canvas, model, areas.events, detail);
}

/// A line of the ledger.
fn deduction(row: &Deduction) -> String {
    let cap = row.capped.map(|alone| format!(", {alone} alone")).unwrap_or_default();
    let held = if row.held { ", held: no data" } else { "" };
    format!("- {}{cap}{held}", row.text)
}

fn score(canvas: &mut Canvas<'_>, model: &Model, area: Rect, (detail, gpu): (&Detail, &GpuNow)) {
    let Some(health) = &gpu.health else {
        let inner = canvas.boxed(area, "Score", "");
        canvas.put(spot(inner.x + 1, inner.y, inner.width.saturating_sub(2)), "no pass has judged it yet", Role::Faint);
        return;
    };
    let was =
        detail.was.map(|(score, until)| format!("was {score} until {}", model.zone().clock(until))).unwrap_or_default();
    let title = format!("Score  {}  {}", health.score, health.state.word());
    let inner = canvas.boxed(area, &title, &was);
    let (left, wide, bottom) = (inner.x + 1, inner.width.saturating_sub(2), inner.bottom());
    let mut y = inner.y;
    let foot = predicted(gpu.prediction.as_ref(), health.ledger.iter().any(|row| row.hard), wide >= 42);
    let confidence = format!("confidence {:.0} %  grade {}", 100.0 * health.confidence, health.grade.word());
    let mut low: Vec<(String, Role)> = vec![(confidence, Role::Faint)];
    // Rows are written on change; a pass that changes nothing still judges.
    let judged = model.fleet().and_then(|fleet| fleet.numbers.last()).map(|pass| pass.time.max(health.time));
    let judged = age(judged.or(Some(health.time)), model.reference());
    low.push((format!("judged {judged} ago, unchanged since {}", model.zone().clock(health.time)), Role::Faint));
    low.extend(health.replaced_by.iter().map(|other| (format!("replaced by {other}"), Role::Strong)));
    low.push((format!("do: {}", action(health.action)), Role::Strong));
    low.extend(foot.into_iter().map(|line| (line, Role::Plain)));
    // The ledger must add up on the screen: what does not fit is summed in one line.
    let ids = if wide >= 50 { 14 } else { 0 };
    let text = wide.saturating_sub(7 + ids);
    let mut row = |canvas: &mut Canvas<'_>, what: &str, points: String, (id, role): (&str, Role)| {
        canvas.put(spot(left, y, text), what, role);
        canvas.put_right(spot(left + text, y, 6), &points, role);
        canvas.put(spot(left + text + 8, y, ids.saturating_sub(1)), id, Role::Faint);
        y += 1;
    };
    row(canvas, "start", "100".to_owned(), ("", Role::Plain));
    let room = usize::from(inner.height.saturating_sub(length(low.len().min(5)) + 4)).max(1);
    let fits = if health.ledger.len() > room { room.saturating_sub(1) } else { room };
    for deduction_row in health.ledger.iter().take(fits) {
        let role = if deduction_row.hard { Role::Band(Band::Bad) } else { Role::Plain };
        row(canvas, &deduction(deduction_row), (-deduction_row.points).to_string(), (&deduction_row.id, role));
    }
    let rest: Vec<&Deduction> = health.ledger.iter().skip(fits).collect();
    if !rest.is_empty() {
        let points: i64 = rest.iter().map(|row| row.points).sum();
        row(canvas, &format!("- {} more", rest.len()), (-points).to_string(), ("", Role::Plain));
    }
    row(canvas, "", "----".to_owned(), ("", Role::Faint));
    row(canvas, "score", health.score.to_string(), ("", Role::Band(Band::of(health.score))));
    low.extend(health.notes.iter().map(|note| (note.clone(), Role::Faint)));
    if usize::from(bottom.saturating_sub(y)) > low.len() + 2 {
        history(canvas, model, spot(left, y + 1, wide), detail);
        y += 3;
    }
    for (y, (line, role)) in (y..bottom).zip(&low) {
        canvas.put(spot(left, y, wide), line, *role);
    }
}

/// The score over the span.
fn history(canvas: &mut Canvas<'_>, model: &Model, at: super::canvas::Spot, detail: &Detail) {
    let span = SPANS.get(model.span).map_or("", |(_, name)| *name);
    let end = canvas.put(at, &format!("{span:<7} 0..100 "), Role::Faint);
    let wide = at.width.saturating_sub(end - at.x);
    if detail.scores.is_empty() {
        let text = if detail.has_past { "no score in this span" } else { "reading the past" };
        canvas.put(spot(end, at.y, wide), text, Role::Faint);
        return;
    }
    canvas.spark(spot(end, at.y, wide), &held(&detail.scores, detail.from, detail.to, wide), (0.0, 100.0));
}

/// The prediction with its interval, what it rests on, and why it differs from the fleet's.
fn predicted(prediction: Option<&Prediction>, hard: bool, roomy: bool) -> Vec<String> {
    let Some(prediction) = prediction else { return vec!["no prediction yet".to_owned()] };
    let mut lines: Vec<String> = prediction
        .odds
        .iter()
        .map(|at| {
            let [p, low, high, base] = [at.p, at.low, at.high, at.base].map(|p| odds(Some(p)));
            if roomy {
                format!("P(fail in {} d)  {p}  80 %: {low}..{high}  fleet {base}", at.days)
            } else {
                format!("P({} d) {p}  80 % {low}..{high}", at.days)
            }
        })
        .collect();
    let reasons = prediction.reasons.iter().map(|reason| format!("  x{:.1} {}", reason.factor, reason.text));
    lines.extend(reasons);
    let advice = match prediction.advice {
        Advice::None if hard => "odds alone ask for nothing;",
        Advice::None => "nothing by the odds",
        Advice::Watch => "watch it",
        Advice::ScheduleDiagnostics => "run diagnostics when it is free",
    };
    let standing = prediction.standing.word().replace('_', " ");
    if hard && prediction.advice == Advice::None {
        lines.push(format!("advice: {advice}"));
        lines.push(format!("  this fault is judged by rule   model {} ({standing})", prediction.model));
    } else {
        lines.push(format!("advice: {advice}   model {} ({standing})", prediction.model));
    }
    lines
}

fn now(canvas: &mut Canvas<'_>, model: &Model, area: Rect, (detail, gpu): (&Detail, &GpuNow)) {
    let interval = gpu.latest.interval_ms.map(|ms| format!("   interval {} s", ms / 1000)).unwrap_or_default();
    let right = format!("sample {} ago{interval}", age(Some(gpu.latest.time), model.reference()));
    let inner = canvas.boxed(area, "Now", &right);
    let (left, mut y) = (inner.x + 1, inner.y);
    let span = SPANS.get(model.span).map_or("", |(_, name)| *name);
    // Label and unit, then four numbers, then the course where there is room.
    let (label, number) = if inner.width >= 56 { (14, 8) } else { (13, 6) };
    let start = left + label;
    let heads = ["now", "p50", "max", "limit"];
    for (head, x) in heads.into_iter().zip((start..).step_by(usize::from(number))) {
        canvas.put_right(spot(x, y, number - 1), head, Role::Faint);
    }
    let course = start + 4 * number + 1;
    let wide = inner.right().saturating_sub(course + 1);
    canvas.put(spot(course, y, wide), &format!("last {span}"), Role::Faint);
    y += 1;
    let more = more(gpu);
    let room = usize::from(inner.height.saturating_sub(1)).saturating_sub(more.len().min(4)).max(3);
    for line in detail.numbers.iter().take(room) {
        let share = line.now.zip(line.limit).filter(|(_, limit)| *limit > 0.0).map(|(now, limit)| now / limit);
        let near = matches!(line.unit, "C").then_some(share).flatten();
        let unit_width = length(line.unit.len());
        canvas.put(spot(left, y, label), line.label, Role::Plain);
        canvas.put(spot(start.saturating_sub(unit_width + 1), y, unit_width), line.unit, Role::Faint);
        let values = [line.now, line.median, line.max, line.limit];
        for (at, (value, x)) in values.into_iter().zip((start..).step_by(usize::from(number))).enumerate() {
            let role = if at == 0 {
                near.map_or(Role::Strong, |share| Role::Band(Band::of_share(share)))
            } else {
                Role::Plain
            };
            canvas.put_right(spot(x, y, number - 1), &whole(value), role);
        }
        course_of(canvas, spot(course, y, wide), line, detail);
        y += 1;
    }
    y += u16::from(usize::from(inner.bottom().saturating_sub(y)) > more.len());
    for (y, (head, text)) in (y..inner.bottom()).zip(more) {
        canvas.put(spot(left, y, 10), head, Role::Faint);
        canvas.put(spot(left + 10, y, inner.right().saturating_sub(left + 11)), &text, Role::Plain);
    }
}

/// How a number went: between the least and the most it was, or its limit.
fn course_of(canvas: &mut Canvas<'_>, at: super::canvas::Spot, line: &Number, detail: &Detail) {
    let values = columns(&line.series, detail.from, detail.to, at.width);
    let low = values.iter().flatten().copied().reduce(f64::min).unwrap_or_default();
    let high = values.iter().flatten().copied().reduce(f64::max).unwrap_or_default();
    // A percentage keeps its scale, so that an idle GPU does not look busy.
    let scale = if line.unit == "%" { (0.0, 100.0) } else { (low, high) };
    canvas.spark(at, &values, scale);
}

/// What is no gauge: throttling, errors, rows, pages, links.
fn more(gpu: &GpuNow) -> Vec<(&'static str, String)> {
    let values = &gpu.latest.values;
    let number = |name: &str| {
        let value = index(name).and_then(|metric| values.get(metric));
        match value {
            None => "-".to_owned(),
            Some(Value::Int(value)) => count(value),
            Some(Value::Real(value)) => whole(Some(value)),
        }
    };
    let flag = |metric: usize| match values.int(metric) {
        None => "-",
        Some(0) => "no",
        Some(_) => "YES",
    };
    let [sbe, sbe_life, dbe, dbe_life] =
        ["ecc_sbe_volatile", "ecc_sbe_aggregate", "ecc_dbe_volatile", "ecc_dbe_aggregate"].map(number);
    let rows = number("remapped_rows_uncorrectable");
    let pages = number("retired_pages_dbe");
    vec![
        ("throttle", throttle(gpu)),
        ("ECC", format!("single {sbe_life} life {sbe} boot   double {dbe_life} life {dbe} boot")),
        (
            "rows",
            format!("remapped {rows}  pending {}  failure {}", flag(ids::REMAP_PENDING), flag(ids::REMAP_FAILURE)),
        ),
        ("retired", format!("pages {pages}  pending {}", flag(ids::RETIRED_PENDING))),
        (
            "PCIe",
            format!(
                "gen {} of {}  x{} of x{}  replays {}",
                number("pcie_link_gen"),
                number("pcie_link_gen_max"),
                number("pcie_link_width"),
                number("pcie_link_width_max"),
                number("pcie_replays")
            ),
        ),
        (
            "NVLink",
            format!(
                "CRC {}  replays {}  recoveries {}",
                number("nvlink_crc_errors"),
                number("nvlink_replay_errors"),
                number("nvlink_recovery_errors")
            ),
        ),
    ]
}

fn events(canvas: &mut Canvas<'_>, model: &Model, area: Rect, detail: &Detail) {
    let first = (model.tops.events + 1).min(detail.events.len());
    let inner = canvas.boxed(area, "Events of this GPU", &format!("{first} of {}", detail.events.len()));
    let short = model.zone().width();
    let clock = if inner.width >= 98 { short + 11 } else { short };
    let x = inner.x + 1;
    if detail.events.is_empty() {
        canvas.put(spot(x, inner.y, inner.width.saturating_sub(2)), "nothing happened that is stored", Role::Faint);
    }
    for (y, event) in (inner.top()..inner.bottom()).zip(detail.events.iter().skip(model.tops.events)) {
        let at = if clock > short { model.zone().full(event.at) } else { model.zone().clock(event.at) };
        canvas.put(spot(x, y, clock), &at, Role::Plain);
        let word = event.severity.map_or("    ", severity);
        canvas.put(spot(x + clock + 2, y, 4), word, event.severity.map_or(Role::Plain, Role::Alarm));
        canvas.put(spot(x + clock + 8, y, 18), &event.word, Role::Plain);
        let text = x + clock + 28;
        canvas.put(spot(text, y, inner.right().saturating_sub(text + 1)), &event.text, Role::Plain);
    }
}
