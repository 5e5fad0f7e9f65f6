//! The pipeline as services on Kafka, each with what it says; and what an independent reader and SQL find afterwards.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use gpuhm::event::time::HOUR;
use gpuhm::pipeline::clock::{monotonic, wall};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::process::tables::number;
use crate::process::{Home, Service, parsed, until};

/// Longer than anything waited for takes, however busy the machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);
/// How long a service may take to end once it is told: the drain time of 20 s, and a little of a busy machine.
pub(crate) const DRAIN: Duration = Duration::from_secs(28);
const PARTITIONS: i32 = 32;

/// A home and topics of one installation.
pub(crate) struct Line {
    pub(crate) home: Home,
    brokers: String,
    prefix: String,
    settings: Vec<String>,
}

/// A service and the file it writes to.
pub(crate) struct Told {
    pub(crate) service: Service,
    path: PathBuf,
}

impl Told {
    /// Starts a service in `home`, known as `name`.
    pub(crate) fn start(home: &Home, name: &str, args: &[&str]) -> Told {
        let path = home.path(&format!("{name}.err"));
        let mut command = home.command(args);
        command.stdout(std::process::Stdio::null()).stderr(File::create(&path).unwrap());
        Told { service: Service::as_is(&mut command), path }
    }

    /// The most memory it ever had, in MiB.
    pub(crate) fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.service.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }

    /// What it said so far.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap()
    }

    /// Lines that hold `word`.
    pub(crate) fn lines(&self, word: &str) -> Vec<String> {
        self.said().lines().filter(|line| line.contains(word)).map(str::to_owned).collect()
    }

    /// SIGTERM; it must end with 0 within its drain time. Returns what it said, and how long it took.
    pub(crate) fn stop(mut self) -> (String, Duration) {
        let began = wall();
        self.service.signal("TERM");
        let code = self.service.ended(DRAIN);
        let took = Duration::from_millis(wall().since(began).unsigned_abs());
        assert_eq!(code, 0, "{}", self.said());
        (self.said(), took)
    }
}

/// A record of an independent reader: key, value, and the time that its broker has for it.
pub(crate) struct Found {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) at: i64,
    pub(crate) partition: i32,
}

/// The longest time between two records that follow each other, in milliseconds.
pub(crate) fn pause<'a>(found: impl IntoIterator<Item = &'a Found>) -> i64 {
    let mut times: Vec<i64> = found.into_iter().map(|found| found.at).collect();
    times.sort_unstable();
    times.windows(2).map(|two| two[1] - two[0]).max().unwrap_or(0)
}

impl Line {
    /// Makes the topics, as a person would.
    pub(crate) fn lay(brokers: &str, prefix: &str, settings: &[(&str, &str)]) -> Line {
        let line = Line::at(brokers, prefix, settings);
        line.home.ok(&["migrate", "topics", "-b", brokers, "--topic-prefix", prefix]);
        line
    }

    /// On topics that are there.
    pub(crate) fn at(brokers: &str, prefix: &str, settings: &[(&str, &str)]) -> Line {
        let settings = settings.iter().flat_map(|(key, value)| ["-X".to_owned(), format!("{key}={value}")]).collect();
        let line = Line { home: Home::new(), brokers: brokers.to_owned(), prefix: prefix.to_owned(), settings };
        line.home.ok(&["migrate", "-q", "up"]);
        line
    }

    fn args<'a>(&'a self, stage: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let mut args = vec![stage, "-b", &self.brokers, "--topic-prefix", &self.prefix];
        args.extend(self.settings.iter().map(String::as_str));
        args.extend_from_slice(more);
        args
    }

    /// Starts a service, known as `name`.
    pub(crate) fn start(&self, name: &str, stage: &str, more: &[&str]) -> Told {
        Told::start(&self.home, name, &self.args(stage, more))
    }

    /// Starts a stage as an instance.
    pub(crate) fn stage(&self, stage: &str, instance: &str, more: &[&str]) -> Told {
        self.start(&format!("{stage}-{instance}"), stage, &[&["--instance", instance], more].concat())
    }

    /// Runs a stage to the log's end.
    pub(crate) fn once(&self, stage: &str) {
        self.home.ok(&self.args(stage, &["--once"]));
    }

    /// The arguments of a one-shot, for runs that fail.
    pub(crate) fn once_args(&self, stage: &str) -> Vec<String> {
        self.args(stage, &["--once"]).into_iter().map(str::to_owned).collect()
    }

    /// Starts a collector of a simulated fleet that takes `ticks` of 10 s at `speed`, with faults in it.
    pub(crate) fn collect(&self, gpus: u32, ticks: u32, speed: &str) -> Told {
        // Some hours ago: services drop rows that are older than their retention by the wall clock.
        let from = wall().floor(HOUR).plus(-3 * HOUR).to_string();
        let (gpus, hosts, ticks) = (gpus.to_string(), (gpus / 4).to_string(), ticks.to_string());
        let fleet = ["--gpus", &gpus, "--hosts", &hosts, "--ticks", &ticks, "--speed", speed, "--from", &from];
        let faults = ["--fault", "xid=79@3/1+5m", "--fault", "ecc_dbe@2/0+13m", "--fault", "xid=48@3/2+17m"];
        // The settings are those of stages: a collector has no transactions. It is a one-shot that waits for ever.
        let to = ["-b", &self.brokers, "--topic-prefix", &self.prefix, "--connect-timeout", "0"];
        let mut args = vec!["collect", "--source", "sim"];
        args.extend(to);
        args.extend(fleet.into_iter().chain(faults));
        Told::start(&self.home, "collect", &args)
    }

    /// All of a topic that is committed. A client may have lost its broker for ever in an outage, so one that does not get
    /// on is followed by another.
    pub(crate) fn read(&self, topic: &str) -> Vec<Found> {
        let mut found = None;
        until("the end of a topic", PATIENCE, || {
            found = self.read_within(topic, Duration::from_secs(30));
            found.is_some()
        });
        found.unwrap()
    }

    fn read_within(&self, topic: &str, patience: Duration) -> Option<Vec<Found>> {
        let name = format!("{}{topic}", self.prefix);
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers).set("group.id", "readers").set("enable.auto.commit", "false");
        config.set("isolation.level", "read_committed").set("enable.partition.eof", "true").set("log_level", "0");
        let consumer: BaseConsumer = config.create().unwrap();
        let mut all = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            all.add_partition_offset(&name, partition, Offset::Beginning).unwrap();
        }
        consumer.assign(&all).unwrap();
        let (mut found, mut ends) = (Vec::new(), std::collections::BTreeSet::new());
        let began = monotonic();
        while ends.len() < 32 {
            if began.elapsed() > patience {
                return None;
            }
            match consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap_or_default().to_vec()).unwrap();
                    let at = message.timestamp().to_millis().unwrap();
                    let partition = message.partition();
                    found.push(Found { key: text(message.key()), value: text(message.payload()), at, partition });
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => drop(ends.insert(partition)),
                // On the way to a broker that has just come back.
                Some(Err(_)) | None => {}
            }
        }
        Some(found)
    }

    /// Events of a topic by key and time, each with how often it is there.
    pub(crate) fn counted(&self, topic: &str) -> BTreeMap<(String, String), usize> {
        let mut counted = BTreeMap::new();
        for found in self.read(topic) {
            let time = parsed(&found.value)["timestamp"].as_str().unwrap().to_owned();
            *counted.entry((found.key, time)).or_default() += 1;
        }
        counted
    }

    /// Samples on a topic, each counted once.
    pub(crate) fn samples_on(&self, topic: &str) -> i64 {
        let all = self.counted(topic);
        i64::try_from(all.keys().filter(|(key, _)| !key.starts_with("host:")).count()).unwrap()
    }

    /// Samples in the store; 0 where there is none yet.
    pub(crate) fn stored(&self) -> i64 {
        number(&self.home.store(), "SELECT count(*) FROM gpu_metrics")
    }

    /// What every test of this kind ends with: each event that is on the raw topic is validated once, in the order of its
    /// key, is a row once, is counted in one window, and each alert is there once. Returns how many samples there are.
    pub(crate) fn everything_is_there_once(&self) -> usize {
        // At the log's end a one-shot shows the windows that are still open.
        self.once("aggregate");
        let raw = self.counted("gpu-metrics-raw");
        let validated = self.counted("gpu-metrics-validated");
        let refused = self.read("gpu-metrics-invalid");
        assert!(refused.is_empty(), "{} events refused, first {}", refused.len(), refused[0].value);
        // A report that its sender repeated is validated twice: only samples are told apart by their time.
        let samples = |counted: &BTreeMap<(String, String), usize>| {
            counted.iter().filter(|((key, _), _)| !key.starts_with("host:")).map(|(k, n)| (k.clone(), *n)).collect()
        };
        let (taken, passed): (BTreeMap<_, usize>, BTreeMap<_, usize>) = (samples(&raw), samples(&validated));
        let lost: Vec<_> = raw.keys().filter(|event| !validated.contains_key(*event)).take(3).collect();
        assert!(lost.is_empty(), "lost by validate: {lost:?}, {} of {}", validated.len(), raw.len());
        let twice: Vec<_> = passed.iter().filter(|(_, count)| **count != 1).take(3).collect();
        assert!(twice.is_empty(), "validated more than once: {twice:?}");
        assert_eq!(taken.len(), passed.len());
        let store = self.home.store();
        assert_eq!(self.stored(), i64::try_from(taken.len()).unwrap(), "rows in the store");
        let windowed = number(&store, "SELECT sum(count) FROM gpu_metrics_1m");
        assert_eq!(windowed, self.stored(), "samples counted in minutes");
        self.alerts_are_there_once();
        taken.len()
    }

    fn alerts_are_there_once(&self) {
        let mut alerts: HashMap<(String, String, String), usize> = HashMap::new();
        for found in self.read("gpu-alerts") {
            let alert = parsed(&found.value);
            let of = |name: &str| alert[name].as_str().unwrap().to_owned();
            *alerts.entry((of("alert_id"), of("status"), of("severity"))).or_default() += 1;
        }
        assert!(!alerts.is_empty(), "no alert");
        assert!(alerts.values().all(|count| *count == 1), "published twice: {alerts:?}");
        let mut ids: Vec<&String> = alerts.keys().map(|(id, ..)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        let rows = number(&self.home.store(), "SELECT count(*) FROM gpu_alerts");
        assert_eq!(rows, i64::try_from(ids.len()).unwrap(), "alerts in the store");
    }
}
