//! The roles of `docs/postgres-roles.sql`: each can do what its commands need, and nothing else.

use std::cell::Cell;

use gpuhm::store::Store;
use gpuhm::store::postgres::{Postgres, Settings};

use crate::database::Server;
use crate::database::schema::Direct;
use crate::process::Home;
use crate::{store_contract, store_judged};

const ROLES: &str = include_str!("../../docs/postgres-roles.sql");

fn url(server: &Server, role: &str) -> String {
    format!("postgres://{role}@127.0.0.1:{}/fleet", server.port())
}

/// A server with a database of its own in which the script was run, and the schema made by the owner.
fn made(test: &str) -> Option<Server> {
    let server = Server::start(test, &[])?;
    server.direct().run("CREATE DATABASE fleet");
    Direct::connect(&url(&server, "postgres")).run(ROLES);
    let home = Home::new();
    home.ok(&["migrate", "-d", &url(&server, "gpuhm_owner")]);
    home.ok(&["migrate", "-d", &url(&server, "gpuhm_owner"), "verify"]);
    Some(server)
}

fn refused(server: &Server, role: &str, statements: &[&str]) {
    let mut direct = Direct::connect(&url(server, role));
    for statement in statements {
        let error = direct.try_run(statement).unwrap_err();
        let code = error.code().unwrap().code();
        assert_eq!(code, "42501", "{role}: {statement}: {error:?}");
    }
}

/// Databases like `fleet`, one after the other.
fn another(server: &Server, count: &Cell<u32>) -> String {
    count.set(count.get() + 1);
    let name = format!("fleet{}", count.get());
    server.direct().run(&format!("CREATE DATABASE {name} TEMPLATE fleet"));
    url(server, "gpuhm_service").replace("/fleet", &format!("/{name}"))
}

#[test]
fn services_keep_the_contract_and_own_nothing() {
    let Some(server) = made("pg_roles::services_keep_the_contract_and_own_nothing") else { return };
    let count = Cell::new(0);
    let open = |url: &str| -> Box<dyn Store> { Box::new(Postgres::open(Settings::parse(url).unwrap()).unwrap()) };
    store_contract::suite(|| open(&another(&server, &count)));
    store_judged::suite(|| {
        let url = another(&server, &count);
        [open(&url), open(&url)]
    });
}

#[test]
fn each_can_do_what_its_commands_need() {
    let Some(server) = made("pg_roles::each_can_do_what_its_commands_need") else { return };
    let (home, service, reader) = (Home::new(), url(&server, "gpuhm_service"), url(&server, "gpuhm_reader"));
    let fleet = ["--source", "sim", "--gpus", "8", "--hosts", "1", "--speed", "max", "--ticks", "30"];
    home.ok(&[&["run", "-q", "-d", &service][..], &fleet].concat());
    home.ok(&[&["collect", "-q"][..], &fleet, &["--from", "2026-01-01T00:00:00Z"]].concat());
    for stage in ["validate", "aggregate", "score", "predict"] {
        home.ok(&[stage, "-q", "--once", "-d", &service]);
    }
    home.ok(&["aggregate", "-q", "--backfill", "2025-12-31T00:00:00Z..2026-01-02T00:00:00Z", "-d", &service]);
    let gpu =
        home.json(&["top", "--once", "-o", "json", "-d", &reader])["gpus"][0]["gpu_uuid"].as_str().unwrap().to_owned();
    home.ok(&["assets", "import", &home.file("assets.csv", format!("gpu_uuid,rack\n{gpu},r1\n")), "-d", &service]);
    home.ok(&["silence", "add", "severity=warning", "--until", "2h", "--reason", "work", "-d", &service]);
    home.ok(&["predict", "label", &gpu, "dbe", "--at", "2026-01-01T00:00:00Z", "-d", &service]);
    for look in [
        &["score", "--explain", &gpu][..],
        &["predict", "--explain", &gpu],
        &["predict", "label", "list"],
        &["silence", "list"],
        &["assets", "export"],
        &["top", "--once"],
        &["migrate", "status", "--check"],
        &["migrate", "verify"],
        &["migrate"],
    ] {
        home.ok(&[look, &["-d", &reader]].concat());
        home.ok(&[look, &["-d", &service]].concat());
    }
    for role in [&service, &reader] {
        let doctor = home.run(&["doctor", "-o", "json", "-d", role]);
        assert!(doctor.code <= 1 && !doctor.out.contains("permission denied"), "{}{}", doctor.out, doctor.err);
    }
    for write in
        [&["silence", "add", "severity=warning", "--until", "2h", "--reason", "work"][..], &["score", "--once"]]
    {
        let ran = home.run(&[write, &["-d", &reader]].concat());
        assert!(ran.code != 0 && ran.err.contains("permission denied"), "{write:?}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn nobody_can_do_more() {
    let Some(server) = made("pg_roles::nobody_can_do_more") else { return };
    let nobody = [
        "DROP TABLE gpu_metrics",
        "ALTER TABLE gpu_metrics ADD x int",
        "CREATE TABLE gpuhm.t (x int)",
        "TRUNCATE gpu_metrics",
        "DELETE FROM gpuhm_migrations",
        "UPDATE gpuhm_migrations SET dirty = true",
        "INSERT INTO gpuhm_series VALUES ('gpu_alerts', 'at', 1)",
        "CREATE TABLE public.t (x int)",
    ];
    refused(&server, "gpuhm_service", &nobody);
    refused(&server, "gpuhm_reader", &nobody);
    let writes = [
        "DELETE FROM gpu_metrics",
        "INSERT INTO gpus VALUES ('a', now(), now())",
        "UPDATE silences SET who = ''",
        "SELECT gpuhm_partition('gpu_metrics', now())",
        "SELECT gpuhm_drop_before('gpu_metrics', now())",
    ];
    refused(&server, "gpuhm_reader", &writes);
    // The functions act on the store's own list, whatever list their caller puts before it.
    let mut service = Direct::connect(&url(&server, "gpuhm_service"));
    service.run(
        "CREATE TEMP TABLE gpuhm_series (name text, column_name text, days int);
        INSERT INTO gpuhm_series VALUES ('gpu_metrics', 'time', 1000), ('gpu_alerts', 'at', 1);
        SET search_path = pg_temp, gpuhm",
    );
    service.run("SELECT gpuhm.gpuhm_partition('gpu_metrics', '2020-02-02Z')");
    let part = "SELECT part::text FROM gpuhm.gpuhm_parts('gpu_metrics') WHERE from_time < '2021-01-01'";
    assert_eq!(service.texts(part), ["gpu_metrics_20200202"]);
    service.try_run("SELECT gpuhm.gpuhm_drop_before('gpu_alerts', now())").unwrap_err();
}
