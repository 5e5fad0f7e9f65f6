//! `gpuhm migrate` on a server, by real processes: from nothing, twice, two at once, killed in the middle, and what it says
//! of books that are not as this version would have written them.

use std::sync::LazyLock;
use std::time::Duration;

use gpuhm::store::migrate::postgres::{MIGRATIONS, Migrator};
use gpuhm::store::migrate::{Migration, State};
use gpuhm::store::postgres::{Postgres, Settings};

use crate::database::schema::Direct;
use crate::database::{Schema, everywhere, shared};
use crate::process::{Home, until};

const PATIENCE: Duration = Duration::from_secs(30);

/// A migration that waits for this until it is dropped: a name that it needs is taken by a transaction that is open.
fn blocked(schema: &Schema) -> Direct {
    let mut direct = schema.direct();
    direct.run("BEGIN; CREATE TABLE gpu_metrics_15m (x int)");
    direct
}

/// Process ids of the sessions of this schema that wait for a lock.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
    AND pid IN (SELECT pid FROM pg_locks l WHERE locktype = 'advisory'
        AND objid = (hashtext(current_schema())::bigint & 4294967295)::oid)";

fn until_one_waits(schema: &Schema) {
    let mut direct = schema.direct();
    until("a migration to wait", PATIENCE, || direct.number(WAITING) == 1);
}

fn versions(schema: &Schema) -> Vec<String> {
    schema.direct().texts("SELECT version || ' ' || name || ' ' || dirty FROM gpuhm_migrations ORDER BY version")
}

const ALL: [&str; 3] = ["1 init false", "2 windows false", "3 judgement false"];

fn migrator(schema: &Schema) -> Migrator {
    Migrator::new(Settings::parse(&schema.url()).unwrap())
}

#[test]
fn makes_everything_once() {
    for schema in everywhere("pg_migrate::makes_everything_once") {
        let (home, url) = (Home::new(), schema.url());
        let migrate = |args: &[&str]| home.run(&[&["migrate", "-d", &url], args].concat());
        assert_eq!(migrate(&["status", "--check"]).code, 1);
        let refused = Postgres::open(Settings::parse(&url).unwrap()).unwrap_err().to_string();
        assert!(refused.contains("version 0") && refused.contains("needs 3"), "{refused}");
        // What only looks makes nothing, not even the books.
        let planned = migrate(&["plan"]).out;
        assert!(MIGRATIONS.iter().all(|migration| planned.contains(migration.sql)));
        let plan = home.json(&["migrate", "-d", &url, "plan", "-o", "json"]);
        assert_eq!(plan["migrations"].as_array().unwrap().len(), 3);
        let dry = migrate(&["up", "--dry-run"]);
        assert_eq!((dry.code, dry.out.lines().count() >= 3), (0, true), "{}", dry.err);
        assert_eq!(migrate(&["verify"]).code, 1);
        let made = "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace";
        assert_eq!(schema.direct().number(made), 0);
        assert_eq!(migrate(&["up", "--to", "2"]).code, 0);
        assert_eq!(versions(&schema), ALL[..2]);
        assert_eq!(migrate(&[]).code, 0);
        assert_eq!(versions(&schema), ALL);
        let verified = migrate(&["verify"]);
        assert_eq!((verified.code, verified.out.as_str()), (0, "the schema is as this version made it\n"));
        assert_eq!(migrate(&["status", "--check"]).code, 0);
        assert_eq!(migrate(&["up"]).out, "nothing to do\n");
        assert_eq!(
            home.json(&["migrate", "-d", &url, "plan", "-o", "json"])["migrations"].as_array().unwrap().len(),
            0
        );
        let status = home.json(&["migrate", "-d", &url, "status", "-o", "json"]);
        assert_eq!((&status["version"], &status["server"]["schema"]), (&3.into(), &schema.name().into()));
        Postgres::open(Settings::parse(&url).unwrap()).unwrap();
    }
}

#[test]
fn two_at_once_take_turns() {
    let Some(schema) = shared("pg_migrate::two_at_once_take_turns") else { return };
    let (home, url) = (Home::new(), schema.url());
    let block = blocked(&schema);
    let mut first = home.start(&["migrate", "-d", &url]);
    until_one_waits(&schema);
    // One that does not wait says who it is.
    home.fails(
        &["migrate", "-d", &url, "up", "--wait", "0"],
        3,
        &["another migrate runs", "process ", "of user postgres"],
    );
    let mut second = home.start(&["migrate", "-d", &url]);
    std::thread::sleep(Duration::from_millis(300));
    assert!(first.runs() && second.runs());
    drop(block);
    assert_eq!((first.ended(PATIENCE), second.ended(PATIENCE)), (0, 0));
    assert_eq!(versions(&schema), ALL);
    home.ok(&["migrate", "-d", &url, "verify"]);
}

#[test]
fn a_kill_leaves_whole_migrations() {
    let Some(schema) = shared("pg_migrate::a_kill_leaves_whole_migrations") else { return };
    let (home, url) = (Home::new(), schema.url());
    let block = blocked(&schema);
    let service = home.start(&["migrate", "-d", &url]);
    until_one_waits(&schema);
    service.kill();
    // The server finds out while the dead one's statement still waits, and what is in use is not waited for.
    let args = ["migrate", "-d", &url, "up", "--wait", "20s", "--lock-timeout", "500ms"];
    home.fails(&args, 3, &["migration 2 (windows)", "somebody uses what it changes", "nothing of it is there"]);
    assert_eq!(versions(&schema), ALL[..1]);
    let refused = Postgres::open(Settings::parse(&url).unwrap()).unwrap_err().to_string();
    assert!(refused.contains("version 1") && refused.contains("needs 3"), "{refused}");
    drop(block);
    home.ok(&["migrate", "-d", &url]);
    assert_eq!(versions(&schema), ALL);
    home.ok(&["migrate", "-d", &url, "verify"]);
}

static WITH_ALONE: LazyLock<Vec<Migration>> = LazyLock::new(|| {
    let sql = "-- compatible-from: 0.1.0\n-- no-transaction\nCREATE INDEX CONCURRENTLY silences_who ON silences (who)";
    MIGRATIONS.iter().copied().chain([Migration { version: 4, name: "alone", sql }]).collect()
});

#[test]
fn what_runs_outside_a_transaction_leaves_a_mark() {
    let Some(schema) = shared("pg_migrate::what_runs_outside_a_transaction_leaves_a_mark") else { return };
    let migrator = Migrator { migrations: &WITH_ALONE, ..migrator(&schema) };
    migrator.up(Some(3), false).unwrap();
    let mut block = schema.direct();
    block.run("BEGIN; INSERT INTO silences VALUES ('a', '[]', now(), now(), 'r', 'w', NULL)");
    let mut direct = schema.direct();
    let error = std::thread::scope(|scope| {
        let up = scope.spawn(|| migrator.up(None, false).unwrap_err().to_string());
        until_one_waits(&schema);
        let holders = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
            AND objid = (hashtext(current_schema())::bigint & 4294967295)::oid";
        direct.texts(holders);
        up.join().unwrap()
    });
    assert!(error.contains("alone") || error.contains("closed") || error.contains("terminat"), "{error}");
    drop(block);
    // Whoever comes next is stopped, and told what to do; also a binary that does not know that file.
    let status = migrator.status().unwrap();
    assert_eq!(status.steps.last().unwrap().state, State::Dirty);
    assert!(!status.settled());
    let says = ["migration 4 (alone) began here and did not end", "SET dirty = false WHERE version = 4", "DELETE FROM"];
    let refused = migrator.up(None, false).unwrap_err().to_string();
    assert!(says.iter().all(|what| refused.contains(what)), "{refused}");
    Home::new().fails(&["migrate", "-d", &schema.url()], 2, &says);
    assert!(Postgres::open(Settings::parse(&schema.url()).unwrap()).unwrap_err().to_string().contains(says[0]));
    direct.run("DROP INDEX IF EXISTS silences_who; DELETE FROM gpuhm_migrations WHERE version = 4");
    let done = migrator.up(None, false).unwrap();
    assert_eq!(done.steps.iter().map(|step| (step.version, step.state)).collect::<Vec<_>>(), [(4, State::Applied)]);
    assert_eq!(
        direct.number(
            "SELECT count(*) FROM pg_indexes WHERE indexname = 'silences_who' AND schemaname = current_schema()"
        ),
        1
    );
}

#[test]
fn books_of_another_hand_are_refused_or_suit() {
    let Some(schema) = shared("pg_migrate::books_of_another_hand_are_refused_or_suit") else { return };
    let (home, url) = (Home::new(), schema.url());
    schema.fill();
    let mut direct = schema.direct();
    let mut refused = |change: &str, undo: &str, says: &[&str]| {
        direct.run(change);
        home.fails(&["migrate", "-d", &url], 2, says);
        let opened = Postgres::open(Settings::parse(&url).unwrap()).unwrap_err().to_string();
        assert!(says.iter().all(|what| opened.contains(what)), "{opened}");
        assert_eq!(home.run(&["migrate", "-d", &url, "status", "--check"]).code, 1);
        assert_eq!(home.run(&["migrate", "-d", &url, "verify"]).code, 1);
        direct.run(undo);
    };
    refused(
        "UPDATE gpuhm_migrations SET checksum = 'x' || checksum WHERE version = 2",
        "UPDATE gpuhm_migrations SET checksum = substr(checksum, 2) WHERE version = 2",
        &["migration 2 (windows)", "another text"],
    );
    refused(
        "CREATE TABLE aside AS SELECT * FROM gpuhm_migrations WHERE version = 2;
        DELETE FROM gpuhm_migrations WHERE version = 2",
        "INSERT INTO gpuhm_migrations SELECT * FROM aside; DROP TABLE aside",
        &["migration 2 (windows) never ran here, though 3 did"],
    );
    let newer = "INSERT INTO gpuhm_migrations VALUES (4, 'later', 'x', now(), 1, '9.0.0', '99.1.0')";
    let ours = env!("CARGO_PKG_VERSION");
    refused(newer, "UPDATE gpuhm_migrations SET compatible_from = '0.1.0' WHERE version = 4", &["99.1.0", ours]);
    // One that this version does not know, and that says that it may run.
    assert_eq!(home.ok(&["migrate", "-d", &url]), "nothing to do\n");
    assert!(home.ok(&["migrate", "-d", &url, "status", "--check"]).contains("newer"));
    Postgres::open(Settings::parse(&url).unwrap()).unwrap();
}

#[test]
fn tables_made_by_hand_are_taken_over() {
    let Some(schema) = shared("pg_migrate::tables_made_by_hand_are_taken_over") else { return };
    let (home, url) = (Home::new(), schema.url());
    let mut direct = schema.direct();
    direct.run(&format!("ALTER DEFAULT PRIVILEGES IN SCHEMA {} GRANT ALL ON TABLES TO PUBLIC", schema.name()));
    for migration in &MIGRATIONS {
        direct.run(migration.sql);
    }
    home.fails(&["migrate", "-d", &url], 2, &["migration 1 (init)", "already exists", "gpuhm migrate baseline 1"]);
    direct.run("DROP INDEX gpu_metrics_gpu");
    home.fails(
        &["migrate", "-d", &url, "baseline", "3"],
        2,
        &["not at migration 3", "index gpu_metrics_gpu is missing"],
    );
    direct.run("CREATE INDEX gpu_metrics_gpu ON gpu_metrics (gpu_uuid, time)");
    assert_eq!(home.ok(&["migrate", "-d", &url, "baseline", "3"]).matches("baselined").count(), 3);
    assert_eq!(home.ok(&["migrate", "-d", &url]), "nothing to do\n");
    home.ok(&["migrate", "-d", &url, "status", "--check"]);
    home.fails(&["migrate", "-d", &url, "baseline", "2"], 2, &["a history up to migration 3"]);
    // As after a migrate: partitions are there, and nobody but their owner writes the books.
    assert!(direct.number("SELECT count(*) FROM gpuhm_parts('gpu_metrics')") >= 2);
    let writes = "SELECT count(*) FROM pg_class CROSS JOIN LATERAL aclexplode(relacl) a
        WHERE oid = 'gpuhm_migrations'::regclass AND a.grantee = 0
        AND a.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')";
    assert_eq!(direct.number(writes), 0);
    // Above a history the newest alone is taken, where it is whole.
    direct.run("DELETE FROM gpuhm_migrations WHERE version > 1");
    home.fails(&["migrate", "-d", &url], 2, &["migration 2 (windows)", "already exists", "gpuhm migrate baseline 3"]);
    home.fails(&["migrate", "-d", &url, "baseline", "2"], 2, &["a history up to migration 1"]);
    direct.run("ALTER INDEX gpu_metrics_gpu RENAME TO aside");
    home.fails(&["migrate", "-d", &url, "baseline", "3"], 2, &["not at migration 3"]);
    direct.run("ALTER INDEX aside RENAME TO gpu_metrics_gpu");
    assert_eq!(home.ok(&["migrate", "-d", &url, "baseline", "3"]).matches("baselined").count(), 2);
    assert_eq!(home.ok(&["migrate", "-d", &url]), "nothing to do\n");
}

#[test]
fn a_server_that_comes_late_is_waited_for() {
    let home = Home::new();
    let port = crate::broker::node::free_port();
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    home.fails(&["migrate", "-d", &url, "up", "--wait", "0"], 3, &["migrate"]);
    let Some(schema) = shared("pg_migrate::a_server_that_comes_late_is_waited_for") else { return };
    let nowhere = schema.url().replace(schema.name(), "no_such_schema").replace("%2Cpublic", "");
    home.fails(&["migrate", "-d", &nowhere], 2, &["names no schema that exists", "CREATE SCHEMA"]);
}
