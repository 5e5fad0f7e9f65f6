//! Asks SQLite how it would run each statement: none may walk a table that grows or sort more than an answer.

use rusqlite::Connection;

use super::judged;
use super::retain;
use super::sql::{ASSETS_VERSION, SQL, TOKEN};
use crate::event::Size;
use crate::store::migrate::sqlite::{MIGRATIONS, bring_up};

/// Walks that are meant: the list of GPUs that the statement itself makes; tables of a row a GPU or host that are
/// wanted whole, in the order of their keys, and so what people recorded; the newest of the fleet's numbers and of
/// silences; and the alerts of an index that holds exactly those wanted, in order.
const MEANT: [&str; 9] = [
    "SCAN each",
    "SCAN collectors",
    "SCAN gpu_assets",
    "SCAN gpu_alerts USING INDEX gpu_alerts_open",
    "SCAN gpu_alerts USING INDEX gpu_alerts_since",
    "SCAN fleet_health",
    "SCAN gpu_failures",
    "SCAN silences",
    "SCAN silences USING INDEX silences_until",
];

fn statements() -> Vec<String> {
    let mut all = vec![
        &SQL.raw_span,
        &SQL.raw_before,
        &SQL.raw_next,
        &SQL.latest,
        &SQL.gpus,
        &SQL.alerts_open,
        &SQL.alerts_newest,
        &SQL.collectors,
        &SQL.assets,
    ];
    for size in Size::ALL {
        all.extend([&SQL.windows(size).span, &SQL.windows(size).newest_final]);
    }
    let mut all: Vec<String> = all.into_iter().cloned().collect();
    all.extend([TOKEN, ASSETS_VERSION].map(str::to_owned));
    all.extend(retain::all_texts());
    all.extend(judged::all_texts());
    all
}

fn plan(connection: &Connection, text: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
    let count = statement.parameter_count();
    let rows = statement.query_map(rusqlite::params_from_iter(vec![0; count]), |row| row.get(3)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn every_statement_runs_on_an_index() {
    let dir = tempfile::tempdir().unwrap();
    let mut connection = Connection::open(dir.path().join("store.db")).unwrap();
    bring_up(&mut connection, dir.path(), &MIGRATIONS, None).unwrap();
    for analyzed in [false, true] {
        if analyzed {
            // Whoever runs ANALYZE must not turn a plan over.
            connection.execute_batch("ANALYZE").unwrap();
        }
        for text in statements() {
            for step in plan(&connection, &text) {
                let walks = step.contains("SCAN") && !MEANT.contains(&step.as_str());
                assert!(!walks && !step.contains("TEMP B-TREE"), "{step}\nof {text}");
            }
        }
    }
}
