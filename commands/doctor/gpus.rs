//! What reads GPUs: which of the checks apply to the sources that are named, and how many of one kind are told in one line.
//!
//! What was named must work: its fault is a fault. Where nothing was named a machine may have no GPUs at all, and is told so
//! once; where `auto` has two ways, the one that is missing is a warning at most.

pub(super) mod auto;
mod driver;
mod each;
mod engine;
mod library;
mod look;
mod pages;
mod profiling;
mod signs;
mod socket;

use gpuhm::source::dcgm::Library;
use gpuhm::source::endpoint::Trouble;
use gpuhm::source::place::{Kind, Place};

use super::registry::{Check, Finding, State, Subject};
use crate::source::live::SOCKET;

pub(super) use look::Engines;

pub(super) const URL: Check =
    Check { id: "source.url", needs: None, applies: |subject| subject.wrong.is_some(), run: misnamed };
pub(super) const LIBRARY: Check = Check { id: library::ID, needs: None, applies: by_dcgm, run: library::run };
pub(super) const SOCKETS: Check = Check { id: socket::ID, needs: None, applies: by_socket, run: socket::run };
pub(super) const ENGINE: Check = Check { id: engine::ID, needs: Some(library::ID), applies: by_dcgm, run: engine::run };
pub(super) const PROFILING: Check =
    Check { id: "dcgm.profiling", needs: Some(library::ID), applies: by_dcgm, run: profiling::run };
pub(super) const NVML: Check = Check { id: "nvml.driver", needs: None, applies: by_nvml, run: driver::run };
pub(super) const PAGES: Check = Check { id: "exporter.pages", needs: None, applies: by_pages, run: pages::run };
pub(super) const AUTO: Check = Check { id: "source.auto", needs: None, applies: by_itself, run: auto::run };

/// The interval that sources are looked at with, ms: a long one, so that a look has the engine poll little.
const INTERVAL: i64 = 60_000;
/// Lines below a finding, at most.
const MOST_LINES: usize = 24;
/// Metrics named in a line, at most.
const MOST_NAMES: usize = 40;

fn is_dcgm(kind: &Kind) -> bool {
    matches!(kind, Kind::Dcgm(..) | Kind::DcgmSocket(_) | Kind::DcgmEmbedded)
}

fn by_itself(subject: &Subject) -> bool {
    subject.places.iter().any(|place| place.kind == Kind::Auto)
}

/// Whether there is reason to expect GPUs where `auto` is to find them: it was asked for, or there are signs of some.
fn expects(subject: &Subject) -> bool {
    by_itself(subject) && (subject.named || signs::any())
}

fn by_dcgm(subject: &Subject) -> bool {
    let live = &subject.live;
    let auto = || match &live.libdcgm {
        Some(_) => by_itself(subject),
        None => expects(subject) && Library::load(None).is_ok(),
    };
    subject.places.iter().any(|place| is_dcgm(&place.kind)) || auto()
}

fn by_socket(subject: &Subject) -> bool {
    !socket::paths(subject).is_empty()
}

fn by_nvml(subject: &Subject) -> bool {
    let auto = || by_itself(subject) && (subject.live.libnvml.is_some() || signs::driver());
    subject.places.iter().any(|place| place.kind == Kind::Nvml) || auto()
}

fn by_pages(subject: &Subject) -> bool {
    subject.places.iter().any(|place| matches!(place.kind, Kind::Exporter(_)))
}

/// Sources that are named and cannot be understood.
fn misnamed(subject: &Subject) -> Finding {
    subject.wrong.clone().unwrap_or_else(|| Finding::ok("understood".to_owned()))
}

/// What is wrong with something: a fault where it was named; a warning where it is one of the ways that `auto` has.
fn severe(named: bool, text: String) -> Finding {
    if named { Finding::fault(text) } else { Finding::warning(text) }
}

/// The same of what could not be reached.
fn unreached(named: bool, trouble: Trouble) -> Finding {
    trouble.hint.into_iter().fold(severe(named, trouble.why), Finding::remedy)
}

/// Whether the engine of this machine listens on its usual socket, where `auto` would look for it.
fn is_there() -> bool {
    std::path::Path::new(SOCKET).exists()
}

/// Many of one kind as one finding: the worst is told, the others below it. `well` is what all say together.
fn together(mut found: Vec<(Place, Finding)>, kind: &str, well: &str) -> Finding {
    let all = found.len();
    found.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.state));
    let mut rest = found.into_iter();
    let Some((worst_place, worst)) = rest.next() else { return Finding::skipped(format!("no {kind}")) };
    if all == 1 {
        return Finding { text: format!("{worst_place}: {}", worst.text), details: clipped(worst.details), ..worst };
    }
    let bad = |finding: &Finding| finding.state > State::Ok;
    let others: Vec<(Place, Finding)> = rest.collect();
    let ill = usize::from(bad(&worst)) + others.iter().filter(|(_, finding)| bad(finding)).count();
    let text = match ill {
        0 => format!("{all} {kind}: {well}"),
        _ => format!("{ill} of {all} {kind}: {worst_place}: {}", worst.text),
    };
    let below = |finding: &Finding, place: &Place| -> Vec<String> {
        finding.details.iter().map(|detail| format!("{place}: {detail}")).collect()
    };
    let mut details = below(&worst, &worst_place);
    if !bad(&worst) {
        details.insert(0, format!("{worst_place}: {}", worst.text));
    }
    for (place, finding) in &others {
        let remedy = finding.remedy.as_ref().filter(|remedy| worst.remedy.as_ref() != Some(remedy));
        let remedy = remedy.map(|remedy| format!(" -> {remedy}")).unwrap_or_default();
        details.push(format!("{place}: {}{remedy}", finding.text));
        details.extend(below(finding, place));
    }
    Finding { state: worst.state, text, remedy: worst.remedy, details: clipped(details) }
}

/// Lines, as many as one can take in.
fn clipped(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        lines.truncate(MOST_LINES);
        lines.push(format!("and {more} more lines"));
    }
    lines
}

/// Names, as many as one can take in.
fn listed(names: &[&str]) -> String {
    let more = names.len().saturating_sub(MOST_NAMES);
    let some: Vec<&str> = names.iter().take(MOST_NAMES).copied().collect();
    let some = some.join(", ");
    if more > 0 { format!("{some} and {more} more") } else { some }
}

/// A number of things.
fn count(many: usize, one: &str) -> String {
    if many == 1 { format!("1 {one}") } else { format!("{many} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        text.parse().unwrap()
    }

    #[test]
    fn one_is_told_as_it_is_and_of_many_the_worst_comes_first() {
        let one = together(vec![(place("dcgm://a"), Finding::ok("well".into()))], "engines", "8 GPUs");
        assert_eq!((one.state, one.text.as_str()), (State::Ok, "dcgm://a:5555: well"));
        let found = vec![
            (place("dcgm://a"), Finding::ok("well".into())),
            (place("dcgm://b"), Finding::warning("slow".into()).remedy("hurry")),
            (place("dcgm://c"), Finding::fault("gone".into()).remedy("start it")),
            (place("dcgm://d"), Finding::fault("gone".into()).remedy("start it")),
        ];
        let many = together(found, "engines", "8 GPUs");
        assert_eq!((many.state, many.text.as_str()), (State::Fault, "3 of 4 engines: dcgm://c:5555: gone"));
        assert_eq!(many.remedy.as_deref(), Some("start it"));
        assert_eq!(
            many.details,
            ["dcgm://d:5555: gone", "dcgm://b:5555: slow -> hurry", "dcgm://a:5555: well"],
            "no remedy twice"
        );
        let well = vec![(place("dcgm://a"), Finding::ok("x".into())), (place("dcgm://b"), Finding::ok("y".into()))];
        let well = together(well, "engines", "16 GPUs");
        assert_eq!(well.text, "2 engines: 16 GPUs");
        assert_eq!(well.details, ["dcgm://a:5555: x", "dcgm://b:5555: y"]);
    }

    #[test]
    fn no_answer_is_longer_than_a_screen() {
        let many = (0..100).map(|nth| (place(&format!("dcgm://h{nth}")), Finding::ok("well".into()))).collect();
        let many = together(many, "engines", "800 GPUs");
        assert_eq!(many.details.len(), MOST_LINES + 1);
        assert_eq!(many.details.last().unwrap(), "and 76 more lines");
        let names: Vec<String> = (0..50).map(|nth| nth.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(listed(&names).ends_with("39 and 10 more"), "{}", listed(&names));
        assert_eq!(listed(&["a", "b"]), "a, b");
    }
}
