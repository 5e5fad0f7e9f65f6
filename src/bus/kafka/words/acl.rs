//! The line that allows what was not allowed, for whoever runs the cluster.

use super::fault::About;

/// What was done to a topic or cluster, by the words of the operation that failed: an ACL operation, and a verb.
///
/// The words are the callers' own, in any form, so that stems stand here; what none says is reading, most of it.
const OPERATIONS: [(&[&str], &str, &str); 6] = [
    (&["publish", "produc", "send", "writ", "finish", "sav", "transaction"], "Write", "write to"),
    (&["delet", "drop"], "Delete", "delete"),
    (&["creat", "mak"], "Create", "create topics on"),
    (&["alter", "chang"], "AlterConfigs", "change settings of"),
    (&["config", "setting"], "DescribeConfigs", "read the settings of"),
    (&["list", "look", "topics", "describ", "metadata"], "Describe", "look at"),
];

fn operation(about: About, what: &str) -> (&'static str, &'static str) {
    let what = what.to_lowercase();
    let found = OPERATIONS.iter().find(|(parts, ..)| parts.iter().any(|part| what.contains(part)));
    match (about, found) {
        (About::Cluster, Some((_, "Write", _))) => ("IdempotentWrite", "write to"),
        (_, Some((_, "Create", _))) if about == About::Topic => ("Create", "create"),
        (_, Some((_, operation, verb))) => (operation, verb),
        (About::Cluster, None) => ("Describe", "look at"),
        (_, None) => ("Read", "read"),
    }
}

/// What an operation's subject is, by its words.
pub(super) fn names(what: &str) -> Option<About> {
    let what = what.to_lowercase();
    let kinds = [
        (About::Group, ["group", "group"]),
        (About::Id, ["writer", "transaction"]),
        (About::Topic, ["topic", "publish"]),
    ];
    kinds.into_iter().find(|(_, words)| words.iter().any(|word| what.contains(word))).map(|(about, _)| about)
}

/// What stands for a name that is not known.
pub(super) fn placeholder(about: About) -> &'static str {
    match about {
        About::Topic => "TOPIC",
        About::Group => "GROUP",
        About::Id => "ID",
        About::Cluster => "CLUSTER",
    }
}

/// The verb for what was not allowed.
pub(super) fn verb(about: About, what: &str) -> &'static str {
    operation(about, what).1
}

/// The hint: `kafka-acls.sh` with the operation that is missing.
pub(super) fn hint(about: About, what: &str, subject: &str, brokers: &str, user: Option<&str>) -> String {
    let user = user.unwrap_or("NAME");
    let resource = match about {
        About::Topic => format!("--operation {} --topic {subject}", operation(about, what).0),
        About::Group => format!("--operation Read --group {subject}"),
        About::Id => format!("--operation Write --operation Describe --transactional-id {subject}"),
        About::Cluster => format!("--operation {} --cluster", operation(about, what).0),
    };
    format!(
        "who runs the cluster allows it by: kafka-acls.sh --bootstrap-server {brokers} --add --allow-principal User:{user} \
         {resource}"
    )
}
