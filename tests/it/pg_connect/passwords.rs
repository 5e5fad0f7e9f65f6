//! Where a password may be, which of them counts, and what is said of a wrong one; who may nothing, and what is not there.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::secure::{PASSWORD, Secure};
use super::{Try, tried};
use crate::process::{Home, text};

fn written(path: &Path, content: &str, mode: u32) -> String {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    text(path)
}

/// As a line of a password file and as a URL have it.
const IN_FILE: &str = "s3cret\\:of\\\\theirs";
const IN_URL: &str = "s3cret%3Aof%5Ctheirs";

#[test]
fn a_password_is_found_where_libpq_looks_and_shown_nowhere() {
    let Some(secure) = Secure::start("pg_connect::passwords::a_password_is_found") else { return };
    let home = Home::new();
    let run = |store: &str, env: &[(&str, &str)], code, says: &[&str]| {
        tried(&home, &Try { store: store.to_owned(), env, code, says })
    };
    let port = secure.server.port();
    let at = secure.url("app", "127.0.0.1", "");
    run(&at, &[], 2, &["the server asks for a password, and none is known", "\nhint: set PGPASSWORD"]);
    run(
        &at,
        &[("PGPASSWORD", "s3cret-but-not-it")],
        2,
        &["(28P01)", "the password is from PGPASSWORD", "\nhint: check the role's name"],
    );
    // Key=value, completed by variables alone.
    let of = port.to_string();
    let named = [("PGHOST", "127.0.0.1"), ("PGPORT", of.as_str()), ("PGUSER", "app"), ("PGPASSWORD", PASSWORD)];
    run("dbname=postgres", &named, 0, &[]);
    run("postgresql:///postgres", &named, 0, &[]);
    run(&format!("host=127.0.0.1 port={port} user=app dbname=postgres password='s3cret:of\\\\theirs'"), &[], 0, &[]);
    let with = format!("postgres://app:{IN_URL}@127.0.0.1:{port}/postgres");
    run(&with, &[("PGPASSWORD", "wrong")], 0, &[]);
    // The password file.
    let line = format!("# ours\n127.0.0.1:1:*:app:wrong\n127.0.0.1:{port}:postgres:app:{IN_FILE}\n*:*:*:*:wrong\n");
    let file = written(&home.path("person/.pgpass"), &line, 0o600);
    run(&at, &[], 0, &[]);
    run(&at, &[("PGPASSWORD", "wrong")], 2, &["the password is from PGPASSWORD"]);
    written(Path::new(&file), &line, 0o640);
    run(&at, &[], 2, &["others may read it (mode 0640)", &format!("\nhint: chmod 0600 {file}")]);
    let other = written(&home.path("other"), "*:*:*:*:wrong\n", 0o600);
    run(&at, &[("PGPASSFILE", &other)], 2, &[&format!("the password is from {other}")]);
    // The service manager's.
    let credentials = home.path("credentials");
    written(&credentials.join("gpuhm_store.password"), &format!("{PASSWORD}\n"), 0o400);
    let directory = text(&credentials);
    run(&at, &[("CREDENTIALS_DIRECTORY", &directory), ("PGPASSWORD", "wrong")], 0, &[]);
    // On the command line it is taken, and advised against.
    let ran = home.run(&["silence", "list", "--store", &with]);
    assert!(ran.code == 0 && ran.err.contains("everyone on this machine sees a password"), "{}", ran.err);
    assert!(!ran.err.contains("s3cret"), "{}", ran.err);
    let help = home.command(&["silence", "--help"]).env("GPUHM_STORE", &with).output().unwrap();
    assert!(!String::from_utf8_lossy(&help.stdout).contains("s3cret"));
}

#[test]
fn who_may_not_is_told_what_to_do() {
    let Some(secure) = Secure::start("pg_connect::passwords::who_may_not_is_told_what_to_do") else { return };
    let home = Home::new();
    let run = |store: &str, code, says: &[&str]| {
        tried(&home, &Try { store: store.to_owned(), env: &[("PGPASSWORD", PASSWORD)], code, says })
    };
    let port = secure.server.port();
    let at = |role: &str| secure.url(role, "127.0.0.1", "");
    run(&at("poor"), 2, &["permission denied", "(42501)", "\nhint: GRANT the role what docs/postgres.md lists"]);
    run(&at("crowd"), 3, &["too many connections", "(53300)", "\nhint: raise max_connections"]);
    run(&at("nobody"), 2, &["(28P01)"]);
    run(&at("stranger"), 2, &["(28000)", "\nhint: the server's pg_hba.conf"]);
    let other = |base: &str| format!("postgres://postgres@127.0.0.1:{port}/{base}");
    run(
        &other("nope"),
        2,
        &["database \"nope\" does not exist (3D000)", "\nhint: a superuser makes it: CREATE DATABASE"],
    );
    run(
        &other("empty"),
        2,
        &["its schema is at version 0", "schema public has no tables", "\nhint: run `gpuhm migrate`, or"],
    );
    run(&format!("{}?options=-cno_such=1", other("postgres")), 2, &["no_such"]);
    // Several servers: the first that is there.
    let dead = crate::broker::node::free_port();
    run(&format!("postgres://app@127.0.0.1:{dead},127.0.0.1:{port}/postgres"), 0, &[]);
    let both = format!("postgres://app@127.0.0.1:{dead},127.0.0.1:{dead}/postgres");
    run(&both, 3, &[&format!("127.0.0.1:{dead}: Connection refused")]);
    run(&format!("host=127.0.0.1 port={port},1 user=app dbname=postgres"), 2, &["do not go together", "\nhint: "]);
    run(&format!("{}&target_session_attrs=standby", at("app")), 3, &["it is no standby"]);
    // What is written is refused where it was opened to read only, and where the server is.
    secure.set("default_transaction_read_only", "on");
    let standby = format!("postgres://app@127.0.0.1:{port}/postgres?target_session_attrs=read-write");
    run(&standby, 3, &["it does not take writes", "\nhint: name all servers"]);
}
