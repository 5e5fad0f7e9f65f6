//! A collector's reports about itself: when they are due, and what is in them.

use super::Collected;
use crate::event::Time;
use crate::event::sample::{Body, Collector, Event, Host, SCHEMA_VERSION};
use crate::pipeline::sink::Backlog;
use crate::source::HostReport;

/// When reports are due: every minute, and at once when events begin to be dropped.
#[derive(Debug, Default)]
pub(super) struct Reports {
    dropped: u64,
    /// Whether the last report already told of new drops: the rest of them can wait for the minute.
    dropping: bool,
}

impl Reports {
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
            source: Some(kind.into()),
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
