//! The hosts a page speaks for: one, or a fleet's where a server hands on the pages of many.
//!
//! A host that is gone from a page that still names others is reported as missing for a day. Where a page has one host only, a
//! new name is the same machine's (a pod that was made again), and the old one is forgotten. A GPU without values is expected and
//! not seen.

use std::collections::BTreeMap;

use super::board::{Board, Silence};
use crate::event::Time;
use crate::source::HostReport;

/// How long a host that is gone is reported, in milliseconds (J: until somebody was at work again).
const REMEMBERED: i64 = 24 * 3_600_000;
/// Most hosts that are remembered (J: as many as a page may have GPUs).
const MOST_HOSTS: usize = 16_384;
/// Silent GPUs of a host that are named (J: those of one machine).
const MOST_NAMED: usize = 16;

/// The hosts seen on a page.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    hosts: BTreeMap<String, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// GPUs with values on the page that is being read.
    gpus: i64,
    /// GPUs on it without: their names, as far as they are told, and why.
    silent: Vec<(String, Silence)>,
    /// How many these are.
    without: i64,
    /// When there last were some.
    last: Time,
}

impl Hosts {
    /// Notes a GPU of a host on the page that is being read.
    pub(super) fn seen(&mut self, host: &str, board: &Board) {
        if !self.hosts.contains_key(host) {
            self.hosts.insert(host.to_owned(), Seen::default());
        }
        let Some(seen) = self.hosts.get_mut(host) else { return };
        match board.silence() {
            None => seen.gpus += 1,
            Some(why) => {
                seen.without += 1;
                if seen.silent.len() < MOST_NAMED {
                    seen.silent.push((board.word(), why));
                }
            }
        }
    }

    /// The hosts' reports, the page having been read at `now`.
    pub(super) fn reports(&mut self, now: Time) -> Vec<HostReport> {
        let there = self.hosts.values().filter(|seen| seen.is_there()).count();
        for seen in self.hosts.values_mut().filter(|seen| seen.is_there()) {
            seen.last = now;
        }
        let crowded = self.hosts.len() > MOST_HOSTS;
        self.hosts.retain(|_, seen| {
            let recent = there > 1 && !crowded && now.since(seen.last) < REMEMBERED;
            seen.is_there() || recent
        });
        let report = |(host, seen): (&String, &mut Seen)| {
            let Seen { gpus, without, silent, .. } =
                std::mem::replace(seen, Seen { last: seen.last, ..Seen::default() });
            HostReport {
                hostname: host.clone(),
                place: [None, None, None],
                seen: gpus,
                missed: 0,
                guessed: false,
                expected: Some(gpus + without).filter(|all| *all > 0),
                state: state(gpus, without, &silent),
                kind: None,
            }
        };
        self.hosts.iter_mut().map(report).collect()
    }
}

impl Seen {
    /// Whether the page that is being read has GPUs of it.
    fn is_there(&self) -> bool {
        self.gpus + self.without > 0
    }
}

/// How a host is, by its GPUs with values, those without, and those of them that are named.
fn state(gpus: i64, without: i64, silent: &[(String, Silence)]) -> String {
    match silent {
        [] if gpus > 0 => "ok".to_owned(),
        [] => "no GPU of it on the page".to_owned(),
        [(_, why), _, ..] if gpus == 0 => match why {
            Silence::Empty => "no value of any GPU on the page".to_owned(),
            Silence::Old => "no fresh value of any GPU on the page".to_owned(),
        },
        _ => {
            let mut words: Vec<String> = silent.iter().map(|(gpu, why)| format!("GPU {gpu} {}", why.word())).collect();
            let more = without.saturating_sub(i64::try_from(silent.len()).unwrap_or_default());
            if more > 0 {
                words.push(format!("and {more} more"));
            }
            words.join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::exporter::gather::gather;

    fn reports(hosts: &mut Hosts, names: &[&str], hours: i64) -> Vec<(String, i64)> {
        let page = gather("DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-1\"} 40\n").unwrap();
        for name in names {
            hosts.seen(name, &page.boards[0]);
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
