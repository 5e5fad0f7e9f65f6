//! THE table of keys: what each does, where, and how help and footer name it. Help, footer and tests are loops over it.
//!
//! A key means the same everywhere, or only something in one pane; what stands first wins.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::model::View;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Leave.
    Quit,
    /// Open or close the help.
    Help,
    /// One step back.
    Back,
    /// To a pane.
    Pane(View),
    /// To the next pane, or the one before.
    Turn(bool),
    /// Up or down by lines, left or right by cells.
    Move(Step),
    /// Open what is under the cursor.
    Open,
    /// Write a filter.
    Filter,
    /// To the next GPU that is not well, or the one before.
    Hit(bool),
    /// Drop filter and marks.
    Clear,
    /// The next letter names a column to sort by.
    Sort,
    /// Turn the order around.
    Reverse,
    /// Mark a GPU, or not.
    Mark,
    /// Only what is not well.
    OnlyBad,
    /// More columns.
    Wide,
    /// Finer or coarser cells.
    Zoom(bool),
    /// What the map shows.
    Measure,
    /// The next theme.
    Theme,
    /// Only ASCII, or not.
    Ascii,
    /// Hold the screen still.
    Freeze,
    /// Copy the UUID, or those of all marked.
    Copy,
    /// Mouse on or off.
    Mouse,
    /// Bell on or off.
    Bell,
    /// Write the screen into a file: as a picture, or as text.
    Write(bool),
    /// UTC or local time.
    Zone,
    /// The next refresh step.
    Refresh,
    /// Read and draw anew.
    Redraw,
    /// Suspend the process.
    Suspend,
    /// To the next GPU's page, or the one before.
    Neighbour(bool),
    /// The next span of the past.
    Span,
    /// The thing under the cursor as JSON.
    Json,
    /// The least severity shown.
    Floor,
    /// Mark an alert as seen, here only.
    Seen,
    /// Fold an incident, or unfold it.
    Fold,
}

/// A way to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// One cell to the left.
    Left,
    /// One cell to the right.
    Right,
    /// To the beginning.
    First,
    /// To the end.
    Last,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
}

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In every pane.
    Everywhere,
    /// In one pane.
    In(View),
    /// In the fleet pane and the table of GPUs.
    OfGpus,
    /// On the page of one GPU.
    One,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// The keys: any of them.
    pub keys: &'static [Press],
    /// How they are written.
    pub shown: &'static str,
    /// Where they work.
    pub place: Place,
    /// What they ask for.
    pub action: Action,
    /// The line in the help; empty where a neighbour's speaks for it.
    pub help: &'static str,
    /// The word in the footer; empty where it is not listed.
    pub footer: &'static str,
}

/// A key with its modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// A character.
    Char(char),
    /// A character with Ctrl.
    Ctrl(char),
    /// Another key.
    Code(KeyCode),
}

use KeyCode::{BackTab, Backspace, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up};
use Place::{Everywhere, In, OfGpus, One};
use Press::{Char, Code, Ctrl};

const fn key(
    keys: &'static [Press],
    shown: &'static str,
    place: Place,
    action: Action,
    (help, footer): (&'static str, &'static str),
) -> Binding {
    Binding { keys, shown, place, action, help, footer }
}

/// The table.
#[rustfmt::skip]
pub static KEYS: [Binding; 50] = [
    key(&[Char('?'), Code(KeyCode::F(1))], "?", Everywhere, Action::Help, ("help", "help")),
    key(&[Char('/')], "/", Everywhere, Action::Filter, ("filter, as you type", "filter")),
    key(&[Code(Enter)], "enter", Everywhere, Action::Open, ("open what is selected", "open")),
    key(&[Char('z')], "z", Everywhere, Action::Freeze, ("hold the screen still", "freeze")),
    key(&[Code(Esc), Code(Backspace)], "esc", Everywhere, Action::Back, ("back", "back")),
    key(&[Char('q'), Ctrl('c')], "q", Everywhere, Action::Quit, ("quit", "quit")),
    key(&[Char('[')], "[ ]", One, Action::Neighbour(false), ("GPU page: previous, next", "previous/next GPU")),
    key(&[Char(']')], "", One, Action::Neighbour(true), ("", "")),
    key(&[Char('H')], "H", One, Action::Span, ("GPU page: span of time", "history")),
    key(&[Char('J')], "J", One, Action::Json, ("GPU, alert: as JSON", "JSON")),
    key(&[Char('J')], "J", In(View::Alerts), Action::Json, ("", "JSON")),
    key(&[Char(' '), Char('f')], "space", In(View::Alerts), Action::Fold, ("alerts: fold an incident", "fold")),
    key(&[Char('v')], "v", In(View::Alerts), Action::Floor, ("alerts: least severity", "severity")),
    key(&[Char('a')], "a", In(View::Alerts), Action::Seen, ("alerts: seen, here only", "seen")),
    key(&[Char('s')], "s", In(View::Gpus), Action::Sort, ("+ letter: sort by column", "sort")),
    key(&[Char('S')], "S", In(View::Gpus), Action::Reverse, ("turn the order around", "")),
    key(&[Char('+'), Char('=')], "+ -", In(View::Fleet), Action::Zoom(true), ("map: GPU, host, rack", "zoom")),
    key(&[Char('-')], "", In(View::Fleet), Action::Zoom(false), ("", "")),
    key(&[Char('c')], "c", In(View::Fleet), Action::Measure, ("map: what cells show", "measure")),
    key(&[Char('e')], "e", OfGpus, Action::OnlyBad, ("only what is not well", "only bad")),
    key(&[Char('w')], "w", In(View::Gpus), Action::Wide, ("more columns", "wide")),
    key(&[Char(' ')], "space", In(View::Gpus), Action::Mark, ("mark a GPU", "mark")),
    key(&[Char('y')], "y", Everywhere, Action::Copy, ("copy the UUID (OSC 52)", "copy UUID")),
    key(&[Char('1')], "1 2 3 4", Everywhere, Action::Pane(View::Fleet), ("to a pane", "")),
    key(&[Char('2')], "", Everywhere, Action::Pane(View::Gpus), ("", "")),
    key(&[Char('3')], "", Everywhere, Action::Pane(View::Alerts), ("", "")),
    key(&[Char('4')], "", Everywhere, Action::Pane(View::Pipeline), ("", "")),
    key(&[Code(Tab)], "tab", Everywhere, Action::Turn(true), ("next pane", "")),
    key(&[Code(BackTab)], "", Everywhere, Action::Turn(false), ("", "")),
    key(&[Code(Up), Char('k')], "arrows hjkl", Everywhere, Action::Move(Step::Up), ("move", "")),
    key(&[Code(Down), Char('j')], "", Everywhere, Action::Move(Step::Down), ("", "")),
    key(&[Code(Left), Char('h')], "", Everywhere, Action::Move(Step::Left), ("", "")),
    key(&[Code(Right), Char('l')], "", Everywhere, Action::Move(Step::Right), ("", "")),
    key(&[Char('g'), Code(Home)], "g G home end", Everywhere, Action::Move(Step::First), ("first, last", "")),
    key(&[Char('G'), Code(End)], "", Everywhere, Action::Move(Step::Last), ("", "")),
    key(&[Code(PageUp), Ctrl('u')], "pgup pgdn", Everywhere, Action::Move(Step::PageUp), ("page", "")),
    key(&[Code(PageDown), Ctrl('d')], "", Everywhere, Action::Move(Step::PageDown), ("", "")),
    key(&[Char('n')], "n N", Everywhere, Action::Hit(true), ("next, previous not well", "")),
    key(&[Char('N')], "", Everywhere, Action::Hit(false), ("", "")),
    key(&[Char('x')], "x", Everywhere, Action::Clear, ("drop filter and marks", "")),
    key(&[Char('t')], "t", Everywhere, Action::Theme, ("next theme", "")),
    key(&[Char('A')], "A", Everywhere, Action::Ascii, ("only ASCII on/off", "")),
    key(&[Char('u')], "u", Everywhere, Action::Zone, ("UTC / local time", "")),
    key(&[Char('i')], "i", Everywhere, Action::Refresh, ("refresh 1 2 5 10 s", "")),
    key(&[Char('r'), Ctrl('l')], "r ctrl-l", Everywhere, Action::Redraw, ("read and draw anew", "")),
    key(&[Char('m')], "m", Everywhere, Action::Mouse, ("mouse on/off", "")),
    key(&[Char('b')], "b", Everywhere, Action::Bell, ("bell on a critical alert", "")),
    key(&[Char('o')], "o O", Everywhere, Action::Write(true), ("screen to file: svg, txt", "")),
    key(&[Char('O')], "", Everywhere, Action::Write(false), ("", "")),
    key(&[Ctrl('z')], "ctrl-z", Everywhere, Action::Suspend, ("suspend", "")),
];

impl Binding {
    /// Whether it works in a pane, or on a GPU's page.
    #[must_use]
    pub fn works(&self, view: View, one: bool) -> bool {
        match self.place {
            Place::Everywhere => true,
            Place::One => one,
            Place::In(own) => !one && own == view,
            Place::OfGpus => !one && matches!(view, View::Fleet | View::Gpus),
        }
    }
}

/// What a key asks for in a pane, or on a GPU's page.
#[must_use]
pub fn find(event: KeyEvent, view: View, one: bool) -> Option<Action> {
    let press = press(event);
    KEYS.iter().find(|binding| binding.works(view, one) && binding.keys.contains(&press)).map(|binding| binding.action)
}

/// The key of an event. Shift is in the character already.
#[must_use]
pub fn press(event: KeyEvent) -> Press {
    match event.code {
        KeyCode::Char(c) if event.modifiers.contains(KeyModifiers::CONTROL) => Press::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Press::Char(c),
        code => Press::Code(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_hides_another() {
        for (view, one) in View::ALL.into_iter().map(|view| (view, false)).chain([(View::Gpus, true)]) {
            let works: Vec<&Binding> = KEYS.iter().filter(|binding| binding.works(view, one)).collect();
            let mut seen: Vec<Press> = Vec::new();
            for press in works.iter().flat_map(|binding| binding.keys) {
                assert!(!seen.contains(press), "{press:?} means two things in {view:?} {one}");
                seen.push(*press);
            }
        }
    }

    #[test]
    fn what_is_listed_is_named() {
        assert!(KEYS.iter().all(|binding| binding.help.is_empty() || !binding.shown.is_empty()));
        assert!(KEYS.iter().all(|binding| binding.footer.is_empty() || !binding.shown.is_empty()));
    }
}
