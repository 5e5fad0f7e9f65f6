//! The brokers that other tests stand on: they answer, keep what they took through kill -9, and let in only whom they should.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode;

use crate::broker::{self, Own, Secure};
use crate::process::child::until;

/// How long a broker may take to answer, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn config(address: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", address).set("log_level", "0");
    config
}

/// The ids of the brokers that a client sees.
fn brokers(config: &ClientConfig) -> Vec<i32> {
    let client: BaseConsumer = config.create().unwrap();
    let metadata = client.fetch_metadata(None, PATIENCE).unwrap();
    let mut ids: Vec<i32> = metadata.brokers().iter().map(rdkafka::metadata::MetadataBroker::id).collect();
    ids.sort_unstable();
    ids
}

/// The outcome of what the client does in a thread of its own.
fn awaited<T>(asked: impl Future<Output = T>) -> T {
    let (mut asked, mut answer) = (std::pin::pin!(asked), None);
    until("an answer to an admin's call", PATIENCE, || {
        if let Poll::Ready(given) = asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            answer = Some(given);
        }
        answer.is_some()
    });
    answer.unwrap()
}

/// Makes a topic of one partition, by the client's name for it.
fn make_topic(config: &ClientConfig, topic: &str, copies: i32) -> Result<(), RDKafkaErrorCode> {
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let new = NewTopic::new(topic, 1, TopicReplication::Fixed(copies));
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let made = awaited(admin.create_topics([&new], &options)).unwrap();
    made.into_iter().next().unwrap().map(drop).map_err(|(_, code)| code)
}

/// Writes one message and waits until the brokers have it.
fn write(config: &ClientConfig, topic: &str, text: &str) {
    let producer: BaseProducer = config.clone().set("acks", "all").create().unwrap();
    producer.send(BaseRecord::<(), str>::to(topic).partition(0).payload(text)).map_err(|(why, _)| why).unwrap();
    producer.flush(PATIENCE).unwrap();
}

/// The first `count` messages of a topic.
fn read(config: &ClientConfig, topic: &str, count: usize) -> Vec<String> {
    let consumer: BaseConsumer = config.clone().set("group.id", format!("{topic}-readers")).create().unwrap();
    let mut all = TopicPartitionList::new();
    all.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&all).unwrap();
    let mut found = Vec::new();
    until("messages", PATIENCE, || {
        // Errors on the way to a broker that just came back are the client's to get over.
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
            found.push(String::from_utf8(message.payload().unwrap().to_vec()).unwrap());
        }
        found.len() == count
    });
    found
}

#[test]
fn the_shared_broker_answers() {
    let Some(address) = broker::shared("broker_itself::the_shared_broker_answers") else { return };
    let config = config(&address);
    assert_eq!(brokers(&config).len(), 1);
    let topic = format!("{}a", broker::prefix());
    assert_eq!(make_topic(&config, &topic, 1), Ok(()));
    assert_eq!(make_topic(&config, &topic, 1), Err(RDKafkaErrorCode::TopicAlreadyExists));
}

#[test]
fn a_prefix_is_given_once() {
    let (one, other) = (broker::prefix(), broker::prefix());
    assert!(!one.starts_with(&other) && !other.starts_with(&one), "{one} {other}");
}

#[test]
fn a_broker_of_ones_own_keeps_its_data_through_kill_and_stop() {
    let test = "broker_itself::a_broker_of_ones_own_keeps_its_data_through_kill_and_stop";
    let Some(own) = Own::start(test) else { return };
    let config = config(own.address());
    assert_eq!(make_topic(&config, "kept", 1), Ok(()));
    write(&config, "kept", "before the kill");
    own.kill();
    assert!(std::net::TcpStream::connect(own.address()).is_err());
    own.start_again();
    write(&config, "kept", "after it");
    own.stop();
    assert!(std::net::TcpStream::connect(own.address()).is_err());
    own.start_again();
    assert_eq!(read(&config, "kept", 2), ["before the kill", "after it"]);
}

#[test]
fn a_paused_broker_is_mute_until_it_is_resumed() {
    let test = "broker_itself::a_paused_broker_is_mute_until_it_is_resumed";
    let Some(own) = Own::start_with(test, &["node.id=1", "message.max.bytes=2000"]) else { return };
    let config = config(own.address());
    own.pause();
    let client: BaseConsumer = config.create().unwrap();
    let mute = client.fetch_metadata(None, Duration::from_secs(1));
    assert!(matches!(mute, Err(KafkaError::MetadataFetch(_))), "{:?}", mute.map(drop));
    own.resume();
    assert_eq!(brokers(&config), [1]);
}

/// A user's way in.
fn login(secure: &Secure, mechanism: &str, user: &str) -> ClientConfig {
    let mut config = config(&secure.address());
    config.set("security.protocol", "SASL_SSL").set("sasl.mechanism", mechanism);
    config.set("sasl.username", user).set("sasl.password", secure.password(user));
    config.set("ssl.ca.location", secure.ca().to_str().unwrap());
    config
}

#[test]
fn the_secure_broker_lets_in_whom_it_knows_and_each_does_what_it_may() {
    let test = "broker_itself::the_secure_broker_lets_in_whom_it_knows_and_each_does_what_it_may";
    let Some(secure) = broker::secure(test) else { return };
    let (topic, not_gpus) = (format!("{}a", Secure::prefix()), format!("{}a", broker::prefix()));
    let refused = Err(RDKafkaErrorCode::TopicAuthorizationFailed);
    assert_eq!(make_topic(&login(&secure, "PLAIN", "admin"), &not_gpus, 1), Ok(()));
    assert_eq!(make_topic(&login(&secure, "PLAIN", "gpuhm"), &topic, 1), Ok(()));
    assert_eq!(make_topic(&login(&secure, "PLAIN", "gpuhm"), &format!("{not_gpus}b"), 1), refused);
    for user in ["reader", "nobody"] {
        assert_eq!(make_topic(&login(&secure, "PLAIN", user), &format!("{topic}-{user}"), 1), refused, "{user}");
    }
    assert_eq!(make_topic(&config(&secure.plaintext()), &format!("{topic}-plain"), 1), refused);
    assert_eq!(make_topic(&login(&secure, "SCRAM-SHA-512", "gpuhm"), &format!("{topic}-scram"), 1), Ok(()));
    // The right certificate and the right password are needed both.
    let enters = |config: &ClientConfig| {
        let client: BaseConsumer = config.create().unwrap();
        client.fetch_metadata(None, Duration::from_secs(2)).is_ok()
    };
    assert!(!enters(login(&secure, "PLAIN", "gpuhm").set("ssl.ca.location", secure.other_ca().to_str().unwrap())));
    assert!(!enters(login(&secure, "PLAIN", "gpuhm").set("sasl.password", "wrong")));
}

#[test]
fn kafka_three_brokers_go_on_without_one() {
    let Some(three) = broker::three("broker_itself::kafka_three_brokers_go_on_without_one") else { return };
    let config = config(&three.addresses());
    assert_eq!(brokers(&config), [1, 2, 3]);
    let topic = format!("{}a", broker::prefix());
    assert_eq!(make_topic(&config, &topic, 3), Ok(()));
    write(&config, &topic, "all are there");
    for number in 1..=3 {
        three.kill(number);
        write(&config, &topic, &format!("without {number}"));
        three.start(number);
    }
    let told = ["all are there", "without 1", "without 2", "without 3"];
    assert_eq!(read(&config, &topic, 4), told);
}
