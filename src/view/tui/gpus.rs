//! The table of GPUs: only the lines on screen are made. Columns give way by width in a fixed order.

use ratatui::layout::Rect;

use super::canvas::{Canvas, spot};
use super::fleet::{throttle, why};
use super::format::{age, columns, count, model as short, odds, whole};
use super::layout;
use super::model::{Model, View};
use super::rows::{Class, Row};
use super::sort::SortBy;
use super::subject::{busy, memory};
use super::theme::{Band, Role};
use crate::event::Severity;
use crate::event::fleet::GpuNow;
use crate::metric::{ids, index};

/// From this width on the extra columns are shown without being asked for (J).
pub(super) const ROOMY: u16 = 150;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Id {
    Host,
    Index,
    Rack,
    Model,
    Score,
    State,
    Why,
    Temp,
    Hbm,
    Power,
    Busy,
    Memory,
    Throttle,
    Ecc,
    P7,
    Age,
    Clock,
    Action,
    Uuid,
}

/// A column: what it shows, its head, its width, whether numbers stand at its right, when it gives way (low first, 0
/// never), whether only the wide table has it, what a click on its head sorts by.
struct Column {
    id: Id,
    head: &'static str,
    width: u16,
    right: bool,
    drop: u8,
    wide: bool,
    by: Option<SortBy>,
}

const fn column(
    id: Id,
    head: &'static str,
    width: u16,
    right: bool,
    (drop, wide): (u8, bool),
    by: Option<SortBy>,
) -> Column {
    Column { id, head, width, right, drop, wide, by }
}

#[rustfmt::skip]
static COLUMNS: [Column; 19] = [
    column(Id::Host, "HOST", 4, false, (0, false), Some(SortBy::Host)),
    column(Id::Index, "IDX", 3, true, (0, false), Some(SortBy::Host)),
    column(Id::Rack, "RACK", 9, false, (4, true), Some(SortBy::Rack)),
    column(Id::Model, "MODEL", 13, false, (12, false), Some(SortBy::Model)),
    column(Id::Score, "SCORE", 5, true, (0, false), Some(SortBy::Score)),
    column(Id::State, "STATE", 8, false, (3, true), Some(SortBy::Score)),
    column(Id::Why, "WHY", 12, false, (17, false), Some(SortBy::Score)),
    column(Id::Temp, "TEMP", 4, true, (0, false), Some(SortBy::Temp)),
    column(Id::Hbm, "HBM", 4, true, (14, false), Some(SortBy::Hbm)),
    column(Id::Power, "POWER", 5, true, (16, false), Some(SortBy::Power)),
    column(Id::Busy, "SM%", 4, true, (15, false), Some(SortBy::Util)),
    column(Id::Memory, "MEM%", 4, true, (11, false), Some(SortBy::Mem)),
    column(Id::Clock, "CLOCK", 5, true, (2, true), None),
    column(Id::Throttle, "THROTTLE", 12, false, (10, false), None),
    column(Id::Ecc, "ECC S/D", 8, true, (9, false), Some(SortBy::Ecc)),
    column(Id::P7, "P(7d)", 5, true, (8, false), Some(SortBy::P7)),
    column(Id::Age, "AGE", 5, true, (0, false), Some(SortBy::Age)),
    column(Id::Action, "ACTION", 14, false, (5, true), None),
    column(Id::Uuid, "UUID", 40, false, (1, true), None),
];
/// How wide text columns may grow where there is room.
const GROWN: [(Id, u16); 3] = [(Id::Why, 26), (Id::Throttle, 34), (Id::Model, 24)];

/// The columns that fit: where each stands, and how wide it is.
fn fitting(model: &Model, room: u16) -> Vec<(&'static Column, u16, u16)> {
    let wide = model.wide.unwrap_or(model.size.0 >= ROOMY);
    let host = columns(model.derived.widths.0.clamp(6, 24));
    let width = |column: &Column| if column.id == Id::Host { host } else { column.width };
    let mut shown: Vec<&Column> = COLUMNS.iter().filter(|column| wide || !column.wide).collect();
    let total = |shown: &[&Column]| 1 + shown.iter().map(|column| width(column) + 1).sum::<u16>();
    // Extra columns that were asked for stay longer than the usual ones; the UUID is too wide for that.
    let asked = |column: &Column| model.wide == Some(true) && column.wide && column.id != Id::Uuid;
    let drop = |column: &Column| if asked(column) { column.drop + 20 } else { column.drop };
    while total(&shown) > room {
        let Some(least) = shown.iter().map(|column| drop(column)).filter(|drop| *drop > 0).min() else { break };
        shown.retain(|column| drop(column) != least);
    }
    let mut spare = room.saturating_sub(total(&shown));
    let mut x = 1;
    shown
        .into_iter()
        .map(|column| {
            let most = GROWN.iter().find(|(id, _)| *id == column.id).map_or(0, |(_, most)| *most);
            let more = most.saturating_sub(column.width).min(spare);
            spare -= more;
            let placed = (column, x, width(column) + more);
            x += width(column) + more + 1;
            placed
        })
        .collect()
}

/// What a click on the heads, so many columns from the left, sorts by.
pub(super) fn head(model: &Model, x: u16) -> Option<SortBy> {
    let room = layout::inside(model.screen().body).width;
    fitting(model, room).into_iter().find(|(_, from, width)| (*from..from + width + 1).contains(&x))?.0.by
}

/// Where the cursor is in the table.
pub(super) fn position(model: &Model) -> Option<usize> {
    let row = model.derived.row_of.get(model.selected_at()?).copied().flatten()?;
    model.derived.order.iter().position(|at| *at == row)
}

/// Lines of GPUs that the table shows.
pub(super) fn shown(model: &Model) -> usize {
    usize::from(layout::inside(model.screen().body).height).saturating_sub(1)
}

/// Draws the table.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, body: Rect) {
    let derived = &model.derived;
    let filter = model.filter.as_ref().map(|filter| format!("  filter: {}", filter.text())).unwrap_or_default();
    let bad = if model.only_bad { "  only what is not well" } else { "" };
    let held = if model.still > 0 { "  held" } else { "" };
    let all = i64::try_from(derived.rows.len()).unwrap_or(i64::MAX);
    let of = i64::try_from(derived.order.len()).unwrap_or(i64::MAX);
    let right =
        format!("{} of {}   sort: {}{held}{}", count(of), count(all), model.sort.word(), super::alerts::quiet(model));
    let inner = canvas.boxed(body, &format!("GPUs{filter}{bad}"), &right);
    if body.width >= 100 {
        canvas.below(
            body,
            "units: TEMP HBM in C   POWER in W   - not reported   ECC since driver load   AGE since the last sample",
        );
    }
    let fitting = fitting(model, inner.width);
    for (column, x, width) in &fitting {
        let role = if column.by == Some(model.sort.by) && column.id != Id::State && column.id != Id::Why {
            Role::Title
        } else {
            Role::Faint
        };
        let at = spot(inner.x + x, inner.y, *width);
        canvas.put_cell(at, column.head, role, column.right);
    }
    let lines = (inner.y + 1..inner.bottom()).zip(derived.order.iter().skip(model.tops.table));
    for (y, at) in lines {
        let Some(row) = derived.rows.get(*at) else { continue };
        let Some(gpu) = model.gpu(row.gpu) else { continue };
        let here = model.selected_at() == Some(row.gpu) && model.view == View::Gpus;
        for (column, x, width) in &fitting {
            let (text, role) = cell(model, row, gpu, column.id);
            let role = if here { Role::Strong } else { role };
            let at = spot(inner.x + x, y, *width);
            canvas.put_cell(at, &text, role, column.right);
        }
        if model.marked.contains(gpu.uuid()) {
            canvas.dot(inner.x, y, '*', Role::Marked);
        }
        if here {
            canvas.dot(inner.x, y, if model.marked.contains(gpu.uuid()) { '*' } else { '>' }, Role::Strong);
            canvas.mark(spot(inner.x, y, inner.width), ratatui::style::Modifier::REVERSED);
        }
    }
    if derived.order.is_empty() {
        let text =
            if derived.rows.is_empty() { "no GPU has sent anything yet" } else { "no GPU matches: x drops the filter" };
        canvas.put(spot(inner.x + 1, inner.y + 1, inner.width.saturating_sub(2)), text, Role::Faint);
    }
}

fn cell(model: &Model, row: &Row, gpu: &GpuNow, id: Id) -> (String, Role) {
    let (values, health) = (&gpu.latest.values, gpu.health.as_ref());
    let near = |value: Option<f64>, limit: Option<f64>| match (value, limit) {
        (Some(value), Some(limit)) if limit > 0.0 => Role::Band(Band::of_share(value / limit)),
        _ => Role::Plain,
    };
    let named = |name: &str| index(name).and_then(|metric| values.real(metric));
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    match id {
        Id::Host => (gpu.latest.hostname.clone(), Role::Plain),
        Id::Index => (gpu.latest.device_index.map_or_else(|| "-".to_owned(), |index| index.to_string()), Role::Plain),
        Id::Rack => (or_dash(gpu.place.rack()), Role::Plain),
        Id::Model => (or_dash(gpu.latest.model.as_deref().map(short)), Role::Plain),
        Id::Score => score(row),
        Id::State => (or_dash(health.map(|health| health.state.word())), Role::Plain),
        Id::Why => (
            why(model, row),
            row.alert.map_or(Role::Plain, |alert| if alert == Severity::Info { Role::Plain } else { Role::Strong }),
        ),
        Id::Temp => {
            let temp = values.real(ids::GPU_TEMP);
            (whole(temp), near(temp, values.real(ids::SLOWDOWN_TEMP)))
        }
        Id::Hbm => {
            let temp = values.real(ids::MEMORY_TEMP);
            (whole(temp), near(temp, values.real(ids::MEMORY_MAX_TEMP)))
        }
        // A board at its power limit does what it should: no colour.
        Id::Power => (whole(values.real(ids::POWER)), Role::Plain),
        Id::Busy => (whole(busy(gpu)), Role::Plain),
        Id::Memory => (whole(memory(gpu)), Role::Plain),
        Id::Clock => (whole(named("sm_clock_mhz")), Role::Plain),
        Id::Throttle => (throttle(gpu), Role::Plain),
        Id::Ecc => {
            let counts = (named("ecc_sbe_volatile"), values.real(ids::DBE));
            let bad = counts.1.is_some_and(|count| count > 0.0);
            (format!("{}/{}", whole(counts.0), whole(counts.1)), if bad { Role::Band(Band::Bad) } else { Role::Plain })
        }
        Id::P7 => (odds(gpu.prediction.as_ref().and_then(|odds| odds.at(7)).map(|odds| odds.p)), Role::Plain),
        Id::Age => {
            let role = if row.cell == 'x' { Role::Strong } else { Role::Plain };
            (age(Some(gpu.latest.time), model.reference()), role)
        }
        Id::Action => (or_dash(health.map(|health| health.action.word())), Role::Plain),
        Id::Uuid => (gpu.uuid().to_owned(), Role::Faint),
    }
}

/// The score; `x` for a silent GPU, whose last one says nothing any more.
pub(super) fn score(row: &Row) -> (String, Role) {
    match row.score {
        None => ("-".to_owned(), Role::Plain),
        Some(_) if row.class == Class::NoData => ("x".to_owned(), Role::NoData),
        Some(score) => (score.to_string(), Role::Band(Band::of(score))),
    }
}
