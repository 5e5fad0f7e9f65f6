//! That the number of statements does not grow with the fleet: SQLite itself tells of each that it runs.

use std::cell::Cell;

use rusqlite::trace::TraceEventCodes;

use super::*;
use crate::event::rows::Raw;
use crate::event::{Rows, Values};
use crate::store::Store as _;

thread_local! {
    static STATEMENTS: Cell<usize> = const { Cell::new(0) };
}

fn raw(gpu: usize, time: i64) -> Raw {
    Raw {
        time: Time(time),
        gpu_uuid: format!("GPU-{gpu}"),
        hostname: format!("host-{}", gpu / 8),
        device_index: None,
        model: None,
        values: Values::default(),
        latency_ms: None,
        interval_ms: None,
    }
}

/// Statements of facts, fleet and one GPU's past, of a fleet of `gpus`.
fn statements(gpus: usize) -> [usize; 3] {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(dir.path().join("store.db")).unwrap();
    let raw = (0..gpus).flat_map(|gpu| [raw(gpu, 1), raw(gpu, 2)]).collect();
    store.write(&[], &Rows { raw, ..Rows::default() }, Time(3)).unwrap();
    store.connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(|_| STATEMENTS.set(STATEMENTS.get() + 1)));
    let count = |ask: &mut dyn FnMut() -> usize| {
        STATEMENTS.set(0);
        assert_eq!(ask(), gpus);
        STATEMENTS.get()
    };
    let facts = count(&mut || store.facts(Time(2)).unwrap().gpus.len());
    let fleet = count(&mut || store.fleet().unwrap().gpus.len());
    let past = count(&mut || gpus + store.past("GPU-0", Time(0), Time(9)).unwrap().windows.len());
    [facts, fleet, past]
}

#[test]
fn the_number_of_statements_is_fixed() {
    // Beside those told in `facts`, `fleet` and `past`, BEGIN and ROLLBACK.
    let few = statements(10);
    assert_eq!(few, [18 + 2, 9 + 2, 6 + 2]);
    assert_eq!(statements(1_000), few);
}
