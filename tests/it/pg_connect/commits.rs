//! A connection lost between jobs, within one, and between a commit and its answer: each job is done once.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use gpuhm::store::postgres::{Postgres, Settings};
use gpuhm::store::{Judged, Store};

use crate::database::{Schema, shared};

/// What befalls the next commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It reaches the server, its answer does not reach us.
    Unanswered,
    /// It does not reach the server.
    Unsent,
}

/// Between us and a server; cuts as many connections at their commit as it is told.
struct Proxy {
    port: u16,
    left: Arc<AtomicI32>,
}

fn carry(mut from: TcpStream, mut to: TcpStream, mut cut: impl FnMut(&[u8]) -> Option<bool>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        let cut = cut(&bytes[..read]);
        if cut != Some(false) && to.write_all(&bytes[..read]).is_err() {
            break;
        }
        if cut.is_some() {
            // Long enough that the server has done it.
            std::thread::sleep(Duration::from_millis(300));
            break;
        }
    }
    drop(from.shutdown(Shutdown::Both));
    drop(to.shutdown(Shutdown::Both));
}

impl Proxy {
    fn before(server: u16, fate: Fate) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicI32::new(0));
        let counted = Arc::clone(&left);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let halves = (near.try_clone().unwrap(), far.try_clone().unwrap());
                let (left, muted) = (Arc::clone(&counted), Arc::new(AtomicI32::new(0)));
                let mute = Arc::clone(&muted);
                let cut = move |bytes: &[u8]| {
                    let commits = bytes.windows(7).any(|part| part == b"COMMIT\0");
                    if !commits || left.load(Ordering::SeqCst) <= 0 {
                        return None;
                    }
                    left.fetch_sub(1, Ordering::SeqCst);
                    mute.store(1, Ordering::SeqCst);
                    Some(fate == Fate::Unanswered)
                };
                std::thread::spawn(move || carry(near, far, cut));
                // Answers stop with the cut.
                std::thread::spawn(move || {
                    carry(halves.1, halves.0, move |_| (muted.load(Ordering::SeqCst) == 1).then_some(false));
                });
            }
        });
        Proxy { port, left }
    }

    fn cut(&self, times: i32) {
        self.left.store(times, Ordering::SeqCst);
    }
}

fn port(url: &str) -> u16 {
    let Ok(config) = url.parse::<tokio_postgres::Config>() else { panic!("{url}") };
    config.get_ports()[0]
}

/// A store behind a proxy; its own server is reached as it is.
fn behind(schema: &Schema, fate: Fate) -> (Postgres, Proxy) {
    let (url, server) = (schema.url(), port(&schema.url()));
    let proxy = Proxy::before(server, fate);
    let store = Postgres::open(Settings::parse(&url.replace(&server.to_string(), &proxy.port.to_string())).unwrap());
    (store.unwrap(), proxy)
}

fn raised(store: &mut Postgres) -> i64 {
    store.raise("s", &[0]).unwrap()[0].number
}

#[test]
fn a_commit_without_an_answer_is_done_once() {
    let Some(schema) = shared("pg_connect::commits::a_commit_without_an_answer_is_done_once") else { return };
    schema.fill();
    for (fate, from) in [(Fate::Unanswered, 0), (Fate::Unsent, 10)] {
        let (mut store, proxy) = behind(&schema, fate);
        if from > 0 {
            schema.direct().run(&format!("UPDATE writers SET token = {from}"));
        }
        assert_eq!(raised(&mut store), from + 1, "{fate:?}");
        for round in 2..5 {
            proxy.cut(1);
            // One more would be one that was repeated though it had been done; a failure, one that was not.
            assert_eq!(raised(&mut store), from + round, "{fate:?}");
            assert_eq!(proxy.left.load(Ordering::SeqCst), 0, "nothing was cut");
        }
    }
}

#[test]
fn a_connection_lost_between_jobs_is_made_anew() {
    let Some(schema) = shared("pg_connect::commits::a_connection_lost_between_jobs_is_made_anew") else { return };
    schema.fill();
    let mut store = Postgres::open(named(&schema)).unwrap();
    let mut direct = schema.direct();
    let kill = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'gpuhm-{}'",
        schema.name()
    );
    for round in 1..4 {
        assert_eq!(raised(&mut store), round);
        assert!(direct.number(&kill) > 0);
        std::thread::sleep(Duration::from_millis(50));
    }
    // A lock is gone with its connection, and says so.
    let mut held = store.hold("score").unwrap().unwrap();
    assert!(held.kept() && Postgres::open(named(&schema)).unwrap().hold("score").unwrap().is_none());
    assert!(direct.number(&kill) > 0);
    std::thread::sleep(Duration::from_millis(50));
    assert!(!held.kept());
    assert!(store.hold("score").unwrap().is_some());
}

fn named(schema: &Schema) -> Settings {
    let mut settings = Settings::parse(&schema.url()).unwrap();
    settings.name(schema.name());
    settings
}

#[test]
fn what_is_only_read_cannot_be_written() {
    let Some(schema) = shared("pg_connect::commits::what_is_only_read_cannot_be_written") else { return };
    schema.fill();
    let mut store = Postgres::open_read_only(Settings::parse(&schema.url()).unwrap()).unwrap();
    assert!(store.silences().unwrap().is_empty());
    let error = store.raise("s", &[0]).unwrap_err();
    assert!(error.to_string().contains("opened for reading only"), "{error}");
}

#[test]
fn two_at_the_same_rows_both_go_through() {
    let Some(schema) = shared("pg_connect::commits::two_at_the_same_rows_both_go_through") else { return };
    schema.fill();
    // In turned orders each waits for the other; the server undoes one, which is done again.
    std::thread::scope(|scope| {
        for parts in [vec![1, 2], vec![2, 1]] {
            let schema = &schema;
            scope.spawn(move || {
                let mut store = Postgres::open(Settings::parse(&schema.url()).unwrap()).unwrap();
                for _ in 0..30 {
                    store.raise("s", &parts).unwrap();
                }
            });
        }
    });
    assert_eq!(schema.direct().number("SELECT min(token) FROM writers"), 60);
}
