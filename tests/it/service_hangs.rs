//! Services of which something hangs or does not answer: what their manager and their pages are told meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gpuhm::event::Time;
use gpuhm::pipeline::clock::monotonic;
use gpuhm::pipeline::collect::Labels;
use gpuhm::pipeline::pulse::{Beats, Pulse, Tick};
use gpuhm::pipeline::sink::LinesSink;
use gpuhm::pipeline::{Clock, Collect, Flag};
use gpuhm::source::{Due, Reading, Source, SourceError};
use serde_json::json;

use crate::database::Server;
use crate::database::schema::fill;
use crate::dcgm_support::World;
use crate::process::{Home, Service, text, until};
use crate::service_lint::lint;
use crate::service_support::{Manager, PATIENCE, get, ready};

/// The endpoint of engine `nth`, for good: its call notices nothing any more.
fn hang_for_good(world: &mut World, nth: usize) {
    world.set(nth, "faults", json!([{"call": "dcgmGetLatestValues_v2", "hang": true, "deaf": true}]));
}

/// A collector of these engines, its manager, and the socket of its pages.
fn collector(world: &World) -> (Service, Manager, std::path::PathBuf) {
    let manager = Manager::new(&world.home);
    let socket = world.home.path("metrics.sock");
    let address = format!("unix:{}", text(&socket));
    let mut command = world.command(&["--sink", "-", "--interval", "1s", "--metrics", &address]);
    manager.told_by(&mut command);
    (Service::start(command), manager, socket)
}

/// Waits for a status that satisfies a condition; how many lines there were by then.
fn status(manager: &Manager, what: &str, met: impl Fn(&str) -> bool) -> usize {
    let mut at = None;
    until(what, PATIENCE, || {
        let said = manager.said();
        at = said.iter().position(|line| line.strip_prefix("STATUS=").is_some_and(&met));
        at.is_some()
    });
    at.unwrap() + 1
}

#[test]
fn an_engine_that_hangs_is_in_the_status_at_once_and_not_with_the_next_report() {
    let mut world = World::new(2);
    let (service, manager, socket) = collector(&world);
    ready(&socket);
    status(&manager, "both engines", |status| status.contains("dcgm ok, 16 GPUs"));
    hang_for_good(&mut world, 1);
    let began = monotonic();
    let at = status(&manager, "who hangs", |status| status.contains("dcgm: node-1: blocked on dcgm://127.0.0.1:"));
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    // The other engine is read: that is alive, and ready.
    manager.hears("WATCHDOG=1", at);
    assert_eq!(get(&socket, "/readyz", "*/*").code, 200);
    assert_eq!(service.stopped(PATIENCE), 0);
}

#[test]
fn a_collector_of_which_every_call_hangs_is_not_ready_and_after_two_minutes_not_alive() {
    let mut world = World::new(1);
    let (mut service, manager, socket) = collector(&world);
    ready(&socket);
    hang_for_good(&mut world, 0);
    let began = monotonic();
    until("a page that says what hangs", PATIENCE, || {
        let told = get(&socket, "/readyz", "*/*");
        told.code == 503 && told.body.contains("dcgm: node-0: blocked on dcgm://127.0.0.1:")
    });
    let page = lint(&get(&socket, "/metrics", "*/*").body, false);
    assert!(page["gpuhm_dependency_up{name=\"dcgm\"}"] < 0.5, "{page:?}");
    // It may come back by itself still.
    let at = manager.said().len();
    manager.hears("WATCHDOG=1", at);
    std::thread::sleep(Duration::from_secs(130).saturating_sub(began.elapsed()));
    let before = manager.count("WATCHDOG=1");
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(manager.count("WATCHDOG=1"), before, "only a new process can help");
    assert!(service.runs());
    assert_eq!(manager.count("READY=1"), 1);
    assert_eq!(service.stopped(PATIENCE), 0);
}

/// A source whose every call has hung for long, or not.
struct Hung(bool);

impl Source for Hung {
    fn kind(&self) -> &'static str {
        "hung"
    }

    fn due(&self) -> Due {
        Due::Tick
    }

    fn read(&mut self, _now: Time, _out: &mut Vec<Reading>) -> Result<(), SourceError> {
        Ok(())
    }

    fn turns(&self) -> bool {
        !self.0
    }
}

/// Counts turns and ticks.
#[derive(Default)]
struct Counts {
    turned: AtomicU64,
    ticks: AtomicU64,
}

impl Pulse for Counts {
    fn listens(&self) -> bool {
        true
    }

    fn turned(&self, _who: &'static str) {
        self.turned.fetch_add(1, Ordering::SeqCst);
    }

    fn collected(&self, _tick: &Tick<'_>) {
        self.ticks.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_loop_whose_source_does_not_turn_says_of_no_turn() {
    // What is ready and what lives follows from turns alone.
    for (hung, turns) in [(true, 0), (false, 3)] {
        let counts = Arc::new(Counts::default());
        let mut collect = Collect {
            source: Box::new(Hung(hung)),
            sink: Box::new(LinesSink::new("nowhere", Box::new(std::io::sink()))),
            clock: Arc::new(Clock::Wall),
            pace: 700.into(),
            from: None,
            ticks: Some(3),
            labels: Labels::default(),
            jobs: None,
            room: None,
            watch: None,
            ticked: Arc::default(),
            pulse: Beats::new(Arc::clone(&counts) as Arc<dyn Pulse>, "collect"),
        };
        collect.run(&Flag::default()).unwrap();
        assert_eq!(counts.ticks.load(Ordering::SeqCst), 3);
        let turned = counts.turned.load(Ordering::SeqCst);
        assert!(turned >= turns && (turned == 0) == hung, "{turned} turns");
    }
}

#[test]
fn a_store_that_does_not_answer_is_told_and_waiting_for_it_is_alive() {
    let Some(server) = Server::start("service_hangs::a_store_that_does_not_answer", &[]) else { return };
    fill(&server.url());
    // A call is waited for eleven seconds: what a statement may take, and ten.
    let home = Home::on_server(&format!("{}?connect_timeout=3&options=-cstatement_timeout%3D1s", server.url()));
    home.ok(&["run", "--source", "sim", "--gpus", "4", "--hosts", "1", "--speed", "max", "--ticks", "30"]);
    let manager = Manager::new(&home);
    let mut service = Service::start(manager.command(&home, &["score", "--every", "1s"]));
    let at = manager.hears("READY=1", 0);
    manager.hears("WATCHDOG=1", at);
    let paused = server.pause();
    std::thread::sleep(Duration::from_secs(4));
    let before = manager.count("WATCHDOG=1");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(manager.count("WATCHDOG=1"), before, "no timer says that a call lives");
    // Then it is over: that is no fault of this process, which a new one would not mend.
    let at = status(&manager, "the store away", |status| status.contains("store down "));
    let at = manager.hears("WATCHDOG=1", at);
    manager.hears("WATCHDOG=1", at);
    assert!(service.runs());
    drop(paused);
    let from = manager.said().len();
    let is_back = |line: &String| line.starts_with("STATUS=") && line.contains("store ok");
    until("the store back", PATIENCE, || manager.said()[from..].iter().any(is_back));
    assert_eq!(service.stopped(PATIENCE), 0);
}
