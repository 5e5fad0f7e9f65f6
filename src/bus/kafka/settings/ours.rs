//! Our own settings, one row each with its reason, and the keys that are nobody else's. Measured ones name the section of
//! the project's notes on Kafka that they come from (F, section); what is judgement says (J).

use super::Role;

/// Clients that a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// All.
    All,
    /// All that read.
    Read,
    /// Those that ask, and see what is not committed yet.
    Look,
    /// Those that read without a group.
    Scan,
    /// Those that read what is committed.
    Committed,
    /// Members of a group.
    Member,
    /// All that publish.
    Write,
    /// Those that publish in transactions.
    Transactions,
}

impl Of {
    fn holds(self, role: &Role) -> bool {
        let write = matches!(role, Role::Transactions { .. } | Role::Producer);
        match self {
            Of::All => true,
            Of::Read => role.reads(),
            Of::Look => matches!(role, Role::Look { .. }),
            Of::Scan => matches!(role, Role::Scan { .. }),
            Of::Committed => matches!(role, Role::Scan { .. } | Role::Member { .. }),
            Of::Member => matches!(role, Role::Member { .. }),
            Of::Write => write,
            Of::Transactions => matches!(role, Role::Transactions { .. }),
        }
    }
}

/// Whether a user may set something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The role needs it as it is.
    Ours,
    /// A good start.
    Yours,
}
use Whose::{Ours, Yours};

/// Whose, for which clients, key, value, reason.
const ROWS: [(Whose, Of, &str, &str, &str); 26] = [
    (Yours, Of::All, "client.id", "gpuhm", "how brokers' logs and quotas know it"),
    (
        Ours,
        Of::All,
        "allow.auto.create.topics",
        "false",
        "topics are made by gpuhm migrate topics: made on first use \
they have the wrong partitions",
    ),
    (
        Yours,
        Of::All,
        "reconnect.backoff.max.ms",
        "2000",
        "with the default of 10 s delivery goes on seconds after the \
broker is back (F 4)",
    ),
    (Yours, Of::All, "socket.keepalive.enable", "true", "firewalls forget connections that are silent (J)"),
    (
        Ours,
        Of::Read,
        "enable.auto.commit",
        "false",
        "a position moves only with the events that were made of what lies \
before it",
    ),
    (
        Ours,
        Of::Read,
        "enable.auto.offset.store",
        "false",
        "a position moves only with the events that were made of what \
lies before it",
    ),
    (Ours, Of::Read, "enable.partition.eof", "true", "the end of a partition is how a reader knows that it has all"),
    (Ours, Of::Read, "auto.offset.reset", "earliest", "a group without a position must not skip what is there"),
    (
        Yours,
        Of::Read,
        "fetch.queue.backoff.ms",
        "10",
        "with the default of 1 s fetching stands still whenever the queue \
is full: half the rate (F 4)",
    ),
    (Yours, Of::Read, "queued.max.messages.kbytes", "16384", "bounds the memory of what is fetched ahead (F 4)"),
    (Yours, Of::Read, "queued.min.messages", "10000", "some steps ahead, and no more (F 4)"),
    (Ours, Of::Look, "isolation.level", "read_uncommitted", "ends are asked for with what is not committed yet"),
    (
        Ours,
        Of::Committed,
        "isolation.level",
        "read_committed",
        "stages publish in transactions: what was given up must \
not be seen",
    ),
    (Yours, Of::Scan, "fetch.wait.max.ms", "100", "how late a line of tail may be (F 4)"),
    (
        Ours,
        Of::Member,
        "partition.assignment.strategy",
        "cooperative-sticky",
        "only partitions that move stop (F 4), \
and all members of a group must have the same",
    ),
    (
        Yours,
        Of::Member,
        "session.timeout.ms",
        "45000",
        "how long a member that died holds its partitions; Kafka's own \
default",
    ),
    (
        Yours,
        Of::Member,
        "max.poll.interval.ms",
        "600000",
        "a step that waits for a slow store keeps its partitions (J)",
    ),
    (Ours, Of::Write, "acks", "all", "what one broker only has acknowledged is lost with it"),
    (
        Ours,
        Of::Write,
        "enable.idempotence",
        "true",
        "a repeated request must neither repeat nor reorder a GPU's events",
    ),
    (
        Ours,
        Of::Write,
        "partitioner",
        "murmur2_random",
        "all publishers must put a GPU in the same partition, those in \
Java too (F 4)",
    ),
    (Ours, Of::Write, "delivery.report.only.error", "false", "an event leaves the spool when its delivery is reported"),
    (Yours, Of::Write, "compression.type", "snappy", "what the topics are made with; costs least (F 5)"),
    (Yours, Of::Write, "linger.ms", "5", "batches form, and an alert is not late (F 4)"),
    (Yours, Of::Write, "queue.buffering.max.kbytes", "65536", "the default is 1 GiB of memory (F 4)"),
    (
        Yours,
        Of::Write,
        "message.max.bytes",
        "9437184",
        "the topic's own limit is what counts, and the broker names it \
(J)",
    ),
    (
        Yours,
        Of::Transactions,
        "transaction.timeout.ms",
        "60000",
        "how long a broker may be away before a transaction is \
given up (F 0); Kafka's own default",
    ),
];

/// Keys that are named by the command, or must stay at their default.
const OWNED: [(Of, &str, &str); 10] = [
    (Of::All, "bootstrap.servers", "the brokers are what --bus names"),
    (Of::All, "group.id", "each command has its own group; --topic-prefix tells installations apart"),
    (Of::All, "group.instance.id", "--instance names it"),
    (Of::All, "transactional.id", "--instance names it"),
    (Of::All, "group.protocol", "a static member of the newer protocol cannot restart before its session ends"),
    (Of::All, "group.protocol.type", "members of a group must have the same"),
    (Of::All, "group.remote.assignor", "members of a group must have the same"),
    (Of::All, "offset.store.method", "positions are kept by the brokers, with what was made of the events"),
    (Of::All, "enable.gapless.guarantee", "it ends the producer where gpuhm would go on"),
    (Of::Transactions, "message.timeout.ms", "in a transaction it is transaction.timeout.ms"),
];

/// Our settings for a role, weaker first.
pub(super) fn of(role: &Role) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
    ROWS.iter().filter(|(_, of, ..)| of.holds(role)).map(|(_, _, key, value, _)| (*key, *value))
}

/// Whether a user may set a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// Yes.
    Free,
    /// It is ours, and the value is what we set.
    Same,
    /// It is ours, for this reason.
    Owned(&'static str),
}

/// Whether a user may set a key to a value, whatever the command.
pub(super) fn claim(key: &str, value: &str) -> Claim {
    // Of several rows of one key the last is the one that users care about.
    if let Some((.., ours, why)) = ROWS.iter().rfind(|(whose, _, name, ..)| *whose == Ours && *name == key) {
        return if ours.eq_ignore_ascii_case(value.trim()) { Claim::Same } else { Claim::Owned(why) };
    }
    let named = OWNED.iter().find(|(of, name, _)| *of == Of::All && *name == key);
    named.map_or(Claim::Free, |(.., why)| Claim::Owned(why))
}

/// Why a key is not for users in this role only.
pub(super) fn owned_in(role: &Role, key: &str) -> Option<&'static str> {
    OWNED.iter().find(|(of, name, _)| *of != Of::All && of.holds(role) && *name == key).map(|(.., why)| *why)
}

#[cfg(test)]
mod tests {
    use super::super::names;
    use super::*;

    #[test]
    fn a_row_is_for_who_may_have_it_and_has_a_reason() {
        for (_, of, key, value, why) in ROWS {
            assert!(!value.is_empty() && why.len() > 10, "{key}");
            let writes = matches!(of, Of::Write | Of::Transactions);
            assert!(writes || names::is_for(key, true), "{key} is no key of readers");
            assert!(!(writes || of == Of::All) || names::is_for(key, false), "{key} is no key of publishers");
            assert_eq!(names::canonical(key), key);
        }
    }
}
