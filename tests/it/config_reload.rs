//! SIGHUP through the real binary: what of the configuration file counts at once, what waits for a restart, and a file that
//! cannot be used.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::Stdio;

use crate::dcgm_support::{Told, World};
use crate::process::{Home, Service, text, until};
use crate::service_support::{Manager, PATIENCE, get, ready};

const FILE: &str = "[log]\nlevel = \"warn\"\n[collect]\ninterval = \"1s\"\n[sim]\ngpus = 2\nhosts = 1\n";

/// A collector of a simulated fleet whose settings stand in a file.
struct Collector {
    home: Home,
    manager: Manager,
    service: Service,
}

impl Collector {
    fn start(more: &[&str]) -> Collector {
        let home = Home::new();
        let path = home.file("gpuhm.toml", FILE);
        let home = home.with("GPUHM_CONFIG", path);
        let manager = Manager::new(&home);
        Collector::of(home, manager, &[&["collect", "--source", "sim"], more].concat())
    }

    fn of(home: Home, manager: Manager, args: &[&str]) -> Collector {
        let mut command = manager.command(&home, args);
        command.stdout(Stdio::null()).stderr(File::create(home.path("errors")).unwrap());
        let service = Service::as_is(&mut command);
        manager.hears("READY=1", 0);
        Collector { home, manager, service }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.home.path("errors")).unwrap()
    }

    /// SIGHUP: what it said by the time that it is ready again.
    fn hup(&self) -> String {
        let (before, from) = (self.said().len(), self.manager.said().len());
        self.service.signal("HUP");
        let at = self.manager.hears("RELOADING=1", from);
        let time = self.manager.said()[at].strip_prefix("MONOTONIC_USEC=").map(str::parse::<u64>);
        assert!(time.is_some_and(|time| time.is_ok()), "{:?}", self.manager.said());
        self.manager.hears("READY=1", at);
        self.said()[before..].to_owned()
    }

    /// The same with another file.
    fn reload(&self, file: &str) -> String {
        self.home.file("gpuhm.toml", file);
        self.hup()
    }

    /// It goes on, and ends as it should.
    fn ends(mut self) {
        let at = self.manager.hears("WATCHDOG=1", self.manager.said().len());
        self.manager.hears("WATCHDOG=1", at);
        assert!(self.service.runs(), "{}", self.said());
        assert_eq!(self.service.stopped(PATIENCE), 0);
    }
}

#[test]
fn the_level_of_the_log_counts_at_once() {
    let collector = Collector::start(&[]);
    assert_eq!(collector.said(), "", "it is to warn only");
    let said = collector.reload(&FILE.replace("warn", "info"));
    assert!(said.contains(" INFO reloaded") && !said.contains("restart"), "{said}");
    let said = collector.reload(&FILE.replace("warn", "error"));
    assert_eq!(said, "");
    // What the file does not say is as it is built in.
    let said = collector.reload(&FILE.replace("level = \"warn\"\n", ""));
    assert!(said.contains(" INFO reloaded"), "{said}");
    collector.ends();
}

#[test]
fn a_flag_stays_stronger_than_the_file() {
    let collector = Collector::start(&["--log", "error", "--interval", "1s"]);
    let said = collector.reload(&FILE.replace("warn", "info").replace("\"1s\"", "\"2s\""));
    assert_eq!(said, "");
    collector.ends();
}

/// Ticks at which all 8 GPUs gave fresh values at an interval of so many milliseconds, as seconds since 1970.
fn paced(told: &Told, interval_ms: i64) -> Vec<i64> {
    let mut ticks: BTreeMap<i64, usize> = BTreeMap::new();
    for sample in told.of_host(0) {
        let quality = &sample["quality"];
        if quality["interval_ms"] == interval_ms && quality["stale"] == false {
            let at: gpuhm::event::Time = sample["timestamp"].as_str().unwrap().parse().unwrap();
            *ticks.entry(at.ms() / 1000).or_default() += 1;
        }
    }
    ticks.into_iter().filter(|(_, gpus)| *gpus == 8).map(|(at, _)| at).collect()
}

#[test]
fn how_often_gpus_are_read_counts_at_once() {
    let world = World::new(1);
    let config = |every: &str| format!("[log]\nlevel = \"info\"\n[collect]\ninterval = \"{every}\"\n");
    let file = world.home.file("gpuhm.toml", config("8s"));
    let mut running = world.run_with(&["--config", &file]);
    running.until("it reads", |told| !paced(told, 8000).is_empty());
    let mut follows = |every: &str, ms: i64, ticks: usize| {
        world.home.file("gpuhm.toml", config(every));
        running.signal("HUP");
        running.until(every, |told| paced(told, ms).len() >= ticks)
    };
    let told = follows("8s", 8000, 1);
    assert!(!told.said.contains("from now on"), "nothing differs: {}", told.said);
    // What the engine takes as rarely as before would be old by now.
    let told = follows("1s", 1000, 5);
    assert!(told.of_host(0).iter().all(|sample| sample["quality"]["stale"] == false), "{:?}", told.samples);
    // The tick that was waited for comes, and the others on the new multiples.
    let told = follows("4s", 4000, 2);
    assert!(told.said.contains("collect.interval: 4s from now on, 1s before"), "{}", told.said);
    assert!(!told.said.contains("restart"), "{}", told.said);
    assert!(paced(&told, 4000)[1..].iter().all(|at| at % 4 == 0), "{:?}", paced(&told, 4000));
    // An hour would be long to wait for.
    world.home.file("gpuhm.toml", config("1h"));
    running.signal("HUP");
    let told =
        running.until("an hour, told by the tick that was waited for", |told| !paced(told, 3_600_000).is_empty());
    assert!(told.said.contains("3600s from now on"), "{}", told.said);
    let before = paced(&running.told(), 1000);
    world.home.file("gpuhm.toml", config("1s"));
    running.signal("HUP");
    let told = running.until("a second again", |told| paced(told, 1000).len() >= before.len() + 4);
    let again: Vec<i64> = paced(&told, 1000).split_off(before.len());
    assert!(again.windows(2).any(|two| two[1] == two[0] + 1), "{again:?}");
    assert!(
        told.reports.iter().all(|report| report["collector"]["missed"] == 0),
        "nothing was missed: {:?}",
        told.reports
    );
    assert_eq!(running.stopped(), 0);
}

#[test]
fn how_often_passes_run_counts_at_once() {
    for pass in ["score", "predict"] {
        let home = Home::new();
        home.ok(&["migrate"]);
        let config = |every: &str| format!("[log]\nlevel = \"info\"\n[{pass}]\n{every}\n");
        let file = home.file("gpuhm.toml", config("every = \"1h\""));
        let (manager, socket) = (Manager::new(&home), home.path("page.sock"));
        let address = format!("unix:{}", text(&socket));
        let collector = Collector::of(home, manager, &[pass, "--config", &file, "--metrics", &address]);
        ready(&socket);
        let passes = || {
            let page = get(&socket, "/metrics", "*/*").body;
            let count = format!("gpuhm_pass_duration_seconds_count{{pass=\"{pass}\"}} ");
            let line = page.lines().find_map(|line| line.strip_prefix(&count));
            line.map_or(0, |count| count.parse::<u64>().unwrap())
        };
        until("the first pass", PATIENCE, || passes() == 1);
        let said = collector.reload(&config("every = \"1s\""));
        assert!(said.contains(&format!("{pass}.every: 1s from now on, 3600s before")), "{said}");
        until("more of them", PATIENCE, || passes() >= 3);
        // What the file no longer says is as it is built in.
        let said = collector.reload(&config(""));
        assert!(said.contains("from now on, 1s before") && !said.contains("restart"), "{said}");
        collector.ends();
    }
}

#[test]
fn what_cannot_change_live_is_named() {
    let collector = Collector::start(&["--gpus", "4"]);
    let other = "[tail]\nlines = 5\n[labels]\nrack = \"r7\"\n[kafka.properties]\n\"linger.ms\" = \"7\"\n";
    let changed = FILE.replace("\"1s\"", "\"2s\"\nexport_gpus = false").replace("gpus = 2", "gpus = 3");
    let said = collector.reload(&(changed + other));
    let waits = said.lines().find_map(|line| line.split_once(" WARN needs a restart: ")).map(|(_, keys)| keys);
    // Not the keys of other commands, nor those that a flag decides.
    assert_eq!(waits, Some("kafka.properties, labels.rack, collect.interval"), "{said}");
    // It is the settings at work that are compared, and not the file before: it waits still.
    let said = collector.hup();
    assert!(said.contains("needs a restart: kafka.properties, labels.rack, collect.interval"), "{said}");
    assert_eq!(collector.reload(FILE), "", "all is as it was");
    collector.ends();
}

#[test]
fn a_file_that_cannot_be_used_changes_nothing_and_is_told_with_its_place() {
    let collector = Collector::start(&[]);
    for (file, place) in [
        ("[log]\nlevel = info\n", "gpuhm.toml:2:9: "),
        ("[log]\nlevel = \"info\"\n[collect]\n  intervall = \"1s\"\n", "gpuhm.toml:4:3: unknown key collect.intervall"),
        ("[log]\nlevel = \"info\"\n[collect]\ninterval = \"abc\"\n", "gpuhm.toml:4: "),
        ("[log]\nlevel = \"all\"\n", "gpuhm.toml:2: "),
    ] {
        let said = collector.reload(file);
        let told = said.lines().find(|line| line.contains("ERROR reload: settings stay as they were: "));
        assert!(told.is_some_and(|told| told.contains(place)), "{place} in {said}");
        assert!(!said.contains("INFO"), "the level is as it was: {said}");
    }
    std::fs::remove_file(collector.home.path("gpuhm.toml")).unwrap();
    let said = collector.hup();
    assert!(said.contains("stay as they were") && said.contains("No such file"), "{said}");
    let said = collector.reload(&FILE.replace("warn", "info"));
    assert!(said.contains(" INFO reloaded"), "{said}");
    collector.ends();
}

#[test]
fn a_file_of_targets_that_names_others_is_told_and_one_that_is_wrong_too() {
    let home = Home::new();
    let (one, two) = ("http://127.0.0.1:1/metrics", "http://127.0.0.1:2/metrics");
    let targets = home.file("targets", one);
    let manager = Manager::new(&home);
    let args = ["collect", "--targets", &targets, "--interval", "1s", "--sink", "/dev/null", "--log", "warn"];
    let collector = Collector::of(home, manager, &args);
    let hup = |text: &str| {
        collector.home.file("targets", text);
        let said = collector.hup();
        let ours = |line: &&str| line.contains("restart") || line.contains("reload");
        said.lines().filter(ours).map(str::to_owned).collect::<Vec<_>>()
    };
    let said = hup(&format!("{one}\n{two}\n"));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("needs a restart: sources in ") && said[0].contains(": not read yet: "), "{said:?}");
    assert!(said[0].contains("//127.0.0.1:2/metrics") && !said[0].contains("127.0.0.1:1/"), "{said:?}");
    // It is what is read that is compared, and not the file before.
    assert_eq!(hup(&format!("{one}\n{two}\n")).len(), 1);
    let said = hup(&format!("{one}\nhttps://b/metrics\n"));
    assert!(said.len() == 1 && said[0].contains("ERROR reload: targets stay as they were: "), "{said:?}");
    assert!(said[0].contains("line 2: "), "{said:?}");
    assert_eq!(hup(&format!("# as it was\n{one}\n")), Vec::<String>::new());
    collector.ends();
}
