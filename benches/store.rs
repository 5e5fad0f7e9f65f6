//! Rows into the embedded store against bare prepared inserts of the same values into the same schema.
//!
//! Batches of 1,000 raw rows, one transaction each, synced; wall clock and CPU time of the process. The baseline is
//! given its values ready to bind, and checks no token.

use gpuhm::event::rows::Raw;
use gpuhm::event::values::rounded;
use gpuhm::event::{Body, Event, Rows, Time, Value};
use gpuhm::metric;
use gpuhm::store::sqlite::Sqlite;
use gpuhm::store::{Store, schema};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};

use super::corpus::Fleet;
use super::harness::{Pair, Rounds, Took, real, timed};

const GPUS: usize = 1000;
const BATCHES: usize = 40;

pub(crate) fn run() -> anyhow::Result<()> {
    let mut fleet = Fleet::new(GPUS)?;
    let mut batches = Vec::with_capacity(BATCHES);
    for _ in 0..BATCHES {
        let (_, events) = fleet.tick()?;
        batches.push(Rows { raw: events.iter().filter_map(raw).collect(), ..Rows::default() });
    }
    let values: Vec<Vec<Vec<Sql>>> = batches.iter().map(|rows| rows.raw.iter().map(bare).collect()).collect();
    let rounds = Rounds::of(|| written(&batches), || inserted(&values))?;
    let pair = |clock| Pair {
        subject: format!("Store::write, raw rows, {clock}"),
        baseline: "bare prepared inserts",
        unit: "row",
        items: real(GPUS * BATCHES),
        bytes: 0.0,
        aim: None,
    };
    println!("{}", rounds.line(&pair("wall"), |took| took.wall));
    println!("{}", rounds.line(&pair("process CPU"), |took| took.process));
    Ok(())
}

fn raw(event: &Event<'static>) -> Option<Raw> {
    let Body::Sample(gpu, values, _) = &event.body else { return None };
    Some(Raw {
        time: event.time?,
        gpu_uuid: gpu.gpu_uuid.as_deref()?.to_owned(),
        hostname: event.host.hostname.as_deref()?.to_owned(),
        device_index: gpu.device_index,
        model: gpu.name.as_deref().map(str::to_owned),
        values: values.clone(),
        latency_ms: event.quality.latency_ms,
        interval_ms: event.quality.interval_ms,
    })
}

/// The row's values in the order of the columns.
fn bare(row: &Raw) -> Vec<Sql> {
    let text = |text: &str| Sql::Text(text.to_owned());
    let int = |value: Option<i64>| value.map_or(Sql::Null, Sql::Integer);
    let mut all = vec![
        Sql::Integer(row.time.ms()),
        text(&row.gpu_uuid),
        text(&row.hostname),
        int(row.device_index),
        row.model.as_deref().map_or(Sql::Null, text),
    ];
    all.extend(metric::sampled().map(|(index, _)| match row.values.get(index) {
        None => Sql::Null,
        Some(Value::Int(value)) => Sql::Integer(value),
        Some(Value::Real(value)) => Sql::Real(f64::from(rounded(value))),
    }));
    all.extend([int(row.latency_ms), int(row.interval_ms), Sql::Integer(row.time.ms())]);
    all
}

fn written(batches: &[Rows]) -> anyhow::Result<Took> {
    let folder = tempfile::tempdir()?;
    let mut store = Sqlite::open(folder.path().join("store.db"))?;
    let tokens = store.raise("aggregate", &[0])?;
    let mut all = Took::default();
    for rows in batches {
        let (took, written) = timed(|| store.write(&tokens, rows, Time(0)));
        anyhow::ensure!(written?.raw == rows.raw.len() as u64, "rows are missing");
        all += took;
    }
    Ok(all)
}

fn inserted(batches: &[Vec<Vec<Sql>>]) -> anyhow::Result<Took> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.db");
    drop(Sqlite::open(&path)?);
    let mut conn = Connection::open(&path)?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "cache_size", -64 * 1024)?;
    let sql = insert_sql()?;
    let mut all = Took::default();
    for rows in batches {
        let (took, done) = timed(|| insert(&mut conn, &sql, rows));
        done?;
        all += took;
    }
    Ok(all)
}

fn insert_sql() -> anyhow::Result<String> {
    let table = schema::tables().iter().find(|table| table.name == "gpu_metrics");
    let columns = &table.ok_or_else(|| anyhow::anyhow!("no table gpu_metrics"))?.columns;
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_ref()).collect();
    let marks = vec!["?"; names.len()];
    Ok(format!("INSERT INTO gpu_metrics ({}) VALUES ({})", names.join(", "), marks.join(", ")))
}

fn insert(conn: &mut Connection, sql: &str, rows: &[Vec<Sql>]) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    {
        let mut insert = tx.prepare_cached(sql)?;
        for row in rows {
            insert.execute(params_from_iter(row))?;
        }
    }
    tx.commit()
}
