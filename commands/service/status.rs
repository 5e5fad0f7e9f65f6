//! How a service fares, in one line for `systemctl status`. Pure.

use std::time::{Duration, Instant};

use gpuhm::pipeline::pulse::Reach;

use super::facts::Known;

/// A loop that was silent for so long is told of.
const QUIET: Duration = Duration::from_secs(20);

/// The line: `kafka ok, sim ok, 8 GPUs, lag 0, 0 refused`.
pub(super) fn line(known: &Known, bus: &'static str, now: Instant) -> String {
    let mut parts = Vec::new();
    let collect = known.collect.as_ref();
    if matches!(collect.and_then(|collect| collect.reach), Some((Reach::Untried, _))) {
        parts.push(format!("{bus} not reached yet"));
    }
    for (name, away) in known.dependencies(bus) {
        parts.push(match away {
            None => format!("{name} ok"),
            Some(since) => format!("{name} down {}", long(now.saturating_duration_since(since))),
        });
    }
    if let Some(collect) = collect {
        if let (Some(backlog), Some((_, most))) = (collect.backlog, collect.reach)
            && backlog.waiting > 0
        {
            let (waiting, tenths) = (grouped(backlog.waiting), backlog.bytes.saturating_mul(10) >> 20);
            parts.push(format!("spooled {waiting} events ({}.{} MiB of {})", tenths / 10, tenths % 10, most >> 20));
        }
        parts.push(match &collect.trouble {
            None => format!("{} ok", collect.source),
            Some((what, 1)) => format!("{}: {what}", collect.source),
            Some((what, hosts)) => format!("{}: {what}, and {} more", collect.source, hosts - 1),
        });
        parts.extend(collect.gpus.map(|gpus| format!("{} GPUs", grouped(gpus))));
        let backlog = collect.backlog.unwrap_or_default();
        for (count, what) in [(collect.done.missed, "ticks missed"), (backlog.dropped, "events dropped")] {
            if count > 0 {
                parts.push(format!("{} {what}", grouped(count)));
            }
        }
    }
    if !known.stages.is_empty() {
        let lag = known.stages.values().flat_map(|stage| stage.lags.values()).sum();
        parts.push(format!("lag {}", grouped(lag)));
        if known.stages.contains_key("validate") {
            let refused = known.stages.values().map(|stage| stage.done.counts.refused).sum();
            parts.push(format!("{} refused", grouped(refused)));
        }
    }
    for (pass, done) in &known.passes {
        parts.push(format!("{} GPUs in {pass}", grouped(done.gpus)));
    }
    if let Some((who, silent)) = known.silence(now).filter(|(_, silent)| *silent >= QUIET) {
        parts.push(format!("{who}: no turn for {}", long(silent)));
    }
    if !known.ready {
        parts.insert(0, "starting".to_owned());
    }
    // One line it is, whatever a host calls itself.
    gpuhm::view::escape::escaped(&parts.join(", ")).into_owned()
}

/// What of a line is no number: where this changes, something happened.
pub(super) fn shape(line: &str) -> String {
    line.chars().filter(|c| !(c.is_ascii_digit() || ['.', ','].contains(c))).collect()
}

/// `45s`, `3m12s`, `2h5m`, `3d4h`.
fn long(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// `1,204`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use gpuhm::pipeline::clock::monotonic;
    use gpuhm::pipeline::sink::Backlog;

    use super::*;
    use crate::service::numbers::{Collecting, Rest, Staged};

    #[test]
    fn a_collector_says_what_is_away_and_what_waits() {
        let (lost, now) = (monotonic(), monotonic() + Duration::from_secs(192));
        let mut known = Known { ready: true, ..Known::default() };
        let collect = Collecting { source: "dcgm", gpus: Some(8), ..Collecting::default() };
        known.collect = Some(collect.clone());
        known.rests.insert("bus", Rest { away: None, failures: 0 });
        assert_eq!(line(&known, "bus", now), "bus ok, dcgm ok, 8 GPUs");
        known.rests.clear();
        let backlog = Backlog { bytes: 3_300_000, waiting: 1204, dropped: 0 };
        let reach = Some((Reach::Away(lost), 256 << 20));
        known.collect = Some(Collecting { backlog: Some(backlog), reach, ..collect });
        let said = "kafka down 3m12s, spooled 1,204 events (3.1 MiB of 256), dcgm ok, 8 GPUs";
        assert_eq!(line(&known, "kafka", now), said);
    }

    #[test]
    fn a_stage_says_its_lag_and_refusals() {
        let mut known = Known::default();
        let mut stage = Staged::default();
        stage.lags.extend([(0, 5), (1, 1_234_567)]);
        known.stages.insert("validate", stage);
        known.rests.insert("store", Rest { away: None, failures: 3 });
        let said = line(&known, "kafka", monotonic());
        assert_eq!(said, "starting, store ok, lag 1,234,572, 0 refused");
        assert_eq!(shape(&said), shape("starting, store ok, lag 7, 12 refused"));
        assert_ne!(shape(&said), shape("store ok, lag 7, 12 refused"));
    }

    #[test]
    fn durations_are_short() {
        let said = [5, 192, 7500, 360_000].map(|seconds| long(Duration::from_secs(seconds)));
        assert_eq!(said, ["5s", "3m12s", "2h5m", "4d4h"]);
    }
}
