//! `dcgm.profiling`: whether host engines give profiling values; where not, why, who may hold them, and how to get them.

use gpuhm::source::place::Place;

use super::super::registry::{Finding, Subject, told};
use super::look::{self, Looked, profiles};
use super::{count, engine, signs, together};

/// DCGM's number of the profiling module, and what its states other than "not loaded" and "loaded" mean.
const MODULE: u32 = 8;
const STATES: [(u32, &str, &str); 3] = [
    (1, "the profiling module is on the engine's deny list", "start nv-hostengine without 8 in --denylist-modules"),
    (2, "the profiling module failed to load", "install the package datacenter-gpu-manager-4-proprietary"),
    (5, "profiling is paused", "dcgmi profile --resume"),
];
/// Programs that profile, by their processes' names.
const PROFILERS: [&str; 6] = ["nsys", "ncu", "nsys-ui", "ncu-ui", "nv-nsight-cu-cl", "dcgmproftester1"];
/// The engine's own name: a second one holds what the first would.
const ENGINE: &str = "nv-hostengine";

pub(super) fn run(subject: &Subject) -> Finding {
    if subject.live.profiled().is_none() {
        return Finding::ok("off, as the settings say (--profile-interval off)".to_owned());
    }
    told(look::engines(subject).map(|engines| {
        let with_gpus = engines.iter().filter_map(|(place, looked)| {
            let looked = looked.as_ref().ok().filter(|looked| looked.facts.gpus > 0)?;
            Some((place.clone(), judged(place, looked)))
        });
        let found: Vec<(Place, Finding)> = with_gpus.collect();
        match found.len() {
            0 => Finding::skipped(format!("needs {}", engine::ID)),
            _ => together(found, "host engines", "all give profiling values"),
        }
    }))
}

fn judged(place: &Place, looked: &Looked) -> Finding {
    let all = profiles().count();
    let [with, gpus] = looked.profiled;
    let given = looked.given.len();
    let paused = looked.facts.modules.iter().find_map(|[module, state]| {
        STATES.iter().find(|(of, ..)| *module == MODULE && of == state).map(|(_, what, remedy)| (*what, *remedy))
    });
    if let Some((code, hint)) = looked.facts.unprofiled {
        let (what, remedy) = paused.map_or((String::new(), hint), |(what, remedy)| (format!(": {what}"), remedy));
        let text = match given {
            0 => format!("no profiling values: {code}{what}"),
            _ => format!("{given} of {all} profiling values: the others {code}{what}"),
        };
        return Finding::warning(text).remedy(remedy).details(holders(place));
    }
    if with == 0 {
        let (what, remedy) = paused.unwrap_or((
            "they are blank: paused, or held by another profiler",
            "dcgmi profile --resume; end Nsight, CUPTI or a second host engine",
        ));
        return Finding::warning(format!("no profiling values: {what}")).remedy(remedy).details(holders(place));
    }
    if with < gpus {
        let text = format!("{with} of {gpus} GPUs give profiling values");
        return Finding::warning(text)
            .remedy("see which GPUs do not: dcgmi dmon -e 1002; with MIG on, GPUs have none of their own")
            .details(holders(place));
    }
    let without: Vec<&str> = profiles().map(|(_, name)| name).filter(|name| !looked.given.contains(name)).collect();
    let found = Finding::ok(format!("{given} of {all} profiling values of {}", count(gpus, "GPU")));
    if without.is_empty() { found } else { found.details(vec![format!("not: {}", without.join(", "))]) }
}

/// Who on this machine may hold the GPUs' counters, where the engine is on it.
fn holders(place: &Place) -> Vec<String> {
    if !place.is_here() {
        return Vec::new();
    }
    let mut found = signs::running(&PROFILERS);
    let engines = signs::running(&[ENGINE]);
    if engines.len() > 1 {
        found.extend(engines);
    }
    if found.is_empty() { found } else { vec![format!("these run here and may hold them: {}", found.join(", "))] }
}

#[cfg(test)]
mod tests {
    use gpuhm::source::dcgm::Facts;

    use super::super::super::registry::State;
    use super::*;

    #[test]
    fn the_state_of_the_module_says_more_than_the_code() {
        let facts =
            Facts { library: None, engine: None, gpus: 8, driverless: false, unprofiled: None, modules: Vec::new() };
        let mut looked = Looked {
            facts,
            report: None,
            absences: Vec::new(),
            profiled: [0, 8],
            given: std::collections::BTreeSet::new(),
        };
        let place: Place = "dcgm://far".parse().unwrap();
        let blank = judged(&place, &looked);
        assert!(blank.state == State::Warning && blank.text.contains("blank"), "{blank:?}");
        looked.facts.modules = vec![[0, 3], [8, 5]];
        let paused = judged(&place, &looked);
        assert_eq!(paused.text, "no profiling values: profiling is paused");
        assert_eq!(paused.remedy.as_deref(), Some("dcgmi profile --resume"));
        looked.profiled = [6, 8];
        assert_eq!(judged(&place, &looked).text, "6 of 8 GPUs give profiling values");
    }
}
