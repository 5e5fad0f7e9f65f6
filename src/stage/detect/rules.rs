//! The registry of alert rules on one GPU. A new rule is a file here and a line in `RULES`.
//!
//! A rule is data and two functions: what it sees in an event, and how to say it. It keeps at most a [`Mark`]; `for`
//! times, severities, grace and endings are the caller's, so that no rule can get them wrong. It knows nothing of
//! alerts' identity, stores or topics.

mod ecc_dbe;
mod frozen;
mod hw_thermal;
mod memory_margin;
mod power_brake;
mod row_remap_failure;
mod row_remap_pending;
mod sram_threshold;
mod thermal_margin;
mod xid;

use crate::event::time::{MINUTE, SECOND};
use crate::event::{Severity, Time, Values, Xid};
use crate::metric::{Reason, ids};

/// Every rule. States hold rules by their place here: append, and raise the stage's state version.
pub(super) static RULES: [Rule; 10] = [
    xid::RULE,
    ecc_dbe::RULE,
    row_remap_failure::RULE,
    sram_threshold::RULE,
    row_remap_pending::RULE,
    thermal_margin::RULE,
    memory_margin::RULE,
    hw_thermal::RULE,
    power_brake::RULE,
    frozen::RULE,
];

/// A rule.
#[derive(Debug)]
pub(super) struct Rule {
    /// Its id, in alerts and fingerprints.
    pub(super) id: &'static str,
    /// Unit of value and threshold; empty where there is none.
    pub(super) unit: &'static str,
    /// What it looks for.
    pub(super) judge: Judge,
    /// Metrics that an alert quotes.
    pub(super) evidence: &'static [usize],
    /// How to say it, by the qualifier and the values at hand.
    pub(super) words: fn(Option<i64>, &Values) -> Words,
}

/// What a rule looks for.
#[derive(Debug)]
pub(super) enum Judge {
    /// Something that happened and says when, in `since`: an alert at once, until the next reset. An event of any age may
    /// tell it; whether the newest reset has answered it is told from `since` alone, by the caller.
    Event(fn(&Look<'_>, &mut dyn FnMut(Fault))),
    /// Something that stands in a reading, a flag or a count: an alert at once, until the next reset.
    Fault(fn(&Look<'_>, &mut Mark, &mut dyn FnMut(Fault))),
    /// A level that must hold for a time; `None` where the event cannot tell.
    Level(Terms, fn(&Look<'_>, &mut Mark) -> Option<Level>),
}

/// An event as a rule sees it.
#[derive(Debug)]
pub(super) struct Look<'a> {
    pub(super) values: &'a Values,
    /// XIDs no event before told.
    pub(super) xids: &'a [Xid],
    pub(super) time: Time,
    /// Whether this event showed a reset.
    pub(super) fresh: bool,
}

/// What a rule remembers of a GPU from event to event.
pub(super) type Mark = Option<[i64; 3]>;

/// A fault found.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) qualifier: Option<i64>,
    pub(super) since: Time,
    pub(super) severity: Severity,
    pub(super) value: Option<f64>,
    pub(super) threshold: Option<f64>,
}

/// How long a level must hold to fire, and to end; and what it is held against.
#[derive(Debug)]
pub(super) struct Terms {
    /// Milliseconds in breach …
    pub(super) hold: i64,
    /// … and readings in breach before it fires.
    pub(super) readings: u32,
    /// Milliseconds without before it ends.
    pub(super) clear: i64,
    /// Limits of a warning and of a critical alert, and the one beyond which it ends; none for bits.
    pub(super) limits: Option<[f64; 3]>,
}

/// The operators' default (facts on operators, F.2): 60 s and three readings to fire, 120 s to end.
const DEFAULT: Terms = Terms { hold: MINUTE, readings: 3, clear: 120 * SECOND, limits: None };

/// What a reading says of a level.
#[derive(Debug)]
pub(super) struct Level {
    /// How bad, where it is in breach.
    pub(super) severity: Option<Severity>,
    /// Whether it is healthy beyond the hysteresis.
    pub(super) clear: bool,
    /// Whether a breach begins anew with this reading.
    pub(super) again: bool,
    pub(super) value: Option<f64>,
}

/// How an alert is said.
#[derive(Debug)]
pub(super) struct Words {
    /// What is the matter.
    pub(super) what: String,
    /// What to do.
    pub(super) action: &'static str,
}

impl Rule {
    /// The limit of a severity.
    pub(super) fn limit(&self, severity: Severity) -> Option<f64> {
        let [warning, critical, _] = self.limits()?;
        Some(if severity == Severity::Critical { critical } else { warning })
    }

    /// The limit beyond which an alert ends.
    pub(super) fn clear_limit(&self) -> Option<f64> {
        let [.., clear] = self.limits()?;
        Some(clear)
    }

    fn limits(&self) -> Option<[f64; 3]> {
        match &self.judge {
            Judge::Level(terms, _) => terms.limits,
            Judge::Event(_) | Judge::Fault(_) => None,
        }
    }

    /// What to do once it has ended.
    pub(super) fn after(&self) -> &'static str {
        match self.judge {
            Judge::Event(_) | Judge::Fault(_) => {
                "The GPU was reset since; see whether the fault comes back before trusting it with work."
            }
            Judge::Level(..) => "Nothing; the readings are healthy again.",
        }
    }
}

/// One line on an XID.
pub(super) fn xid_line(code: i64) -> String {
    crate::event::xid::line(code)
}

/// A flag that is a fault while it stands.
fn flag(look: &Look<'_>, metric: usize, severity: Severity, found: &mut dyn FnMut(Fault)) {
    if let Some(value) = look.values.int(metric).filter(|value| *value > 0) {
        let value = Some(crate::event::Value::Int(value).real());
        found(Fault { qualifier: None, since: look.time, severity, value, threshold: None });
    }
}

/// A throttle bit as a level.
fn bit(look: &Look<'_>, reason: &str, severity: Severity) -> Option<Level> {
    let mask = look.values.int(ids::THROTTLE)?;
    let reason = crate::metric::REASONS.iter().find(|row| row.name == reason).map(Reason::mask)?;
    let set = mask & reason != 0;
    Some(Level { severity: set.then_some(severity), clear: !set, again: false, value: None })
}

/// Degrees under a limit as a level.
fn margin(degrees: f64, [warning, critical, clear]: [f64; 3]) -> Level {
    let severity = if degrees <= critical {
        Some(Severity::Critical)
    } else if degrees <= warning {
        Some(Severity::Warning)
    } else {
        None
    };
    Level { severity, clear: degrees > clear, again: false, value: Some(degrees) }
}

/// Where a reading stands to its limit, in words: how far under it, at it, or how far over.
fn near(degrees: Option<f64>, limit: &str) -> String {
    match degrees {
        None => format!("close to {limit}"),
        Some(over) if over < 0.0 => format!("{} °C over {limit}", -over),
        Some(under) if under > 0.0 => format!("{under} °C under {limit}"),
        Some(_) => format!("at {limit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_fit_a_fingerprint() {
        for (at, rule) in RULES.iter().enumerate() {
            assert!(rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", rule.id);
            assert!(RULES.iter().skip(at + 1).all(|other| other.id != rule.id), "{}", rule.id);
        }
    }
}
