//! Moving the cursor, and keeping it on the screen.

use super::keys::Step;
use super::model::{Model, View};
use super::{alerts, gpus, layout, one, pipeline};

/// Moves in the pane that is shown.
pub(super) fn step(model: &mut Model, step: Step) {
    match (model.open.is_some(), model.view) {
        (true, _) => {
            let last = model.detail.as_ref().map_or(0, |detail| detail.events.len()).saturating_sub(1);
            model.tops.events = place(model.tops.events, step, last, one::events_shown(model));
        }
        (_, View::Fleet) => map(model, step),
        (_, View::Gpus) => table(model, step),
        (_, View::Alerts) => {
            let at = alerts::position(model).unwrap_or_default();
            let last = model.derived.alerts.len().saturating_sub(1);
            select_alert(model, place(at, step, last, alerts::shown(model)));
        }
        (_, View::Pipeline) => {
            let last = model.derived.collectors.len().saturating_sub(1);
            model.tops.collectors = place(model.tops.collectors, step, last, pipeline::shown(model));
        }
    }
    model.moved();
}

/// Where a step leads from `at`, with lines from 0 to `last` and pages of `page`.
fn place(at: usize, step: Step, last: usize, page: usize) -> usize {
    let page = page.max(1);
    match step {
        Step::Up => at.saturating_sub(1),
        Step::Down => at + 1,
        Step::Left | Step::Right => at,
        Step::First => 0,
        Step::Last => last,
        Step::PageUp => at.saturating_sub(page),
        Step::PageDown => at + page,
    }
    .min(last)
}

fn table(model: &mut Model, step: Step) {
    let at = gpus::position(model).unwrap_or_default();
    let last = model.derived.order.len().saturating_sub(1);
    let to = place(at, step, last, gpus::shown(model));
    if let Some(row) = model.derived.order.get(to).and_then(|at| model.derived.rows.get(*at)) {
        model.select(row.gpu);
    }
}

/// Puts the cursor on a line of the alerts' list, and on its GPU.
pub(super) fn select_alert(model: &mut Model, at: usize) {
    let Some(row) = model.derived.alerts.get(at).copied() else { return };
    model.alert = model.alert_at(row.at).map(|alert| alert.alert_id.clone());
    if let Some(gpu) = row.gpu {
        model.select(gpu);
    }
}

fn map(model: &mut Model, step: Step) {
    let plan = &model.derived.plan;
    let (line, cell) = model.derived.cursor.unwrap_or_default();
    let cells = |line: usize| plan.lines.get(line).map_or(0, |line| line.cells.len());
    let last = plan.lines.len().saturating_sub(1);
    let page = plan.shown(layout::map(&model.screen()).height);
    let to = match step {
        Step::Left if cell > 0 => (line, cell - 1),
        Step::Left if line > 0 => (line - 1, cells(line - 1).saturating_sub(1)),
        Step::Right if cell + 1 < cells(line) => (line, cell + 1),
        Step::Right if line < last => (line + 1, 0),
        Step::Left | Step::Right => (line, cell),
        Step::Last => (last, cells(last).saturating_sub(1)),
        Step::First => (0, 0),
        Step::Up | Step::Down | Step::PageUp | Step::PageDown => (place(line, step, last, page), cell),
    };
    let found = plan.lines.get(to.0).and_then(|line| line.cells.get(to.1).or(line.cells.last()));
    if let Some(row) = found.and_then(|cell| model.derived.rows.get(cell.row)) {
        model.select(row.gpu);
    }
}

/// To the next GPU that is not well, in the order of the pane, or the one before.
pub(super) fn hit(model: &mut Model, ahead: bool) {
    let unwell = |at: &usize| model.derived.rows.get(*at).is_some_and(|row| row.hit && !row.is_well());
    let order = if model.view == View::Gpus { &model.derived.order } else { &model.derived.worst };
    let row = model.selected_at().and_then(|gpu| model.derived.row_of.get(gpu).copied().flatten());
    let own = row.and_then(|row| order.iter().position(|at| *at == row));
    let from = own.unwrap_or_default();
    let mut hits = order.iter().filter(|at| unwell(at));
    let next = if ahead {
        let after = order.iter().skip(own.map_or(0, |own| own + 1)).find(|at| unwell(at));
        after.or_else(|| hits.next())
    } else {
        let before = order.iter().take(from).rfind(|at| unwell(at));
        before.or_else(|| hits.next_back())
    };
    match next.and_then(|at| model.derived.rows.get(*at)).map(|row| row.gpu) {
        Some(gpu) => {
            model.select(gpu);
            model.moved();
        }
        None => model.say("every GPU shown is well"),
    }
}

/// To the next GPU's page, or the one before, in the order of the table.
pub(super) fn neighbour(model: &Model, ahead: bool) -> Option<usize> {
    let at = gpus::position(model)?;
    let to = if ahead { at.checked_add(1) } else { at.checked_sub(1) }?;
    let row = model.derived.order.get(to)?;
    model.derived.rows.get(*row).map(|row| row.gpu)
}

/// Brings what is under the cursor onto the screen, in every pane.
pub(super) fn scroll(model: &mut Model) {
    let derived = &model.derived;
    let row = model.selected_at().and_then(|gpu| derived.row_of.get(gpu).copied().flatten());
    let cursor = row.and_then(|row| derived.plan.find(derived, row));
    let lines = derived.plan.lines.len();
    let page = derived.plan.shown(layout::map(&model.screen()).height);
    model.derived.cursor = cursor;
    model.tops.map = top(model.tops.map, cursor.map(|(line, _)| line), lines, page);
    model.tops.table = top(model.tops.table, gpus::position(model), model.derived.order.len(), gpus::shown(model));
    model.tops.alerts =
        top(model.tops.alerts, alerts::position(model), model.derived.alerts.len(), alerts::shown(model));
    let collectors = model.derived.collectors.len();
    model.tops.collectors = model.tops.collectors.min(collectors.saturating_sub(1));
}

/// The first line shown, so that `at` is shown and no room stays empty.
fn top(top: usize, at: Option<usize>, lines: usize, page: usize) -> usize {
    let page = page.max(1);
    let at = at.unwrap_or(top);
    top.min(at).max((at + 1).saturating_sub(page)).min(lines.saturating_sub(page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_the_cursor_is_shown_and_no_room_stays_empty() {
        assert_eq!(top(0, Some(4), 100, 5), 0);
        assert_eq!(top(0, Some(5), 100, 5), 1);
        assert_eq!(top(50, Some(20), 100, 5), 20);
        assert_eq!(top(99, Some(99), 100, 5), 95);
        assert_eq!(top(7, None, 3, 5), 0);
    }
}
