//! How the answers of `migrate up`, `status`, `plan`, `verify` and `baseline` are shown.

use gpuhm::store::migrate::postgres::{Change, Done, Server};
use gpuhm::store::migrate::{Finding, Migration, Status, Step};
use serde_json::{Value, json};

use super::super::Format;
use crate::exit::Failure;
use crate::out::Out;

/// Migrations and changes of policies that are pending.
pub(super) type Plan = (Vec<Migration>, Vec<Change>);

/// What was done, or would be.
pub(super) fn done(done: &Done, output: Format, out: &mut Out) -> Result<(), Failure> {
    if output == Format::Json {
        let list: Vec<_> = done.steps.iter().map(object).collect();
        let policies: Vec<_> = done.changes.iter().map(|change| &change.what).collect();
        let answer = json!({"schema": "gpuhm.migrations/1", "migrations": list, "policies": policies});
        return out.line(&answer.to_string());
    }
    if done.steps.is_empty() && done.changes.is_empty() {
        return out.line("nothing to do");
    }
    done.steps.iter().try_for_each(|step| out.line(&line(step)))?;
    done.changes.iter().try_for_each(|change| out.line(&change.what))
}

/// Where the schema stands.
pub(super) fn status(status: &Status, output: Format, out: &mut Out) -> Result<(), Failure> {
    if output == Format::Json {
        let list: Vec<_> = status.steps.iter().map(object).collect();
        let mut answer = json!({
            "schema": "gpuhm.migrations/1", "store": status.place, "exists": status.exists, "version": status.version,
            "newest": status.newest, "needs": status.needs, "migrations": list,
        });
        if let (Some(server), Some(answer)) = (&status.server, answer.as_object_mut()) {
            answer.insert("server".to_owned(), self::server(server));
        }
        return out.line(&answer.to_string());
    }
    let state = if status.exists { "" } else { " (not made yet)" };
    out.line(&format!("{}{state}: version {} of {}", status.place, status.version, status.newest))?;
    if let Some(server) = &status.server {
        out.line(&format!("schema {} on {}", server.schema, server.line()))?;
    }
    if let Some(needs) = &status.needs {
        out.line(&format!("this version may not use it: it needs gpuhm {needs} or later"))?;
    }
    status.steps.iter().try_for_each(|step| out.line(&line(step)))
}

/// The SQL that is pending.
pub(super) fn plan((migrations, changes): &Plan, output: Format, out: &mut Out) -> Result<(), Failure> {
    if output == Format::Json {
        let file = |of: &Migration| json!({"version": of.version, "name": of.name, "sql": of.sql});
        let policy = |of: &Change| json!({"what": of.what, "sql": of.sql});
        let (files, policies): (Vec<_>, Vec<_>) =
            (migrations.iter().map(file).collect(), changes.iter().map(policy).collect());
        let answer = json!({"schema": "gpuhm.plan/1", "migrations": files, "policies": policies});
        return out.line(&answer.to_string());
    }
    for migration in migrations {
        out.line(migration.sql)?;
    }
    for change in changes {
        out.line(&format!("-- {}\n{}", change.what, change.sql))?;
    }
    Ok(())
}

/// What is wrong.
pub(super) fn findings(findings: &[Finding], output: Format, out: &mut Out) -> Result<(), Failure> {
    if output == Format::Json {
        let list: Vec<_> = findings.iter().map(|found| json!({"what": found.what, "remedy": found.remedy})).collect();
        return out.line(&json!({"schema": "gpuhm.verify/1", "findings": list}).to_string());
    }
    for found in findings {
        out.line(&format!("{}\n  remedy: {}", found.what, found.remedy))?;
    }
    if findings.is_empty() {
        out.line("the schema is as this version made it")?;
    }
    Ok(())
}

fn server(server: &Server) -> Value {
    let mut all = json!({
        "postgresql": server.postgresql, "edition": server.edition.word(), "timescaledb": server.timescaledb,
        "available": server.available, "schema": server.schema, "partitions": server.partitions,
    });
    if let Some(all) = all.as_object_mut() {
        all.retain(|_, value| !value.is_null());
    }
    all
}

fn object(step: &Step) -> Value {
    json!({
        "version": step.version,
        "name": step.name,
        "state": step.state.word(),
        "applied_at": step.applied_at.map(|time| time.to_string()),
        "duration_ms": step.duration_ms,
        "gpuhm_version": step.gpuhm_version,
    })
}

fn line(step: &Step) -> String {
    let at = step.applied_at.map_or_else(|| "-".to_owned(), |time| time.to_string());
    format!("{:04}  {:<24} {:<10} {at}", step.version, step.name, step.state.word())
}
