//! First contact with what is not a broker, over real sockets. How long it took is not asserted, only that it ended.

mod secure;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use rdkafka::ClientConfig;

use super::*;
use crate::bus::kafka::context::Plain;
use crate::bus::kafka::settings::{Role, Settings};

const SOON: Duration = Duration::from_secs(3);

/// A port with something on it that does this with each connection, for as long as the test runs.
fn peer(act: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || listener.incoming().flatten().for_each(act));
    address
}

fn client(settings: &Settings, words: &Words, more: &[(&str, &str)]) -> BaseConsumer<Plain> {
    let mut config: ClientConfig = settings.client(&Role::Look { group: "gpuhm-test".to_owned() });
    for (key, value) in more {
        config.set(*key, *value);
    }
    config.create_with_context(Plain::new(words.clone())).unwrap()
}

/// What is read on first contact with these brokers.
fn contact(brokers: &str, more: &[(&str, &str)]) -> BusError {
    let words = Words::new(brokers);
    reach(&client(&Settings::new(brokers), &words, more), &words, SOON, &|| false).err().unwrap()
}

/// It as the user reads it, and whether it may pass.
fn read(error: &BusError) -> (String, bool) {
    let text = format!("{error}\nhint: {}", error.hint().unwrap_or("none"));
    // Shown by `--nocapture`: the table of what a user reads.
    drop(std::io::stderr().write_all(format!("{text}\n").as_bytes()));
    (text, matches!(error, BusError::Failed { .. }))
}

fn answer_http(mut stream: TcpStream) {
    drop(stream.read(&mut [0; 1024]));
    drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
    // Closing with unread bytes would reset the connection before the answer is read.
    while stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {}
}

#[test]
fn a_port_that_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = listener.local_addr().unwrap().to_string();
    drop(listener);
    let (text, passing) = read(&contact(&free, &[]));
    assert!(text.contains(&format!("bus {free}: cannot reach Kafka: connection refused (waited 3 s)")), "{text}");
    assert!(text.contains("hint: is the broker running? Check --bus"), "{text}");
    assert!(passing);
}

#[test]
fn a_name_that_is_not_there() {
    let (text, passing) = read(&contact("nosuch.invalid:9092", &[]));
    assert!(text.contains("cannot reach Kafka: host name nosuch.invalid "), "{text}");
    assert!(passing);
}

#[test]
fn a_web_server() {
    let address = peer(answer_http);
    let (text, passing) = read(&contact(&address, &[]));
    assert!(text.contains(&format!("cannot reach Kafka: {address} answers HTTP, not Kafka (waited")), "{text}");
    assert!(passing);
}

#[test]
fn a_peer_that_is_mute() {
    let kept = std::sync::Mutex::new(Vec::new());
    let address = peer(move |stream| kept.lock().unwrap().push(stream));
    let (text, passing) = read(&contact(&address, &[]));
    assert!(text.contains("cannot reach Kafka: no answer (waited 3 s)"), "{text}");
    assert!(passing);
    let sooner = [("socket.connection.setup.timeout.ms", "1000")];
    let (text, _) = read(&contact(&address, &sooner));
    assert!(text.contains(&format!("{address} takes connections, but does not answer (waited 3 s)")), "{text}");
}

#[test]
fn a_peer_that_hangs_up_at_what_is_not_tls() {
    // As a broker's TLS port does.
    let address = peer(|mut stream| drop(stream.read(&mut [0; 1024])));
    let (text, passing) = read(&contact(&address, &[]));
    assert!(text.contains(&format!("{address} hangs up at the first question, as one does that wants TLS")), "{text}");
    assert!(passing);
}

#[test]
fn a_peer_that_answers_with_a_tls_alert() {
    let address = peer(|mut stream| {
        drop(stream.read(&mut [0; 1024]));
        drop(stream.write_all(&[21, 3, 3, 0, 2, 2, 10, 0]));
    });
    let (text, _) = read(&contact(&address, &[]));
    assert!(text.contains(&format!("{address} hangs up at the first question, as one does that wants TLS")), "{text}");
}

#[test]
fn tls_to_a_peer_that_does_not_speak_it() {
    let tls = [("security.protocol", "ssl")];
    // As a broker's plaintext port does: the first bytes are too large a size.
    let address = peer(|mut stream| drop(stream.read(&mut [0; 1024])));
    let (text, passing) = read(&contact(&address, &tls));
    assert!(text.contains(&format!("cannot reach Kafka: {address} does not speak TLS")), "{text}");
    assert!(passing);
    let address = peer(answer_http);
    let (text, _) = read(&contact(&address, &tls));
    assert!(text.contains(&format!("cannot reach Kafka: {address} does not speak TLS")), "{text}");
}

#[test]
fn a_stop_ends_the_wait() {
    let words = Words::new("127.0.0.1:1");
    let client = client(&Settings::new("127.0.0.1:1"), &words, &[]);
    let asked = std::cell::Cell::new(0);
    let stop = || asked.replace(asked.get() + 1) > 0;
    let error = reach(&client, &words, Duration::from_hours(1), &stop).err().unwrap();
    assert!(matches!(error, BusError::Failed { .. }), "{error}");
}

#[test]
fn a_cluster_is_reached_lost_and_found_again() {
    let mock = rdkafka::mocking::MockCluster::new(1).unwrap();
    let brokers = mock.bootstrap_servers();
    let words = Words::new(&brokers);
    let settings = Settings::new(&brokers);
    let client = client(&settings, &words, &[]);
    assert_eq!(reach(&client, &words, Duration::from_secs(30), &|| false).unwrap().brokers().len(), 1);
    assert!(words.told_lost().is_none());
    mock.broker_down(1).unwrap();
    // Nothing is asked: an idle client must hear of it, and how.
    let heard = |_: &i32| {
        drop(client.poll(Duration::from_millis(100)));
        words.told_lost().is_some()
    };
    assert!((0..600).any(|at| heard(&at)), "an idle client does not hear that the broker is gone");
    let again = reach(&client, &words, Duration::from_secs(2), &|| false).err().unwrap();
    assert!(again.to_string().contains("connection refused"), "{again}");
    mock.broker_up(1).unwrap();
    reach(&client, &words, Duration::from_secs(30), &|| false).unwrap();
    assert!(words.told_lost().is_none(), "forgotten when it answered");
}
