//! `db.*`: whether the store's server can be reached and how it stands: encryption, clock, connections, rights, the parts of
//! the tables that grow, the server's own policies.

use std::time::Duration;

use gpuhm::event::Time;
use gpuhm::event::time::DAY;
use gpuhm::pipeline::clock::wall;
use gpuhm::pipeline::retention::KEEP;
use gpuhm::store::StoreError;
use gpuhm::store::migrate::postgres::{Edition, Migrator, NOT_THERE, Server};
use gpuhm::store::postgres::Settings;
use gpuhm::store::postgres::look::{self, Met};

use super::registry::{Check, Finding, Subject, told};
use crate::exit::Failure;
use crate::open::{self, StorePlace};

pub(super) const REACH: Check = check("db.reach", None, |subject| told(reach(subject)));
pub(super) const TLS: Check = check("db.tls", Some("db.reach"), |subject| told(tls(subject)));
pub(super) const CLOCK: Check = check("db.clock", Some("db.reach"), |subject| told(clock(subject)));
pub(super) const ROOM: Check = check("db.sessions", Some("db.reach"), |subject| told(room(subject)));
pub(super) const RIGHTS: Check = check("db.rights", Some("db.reach"), |subject| told(rights(subject)));
pub(super) const PARTS: Check = check("db.parts", Some("store.schema"), |subject| told(parts(subject)));
pub(super) const JOBS: Check = check("db.jobs", Some("store.schema"), |subject| told(jobs(subject)));

const fn check(id: &'static str, needs: Option<&'static str>, run: fn(&Subject) -> Finding) -> Check {
    Check { id, needs, applies: on_server, run }
}

/// Milliseconds that two clocks may be apart: validate refuses what is five minutes ahead, and rows are named by their time.
const APART: i64 = 1_000;
const LOST: i64 = 60_000;
/// Of so many connections in a hundred someone should know (J).
const FULL: i64 = 80;
/// Days beyond its time after which a part should be gone: parts are of 30 days at most, and retention runs every few minutes.
const SLACK: i64 = 32 * DAY;
/// A policy runs at least once a day.
const STALE: i64 = 2 * DAY;

/// The server's settings, where the store is on one.
pub(super) fn settings(subject: &Subject) -> Option<Settings> {
    match open::store_place(&subject.common, &subject.store) {
        Ok(StorePlace::Postgres(mut settings)) => {
            settings.wait_at_most(subject.timeout);
            Some(*settings)
        }
        _ => None,
    }
}

fn on_server(subject: &Subject) -> bool {
    settings(subject).is_some()
}

fn needed(subject: &Subject) -> Result<Settings, Finding> {
    settings(subject).ok_or_else(|| Finding::skipped("no server".to_owned()))
}

/// What reads the schema, without waiting.
pub(super) fn migrator(settings: Settings) -> Migrator {
    Migrator { wait: Duration::ZERO, ..Migrator::new(settings) }
}

fn wrong(error: StoreError) -> Finding {
    Failure::from(error).into()
}

fn met(subject: &Subject) -> Result<Met, Finding> {
    look::met(&needed(subject)?).map_err(wrong)
}

fn server(subject: &Subject) -> Result<Server, Finding> {
    let status = migrator(needed(subject)?).status().map_err(wrong)?;
    status.server.ok_or_else(|| Finding::skipped("the server told nothing of itself".to_owned()))
}

fn reach(subject: &Subject) -> Result<Finding, Finding> {
    let met = met(subject)?;
    // What it is stands in tables that this role may not be allowed to read: that is another check's to tell.
    let line = server(subject).map_or_else(|_| format!("PostgreSQL {}", met.version), |server| server.line());
    Ok(Finding::ok(format!("{}, as {}: {line}", met.server, met.role)))
}

fn tls(subject: &Subject) -> Result<Finding, Finding> {
    let met = met(subject)?;
    Ok(match (&met.encrypted, met.near) {
        (Some(version), _) if needed(subject)?.verifies() => {
            Finding::ok(format!("{version}, its certificate verified"))
        }
        (Some(version), true) => Finding::ok(format!("{version}, on this machine")),
        (Some(version), false) => {
            Finding::warning(format!("{version}, but whoever stands between is taken for the server"))
                .remedy("sslmode=verify-full with sslrootcert=FILE (PGSSLMODE, PGSSLROOTCERT)")
        }
        (None, true) => Finding::ok("not encrypted, and it does not leave this machine".to_owned()),
        (None, false) => Finding::warning("not encrypted: passwords and rows can be read on the way".to_owned())
            .remedy("ssl = on in its postgresql.conf, and sslmode=verify-full here"),
    })
}

fn clock(subject: &Subject) -> Result<Finding, Finding> {
    let met = met(subject)?;
    Ok(apart(met.clock.since(wall())))
}

fn apart(ahead: i64) -> Finding {
    #[expect(clippy::cast_precision_loss, reason = "seconds, to be read")]
    let seconds = ahead.abs() as f64 / 1000.0;
    if ahead.abs() <= APART {
        return Finding::ok(format!("the server's clock and this one are {seconds:.1} s apart"));
    }
    let text =
        format!("the server's clock is {seconds:.1} s {} this one", if ahead > 0 { "ahead of" } else { "behind" });
    let found = if ahead.abs() < LOST { Finding::warning(text) } else { Finding::fault(text) };
    found.remedy("timedatectl timesync-status, here and on the server")
}

fn room(subject: &Subject) -> Result<Finding, Finding> {
    let (used, most) = met(subject)?.connections;
    let text = format!("{used} of {most} connections are used");
    if used.saturating_mul(100) < most.saturating_mul(FULL) {
        return Ok(Finding::ok(text));
    }
    Ok(Finding::warning(text).remedy(
        "raise max_connections, end idle sessions (pg_stat_activity), or put a pooler in session mode before it",
    ))
}

fn rights(subject: &Subject) -> Result<Finding, Finding> {
    Ok(allowed(&met(subject)?))
}

/// What is told of a role's rights.
fn allowed(met: &Met) -> Finding {
    if met.tables == 0 {
        let text = match &met.schema {
            Some(schema) => format!("schema {schema} has no tables of gpuhm"),
            None => format!("the search_path of {} names no schema that exists", met.role),
        };
        return Finding::fault(text).remedy(NOT_THERE);
    }
    let of = |right: &str| -> Vec<&str> {
        met.lacks.iter().filter(|(one, _)| *one == right).map(|(_, table)| table.as_str()).collect()
    };
    let (unread, unwritten) = (of("SELECT"), [of("INSERT"), of("UPDATE"), of("DELETE")].concat());
    let remedy = format!("GRANT {} what docs/postgres.md lists for its task", met.role);
    if !unread.is_empty() {
        return Finding::fault(format!("{} may not read {}", met.role, unread.join(", "))).remedy(remedy);
    }
    let mut tables = unwritten.clone();
    tables.sort_unstable();
    tables.dedup();
    let text = format!("{} may read all, and not write {}", met.role, tables.join(", "));
    // Who writes nothing at all is meant to be a reader.
    if tables.len() >= met.tables && unwritten.len() >= tables.len().saturating_mul(3) {
        return Finding::ok(format!("{text}: enough for top and doctor"));
    }
    let functions = of(look::EXECUTE);
    if !functions.is_empty() {
        let text =
            format!("{} may write, and not call {}: no partition is made or dropped", met.role, functions.join(", "));
        return Finding::fault(text).remedy(format!(
            "GRANT EXECUTE ON FUNCTION {} TO {}",
            functions.join(", "),
            met.role
        ));
    }
    if !tables.is_empty() {
        return Finding::warning(text).remedy(remedy);
    }
    if let Some(database) = of(look::TEMPORARY).first() {
        let text = format!("{} may make no temporary tables: retention and migrate copy need some", met.role);
        return Finding::warning(text).remedy(format!("GRANT TEMPORARY ON DATABASE {database} TO {}", met.role));
    }
    Finding::ok(format!("{} may read and write every table", met.role))
}

fn parts(subject: &Subject) -> Result<Finding, Finding> {
    let server = server(subject)?;
    let chunks = server.edition != Edition::Plain && server.partitions != Some(true);
    let all = look::growing(&needed(subject)?, chunks).map_err(wrong)?;
    Ok(kept(&all, chunks, subject.now))
}

/// What is told of the parts of the tables that grow.
fn kept(all: &[look::Growing], chunks: bool, now: Time) -> Finding {
    let (mut texts, mut behind, mut old) = (Vec::new(), Vec::new(), Vec::new());
    for one in all {
        let keep = if one.table == "gpu_metrics" { KEEP.raw_ms } else { KEEP.windows_ms };
        if one.from.is_some_and(|from| now.since(from) > keep.saturating_add(SLACK)) {
            old.push(one.table.as_str());
        }
        if one.to.is_none_or(|to| to <= now) {
            behind.push(one.table.as_str());
        }
        let packed = one.compressed.map(|count| format!(", {count} compressed")).unwrap_or_default();
        texts.push(format!("{} {}{packed}", one.table, one.parts));
    }
    if !old.is_empty() {
        let text = format!("older than they are kept: {}", old.join(", "));
        return Finding::warning(text)
            .remedy("does a stage run, and without --once? its role needs docs/postgres.md's rights to drop them");
    }
    // A chunk is made when a row comes, and so is a partition; only that one of the next days is missing tells that nobody
    // made them ahead.
    if !chunks && !behind.is_empty() {
        let text = format!("no partition for now: {}", behind.join(", "));
        return Finding::warning(text).remedy("a stage that writes makes them; does one run?");
    }
    let kind = if chunks { "chunks" } else { "partitions" };
    Finding::ok(if texts.is_empty() {
        "no table that grows".to_owned()
    } else {
        format!("{kind}: {}", texts.join("; "))
    })
}

fn jobs(subject: &Subject) -> Result<Finding, Finding> {
    let server = server(subject)?;
    if server.edition != Edition::Timescale || server.partitions == Some(true) {
        return Ok(Finding::ok("no policies of the server's: gpuhm's stages drop old rows".to_owned()));
    }
    let findings = migrator(needed(subject)?).verify().map_err(wrong)?;
    if let Some(first) = findings.first() {
        return Ok(Finding::warning(format!("{} ({} in all)", first.what, findings.len())).remedy(first.remedy.clone()));
    }
    Ok(ran(&look::jobs(&needed(subject)?).map_err(wrong)?, subject.now))
}

/// What is told of the policies' runs.
fn ran(jobs: &[look::Job], now: Time) -> Finding {
    let named = |which: &dyn Fn(&look::Job) -> bool| -> Vec<&str> {
        jobs.iter().filter(|job| which(job)).map(|job| job.name.as_str()).collect()
    };
    let (off, failed) = (named(&|job| !job.scheduled), named(&|job| job.failed));
    let stale = named(&|job| job.last.is_some_and(|last| now.since(last) > STALE));
    let log = "see its log, and timescaledb_information.job_errors";
    if !off.is_empty() {
        return Finding::warning(format!("not scheduled: {}", off.join(", ")))
            .remedy("SELECT alter_job(ID, scheduled => true)");
    }
    if !failed.is_empty() {
        return Finding::fault(format!("failed at the last run: {}", failed.join(", "))).remedy(log);
    }
    if !stale.is_empty() {
        let text = format!("did not run for two days: {}", stale.join(", "));
        return Finding::warning(text).remedy("timescaledb.max_background_workers may be too small");
    }
    let last = jobs.iter().filter_map(|job| job.last).max();
    let last = last.map_or_else(|| "none ran yet".to_owned(), |last| format!("the last ended {last}"));
    Finding::ok(format!("{} policies, as wanted; {last}", jobs.len()))
}

#[cfg(test)]
mod tests {
    use super::super::registry::State;
    use super::*;

    fn grown(table: &str, from: i64, to: i64) -> look::Growing {
        look::Growing { table: table.into(), parts: 2, from: Some(Time(from)), to: Some(Time(to)), compressed: None }
    }

    #[test]
    fn clocks_apart_are_told_by_how_much() {
        assert_eq!(apart(900).state, State::Ok);
        let (ahead, lost) = (apart(1_500), apart(-61_000));
        assert!(ahead.state == State::Warning && ahead.text.contains("1.5 s ahead of"), "{ahead:?}");
        assert!(lost.state == State::Fault && lost.text.contains("61.0 s behind"), "{lost:?}");
    }

    #[test]
    fn parts_too_old_or_missing_are_told() {
        let now = Time(1_000 * DAY);
        let well = grown("gpu_metrics", 990 * DAY, 1_002 * DAY);
        assert_eq!(kept(std::slice::from_ref(&well), false, now).state, State::Ok);
        let late = kept(&[well.clone(), grown("gpu_events", 900 * DAY, 1_000 * DAY)], false, now);
        assert!(late.state == State::Warning && late.text.ends_with("gpu_events"), "{late:?}");
        let old = kept(&[grown("gpu_metrics", 800 * DAY, 1_002 * DAY)], true, now);
        assert!(old.state == State::Warning && old.text.contains("older than they are kept"), "{old:?}");
        assert_eq!(kept(&[grown("gpu_metrics_1m", 800 * DAY, 1_002 * DAY)], true, now).state, State::Ok);
    }

    #[test]
    fn a_policy_that_fails_or_rests_is_told() {
        let now = Time(1_000 * DAY);
        let job = |failed, scheduled, last| look::Job {
            name: "p of t".into(),
            last: Some(Time(last * DAY)),
            failed,
            scheduled,
        };
        assert_eq!(ran(&[job(false, true, 999)], now).state, State::Ok);
        assert_eq!(ran(&[job(true, true, 999)], now).state, State::Fault);
        assert_eq!(ran(&[job(false, false, 999)], now).state, State::Warning);
        assert_eq!(ran(&[job(false, true, 997)], now).state, State::Warning);
    }
}
