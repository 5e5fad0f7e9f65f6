//! The mouse, where it is on: the wheel moves, a click takes a cell or a line, a click on a column's head sorts by it.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::keys::Step;
use super::message::Effect;
use super::model::{Mode, Model, View};
use super::{gpus, layout, motion};

/// Lines of one turn of the wheel (J).
const WHEEL: usize = 3;

/// Takes what the mouse did.
pub(super) fn mouse(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    if !model.mouse || !matches!(model.mode, Mode::Normal) {
        return Vec::new();
    }
    match event.kind {
        MouseEventKind::ScrollUp => (0..WHEEL).for_each(|_| motion::step(model, Step::Up)),
        MouseEventKind::ScrollDown => (0..WHEEL).for_each(|_| motion::step(model, Step::Down)),
        MouseEventKind::Down(MouseButton::Left) => return click(model, event.column, event.row),
        _ => {}
    }
    Vec::new()
}

fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    let screen = model.screen();
    if screen.tabs.is_some_and(|tabs| tabs.y == y) {
        let tab = super::render::tabs(model).into_iter().find(|(from, to, _)| (*from..*to).contains(&x));
        return tab.map(|(_, _, view)| model.go(view)).unwrap_or_default();
    }
    if model.open.is_some() {
        return Vec::new();
    }
    match model.view {
        View::Fleet => cell(model, x, y),
        View::Gpus => line(model, x, y),
        View::Alerts => {
            let (list, _) = layout::alerts(&screen);
            if let Some(at) = below(layout::inside(list), 1, y) {
                motion::select_alert(model, model.tops.alerts + at);
            }
            model.moved();
        }
        View::Pipeline => {}
    }
    Vec::new()
}

/// The line of a list that stands under `heads` lines of its box.
fn below(inner: Rect, heads: u16, y: u16) -> Option<usize> {
    let first = inner.y + heads;
    (first..inner.bottom()).contains(&y).then(|| usize::from(y - first))
}

fn cell(model: &mut Model, x: u16, y: u16) {
    let area = layout::map(&model.screen());
    let plan = &model.derived.plan;
    let Some(at) = below(area, u16::from(plan.heads > 0), y) else { return };
    let Some(line) = plan.lines.get(model.tops.map + at / plan.height()) else { return };
    let left = x.saturating_sub(area.x);
    let cell = line.cells.iter().rfind(|cell| cell.x <= left);
    if let Some(row) = cell.and_then(|cell| model.derived.rows.get(cell.row)) {
        model.select(row.gpu);
        model.moved();
    }
}

fn line(model: &mut Model, x: u16, y: u16) {
    let inner = layout::inside(model.screen().body);
    if y == inner.y {
        if let Some(by) = gpus::head(model, x.saturating_sub(inner.x)) {
            let again = model.sort.by == by;
            model.sort =
                if again { super::Sort { by, descending: !model.sort.descending } } else { super::Sort::of(by) };
            model.still = 0;
            model.reorder();
        }
        return;
    }
    let at = below(inner, 1, y).map(|at| model.tops.table + at);
    let row = at.and_then(|at| model.derived.order.get(at)).and_then(|row| model.derived.rows.get(*row));
    if let Some(gpu) = row.map(|row| row.gpu) {
        model.select(gpu);
        model.moved();
    }
}
