//! Services on a server, the recording that is sent through them, and what an undisturbed run makes of it.
//!
//! The undisturbed run is made once, on a server of its own.

use std::sync::LazyLock;
use std::time::Duration;

use gpuhm::pipeline::clock::wall;

use crate::broker::measured;
use crate::database::Server;
use crate::database::schema::{Direct, fill};
use crate::kafka_outage::line::{PATIENCE, Told};
use crate::pg_equal::rows;
use crate::process::left::{Left, replay, through};
use crate::process::recording::{pieces, simulated, spoilt};
use crate::process::tables::{PASSES, Tables};
use crate::process::{Home, until};

/// The recording in pieces, and what an undisturbed run makes of it.
pub(super) struct Whole {
    pub(super) pieces: Vec<String>,
    pub(super) left: Left,
}

pub(super) static WHOLE: LazyLock<Option<Whole>> = LazyLock::new(|| {
    let server = Server::start("pg_services", &[])?;
    fill(&server.url());
    let home = Home::on_server(&server.url());
    let lines = spoilt(simulated(&home, 210));
    let join = |lines: &[String]| lines.join("\n") + "\n";
    let pieces = pieces(&lines).iter().map(|lines| join(lines)).collect();
    through(&home, &home.file("recording.jsonl", join(&lines)));
    let left = left(&home, &server.url());
    for table in ["gpu_metrics", "gpu_metrics_1m", "gpu_metrics_1h", "gpu_events", "gpu_alerts", "gpus"] {
        assert!(!left.tables[table].is_empty(), "{table} is empty");
    }
    Some(Whole { pieces, left })
});

/// Every table of a database.
pub(super) fn tables(url: &str) -> Tables {
    let mut direct = Direct::connect(url);
    let tables = rows::on_server(&mut direct, rows::Told::Whole).into_iter();
    let mut tables: Tables = tables.map(|(name, rows)| (name.to_owned(), rows)).collect();
    // No table of the embedded store.
    let mut gpus = direct.texts("SELECT to_jsonb(g)::text FROM gpus g");
    gpus.sort_unstable();
    tables.insert("gpus".to_owned(), gpus);
    tables
}

/// What a run left, but for what passes wrote: it follows from when they ran.
fn left(home: &Home, url: &str) -> Left {
    let passes = PASSES.join("', '");
    Direct::connect(url).run(&format!(
        "DELETE FROM gpu_alerts WHERE rule IN ('{passes}'); UPDATE gpu_alerts SET suppressed_by = NULL;
        TRUNCATE gpu_health_scores, fleet_health, gpu_failure_predictions"
    ));
    Left::on_server(home, tables(url))
}

pub(super) fn nap(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// Waits until `met`, which is asked of a server and not too often.
pub(super) fn slowly(what: &str, mut met: impl FnMut() -> bool) {
    until(what, PATIENCE, || {
        let is_met = met();
        nap(if is_met { 0 } else { 50 });
        is_met
    });
}

/// The services on a server.
pub(super) struct Line<'a> {
    pub(super) server: &'a Server,
    pub(super) home: Home,
    pub(super) services: Vec<Told>,
}

impl Line<'_> {
    /// Starts them, with small steps: many transactions, and many gaps between two, to be disturbed in.
    pub(super) fn begin<'a>(server: &'a Server, aggregate: &[&str]) -> Line<'a> {
        fill(&server.url());
        let home = Home::on_server(&server.url());
        let args: [&[&str]; 3] = [&["validate", "--step", "40"], aggregate, &["score", "--every", "1s"]];
        let services = args.into_iter().map(|args| Told::start(&home, args[0], args)).collect();
        let line = Line { server, home, services };
        let ours =
            "SELECT count(DISTINCT application_name) FROM pg_stat_activity WHERE application_name LIKE 'gpuhm-%'";
        slowly("services on the server", || line.number(ours) == Some(3));
        line
    }

    /// A number that a query gives; none while the server does not answer.
    pub(super) fn number(&self, sql: &str) -> Option<i64> {
        Some(Direct::tried(&self.server.url()).ok()?.number(sql))
    }

    pub(super) fn stored(&self) -> Option<i64> {
        self.number("SELECT count(*) FROM gpu_metrics")
    }

    /// Sends the recording piece by piece; `act` does its worst while each is on its way.
    pub(super) fn send(&self, whole: &Whole, mut act: impl FnMut(usize)) {
        for (nth, piece) in whole.pieces.iter().enumerate() {
            let piece = replay(&self.home.file("piece.jsonl", piece));
            let mut sender = self.home.start(&["collect", "-q", "--source", &piece, "--speed", "max"]);
            act(nth);
            assert_eq!(sender.ended(PATIENCE), 0, "collect failed");
        }
    }

    /// Waits until rows come in.
    pub(super) fn wait_for_load(&self) {
        let mut direct = self.server.direct();
        let mut stored = || direct.number("SELECT count(*) FROM gpu_metrics");
        let before = stored();
        until("rows on their way", PATIENCE, || stored() > before);
    }

    /// Waits until everything is in and a pass has run since; all services are still there.
    pub(super) fn catches_up(&mut self, rows: i64) {
        slowly("all rows", || self.stored() == Some(rows));
        let passes = format!("SELECT count(*) FROM fleet_health WHERE time > '{}'", wall());
        slowly("a pass", || self.number(&passes) > Some(0));
        for told in &mut self.services {
            assert!(told.service.runs(), "ended by itself: {}", told.said());
        }
    }

    /// Ends the services, each with 0; returns what each said of the outages.
    pub(super) fn end(&mut self, name: &str) -> Vec<Vec<String>> {
        let ended = |told: Told| {
            let (peak, (said, took)) = (told.peak(), told.stop());
            let warned: Vec<String> = said.lines().filter(|line| line.contains(" WARN ")).map(str::to_owned).collect();
            measured(&format!("{name}: peak {peak} MiB, ended in {} ms:\n{said}", took.as_millis()));
            assert!(!said.contains("panicked"), "{said}");
            warned
        };
        self.services.drain(..).map(ended).collect()
    }

    /// Shows what is still open, and holds everything against the undisturbed run.
    pub(super) fn is_as(&self, name: &str, whole: &Whole) {
        self.home.ok(&["validate", "--once"]);
        self.home.ok(&["aggregate", "--once"]);
        whole.left.same(name, left(&self.home, &self.server.url()), false);
    }
}
