//! Kafka's settings through the real binary, without a broker: layers and origins, what is refused and how it is said,
//! where secrets come from and that none is shown.

use crate::process::{Home, Ran};

/// Stands for every secret.
const SECRET: &str = "hunter2";
/// Options of a run against brokers that are never asked.
const BUS: [&str; 2] = ["-b", "kafka://h1:9092,h2"];

fn with(home: &Home, command: &[&str], args: &[&str], environment: &[(&str, &str)]) -> Ran {
    let all: Vec<&str> = command.iter().chain(args).copied().collect();
    let mut started = home.command(&all);
    started.envs(environment.iter().copied());
    let done = started.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: done.status.code().unwrap(), out: text(done.stdout), err: text(done.stderr) }
}

/// What `-X dump` shows, which must be success.
fn dumped(home: &Home, command: &str, args: &[&str], environment: &[(&str, &str)]) -> String {
    let args: Vec<&str> = BUS.iter().chain(args).chain(&["-X", "dump"]).copied().collect();
    let ran = with(home, &[command], &args, environment);
    assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.out, ran.err);
    assert!(!ran.out.contains(SECRET) && !ran.err.contains(SECRET), "a secret was shown: {}{}", ran.out, ran.err);
    assert!(!home.path("home").exists(), "-X dump made a home");
    ran.out
}

/// The one line of a dump's first client that begins with a key; without the padding.
fn line(dump: &str, key: &str) -> String {
    let begins = format!("{key}=");
    let found = dump.lines().find(|line| line.starts_with(&begins)).unwrap_or_else(|| panic!("no {key} in {dump}"));
    found.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Ends with 2, says all of this in its one line, and shows no secret.
fn refused(home: &Home, args: &[&str], says: &[&str]) -> Ran {
    let args: Vec<&str> = ["validate", "--once"].iter().chain(args).copied().collect();
    let ran = home.fails(&args, 2, says);
    assert!(!ran.err.contains(SECRET), "a secret was shown: {}", ran.err);
    assert_eq!(ran.out, "");
    assert!(!home.path("home").exists(), "{args:?} made a home");
    ran
}

#[test]
fn each_layer_is_over_the_one_before_and_every_key_says_whence() {
    let home = Home::new();
    let file = home.file("client.properties", "# ours\nlinger.ms=7\nclient.id=of-file\nqueue.buffering.max.ms=8\n");
    let dump = dumped(&home, "score", &["-F", &file, "-X", "linger.ms=9"], &[]);
    assert_eq!(line(&dump, "linger.ms"), "linger.ms=9 # -X");
    assert_eq!(line(&dump, "client.id"), format!("client.id=of-file # {file}:3"));
    assert_eq!(line(&dump, "acks"), "acks=all # gpuhm");
    assert_eq!(line(&dump, "bootstrap.servers"), "bootstrap.servers=h1:9092,h2:9092 # --bus");
    let of_environment = dumped(&home, "score", &[], &[("GPUHM_KAFKA_CONFIG", &file)]);
    assert_eq!(line(&of_environment, "linger.ms"), format!("linger.ms=8 # {file}:4"));
}

#[test]
fn a_dump_is_of_the_clients_that_the_command_has() {
    let home = Home::new();
    let tail = dumped(&home, "tail", &["-X", "linger.ms=9"], &[]);
    assert!(tail.contains("isolation.level=read_committed") && !tail.contains("acks=") && !tail.contains("linger.ms"));
    let stage = dumped(&home, "validate", &[], &[]);
    let (member, rest) = stage.split_once("\n\n").unwrap();
    assert!(member.contains("group.instance.id=") && member.contains("cooperative-sticky"), "{member}");
    assert!(rest.contains("transactional.id=") && rest.contains("murmur2_random"), "{rest}");
    assert_eq!(line(member, "session.timeout.ms"), "session.timeout.ms=45000 # gpuhm");
}

#[test]
fn what_a_command_owns_is_refused_with_place_and_reason() {
    let home = Home::new();
    let file = home.file("client.properties", "client.id=x\n\nisolation.level = read_uncommitted\n");
    refused(&home, &["-b", "h1:9092", "-X", "enable.auto.commit=true"], &["enable.auto.commit", "(-X)", "position"]);
    refused(&home, &["-b", "h1:9092", "-F", &file], &["isolation.level", &format!("({file}:3)"), "given up"]);
    refused(&home, &["-b", "h1:9092", "-X", "bootstrap.servers=x:1"], &["bootstrap.servers", "--bus"]);
    refused(&home, &["-b", "h1:9092", "-X", "colour=red"], &["colour (-X)", "no such setting"]);
    refused(&home, &["-b", "h1:9092", "-X", "sasl.password hunter2"], &["-X: not KEY=VALUE"]);
    refused(&home, &["-b", "h1:9092", "-X", "sasl.pasword=hunter2"], &["sasl.pasword (-X)"]);
    let short = ["-b", "h1:9092", "-X", "message.timeout.ms=5000"];
    home.fails(&[&["validate", "--once"], &short[..]].concat(), 2, &["message.timeout.ms (-X)", "transaction"]);
    dumped(&home, "score", &short[2..], &[]);
}

#[test]
fn files_that_cannot_be_read() {
    let home = Home::new();
    let on = |file: &str, says: &[&str]| refused(&home, &["-b", "h1:9092", "-F", file], says);
    on("nowhere.properties", &["nowhere.properties", "No such file"]);
    on(&home.file("password", "hunter2\n"), &["password:1: not key=value"]);
    on(&home.file("latin", b"a=\xe9\n"), &["latin: not UTF-8"]);
    on(&home.file("large", vec![b'#'; (1 << 20) + 1]), &["large: larger than 1048576"]);
    on(&home.file("p", "sasl.password.file=missing\n"), &["missing", "No such file"]);
    let empty = home.file("empty", "\n");
    on(&home.file("p", format!("sasl.password.file={empty}")), &["empty: empty"]);
    on(&home.file("p", "ssl.truststore.location=t.jks\nssl.truststore.password=hunter2"), &["(", "p:1)", "PEM"]);
}

#[test]
fn a_bus_url_names_brokers_and_no_login() {
    let home = Home::new();
    for (url, says) in [
        ("kafka://me:hunter2@h1:9092", "no user and no password"),
        ("me:hunter2@h1:9092", "no user and no password"),
        ("kafka://", "without a host"),
        ("h1:99999", "a port is"),
        ("::1:9092", "in brackets"),
        ("kafka://h1:9092/topic", "nothing may follow"),
        ("gopher", "not a bus URL"),
        ("gopher://me:hunter2@h1", "not a bus URL"),
        ("", "not a bus URL"),
    ] {
        refused(&home, &["-b", url], &[says]);
    }
    let ipv6 = with(&home, &["tail"], &["-b", "[::1]:9092", "-X", "dump"], &[]);
    assert_eq!(line(&ipv6.out, "bootstrap.servers"), "bootstrap.servers=[::1]:9092 # --bus", "{}", ipv6.err);
}

#[test]
fn the_seeds_variable_counts_where_no_bus_is_named() {
    let home = Home::new();
    let brokers = [("KAFKA_BROKERS", "k1:9092,k2")];
    let ran = with(&home, &["tail"], &["-X", "dump"], &brokers);
    assert_eq!(line(&ran.out, "bootstrap.servers"), "bootstrap.servers=k1:9092,k2:9092 # --bus", "{}", ran.err);
    let ran = with(&home, &["tail"], &["-X", "dump"], &[("GPUHM_BUS", "h:1"), brokers[0]]);
    assert_eq!(line(&ran.out, "bootstrap.servers"), "bootstrap.servers=h:1 # --bus", "{}", ran.err);
    let ran = with(&home, &["tail", "--no-follow"], &[], &[("KAFKA_BROKERS", "k1:0")]);
    assert!(ran.code == 2 && ran.err.contains("KAFKA_BROKERS: ") && ran.err.contains("a port is"), "{}", ran.err);
}

#[test]
fn kafkas_flags_are_refused_where_the_bus_is_embedded() {
    let home = Home::new();
    for args in [&["-X", "linger.ms=1"][..], &["-F", "f"], &["--topic-prefix", "a-"], &["-X", "dump"]] {
        for bus in [&[][..], &["-b", "file:here"]] {
            let args = [bus, args].concat();
            refused(&home, &args, &[" is for Kafka", "embedded"]);
        }
    }
    // In the environment they may be there for other runs.
    let others = [("GPUHM_KAFKA_CONFIG", "nowhere"), ("GPUHM_TOPIC_PREFIX", "a-"), ("GPUHM_KAFKA_PASSWORD", SECRET)];
    let run = "--source sim --ticks 1 --speed max --gpus 1 --hosts 1";
    let ran = with(&home, &["collect"], &run.split(' ').collect::<Vec<_>>(), &others);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = home.run(&["tail", "--topic-prefix", "a b", "-b", "h:1"]);
    assert!(ran.code == 2 && ran.err.contains("letters, digits"), "{}", ran.err);
}

const LOGIN: &str = "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-256\nsasl.username=ann\n";

#[test]
fn a_password_comes_from_the_strongest_place_and_is_never_shown() {
    let home = Home::new();
    let key = "sasl.password";
    let password = home.file("secret", "hunter2\n");
    std::fs::create_dir(home.path("cred")).unwrap();
    home.file("cred/gpuhm_kafka.password", "hunter2");
    home.file("cred/gpuhm_kafka.key_password", "hunter2");
    let credentials = ("CREDENTIALS_DIRECTORY", home.path("cred").to_str().unwrap().to_owned());
    let credentials = (credentials.0, credentials.1.as_str());
    let own = ("GPUHM_KAFKA_PASSWORD", SECRET);
    let bare = home.file("bare", LOGIN);
    let inline = home.file("inline", format!("{LOGIN}sasl.password=hunter2\n"));
    let named = home.file("named", format!("{LOGIN}sasl.password.file={password}\n"));
    let x = format!("sasl.password.file={password}");
    for (args, environment, from) in [
        (vec!["-F", &bare], vec![own], "environment GPUHM_KAFKA_PASSWORD".to_owned()),
        (vec!["-F", &inline], vec![own], format!("{inline}:4")),
        (vec!["-F", &named], vec![own], format!("file named by {named}:4")),
        (vec!["-F", &named, "-X", &x], vec![own], "file named by -X".to_owned()),
        (vec!["-F", &inline, "-X", &x], vec![own, credentials], "credential gpuhm_kafka.password".to_owned()),
    ] {
        let dump = dumped(&home, "tail", &args, &environment);
        assert_eq!(line(&dump, key), format!("{key}=*** # {from}"));
    }
    let dump = dumped(&home, "tail", &["-F", &bare], &[credentials]);
    assert_eq!(line(&dump, "ssl.key.password"), "ssl.key.password=*** # credential gpuhm_kafka.key_password");
    assert_eq!(line(&dump, "ssl.ca.location"), "ssl.ca.location=probe # gpuhm");
    // Whoever lists processes sees it: that is said.
    let args = [BUS[0], BUS[1], "-F", &bare, "-X", "sasl.password=hunter2", "-X", "dump"];
    let ran = with(&home, &["tail"], &args, &[credentials]);
    assert_eq!(line(&ran.out, key), format!("{key}=*** # -X"), "{}", ran.err);
    assert!(ran.err.contains("-X sasl.password") && !ran.err.contains(SECRET), "{}", ran.err);
    refused(&home, &["-b", "h1:9092", "-F", &bare], &["SCRAM-SHA-256 without sasl.password"]);
}

#[test]
fn javas_spelling_is_understood() {
    let home = Home::new();
    let jaas =
        "org.apache.kafka.common.security.scram.ScramLoginModule required \\\n username=\"ann\" password=\"hunter2\";";
    let text = format!(
        "bootstrap.servers=h1:9092,h2:9092\nsecurity.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n\
sasl.jaas.config={jaas}\nkey.serializer=a.B\nssl.endpoint.identification.algorithm=\nssl.truststore.type=PEM\n\
ssl.truststore.location={}\n",
        home.file("ca.pem", CERTIFICATE)
    );
    let file = home.file("client.properties", text);
    let dump = dumped(&home, "tail", &["-F", &file], &[]);
    assert_eq!(line(&dump, "sasl.username"), format!("sasl.username=ann # {file}:4"));
    assert_eq!(line(&dump, "sasl.password"), format!("sasl.password=*** # {file}:4"));
    assert!(line(&dump, "ssl.ca.location").ends_with(&format!("ca.pem # {file}:9")), "{dump}");
    assert!(
        line(&dump, "ssl.endpoint.identification.algorithm").starts_with("ssl.endpoint.identification.algorithm=none")
    );
    assert!(!dump.contains("serializer"));
}

/// A certificate that signs nothing.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUHSFx0nGtgXQV+MIn2i9iAkzMTRwwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyNTAyNDQzMloYDzIxMjYxMTAxMDI0
NDMyWjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AARboGg8rgk81TmgkuP+hhuLs4mNdrdFJQx6sCzES1F5DlcH4UYHHj0ZZIbBL+pD
pTqtDShneLs+I6Y9gA4Y8Qn2o1MwUTAdBgNVHQ4EFgQU7NUYLrFojUQ5tXI3QY3d
jIe+XxcwHwYDVR0jBBgwFoAU7NUYLrFojUQ5tXI3QY3djIe+XxcwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAr8F1JDtjxncGpR3xxfrkY1msS4sB
H+N2RHuU96iqaeMCIH9kaPzUKyFzIGHYrhjcKmG2jx8HaEr040frp/ojUAcl
-----END CERTIFICATE-----\n";
