//! Partitions on a server: made when rows need them, by several sessions at once and beside readers and writers; dropped by
//! age, whole; their bounds in UTC, whatever zone a session has.

use std::time::Duration;

use crate::database::schema::Direct;
use crate::database::{Schema, shared, timescale};
use crate::process::{Home, until};

const EVENT: &str = "INSERT INTO gpu_events (gpu_uuid, at, kind, code, hostname, detail, written_at) VALUES ('g', ";

fn filled(test: &str) -> Option<(Schema, Direct)> {
    let schema = shared(test)?;
    schema.fill();
    let direct = schema.direct();
    Some((schema, direct))
}

fn parts(direct: &mut Direct, table: &str) -> Vec<String> {
    direct.texts(&format!(
        "SELECT part || ' ' || to_char(from_time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI') || ' ' ||
        (to_time - from_time) FROM gpuhm_parts('{table}')"
    ))
}

#[test]
fn bounds_are_days_of_utc_since_1970() {
    let Some((schema, mut direct)) = filled("pg_partitions::bounds_are_days_of_utc_since_1970") else { return };
    direct.run("SELECT gpuhm_drop_before(name, '2100-01-01') FROM gpuhm_series");
    direct.run("SET timezone = 'Pacific/Chatham'; SET datestyle = 'SQL, DMY'; SET search_path = public");
    let call = |table: &str, at: &str| format!("SELECT {}.gpuhm_partition('{table}', '{at}')::text", schema.name());
    for (table, at) in [
        ("gpu_metrics", "2026-03-29T00:30:00Z"),
        ("gpu_metrics_1m", "1970-01-07T23:59:59Z"),
        ("gpu_metrics_1m", "1970-01-08T00:00:00Z"),
        ("gpu_events", "1969-12-31T23:59:59Z"),
        ("gpu_events", "0001-01-01T00:00:00Z"),
    ] {
        assert_eq!(direct.texts(&call(table, at)), ["true"], "{table} {at}");
        assert_eq!(direct.texts(&call(table, at)), ["false"], "{table} {at}");
    }
    let mut direct = schema.direct();
    assert_eq!(parts(&mut direct, "gpu_metrics"), ["gpu_metrics_20260329 2026-03-29T00:00 1 day"]);
    let minutes =
        ["gpu_metrics_1m_19700101 1970-01-01T00:00 7 days", "gpu_metrics_1m_19700108 1970-01-08T00:00 7 days"];
    assert_eq!(parts(&mut direct, "gpu_metrics_1m"), minutes);
    let events = parts(&mut direct, "gpu_events");
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(events[1], "gpu_events_19691202 1969-12-02T00:00 30 days");
    // Rows at both ends of a partition go in, and those beside it do not.
    for (at, fits) in [("1969-12-02T00:00Z", true), ("1969-12-31T23:59:59.999Z", true), ("1970-01-01T00:00Z", false)] {
        assert_eq!(direct.try_run(&format!("{EVENT} '{at}', 'k', 1, 'h', 'd', now())")).is_ok(), fits, "{at}");
    }
    for wrong in ["SELECT gpuhm_partition('silences', now())", "SELECT gpuhm_partition('gpu_events', 'infinity')"] {
        direct.try_run(wrong).unwrap_err();
    }
}

#[test]
fn sessions_make_the_same_ones_at_once() {
    let Some((schema, mut direct)) = filled("pg_partitions::sessions_make_the_same_ones_at_once") else { return };
    let made: i64 = std::thread::scope(|scope| {
        let one = || {
            let mut direct = schema.direct();
            let days = "SELECT count(*) FROM generate_series(0, 29) d, gpuhm_series s
                WHERE gpuhm_partition(s.name, timestamptz '2020-01-01Z' + d * interval '1 day')";
            direct.number(days)
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let there = direct.number("SELECT count(*) FROM gpuhm_series, gpuhm_parts(name) WHERE from_time < '2021-01-01'");
    assert_eq!(made, there);
    assert_eq!(direct.number("SELECT count(*) FROM gpuhm_parts('gpu_metrics') WHERE from_time < '2021-01-01'"), 30);
    // One is being made, another writer waits for it, and finds it made.
    direct.run("BEGIN; SELECT gpuhm_partition('gpu_metrics', '2019-05-05Z')");
    std::thread::scope(|scope| {
        let other = scope.spawn(|| schema.direct().texts("SELECT gpuhm_partition('gpu_metrics', '2019-05-05Z')::text"));
        let mut look = schema.direct();
        let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'
            AND objid = (hashtext(current_schema())::bigint & 4294967295)::oid";
        until("another to wait", Duration::from_secs(20), || look.number(waits) == 1);
        direct.run("COMMIT");
        assert_eq!(other.join().unwrap(), ["false"]);
    });
}

#[test]
fn nobody_waits_for_a_new_partition() {
    let Some((schema, mut direct)) = filled("pg_partitions::nobody_waits_for_a_new_partition") else { return };
    let (mut reader, mut writer) = (schema.direct(), schema.direct());
    direct.run("SET lock_timeout = '1s'");
    reader.run("BEGIN; SELECT count(*) FROM gpu_events");
    writer.run(&format!("BEGIN; {EVENT} now(), 'k', 1, 'h', 'd', now())"));
    // It is made beside those that read and write …
    direct.run("BEGIN; SELECT gpuhm_partition('gpu_events', '2019-05-05Z')");
    // … who go on before it is there for all.
    reader.run("SELECT count(*) FROM gpu_events");
    writer.run(&format!("{EVENT} now(), 'k', 2, 'h', 'd', now()); COMMIT"));
    direct.run("COMMIT");
    writer.run(&format!("{EVENT} '2019-05-05Z', 'k', 1, 'h', 'd', now())"));
    reader.run("COMMIT");
    assert_eq!(reader.number("SELECT count(*) FROM gpu_events"), 3);
}

fn drop_before(direct: &mut Direct, before: &str, more: &str) -> i64 {
    direct.number(&format!("SELECT gpuhm_drop_before('gpu_metrics', '{before}'{more})"))
}

#[test]
fn whole_partitions_are_dropped_by_age() {
    let Some((schema, mut direct)) = filled("pg_partitions::whole_partitions_are_dropped_by_age") else { return };
    direct.run("SELECT gpuhm_partition('gpu_metrics', timestamptz '2020-01-01Z' + d * interval '1 day') FROM generate_series(0, 4) d");
    // A partition goes when its last instant is too old, not before.
    assert_eq!(drop_before(&mut direct, "2020-01-02T23:59:59Z", ""), 1);
    assert_eq!(drop_before(&mut direct, "2020-01-03T00:00:00Z", ""), 1);
    assert_eq!(drop_before(&mut direct, "2020-01-03T00:00:00Z", ""), 0);
    // What was written lately stays, however old it is.
    direct.run(
        "INSERT INTO gpu_metrics (time, gpu_uuid, hostname, written_at) VALUES ('2020-01-03T05:00Z', 'g', 'h', '2026-01-01Z')",
    );
    assert_eq!(drop_before(&mut direct, "2020-01-05Z", ", '2026-01-01Z'"), 1);
    assert_eq!(direct.number("SELECT count(*) FROM gpu_metrics"), 1);
    assert_eq!(drop_before(&mut direct, "2020-01-05Z", ", '2026-01-01T00:00:01Z'"), 1);
    assert_eq!(direct.number("SELECT count(*) FROM gpu_metrics"), 0);
    // One that is in use is left for later, and those who use it wait a moment at most.
    let mut reader = schema.direct();
    reader.run("BEGIN; SELECT count(*) FROM gpu_metrics");
    assert_eq!(drop_before(&mut direct, "2020-01-06Z", ""), 0);
    reader.run("COMMIT");
    assert_eq!(drop_before(&mut direct, "2020-01-06Z", ""), 1);
    assert_eq!(direct.number("SELECT count(*) FROM gpuhm_parts('gpu_metrics') WHERE from_time < '2021-01-01'"), 0);
    direct.try_run("SELECT gpuhm_drop_before('silences', now())").unwrap_err();
}

#[test]
fn timescale_has_chunks_and_policies() {
    let Some(schema) = timescale("pg_partitions::timescale_has_chunks_and_policies") else { return };
    let (home, url) = (Home::new(), schema.url());
    let planned = home.ok(&["migrate", "-d", &url, "plan"]);
    schema.fill();
    let mut direct = schema.direct();
    let cut = "SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_schema = current_schema()";
    assert_eq!(direct.number(cut), 7);
    home.ok(&["migrate", "-d", &url, "verify"]);
    if home.json(&["migrate", "-d", &url, "status", "-o", "json"])["server"]["edition"] != "timescale" {
        return;
    }
    assert!(planned.contains("add_compression_policy") && planned.contains("add_retention_policy"));
    direct.run(
        "SELECT remove_retention_policy('gpu_metrics'); SELECT add_retention_policy('gpu_metrics', interval '9 days')",
    );
    let found = home.run(&["migrate", "-d", &url, "verify"]);
    assert!(found.code == 1 && found.out.contains("retention policy, 90 days in place of 9 days"), "{}", found.out);
    let policy =
        "SELECT config->>'drop_after' FROM timescaledb_information.jobs WHERE hypertable_schema = current_schema()
        AND hypertable_name = 'gpu_metrics' AND proc_name = 'policy_retention'";
    home.ok(&["migrate", "-d", &url]);
    assert_eq!(direct.texts(policy), ["90 days"]);
    assert_eq!(home.ok(&["migrate", "-d", &url]), "nothing to do\n");
    let jobs = "SELECT count(*) FROM timescaledb_information.jobs WHERE hypertable_schema = current_schema()";
    assert_eq!(direct.number(jobs), 12);
}
