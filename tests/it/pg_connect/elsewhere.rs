//! What is told where the search path leads elsewhere or nowhere, where a role lacks a right that only shows later, where a
//! password reads as a host, and where a table is changed under a running service.

use gpuhm::store::Store as _;
use gpuhm::store::postgres::{Postgres, Settings};

use super::doctor::{found, of};
use super::{Try, tried};
use crate::database::schema::Direct;
use crate::database::{Server, shared};
use crate::process::Home;
use crate::store_contract::asset;

const ROLES: &str = include_str!("../../../docs/postgres-roles.sql");

fn url(server: &Server, role: &str) -> String {
    format!("postgres://{role}@127.0.0.1:{}/Fleet%201", server.port())
}

/// A server with the roles and their schema, in a database whose name must be quoted; and its superuser.
fn made(test: &str) -> Option<(Server, Direct)> {
    let server = Server::start(test, &[])?;
    server.direct().run("CREATE DATABASE \"Fleet 1\"");
    let mut direct = Direct::connect(&url(&server, "postgres"));
    direct.run(ROLES);
    Home::new().ok(&["migrate", "-d", &url(&server, "gpuhm_owner")]);
    Some((server, direct))
}

#[test]
fn a_search_path_that_leads_elsewhere_is_told() {
    let Some((server, mut direct)) = made("pg_connect::elsewhere::a_search_path_that_leads_elsewhere_is_told") else {
        return;
    };
    let (home, service) = (Home::new(), url(&server, "gpuhm_service"));
    let mut leads = |path: &str, says: &[&str]| {
        direct.run(&format!("ALTER ROLE gpuhm_service SET search_path = {path}"));
        let ran = tried(&home, &Try { store: service.clone(), env: &[], code: 2, says });
        home.fails(&["top", "--once", "-d", &service], 2, &says[..1]);
        assert!(!ran.err.contains("22004"), "{}", ran.err);
        let found = found(&home, &service);
        assert!(of(&found, "db.reach").starts_with("ok: "), "{found:#?}");
        (of(&found, "store.schema").to_owned(), of(&found, "db.rights").to_owned())
    };
    let nowhere = "its search_path names no schema that exists";
    let (schema, rights) = leads("nowhere", &[nowhere]);
    assert!(schema.starts_with("fault: ") && schema.contains(nowhere), "{schema}");
    assert!(rights.starts_with("fault: ") && rights.contains("names no schema that exists"), "{rights}");
    let (there, hint) =
        ("schema public has no tables of gpuhm", "give the role the search_path of the schema that has");
    let (schema, rights) = leads("public", &[there, "version 0", hint]);
    for told in [schema, rights] {
        assert!(told.starts_with("fault: ") && told.contains(there) && told.contains(hint), "{told}");
    }
}

#[test]
fn doctor_sees_rights_that_stages_need_later() {
    let Some((server, mut direct)) = made("pg_connect::elsewhere::doctor_sees_rights_that_stages_need_later") else {
        return;
    };
    let home = Home::new();
    let rights = |role: &str| of(&found(&home, &url(&server, role)), "db.rights").to_owned();
    // The script gives it by name, whatever PUBLIC may.
    direct.run("REVOKE TEMPORARY ON DATABASE \"Fleet 1\" FROM PUBLIC");
    for role in ["gpuhm_owner", "gpuhm_service"] {
        assert!(rights(role).starts_with(&format!("ok: {role} may read and write every table")), "{}", rights(role));
    }
    assert!(rights("gpuhm_reader").starts_with("ok: gpuhm_reader may read all, "), "{}", rights("gpuhm_reader"));
    direct.run("REVOKE TEMPORARY ON DATABASE \"Fleet 1\" FROM gpuhm_service");
    let told = rights("gpuhm_service");
    assert!(told.starts_with("warning: ") && told.contains("temporary tables"), "{told}");
    for (name, arguments) in [
        ("gpuhm_parts", "text"),
        ("gpuhm_partition", "text, timestamptz"),
        ("gpuhm_partitions_ahead", "timestamptz"),
        ("gpuhm_drop_before", "text, timestamptz, timestamptz"),
    ] {
        let function = format!("FUNCTION gpuhm.{name}({arguments})");
        direct.run(&format!("REVOKE EXECUTE ON {function} FROM gpuhm_service"));
        let told = rights("gpuhm_service");
        assert!(told.starts_with("fault: ") && told.contains(&format!("not call {name}: ")), "{told}");
        assert!(told.contains(&format!("GRANT EXECUTE ON FUNCTION {name} TO gpuhm_service")), "{told}");
        direct.run(&format!("GRANT EXECUTE ON {function} TO gpuhm_service"));
    }
    // Some tables that it may not write are no reader's lack.
    direct.run("REVOKE INSERT, UPDATE, DELETE ON gpuhm.silences FROM gpuhm_service");
    assert!(rights("gpuhm_service").starts_with("warning: "), "{}", rights("gpuhm_service"));
}

#[test]
fn the_script_shuts_public_where_its_runner_may() {
    let test = "pg_connect::elsewhere::the_script_shuts_public_where_its_runner_may";
    let Some(server) = Server::start(test, &[]) else { return };
    server.direct().run("CREATE ROLE maker LOGIN CREATEROLE");
    server.direct().run("CREATE DATABASE \"Fleet 1\" OWNER maker");
    // As before PostgreSQL 15: whoever owns the database does not own this.
    let mut direct = Direct::connect(&url(&server, "postgres"));
    direct.run("ALTER SCHEMA public OWNER TO postgres; GRANT CREATE ON SCHEMA public TO PUBLIC");
    Direct::connect(&url(&server, "maker")).run(&format!("BEGIN; {ROLES} ROLLBACK"));
    direct.run(ROLES);
    let open = "SELECT count(*) FROM pg_namespace CROSS JOIN LATERAL aclexplode(nspacl) a
        WHERE nspname = 'public' AND a.grantee = 0 AND a.privilege_type = 'CREATE'";
    assert_eq!(direct.number(open), 0);
}

#[test]
fn no_part_of_a_password_is_shown_as_a_place() {
    let home = Home::new();
    for store in ["postgres://u:pa@s3cret@127.0.0.1:1/fleet", "PostgreSQL://u:12/s3cret@127.0.0.1/fleet"] {
        let says = &["an @ stands where the host or the database should be", "\nhint: ", "%40 %2F"];
        let ran = tried(&home, &Try { store: store.to_owned(), env: &[], code: 2, says });
        assert!(!ran.err.contains("s3cret") && !ran.err.contains("127.0.0.1"), "{}", ran.err);
        let ran = home.run(&["doctor", "-d", store]);
        assert!(ran.code != 0 && ran.out.contains("an @ stands where"), "{}{}", ran.out, ran.err);
        assert!(!format!("{}{}", ran.out, ran.err).contains("s3cret"), "{}{}", ran.out, ran.err);
    }
}

#[test]
fn a_table_that_is_changed_meanwhile_is_read_on() {
    let Some(schema) = shared("pg_connect::elsewhere::a_table_that_is_changed_meanwhile_is_read_on") else { return };
    schema.fill();
    let mut store = Postgres::open(Settings::parse(&schema.url()).unwrap()).unwrap();
    store.put_assets(&[asset("GPU-a", &[("rack", "r1")])]).unwrap();
    let read = |store: &mut Postgres| store.assets(None).unwrap().unwrap().1;
    let before = read(&mut store);
    assert_eq!(before.len(), 1);
    schema.direct().run("ALTER TABLE gpu_assets ALTER COLUMN gpu_uuid TYPE varchar");
    assert_eq!(read(&mut store), before);
}
