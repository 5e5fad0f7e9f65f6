//! Who is there: of every GPU and host when it last said something, and whether that can be judged at all.
//!
//! All from what is stored. A host's word is its GPUs' samples and its collector's report; it can be missed only if it was
//! live, that is, if its newest sample was written soon after its own time. A GPU that was swapped, or recorded as taken out
//! and silent since, is gone and missed by nobody. What has no host's name has no host: nothing is told of many by one that
//! is none. Says nothing of alerts: what is worth one is for the rules.

mod gone;

use std::collections::{BTreeMap, HashMap};

use super::fleet::limits::{GRACE, HOST_AT_LEAST, HOST_INTERVALS, INTERVAL, LONGEST_BOOT, PROMPT, REPORT};
use crate::event::rows::{COLLECTOR_COUNTS, CollectorRow};
use crate::event::{Facts, Failure, Known, Time};
use gone::{Words, gap, removed, replaced};

/// Why a GPU is missed by nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone<'a> {
    /// Another GPU is in its slot.
    Replaced(&'a str),
    /// People recorded that it was taken out.
    Removed(&'a Failure),
}

/// One GPU.
#[derive(Debug)]
pub(super) struct Gpu<'a> {
    pub(super) known: &'a Known,
    pub(super) gone: Option<Gone<'a>>,
    /// Whether its host is ahead of it by more than a gap …
    pub(super) behind: bool,
    /// … or by all but an interval of that.
    nearly: bool,
}

/// One host: what has samples or a collector's report.
#[derive(Debug, Default)]
pub(super) struct Host<'a> {
    /// Its GPUs that are not gone, by their place in the facts.
    pub(super) gpus: Vec<usize>,
    pub(super) report: Option<&'a CollectorRow>,
    /// The longest of its GPUs' intervals.
    pub(super) interval: i64,
    /// Time of its newest sample.
    pub(super) sampled: Option<Time>,
    /// Whether all of its several GPUs are silent.
    pub(super) lost: bool,
    /// Whether its newest sample was written soon after its own time.
    prompt: bool,
    /// Time of the newest reset or first sight on it.
    settling: Option<Time>,
    /// When its collector started, as its ticks tell.
    started: Option<Time>,
    /// The last word of a GPU that was taken out of it with none in its place.
    pub(super) left: Option<Time>,
}

/// A rack: its data centre where known, and its name; names repeat between data centres.
pub(super) type RackId<'a> = (Option<&'a str>, &'a str);

/// The fleet.
#[derive(Debug)]
pub(super) struct Presence<'a> {
    /// In the order of the facts.
    pub(super) gpus: Vec<Gpu<'a>>,
    pub(super) hosts: BTreeMap<&'a str, Host<'a>>,
    /// The GPUs of each that are not gone.
    pub(super) racks: BTreeMap<RackId<'a>, Vec<usize>>,
    by_uuid: HashMap<&'a str, usize>,
}

impl<'a> Presence<'a> {
    pub(super) fn new(facts: &'a Facts) -> Presence<'a> {
        let reports = facts.collectors.iter().map(|row| (row.hostname.as_str(), row)).collect();
        let replaced = replaced(facts, &reports);
        let (removed, words) = (removed(facts), Words::new(facts));
        let gone = |known: &Known| {
            let by = replaced.get(known.uuid()).copied().map(Gone::Replaced);
            by.or_else(|| {
                // A record may come before the GPU is out: as long as it reports, it is there.
                let out = |row: &&Failure| row.at >= known.latest.time && words.is_silent(known);
                removed.get(known.uuid()).copied().filter(out).map(Gone::Removed)
            })
        };
        let gpus: Vec<Gpu<'_>> =
            facts.gpus.iter().map(|known| Gpu { known, gone: gone(known), behind: false, nearly: false }).collect();
        let by_uuid = facts.gpus.iter().enumerate().map(|(at, known)| (known.uuid(), at)).collect();
        let mut presence = Presence { gpus, hosts: hosts(&reports), racks: BTreeMap::new(), by_uuid };
        presence.settle();
        presence.fall_behind();
        presence
    }

    /// Puts every GPU into its host and rack.
    fn settle(&mut self) {
        for (at, gpu) in self.gpus.iter().enumerate() {
            let known = gpu.known;
            if let Some(name) = Some(known.latest.hostname.as_str()).filter(|name| !name.is_empty()) {
                let host = self.hosts.entry(name).or_default();
                match gpu.gone {
                    None => host.add(at, known),
                    Some(Gone::Removed(_)) => host.left = host.left.max(Some(known.latest.time)),
                    Some(Gone::Replaced(_)) => {}
                }
            }
            if let (None, Some(rack)) = (gpu.gone, known.place.rack()) {
                self.racks.entry((known.place.get("datacenter"), rack)).or_default().push(at);
            }
        }
        for host in self.hosts.values_mut() {
            host.interval = if host.interval > 0 { host.interval } else { INTERVAL };
            let ticks = |row| Some(count(row, "ticks")?.saturating_add(count(row, "missed").unwrap_or_default()));
            let ticks = host.report.and_then(|row| Some((row.time, ticks(row)?)));
            host.started = ticks.map(|(time, ticks)| time.plus(-ticks.saturating_mul(host.interval)));
        }
    }

    fn fall_behind(&mut self) {
        for host in self.hosts.values() {
            for at in &host.gpus {
                if let Some(gpu) = self.gpus.get_mut(*at) {
                    let latest = &gpu.known.latest;
                    let (interval, gap) = gap(gpu.known);
                    let lag = host.newest().map_or(0, |newest| newest.since(latest.time));
                    (gpu.behind, gpu.nearly) = (lag > gap, lag > gap - interval);
                }
            }
        }
        // Once a pass: each of its GPUs asks.
        let lost: Vec<bool> = self.hosts.values().map(|host| self.is_lost(host)).collect();
        for (host, lost) in self.hosts.values_mut().zip(lost) {
            host.lost = lost;
        }
    }

    pub(super) fn gpu(&self, uuid: &str) -> Option<&Gpu<'a>> {
        self.gpus.get(self.index(uuid)?)
    }

    /// Whether a GPU's host goes on without it; `None` where nobody can tell: of a replay, of a host that is lost whole, and
    /// while it boots, when what is not there yet may still come.
    pub(super) fn missed(&self, uuid: &str, now: Time) -> Option<bool> {
        let gpu = self.gpu(uuid)?;
        let host = self.host_of(gpu)?;
        if gpu.gone.is_some() || !gpu.behind {
            return Some(false);
        }
        // A collector that cannot read its GPUs goes on without all of them.
        let reads = |row: &CollectorRow| matches!(row.source_state.as_deref(), None | Some("ok"));
        let heard = host.sampled > Some(gpu.known.latest.time) || host.report.is_some_and(reads);
        let told = heard && host.is_live() && host.is_fresh(now) && !host.lost;
        (told && !host.excuses(gpu.known.latest.time, now)).then_some(true)
    }

    /// The GPU that is in another's slot now.
    pub(super) fn replaced_by(&self, uuid: &str) -> Option<&'a str> {
        match self.gpu(uuid)?.gone? {
            Gone::Replaced(by) => Some(by),
            Gone::Removed(_) => None,
        }
    }

    pub(super) fn index(&self, uuid: &str) -> Option<usize> {
        self.by_uuid.get(uuid).copied()
    }

    pub(super) fn host_of(&self, gpu: &Gpu<'a>) -> Option<&Host<'a>> {
        self.hosts.get(gpu.known.latest.hostname.as_str())
    }

    /// The GPUs of a host that are not gone.
    pub(super) fn members<'s>(&'s self, host: &'s Host<'a>) -> impl Iterator<Item = &'s Gpu<'a>> {
        host.gpus.iter().filter_map(|at| self.gpus.get(*at))
    }

    /// Whether every GPU of a host of several is behind: then it is the host that is lost, whoever reports for it. An
    /// interval less than a gap is enough, since their last samples are not all of one instant.
    fn is_lost(&self, host: &Host<'a>) -> bool {
        host.gpus.len() > 1 && self.members(host).all(|gpu| gpu.nearly)
    }
}

impl<'a> Host<'a> {
    fn add(&mut self, at: usize, known: &Known) {
        self.gpus.push(at);
        self.interval = self.interval.max(known.latest.interval_ms.unwrap_or_default());
        let prompt = known.written.since(known.latest.time) < PROMPT;
        if self.sampled < Some(known.latest.time) {
            (self.sampled, self.prompt) = (Some(known.latest.time), false);
        }
        self.prompt |= prompt && self.sampled == Some(known.latest.time);
        let resets = known.events.iter().filter(|event| event.kind == "reset").map(|event| event.at);
        self.settling = resets.chain([known.first]).max().max(self.settling);
    }

    /// Whether it is of the present; of a replay nothing is missed. A host that died while the pipeline was down is
    /// written late, too, and cannot be told from one.
    pub(super) fn is_live(&self) -> bool {
        self.prompt
    }

    /// When its collector started, as its ticks tell.
    pub(super) fn started(&self) -> Option<Time> {
        self.started
    }

    /// Time of its newest sample or report.
    pub(super) fn newest(&self) -> Option<Time> {
        self.sampled.max(self.report.map(|row| row.time))
    }

    /// Its last word as far as its silence goes. A collector may report for a host from elsewhere: where all of several
    /// GPUs are silent, its report is no sign of the host's life.
    pub(super) fn last_word(&self) -> Option<Time> {
        if self.gpus.len() > 1 { self.sampled } else { self.newest() }
    }

    /// How long a silence of it must be.
    pub(super) fn gap(&self) -> i64 {
        HOST_AT_LEAST.max(self.interval.saturating_mul(HOST_INTERVALS))
    }

    /// Whether it said something just now.
    pub(super) fn is_fresh(&self, now: Time) -> bool {
        self.newest().is_some_and(|newest| now.since(newest) <= self.gap())
    }

    /// Its collector's report, where it is of the present.
    pub(super) fn fresh_report(&self, now: Time) -> Option<&'a CollectorRow> {
        self.report.filter(|row| now.since(row.time) <= REPORT.max(self.gap()))
    }

    /// Whether it booted so recently that what is not there yet may still come.
    pub(super) fn is_booting(&self, now: Time) -> bool {
        self.settling.max(self.started).is_some_and(|from| now.since(from) < GRACE)
    }

    /// The same for a GPU that last spoke at `last`: a collector that starts over and over excuses it for an hour only.
    pub(super) fn excuses(&self, last: Time, now: Time) -> bool {
        let started = self.started.filter(|_| now.since(last) < LONGEST_BOOT);
        self.settling.max(started).is_some_and(|from| now.since(from) < GRACE)
    }
}

/// A count of a collector's report.
pub(super) fn count(row: &CollectorRow, name: &str) -> Option<i64> {
    let at = COLLECTOR_COUNTS.iter().position(|count| *count == name)?;
    row.counts.get(at).copied().flatten()
}

fn hosts<'a>(reports: &HashMap<&'a str, &'a CollectorRow>) -> BTreeMap<&'a str, Host<'a>> {
    let named = reports.iter().filter(|(name, _)| !name.is_empty());
    named.map(|(name, row)| (*name, Host { report: Some(row), ..Host::default() })).collect()
}
