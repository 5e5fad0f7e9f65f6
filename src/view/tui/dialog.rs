//! Keys while something else than a pane has them: the filter that is written, a column's letter, help, a text.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::message::Effect;
use super::model::{Mode, Model, View};
use super::sort::Sort;
use super::subject::GPU_FIELDS;
use crate::event::Alert;
use crate::event::matcher::Fields;
use crate::view::filter::Filter;

/// Lines that the help can be scrolled by (J): it has fewer on the narrowest screen.
const HELP: u16 = 45;

/// Takes a key.
pub(super) fn key(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    match &mut model.mode {
        Mode::Normal => {}
        Mode::Help(top) => match event.code {
            KeyCode::Down | KeyCode::Char('j') => *top = (*top + 1).min(HELP),
            KeyCode::Up | KeyCode::Char('k') => *top = top.saturating_sub(1),
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('?' | 'q' | ' ') | KeyCode::F(1) => model.mode = Mode::Normal,
            _ => {}
        },
        Mode::Sort => {
            model.mode = Mode::Normal;
            match event.code {
                KeyCode::Char(letter) => sort(model, letter),
                _ => model.say("not sorted"),
            }
        }
        Mode::Text { lines, top, .. } => {
            let last = lines.len().saturating_sub(1);
            match event.code {
                KeyCode::Esc | KeyCode::Enter | KeyCode::Backspace | KeyCode::Char('J' | 'q') => {
                    model.mode = Mode::Normal;
                }
                KeyCode::Down | KeyCode::Char('j') => *top = (*top + 1).min(last),
                KeyCode::Up | KeyCode::Char('k') => *top = top.saturating_sub(1),
                KeyCode::PageDown | KeyCode::Char(' ') => *top = (*top + 10).min(last),
                KeyCode::PageUp => *top = top.saturating_sub(10),
                KeyCode::Home | KeyCode::Char('g') => *top = 0,
                KeyCode::End | KeyCode::Char('G') => *top = last,
                _ => {}
            }
        }
        Mode::Filter { .. } => write(model, event),
    }
    Vec::new()
}

fn sort(model: &mut Model, letter: char) {
    match Sort::letter(letter.to_ascii_lowercase()) {
        Some(sort) => {
            // The same column again turns it around, as a capital letter does.
            let again = model.sort.by == sort.by;
            let reversed = if again { !model.sort.descending } else { sort.descending };
            model.sort = Sort { by: sort.by, descending: reversed ^ letter.is_ascii_uppercase() };
            model.still = 0;
            model.reorder();
        }
        None => model.say(format!("no column {letter}: {}", Sort::letters())),
    }
}

/// Longest filter, in characters (J).
const LONGEST: usize = 200;

fn write(model: &mut Model, event: KeyEvent) {
    let Mode::Filter { text, at, before, .. } = &mut model.mode else { return };
    let typed = event.modifiers.difference(KeyModifiers::SHIFT).is_empty();
    let mut chars: Vec<char> = text.chars().collect();
    *at = (*at).min(chars.len());
    match event.code {
        KeyCode::Enter => return end(model),
        KeyCode::Esc => {
            let before = before.take();
            model.mode = Mode::Normal;
            return put(model, before);
        }
        KeyCode::Char('u') if event.modifiers.contains(KeyModifiers::CONTROL) => {
            chars.drain(..*at);
            *at = 0;
        }
        KeyCode::Char(c) if typed && chars.len() < LONGEST => {
            chars.insert(*at, c);
            *at += 1;
        }
        KeyCode::Backspace if *at > 0 => {
            *at -= 1;
            chars.remove(*at);
        }
        KeyCode::Delete if *at < chars.len() => drop(chars.remove(*at)),
        KeyCode::Left => *at = at.saturating_sub(1),
        KeyCode::Right => *at = (*at + 1).min(chars.len()),
        KeyCode::Home => *at = 0,
        KeyCode::End => *at = chars.len(),
        _ => return,
    }
    *text = chars.into_iter().collect();
    live(model, true);
}

/// Whether the last word may yet become a field or a keyword: it is no word to look for while it is being typed.
fn is_unfinished(text: &str, names: &[&str]) -> bool {
    let (before, last) = text.rfind([' ', '(']).map_or(("", text), |at| text.split_at(at + 1));
    let begins = |name: &&str| name.starts_with(last);
    !before.trim().is_empty()
        && !last.is_empty()
        && (names.iter().any(begins) || ["and", "or", "not", "in"].iter().any(begins))
}

/// Reads the filter as it stands; a mistake is shown, and the last one that reads stays in force.
fn live(model: &mut Model, typing: bool) {
    let Mode::Filter { text, .. } = &model.mode else { return };
    let names = if model.view == View::Alerts { Alert::names() } else { GPU_FIELDS.as_slice() };
    let unfinished = typing && is_unfinished(text, names);
    let read = if text.trim().is_empty() { Ok(None) } else { Filter::parse(text, names).map(Some) };
    let (found, fault) = match read {
        Ok(found) => (Some(found), None),
        Err(fault) => (None, Some(fault)),
    };
    if let Mode::Filter { wrong, .. } = &mut model.mode {
        *wrong = fault;
    }
    if let Some(found) = found.filter(|_| !unfinished) {
        put(model, found);
    }
}

/// Ends the writing: a filter with a mistake is not taken, and stays open.
fn end(model: &mut Model) {
    live(model, false);
    if matches!(&model.mode, Mode::Filter { wrong: None, .. }) {
        model.mode = Mode::Normal;
        model.replan();
    }
}

fn put(model: &mut Model, filter: Option<Filter>) {
    model.still = 0;
    if model.view == View::Alerts {
        model.alert_filter = filter;
        model.realert();
        model.replan();
    } else {
        model.filter = filter;
        model.rebuild();
    }
}
