//! The frame: header, panes' names, banner, footer, and whatever lies over them. What a pane shows is the pane's.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::canvas::{Canvas, spot};
use super::format::{columns, count};
use super::keys::{Action, KEYS};
use super::layout::LEAST;
use super::model::{Mode, Model, View};
use super::rows::Class;
use super::sort::Sort;
use super::theme::{Band, Role};
use super::{alerts, fleet, gpus, help, one, pipeline};
use crate::event::Severity;
use crate::view::fleet::ago;

/// Draws the model.
pub fn render(model: &Model, frame: &mut Frame<'_>) {
    render_to(model, frame.buffer_mut());
}

/// Draws the model into a buffer.
pub fn render_to(model: &Model, buffer: &mut Buffer) {
    let mut canvas = Canvas::new(buffer, model.theme, model.glyphs());
    let screen = model.screen();
    if screen.too_small {
        let (width, height) = model.size;
        let text = format!("too small: {width}x{height}, need {}x{}", LEAST.0, LEAST.1);
        canvas.put(spot(0, 0, width), &text, Role::Plain);
        return;
    }
    header(&mut canvas, model, screen.header, screen.compact);
    if let Some(area) = screen.tabs {
        tab_line(&mut canvas, model, area);
    }
    if let (Some(area), Some(text)) = (screen.banner, model.banner()) {
        banner(&mut canvas, model, area, &text);
    }
    match (model.open.is_some(), model.view) {
        (true, _) => one::draw(&mut canvas, model, &screen),
        (_, View::Fleet) => fleet::draw(&mut canvas, model, &screen),
        (_, View::Gpus) => gpus::draw(&mut canvas, model, screen.body),
        (_, View::Alerts) => alerts::draw(&mut canvas, model, &screen),
        (_, View::Pipeline) => pipeline::draw(&mut canvas, model, &screen),
    }
    footer(&mut canvas, model, screen.footer);
    match &model.mode {
        Mode::Help(top) => help::draw(&mut canvas, screen.body, model, *top),
        Mode::Text { title, lines, top } => text(&mut canvas, screen.body, (title, lines), *top),
        Mode::Normal | Mode::Filter { .. } | Mode::Sort => {}
    }
}

/// LIVE, STALE, FROZEN or WAITING, and how it stands out.
fn state(model: &Model) -> (String, Role) {
    match &model.read {
        _ if model.progress.is_some() => ("HISTORY".to_owned(), Role::Strong),
        None => ("WAITING".to_owned(), Role::Strong),
        Some(_) if model.frozen => ("FROZEN".to_owned(), Role::Selected),
        Some(read) if model.is_stale() => {
            (format!("STALE {}", ago(model.now.since(read.at).max(0) / 1000)), Role::Alarm(Severity::Critical))
        }
        Some(_) if model.unheard().is_some() => {
            let old = super::format::age(model.unheard(), model.reference());
            (format!("NO NEW DATA {old}"), Role::Alarm(Severity::Critical))
        }
        Some(_) => ("LIVE".to_owned(), Role::Strong),
    }
}

fn header(canvas: &mut Canvas<'_>, model: &Model, area: Rect, compact: bool) {
    let derived = &model.derived;
    let (word, role) = state(model);
    let zone = model.zone();
    let clock = if compact { zone.clock(model.now) } else { zone.full(model.now) };
    let step = if compact || model.read.is_none() { String::new() } else { format!("  {} s", model.refresh) };
    let right = columns(word.len() + step.len() + clock.len()) + if compact { 2 } else { 4 };
    let x = area.width.saturating_sub(right);
    let end = canvas.put(spot(x, area.y, area.width), &word, role);
    let end = canvas.put(spot(end, area.y, area.width), &step, Role::Plain);
    canvas.put(spot(end + if compact { 1 } else { 3 }, area.y, area.width), &clock, Role::Plain);
    let room = x.saturating_sub(1);
    let gap = if compact { " " } else { "  " };
    let mut at = canvas.put(spot(1, area.y, room.saturating_sub(1)), &format!("gpuhm{gap}"), Role::Title);
    if model.demo {
        at = canvas.put(spot(at, area.y, room.saturating_sub(at)), "DEMO", Role::Selected);
        at = canvas.put(spot(at, area.y, room.saturating_sub(at)), gap, Role::Plain);
    }
    let title = if model.title.is_empty() { String::new() } else { format!("{}{gap} ", model.title) };
    let number = |number: usize, one: &str, many: &str| {
        format!("{} {}", count(i64::try_from(number).unwrap_or(i64::MAX)), if number == 1 { one } else { many })
    };
    let gpus = if model.read.is_some() { number(derived.rows.len(), "GPU", "GPUs") } else { "- GPUs".to_owned() };
    if compact {
        at = canvas.put(spot(at, area.y, room.saturating_sub(at)), &format!("{title}{gpus}   "), Role::Plain);
        counts(
            canvas,
            model,
            spot(at, area.y, room.saturating_sub(at)),
            "  ",
            &[Class::Critical, Class::Warning, Class::NoData],
        );
        return;
    }
    let hosts = number(derived.hosts.len(), "host", "hosts");
    let racks = number(derived.racks.len(), "rack", "racks");
    canvas.put(spot(at, area.y, room.saturating_sub(at)), &format!("{title}{gpus}  {hosts}  {racks}"), Role::Plain);
}

/// How many GPUs are of each class.
fn counts(canvas: &mut Canvas<'_>, model: &Model, at: super::canvas::Spot, gap: &str, classes: &[Class]) {
    let (mut x, right) = (at.x, at.x.saturating_add(at.width));
    for ((class, word), number) in Class::WORDS.iter().zip(model.derived.counts) {
        // What is usual is named even where there is none; that no pass was made is not.
        if !classes.contains(class) || (*class == Class::NoScore && number == 0) {
            continue;
        }
        let role = match class {
            Class::Critical if number > 0 => Role::Band(Band::Bad),
            Class::Warning if number > 0 => Role::Band(Band::Fair),
            Class::NoData if number > 0 => Role::Strong,
            _ => Role::Plain,
        };
        let number = if model.read.is_some() { number.to_string() } else { "-".to_owned() };
        let silent = if *class == Class::Critical { model.derived.silent } else { 0 };
        let silent = if silent > 0 { format!(" ({silent} silent)") } else { String::new() };
        let text = format!("{word} {number}{silent}");
        // A count that is cut would be another count.
        if x + columns(text.len()) > right {
            break;
        }
        x = canvas.put(spot(x, at.y, right.saturating_sub(x)), &text, role);
        x = canvas.put(spot(x, at.y, right.saturating_sub(x)), gap, Role::Plain);
    }
}

/// The panes' names: from which column to which, and which pane.
pub(super) fn tabs(model: &Model) -> Vec<(u16, u16, View)> {
    let mut x = 1;
    let place = |(at, view): (usize, &View)| {
        let from = x;
        x += columns(tab(model, at, *view).len()) + 1;
        (from, x - 1, *view)
    };
    View::ALL.iter().enumerate().map(place).collect()
}

fn tab(model: &Model, at: usize, view: View) -> String {
    let name = format!("{} {}", at + 1, view.word());
    if view == model.view { format!("[{name}]") } else { format!(" {name} ") }
}

fn tab_line(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let mut end = 0;
    for (at, (from, to, view)) in tabs(model).into_iter().enumerate() {
        let role = if view == model.view { Role::Strong } else { Role::Plain };
        end = canvas.put(spot(from, area.y, to - from), &tab(model, at, view), role);
    }
    let unjudged = model.derived.counts.last() > Some(&0);
    let x = if unjudged { end + 3 } else { (end + 3).max(64.min(area.width.saturating_sub(58))) };
    let all = Class::WORDS.map(|(class, _)| class);
    counts(canvas, model, spot(x, area.y, area.width.saturating_sub(x)), "   ", &all);
}

fn banner(canvas: &mut Canvas<'_>, model: &Model, area: Rect, text: &str) {
    let role = if model.progress.is_some() { Role::Strong } else { Role::Banner };
    let Some(progress) = &model.progress else {
        let wide = usize::from(area.width).saturating_sub(1);
        canvas.put(spot(0, area.y, area.width), &format!(" {text:<wide$}"), role);
        return;
    };
    let wide = area.width / 3;
    let done = super::canvas::step(progress.part.clamp(0.0, 1.0), usize::from(wide) + 1);
    let bar = format!(" [{}{}] {text}", "=".repeat(done), " ".repeat(usize::from(wide).saturating_sub(done)));
    canvas.put(spot(0, area.y, area.width), &bar, role);
}

fn footer(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let line = |y: u16| spot(1, y, area.width.saturating_sub(2));
    match &model.mode {
        Mode::Filter { text, at, wrong, .. } => {
            let caret = wrong.as_ref().map(|wrong| (wrong.at, wrong.why.as_str()));
            filter(canvas, model, area, (text, *at, caret));
            return;
        }
        Mode::Sort => {
            canvas.put(line(area.y), &format!("sort by: {}   esc: leave it", Sort::letters()), Role::Strong);
            return;
        }
        Mode::Help(_) | Mode::Text { .. } => {
            canvas.put(line(area.y), "esc close   j k scroll", Role::Plain);
            return;
        }
        Mode::Normal => {}
    }
    if let Some((notice, _)) = &model.notice {
        canvas.put(line(area.y), notice, Role::Strong);
        return;
    }
    let mut x = 1;
    let one = model.open.is_some();
    for binding in KEYS.iter().filter(|binding| {
        !binding.footer.is_empty() && binding.works(model.view, one) && !(one && binding.action == Action::Open)
    }) {
        let wide = columns(binding.shown.len() + 1 + binding.footer.len());
        if x + wide + 1 > area.width {
            break;
        }
        let end = canvas.put(spot(x, area.y, wide), binding.shown, Role::Key);
        x = canvas.put(spot(end + 1, area.y, wide), binding.footer, Role::Plain) + 2;
    }
}

/// The filter as it is written: what is wrong stands above, pointing at its place.
fn filter(canvas: &mut Canvas<'_>, model: &Model, area: Rect, (text, at, wrong): (&str, usize, Option<(usize, &str)>)) {
    let low = area.bottom().saturating_sub(1);
    // What does not fit is scrolled out at the left, so that the cursor stays.
    let room = usize::from(area.width).saturating_sub(5).max(1);
    let skip = at.saturating_sub(room);
    let shown: String = text.chars().skip(skip).collect();
    canvas.put(spot(1, low, 2), "/ ", Role::Key);
    canvas.put(spot(3, low, area.width.saturating_sub(3)), &shown, Role::Plain);
    canvas.mark(spot(3 + columns(at - skip), low, 1), Modifier::REVERSED);
    let Some((place, why)) = wrong else {
        let (shown, all) = match model.view {
            View::Alerts => (model.derived.alerts.len(), model.fleet().map_or(0, |fleet| fleet.alerts.len())),
            _ => (model.derived.order.len(), model.derived.rows.len()),
        };
        let text = format!(
            "{shown} of {all}   rack=rack-14 and score<80, host=~\"node-04.*\", not rule in (xid), or any word"
        );
        canvas.put(spot(3, area.y, area.width.saturating_sub(4)), &text, Role::Faint);
        return;
    };
    let x = 3 + columns(place.saturating_sub(skip).min(room));
    if x < area.width / 2 {
        canvas.put(spot(x, area.y, area.width.saturating_sub(x + 1)), &format!("^ {why}"), Role::Band(Band::Bad));
    } else {
        canvas.put_right(spot(1, area.y, x), &format!("{why} ^"), Role::Band(Band::Bad));
    }
}

/// A text over the pane.
fn text(canvas: &mut Canvas<'_>, body: Rect, (title, lines): (&str, &[String]), top: usize) {
    canvas.clear(body);
    let right = format!("{} of {}", top + 1, lines.len());
    let inner = canvas.boxed(body, title, &right);
    for (y, line) in (inner.top()..inner.bottom()).zip(lines.iter().skip(top)) {
        canvas.put(spot(inner.x + 1, y, inner.width.saturating_sub(2)), line, Role::Plain);
    }
}
