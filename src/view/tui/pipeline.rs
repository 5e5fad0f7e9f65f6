//! The pipeline: stages with what they have yet to read, and the collectors, those to look at first at the top.

use ratatui::layout::Rect;

use super::canvas::{Canvas, spot};
use super::format::{age, bytes, columns, count, maybe};
use super::layout::{self, Screen};
use super::message::{Pipeline, Stage};
use super::model::Model;
use super::theme::Role;
use crate::event::rows::CollectorRow;

fn lag(stage: &Stage) -> String {
    stage.lag.map_or_else(|| "-".to_owned(), |lag| count(i64::try_from(lag).unwrap_or(i64::MAX)))
}

fn store(pipeline: &Pipeline) -> &str {
    if pipeline.store.is_empty() { "store -" } else { &pipeline.store }
}

/// The two lines of the fleet pane.
pub(super) fn summary(canvas: &mut Canvas<'_>, model: &Model, area: Rect, compact: bool) {
    let inner = canvas.boxed(area, "Pipeline", if compact { "" } else { "(4 opens)" });
    let line = |at: u16| spot(inner.x + 1, inner.y + at, inner.width.saturating_sub(2));
    let Some(read) = &model.read else { return };
    let derived = &model.derived;
    let gap = if compact { "  " } else { "      " };
    let hosts = if compact { "" } else { " hosts" };
    let collect = format!("collect {}/{}{hosts}", derived.reporting, derived.collectors.len());
    let lag_word = if compact { "" } else { " lag" };
    // A stage is told by what it has yet to read, a pass by when it last wrote; collect stands first already.
    let told = |stage: &Stage| match (stage.lag, stage.newest) {
        (None, Some(_)) => format!("{} wrote {} ago", stage.name, age(stage.newest, model.reference())),
        _ => format!("{}{lag_word} {}", stage.name, lag(stage)),
    };
    let stages = read.pipeline.stages.iter().filter(|stage| stage.name != "collect").map(told);
    let mut first = std::iter::once(collect).chain(stages).collect::<Vec<_>>().join(gap);
    let at = model.reference();
    let newest = age(derived.totals.newest, at);
    let mut parts: Vec<String> = read.pipeline.bus.iter().cloned().collect();
    if compact {
        first = format!("newest {newest}  {first}");
        parts.push(store(&read.pipeline).to_owned());
    } else {
        parts.push(format!("{} {} ms", store(&read.pipeline), read.took_ms));
        parts.push(format!("newest sample {newest} ago"));
        let oldest = derived.totals.oldest.and_then(|(_, gpu)| model.gpu(gpu));
        parts.extend(
            oldest.map(|gpu| format!("oldest {} ago ({})", age(Some(gpu.latest.time), at), super::subject::name(gpu))),
        );
    }
    let second = parts.join(if compact { "   " } else { "     " });
    canvas.put(line(0), &first, Role::Plain);
    canvas.put(line(1), &second, Role::Plain);
}

/// Collectors on screen.
pub(super) fn shown(model: &Model) -> usize {
    let stages = model.read.as_ref().map_or(0, |read| read.pipeline.stages.len());
    usize::from(layout::inside(layout::pipeline(&model.screen(), stages).1).height).saturating_sub(1)
}

/// Draws the pane.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, screen: &Screen) {
    let stages = model.read.as_ref().map_or(0, |read| read.pipeline.stages.len());
    let (upper, lower) = layout::pipeline(screen, stages);
    stage_box(canvas, model, upper);
    collectors(canvas, model, lower);
}

/// Heads with their widths; numbers stand at the right.
const STAGE: [(&str, u16, bool); 5] =
    [("STAGE", 12, false), ("LAG", 10, true), ("NEWEST", 8, true), ("MEMBERS", 8, true), ("WHO", u16::MAX, false)];

fn stage_box(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let inner = canvas.boxed(area, "Stages", "LAG = events yet to be read");
    heads(canvas, inner, &STAGE);
    let Some(read) = &model.read else { return };
    let mut y = inner.y + 1;
    for stage in &read.pipeline.stages {
        let members = if stage.members.is_empty() { "-".to_owned() } else { stage.members.len().to_string() };
        let who = match (stage.members.is_empty(), stage.lag, stage.newest) {
            (false, ..) => stage.members.join(" "),
            (true, Some(_), _) => "nobody known".to_owned(),
            (true, None, Some(_)) => format!("wrote {} ago", age(stage.newest, model.reference())),
            (true, None, None) => "-".to_owned(),
        };
        let behind = stage.lag.is_some_and(|lag| lag > 0) && stage.members.is_empty();
        let role = if behind { Role::Strong } else { Role::Plain };
        let cells = [stage.name.clone(), lag(stage), age(stage.newest, model.reference()), members, who];
        if y < inner.bottom() {
            cells_line(canvas, Rect { y, height: 1, ..inner }, &STAGE, (&cells, role));
        }
        y += 1;
    }
    if read.pipeline.stages.is_empty() && y < inner.bottom() {
        canvas.put(spot(inner.x + 1, y, inner.width.saturating_sub(2)), "no stage is known", Role::Faint);
        y += 1;
    }
    let bus = read.pipeline.bus.as_deref().unwrap_or("bus not looked at");
    let newest = age(model.derived.totals.newest, model.reference());
    let text = format!("{bus}   {}   read in {} ms   newest sample {newest} ago", store(&read.pipeline), read.took_ms);
    if y < inner.bottom() {
        canvas.put(spot(inner.x + 1, inner.bottom() - 1, inner.width.saturating_sub(2)), &text, Role::Plain);
    }
}

const COLLECTOR: [(&str, u16, bool); 10] = [
    ("HOST", 16, false),
    ("GPUS", 7, true),
    ("LAST", 6, true),
    ("TICKS", 9, true),
    ("MISSED", 7, true),
    ("SPOOL", 8, true),
    ("DROPPED", 8, true),
    ("SOURCE", 10, false),
    ("STATE", 12, false),
    ("VERSION", u16::MAX, false),
];

fn collectors(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let derived = &model.derived;
    let right = format!("{} of {} reported lately", derived.reporting, derived.collectors.len());
    let inner = canvas.boxed(area, "Collectors: silent and incomplete first", &right);
    heads(canvas, inner, &COLLECTOR);
    let Some(fleet) = model.fleet() else { return };
    if derived.collectors.is_empty() && inner.height > 1 {
        canvas.put(
            spot(inner.x + 1, inner.y + 1, inner.width.saturating_sub(2)),
            "no collector has reported yet",
            Role::Faint,
        );
    }
    for (y, at) in (inner.y + 1..inner.bottom()).zip(derived.collectors.iter().skip(model.tops.collectors)) {
        let Some(row) = fleet.collectors.get(*at) else { continue };
        let (cells, role) = collector(model, row);
        cells_line(canvas, Rect { y, height: 1, ..inner }, &COLLECTOR, (&cells, role));
    }
}

fn collector(model: &Model, row: &CollectorRow) -> ([String; 10], Role) {
    let [ticks, missed, spool, dropped, seen, expected] = row.counts;
    let short = seen.zip(expected).is_some_and(|(seen, expected)| seen < expected);
    let lost = dropped.is_some_and(|dropped| dropped > 0);
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let cells = [
        row.hostname.clone(),
        format!("{}/{}", maybe(seen), maybe(expected)),
        age(Some(row.time), model.reference()),
        maybe(ticks),
        maybe(missed),
        bytes(spool),
        maybe(dropped),
        text(&row.source),
        text(&row.source_state),
        text(&row.version),
    ];
    (cells, if short || lost { Role::Strong } else { Role::Plain })
}

fn heads(canvas: &mut Canvas<'_>, inner: Rect, heads: &[(&str, u16, bool)]) {
    let cells: Vec<String> = heads.iter().map(|(head, ..)| (*head).to_owned()).collect();
    cells_line(canvas, Rect { height: inner.height.min(1), ..inner }, heads, (&cells, Role::Faint));
}

fn cells_line(canvas: &mut Canvas<'_>, area: Rect, heads: &[(&str, u16, bool)], (cells, role): (&[String], Role)) {
    if area.height == 0 {
        return;
    }
    let mut x = area.x + 1;
    for ((_, width, right), text) in heads.iter().zip(cells) {
        let at = spot(x, area.y, (*width).min(area.right().saturating_sub(x + 1)));
        canvas.put_cell(at, text, role, *right);
        x = x.saturating_add(*width).saturating_add(2).min(area.right() + columns(1));
    }
}
