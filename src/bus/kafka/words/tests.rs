//! The table, held against texts as librdkafka 2.12 and Apache Kafka 4.1 told them (facts/kafka.md sections 0 and 6).

mod texts;

use super::fault::About;
use super::*;

fn words() -> Words {
    Words::new("h1:9092").with_login("ann", "PLAIN")
}

fn transport() -> KafkaError {
    KafkaError::Global(Code::BrokerTransportFailure)
}

/// What is read after these reasons were heard at first contact: why, hint, and whether a person must act.
fn read(reasons: &[&str]) -> (String, String, bool) {
    let words = words();
    for reason in reasons {
        words.hear(&transport(), reason);
    }
    parts(words.error("asking", "", &transport()))
}

fn parts(error: BusError) -> (String, String, bool) {
    match error {
        BusError::Unusable { why, hint, .. } => (why, hint.unwrap_or_default(), true),
        BusError::Failed { why, hint, .. } => (why, hint.unwrap_or_default(), false),
        other => panic!("{other}"),
    }
}

#[test]
fn each_reason_has_its_words() {
    for (reason, why, hint, person) in texts::READ {
        let (read_why, read_hint, read_person) = read(&[reason]);
        assert_eq!(read_why, why, "{reason}");
        assert!(read_hint.contains(hint), "{reason}: {read_hint}");
        assert_eq!(read_person, person, "{reason}");
    }
}

#[test]
fn all_brokers_down_is_told_only_where_nothing_else_is_known() {
    let words = words();
    let down = KafkaError::Global(Code::AllBrokersDown);
    words.hear(&down, "0/1 brokers are down");
    assert_eq!(parts(words.error("asking", "", &down)).0, "no broker answers");
    words.hear(
        &transport(),
        "h1:9092/1: Connect to ipv4#1.2.3.4:9092 failed: Connection refused (after 0ms in state CONNECT)",
    );
    words.hear(&down, "1/1 brokers are down");
    assert_eq!(parts(words.error("asking", "", &down)).0, "connection refused");
}

#[test]
fn the_vaguer_reason_does_not_replace_the_telling_one() {
    let tls = "h1:9092/bootstrap: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?";
    assert_eq!(read(&[tls, "h1:9092/bootstrap: Connection reset by peer"]).0, "h1:9092 does not speak TLS");
    let refused = "h1:9092/bootstrap: Connect to ipv4#1.2.3.4:9092 failed: Connection refused";
    assert_eq!(read(&[tls, refused]).0, "connection refused", "the newest of two that tell");
}

#[test]
fn several_brokers_are_told_apart_and_what_a_person_must_change_comes_alone() {
    let refused = "h1:9092/bootstrap: Connect to ipv4#1.2.3.4:9092 failed: Connection refused";
    let http = "h2:9092/bootstrap: Receive failed: Invalid response size 1213486160 (0..1)";
    assert_eq!(read(&[refused, http]).0, "h1:9092: connection refused; h2:9092 answers HTTP, not Kafka");
    let login = "h3:9092/bootstrap: SASL authentication error: Authentication failed: no";
    assert_eq!(read(&[refused, http, login]).0, "login failed for user ann (mechanism PLAIN): no");
}

#[test]
fn a_refused_login_is_final_at_first_contact_only() {
    let login = "h1:9092/1: SASL authentication error: Authentication failed: Invalid username or password (after 1ms in state AUTH_REQ)";
    let words = words();
    words.hear(&transport(), login);
    assert!(!words.refused(), "once may be a hiccup");
    words.hear(&transport(), login);
    assert!(!words.refused(), "a producer is told each event twice");
    words.hear(&transport(), &login.replace("1ms", "2ms"));
    assert!(words.refused());
    assert!(matches!(words.error("asking", "", &transport()), BusError::Unusable { .. }));
    words.well();
    assert!(!words.refused());
    words.hear(&transport(), login);
    assert!(matches!(words.error("asking", "", &transport()), BusError::Failed { .. }), "a service outlives it");
}

#[test]
fn what_was_heard_is_forgotten_when_the_cluster_answers() {
    let words = words();
    words.hear(&transport(), "h1:9092/1: Connect to ipv4#1.2.3.4:9092 failed: Connection refused");
    words.well();
    let timed = KafkaError::MetadataFetch(Code::OperationTimedOut);
    assert_eq!(parts(words.error("asking", "", &timed)).0, "no answer in time");
    words.hear(&transport(), "h1:9092/1: Connect to ipv4#1.2.3.4:9092 failed: Connection refused");
    assert_eq!(parts(words.error("asking", "", &timed)).0, "connection refused", "heard again after it was well");
}

#[test]
fn what_is_not_allowed_comes_with_the_line_that_allows_it() {
    let words = words();
    let denied = |what, subject, code| parts(words.error(what, subject, &KafkaError::MessageConsumption(code)));
    let (why, hint, person) = denied("publish to", "gpu-alerts", Code::TopicAuthorizationFailed);
    assert_eq!((why.as_str(), person), ("not allowed to write to topic gpu-alerts", true));
    let line = "kafka-acls.sh --bootstrap-server h1:9092 --add --allow-principal User:ann";
    assert!(hint.ends_with(&format!("{line} --operation Write --topic gpu-alerts")), "{hint}");
    let (topic, group, id) = (About::Topic, About::Group, About::Id);
    let cases = [
        (topic, "read topic", "gpu-alerts", "not allowed to read topic gpu-alerts", "Read --topic gpu-alerts"),
        (topic, "make the topic", "t", "not allowed to create topic t", "Create --topic t"),
        (topic, "look up the topic", "t", "not allowed to look at topic t", "Describe --topic t"),
        (group, "join group", "g", "not allowed to use group g", "Read --group g"),
        // Asked about one thing, refused another.
        (group, "read topic", "t", "not allowed to use group GROUP (read topic t)", "Read --group GROUP"),
        (
            topic,
            "move positions of group",
            "g",
            "not allowed to read topic TOPIC (move positions of group g)",
            "Read --topic TOPIC",
        ),
        (
            id,
            "begin as writer",
            "w",
            "not allowed to publish in transactions as w",
            "Write --operation Describe --transactional-id w",
        ),
        (About::Cluster, "publish to", "", "not allowed to write to the cluster", "IdempotentWrite --cluster"),
    ];
    for (about, what, subject, says, does) in cases {
        let code = match about {
            About::Topic => Code::TopicAuthorizationFailed,
            About::Group => Code::GroupAuthorizationFailed,
            About::Id => Code::TransactionalIdAuthorizationFailed,
            About::Cluster => Code::ClusterAuthorizationFailed,
        };
        let (why, hint, _) = denied(what, subject, code);
        assert_eq!(why, says);
        assert!(hint.ends_with(&format!("--operation {does}")), "{hint}");
    }
    let unnamed = Words::new("h1:9092");
    let denied = unnamed.error("reading", "t", &KafkaError::Global(Code::TopicAuthorizationFailed));
    assert!(denied.hint().unwrap().contains("User:NAME"), "{:?}", denied.hint());
}

#[test]
fn each_answer_has_its_words() {
    let words = words();
    let told = |code| parts(words.error("finish", "gpu-alerts", &KafkaError::MessageProduction(code)));
    let cases = [
        (Code::MessageSizeTooLarge, "an event for gpu-alerts is larger than the topic takes", true),
        (Code::QueueFull, "gpu-alerts: too much waits to be sent", false),
        (Code::KafkaStorageError, "gpu-alerts: a broker cannot use its disk", false),
        (Code::NotEnoughReplicas, "gpu-alerts: too few replicas are in sync", false),
        (Code::UnsupportedVersion, "gpu-alerts: the broker does not know this request", true),
        (Code::PolicyViolation, "gpu-alerts: the cluster's policy refuses it", true),
        (Code::FencedInstanceId, "another process runs as instance gpu-alerts", true),
        (Code::InvalidTransactionTimeout, "gpu-alerts: transaction.timeout.ms is longer than the broker allows", true),
        // Not in the table: Kafka's words, tried again.
        (Code::OffsetMetadataTooLarge, "gpu-alerts: Offset metadata string too large", false),
    ];
    for (code, why, person) in cases {
        let (read, _, must) = told(code);
        assert_eq!((read.as_str(), must), (why, person), "{code:?}");
    }
    let (fenced, ..) = told(Code::ProducerFenced);
    assert!(fenced.starts_with("another process publishes as gpu-alerts"), "{fenced}");
}

#[test]
fn a_missing_topic_is_named() {
    let error = words().error("reading", "gpu-alert", &KafkaError::MessageConsumption(Code::UnknownTopicOrPartition));
    assert!(matches!(error, BusError::NoTopic(topic) if topic == "gpu-alert"));
}

#[test]
fn a_bad_property_is_passed_on() {
    let mut config = rdkafka::ClientConfig::new();
    config.set("bogus.key", "1");
    let error = config.create::<rdkafka::consumer::BaseConsumer>().err().unwrap();
    let (why, _, person) = parts(words().error("connecting", "", &error));
    assert_eq!((why.as_str(), person), ("No such configuration property: \"bogus.key\"", true));
}

#[test]
fn a_file_that_is_missing_is_told_by_its_setting() {
    let mut config = rdkafka::ClientConfig::new();
    config.set("security.protocol", "ssl").set("ssl.ca.location", "/nosuch/ca.pem");
    let error = config.create::<rdkafka::consumer::BaseConsumer>().err().unwrap();
    let (why, hint, person) = parts(words().error("connecting", "", &error));
    assert!(why.starts_with("ssl.ca.location failed: ") && person, "{why}");
    assert_eq!(hint, "the file that ssl.ca.location names must exist, be readable, and be PEM");
}

#[test]
fn nothing_from_the_wire_acts_on_a_terminal() {
    let told = read(&["h1:9092/1: SASL authentication error: no\u{1b}[2J\r\n\u{202e}way (after 1ms in state UP)"]).0;
    assert_eq!(told, "login failed for user ann (mechanism PLAIN): no\\u{1b}[2J\\u{d}\\u{a}\\u{202e}way");
}

#[test]
fn no_code_and_no_kind_stands_in_two_rows() {
    let codes: Vec<_> = answer::ROWS.iter().flat_map(|row| row.codes).collect();
    for (at, code) in codes.iter().enumerate() {
        assert!(!codes[..at].contains(code), "{code:?}");
    }
    for (at, row) in connection::ROWS.iter().enumerate() {
        assert!(connection::ROWS[..at].iter().all(|other| other.kind != row.kind), "{:?}", row.kind);
    }
}
