//! The reasons that clients heard, the newest of each broker, until the cluster answers again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::connection;
use super::fault::{ConnectionRow, Person};
use crate::event::text::acts;

/// Brokers whose reasons are kept; more would not be read.
const BROKERS: usize = 16;
/// Reasons that are told in one line.
const TOLD: usize = 3;
/// A refusal that stood this long without an answer stands (J). librdkafka tells the same reason twice, then only every
/// 30 s.
const STANDS: Duration = Duration::from_secs(2);

/// What one broker's connection failed by.
#[derive(Debug)]
struct Reason {
    row: &'static ConnectionRow,
    text: String,
    times: u32,
    since: Instant,
}

/// The newest reason of each broker, by its address.
#[derive(Debug, Default)]
pub(super) struct Heard {
    reasons: BTreeMap<String, Reason>,
}

/// A reason in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Why {
    /// What is read.
    pub(super) words: String,
    /// What to do.
    pub(super) hint: String,
    /// Who must act.
    pub(super) person: Person,
}

/// Text from the wire on one line, with nothing in it that acts on a terminal.
pub(super) fn clean(text: &str) -> String {
    let safe = |c: char| if acts(c) { format!("\\u{{{:x}}}", u32::from(c)) } else { c.to_string() };
    text.trim().chars().map(safe).collect()
}

/// What librdkafka told: of whom and what. It writes `[thrd:…]: scheme://host:port/id: text`; of a coordinator its role
/// stands before the address.
struct Told<'t> {
    name: &'t str,
    address: &'t str,
    text: &'t str,
}

impl Told<'_> {
    fn of(line: &str) -> Told<'_> {
        let line =
            if line.starts_with("[thrd:") { line.split_once("]: ").map_or(line, |(_, rest)| rest) } else { line };
        let Some((name, rest)) = line.split_once(": ") else { return Told { name: "", address: "", text: line } };
        let address = name.rsplit_once("://").map_or(name, |(_, address)| address);
        let address = address.split_once('/').map_or(address, |(address, _)| address);
        match rest.split_once(": ") {
            _ if address.contains(':') => Told { name, address, text: rest },
            Some((address, text)) if address.contains(':') && !address.contains(' ') => Told { name, address, text },
            _ if address.ends_with("Coordinator") => Told { name, address: "", text: rest },
            _ => Told { name: "", address: "", text: line },
        }
    }
}

impl Heard {
    /// Notes a reason. Returns whether it is one of those that are told.
    pub(super) fn hear(&mut self, text: &str, now: Instant) -> bool {
        let told = Told::of(text);
        let Some(row) = connection::row(told.name, told.text) else { return false };
        let (broker, text) = (told.address, clean(told.text));
        let room = self.reasons.len() < BROKERS;
        match self.reasons.get_mut(broker) {
            // A producer's context is told everything twice, in the same words to the millisecond.
            Some(known) if known.text == text => {}
            Some(known) if known.row.kind == row.kind => {
                known.text = text;
                known.times = known.times.saturating_add(1);
            }
            Some(known) if known.row.strength > row.strength => {}
            Some(known) => *known = Reason { row, text, times: 1, since: now },
            None if room => {
                self.reasons.insert(broker.to_owned(), Reason { row, text, times: 1, since: now });
            }
            None => {}
        }
        true
    }

    /// The cluster answers.
    pub(super) fn forget(&mut self) {
        self.reasons.clear();
    }

    /// Whether a broker refuses what only a person can change, and does not only stumble.
    pub(super) fn refused(&self, now: Instant) -> bool {
        self.reasons.values().any(|reason| {
            reason.row.person != Person::Never
                && (reason.times > 1 || now.saturating_duration_since(reason.since) >= STANDS)
        })
    }

    /// What is known, in words; `login` is who logs in how. What a person must change comes first, and alone.
    pub(super) fn why(&self, login: &str) -> Option<Why> {
        let refused = self.reasons.values().any(|reason| reason.row.person != Person::Never);
        let strongest = self.reasons.values().map(|reason| reason.row.strength).max()?;
        let told: Vec<(&String, &Reason)> = self
            .reasons
            .iter()
            .filter(|(_, reason)| !refused || reason.row.person != Person::Never)
            .filter(|(_, reason)| refused || reason.row.strength == strongest)
            .collect();
        let (broker, first) = told.first()?;
        let hint = fill(first.row.hint, broker, login, first);
        let same = told.iter().all(|(_, reason)| reason.row.kind == first.row.kind);
        let words = if same {
            fill(first.row.words, broker, login, first)
        } else {
            let each = |(broker, reason): &(&String, &Reason)| {
                let words = fill(reason.row.words, broker, login, reason);
                if words.contains(broker.as_str()) { words } else { format!("{broker}: {words}") }
            };
            told.iter().take(TOLD).map(each).collect::<Vec<_>>().join("; ")
        };
        Some(Why { words, hint, person: first.row.person })
    }
}

fn fill(template: &str, broker: &str, login: &str, reason: &Reason) -> String {
    let broker = if broker.is_empty() { "the broker" } else { broker };
    let host = broker.rsplit_once(':').map_or(broker, |(host, _)| host);
    template
        .replace("{broker}", broker)
        .replace("{host}", host)
        .replace("{login}", login)
        .replace("{reason}", connection::reason(reason.row.kind, &reason.text))
}
