//! A topic that a transaction may not write to. librdkafka tells it in its log alone: the records are given back as purged,
//! whatever the reason was.

use std::time::{Duration, Instant};

/// How long what was heard explains what was purged: the log comes just before.
const FRESH: Duration = Duration::from_secs(30);

/// The topic that was heard last, and when.
#[derive(Debug, Default)]
pub(super) struct Denied(Option<(String, Instant)>);

impl Denied {
    /// Notes what librdkafka logs of a partition that the broker did not let into the transaction.
    pub(super) fn hear(&mut self, message: &str, now: Instant) {
        if let Some(topic) = topic(message) {
            self.0 = Some((topic.to_owned(), now));
        }
    }

    /// The topic, where it was heard just now.
    pub(super) fn topic(&self, now: Instant) -> Option<&str> {
        let (topic, heard) = self.0.as_ref()?;
        (now.saturating_duration_since(*heard) < FRESH).then_some(topic)
    }
}

fn topic(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("Failed to add partition \"")?;
    let (topic, rest) = rest.split_once('"')?;
    rest.contains("Topic authorization failed").then_some(topic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::kafka::words::monotonic;

    #[test]
    fn the_topic_is_told_while_it_is_fresh() {
        let (mut denied, now) = (Denied::default(), monotonic());
        denied.hear("[thrd:main]: h:1/1: Failed to add partition \"t\" [3] to transaction: Broker: Not leader", now);
        assert_eq!(denied.topic(now), None);
        let line = "[thrd:main]: h:1/1: Failed to add partition \"p-t\" [3] to transaction: Broker: Topic authorization failed";
        denied.hear(line, now);
        assert_eq!(denied.topic(now), Some("p-t"));
        assert_eq!(denied.topic(now + FRESH), None);
    }
}
