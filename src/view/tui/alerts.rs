//! The alerts pane, and the one line of an alert that the fleet pane shows too.

use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::canvas::{Canvas, Spot, spot};
use super::derive::AlertRow;
use super::fleet::severity;
use super::format::{age, columns};
use super::layout::{self, Screen};
use super::model::{Model, NEW};
use super::theme::Role;
use crate::event::{Alert, Severity, Status, Time};
use crate::view::alerts::place;

/// The summary without the place it may begin with, which stands beside it.
pub(super) fn summary(alert: &Alert) -> &str {
    let named = place(alert).replacen('/', " GPU ", 1) + ": ";
    alert.summary.strip_prefix(&named).unwrap_or(&alert.summary)
}

/// Where the cursor is in the list.
pub(super) fn position(model: &Model) -> Option<usize> {
    let id = model.alert.as_ref()?;
    model.derived.alerts.iter().position(|row| model.alert_at(row.at).is_some_and(|alert| alert.alert_id == *id))
}

/// Lines of alerts that the list shows.
pub(super) fn shown(model: &Model) -> usize {
    usize::from(layout::inside(layout::alerts(&model.screen()).0).height).saturating_sub(1)
}

/// One alert on one line: age, severity, place, rack where there is room, rule, summary, score.
pub(super) fn line(canvas: &mut Canvas<'_>, model: &Model, row: &AlertRow, at: Spot) {
    let Some(alert) = model.alert_at(row.at) else { return };
    let roomy = at.width >= 100;
    let gap = if roomy { 2 } else { 1 };
    let score = row.gpu.and_then(|gpu| model.gpu(gpu)).and_then(|gpu| gpu.health.as_ref()).map(|health| health.score);
    let score = score.map_or_else(|| "-".to_owned(), |score| score.to_string());
    let (score, score_width) = if roomy { (format!("score {score:>3}"), 9) } else { (score, 4) };
    let right = at.x + at.width.saturating_sub(score_width + 2);
    let fresh = is_new(model, alert);
    let role = if fresh { Role::Strong } else { Role::Plain };
    let wide = |width: u16, x: u16| spot(x, at.y, width.min(right.saturating_sub(x)));
    let mut x = at.x;
    canvas.put_right(wide(7, x), &age(row.since, model.now), role);
    x += 7 + gap;
    canvas.put(wide(4, x), severity(alert.severity), Role::Alarm(alert.severity));
    x += 4 + gap;
    let place_width = columns((model.derived.widths.0 + 2).clamp(10, 24));
    canvas.put(wide(place_width, x), &place(alert), role);
    x += place_width + gap;
    if roomy {
        let rack = columns(model.derived.widths.1.clamp(4, 12));
        canvas.put(wide(rack, x), alert.host.rack.as_deref().unwrap_or("-"), role);
        x += rack + gap;
    }
    let rule_width = if roomy { 16 } else { 11 };
    canvas.put(wide(rule_width, x), &alert.rule, role);
    x += rule_width + gap;
    canvas.put(wide(at.width, x), summary(alert), role);
    canvas.put_right(spot(right, at.y, score_width + 1), &score, role);
}

fn is_new(model: &Model, alert: &Alert) -> bool {
    model.news.get(&alert.alert_id).is_some_and(|tick| *tick > 0 && model.ticks < tick + NEW)
}

/// How many alerts are silenced, where any is.
pub(super) fn quiet(model: &Model) -> String {
    match model.derived.silenced {
        0 => String::new(),
        silenced => format!("  {silenced} silenced"),
    }
}

/// Draws the pane.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, screen: &Screen) {
    let (list, low) = layout::alerts(screen);
    let [info, warning, critical] = model.derived.open;
    let filter = model.alert_filter.as_ref().map(|filter| format!("  filter: {}", filter.text())).unwrap_or_default();
    let floor =
        if model.floor == Severity::Info { String::new() } else { format!("  severity>={}", model.floor.word()) };
    let all = model.fleet().map_or(0, |fleet| fleet.alerts.len());
    let quiet = quiet(model);
    let right = format!("{} open{quiet}, {} of {all} listed", info + warning + critical, model.derived.alerts.len());
    let inner = canvas.boxed(list, &format!("Alerts{filter}{floor}"), &right);
    let columns = Columns::of(model, inner);
    for ((x, width), head) in columns.all().into_iter().zip(["TIME", "AGE", "SEV", "WHERE", "RULE", "WHAT"]) {
        let at = spot(x, inner.y, width);
        canvas.put_cell(at, head, Role::Faint, head == "AGE");
    }
    let rows = model.derived.alerts.iter().skip(model.tops.alerts);
    for (y, row) in (inner.y + 1..inner.bottom()).zip(rows) {
        list_line(canvas, model, row, (&columns, y));
        let here = model.alert_at(row.at).is_some_and(|alert| model.alert.as_ref() == Some(&alert.alert_id));
        if here {
            canvas.dot(inner.x, y, '>', Role::Strong);
            canvas.mark(spot(inner.x, y, inner.width), Modifier::REVERSED);
        }
    }
    if model.derived.alerts.is_empty() && inner.height > 1 {
        let text = if all == 0 { "no alert yet" } else { "no alert matches: x drops the filter, v the floor" };
        canvas.put(spot(inner.x + 1, inner.y + 1, inner.width.saturating_sub(2)), text, Role::Faint);
    }
    details(canvas, model, low);
}

/// Where the columns of the list stand.
struct Columns([(u16, u16); 6]);

impl Columns {
    fn of(model: &Model, inner: Rect) -> Columns {
        let roomy = inner.width >= 98;
        let place = columns((model.derived.widths.0 + 4).clamp(12, 26));
        let clock = model.zone().width();
        let time = if roomy { clock + 11 } else { clock };
        let widths = [time, 6, 5, place, if roomy { 16 } else { 11 }];
        let mut x = inner.x + 1;
        let mut all = [(0, 0); 6];
        for (slot, width) in all.iter_mut().zip(widths.into_iter().chain([u16::MAX])) {
            *slot = (x, width.min(inner.right().saturating_sub(x + 1)));
            x = x.saturating_add(width).saturating_add(if roomy { 2 } else { 1 });
        }
        Columns(all)
    }

    fn all(&self) -> [(u16, u16); 6] {
        self.0
    }
}

fn list_line(canvas: &mut Canvas<'_>, model: &Model, row: &AlertRow, (columns, y): (&Columns, u16)) {
    let Some(alert) = model.alert_at(row.at) else { return };
    let [time, ago, word, whence, of_rule, what] = columns.all().map(|(x, width)| spot(x, y, width));
    let dim = !alert.is_open() || model.seen.contains(&alert.alert_id);
    let role = match (dim, is_new(model, alert)) {
        (true, _) => Role::Faint,
        (false, true) => Role::Strong,
        (false, false) => Role::Plain,
    };
    let zone = model.zone();
    let clock = row
        .since
        .map_or_else(|| "-".to_owned(), |since| if time.width >= 20 { zone.full(since) } else { zone.clock(since) });
    canvas.put(time, &clock, role);
    canvas.put_right(ago, &age(row.since, model.now), role);
    let (text, look) = match alert.status {
        Status::Resolved => ("ended", role),
        Status::Firing => (severity(alert.severity), if dim { role } else { Role::Alarm(alert.severity) }),
    };
    canvas.put(word, text, look);
    let fold = match (row.members, model.folded.contains(&alert.alert_id)) {
        (0, _) if row.member => "  ",
        (0, _) => "",
        (_, true) => "+ ",
        (_, false) => "- ",
    };
    canvas.put(whence, &format!("{fold}{}", place(alert)), role);
    canvas.put(of_rule, &alert.rule, role);
    canvas.put(what, &format!("{}{}", state(model, row, alert), summary(alert)), role);
}

/// What keeps an alert from being open, and what stands under it, before its summary.
fn state(model: &Model, row: &AlertRow, alert: &Alert) -> String {
    let under = if row.members > 0 { format!("[{} under it] ", row.members) } else { String::new() };
    let seen = if model.seen.contains(&alert.alert_id) { "[seen] " } else { "" };
    let by = alert.suppressed_by.as_ref().filter(|_| !row.member && alert.status == Status::Firing);
    let by = by.map(|by| {
        if by.starts_with("silence:") { "[silenced] ".to_owned() } else { format!("[{}] ", suppressor(model, by)) }
    });
    let by = by.unwrap_or_default();
    format!("{under}{seen}{by}")
}

/// What suppresses, in words: a silence with its reason, or the incident.
fn suppressor(model: &Model, by: &str) -> String {
    let Some(id) = by.strip_prefix("silence:") else {
        let over = model.fleet().and_then(|fleet| fleet.alerts.iter().find(|alert| alert.alert_id == by));
        return over.map_or_else(|| format!("part of {by}"), |over| format!("part of {} {}", over.rule, place(over)));
    };
    let silence = model.fleet().and_then(|fleet| fleet.silences.iter().find(|silence| silence.id == id));
    match silence {
        Some(silence) => {
            format!("silenced by {} until {}: {}", silence.who, model.zone().clock(silence.until), silence.reason)
        }
        None => format!("silenced by {id}"),
    }
}

/// The alert under the cursor: value, limit, evidence, what to do.
fn details(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let row = position(model).and_then(|at| model.derived.alerts.get(at));
    let Some((row, alert)) = row.and_then(|row| Some((row, model.alert_at(row.at)?))) else {
        canvas.boxed(area, "Alert", "");
        return;
    };
    let inner = canvas.boxed(area, &format!("{} on {}", alert.rule, place(alert)), "J as JSON   enter its GPU");
    let number = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number}"));
    let zone = model.zone();
    let since = row.since.map_or_else(|| "-".to_owned(), |since| zone.full(since));
    let unit = alert.unit.as_deref().unwrap_or_default();
    let ended = match (alert.status, Time::parse(&alert.at)) {
        (Status::Resolved, Some(at)) => format!("   ended {}", zone.full(at)),
        _ => String::new(),
    };
    let evidence = alert.evidence.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join("; ");
    let by = alert.suppressed_by.as_ref().map(|by| suppressor(model, by));
    let mut lines = vec![
        ("what", alert.summary.clone()),
        (
            "value",
            format!("{} {unit}   limit {} {unit}   since {since}{ended}", number(alert.value), number(alert.threshold)),
        ),
        ("do", alert.action.clone()),
    ];
    lines.extend(by.map(|by| ("quiet", by)));
    lines.push(("evidence", if evidence.is_empty() { "-".to_owned() } else { evidence }));
    lines.extend(alert.gpu.as_ref().map(|gpu| ("gpu", gpu.gpu_uuid.clone())));
    for (y, (head, text)) in (inner.top()..inner.bottom()).zip(lines) {
        canvas.put(spot(inner.x + 1, y, 9), head, Role::Faint);
        canvas.put(spot(inner.x + 11, y, inner.width.saturating_sub(12)), &text, Role::Plain);
    }
}
