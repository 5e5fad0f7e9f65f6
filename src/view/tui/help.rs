//! The help: a loop over the table of keys, so that it cannot lie.

use ratatui::layout::Rect;

use super::canvas::{Canvas, spot};
use super::format::columns;
use super::keys::{Binding, KEYS};
use super::model::Model;
use super::theme::Role;

/// Columns for a key's name, and for it with its meaning.
const KEY: u16 = 13;
const ENTRY: u16 = 39;

/// Draws it over a pane, from a line on.
pub(super) fn draw(canvas: &mut Canvas<'_>, body: Rect, model: &Model, top: u16) {
    canvas.clear(body);
    let inner = canvas.boxed(body, "Keys", "esc or ? closes");
    let listed: Vec<&Binding> = KEYS.iter().filter(|binding| !binding.help.is_empty()).collect();
    let per_line = (inner.width / ENTRY).max(1);
    let wide = inner.width / per_line;
    let lines = columns(listed.len().div_ceil(usize::from(per_line))).max(1);
    // Where a line of the help stands on the screen, if it does.
    let place = |line: u16| line.checked_sub(top).map(|at| inner.y + at).filter(|y| *y < inner.bottom());
    for (binding, at) in listed.into_iter().zip(0u16..) {
        let x = inner.x + 1 + (at / lines) * wide;
        if let Some(y) = place(at % lines) {
            canvas.put(spot(x, y, KEY), binding.shown, Role::Key);
            canvas.put(spot(x + KEY, y, wide.saturating_sub(KEY + 2)), binding.help, Role::Plain);
        }
    }
    let notes = [
        "FILTER  rack=rack-14 and score<80    host=~\"node-04[0-9]\"    not rule in (hbm_temp, xid)    any word"
            .to_owned(),
        "FIELDS  gpu host index rack cluster model score state severity rule action".to_owned(),
        "        confidence throttle temp hbm power util mem age p7 p30 p90, every metric".to_owned(),
        format!("CELLS   {}", model.measure.words().1),
        "Nothing here writes to the bus or the store: marks and \"seen\" are this screen's.".to_owned(),
    ];
    for (note, line) in notes.iter().zip(lines + 1..) {
        if let Some(y) = place(line) {
            canvas.put(spot(inner.x + 1, y, inner.width.saturating_sub(2)), note, Role::Plain);
        }
    }
}
