//! The plans that a server logs of what a store really ran, and what they may hold.

use std::path::PathBuf;

use gpuhm::event::Time;

use crate::database::Server;
use crate::database::schema::Direct;

/// Tables of a row a GPU that a statement goes through whole.
const MEANT: [&str; 1] = ["gpus"];
/// Rows that a seek may find and not want: what lies beside an alert that is not firing, an hour that is open.
const BESIDE: f64 = 10.0;
/// Partitions of a table that may be opened for the newest row of each GPU.
const NEWEST: usize = 2;

/// Partitions of the days before `now` and after, so many; of raw rows fewer.
const PARTITIONS: &str = "SELECT gpuhm_partition(name, {now} + day * interval '1 day') FROM gpuhm_series,
    generate_series(-{days}, 2) day WHERE name <> 'gpu_metrics' OR day >= -{raw_days}";

/// Makes partitions for as many days before `now`: of raw rows, and of the rest.
pub(crate) fn partitions(direct: &mut Direct, now: Time, (raw_days, days): (u32, u32)) {
    let partitions = PARTITIONS.replace("{now}", &format!("timestamptz '{now}'"));
    direct.run(&partitions.replace("{raw_days}", &raw_days.to_string()).replace("{days}", &days.to_string()));
}

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
        // What begins and ends a transaction reads no table.
        plans.retain(|plan: &Plan| plan.text.contains(" FROM "));
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
            for table in ["gpu_metrics_2", "gpu_health_scores_2", "gpu_failure_predictions_2"] {
                let opened = nodes().filter(|node| node.contains(table) && node.contains("Scan")).filter_map(actual);
                assert!(opened.count() <= NEWEST, "many partitions are opened:\n{}", self.text);
            }
        }
    }
}
