//! What a user reads where Kafka cannot be reached or refuses: exit code, the one line and its hint, through the binary.
//! How long it took is not asserted, only that it ended.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use crate::broker;
use crate::process::{Home, Ran, Service, until};

/// Longer than anything here takes, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A port with something on it that does this with each connection, for as long as the tests run.
fn peer(act: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || listener.incoming().flatten().for_each(act));
    address
}

/// A port that refuses.
fn closed() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Runs a one-shot against these brokers, which must fail so, in one line and nothing besides it but this hint.
fn fails(brokers: &str, more: &[&str], code: i32, says: &[&str], hint: &str) -> Ran {
    command(&["validate", "--once", "--store", "none"], brokers, more, code, says);
    let ran = command(&["tail", "-t", "gpu-metrics-raw", "--no-follow"], brokers, more, code, says);
    let hints: Vec<&str> = ran.err.lines().filter_map(|line| line.strip_prefix("hint: ")).collect();
    assert_eq!(hints.len(), 1, "{}", ran.err);
    assert!(hints[0].contains(hint), "{}", ran.err);
    ran
}

fn command(command: &[&str], brokers: &str, more: &[&str], code: i32, says: &[&str]) -> Ran {
    let home = Home::new();
    let args: Vec<&str> = [command, &["-b", brokers, "--connect-timeout", "3s"], more].concat();
    let ran = home.fails(&args, code, says);
    assert_eq!(ran.out, "");
    assert!(!ran.err.contains("trying again"), "a one-shot waits, and says it once: {}", ran.err);
    // Shown by `--nocapture`.
    writeln!(std::io::stderr(), "exit {code}\n{}", ran.err).unwrap();
    ran
}

#[test]
fn who_does_not_answer_or_is_not_kafka() {
    let refused = closed();
    let line = format!("bus {refused}: cannot reach Kafka: connection refused (waited 3 s)");
    fails(&refused, &[], 3, &[&line], "is the broker running? Check --bus");
    fails("nosuch.invalid:9092", &[], 3, &["cannot reach Kafka: host name nosuch.invalid "], "check the name in --bus");
    let web = peer(|mut stream| {
        drop(stream.read(&mut [0; 1024]));
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        while stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {}
    });
    fails(
        &web,
        &[],
        3,
        &[&format!("{web} answers HTTP, not Kafka (waited 3 s)")],
        "check --bus: the port is not Kafka's",
    );
    let kept = std::sync::Mutex::new(Vec::new());
    let mute = peer(move |stream| kept.lock().unwrap().push(stream));
    fails(&mute, &[], 3, &["cannot reach Kafka: no answer (waited 3 s)"], "a broker that hangs");
    let plain = peer(|mut stream| drop(stream.read(&mut [0; 1024])));
    let no_tls = format!("{plain} does not speak TLS");
    fails(&plain, &["-X", "security.protocol=ssl"], 3, &[&no_tls], "name the broker's TLS port");
    let wants_tls = format!("{plain} hangs up at the first question, as one does that wants TLS");
    fails(&plain, &[], 3, &[&wants_tls], "set security.protocol=SSL or SASL_SSL");
    let both = format!("{refused},{web}");
    fails(&both, &[], 3, &[&format!("{refused}: connection refused"), &format!("{web} answers HTTP")], "");
}

#[test]
fn a_service_stays_up_and_says_so_once() {
    let home = Home::new();
    let brokers = closed();
    let told = home.path("told");
    let mut command = home.command(&["validate", "--store", "none", "-b", &brokers]);
    let service = Service::as_is(command.stdout(Stdio::null()).stderr(File::create(&told).unwrap()));
    let said = || std::fs::read_to_string(&told).unwrap();
    until("it says that it waits", PATIENCE, || said().contains("trying again"));
    let line =
        format!("bus {brokers}: cannot reach Kafka: connection refused (waited 10 s); trying again; is the broker");
    assert!(said().contains(&line), "{}", said());
    assert_eq!(service.stopped(PATIENCE), 0);
    assert_eq!(said().matches("trying again").count(), 1, "{}", said());
}

#[test]
fn a_topic_that_is_missing() {
    let Some(address) = broker::shared("kafka_faults::a_topic_that_is_missing") else { return };
    let prefix = broker::prefix();
    fails(
        &address,
        &["--topic-prefix", &prefix],
        2,
        &["no topic", "gpu-metrics-raw"],
        "`gpuhm migrate topics` with the same --bus makes it",
    );
    let ran = Home::new().fails(&["tail", "-t", "gpu-metric-raw", "-b", &address], 2, &["no topic", "gpu-metric-raw"]);
    assert!(ran.err.contains("hint: did you mean gpu-metrics-raw? The topics are "), "{}", ran.err);
}

#[test]
fn logins_certificates_and_rights() {
    let Some(secure) = broker::secure("kafka_faults::logins_certificates_and_rights") else { return };
    let home = Home::new();
    let write = |user: &str, password: &str, mechanism: &str, ca: &std::path::Path| {
        let text = format!(
            "security.protocol=SASL_SSL\nsasl.mechanism={mechanism}\nsasl.username={user}\nsasl.password={password}\n\
             ssl.ca.location={}\n",
            ca.display()
        );
        home.file(&format!("{user}-{mechanism}-{}.properties", password.len()), text)
    };
    let address = secure.address();
    let (ca, other, right) = (secure.ca(), secure.other_ca(), secure.password("gpuhm"));
    let wrong = write("gpuhm", "wrong", "PLAIN", &ca);
    let line = "login failed for user gpuhm (mechanism PLAIN): Invalid username or password";
    let ran = fails(&address, &["-F", &wrong], 2, &[line], "check the user's name, the password");
    assert!(!ran.err.contains("waited"), "{}", ran.err);
    let offered = write("gpuhm", &right, "SCRAM-SHA-256", &ca);
    fails(&address, &["-F", &offered], 2, &["the broker offers PLAIN,SCRAM-SHA-512"], "set sasl.mechanism");
    let untrusted = write("gpuhm", &right, "PLAIN", &other);
    let line = format!("the certificate of {address} cannot be trusted");
    fails(&address, &["-F", &untrusted], 2, &[&line], "ssl.ca.location must name the CA");
    let nobody = write("nobody", &secure.password("nobody"), "PLAIN", &ca);
    let line = "topic gpu-metrics-raw";
    let hint = "--allow-principal User:nobody --operation Describe --topic gpu-metrics-raw";
    fails(&address, &["-F", &nobody], 2, &["not allowed to look at", line], hint);
}
