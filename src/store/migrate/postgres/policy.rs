//! Compression and retention on TimescaleDB's community edition: what every table should have, held against what it has.
//!
//! `if_not_exists` keeps a policy of another interval with no more than a warning, so each is read back first, and one
//! that differs is made anew. Where there are no policies a service's own retention drops partitions.

use tokio_postgres::Client;

use super::server::{Edition, Server};
use crate::store::postgres::fault::Fault;

/// What a table should have. Scores and predictions have no policy that drops them: the newest of each GPU stays, however
/// old, and only gpuhm's own retention knows which that is.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    table: &'static str,
    /// Orders the rows of one GPU. With the GPU it holds the whole key: a row that comes twice is found by it.
    order: &'static str,
    /// Days of the past that are kept.
    keep: Option<i64>,
}

/// Days after which chunks are compressed: late rows are rare by then.
const COMPRESS: i64 = 7;
/// The tables that grow.
const WANTED: [Wanted; 7] = [
    Wanted { table: "gpu_metrics", order: "time DESC", keep: Some(90) },
    Wanted { table: "gpu_metrics_1m", order: "start DESC", keep: Some(365) },
    Wanted { table: "gpu_metrics_15m", order: "start DESC", keep: Some(365) },
    Wanted { table: "gpu_metrics_1h", order: "start DESC", keep: Some(365) },
    Wanted { table: "gpu_events", order: "at DESC, kind, code", keep: Some(365) },
    Wanted { table: "gpu_health_scores", order: "time DESC", keep: None },
    Wanted { table: "gpu_failure_predictions", order: "time DESC", keep: None },
];

/// A policy that a table has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Has {
    /// Its interval in seconds.
    seconds: i64,
    /// Its interval as the server says it.
    text: String,
}

/// What a table has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    table: String,
    compressed: bool,
    compression: Option<Has>,
    retention: Option<Has>,
}

/// Something to change, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it does, in words.
    pub what: String,
    /// The statements.
    pub sql: String,
}

const ASK: &str = "SELECT h.hypertable_name::text, h.compression_enabled,
        extract(epoch FROM (c.config->>'compress_after')::interval)::bigint, c.config->>'compress_after',
        extract(epoch FROM (r.config->>'drop_after')::interval)::bigint, r.config->>'drop_after'
    FROM timescaledb_information.hypertables h
    LEFT JOIN timescaledb_information.jobs c ON c.hypertable_schema = h.hypertable_schema
        AND c.hypertable_name = h.hypertable_name AND c.proc_name IN ('policy_compression', 'policy_columnstore')
    LEFT JOIN timescaledb_information.jobs r ON r.hypertable_schema = h.hypertable_schema
        AND r.hypertable_name = h.hypertable_name AND r.proc_name = 'policy_retention'
    WHERE h.hypertable_schema = current_schema()";
const PLACES: &str = "SELECT quote_ident(current_schema()), quote_ident(n.nspname)
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb'";

/// What has to be changed on this server; of tables that are not there yet everything, where they are `planned`.
pub(super) async fn changes(client: &Client, server: &Server, planned: bool) -> Result<Vec<Change>, Fault> {
    if server.edition != Edition::Timescale {
        return Ok(Vec::new());
    }
    let place = client.query_one(PLACES, &[]).await?;
    let (schema, functions): (String, String) = (place.try_get(0)?, place.try_get(1)?);
    let has =
        |seconds: Option<i64>, text: Option<String>| Some(Has { seconds: seconds?, text: text.unwrap_or_default() });
    let mut found = Vec::new();
    for row in client.query(ASK, &[]).await? {
        found.push(Found {
            table: row.try_get(0)?,
            compressed: row.try_get(1)?,
            compression: has(row.try_get(2)?, row.try_get(3)?),
            retention: has(row.try_get(4)?, row.try_get(5)?),
        });
    }
    if planned && server.partitions.is_none() {
        let bare = |wanted: Wanted| Found {
            table: wanted.table.to_owned(),
            compressed: false,
            compression: None,
            retention: None,
        };
        found = WANTED.map(bare).into();
    }
    Ok(compare(&found, &schema, &functions))
}

/// The changes that make `found` what is wanted; tables that are no hypertables are left alone.
fn compare(found: &[Found], schema: &str, functions: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    for wanted in WANTED {
        let Some(found) = found.iter().find(|found| found.table == wanted.table) else { continue };
        let table = format!("{schema}.{}", wanted.table);
        if !found.compressed {
            changes.push(Change {
                what: format!("{}: compression", wanted.table),
                sql: format!(
                    "ALTER TABLE {table} SET (timescaledb.compress, timescaledb.compress_segmentby = 'gpu_uuid', timescaledb.compress_orderby = '{}');",
                    wanted.order
                ),
            });
        }
        let kinds = [
            ("compression", "compress_after", Some(COMPRESS), found.compression.as_ref()),
            ("retention", "drop_after", wanted.keep, found.retention.as_ref()),
        ];
        for (kind, argument, days, has) in kinds {
            let Some(days) = days.filter(|days| has.is_none_or(|has| has.seconds != days * 86_400)) else { continue };
            let name = literal(&table);
            let add = format!(
                "SELECT {functions}.add_{kind}_policy({name}::regclass, {argument} => interval '{days} days');"
            );
            let policy = format!("{}: {kind} policy", wanted.table);
            changes.push(match has {
                None => Change { what: format!("{policy}, {days} days"), sql: add },
                Some(has) => Change {
                    what: format!("{policy}, {days} days in place of {}", has.text),
                    sql: format!("SELECT {functions}.remove_{kind}_policy({name}::regclass);\n{add}"),
                },
            });
        }
    }
    changes
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_wanted() -> Vec<Found> {
        let has = |days: i64| Has { seconds: days * 86_400, text: format!("{days} days") };
        let of = |wanted: Wanted| Found {
            table: wanted.table.to_owned(),
            compressed: true,
            compression: Some(has(7)),
            retention: wanted.keep.map(has),
        };
        WANTED.map(of).into()
    }

    #[test]
    fn what_is_as_wanted_is_left_alone() {
        assert_eq!(compare(&as_wanted(), "s", "public"), []);
        // Partitions of the server's own.
        assert_eq!(compare(&[], "s", "public"), []);
        // A policy that nobody here asked for is its maker's.
        let mut found = as_wanted();
        found[5].retention = Some(Has { seconds: 1, text: "1 s".to_owned() });
        assert_eq!(compare(&found, "s", "public"), []);
    }

    #[test]
    fn a_policy_of_another_interval_is_made_anew() {
        let mut found = as_wanted();
        found[0].retention = Some(Has { seconds: 30 * 86_400, text: "30 days".to_owned() });
        found[4].compression = None;
        found[6].compressed = false;
        let changes = compare(&found, "s", "public");
        let what: Vec<&str> = changes.iter().map(|change| change.what.as_str()).collect();
        let wanted = [
            "gpu_metrics: retention policy, 90 days in place of 30 days",
            "gpu_events: compression policy, 7 days",
            "gpu_failure_predictions: compression",
        ];
        assert_eq!(what, wanted);
        assert_eq!(
            changes[0].sql,
            "SELECT public.remove_retention_policy('s.gpu_metrics'::regclass);\nSELECT public.add_retention_policy('s.gpu_metrics'::regclass, drop_after => interval '90 days');"
        );
    }
}
