//! `exporter.pages`: whether each exporter's page can be read, how much is on it, and which metrics are not.

use gpuhm::source::exporter::{Options, Page, Survey};
use gpuhm::source::place::{Kind, Place};

use super::super::registry::{Finding, Subject};
use super::each::each;
use super::{INTERVAL, count, listed, together, unreached};
use crate::source::live::here;

/// What to do for a page without what faults are told by.
const COUNTERS: &str = "add DCGM_FI_DEV_XID_ERRORS to the exporter's file of counters (dcgm-exporter -f FILE)";

pub(super) fn run(subject: &Subject) -> Finding {
    let is_page = |place: &&Place| matches!(place.kind, Kind::Exporter(_));
    let all: Vec<Place> = subject.places.iter().filter(is_page).cloned().collect();
    let timeout = subject.timeout;
    let looked = each(&all, subject.patience(), move |place, _| {
        let options = Options { timeout: Some(timeout), ..Options::new(here(), INTERVAL) };
        Page::new(place.clone(), options).survey()
    });
    let (mut gpus, mut samples) = (0, 0);
    let mut found = Vec::new();
    for (place, looked) in all.into_iter().zip(looked) {
        let finding = match looked {
            Some(Ok(survey)) => {
                gpus += survey.gpus;
                samples += survey.samples;
                judged(&place, &survey)
            }
            Some(Err(trouble)) => unreached(true, trouble),
            None => Finding::fault("was not read in time".to_owned())
                .remedy("see whether the host is up and a firewall drops the port, or allow more: --timeout 10s"),
        };
        found.push((place, finding));
    }
    together(found, "pages", &format!("{}, {samples} samples", count(gpus, "GPU")))
}

fn judged(place: &Place, survey: &Survey) -> Finding {
    let mut text = format!("{}, {} samples", count(survey.gpus, "GPU"), survey.samples);
    if survey.odd > 0 {
        text = format!("{text}, {} lines that are none", survey.odd);
    }
    let details =
        if survey.absent.is_empty() { Vec::new() } else { vec![format!("not on it: {}", listed(&survey.absent))] };
    let expected = place.gpus.and_then(|gpus| usize::try_from(gpus).ok()).unwrap_or_default();
    if survey.gpus < expected {
        return Finding::fault(format!("{text}; {expected} GPUs should be on it"))
            .remedy("see dmesg on that host for XIDs, and nvidia-smi -L for what its driver has")
            .details(details);
    }
    if survey.absent.contains(&"xids") {
        return Finding::warning(format!("{text}; no XIDs")).remedy(COUNTERS).details(details);
    }
    Finding::ok(text).details(details)
}

#[cfg(test)]
mod tests {
    use super::super::super::registry::State;
    use super::*;

    #[test]
    fn gpus_that_should_be_on_a_page_and_xids_that_are_not_are_told() {
        let survey = |absent| Survey { gpus: 7, samples: 70, odd: 0, absent };
        let place = |url: &str| url.parse::<Place>().unwrap();
        let well = judged(&place("exporter:http://h:9400/metrics"), &survey(vec!["fan_speed_pct"]));
        assert_eq!((well.state, well.text.as_str()), (State::Ok, "7 GPUs, 70 samples"));
        assert_eq!(well.details, ["not on it: fan_speed_pct"]);
        let blind = judged(&place("exporter:http://h:9400/metrics"), &survey(vec!["xids"]));
        assert_eq!(blind.state, State::Warning);
        let few = judged(&place("exporter:http://h:9400/metrics#gpus=8"), &survey(Vec::new()));
        assert!(few.state == State::Fault && few.text.ends_with("8 GPUs should be on it"), "{}", few.text);
    }
}
