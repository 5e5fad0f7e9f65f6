//! TLS and logins against a real broker that wants both, through the settings that users write: the right ones get in by
//! PLAIN and by SCRAM, each wrong one stays out for the reason that is said.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use gpuhm::bus::kafka::settings::{self, Role, Settings};
use rdkafka::ClientContext;
use rdkafka::client::Client;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;

use crate::broker::{self, Secure};

/// How long a broker may take to let one in, however busy the machine; and how long a refusal may take to be heard.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a client hears.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl ClientContext for Heard {
    // A broker that hangs up is told of here only.
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        if facility == "FAIL" {
            self.0.lock().unwrap().push(message.to_owned());
        }
    }

    fn error(&self, _: KafkaError, reason: &str) {
        self.0.lock().unwrap().push(reason.to_owned());
    }
}

impl ConsumerContext for Heard {}

/// Makes settings of a properties file and `-X`.
fn made(address: &str, file: &str, x: &[&str]) -> Settings {
    let mut settings = Settings::new(address);
    let layers = [settings::file("f", file).unwrap(), settings::flags(x.iter().copied()).unwrap()];
    layers.into_iter().flat_map(|layer| layer.entries).for_each(|entry| settings.give(entry).unwrap());
    settings
}

/// Asks for the brokers: how many there are, or all that was heard when the client had no answer.
fn asked(settings: &Settings) -> Result<usize, String> {
    let role = Role::Look { group: "gpuhm-security".to_owned() };
    settings.check(std::slice::from_ref(&role)).map_err(|error| error.to_string())?;
    let consumer: BaseConsumer<Heard> = settings.client(&role).create_with_context(Heard::default()).unwrap();
    let began = gpuhm::pipeline::clock::monotonic();
    loop {
        // Reasons are handed out when the client is polled.
        drop(consumer.poll(Duration::ZERO));
        if let Ok(metadata) = consumer.fetch_metadata(None, Duration::from_secs(1)) {
            return Ok(metadata.brokers().len());
        }
        let client: &Client<Heard> = consumer.client();
        let heard = client.context().0.lock().unwrap().join("\n");
        let reason = heard.lines().any(|line| !line.contains("brokers are down"));
        if reason || began.elapsed() > PATIENCE {
            return Err(heard);
        }
    }
}

fn refused(settings: &Settings, says: &[&str]) {
    let said = asked(settings).unwrap_err();
    assert!(says.iter().any(|what| said.contains(what)), "none of {says:?} is in: {said}");
}

/// A file in Java's spelling.
fn java(user: &str, password: &str, module: &str, ca: &Path) -> String {
    let mechanism = if module == "plain.Plain" { "PLAIN" } else { "SCRAM-SHA-512" };
    format!(
        "security.protocol=SASL_SSL\nsasl.mechanism={mechanism}\n\
sasl.jaas.config=org.apache.kafka.common.security.{module}LoginModule required \\\n  username=\"{user}\" \\\n  \
password=\"{password}\";\nssl.truststore.type=PEM\nssl.truststore.location={}\n",
        ca.display()
    )
}

/// A file in librdkafka's.
fn plain(secure: &Secure, password: &str) -> String {
    let ca = secure.ca();
    format!(
        "security.protocol=sasl_ssl\nsasl.mechanisms=PLAIN\nsasl.username=gpuhm\nsasl.password={password}\n\
ssl.ca.location={}\n",
        ca.display()
    )
}

#[test]
fn the_right_login_gets_in() {
    let Some(secure) = broker::secure("kafka_security::the_right_login_gets_in") else { return };
    let (address, password) = (secure.address(), secure.password("gpuhm"));
    for module in ["plain.Plain", "scram.Scram"] {
        let settings = made(&address, &java("gpuhm", &password, module, &secure.ca()), &[]);
        assert_eq!(asked(&settings), Ok(1), "{module}");
    }
    assert_eq!(asked(&made(&address, &plain(&secure, &password), &[])), Ok(1));
    // The last word is the flag's.
    let settings = made(&address, &plain(&secure, "wrong"), &[&format!("sasl.password={password}")]);
    assert_eq!(asked(&settings), Ok(1));
    // The certificate in the file itself, on one line.
    let ca = std::fs::read_to_string(secure.ca()).unwrap().replace('\n', " ");
    let text = plain(&secure, &password).replace("ssl.ca.location", "#");
    let settings = made(&address, &format!("{text}ssl.truststore.type=PEM\nssl.truststore.certificates={ca}\n"), &[]);
    assert_eq!(asked(&settings), Ok(1));
}

#[test]
fn the_wrong_password_stays_out() {
    let Some(secure) = broker::secure("kafka_security::the_wrong_password_stays_out") else { return };
    for (module, says) in [("plain.Plain", "Invalid username or password"), ("scram.Scram", "invalid credentials")] {
        let settings = made(&secure.address(), &java("gpuhm", "wrong", module, &secure.ca()), &[]);
        refused(&settings, &[says]);
    }
}

#[test]
fn the_wrong_certificate_is_not_believed() {
    let Some(secure) = broker::secure("kafka_security::the_wrong_certificate_is_not_believed") else { return };
    let password = secure.password("gpuhm");
    let verify = "certificate verify failed";
    let wrong = java("gpuhm", &password, "plain.Plain", &secure.other_ca());
    refused(&made(&secure.address(), &wrong, &[]), &[verify]);
    // Only the distribution's.
    let none = plain(&secure, &password).replace("ssl.ca.location", "#");
    refused(&made(&secure.address(), &none, &[]), &[verify]);
    // A file that is no certificate is found out before anything is connected to.
    let nothing = format!("ssl.ca.location={}", secure.ca().with_file_name("users").display());
    refused(&made(&secure.address(), &none, &[&nothing]), &["ssl.ca.location (-X)"]);
    let off = made(&secure.address(), &wrong, &["enable.ssl.certificate.verification=false"]);
    assert_eq!(asked(&off), Ok(1));
}

#[test]
fn the_wrong_protocol_is_told() {
    let Some(secure) = broker::secure("kafka_security::the_wrong_protocol_is_told") else { return };
    let file = plain(&secure, &secure.password("gpuhm"));
    // Whether the end of the connection or what is in it is seen first is a matter of chance.
    let handshake = ["connecting to a PLAINTEXT broker", "during SSL connection handshake"];
    refused(&made(&secure.plaintext(), &file, &[]), &handshake);
    // Hung up on in the first request. With log.connection.close=false librdkafka would keep it to itself.
    let to_tls = ["in state APIVERSION_QUERY"];
    refused(&made(&secure.address(), "", &[]), &to_tls);
    let login = ["security.protocol=sasl_plaintext"];
    refused(&made(&secure.address(), &file, &login), &to_tls);
}
