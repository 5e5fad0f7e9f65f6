//! The hosts a page speaks for: one, or a fleet's where a server hands on the pages of many.
//!
//! A host that is gone from a page that still names others is reported as missing for a day. Where a page has one host only, a
//! new name is the same machine's (a pod that was made again), and the old one is forgotten.

use std::collections::BTreeMap;

use crate::event::Time;
use crate::source::HostReport;

/// How long a host that is gone is reported, in milliseconds (J: until somebody was at work again).
const REMEMBERED: i64 = 24 * 3_600_000;
/// Most hosts that are remembered (J: as many as a page may have GPUs).
const MOST_HOSTS: usize = 16_384;

/// The hosts seen on a page.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    hosts: BTreeMap<String, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// GPUs on the page that is being read.
    gpus: i64,
    /// When there last were some.
    last: Time,
}

impl Hosts {
    /// Notes a GPU of a host on the page that is being read.
    pub(super) fn seen(&mut self, host: &str) {
        if let Some(seen) = self.hosts.get_mut(host) {
            seen.gpus += 1;
        } else {
            self.hosts.insert(host.to_owned(), Seen { gpus: 1, last: Time(0) });
        }
    }

    /// The hosts' reports, the page having been read at `now`.
    pub(super) fn reports(&mut self, now: Time) -> Vec<HostReport> {
        let there = self.hosts.values().filter(|seen| seen.gpus > 0).count();
        for seen in self.hosts.values_mut().filter(|seen| seen.gpus > 0) {
            seen.last = now;
        }
        let crowded = self.hosts.len() > MOST_HOSTS;
        self.hosts.retain(|_, seen| {
            let recent = there > 1 && !crowded && now.since(seen.last) < REMEMBERED;
            seen.gpus > 0 || recent
        });
        let report = |(host, seen): (&String, &mut Seen)| {
            let gpus = std::mem::take(&mut seen.gpus);
            HostReport {
                hostname: host.clone(),
                place: [None, None, None],
                seen: gpus,
                missed: 0,
                expected: None,
                state: if gpus > 0 { "ok" } else { "no GPU of it on the page" }.to_owned(),
                kind: None,
            }
        };
        self.hosts.iter_mut().map(report).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reports(hosts: &mut Hosts, names: &[&str], hours: i64) -> Vec<(String, i64)> {
        for name in names {
            hosts.seen(name);
        }
        hosts.reports(Time(hours * 3_600_000)).into_iter().map(|report| (report.hostname, report.seen)).collect()
    }

    #[test]
    fn a_host_that_is_gone_from_a_fleets_page_is_missing_for_a_day() {
        let mut hosts = Hosts::default();
        let own = |list: &[(&str, i64)]| list.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect::<Vec<_>>();
        assert_eq!(reports(&mut hosts, &["a", "a", "b", "c"], 0), own(&[("a", 2), ("b", 1), ("c", 1)]));
        assert_eq!(reports(&mut hosts, &["a", "c"], 1), own(&[("a", 1), ("b", 0), ("c", 1)]));
        assert_eq!(reports(&mut hosts, &["a", "c"], 25), own(&[("a", 1), ("c", 1)]));
        assert_eq!(reports(&mut hosts, &["d"], 26), own(&[("d", 1)]), "one host under a new name");
    }
}
