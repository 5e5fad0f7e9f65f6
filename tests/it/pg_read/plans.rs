//! The plans that a server logs of what a store really ran, and what they may hold.

use std::fmt::Write as _;
use std::path::PathBuf;

use gpuhm::event::Time;
use gpuhm::event::time::DAY;

use crate::database::Server;

/// Tables of a row a GPU that a statement goes through whole.
const MEANT: [&str; 1] = ["gpus"];
/// Rows that a seek may find and not want: what lies beside an alert that is not firing, an hour that is open.
const BESIDE: f64 = 10.0;
/// Partitions of a table that may be opened for the newest row of each GPU.
const NEWEST: usize = 2;

/// How the tables that grow are cut.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Partitions {
    None,
    /// As a store of ninety days of raw rows and a year of windows has it.
    Quarter,
}

impl Partitions {
    /// The schema with its partitions up to the day of `now`.
    pub(crate) fn schema(self, plain: &str, now: Time) -> String {
        let mut schema = plain.to_owned();
        if matches!(self, Partitions::None) {
            return schema;
        }
        let ends = now.floor(DAY).plus(DAY);
        for (table, column, days, count) in [
            ("gpu_metrics", "time", 1, 90),
            ("gpu_metrics_1m", "start", 7, 52),
            ("gpu_metrics_15m", "start", 30, 12),
            ("gpu_metrics_1h", "start", 30, 12),
            ("gpu_events", "at", 30, 12),
            ("gpu_health_scores", "time", 30, 12),
            ("gpu_failure_predictions", "time", 30, 12),
        ] {
            let begins = schema.find(&format!("CREATE TABLE {table} (")).unwrap();
            let end = begins + schema[begins..].find("\n);").unwrap();
            schema.replace_range(end..end + 3, &format!("\n) PARTITION BY RANGE ({column});"));
            for nth in 0..count {
                let (from, to) = (ends.plus(-(nth + 1) * days * DAY), ends.plus(-nth * days * DAY));
                writeln!(
                    schema,
                    "CREATE TABLE {table}_p{nth} PARTITION OF {table} FOR VALUES FROM ('{from}') TO ('{to}');"
                )
                .unwrap();
            }
        }
        schema + INDEXES
    }
}

/// Indexes that statements count on, where the schema has none of that name yet.
const INDEXES: &str = "
CREATE INDEX IF NOT EXISTS gpu_metrics_1m_start ON gpu_metrics_1m (start);
CREATE INDEX IF NOT EXISTS gpu_metrics_15m_start ON gpu_metrics_15m (start);
CREATE INDEX IF NOT EXISTS gpu_metrics_1h_start ON gpu_metrics_1h (start);
CREATE INDEX IF NOT EXISTS gpu_health_scores_time ON gpu_health_scores (time);
CREATE INDEX IF NOT EXISTS gpu_failure_predictions_time ON gpu_failure_predictions (time);
CREATE INDEX IF NOT EXISTS silences_until ON silences (until_at);
CREATE INDEX IF NOT EXISTS gpu_metrics_1m_throttled ON gpu_metrics_1m (
    start, throttle_hw_slowdown_s, throttle_hw_thermal_s, throttle_hw_power_brake_s, throttle_sw_thermal_s
) WHERE throttle_hw_slowdown_s > 0 OR throttle_hw_thermal_s > 0 OR throttle_hw_power_brake_s > 0
    OR throttle_sw_thermal_s > 0;
CREATE INDEX IF NOT EXISTS gpu_metrics_1m_errors ON gpu_metrics_1m (
    start, ecc_dbe_volatile_delta, ecc_dbe_aggregate_delta, remapped_rows_uncorrectable_delta
) WHERE ecc_dbe_volatile_delta > 0 OR ecc_dbe_aggregate_delta > 0 OR remapped_rows_uncorrectable_delta > 0;
CREATE INDEX IF NOT EXISTS gpu_metrics_1m_links ON gpu_metrics_1m (
    start, nvlink_crc_errors_delta, nvlink_replay_errors_delta, nvlink_recovery_errors_delta, pcie_replays_delta
) WHERE nvlink_crc_errors_delta > 0 OR nvlink_replay_errors_delta > 0 OR nvlink_recovery_errors_delta > 0
    OR pcie_replays_delta > 0;
CREATE INDEX IF NOT EXISTS gpu_metrics_1h_corrected ON gpu_metrics_1h (start, ecc_sbe_volatile_delta, ecc_sbe_aggregate_delta)
    WHERE ecc_sbe_volatile_delta > 0 OR ecc_sbe_aggregate_delta > 0;
";

/// What a server's log says from here on.
pub(crate) struct Said {
    log: PathBuf,
    from: usize,
}

/// A plan that was run.
#[derive(Debug)]
pub(crate) struct Plan {
    text: String,
}

impl Said {
    pub(crate) fn here(server: &Server) -> Said {
        let log = server.dir().join("log");
        let from = std::fs::read(&log).unwrap().len();
        Said { log, from }
    }

    /// The plans of what the store called `reader` ran.
    pub(crate) fn plans(&self) -> Vec<Plan> {
        let text = std::fs::read(&self.log).unwrap();
        let text = String::from_utf8_lossy(&text[self.from..]).into_owned();
        let mut plans = Vec::new();
        let mut inside = false;
        for line in text.lines() {
            if line.starts_with('\t') {
                if let (true, Some(Plan { text })) = (inside, plans.last_mut()) {
                    text.push_str(line);
                    text.push('\n');
                }
                continue;
            }
            inside = line.contains("] reader LOG:") && line.ends_with("plan:");
            if inside {
                plans.push(Plan { text: String::new() });
            }
        }
        plans
    }
}

/// Rows and runs of a line of a plan; none where it never ran.
fn actual(line: &str) -> Option<(f64, f64)> {
    let (_, actual) = line.split_once("(actual rows=")?;
    let (rows, rest) = actual.split_once(" loops=")?;
    Some((rows.parse().ok()?, rest.trim_end_matches(')').parse().ok()?))
}

impl Plan {
    /// Holds it against what plans may do.
    pub(crate) fn check(&self) {
        let nodes = || self.text.lines().filter(|line| line.contains("(cost="));
        let (answer, _) = nodes().next().and_then(actual).unwrap_or_else(|| panic!("no rows told:\n{}", self.text));
        for node in nodes() {
            if let Some((_, table)) = node.split_once("Seq Scan on ") {
                let table = table.split_whitespace().next().unwrap();
                assert!(MEANT.contains(&table), "{table} is walked:\n{}", self.text);
            }
            if let (true, Some((rows, runs))) = (node.contains("Sort  ("), actual(node)) {
                assert!(rows * runs <= answer.max(1.0), "more than the answer is sorted:\n{}", self.text);
            }
        }
        for line in self.text.lines() {
            if let Some((_, removed)) = line.split_once("Rows Removed by Filter: ") {
                assert!(removed.trim().parse::<f64>().unwrap() <= BESIDE, "a seek finds too much:\n{}", self.text);
            }
        }
        if self.text.contains("FROM gpus g CROSS JOIN LATERAL") {
            for table in ["gpu_metrics_p", "gpu_health_scores_p", "gpu_failure_predictions_p"] {
                let opened = nodes().filter(|node| node.contains(table) && node.contains("Scan")).filter_map(actual);
                assert!(opened.count() <= NEWEST, "many partitions are opened:\n{}", self.text);
            }
        }
    }
}
