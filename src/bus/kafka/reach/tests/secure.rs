//! First contact with a broker that wants TLS and a login: `tests/run` starts it and names its directory.

use std::path::PathBuf;

use super::*;

/// Where what a client needs is kept, as tests/kafka/secure writes it.
fn broker(test: &str) -> Option<PathBuf> {
    let found = std::env::var_os("GPUHM_TEST_KAFKA_SECURE").filter(|value| !value.is_empty());
    if found.is_none() {
        let line =
            format!("ignored: bus::kafka::reach: {test}: needs a Kafka broker with TLS (tests/run starts one)\n");
        drop(std::io::stderr().write_all(line.as_bytes()));
    }
    found.map(PathBuf::from)
}

/// What is read, or nothing where the broker answers.
fn login(brokers: &str, more: &[(&str, &str)]) -> Option<(String, bool)> {
    let of = |key: &str| more.iter().find(|(name, _)| *name == key).map_or("", |(_, value)| *value);
    let words = Words::new(brokers).with_login(of("sasl.username"), of("sasl.mechanisms"));
    let client = client(&Settings::new(brokers), &words, more);
    reach(&client, &words, Duration::from_secs(30), &|| false).err().map(|error| read(&error))
}

#[test]
fn logins_and_certificates() {
    let Some(dir) = broker("logins_and_certificates") else { return };
    let file = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap().trim().to_owned();
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let (address, users, ca, other) = (file("address"), file("users"), path("ca.pem"), path("other-ca.pem"));
    let password = users.lines().find_map(|line| line.strip_prefix("gpuhm ")).unwrap();
    let as_user = |brokers: &str, mechanism: &str, password: &str, ca: &str| {
        login(
            brokers,
            &[
                ("security.protocol", "sasl_ssl"),
                ("sasl.mechanisms", mechanism),
                ("sasl.username", "gpuhm"),
                ("sasl.password", password),
                ("ssl.ca.location", ca),
            ],
        )
    };
    assert_eq!(as_user(&address, "PLAIN", password, &ca), None);
    assert_eq!(as_user(&address, "SCRAM-SHA-512", password, &ca), None);
    let refused = |found: Option<(String, bool)>, says: &str| {
        let (text, passing) = found.unwrap();
        assert!(text.contains(says) && !text.contains(password) && !passing, "{text}");
    };
    let wrong = as_user(&address, "PLAIN", "wrong", &ca);
    refused(wrong, "login failed for user gpuhm (mechanism PLAIN): Invalid username or password");
    refused(
        as_user(&address, "SCRAM-SHA-512", "wrong", &ca),
        "login failed for user gpuhm (mechanism SCRAM-SHA-512): ",
    );
    let unknown = as_user(&address, "SCRAM-SHA-256", password, &ca);
    refused(unknown, "login refused for user gpuhm (mechanism SCRAM-SHA-256): the broker offers PLAIN,SCRAM-SHA-512");
    let untrusted = format!("the certificate of {address} cannot be trusted");
    refused(as_user(&address, "PLAIN", password, &other), &untrusted);
    // Another way to write 127.0.0.1, which is not in the certificate.
    let port = address.rsplit_once(':').unwrap().1;
    let name = format!("127.1:{port}");
    refused(as_user(&name, "PLAIN", password, &ca), &format!("the certificate of {name} cannot be trusted"));
}

#[test]
fn the_wrong_port_of_two() {
    let Some(dir) = broker("the_wrong_port_of_two") else { return };
    let file = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap().trim().to_owned();
    let (tls, plain) = (file("address"), file("plaintext"));
    let passing = |error: BusError, says: &str| {
        let (text, passing) = read(&error);
        assert!(text.contains(says) && passing, "{text}");
    };
    passing(contact(&tls, &[]), "hangs up at the first question, as one does that wants TLS");
    passing(contact(&plain, &[("security.protocol", "ssl")]), "does not speak TLS");
    let ca = dir.join("ca.pem").to_str().unwrap().to_owned();
    let no_login = [("security.protocol", "ssl"), ("ssl.ca.location", ca.as_str())];
    passing(contact(&tls, &no_login), "hangs up, as one does that wants a login");
}
