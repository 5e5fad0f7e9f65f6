//! THE table of what a configuration file may say: one row a key, with the flag whose default it is, and the commands
//! that have it. A flag without a row stands in the table of excluded ones, with the reason; a test walks the command line.

/// One key of the file.
#[derive(Debug)]
pub(crate) struct Key {
    /// Section and name, as people write them.
    pub(crate) path: &'static str,
    /// The flag's id; empty where no flag carries it.
    pub(crate) id: &'static str,
    /// The commands that have it, with all below them; all but the excluded ones where there are none here.
    pub(crate) on: &'static [&'static str],
    /// A value as TOML, for the example file; empty where the flag has a default of its own.
    pub(crate) example: &'static str,
    /// What it is, where no flag says so.
    pub(crate) help: &'static str,
    /// Environment variables of the seed that mean the same, weaker than ours.
    pub(crate) alias: &'static str,
}

const fn key(path: &'static str, id: &'static str, on: &'static [&'static str], example: &'static str) -> Key {
    Key { path, id, on, example, help: "", alias: "" }
}

const fn bare(path: &'static str, example: &'static str, help: &'static str, alias: &'static str) -> Key {
    Key { path, id: "", on: &[], example, help, alias }
}

/// Every command that is not excluded.
const ALL: &[&str] = &[];
const COLLECT: &[&str] = &["collect"];
/// What reads a source.
const SOURCES: &[&str] = &["collect", "run"];
/// What reads or looks at one.
const NAMED: &[&str] = &["collect", "run", "doctor"];
const VALIDATE: &[&str] = &["validate"];
const AGGREGATE: &[&str] = &["aggregate"];
const SCORE: &[&str] = &["score"];
const PREDICT: &[&str] = &["predict"];
const RUN: &[&str] = &["run"];
const TAIL: &[&str] = &["tail"];
const TOP: &[&str] = &["top"];
const MIGRATE: &[&str] = &["migrate"];
const DOCTOR: &[&str] = &["doctor"];

/// The table of settings of Kafka clients, whose keys are librdkafka's.
pub(crate) const PROPERTIES: &str = "kafka.properties";
/// The file that holds the store's password.
pub(crate) const STORE_PASSWORD: &str = "store.password_file";

/// Every key, in the order of the example file.
pub(crate) const KEYS: &[Key] = &[
    key("home", "home", ALL, "\"/var/lib/gpuhm\""),
    Key { alias: "KAFKA_BROKERS", ..key("bus.url", "bus", ALL, "\"kafka://kafka-1:9092,kafka-2:9092\"") },
    key("kafka.properties_file", "kafka_config", ALL, "\"/etc/gpuhm/kafka.properties\""),
    key("kafka.topic_prefix", "topic_prefix", ALL, "\"prod.\""),
    key("kafka.connect_timeout", "connect_timeout", ALL, "\"10s\""),
    // A table of its own.
    bare(
        PROPERTIES,
        "\"security.protocol\" = \"SASL_SSL\"",
        "Settings of Kafka clients by librdkafka's names; weaker than properties_file and -X",
        "",
    ),
    key("store.url", "store", ALL, "\"postgres://gpuhm@db.example.com/gpuhm\""),
    bare(STORE_PASSWORD, "\"/etc/gpuhm/store.password\"", "File that holds the store's password and nothing else", ""),
    bare("labels.cluster", "\"prod-1\"", "The label `cluster` of every sample; --label is stronger", "CLUSTER_NAME"),
    bare("labels.rack", "\"rack-03\"", "The label `rack` of every sample", "RACK_ID"),
    bare("labels.datacenter", "\"fra-1\"", "The label `datacenter` of every sample", "DATACENTER"),
    key("collect.source", "source", NAMED, "[\"dcgm://localhost:5555\"]"),
    key("collect.targets", "targets", NAMED, "\"/etc/gpuhm/targets\""),
    key("collect.interval", "interval", SOURCES, ""),
    key("collect.speed", "speed", SOURCES, ""),
    key("collect.profile_interval", "profile_interval", NAMED, "\"1s\""),
    key("collect.libdcgm", "libdcgm", NAMED, "\"/usr/lib/x86_64-linux-gnu/libdcgm.so.4\""),
    key("collect.libnvml", "libnvml", NAMED, "\"/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1\""),
    key("collect.jobs", "jobs", COLLECT, "\"/run/gpuhm-jobs\""),
    key("collect.sink", "sink", COLLECT, ""),
    key("collect.spool", "spool", COLLECT, "\"/var/lib/gpuhm\""),
    key("collect.spool_max", "spool_max", COLLECT, ""),
    key("collect.spool_age", "spool_age", COLLECT, ""),
    key("collect.spool_rate", "spool_rate", COLLECT, "5000"),
    key("collect.instance", "instance", COLLECT, ""),
    key("collect.drain", "drain", COLLECT, ""),
    key("collect.metrics", "metrics", COLLECT, "\"127.0.0.1:9871\""),
    key("collect.export_gpus", "export_gpus", COLLECT, "true"),
    key("sim.gpus", "gpus", SOURCES, ""),
    key("sim.hosts", "hosts", SOURCES, ""),
    key("sim.seed", "seed", SOURCES, ""),
    key("sim.boards", "boards", SOURCES, ""),
    key("sim.fault", "fault", SOURCES, "[\"xid=74@1/0+1m\"]"),
    key("validate.drain", "drain", VALIDATE, ""),
    key("validate.metrics", "metrics", VALIDATE, "\"127.0.0.1:9872\""),
    key("validate.instance", "instance", VALIDATE, "\"validate-1\""),
    key("aggregate.drain", "drain", AGGREGATE, ""),
    key("aggregate.metrics", "metrics", AGGREGATE, "\"127.0.0.1:9873\""),
    key("aggregate.instance", "instance", AGGREGATE, "\"aggregate-1\""),
    key("aggregate.lateness", "lateness", &["aggregate", "run"], ""),
    key("run.instance", "instance", RUN, "\"run-1\""),
    key("run.drain", "drain", RUN, ""),
    key("run.metrics", "metrics", RUN, "\"127.0.0.1:9871\""),
    key("score.drain", "drain", SCORE, ""),
    key("score.metrics", "metrics", SCORE, "\"127.0.0.1:9874\""),
    key("score.every", "every", SCORE, "\"1m\""),
    key("predict.drain", "drain", PREDICT, ""),
    key("predict.metrics", "metrics", PREDICT, "\"127.0.0.1:9875\""),
    key("predict.metrics_file", "metrics_file", PREDICT, "\"/var/lib/gpuhm/predict.prom\""),
    key("predict.every", "every", PREDICT, "\"15m\""),
    key("predict.horizon", "horizon", PREDICT, ""),
    key("migrate.wait", "wait", MIGRATE, ""),
    key("migrate.lock_timeout", "lock_timeout", MIGRATE, ""),
    key("doctor.timeout", "timeout", DOCTOR, ""),
    key("doctor.strict", "strict", DOCTOR, "true"),
    key("doctor.skip", "skip", DOCTOR, "[\"kafka.acl\"]"),
    key("tail.topic", "topic", TAIL, ""),
    key("tail.lines", "lines", TAIL, ""),
    key("top.refresh", "refresh", TOP, ""),
    key("top.view", "view", TOP, ""),
    key("top.sort", "sort", TOP, "\"score\""),
    key("top.zoom", "zoom", TOP, ""),
    key("top.theme", "theme", TOP, "\"auto\""),
    key("top.ascii", "ascii", TOP, "true"),
    key("top.local", "local", TOP, "true"),
    key("top.mouse", "mouse", TOP, "true"),
    key("log.level", "log", ALL, ""),
    key("log.format", "log_format", ALL, ""),
];

/// Commands that no file has a word in.
pub(crate) const DEAF: [&str; 4] = ["demo", "completions", "generate", "sim-quantiles"];

/// Whether one of `on` is the command at `path`, or one above it.
pub(crate) fn covers(on: &[&str], path: &[String]) -> bool {
    on.is_empty() || path.first().is_some_and(|first| on.contains(&first.as_str()))
}

impl Key {
    /// Whether the command at `path` takes it.
    pub(crate) fn is_for(&self, path: &[String]) -> bool {
        covers(self.on, path) && !path.first().is_some_and(|first| DEAF.contains(&first.as_str()))
    }

    /// The section; empty for those before the first.
    pub(crate) fn section(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }

    /// The name within its section.
    pub(crate) fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }

    /// The variable that carries it, where its flag has none of older standing.
    pub(crate) fn variable(&self) -> String {
        format!("GPUHM_{}", self.path.replace('.', "_").to_ascii_uppercase())
    }
}

/// The row of a key.
pub(crate) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

#[cfg(test)]
mod excluded;
#[cfg(test)]
mod tests;
