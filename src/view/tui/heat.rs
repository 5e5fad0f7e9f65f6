//! The map: draws the plan. Every cell is a character that says what it means; reverse video says that an alert is open.

use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::canvas::{Canvas, Spot, spot};
use super::format::{columns, tenth, whole};
use super::model::{Model, Zoom};
use super::plan::{Cell, Line};
use super::rows::{Class, Row};
use super::theme::Role;
use crate::event::Severity;

/// Draws the map into its place.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let plan = &model.derived.plan;
    let mut y = area.y;
    if plan.heads > 0 {
        for host in 0..plan.heads {
            let x = area.x + plan.label + 1 + columns(host).saturating_mul(plan.block);
            canvas.put(spot(x, y, area.right().saturating_sub(x)), &format!("h{}", host + 1), Role::Faint);
        }
        y += 1;
    }
    let shown = || plan.lines.iter().enumerate().skip(model.tops.map);
    let cells_end =
        shown().take(usize::from(area.height)).filter_map(|(_, line)| line.cells.last()).map(|cell| cell.x).max();
    for (at, line) in shown() {
        if y >= area.bottom() {
            break;
        }
        draw_line(canvas, model, Rect { y, height: 1, ..area }, (at, line));
        if line.first && plan.zoom != Some(Zoom::Rack) {
            reason(canvas, model, line, rest(area, y, cells_end));
        }
        y += 1;
        if plan.numbers && line.last && y < area.bottom() {
            numbers(canvas, model, line.rack, spot(area.x + 3, y, area.width.saturating_sub(4)));
            y += 1;
        }
    }
}

fn rest(area: Rect, y: u16, cells_end: Option<u16>) -> Spot {
    let end = area.x + cells_end.unwrap_or_default();
    let x = end + if area.right().saturating_sub(end) < 36 { 3 } else { 5 };
    spot(x, y, area.right().saturating_sub(x + 1))
}

fn draw_line(canvas: &mut Canvas<'_>, model: &Model, area: Rect, (at, line): (usize, &Line)) {
    let plan = &model.derived.plan;
    let cursor = model.derived.cursor.filter(|(line, _)| *line == at).map(|(_, cell)| cell);
    if plan.zoom != Some(Zoom::Rack)
        && line.first
        && let Some(rack) = model.derived.racks.get(line.rack)
    {
        canvas.put(spot(area.x + 1, area.y, plan.label.saturating_sub(1)), &rack.name, Role::Plain);
    }
    for (slot, cell) in line.cells.iter().enumerate() {
        let here = cursor == Some(slot);
        if plan.zoom == Some(Zoom::Rack) {
            block(canvas, model, spot(area.x + cell.x, area.y, plan.block), (line.rack + slot, cell, here));
            continue;
        }
        let x = area.x + cell.x;
        if x < area.right()
            && let Some(row) = model.derived.rows.get(cell.row)
        {
            let shown = row.hit && !(model.only_bad && row.is_well());
            glyph(canvas, &Row { hit: shown, ..*row }, (x, area.y), here);
        }
    }
    // A character besides the underline points at the cursor: before its host's cells.
    if plan.zoom != Some(Zoom::Rack)
        && let Some(cell) = cursor.and_then(|slot| line.cells.get(slot))
    {
        let offset = cell.x.saturating_sub(plan.label + 1) % plan.block.max(1);
        if plan.block > 1 {
            canvas.dot(area.x + (cell.x - offset).saturating_sub(1), area.y, '>', Role::Strong);
        }
    }
}

fn glyph(canvas: &mut Canvas<'_>, row: &Row, (x, y): (u16, u16), here: bool) {
    let role = row.band.map_or(Role::NoData, Role::Band);
    canvas.dot(x, y, if row.hit { row.cell } else { ' ' }, role);
    let mut modifier = Modifier::empty();
    if row.hit && row.alert >= Some(Severity::Warning) {
        modifier |= Modifier::REVERSED;
    }
    if row.hit && row.alert == Some(Severity::Critical) {
        modifier |= Modifier::BOLD;
    }
    if here {
        modifier |= Modifier::UNDERLINED | Modifier::BOLD;
    }
    canvas.mark(spot(x, y, 1), modifier);
}

/// A rack as a block: its name, its worst GPU's cell, how many are not well of how many.
fn block(canvas: &mut Canvas<'_>, model: &Model, at: Spot, (rack, cell, here): (usize, &Cell, bool)) {
    let plan = &model.derived.plan;
    let (Some(rack), Some(row)) = (model.derived.racks.get(rack), model.derived.rows.get(cell.row)) else { return };
    if here {
        canvas.dot(at.x.saturating_sub(1), at.y, '>', Role::Strong);
    }
    canvas.put(
        spot(at.x, at.y, plan.label.saturating_sub(1)),
        &rack.name,
        if here { Role::Strong } else { Role::Plain },
    );
    glyph(canvas, row, (at.x + plan.label, at.y), here);
    canvas.put(
        spot(at.x + plan.label + 2, at.y, at.width.saturating_sub(plan.label + 3)),
        &format!("{}/{}", rack.unwell, rack.gpus),
        Role::Plain,
    );
}

fn numbers(canvas: &mut Canvas<'_>, model: &Model, rack: usize, at: Spot) {
    let Some(rack) = model.derived.racks.get(rack) else { return };
    let kilowatts = tenth(rack.watts.map(|watts| watts / 1000.0));
    let short = if rack.reporting < rack.gpus {
        format!("  {} of {} reporting", rack.reporting, rack.gpus)
    } else {
        String::new()
    };
    let text = format!("avg {}  max {} C  {kilowatts} kW{short}", tenth(rack.mean), whole(rack.hottest));
    canvas.put(at, &text, Role::Faint);
}

/// The worst GPU of the line's rack, where one is not well and there is room behind the cells.
fn reason(canvas: &mut Canvas<'_>, model: &Model, line: &Line, at: Spot) {
    let worst = model.derived.racks.get(line.rack).and_then(|rack| model.derived.rows.get(rack.worst));
    let Some(row) = worst.filter(|row| !row.is_well() && row.hit) else { return };
    let Some(gpu) = model.gpu(row.gpu) else { return };
    if at.width < 16 {
        return;
    }
    let score = if row.class == Class::NoData { String::new() } else { super::gpus::score(row).0 };
    let text = format!("{} {} {score}", super::subject::name(gpu), super::fleet::why(model, row));
    canvas.put(at, &text, Role::Plain);
}
