//! A collector's reports about its hosts: when they are due and what they say.

use crate::event::Time;
use crate::event::sample::{Body, Collector, Event, Host, SCHEMA_VERSION};
use crate::pipeline::collect::Collected;
use crate::pipeline::sink::Backlog;
use crate::source::HostReport;

/// When reports are due: every minute, and at once when a host's source fails, fails otherwise or recovers, when the number of
/// its GPUs changes, and when events begin to be dropped.
#[derive(Debug, Default)]
pub(super) struct Reports {
    /// How each host could be read, and how many of its GPUs.
    hosts: Vec<(String, i64)>,
    dropped: u64,
    /// Whether the last report already told of new drops: the rest of them can wait for the minute.
    dropping: bool,
}

impl Reports {
    /// Whether a host is read otherwise than at the last tick. Of what is wrong with it numbers say nothing new: they may be
    /// how long it is so already.
    pub(super) fn changed(&mut self, hosts: &[HostReport]) -> bool {
        let words = |host: &HostReport| host.state.chars().filter(|c| !c.is_ascii_digit()).collect();
        let now: Vec<_> = hosts.iter().map(|host| (words(host), host.seen)).collect();
        let changed = self.hosts != now;
        self.hosts = now;
        changed
    }

    pub(super) fn wants(&mut self, due: bool, dropped: u64) -> bool {
        let more = dropped > self.dropped;
        let wants = due || (more && !self.dropping);
        if wants {
            (self.dropped, self.dropping) = (dropped, more);
        }
        wants
    }
}

/// A collector's report about one of its hosts. On the embedded bus the log itself is the spool: nothing waits before
/// it, and nothing is dropped.
pub(super) fn report(
    host: &HostReport,
    kind: &'static str,
    (at, done): (Time, &Collected),
    (waits, backlog): (Option<u64>, Backlog),
) -> Event<'static> {
    let [cluster, rack, datacenter] = host.place.clone().map(|text| text.map(Into::into));
    let count = |number: u64| i64::try_from(number).ok();
    Event {
        schema_version: Some(SCHEMA_VERSION.into()),
        time: Some(at),
        host: Host { hostname: Some(host.hostname.clone().into()), cluster, rack, datacenter },
        body: Body::Collector(Collector {
            ticks: count(done.ticks),
            missed: count(done.missed + host.missed),
            spool_bytes: waits.and_then(count),
            dropped: count(backlog.dropped),
            gpus_seen: Some(host.seen),
            gpus_expected: host.expected,
            source: Some(host.kind.unwrap_or(kind).into()),
            source_state: Some(host.state.clone().into()),
            version: Some(env!("CARGO_PKG_VERSION").into()),
        }),
        ..Event::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_otherwise_is_told_at_once_and_for_how_long_is_not() {
        let mut reports = Reports::default();
        let mut changed = |state: &str| {
            let state = state.to_owned();
            let host = HostReport {
                hostname: "n1".to_owned(),
                place: [None, None, None],
                seen: 0,
                missed: 0,
                guessed: false,
                expected: None,
                state,
                kind: None,
            };
            reports.changed(&[host])
        };
        assert!(changed("no answer from dcgm://n1:5555 yet"));
        assert!(changed("blocked on dcgm://n1:5555 for 9 s") && !changed("blocked on dcgm://n1:5555 for 10 s"));
        assert!(changed("host engine has no fresh values of any GPU") && changed("ok") && !changed("ok"));
    }

    #[test]
    fn a_drop_makes_a_report_at_once_and_more_of_it_one_a_minute() {
        let mut reports = Reports::default();
        assert!(reports.wants(true, 0) && !reports.wants(false, 0));
        assert!(reports.wants(false, 5), "dropping began");
        assert!(!reports.wants(false, 9) && !reports.wants(false, 12));
        assert!(reports.wants(true, 14));
        assert!(!reports.wants(false, 14) && reports.wants(true, 14));
        assert!(reports.wants(false, 15), "it began again");
    }
}
