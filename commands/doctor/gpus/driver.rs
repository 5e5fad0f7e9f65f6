//! `nvml.driver`: whether the driver's library opens, of which version the driver is, and what its GPUs do not give.

use std::collections::BTreeMap;
use std::path::Path;

use gpuhm::event::Time;
use gpuhm::event::sample::Body;
use gpuhm::source::Reading;
use gpuhm::source::endpoint::{Endpoint, Trouble};
use gpuhm::source::nvml::{self, Driver};
use gpuhm::source::place::Kind;

use super::super::registry::{Finding, Subject};
use super::each::each;
use super::{INTERVAL, clipped, count, listed, severe, unreached};
use crate::source::live::here;

/// What the driver told.
struct Looked {
    version: Option<String>,
    gpus: usize,
    state: String,
    absent: Vec<nvml::Absent>,
}

pub(super) fn run(subject: &Subject) -> Finding {
    let (path, now) = (subject.live.libnvml.clone(), subject.now);
    let looked = each(std::slice::from_ref(&path), subject.patience(), move |path, _| look(path.as_deref(), now))
        .pop()
        .flatten();
    let place = subject.places.iter().find(|place| place.kind == Kind::Nvml);
    let library = path.map_or_else(|| nvml::LIBRARY.to_owned(), |path| path.display().to_string());
    let named = place.is_some();
    match looked {
        None => severe(named, format!("{library}: the driver did not answer in time"))
            .remedy("see dmesg for XIDs and NVRM: a GPU may have to be reset, or the host rebooted"),
        Some(Err(trouble)) => unreached(named, trouble),
        Some(Ok(looked)) => {
            let expected = place.and_then(|place| usize::try_from(place.gpus?).ok()).unwrap_or_default();
            judged(&library, &looked, expected)
        }
    }
}

fn look(path: Option<&Path>, now: Time) -> Result<Looked, Trouble> {
    let mut driver = Driver::open(path, nvml::Options { hostname: here(), pace: INTERVAL.into() })?;
    let taken = driver.read(now)?;
    let version = taken.readings.iter().find_map(|reading| match reading {
        Reading::Event(event) => match &event.body {
            Body::Sample(gpu, ..) => gpu.driver_version.as_deref().map(str::to_owned),
            _ => None,
        },
        Reading::Line { .. } => None,
    });
    let state = taken.hosts.into_iter().next().map_or_else(|| "ok".to_owned(), |host| host.state);
    Ok(Looked { version, gpus: driver.gpus(), state, absent: driver.absent() })
}

fn judged(library: &str, looked: &Looked, expected: usize) -> Finding {
    let version = looked.version.as_deref().unwrap_or("of unknown version");
    let text = format!("{library}: driver {version}, {}", count(looked.gpus, "GPU"));
    let details = clipped(lines(&looked.absent, looked.gpus));
    let ill = if looked.state == "ok" { String::new() } else { format!("; {}", looked.state) };
    let found = if looked.gpus < expected {
        Finding::fault(format!("{text} of {expected}{ill}"))
    } else if ill.is_empty() {
        return Finding::ok(text).details(details);
    } else {
        Finding::warning(format!("{text}{ill}"))
    };
    found.remedy("see dmesg for XIDs and NVRM, and lspci for what is on the bus").details(details)
}

/// What is absent, a line for each reason.
fn lines(absent: &[nvml::Absent], gpus: usize) -> Vec<String> {
    let mut by_metric: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for absent in absent {
        *by_metric.entry((&absent.why, absent.metric)).or_default() += 1;
    }
    let mut by_reason: BTreeMap<(&str, usize), Vec<&str>> = BTreeMap::new();
    for ((why, metric), of) in by_metric {
        by_reason.entry((why, of)).or_default().push(metric);
    }
    let line = |((why, of), metrics): ((&str, usize), Vec<&str>)| {
        let on = if of >= gpus { String::new() } else { format!(" ({of} of {gpus} GPUs)") };
        format!("{why}{on}: {}", listed(&metrics))
    };
    by_reason.into_iter().map(line).collect()
}
