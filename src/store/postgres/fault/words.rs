//! What the server's codes mean to a person: THE table of SQLSTATEs, each with what to do about it.

use tokio_postgres::error::DbError;

use super::Said;
use super::way::POOLED;

/// Whether a person must act on a code, and what to do; of a class where a code is not here itself.
struct Word {
    /// A code, or the first two letters of its class.
    code: &'static str,
    grave: bool,
    hint: &'static str,
}

const fn grave(code: &'static str, hint: &'static str) -> Word {
    Word { code, grave: true, hint }
}

const fn passing(code: &'static str, hint: &'static str) -> Word {
    Word { code, grave: false, hint }
}

const WORDS: &[Word] = &[
    grave(
        "28P01",
        "check the role's name and its password (PGPASSWORD, ~/.pgpass, the credential gpuhm_store.password)",
    ),
    grave("28000", "the server's pg_hba.conf says who may come from where and how, and whether the role may log in"),
    grave("3D000", "a superuser makes it: CREATE DATABASE NAME OWNER ROLE; or name another with --store"),
    grave("42501", "GRANT the role what docs/postgres.md lists"),
    grave(
        "42P01",
        "run `gpuhm migrate` with the same --store; it also may be that search_path leads to another schema",
    ),
    grave("42703", "run `gpuhm migrate` with the same --store"),
    grave("3F000", "name a schema that is there: options=-csearch_path%3DNAME"),
    grave("42883", "run `gpuhm migrate` with the same --store"),
    passing("25006", "it is a standby: name all servers, host=a,b, and the one that takes writes is found"),
    passing("53100", "make room on the server's disk"),
    passing("53200", "the server is out of memory: see its log"),
    passing(
        "53300",
        "raise max_connections, end idle sessions (pg_stat_activity), or put a pooler in session mode before it",
    ),
    passing(
        "57014",
        "the statement took too long: look at the server's load, or raise it with options=-cstatement_timeout%3D60s",
    ),
    passing("55P03", "another transaction holds what is needed: see pg_stat_activity, pg_locks"),
    passing("40P01", "two transactions waited for each other"),
    passing("40001", "two transactions wrote the same"),
    passing("57P01", "an administrator ended the connection or stops the server"),
    passing("57P02", "a process of the server crashed: see its log"),
    passing("57P03", "the server starts, recovers or stops; it is tried again"),
    passing("57P05", "the server ends idle sessions: see idle_session_timeout"),
    passing("25P03", "gpuhm was halted within a transaction for longer than idle_in_transaction_session_timeout"),
    // What the schema, the statement or a value is: `gpuhm migrate verify` tells whether the schema is ours.
    grave("42", "`gpuhm migrate verify` with the same --store says whether the schema is whole"),
    grave("23", "`gpuhm migrate verify` with the same --store says whether the schema is whole"),
    grave("22", "`gpuhm migrate verify` with the same --store says whether the schema is whole"),
    grave("28", "the server's pg_hba.conf says who may come from where and how"),
    grave("0A", "the server lacks what is needed: PostgreSQL 13 or later"),
    passing("53", "the server lacks something: see its log"),
    passing("57", "see the server's log"),
    passing("58", "the server's system failed it: see its log"),
    passing("XX", "it is a fault of the server: see its log"),
];

/// Startup parameters that a pooler does not take.
const NOT_TAKEN: &str = "unsupported startup parameter";

/// What the server says, in whatever language, of a prepared statement whose table was changed.
const STALE: (&str, &str, &str) = ("0A000", "RevalidateCachedQuery", "cached plan must not change result type");

/// Whether a prepared statement does not fit its table any more: a new session has none.
pub(super) fn stale(said: &DbError) -> bool {
    let (code, routine, text) = STALE;
    said.code().code() == code && (said.routine() == Some(routine) || said.message() == text)
}

/// The server's setting that lets a transaction use more tables, and so more partitions.
const LOCKS: &str = "max_locks_per_transaction";
const MORE_LOCKS: &str =
    "raise max_locks_per_transaction and restart the server: each partition that a statement looks at needs a lock";

/// Whether the server lacks room for locks alone, by what it says itself.
fn lacks_locks(message: &str, hint: Option<&str>) -> bool {
    message.contains(LOCKS) || hint.is_some_and(|hint| hint.contains(LOCKS))
}

/// What is told of an error on a connection that was made.
pub(super) fn said(error: &tokio_postgres::Error) -> Said {
    let Some(db) = error.as_db_error() else {
        return super::way::way(error, None);
    };
    let code = db.code().code();
    let text = db.message();
    if text.contains("statement pooling mode") {
        return Said::grave("a pooler in statement mode stands between", POOLED);
    }
    if text.contains(NOT_TAKEN) {
        let hint = "PgBouncer: ignore_startup_parameters = options, and set them for the role (ALTER ROLE … SET); or connect to the server itself";
        return Said::grave(format!("{text} ({code})"), hint);
    }
    if stale(db) {
        return Said::passing(format!("{text} ({code})"), "a table was changed meanwhile; it is tried again");
    }
    if code == "53200" && lacks_locks(text, db.hint()) {
        return Said::passing(format!("{text} ({code})"), MORE_LOCKS);
    }
    let word = WORDS.iter().find(|word| code == word.code);
    let word = word.or_else(|| WORDS.iter().find(|word| word.code.len() == 2 && code.starts_with(word.code)));
    let why = format!("{text} ({code})");
    Said { grave: word.is_some_and(|word| word.grave), why, hint: word.map(|word| word.hint.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_for_locks_is_told_from_memory() {
        let hint = "You might need to increase \"max_locks_per_transaction\".";
        assert!(lacks_locks("out of shared memory", Some(hint)));
        assert!(
            !lacks_locks("out of memory", Some("Failed on request of size 8.")) && !lacks_locks("out of memory", None)
        );
    }
}
