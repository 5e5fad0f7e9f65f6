//! `dcgm.hostengine`: whether each host engine is alive, of which version, which GPUs it has, and what they do not give.

use std::collections::{BTreeMap, BTreeSet};

use gpuhm::source::dcgm::{Absence, Absent, Facts};
use gpuhm::source::place::{Kind, Place};

use super::super::registry::{Finding, State, Subject, told};
use super::look::{self, Looked};
use super::{count, listed, together, unreached};

pub(super) const ID: &str = "dcgm.hostengine";

/// What to do about a state of an engine's host, by a word in it.
const STATES: [(&str, &str); 4] = [
    ("latched", "systemctl restart nvidia-dcgm; see dmesg for the XID that stopped it"),
    ("paused", "wait until the diagnostic is over, or dcgmi profile --resume"),
    ("needs a reset", "drain the node and reset the GPU: nvidia-smi --gpu-reset -i N"),
    ("", "see dmesg for XIDs, and nvidia-smi -L for what the driver has"),
];

/// Something that is wrong with an engine that answers.
struct Wrong {
    state: State,
    what: String,
    remedy: String,
}

pub(super) fn run(subject: &Subject) -> Finding {
    told(look::engines(subject).map(|engines| {
        if engines.is_empty() {
            return Finding::skipped(format!("needs {}", super::socket::ID));
        }
        let one = |(place, looked): &look::Asked| {
            let found = match looked {
                Ok(looked) => judged(place, looked),
                Err(trouble) => unreached(look::is_named(subject, place), trouble.clone()),
            };
            (place.clone(), found)
        };
        let found = engines.iter().map(one).collect();
        let gpus = engines.iter().filter_map(|(_, looked)| Some(looked.as_ref().ok()?.facts.gpus)).sum();
        together(found, "host engines", &format!("all answer, {}", count(gpus, "GPU")))
    }))
}

/// An engine that answered.
fn judged(place: &Place, looked: &Looked) -> Finding {
    let facts = &looked.facts;
    let by = match place.kind {
        Kind::DcgmSocket(_) => "on its socket",
        Kind::DcgmEmbedded => "in this process",
        _ => "by TCP",
    };
    let version = facts.engine.map_or_else(|| "of unknown version".to_owned(), |version| version.to_string());
    let mut text = format!("answers {by}, host engine {version}, {}", count(facts.gpus, "GPU"));
    let wrong: Vec<Wrong> =
        [without_gpus(place, looked), skewed(facts), withheld(&looked.absences)].into_iter().flatten().collect();
    for wrong in &wrong {
        text.push_str("; ");
        text.push_str(&wrong.what);
    }
    let details = lines(&looked.absences, facts.gpus);
    let worst = wrong.into_iter().reduce(|worst, next| if next.state > worst.state { next } else { worst });
    match worst {
        None => Finding::ok(text).details(details),
        Some(Wrong { state: State::Fault, remedy, .. }) => Finding::fault(text).remedy(remedy).details(details),
        Some(wrong) => Finding::warning(text).remedy(wrong.remedy).details(details),
    }
}

/// Whether GPUs or a driver are missing, or its host is not well.
fn without_gpus(place: &Place, looked: &Looked) -> Option<Wrong> {
    let facts = &looked.facts;
    let driver = "load the NVIDIA driver (nvidia-smi must work), then systemctl restart nvidia-dcgm";
    let wrong = |state, what: String, remedy: &str| Some(Wrong { state, what, remedy: remedy.to_owned() });
    let expected = place.gpus.and_then(|gpus| usize::try_from(gpus).ok()).unwrap_or_default();
    let seen = looked.report.as_ref().and_then(|report| usize::try_from(report.seen).ok()).unwrap_or_default();
    let state = looked.report.as_ref().map_or("ok", |report| report.state.as_str());
    if facts.gpus == 0 {
        return wrong(State::Fault, "none that DCGM supports".to_owned(), driver);
    }
    if seen < expected {
        let what = format!("{seen} of {expected} GPUs are there{}", if state == "ok" { "" } else { ": " });
        let what = if state == "ok" { what } else { format!("{what}{state}") };
        return wrong(State::Fault, what, STATES.last().map_or("", |(_, remedy)| remedy));
    }
    if state != "ok" {
        let remedy = STATES.iter().find(|(word, _)| state.contains(word)).map_or("", |(_, remedy)| remedy);
        return wrong(State::Warning, state.to_owned(), remedy);
    }
    facts.driverless.then_some(())?;
    wrong(State::Warning, "it runs without a driver: only what was put into it is read".to_owned(), driver)
}

/// Whether library and engine fit, where they read each other at all.
fn skewed(facts: &Facts) -> Option<Wrong> {
    let (library, engine) = facts.library.zip(facts.engine)?;
    let wrong = |what: String, remedy: String| Some(Wrong { state: State::Warning, what, remedy });
    if library > engine {
        return wrong(
            format!("libdcgm {library} is newer, and need not understand it"),
            format!("update the host engine to {library}, or load its own libdcgm {engine}: --libdcgm PATH"),
        );
    }
    if library.0 < engine.0 {
        return wrong(
            format!("libdcgm {library} is of another major version, and reads no XIDs from it"),
            format!("load libdcgm {engine}: --libdcgm PATH"),
        );
    }
    None
}

/// Whether something is kept back that it could give.
fn withheld(absences: &[Absence]) -> Option<Wrong> {
    if let Some(xid) = absences.iter().find(|absence| absence.metric == "xids" && absence.why != Absent::NoData) {
        return Some(Wrong {
            state: State::Warning,
            what: format!("XIDs cannot be read: {}", xid.why),
            remedy: "install host engine and libdcgm from one version of DCGM; dmesg has the XIDs meanwhile".to_owned(),
        });
    }
    absences.iter().any(|absence| absence.why == Absent::NotPermitted).then(|| Wrong {
        state: State::Warning,
        what: "some values are not permitted".to_owned(),
        remedy: "run nv-hostengine as root, as NVIDIA's unit does: systemctl cat nvidia-dcgm".to_owned(),
    })
}

/// What is absent, a line for each reason and the GPUs it holds for.
fn lines(absences: &[Absence], gpus: usize) -> Vec<String> {
    let mut by_metric: BTreeMap<(String, &'static str), BTreeSet<i64>> = BTreeMap::new();
    for absence in absences {
        by_metric.entry((absence.why.to_string(), absence.metric)).or_default().insert(absence.gpu);
    }
    let mut by_reason: BTreeMap<(String, BTreeSet<i64>), Vec<&'static str>> = BTreeMap::new();
    for ((why, metric), of) in by_metric {
        by_reason.entry((why, of)).or_default().push(metric);
    }
    let line = |((why, of), metrics): ((String, BTreeSet<i64>), Vec<&'static str>)| {
        let of: Vec<String> = of.iter().map(ToString::to_string).collect();
        let on = if of.len() >= gpus { String::new() } else { format!(" (GPU {})", of.join(" ")) };
        format!("{why}{on}: {}", listed(&metrics))
    };
    by_reason.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use gpuhm::source::HostReport;
    use gpuhm::source::dcgm::Version;

    use super::*;

    fn looked(library: Version, engine: Version, gpus: i64, state: &str) -> Looked {
        let facts = Facts {
            library: Some(library),
            engine: Some(engine),
            gpus: 8,
            driverless: false,
            unprofiled: None,
            modules: Vec::new(),
        };
        let report = HostReport {
            hostname: "h".into(),
            place: [None, None, None],
            seen: gpus,
            missed: 0,
            guessed: false,
            expected: None,
            state: state.into(),
            kind: None,
        };
        Looked { facts, report: Some(report), absences: Vec::new(), profiled: [8, 8], given: BTreeSet::new() }
    }

    #[test]
    fn versions_that_do_not_fit_are_told_by_which_is_which() {
        let place: Place = "dcgm://h".parse().unwrap();
        let found = |library, engine| judged(&place, &looked(library, engine, 8, "ok"));
        let (old, new) = (Version(4, 2, 3), Version(4, 5, 0));
        assert_eq!(found(old, new).state, State::Ok, "an older library reads a newer engine");
        let newer = found(new, old);
        assert_eq!(newer.state, State::Warning);
        assert!(newer.text.contains("libdcgm 4.5.0 is newer"), "{}", newer.text);
        assert!(newer.remedy.unwrap().contains("update the host engine to 4.5.0"));
        let major = found(Version(3, 3, 9), new);
        assert!(major.state == State::Warning && major.text.contains("another major version"), "{}", major.text);
    }

    #[test]
    fn gpus_that_are_missing_are_a_fault_where_they_were_counted_and_else_a_warning() {
        let v = Version(4, 6, 0);
        let seen = |place: &str| judged(&place.parse().unwrap(), &looked(v, v, 7, "GPU 3 lost"));
        let counted = seen("dcgm://h#gpus=8");
        assert_eq!(counted.state, State::Fault);
        assert!(counted.text.ends_with("7 of 8 GPUs are there: GPU 3 lost"), "{}", counted.text);
        let uncounted = seen("dcgm://h");
        assert!(uncounted.state == State::Warning && uncounted.text.ends_with("GPU 3 lost"), "{}", uncounted.text);
    }

    #[test]
    fn what_is_absent_is_told_by_reason_and_gpu() {
        let absence = |gpu: i64, metric, why| Absence { gpu, field: 1, metric, why };
        let all = [
            absence(0, "fan_speed_pct", Absent::NotSupported),
            absence(1, "fan_speed_pct", Absent::NotSupported),
            absence(1, "gpu_temp_c", Absent::Blank),
        ];
        assert_eq!(lines(&all, 2), ["blank (GPU 1): gpu_temp_c", "not supported: fan_speed_pct"]);
    }
}
