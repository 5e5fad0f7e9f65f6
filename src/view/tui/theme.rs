//! How roles look. Every role is told apart by characters and modifiers first; colours only repeat it.
//!
//! 256-colour indexes, so that a terminal's own palette stays what its owner chose; foreground and background are the
//! terminal's. `mono` sets no colour at all: under `NO_COLOR` crossterm turns a colour into a full reset, which would
//! take bold and reverse away (facts on the terminal, section 0, fact 1).

use ratatui::style::{Color, Modifier, Style};

use crate::event::Severity;

/// A set of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Colours that can be read on a dark and on a light ground.
    Auto,
    /// For a dark ground.
    Dark,
    /// For a light ground.
    Light,
    /// No pair of red and green.
    Cvd,
    /// No colours.
    Mono,
}

impl Theme {
    /// Every one, in the order `t` goes through them.
    pub const ALL: [Theme; 5] = [Theme::Auto, Theme::Dark, Theme::Light, Theme::Cvd, Theme::Mono];

    /// Its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Dark => "dark",
            Theme::Light => "light",
            Theme::Cvd => "cvd",
            Theme::Mono => "mono",
        }
    }

    /// The theme a name means.
    #[must_use]
    pub fn parse(word: &str) -> Option<Theme> {
        Theme::ALL.into_iter().find(|theme| theme.word() == word)
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Theme {
        let at = Theme::ALL.iter().position(|theme| *theme == self).unwrap_or_default();
        Theme::ALL.get(at + 1).copied().unwrap_or(Theme::Auto)
    }

    /// The style of a role.
    pub(super) fn style(self, role: Role) -> Style {
        let style = Style::new().add_modifier(role.modifier());
        match self.color(role) {
            Some(index) => style.fg(Color::Indexed(index)),
            None => style,
        }
    }

    /// (J): hues by convention (green, yellow, orange, red), each dark or light enough for its ground.
    fn color(self, role: Role) -> Option<u8> {
        let [good, watch, fair, poor, bad, faint, accent]: [u8; 7] = match self {
            Theme::Mono => return None,
            Theme::Auto => [34, 136, 172, 166, 160, 244, 32],
            Theme::Dark => [77, 228, 214, 208, 203, 245, 81],
            Theme::Light => [28, 94, 130, 166, 124, 242, 25],
            // Blue and orange stay apart under every colour blindness.
            Theme::Cvd => [33, 33, 178, 208, 208, 244, 33],
        };
        match role {
            Role::Plain | Role::Strong | Role::Selected | Role::Marked => None,
            Role::Faint | Role::Frame | Role::NoData => Some(faint),
            Role::Title | Role::Key | Role::Alarm(Severity::Info) => Some(accent),
            Role::Band(Band::Good) => Some(good),
            Role::Band(Band::Watch) => Some(watch),
            Role::Band(Band::Fair) | Role::Alarm(Severity::Warning) => Some(fair),
            Role::Band(Band::Poor) => Some(poor),
            Role::Band(Band::Bad) | Role::Alarm(Severity::Critical) | Role::Banner => Some(bad),
        }
    }
}

/// What a piece of the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    Strong,
    Faint,
    Frame,
    Title,
    Key,
    NoData,
    Selected,
    Marked,
    Banner,
    Band(Band),
    Alarm(Severity),
}

impl Role {
    fn modifier(self) -> Modifier {
        match self {
            Role::Strong | Role::Title | Role::Key | Role::Marked | Role::Band(Band::Bad | Band::Poor) => {
                Modifier::BOLD
            }
            Role::Selected => Modifier::REVERSED,
            Role::Banner | Role::Alarm(Severity::Critical) => Modifier::REVERSED.union(Modifier::BOLD),
            Role::Faint => Modifier::DIM,
            _ => Modifier::empty(),
        }
    }
}

/// How good a value is, in the seed project's bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Band {
    /// 90 and more.
    Good,
    /// 80 and more.
    Watch,
    /// 70 and more.
    Fair,
    /// 50 and more.
    Poor,
    /// Less.
    Bad,
}

impl Band {
    /// The band of a score.
    pub(super) const fn of(score: i64) -> Band {
        match score {
            90.. => Band::Good,
            80.. => Band::Watch,
            70.. => Band::Fair,
            50.. => Band::Poor,
            _ => Band::Bad,
        }
    }

    /// The band of how much of a limit is used, 0 to 1: how near it is counts, not the number itself.
    pub(super) const fn of_share(share: f64) -> Band {
        match share {
            ..0.9 => Band::Good,
            0.9..0.95 => Band::Watch,
            0.95..1.0 => Band::Fair,
            1.0..1.05 => Band::Poor,
            _ => Band::Bad,
        }
    }
}

/// The characters that differ between terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glyphs {
    /// Top left, top right, bottom left, bottom right.
    pub(super) corners: [char; 4],
    /// Horizontal and vertical.
    pub(super) lines: [char; 2],
    /// Bars of rising height.
    pub(super) bars: &'static [char],
}

impl Glyphs {
    /// For a terminal that knows only ASCII, or any.
    pub(super) const fn of(ascii: bool) -> Glyphs {
        if ascii {
            Glyphs { corners: ['+'; 4], lines: ['-', '|'], bars: &['_', '.', '-', '=', '#'] }
        } else {
            Glyphs {
                corners: ['┌', '┐', '└', '┘'], lines: ['─', '│'], bars: &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mono_sets_no_colour_and_loses_no_role() {
        for role in [Role::Selected, Role::Banner, Role::Alarm(Severity::Critical), Role::Band(Band::Bad), Role::Title]
        {
            let style = Theme::Mono.style(role);
            assert_eq!((style.fg, style.bg), (None, None));
            assert!(!style.add_modifier.is_empty(), "{role:?} is told by nothing");
        }
    }

    #[test]
    fn themes_are_named_and_gone_through() {
        let mut seen = vec![Theme::Auto];
        while seen.last().unwrap().next() != Theme::Auto {
            seen.push(seen.last().unwrap().next());
        }
        assert_eq!(seen, Theme::ALL);
        assert!(Theme::ALL.iter().all(|theme| Theme::parse(theme.word()) == Some(*theme)));
    }
}
