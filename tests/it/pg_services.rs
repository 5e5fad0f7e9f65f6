//! The pipeline as services on a server that dies, restarts, ends their connections, has none left or stands still while a
//! recording flows: none of them exits, each says it once, and afterwards every table and topic is as after a run that
//! nobody disturbed.

mod line;

use gpuhm::event::time::HOUR;
use gpuhm::pipeline::clock::wall;

use crate::broker::measured;
use crate::database::Server;
use crate::database::schema::{Direct, fill};
use crate::kafka_outage::line::{PATIENCE, Told};
use crate::process::tables::all_same;
use crate::process::{Home, until};
use line::{Line, WHOLE, nap, slowly, tables};

/// The recording through the services while `act` is at the server, at most `outages` of which a service may notice.
fn disturbed(name: &str, settings: &[&str], outages: usize, mut act: impl FnMut(&Line<'_>, usize)) {
    let Some(server) = Server::start(name, settings) else { return };
    let whole = WHOLE.as_ref().unwrap();
    let mut line = Line::begin(&server, &["aggregate", "--step", "20"]);
    line.send(whole, |nth| act(&line, nth));
    line.catches_up(i64::try_from(whole.left.tables["gpu_metrics"].len()).unwrap());
    for (nth, warned) in line.end(name).into_iter().enumerate() {
        // Each outage is said once, however often it is tried; by score twice: its right to run went, and the server.
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

/// Ends the connections of the services; returns how many, and how many of them were at work.
fn terminate(direct: &mut Direct) -> (i64, i64) {
    let ended = direct.query(
        "SELECT count(*), count(*) FILTER (WHERE busy) FROM (
            SELECT state <> 'idle' AS busy, pg_terminate_backend(pid) AS ended
            FROM pg_stat_activity WHERE application_name LIKE 'gpuhm-%'
        ) ended WHERE ended",
        &[],
    );
    (ended[0].get(0), ended[0].get(1))
}

#[test]
fn services_outlive_the_end_of_their_connections() {
    let name = "pg_services::services_outlive_the_end_of_their_connections";
    let mut ended = (0, 0);
    // A connection that ends is made again at once; where that one ends, too, it is said.
    disturbed(name, &[], 50, |line, nth| {
        if nth <= 10 {
            line.wait_for_load();
        }
        let mut direct = line.server.direct();
        for pause in [20, 35, 15, 50, 25, 40, 500] {
            let (all, busy) = terminate(&mut direct);
            ended = (ended.0 + all, ended.1 + busy);
            nap(pause);
        }
    });
    measured(&format!("{name}: {} connections ended, {} of them at work", ended.0, ended.1));
    // None where there is no server.
    assert!(ended.0 == 0 || ended.1 > 3, "{ended:?}");
}

#[test]
fn services_outlive_a_server_without_connections() {
    let settings = ["max_connections=12", "superuser_reserved_connections=0"];
    disturbed("pg_services::services_outlive_a_server_without_connections", &settings, 3, |line, nth| {
        if [2, 6, 10].contains(&nth) {
            line.wait_for_load();
            let mut hogs = vec![line.server.direct()];
            slowly("every connection taken", || {
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
    let (gpus, ticks, from) = (GPUS.to_string(), TICKS.to_string(), wall().plus(-3 * HOUR).to_string());
    let fleet = ["--gpus", &gpus, "--hosts", "16", "--ticks", &ticks, "--from", &from, "--speed", "200"];
    let mut sender = line.home.start(&[&["collect", "-q", "--source", "sim"][..], &fleet].concat());
    slowly("rows", || line.stored() > Some(1000));
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
    // A step of 8192 records, its rows, and the states of 128 GPUs; most of 30,720 samples waited on the bus.
    assert!(during <= before + 100 && after <= 200, "{before}, {during}, {after} MiB");
}

#[test]
fn one_process_on_a_server_that_dies_judges_the_same() {
    let name = "pg_services::one_process_on_a_server_that_dies_judges_the_same";
    let Some(server) = Server::start(name, &[]) else { return };
    server.direct().run("CREATE DATABASE calm");
    let calm = format!("{}calm", server.url().strip_suffix("postgres").unwrap());
    let from = wall().floor(HOUR).plus(-3 * HOUR).to_string();
    let fleet = ["--gpus", "64", "--hosts", "16", "--ticks", "400", "--from", &from];
    let faults = ["--fault", "xid=79@3/1+5m", "--fault", "ecc_dbe@2/0+13m", "--fault", "frozen@1/3+21m~19m"];
    let args = ["run", "--source", "sim", "--speed", "max", "--score-past", "1m"];
    let args = [&args[..], &fleet, &faults].concat();
    let run = |url: &str| {
        fill(url);
        let home = Home::on_server(url);
        let told = Told::start(&home, "run", &args);
        (home, told)
    };
    let (_calm, mut undisturbed) = run(&calm);
    assert_eq!(undisturbed.service.ended(PATIENCE), 0, "{}", undisturbed.said());
    let (_wild, mut told) = run(&server.url());
    for passes in [2, 15, 35] {
        until("passes", PATIENCE, || server.direct().number("SELECT count(*) FROM fleet_health") > passes);
        server.kill();
        assert!(told.service.runs(), "it was over too soon: {}", told.said());
        nap(1500);
        server.start_again();
    }
    assert_eq!(told.service.ended(PATIENCE), 0, "{}", told.said());
    measured(&format!("{name}: {}", told.said()));
    assert!(told.lines("trying again").len() >= 3, "not every outage was felt: {}", told.said());
    // It has one clock, that of the fleet.
    all_same(name, &tables(&calm), &tables(&server.url()));
}
