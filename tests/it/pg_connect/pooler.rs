//! A pooler (`PgBouncer`) between: in session mode all works, in the others it is refused before anything is done.

use std::path::Path;
use std::process::Command;

use super::{PATIENCE, Try, tried};
use crate::broker::ignored;
use crate::broker::node::free_port;
use crate::database::Server;
use crate::database::schema::fill;
use crate::process::{Home, Service, text, until};

const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// Starts one before `server`; returns its port too.
fn pooler(home: &Home, server: u16, mode: &str) -> (Service, u16) {
    let port = free_port();
    let users = home.file("users", "\"postgres\" \"\"\n");
    let lines = format!(
        "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\n\
         unix_socket_dir=\nauth_type=trust\nauth_file={users}\npool_mode={mode}\ndefault_pool_size=4\n"
    );
    let file = home.file(&format!("{mode}.ini"), lines);
    let mut command = Command::new(PROGRAM);
    if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
        let dir = Path::new(&file).parent().unwrap();
        assert!(Command::new("chmod").args(["-R", "a+rX", &text(dir)]).status().unwrap().success());
        command.args(["-u", "postgres"]);
    }
    let service = Service::start({
        command.arg(&file);
        command
    });
    until("a pooler to listen", PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    (service, port)
}

#[test]
fn a_pooler_works_in_session_mode_and_is_refused_in_others() {
    let test = "pg_connect::pooler::a_pooler_works_in_session_mode_and_is_refused_in_others";
    if !Path::new(PROGRAM).exists() {
        ignored(test, "PgBouncer");
        return;
    }
    let Some(server) = Server::start(test, &[]) else { return };
    fill(&server.url());
    let home = Home::new();
    let run = |port: u16, code, says: &[&str]| {
        tried(&home, &Try { store: format!("postgres://postgres@127.0.0.1:{port}/postgres"), env: &[], code, says })
    };
    let hint = "\nhint: use session pooling (PgBouncer: pool_mode = session), or connect to the server itself";
    let (session, port) = pooler(&home, server.port(), "session");
    run(port, 0, &[]);
    run(port, 0, &[]);
    session.kill();
    let (transaction, port) = pooler(&home, server.port(), "transaction");
    run(port, 2, &["hands its transactions to other sessions (transaction mode)", hint]);
    run(port, 2, &["(transaction mode)"]);
    transaction.kill();
    let (statement, port) = pooler(&home, server.port(), "statement");
    run(port, 2, &["pooler", hint]);
    statement.kill();
}
