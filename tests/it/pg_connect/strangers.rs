//! What listens there is no PostgreSQL, or says nothing.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use gpuhm::pipeline::clock::monotonic;

use super::{Try, tried};
use crate::process::Home;

/// A listener that does `with` to each connection; ends with the process.
fn listener(with: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let with = with.clone();
            std::thread::spawn(move || with(stream));
        }
    });
    port
}

#[test]
fn a_web_server_is_named_as_what_it_is() {
    let port = listener(|mut stream| {
        let mut asked = [0; 64];
        if stream.read(&mut asked).is_ok_and(|read| read > 0) {
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
        }
    });
    let home = Home::new();
    for more in ["", "?sslmode=disable", "?sslmode=require"] {
        let store = format!("postgres://u@127.0.0.1:{port}/d{more}");
        let says = &["what answers there is not PostgreSQL", "\nhint: check host and port"];
        tried(&home, &Try { store, env: &[], code: 2, says });
    }
}

#[test]
fn who_says_nothing_is_given_up_in_time() {
    let port = listener(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let home = Home::new();
    let started = monotonic();
    let store = format!("postgres://u@127.0.0.1:{port}/d?connect_timeout=1");
    tried(&home, &Try { store, env: &[], code: 3, says: &["no answer within 1 s", "\nhint: "] });
    let store = format!("postgres://u@127.0.0.1:{port}/d");
    tried(&home, &Try { store, env: &[("PGCONNECT_TIMEOUT", "1")], code: 3, says: &["no answer within 1 s"] });
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    let shut = listener(drop);
    let store = format!("postgres://u@127.0.0.1:{shut}/d");
    tried(&home, &Try { store, env: &[], code: 3, says: &["the connection was closed"] });
    let store = "postgres://u@no-such-host.invalid/d".to_owned();
    tried(&home, &Try { store, env: &[], code: 3, says: &["\nhint: check the host's name"] });
    let store = "postgres://u@/d?host=/no/such/dir".to_owned();
    tried(&home, &Try { store, env: &[], code: 3, says: &["no server has its socket there"] });
}
