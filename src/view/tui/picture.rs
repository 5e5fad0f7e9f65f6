//! The screen without a terminal: as a buffer, as text, as SVG. For `top --once`, tickets and the README.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::model::Model;
use super::render::render_to;
use super::theme::Theme;

/// The screen of a model at another size.
#[must_use]
pub fn picture(model: &Model, width: u16, height: u16) -> Buffer {
    let mut model = model.clone();
    model.size = (width, height);
    model.replan();
    buffer(&model)
}

/// The screen as it is.
pub(super) fn buffer(model: &Model) -> Buffer {
    let (width, height) = model.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    render_to(model, &mut buffer);
    buffer
}

/// A line a row, without blanks at its end.
#[must_use]
pub fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        let mut x = buffer.area.left();
        while x < buffer.area.right() {
            let Some(cell) = buffer.cell((x, y)) else { break };
            line.push_str(cell.symbol());
            // A wide character stands in two cells; the second holds nothing of its own.
            x += wide(cell);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn wide(cell: &Cell) -> u16 {
    if cell.symbol().is_ascii() {
        1
    } else {
        u16::try_from(ratatui::text::Span::raw(cell.symbol()).width()).unwrap_or(1).max(1)
    }
}

/// Pixels of a cell, and of the text in it.
const CELL: (f64, f64) = (8.4, 17.0);
const TEXT: f64 = 14.0;

/// The screen as a picture that needs nothing else.
#[must_use]
pub fn svg(buffer: &Buffer, theme: Theme) -> String {
    let (ground, ink) = if theme == Theme::Light { ("#ffffff", "#1c1c1c") } else { ("#16181c", "#d4d4d4") };
    let (width, height) = (f64::from(buffer.area.width) * CELL.0, f64::from(buffer.area.height) * CELL.1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{ground}\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"{TEXT}\" xml:space=\"preserve\">\n"
    );
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut x = buffer.area.left();
        while let Some(cell) = buffer.cell((x, y)).filter(|_| x < buffer.area.right()) {
            // Cells of one look make one piece of text.
            let mut run = String::new();
            let from = x;
            while let Some(next) =
                buffer.cell((x, y)).filter(|next| x < buffer.area.right() && next.style() == cell.style())
            {
                run.push_str(next.symbol());
                x += wide(next);
            }
            piece(
                &mut svg,
                (f64::from(from) * CELL.0, f64::from(y) * CELL.1, f64::from(x - from) * CELL.0),
                &run,
                (cell, ground, ink),
            );
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn piece(svg: &mut String, (x, y, width): (f64, f64, f64), run: &str, (cell, ground, ink): (&Cell, &str, &str)) {
    let mut fill = hex(cell.fg).unwrap_or_else(|| ink.to_owned());
    let reversed = cell.modifier.contains(Modifier::REVERSED);
    let blank = run.trim().is_empty();
    let mut text = String::new();
    if reversed {
        append(
            &mut text,
            format_args!(
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{fill}\"/>",
                CELL.1
            ),
        );
        ground.clone_into(&mut fill);
    }
    if !blank {
        let bold = if cell.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
        let line = if cell.modifier.contains(Modifier::UNDERLINED) { " text-decoration=\"underline\"" } else { "" };
        let faint = if cell.modifier.contains(Modifier::DIM) { " opacity=\"0.7\"" } else { "" };
        append(
            &mut text,
            format_args!(
                "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" fill=\"{fill}\"{bold}{line}{faint}>{}</text>",
                y + CELL.1 - 4.0,
                xml(run)
            ),
        );
    }
    if !text.is_empty() {
        svg.push_str(&text);
        svg.push('\n');
    }
}

fn append(text: &mut String, part: std::fmt::Arguments<'_>) {
    if text.write_fmt(part).is_err() {
        debug_assert!(false, "writing to a String cannot fail");
    }
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(' ', "\u{a0}")
}

/// A colour of the 256 as a web colour; the terminal's own have none.
fn hex(color: Color) -> Option<String> {
    let Color::Indexed(index) = color else { return None };
    let [red, green, blue] = match index {
        0..16 => return None,
        16..232 => {
            let step = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
            let index = index - 16;
            [step(index / 36), step(index / 6 % 6), step(index % 6)]
        }
        232.. => [8 + 10 * (index - 232); 3],
    };
    Some(format!("#{red:02x}{green:02x}{blue:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_the_cube_and_the_greys() {
        let web = |index| hex(Color::Indexed(index)).unwrap();
        assert_eq!(
            [16, 196, 33, 231, 232, 255].map(web),
            ["#000000", "#ff0000", "#0087ff", "#ffffff", "#080808", "#eeeeee"]
        );
        assert_eq!(hex(Color::Reset), None);
    }

    #[test]
    fn what_is_markup_is_shown() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        buffer.set_string(0, 0, "<&>", ratatui::style::Style::new());
        let svg = svg(&buffer, Theme::Dark);
        assert!(svg.contains("&lt;&amp;&gt;"), "{svg}");
    }
}
