//! What a GPU's own past says: the evidence table of section 4, from labels and from telemetry.
//!
//! Remap failures, the SRAM flag and XIDs 64, 79 and 95 have no row: they ask for an action, by rule, whatever the odds.
//! Neither have corrected errors, temperature, power, utilisation and age. The row about neighbours stands with the groups,
//! which count the same failures.

use super::lives::Life;
use super::table::{BUSY_POWER, BUSY_SM, Evidence, OWN_OLDER, OWN_RECENT, RECENT, THERMAL, THERMAL_SECONDS};
use crate::event::facts::Load;
use crate::event::prediction::Reason;
use crate::event::time::DAY;
use crate::event::{Known, Time};
use crate::metric::METRICS;

/// The XID of an uncorrectable memory error.
const UNCORRECTABLE: i64 = 48;

/// Reads the evidence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader {
    now: Time,
    /// The lifetime counter of uncorrectable errors.
    lifetime: Option<usize>,
}

fn reason(row: Evidence, text: String) -> Reason {
    Reason { id: row.id.to_owned(), factor: row.factor, text }
}

impl Reader {
    pub(super) fn new(now: Time) -> Reader {
        Reader { now, lifetime: METRICS.iter().position(|metric| metric.name == "ecc_dbe_aggregate") }
    }

    /// Adds what is known of one GPU.
    pub(super) fn read(self, gpu: &Known, life: &Life, to: &mut Vec<Reason>) {
        to.extend(self.own(gpu, life));
        to.extend(self.thermal(gpu));
    }

    /// Its own newest failure or uncorrectable error; one row, the newest decides.
    fn own(self, gpu: &Known, life: &Life) -> Option<Reason> {
        let reported = self.reported(gpu);
        let newest = life.newest.max(reported);
        if let Some(at) = newest {
            let what = if life.newest == newest { "failed" } else { "uncorrectable memory error" };
            let row = if self.now.since(at) < RECENT { OWN_RECENT } else { OWN_OLDER };
            return Some(reason(row, format!("{what} {}", days_ago(self.now.since(at)))));
        }
        let lifetime = gpu.latest.values.int(self.lifetime?)?;
        let s = if lifetime == 1 { "" } else { "s" };
        (lifetime > 0).then(|| {
            reason(
                OWN_OLDER,
                format!("{lifetime} uncorrectable memory error{s} on its lifetime counter, none in 90 days"),
            )
        })
    }

    /// The newest uncorrectable error that telemetry has.
    fn reported(self, gpu: &Known) -> Option<Time> {
        let xids =
            gpu.events.iter().filter(|event| event.kind == "xid" && event.code == UNCORRECTABLE).map(|xid| xid.at);
        let counts = gpu.minutes.iter().filter(|minute| minute.dbe > 0).map(|minute| minute.start);
        xids.chain(counts).filter(|at| *at <= self.now).max()
    }

    /// Hardware thermal slowdown in the hours of the last day in which it worked.
    fn thermal(self, gpu: &Known) -> Option<Reason> {
        let from = self.now.plus(-DAY);
        let worked =
            |at: Time| gpu.hours.iter().any(|hour| at >= hour.start && at.since(hour.start) < hour.ms && busy(hour));
        let seconds: f64 = gpu
            .minutes
            .iter()
            .filter(|minute| minute.hw_thermal_s > 0.0 && minute.start > from && minute.start <= self.now)
            .filter(|minute| worked(minute.start))
            .map(|minute| minute.hw_thermal_s)
            .sum();
        (seconds >= THERMAL_SECONDS).then(|| {
            reason(THERMAL, format!("hardware thermal slowdown for {seconds:.0} s under load in the last day"))
        })
    }
}

/// Section 3 rule 7, of an hour.
fn busy(hour: &Load) -> bool {
    if let Some(active) = hour.sm_active {
        return active >= BUSY_SM;
    }
    let [_, p95, _] = hour.power;
    matches!((p95, hour.limit), (Some(power), Some(limit)) if power >= BUSY_POWER * limit)
}

fn days_ago(ms: i64) -> String {
    match ms / DAY {
        0 => "within the last day".to_owned(),
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    }
}

#[cfg(test)]
mod tests;
