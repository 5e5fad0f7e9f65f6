//! The roles of `docs/postgres-roles.sql`: each can do what its commands need, and nothing else.

use gpuhm::event::Time;
use gpuhm::event::rows::Raw;
use gpuhm::event::time::DAY;
use gpuhm::pipeline::retention::KEEP;
use gpuhm::store::postgres::{Postgres, Settings};
use gpuhm::store::{AlertFilter, Judged as _, Store};

use crate::database::Server;
use crate::database::schema::Direct;
use crate::process::Home;
use crate::store_contract::{asset, of_raw};
use crate::store_fixtures::{T0, raw};
use crate::store_judged_rows::silence;

const ROLES: &str = include_str!("../../docs/postgres-roles.sql");

fn url(server: &Server, role: &str) -> String {
    format!("postgres://{role}@127.0.0.1:{}/fleet", server.port())
}

fn opened(server: &Server, role: &str) -> Postgres {
    Postgres::open(Settings::parse(&url(server, role)).unwrap()).unwrap()
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

/// Everything that views ask.
fn read(store: &mut Postgres) {
    store.facts(T0).unwrap();
    store.fleet().unwrap();
    store.latest().unwrap();
    store.gpus().unwrap();
    store.collectors().unwrap();
    store.assets(None).unwrap();
    store.alerts(AlertFilter::Open).unwrap();
    store.silences().unwrap();
    store.failures().unwrap();
    store.past("GPU-a", Time(0), T0).unwrap();
    store.raw("GPU-a", Time(0), T0).unwrap();
}

#[test]
fn each_can_do_what_it_needs() {
    let Some(server) = made("pg_roles::each_can_do_what_it_needs") else { return };
    let mut store = opened(&server, "gpuhm_service");
    let tokens = store.raise("aggregate", &[0]).unwrap();
    // Rows of the past: their partitions are made by a role that owns nothing.
    store
        .write(&tokens, &of_raw(vec![raw("GPU-a", 0), Raw { time: T0.plus(-400 * DAY), ..raw("GPU-a", 0) }]), T0)
        .unwrap();
    store.put_assets(&[asset("GPU-a", &[("rack", "r1")])]).unwrap();
    store.put_silence(&silence("s", 0)).unwrap();
    store.retain(T0.plus(500 * DAY), KEEP).unwrap();
    read(&mut store);
    read(&mut opened(&server, "gpuhm_reader"));
    for role in ["gpuhm_service", "gpuhm_reader"] {
        let home = Home::new();
        home.ok(&["migrate", "-d", &url(&server, role), "status", "--check"]);
        assert_eq!(home.ok(&["migrate", "-d", &url(&server, role)]), "nothing to do\n");
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
