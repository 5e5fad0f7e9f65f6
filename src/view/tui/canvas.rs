//! Where panes draw: text clipped to its width, boxes with titles, sparklines. Nothing here can leave the screen.
//!
//! Every text passes `put`, which writes out what could act on a terminal: no pane can forget it. Knows no fleet.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use unicode::width;

use super::theme::{Glyphs, Role, Theme};
use crate::view::escape::escaped;

/// A screen to draw on.
pub(super) struct Canvas<'b> {
    buffer: &'b mut Buffer,
    theme: Theme,
    glyphs: Glyphs,
}

/// Where a text goes: a line, from a column on, so many columns at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) x: u16,
    pub(super) y: u16,
    pub(super) width: u16,
}

/// A spot.
pub(super) const fn spot(x: u16, y: u16, width: u16) -> Spot {
    Spot { x, y, width }
}

impl<'b> Canvas<'b> {
    pub(super) fn new(buffer: &'b mut Buffer, theme: Theme, glyphs: Glyphs) -> Canvas<'b> {
        Canvas { buffer, theme, glyphs }
    }

    /// One character. Outside the screen nothing happens.
    pub(super) fn dot(&mut self, x: u16, y: u16, c: char, role: Role) {
        let style = self.theme.style(role);
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_char(c).set_style(style);
        }
    }

    /// Puts a text; one that does not fit ends in `~`. Returns the column behind it.
    pub(super) fn put(&mut self, at: Spot, text: &str, role: Role) -> u16 {
        let right = at.x.saturating_add(at.width).min(self.buffer.area.right());
        if at.y >= self.buffer.area.bottom() || at.x >= right {
            return at.x;
        }
        let style = self.theme.style(role);
        let text = escaped(text);
        let room = right - at.x;
        if text.is_ascii() {
            let mut x = at.x;
            for byte in text.bytes().take(usize::from(room)) {
                if let Some(cell) = self.buffer.cell_mut((x, at.y)) {
                    cell.set_char(char::from(byte)).set_style(style);
                }
                x += 1;
            }
            if text.len() > usize::from(room) {
                self.cut(right, at.y);
            }
            return x;
        }
        let (x, _) = self.buffer.set_stringn(at.x, at.y, text.as_ref(), usize::from(room), style);
        if width(&text) > usize::from(room) {
            self.cut(right, at.y);
        }
        x
    }

    fn cut(&mut self, right: u16, y: u16) {
        if let Some(cell) = right.checked_sub(1).and_then(|x| self.buffer.cell_mut((x, y))) {
            cell.set_char('~');
        }
    }

    /// Puts a text so that it ends where the spot does.
    pub(super) fn put_right(&mut self, at: Spot, text: &str, role: Role) {
        let wide = u16::try_from(width(text)).unwrap_or(u16::MAX).min(at.width);
        self.put(spot(at.x + (at.width - wide), at.y, wide), text, role);
    }

    /// Puts a column's text: a number at its right, a text at its left.
    pub(super) fn put_cell(&mut self, at: Spot, text: &str, role: Role, right: bool) {
        if right {
            self.put_right(at, text, role);
        } else {
            self.put(at, text, role);
        }
    }

    /// Adds modifiers to a stretch of a line, whatever stands there.
    pub(super) fn mark(&mut self, at: Spot, modifier: Modifier) {
        for x in at.x..at.x.saturating_add(at.width).min(self.buffer.area.right()) {
            if let Some(cell) = self.buffer.cell_mut((x, at.y)) {
                cell.modifier.insert(modifier);
            }
        }
    }

    /// Makes a stretch of the screen empty.
    pub(super) fn clear(&mut self, area: Rect) {
        for y in area.top()..area.bottom().min(self.buffer.area.bottom()) {
            for x in area.left()..area.right().min(self.buffer.area.right()) {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }

    /// A box with a title at the left and one at the right of its upper edge. Returns what is inside.
    pub(super) fn boxed(&mut self, area: Rect, title: &str, right: &str) -> Rect {
        if area.width < 4 || area.height < 2 {
            return Rect::ZERO;
        }
        let (x1, y1) = (area.right() - 1, area.bottom() - 1);
        let [horizontal, vertical] = self.glyphs.lines;
        for x in area.left() + 1..x1 {
            self.dot(x, area.top(), horizontal, Role::Frame);
            self.dot(x, y1, horizontal, Role::Frame);
        }
        for y in area.top() + 1..y1 {
            self.dot(area.left(), y, vertical, Role::Frame);
            self.dot(x1, y, vertical, Role::Frame);
        }
        let [top_left, top_right, bottom_left, bottom_right] = self.glyphs.corners;
        self.dot(area.left(), area.top(), top_left, Role::Frame);
        self.dot(x1, area.top(), top_right, Role::Frame);
        self.dot(area.left(), y1, bottom_left, Role::Frame);
        self.dot(x1, y1, bottom_right, Role::Frame);
        let end = self.edge(area, area.top(), title, Role::Title);
        let room = usize::from(x1.saturating_sub(end));
        if !right.is_empty() && width(right) + 4 <= room {
            let wide = u16::try_from(width(right)).unwrap_or_default();
            self.put(spot(x1 - wide - 3, area.top(), wide + 2), &format!(" {right} "), Role::Plain);
        }
        Rect::new(area.left() + 1, area.top() + 1, area.width - 2, area.height - 2)
    }

    /// A text on the lower edge of a box.
    pub(super) fn below(&mut self, area: Rect, text: &str) {
        if area.width >= 4 && area.height >= 2 {
            self.edge(area, area.bottom() - 1, text, Role::Plain);
        }
    }

    fn edge(&mut self, area: Rect, y: u16, text: &str, role: Role) -> u16 {
        if text.is_empty() {
            return area.left() + 2;
        }
        self.put(spot(area.left() + 2, y, area.width.saturating_sub(4)), &format!(" {text} "), role)
    }

    /// Values from low to high as bars, the newest at the right; a gap where there is none.
    pub(super) fn spark(&mut self, at: Spot, values: &[Option<f64>], (low, high): (f64, f64)) {
        let bars = self.glyphs.bars;
        let from = values.len().saturating_sub(usize::from(at.width));
        for (x, value) in (at.x..).zip(values.iter().skip(from)) {
            let Some(value) = value else { continue };
            let share = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
            if let Some(bar) = bars.get(step(share, bars.len())) {
                self.dot(x, at.y, *bar, Role::Plain);
            }
        }
    }
}

/// Which of `steps` a share of 0 to 1 falls into.
pub(super) fn step(share: f64, steps: usize) -> usize {
    let last = steps.saturating_sub(1);
    let real = f64::from(u32::try_from(last).unwrap_or(u32::MAX));
    (0..last).find(|at| share * real < f64::from(u32::try_from(*at).unwrap_or(u32::MAX)) + 0.5).unwrap_or(last)
}

mod unicode {
    //! Columns of a text, as ratatui counts them.

    use ratatui::text::Span;

    pub(super) fn width(text: &str) -> usize {
        if text.is_ascii() { text.len() } else { Span::raw(text).width() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas(width: u16, draw: impl FnOnce(&mut Canvas<'_>)) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 2));
        draw(&mut Canvas::new(&mut buffer, Theme::Mono, Glyphs::of(false)));
        super::super::text(&buffer)
    }

    #[test]
    fn a_text_that_does_not_fit_says_so() {
        assert_eq!(canvas(8, |canvas| canvas.put_cell(spot(1, 0, 4), "abcdefg", Role::Plain, false)), " abc~\n\n");
        assert_eq!(canvas(8, |canvas| canvas.put_cell(spot(1, 0, 4), "äöüß", Role::Plain, false)), " äöüß\n\n");
        assert_eq!(canvas(8, |canvas| canvas.put_cell(spot(1, 0, 4), "äöüßé", Role::Plain, false)), " äöü~\n\n");
    }

    #[test]
    fn text_from_the_wire_cannot_act() {
        let seen = canvas(20, |canvas| canvas.put_cell(spot(0, 0, 20), "a\u{1b}[2J\u{202e}b", Role::Plain, false));
        assert_eq!(seen, "a\\u{1b}[2J\\u{202e}b\n\n");
    }

    #[test]
    fn nothing_leaves_the_screen() {
        canvas(3, |canvas| {
            canvas.put(spot(9, 0, 9), "far", Role::Plain);
            canvas.put(spot(0, 9, 9), "below", Role::Plain);
            canvas.boxed(Rect::new(1, 0, 40, 40), "title", "right");
            canvas.spark(spot(2, 1, 9), &[Some(1.0), None, Some(3.0)], (0.0, 4.0));
        });
    }

    #[test]
    fn bars_rise_with_values() {
        assert_eq!([0.0, 0.49, 0.5, 1.0].map(|share| step(share, 8)), [0, 3, 4, 7]);
    }
}
