//! Flags that a configuration file says nothing of, each with the reason: what is no key must stand here.

use super::{ALL, DEAF, MIGRATE, SOURCES, TAIL};

/// Flags that a file says nothing of.
#[derive(Debug)]
pub(crate) struct Excluded {
    /// The commands, with all below them; every command where there are none.
    pub(crate) on: &'static [&'static str],
    /// The flags' ids; all of the command's where there are none.
    pub(crate) ids: &'static [&'static str],
    /// Why.
    pub(crate) why: &'static str,
}

const fn excluded(on: &'static [&'static str], ids: &'static [&'static str], why: &'static str) -> Excluded {
    Excluded { on, ids, why }
}

/// Every flag that is no key, with the reason.
pub(crate) const EXCLUDED: &[Excluded] = &[
    excluded(&DEAF, &[], "it ignores every setting of a real installation"),
    excluded(ALL, &["config"], "it names the file"),
    excluded(ALL, &["quiet"], "said of one run; log.level is the setting"),
    excluded(ALL, &["kafka"], "[kafka.properties] is the setting"),
    excluded(ALL, &["output"], "what reads the answer says its form"),
    excluded(ALL, &["once", "step", "list_rules", "list_deductions", "only", "init", "all"], "what is asked this time"),
    excluded(ALL, &["explain", "at", "file", "backfill", "dry_run", "check"], "what is asked this time"),
    excluded(ALL, &["fail_below", "fail_above"], "a code that a script asks for"),
    excluded(&["collect", "run", "validate", "aggregate", "score"], &["metrics_file"], "a one-shot's"),
    excluded(SOURCES, &["label"], "[labels] is the setting"),
    excluded(SOURCES, &["from", "ticks", "limit", "score_past"], "the bounds of one run"),
    excluded(
        &["silence", "predict"],
        &["matchers", "until", "reason", "from", "who", "id", "gpu", "kind", "note"],
        "about one record",
    ),
    excluded(MIGRATE, &["partitions", "alter", "from", "records", "replace", "to", "version"], "about one move"),
    excluded(&["top"], &["size", "filter"], "a filter that nobody sees hides what is wrong"),
    excluded(
        TAIL,
        &["matchers", "severity", "gpu", "host", "rack", "cluster", "rule", "grep", "filter"],
        "a filter that nobody sees hides alerts",
    ),
    excluded(
        TAIL,
        &["since", "until", "partitions", "offset", "cursor_file", "no_follow", "max", "timeout"],
        "where this run begins and ends",
    ),
    excluded(TAIL, &["allow_empty", "envelope"], "what a script asks for"),
];
