//! The pipeline as services on a server that dies, restarts, ends their connections, has none left or stands still while a
//! recording flows: none of them exits, each says it once, and afterwards every table and topic is as after a run that
//! nobody disturbed.
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
use crate::process::tables::{PASSES, Tables, all_same};
use crate::process::{Home, until};

/// The recording in pieces, and what an undisturbed run makes of it.
struct Whole {
    lines: String,
    pieces: Vec<String>,
    left: Left,
}

static WHOLE: LazyLock<Option<Whole>> = LazyLock::new(|| {
    let server = Server::start("pg_services", &[])?;
    fill(&server.url());
    let home = Home::on_server(&server.url());
    let lines = spoilt(simulated(&home, 210));
    let join = |lines: &[String]| lines.join("\n") + "\n";
    let pieces = pieces(&lines).iter().map(|lines| join(lines)).collect();
    let lines = join(&lines);
    through(&home, &home.file("recording.jsonl", &lines));
    let left = left(&home, &server.url());
    for table in ["gpu_metrics", "gpu_metrics_1m", "gpu_metrics_1h", "gpu_events", "gpu_alerts", "gpus"] {
        assert!(!left.tables[table].is_empty(), "{table} is empty");
    }
    Some(Whole { lines, pieces, left })
});

/// Every table of a database.
fn tables(url: &str) -> Tables {
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

fn nap(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// The services on a server.
struct Line<'a> {
    server: &'a Server,
    home: Home,
    services: Vec<Told>,
}

impl Line<'_> {
    /// Starts them, with small steps: many transactions, and many gaps between two, to be disturbed in.
    fn begin<'a>(server: &'a Server, aggregate: &[&str]) -> Line<'a> {
        fill(&server.url());
        let home = Home::on_server(&server.url());
        let args: [&[&str]; 3] = [&["validate", "--step", "40"], aggregate, &["score", "--every", "1s"]];
        let services = args.into_iter().map(|args| Told::start(&home, args[0], args)).collect();
        let line = Line { server, home, services };
        let ours =
            "SELECT count(DISTINCT application_name) FROM pg_stat_activity WHERE application_name LIKE 'gpuhm-%'";
        line.until("services on the server", || line.number(ours) == Some(3));
        line
    }

    fn until(&self, what: &str, mut met: impl FnMut() -> bool) {
        until(what, PATIENCE, || {
            let is_met = met();
            nap(if is_met { 0 } else { 50 });
            is_met
        });
    }

    /// A number that a query gives; none while the server does not answer.
    fn number(&self, sql: &str) -> Option<i64> {
        Some(Direct::tried(&self.server.url()).ok()?.number(sql))
    }

    fn stored(&self) -> Option<i64> {
        self.number("SELECT count(*) FROM gpu_metrics")
    }

    /// Sends the recording piece by piece; `act` does its worst while each is on its way.
    fn send(&self, whole: &Whole, mut act: impl FnMut(usize)) {
        for (nth, piece) in whole.pieces.iter().enumerate() {
            let piece = replay(&self.home.file("piece.jsonl", piece));
            let mut sender = self.home.start(&["collect", "-q", "--source", &piece, "--speed", "max"]);
            act(nth);
            assert_eq!(sender.ended(PATIENCE), 0, "collect failed");
        }
    }

    /// Waits until rows come in.
    fn wait_for_load(&self) {
        let mut direct = self.server.direct();
        let mut stored = || direct.number("SELECT count(*) FROM gpu_metrics");
        let before = stored();
        until("rows on their way", PATIENCE, || stored() > before);
    }

    /// Waits until everything is in and a pass has run since; all services are still there.
    fn catches_up(&mut self, rows: i64) {
        self.until("all rows", || self.stored() == Some(rows));
        let passes = format!("SELECT count(*) FROM fleet_health WHERE time > '{}'", wall());
        self.until("a pass", || self.number(&passes) > Some(0));
        for told in &mut self.services {
            assert!(told.service.runs(), "ended by itself: {}", told.said());
        }
    }

    /// Ends the services, each with 0; returns what each said of the outages.
    fn end(&mut self, name: &str) -> Vec<Vec<String>> {
        let ended = |told: Told| {
            let (peak, (said, took)) = (told.peak(), told.stop());
            let warned: Vec<String> =
                said.lines().filter(|line| line.contains("trying again")).map(str::to_owned).collect();
            measured(&format!("{name}: peak {peak} MiB, ended in {} ms:\n{said}", took.as_millis()));
            assert!(!said.contains("panicked"), "{said}");
            warned
        };
        self.services.drain(..).map(ended).collect()
    }

    /// Shows what is still open, and holds everything against the undisturbed run.
    fn is_as(&self, name: &str, whole: &Whole) {
        self.home.ok(&["validate", "--once"]);
        self.home.ok(&["aggregate", "--once"]);
        whole.left.same(name, left(&self.home, &self.server.url()), false);
    }
}

/// The recording through the services while `act` is at the server, at most `outages` of which a service may notice.
fn disturbed(name: &str, settings: &[&str], outages: usize, mut act: impl FnMut(&Line<'_>, usize)) {
    let Some(server) = Server::start(name, settings) else { return };
    let whole = WHOLE.as_ref().unwrap();
    let mut line = Line::begin(&server, &["aggregate", "--step", "20"]);
    line.send(whole, |nth| act(&line, nth));
    line.catches_up(i64::try_from(whole.left.tables["gpu_metrics"].len()).unwrap());
    for (nth, warned) in line.end(name).into_iter().enumerate() {
        // Two connections a service at most, and each says an outage once, however often it tries.
        assert!(warned.len() <= 2 * outages, "{} warnings of {outages} outages: {warned:#?}", warned.len());
        // Who writes all the time cannot have missed them all.
        assert!(nth != 1 || outages > 3 || !warned.is_empty(), "{name}: no outage was felt");
    }
    line.is_as(name, whole);
}

#[test]
fn services_outlive_a_killed_server() {
    disturbed("pg_services::services_outlive_a_killed_server", &[], 3, |line, nth| {
        if let Some(pause) = [(1, 3000), (5, 1500), (9, 8000)].into_iter().find(|(at, _)| *at == nth) {
            line.wait_for_load();
            line.server.kill();
            nap(pause.1);
            line.server.start_again();
        }
    });
}

#[test]
fn services_outlive_a_restarted_server() {
    disturbed("pg_services::services_outlive_a_restarted_server", &[], 3, |line, nth| {
        if [2, 6, 10].contains(&nth) {
            line.wait_for_load();
            line.server.stop();
            nap(2000);
            line.server.start_again();
        }
    });
}

/// Ends the connections of the services.
fn terminate(direct: &mut Direct) -> i64 {
    direct.number("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'gpuhm-%'")
}

#[test]
fn services_outlive_the_end_of_their_connections() {
    let name = "pg_services::services_outlive_the_end_of_their_connections";
    let mut count = 0;
    // A connection that ends is made again at once; where that one ends, too, it is said.
    disturbed(name, &[], 28, |line, _| {
        let mut direct = line.server.direct();
        for _ in 0..2 {
            count += terminate(&mut direct);
            nap(500);
        }
    });
    measured(&format!("{name}: {count} connections ended"));
}

#[test]
fn services_outlive_a_server_without_connections() {
    let settings = ["max_connections=12", "superuser_reserved_connections=0"];
    disturbed("pg_services::services_outlive_a_server_without_connections", &settings, 3, |line, nth| {
        if [2, 6, 10].contains(&nth) {
            line.wait_for_load();
            let mut hogs = vec![line.server.direct()];
            line.until("every connection taken", || {
                terminate(&mut hogs[0]);
                while let Ok(more) = Direct::tried(&line.server.url()) {
                    hogs.push(more);
                }
                hogs.len() == 12
            });
            nap(3000);
        }
    });
}

#[test]
fn services_that_are_stopped_while_the_server_is_away_leave_nothing_behind() {
    let name = "pg_services::services_that_are_stopped_while_the_server_is_away_leave_nothing_behind";
    let Some(server) = Server::start(name, &[]) else { return };
    let whole = WHOLE.as_ref().unwrap();
    let mut line = Line::begin(&server, &["aggregate", "--step", "20"]);
    line.send(whole, |nth| {
        if nth == 7 {
            line.wait_for_load();
            server.kill();
        }
    });
    line.end(name);
    server.start_again();
    line.is_as(name, whole);
}

#[test]
fn a_server_that_stands_still_does_not_fill_memory() {
    const GPUS: i64 = 128;
    const TICKS: i64 = 240;
    let name = "pg_services::a_server_that_stands_still_does_not_fill_memory";
    let Some(server) = Server::start(name, &[]) else { return };
    let mut line = Line::begin(&server, &["aggregate"]);
    let (gpus, ticks, from) = (GPUS.to_string(), TICKS.to_string(), wall().plus(-3 * 3_600_000).to_string());
    let fleet = ["--gpus", &gpus, "--hosts", "16", "--ticks", &ticks, "--from", &from, "--speed", "200"];
    let mut sender = line.home.start(&[&["collect", "-q", "--source", "sim"][..], &fleet].concat());
    line.until("rows", || line.stored() > Some(1000));
    let before = line.services[1].peak();
    let paused = server.pause();
    nap(10_000);
    let during = line.services[1].peak();
    for told in &mut line.services {
        assert!(told.service.runs(), "ended by itself: {}", told.said());
    }
    drop(paused);
    assert_eq!(sender.ended(PATIENCE), 0);
    line.catches_up(GPUS * TICKS);
    let after = line.services[1].peak();
    measured(&format!("{name}: aggregate's peak: {before} MiB before, {during} MiB in it, {after} MiB after"));
    line.end(name);
    // A step of 8192 records, its rows, and the states of 128 GPUs; 30,720 samples waited or passed.
    assert!(during <= before + 100 && after <= 400, "{before}, {during}, {after} MiB");
}

#[test]
fn one_process_on_a_server_that_dies_judges_the_same() {
    let name = "pg_services::one_process_on_a_server_that_dies_judges_the_same";
    let Some(server) = Server::start(name, &[]) else { return };
    let whole = WHOLE.as_ref().unwrap();
    server.direct().run("CREATE DATABASE calm");
    let calm = format!("{}calm", server.url().strip_suffix("postgres").unwrap());
    let run = |url: &str| {
        fill(url);
        let home = Home::on_server(url);
        let source = replay(&home.file("recording.jsonl", &whole.lines));
        let args = ["run", "--source", &source, "--speed", "max", "--score-past", "5m"];
        let told = Told::start(&home, "run", &args);
        (home, told)
    };
    let (_calm, mut undisturbed) = run(&calm);
    assert_eq!(undisturbed.service.ended(PATIENCE), 0, "{}", undisturbed.said());
    let (_wild, mut told) = run(&server.url());
    for rows in [300, 1500, 2500] {
        until("rows", PATIENCE, || server.direct().number("SELECT count(*) FROM gpu_metrics") > rows);
        server.kill();
        nap(1500);
        server.start_again();
    }
    assert_eq!(told.service.ended(PATIENCE), 0, "{}", told.said());
    measured(&format!("{name}: {}", told.said()));
    assert!(!told.lines("trying again").is_empty(), "no outage was felt: {}", told.said());
    // It has one clock, that of the recording.
    all_same(name, &tables(&calm), &tables(&server.url()));
}
