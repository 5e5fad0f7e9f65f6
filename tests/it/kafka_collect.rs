//! The collector against a real broker: killed at random, with the broker away, and with a spool that is too small. What
//! was acknowledged is what the spool ever took: its offsets count it, and an independent reader finds it on the broker.
//!
//! `GPUHM_KILL_ROUNDS` says how often it is killed (10).

mod topic;

use std::process::Command;
use std::time::Duration;

use crate::broker::{self, Own};
use crate::process::child::output;
use crate::process::{Home, Service, text};
use crate::support::random::splitmix;

/// Longer than any collector of these tests runs.
const PATIENCE: Duration = Duration::from_mins(3);

/// A collector's home, its broker and its topic.
struct Site {
    home: Home,
    own: Own,
    prefix: String,
}

impl Site {
    fn new(test: &str) -> Option<Site> {
        let own = Own::start(test)?;
        let site = Site { home: Home::new(), own, prefix: broker::prefix() };
        topic::make(site.own.address(), &site.topic());
        Some(site)
    }

    fn topic(&self) -> String {
        format!("{}gpu-metrics-raw", self.prefix)
    }

    fn collect(&self, more: &[&str]) -> Command {
        let mut args = vec!["collect", "--source", "sim", "-b", self.own.address(), "--topic-prefix", &self.prefix];
        args.extend(more);
        self.home.command(&args)
    }

    /// What the spool ever took, by partition.
    fn taken(&self) -> Vec<i64> {
        let log = rusqlite::Connection::open(self.home.path("home/spool-collect.db")).unwrap();
        let mut select =
            log.prepare("SELECT next FROM tip WHERE topic = 'gpu-metrics-raw' ORDER BY partition").unwrap();
        let next = select.query_map([], |row| row.get(0)).unwrap();
        next.map(Result::unwrap).collect()
    }

    fn arrived(&self) -> topic::Arrived {
        topic::read(self.own.address(), &self.topic())
    }
}

#[test]
fn a_collector_killed_at_random_loses_nothing_that_was_acknowledged() {
    let Some(site) = Site::new("a_collector_killed_at_random_loses_nothing_that_was_acknowledged") else { return };
    let rounds: usize =
        std::env::var_os("GPUHM_KILL_ROUNDS").map_or(10, |text| text.to_str().unwrap().parse().unwrap());
    let flags = ["--gpus", "16", "--hosts", "4", "--interval", "20ms"];
    let mut random = 0x5eed;
    for _ in 0..rounds {
        let service = Service::start(site.collect(&flags));
        std::thread::sleep(Duration::from_millis(300 + splitmix(&mut random) % 1200));
        service.kill();
    }
    let last = Service::start(site.collect(&flags));
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(last.stopped(PATIENCE), 0);
    let (taken, arrived) = (site.taken(), site.arrived());
    assert_eq!(arrived.distinct, taken, "distinct events of each partition on the broker and ever in the spool");
    assert!(arrived.count() > 1_000, "{}", arrived.count());
    let most = arrived.in_order();
    assert!(most <= 16 * rounds, "{most} repeats of a key in {rounds} kills");
}

#[test]
fn an_hour_of_64_hosts_arrives_though_the_broker_was_away_for_20_seconds() {
    let Some(site) = Site::new("an_hour_of_64_hosts_arrives_though_the_broker_was_away_for_20_seconds") else { return };
    // One collector for 64 hosts: 64 processes would be slower than the hour on a small machine.
    let mut command = site.collect(&[
        "--gpus",
        "128",
        "--hosts",
        "64",
        "--ticks",
        "360",
        "--speed",
        "120",
        "--from",
        "2026-01-01T00:00:00Z",
    ]);
    let running = std::thread::spawn(move || output(&mut command, PATIENCE));
    std::thread::sleep(Duration::from_secs(4));
    site.own.kill();
    std::thread::sleep(Duration::from_secs(20));
    site.own.start_again();
    let ran = running.join().unwrap();
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.err.matches("Kafka lost, ").count(), 1, "{}", ran.err);
    assert!(ran.err.contains("Kafka is back after "), "{}", ran.err);
    let (taken, arrived) = (site.taken(), site.arrived());
    assert_eq!(arrived.distinct, taken);
    assert!(arrived.count() >= 360 * 128 + 60 * 64, "{}", arrived.count());
    let most = arrived.in_order();
    assert!(most <= 16, "{most} repeats of a key when the broker was killed");
}

#[test]
fn what_a_small_spool_drops_is_counted_and_announced() {
    let Some(site) = Site::new("what_a_small_spool_drops_is_counted_and_announced") else { return };
    site.own.stop();
    let flags = ["--gpus", "256", "--hosts", "64", "--ticks", "150", "--speed", "60", "--spool-max", "256KiB"];
    let mut command = site.collect(&[&flags[..], &["--from", "2026-01-01T00:00:00Z"]].concat());
    let running = std::thread::spawn(move || output(&mut command, PATIENCE));
    std::thread::sleep(Duration::from_secs(8));
    site.own.start_again();
    let ran = running.join().unwrap();
    assert_eq!(ran.code, 1, "a one-shot whose sum does not add up: {}", ran.err);
    let (taken, arrived) = (site.taken(), site.arrived());
    let dropped = taken.iter().sum::<i64>() - arrived.count();
    assert!(dropped > 1_000, "{dropped}");
    assert!(ran.err.contains(&format!("{dropped} events were dropped at the spool's bound")), "{dropped}: {}", ran.err);
    arrived.in_order();
    let mut hosts = std::collections::BTreeMap::new();
    for report in arrived.reports() {
        hosts.insert(report["host"]["hostname"].as_str().unwrap(), report["collector"]["dropped"].as_i64().unwrap());
    }
    assert_eq!(hosts.len(), 64);
    assert!(hosts.values().all(|told| *told == dropped), "{dropped}: {hosts:?}");
}

#[test]
fn a_broker_that_is_away_ends_a_one_shot_and_keeps_what_was_collected() {
    let home = Home::new();
    // Nothing listens on port 1.
    let args = ["collect", "--source", "sim", "--gpus", "8", "--hosts", "1", "--speed", "max", "--ticks", "3"];
    let nobody = [&args[..], &["-b", "127.0.0.1:1", "--connect-timeout", "1s"]].concat();
    let ran = home.fails(&nobody, 3, &["25 events not delivered; kept in spool "]);
    assert!(ran.err.contains("hint: the next collect with this spool sends them first"), "{}", ran.err);
    assert_eq!(ran.err.matches("Kafka lost, ").count(), 1, "{}", ran.err);
    let service = ["collect", "--source", "sim", "--gpus", "8", "--hosts", "1", "-b", "127.0.0.1:1", "--drain", "1s"];
    let mut command = home.command(&service);
    let err = std::fs::File::create(home.path("err")).unwrap();
    let mut running = Service::as_is(command.stderr(err));
    let said = || std::fs::read_to_string(home.path("err")).unwrap();
    crate::process::until("its word", PATIENCE, || said().contains("25 events of an earlier run wait"));
    crate::process::until("a tick", PATIENCE, || said().contains("Kafka lost, "));
    // The spool is one collector's; another has its own by name.
    home.fails(&nobody, 2, &["another collector is using this spool"]);
    home.fails(&[&nobody[..], &["--instance", "other"]].concat(), 3, &["25 events not delivered"]);
    running.signal("TERM");
    assert_eq!(running.ended(PATIENCE), 0, "{}", said());
    assert!(said().contains("events not delivered; kept in spool "), "{}", said());
    let spool = text(&home.path("home/spool-collect.db"));
    home.fails(&["collect", "--source", "sim", "--ticks", "1", "--spool", &spool], 2, &["--spool is for Kafka"]);
}

/// A collector without a broker on a disk that fills up and is made larger once it said so.
const SMALL: &str = "
mount -t tmpfs -o size=1m none small || exit 77
$GPUHM collect --source sim --gpus 64 --hosts 8 --interval 50ms -b 127.0.0.1:1 --drain 1s --spool small/s 2>err & it=$!
n=0
until grep -q 'disk is full' err || [ $n -gt 600 ]; do sleep 0.1; n=$((n+1)); done
sleep 1
mount -o remount,size=200m small
n=0
until grep -q 'written again' err || [ $n -gt 600 ]; do sleep 0.1; n=$((n+1)); done
kill $it; wait $it; echo $?
cp small/s/spool-collect.db* .
";

#[test]
#[cfg_attr(not(small_disk), ignore = "needs a user who may mount a tmpfs")]
fn on_a_full_disk_events_wait_in_memory() {
    let home = Home::new();
    std::fs::create_dir(home.path("small")).unwrap();
    home.file("script", SMALL);
    let ran = home.shell("unshare -m sh script");
    let said = std::fs::read_to_string(home.path("err")).unwrap();
    assert_eq!(ran.out, "0\n", "{said}{}", ran.err);
    assert!(said.contains("the disk is full; ") && said.contains("events are kept in memory only"), "{said}");
    let line = said.lines().find(|line| line.contains("collected ")).unwrap();
    let numbers: Vec<i64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    let log = rusqlite::Connection::open(home.path("spool-collect.db")).unwrap();
    let kept: i64 = log.query_row("SELECT sum(next) FROM tip", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, numbers[0] + numbers[1], "samples and reports: {said}");
    assert!(!said.contains("dropped"), "{said}");
}
