//! The SQL that is TimescaleDB's, on its own code: the real binary migrates a database in WebAssembly, which `tests/run`
//! fetches where node and npm are at hand. It has one session, no background jobs and no `COPY`: whether policies run when
//! they are due, and the writer, are seen only on a real server (`GPUHM_TEST_TIMESCALE`).

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::broker::node::free_port;
use crate::broker::{ignored, told};
use crate::database::schema::Direct;
use crate::process::{Home, Service};

/// The database; ends when dropped.
struct Wasm {
    _service: Service,
    url: String,
}

impl Wasm {
    fn start(test: &str) -> Option<Wasm> {
        let Some(dir) = told("GPUHM_TEST_PGLITE") else {
            ignored(
                test,
                "TimescaleDB in WebAssembly (tests/run fetches it where node and npm are; GPUHM_TEST_PGLITE=DIR)",
            );
            return None;
        };
        let port = free_port();
        let mut command = Command::new("node");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pglite/serve.cjs")).args([dir, port.to_string()]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let service = Service::of(child);
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        // Any password is right, and none is not.
        Some(Wasm {
            _service: service,
            url: format!("postgres://postgres:x@127.0.0.1:{port}/postgres?sslmode=disable&connect_timeout=1"),
        })
    }
}

const POLICIES: &str =
    "SELECT hypertable_name || ' ' || proc_name || ' ' || coalesce(config->>'compress_after', config->>'drop_after')
    FROM timescaledb_information.jobs WHERE hypertable_name LIKE 'gpu\\_%' ORDER BY 1";

#[test]
fn migrations_and_policies_run_on_timescale_code() {
    let Some(wasm) = Wasm::start("pg_smoke::migrations_and_policies_run_on_timescale_code") else { return };
    let (home, url) = (Home::new(), wasm.url.as_str());
    let planned = home.ok(&["migrate", "-d", url, "plan"]);
    assert!(planned.contains("add_compression_policy") && planned.contains("drop_after => interval '90 days'"));
    home.ok(&["migrate", "-d", url]);
    assert_eq!(home.ok(&["migrate", "-d", url]), "nothing to do\n");
    home.ok(&["migrate", "-d", url, "verify"]);
    let status = home.json(&["migrate", "-d", url, "status", "-o", "json"]);
    assert_eq!((&status["server"]["edition"], &status["server"]["partitions"]), (&"timescale".into(), &false.into()));
    let mut direct = Direct::connect(url);
    let policies = direct.texts(POLICIES);
    assert_eq!(policies.len(), 12);
    assert!(policies.contains(&"gpu_metrics policy_retention 90 days".to_owned()), "{policies:?}");
    assert!(policies.contains(&"gpu_metrics_1h policy_retention 365 days".to_owned()), "{policies:?}");
    assert!(policies.contains(&"gpu_health_scores policy_compression 7 days".to_owned()), "{policies:?}");
    direct.run(
        "SELECT remove_retention_policy('gpu_metrics'); SELECT add_retention_policy('gpu_metrics', interval '9 days');
        SELECT remove_compression_policy('gpu_events')",
    );
    drop(direct);
    let found = home.run(&["migrate", "-d", url, "verify"]);
    assert_eq!((found.code, found.out.matches("not as wanted: ").count()), (1, 2), "{}", found.out);
    let mended = home.ok(&["migrate", "-d", url]);
    assert!(mended.contains("gpu_metrics: retention policy, 90 days in place of 9 days"), "{mended}");
    assert_eq!(Direct::connect(url).texts(POLICIES), policies);
}

#[test]
fn chunks_take_late_rows_and_are_dropped_by_age() {
    let Some(wasm) = Wasm::start("pg_smoke::chunks_take_late_rows_and_are_dropped_by_age") else { return };
    Home::new().ok(&["migrate", "-d", &wasm.url]);
    let mut direct = Direct::connect(&wasm.url);
    direct.run(
        "INSERT INTO gpu_events SELECT 'g', t, 'xid', 1, 'h', 'd', t
        FROM generate_series(timestamptz '2026-01-07Z', '2026-05-01Z', '1 day') t",
    );
    assert_eq!(direct.texts("SELECT gpuhm_partition('gpu_events', now())::text"), ["false"]);
    let job = "SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = 'gpu_events' AND proc_name = 'policy_compression'";
    let job = direct.texts(job);
    direct.run(&format!("CALL run_job({})", job[0]));
    assert!(direct.number("SELECT count(*) FROM timescaledb_information.chunks WHERE is_compressed") >= 3);
    // A late row, and one that is there, in a compressed chunk.
    direct.run(
        "INSERT INTO gpu_events VALUES ('g', '2026-01-07T05:00Z', 'xid', 2, 'h', 'late', now()),
        ('g', '2026-01-07Z', 'xid', 1, 'h', 'again', now())
        ON CONFLICT (gpu_uuid, at, kind, code) DO UPDATE SET detail = excluded.detail",
    );
    let details = "SELECT detail FROM gpu_events WHERE at < '2026-01-08Z' ORDER BY at";
    assert_eq!(direct.texts(details), ["again", "late"]);
    let rows = direct.number("SELECT count(*) FROM gpu_events");
    // Written now, it stays; its chunk ends on 6 February.
    assert_eq!(direct.number("SELECT gpuhm_drop_before('gpu_events', '2026-03-01Z', now() - interval '1 day')"), 0);
    assert_eq!(direct.number("SELECT gpuhm_drop_before('gpu_events', '2026-02-05T23:00Z')"), 0);
    assert_eq!(direct.number("SELECT gpuhm_drop_before('gpu_events', '2026-02-06Z')"), 1);
    assert_eq!(direct.texts("SELECT min(at)::date::text FROM gpu_events"), ["2026-02-06"]);
    assert_eq!(direct.number("SELECT count(*) FROM gpu_events"), rows - 31);
    assert_eq!(direct.number("SELECT count(*) FROM gpuhm_parts('gpu_events')"), 3);
}
