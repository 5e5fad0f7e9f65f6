//! `clock`: whether this machine's clock can be right, and whether something keeps it so.
//!
//! A clock cannot be checked against itself: what is stored already must not lie ahead of it, and a time service leaves a
//! mark where it is in step. Where neither tells anything, that is said.

use std::path::Path;

use gpuhm::event::Time;

use super::registry::{Check, Finding, Subject};
use crate::open;

pub(super) const CHECK: Check = Check { id: "clock", needs: None, applies: |_| true, run };

/// Milliseconds that the newest stored sample may lie ahead (J): a collector's clock may be off by a little. Beyond the
/// second, validate refuses samples.
const AHEAD: i64 = 10_000;
const REFUSED: i64 = 300_000;
/// What systemd's time service touches once it is in step.
const IN_STEP: &str = "/run/systemd/timesync/synchronized";
/// Where another service leaves its socket or process number, and what asks it.
const SERVICES: [(&str, &str); 3] = [
    ("/run/chrony/chronyd.pid", "chronyc tracking"),
    ("/run/chronyd.pid", "chronyc tracking"),
    ("/run/ntpd.pid", "ntpq -p"),
];

fn run(subject: &Subject) -> Finding {
    let newest = newest(subject);
    let ahead = newest.map_or(i64::MIN, |newest| newest.since(subject.now));
    judged(ahead, &kept(Path::new(IN_STEP).exists()))
}

fn judged(ahead: i64, kept: &str) -> Finding {
    if ahead >= AHEAD {
        let text = format!("the newest stored sample is {} s ahead of this machine's clock", ahead / 1000);
        let found = if ahead >= REFUSED { Finding::fault(text) } else { Finding::warning(text) };
        return found.remedy("timedatectl timesync-status, here and on the collectors");
    }
    Finding::ok(kept.to_owned())
}

fn kept(in_step: bool) -> String {
    if in_step {
        return "in step with a time service".to_owned();
    }
    let service = SERVICES.iter().find(|(mark, _)| Path::new(mark).exists());
    match service {
        Some((_, ask)) => format!("a time service runs; whether it is in step tells {ask}"),
        None => "no time service is seen here: cannot be told (in a container the host's matters)".to_owned(),
    }
}

/// Time of the newest sample in the store, where there is one to look at.
fn newest(subject: &Subject) -> Option<Time> {
    let mut store = open::store_to_read(&subject.common, &subject.store).ok()?;
    let rows = store.latest().ok()?;
    rows.iter().map(|latest| latest.raw.time).max()
}
