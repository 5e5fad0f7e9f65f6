//! What `doctor` says of a store on a server.

use serde_json::Value;

use super::secure::{PASSWORD, Secure};
use crate::process::Home;

/// State, text and remedy of each check, by its name.
pub(super) fn found(home: &Home, store: &str) -> Vec<(String, String)> {
    let mut command = home.command(&["doctor", "-o", "json"]);
    let ran = command.env("GPUHM_STORE", store).env("PGPASSWORD", PASSWORD).output().unwrap();
    let out = String::from_utf8(ran.stdout).unwrap();
    assert!(!out.contains(PASSWORD), "{out}");
    let answer: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let one = |check: &Value| {
        let told = format!("{}: {} -> {}", text(check, "state"), text(check, "text"), text(check, "remedy"));
        (text(check, "id"), told)
    };
    answer["checks"].as_array().unwrap().iter().map(one).collect()
}

/// What was found by the check of that name.
pub(super) fn of<'f>(found: &'f [(String, String)], id: &str) -> &'f str {
    found.iter().find(|(of, _)| of == id).map_or("", |(_, told)| told)
}

#[test]
fn doctor_tells_how_the_server_stands() {
    let Some(secure) = Secure::start("pg_connect::doctor::doctor_tells_how_the_server_stands") else { return };
    let home = Home::new();
    let ids = ["db.reach", "db.tls", "db.clock", "db.sessions", "db.rights", "store.schema", "db.parts", "db.jobs"];
    let well = found(&home, &secure.url("postgres", "localhost", "hostaddr=127.0.0.1"));
    for id in ids {
        assert!(of(&well, id).starts_with("ok: "), "{id}: {well:#?}");
    }
    assert!(of(&well, "db.reach").contains("as postgres: PostgreSQL 1"), "{well:#?}");
    assert!(of(&well, "db.tls").contains("TLSv1.3"), "{well:#?}");
    assert!(of(&well, "store.schema").contains("version 3 of 3"), "{well:#?}");
    assert!(of(&well, "db.parts").contains("partitions: gpu_events 2"), "{well:#?}");
    // One who may only read, and one who may not even that.
    let reader = found(&home, &secure.url("app", "127.0.0.1", ""));
    assert!(of(&reader, "db.rights").contains("enough for top and doctor"), "{reader:#?}");
    let poor = found(&home, &secure.url("poor", "127.0.0.1", ""));
    assert!(of(&poor, "db.rights").starts_with("fault: poor may not read "), "{poor:#?}");
    assert!(of(&poor, "db.rights").contains("-> GRANT poor"), "{poor:#?}");
    // No tables, and no server.
    let empty = format!("postgres://postgres@127.0.0.1:{}/empty", secure.server.port());
    let empty = found(&home, &empty);
    assert!(of(&empty, "store.schema").starts_with("fault: "), "{empty:#?}");
    assert!(of(&empty, "db.parts").starts_with("skipped: "), "{empty:#?}");
    let dead = format!("postgres://app@127.0.0.1:{}/postgres", crate::broker::node::free_port());
    let dead = found(&home, &dead);
    assert!(of(&dead, "db.reach").starts_with("fault: ") && of(&dead, "db.reach").contains("does the server run"));
    for id in &ids[1..] {
        assert!(of(&dead, id).starts_with("skipped: "), "{id}: {dead:#?}");
    }
    // Connections run out.
    secure.server.direct().run("ALTER SYSTEM SET superuser_reserved_connections = 55");
    secure.server.stop();
    secure.server.start_again();
    let _used: Vec<_> = (0..5).map(|_| secure.server.direct()).collect();
    let full = found(&home, &secure.url("postgres", "127.0.0.1", ""));
    assert!(of(&full, "db.sessions").starts_with("warning: "), "{full:#?}");
}
