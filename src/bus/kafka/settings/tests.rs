//! Layers, what is refused, and that no secret is printed.

use super::*;

fn group(instance: Option<&str>) -> Role {
    Role::Member { group: "g".to_owned(), instance: instance.map(str::to_owned) }
}

fn roles() -> Vec<Role> {
    let id = "t".to_owned();
    let group_of = |group: &str| group.to_owned();
    vec![
        Role::Look { group: group_of("g") },
        Role::Scan { group: group_of("g") },
        group(Some("i")),
        Role::Transactions { id },
        Role::Producer,
        Role::Admin,
    ]
}

fn given(file_text: &str, x: &[&str]) -> Result<Settings, SettingsError> {
    let mut settings = Settings::new("h:1");
    // The order of the calls must not matter.
    for entry in flags(x.iter().copied())?.entries.into_iter().chain(file("f", file_text)?.entries) {
        settings.give(entry)?;
    }
    Ok(settings)
}

fn refused(file_text: &str, x: &[&str], says: &[&str]) {
    let error = given(file_text, x).and_then(|settings| settings.check(&roles())).unwrap_err();
    for what in says {
        assert!(error.to_string().contains(what), "{what:?} is not in: {error}");
    }
}

#[test]
fn the_last_word_is_the_flags() {
    let settings = given("linger.ms=7\nclient.id=f\n", &["queue.buffering.max.ms=9", "linger.ms=11"]).unwrap();
    let config = settings.client(&Role::Producer);
    assert_eq!((config.get("linger.ms"), config.get("client.id")), (Some("11"), Some("f")));
    assert_eq!(config.get("bootstrap.servers"), Some("h:1"));
    let origins: BTreeMap<String, String> =
        settings.effective(&Role::Producer).into_iter().map(|entry| (entry.key, entry.origin.to_string())).collect();
    assert_eq!(["linger.ms", "client.id", "acks"].map(|key| origins[key].as_str()), ["-X", "f:2", "gpuhm"]);
    settings.check(&roles()).unwrap();
}

#[test]
fn ours_alone_can_be_used_and_are_what_was_asked_for() {
    let settings = Settings::new("h:1");
    settings.check(&roles()).unwrap();
    for role in roles() {
        let config = settings.client(&role);
        assert_eq!(config.get("allow.auto.create.topics"), Some("false"));
        assert_eq!(config.get("acks").is_some(), matches!(role, Role::Producer | Role::Transactions { .. }));
        assert_eq!(config.get("ssl.ca.location"), None);
    }
    assert_eq!(settings.client(&roles()[0]).get("isolation.level"), Some("read_uncommitted"));
    assert_eq!(settings.client(&roles()[1]).get("isolation.level"), Some("read_committed"));
    let member = settings.client(&group(Some("i")));
    assert_eq!((member.get("group.instance.id"), member.get("group.id")), (Some("i"), Some("g")));
    assert_eq!(settings.client(&group(None)).get("group.instance.id"), None);
    assert_eq!(settings.session(), Duration::from_secs(45));
    assert_eq!(settings.transaction(), Duration::from_mins(1));
}

#[test]
fn what_a_role_owns_is_refused_with_place_and_reason() {
    for key in [
        "enable.auto.commit=true",
        "auto.commit.enable=true",
        "enable.auto.offset.store=true",
        "isolation.level=read_uncommitted",
        "enable.idempotence=false",
        "acks=1",
        "request.required.acks=0",
        "transactional.id=x",
        "group.id=x",
        "group.instance.id=x",
        "partitioner=random",
        "partitioner.class=a.B",
        "partition.assignment.strategy=range",
        "group.protocol=consumer",
        "enable.partition.eof=false",
        "auto.offset.reset=latest",
        "bootstrap.servers=x:1",
        "metadata.broker.list=x:1",
        "allow.auto.create.topics=true",
    ] {
        refused("", &[key], &["(-X)", "not yours to set: "]);
        refused(&format!("# one\n{key}\n"), &[], &["(f:2)", "not yours to set: "]);
    }
    // It belongs to transactions only, and a file that says so for other programs, too, does no harm.
    for key in ["message.timeout.ms=5000", "delivery.timeout.ms=5000", "topic.message.timeout.ms=5000"] {
        refused("", &[key], &["message.timeout.ms (-X)", "not yours to set: "]);
        given("", &[key]).unwrap().check(&[Role::Producer]).unwrap();
        let settings = given(key, &[]).unwrap();
        settings.check(&roles()).unwrap();
        let of = |role: &Role| settings.client(role).get("message.timeout.ms").map(str::to_owned);
        assert_eq!((of(&roles()[3]), of(&Role::Producer)), (None, Some("5000".to_owned())));
    }
    // What says the same is no conflict, and what readers see uncommitted stays so.
    let same = given("acks=all\nenable.auto.commit=False\nbootstrap.servers=h:1\nisolation.level=read_committed", &[]);
    assert_eq!(same.unwrap().client(&roles()[0]).get("isolation.level"), Some("read_uncommitted"));
}

#[test]
fn what_librdkafka_does_not_take_is_named_with_its_place() {
    refused("", &["linger.millis=5"], &["linger.millis (-X)", "no such setting"]);
    refused("\n\nlinger.ms=soon", &[], &["linger.ms (f:3)", "Invalid value"]);
    refused("", &["session.timeout.ms=0"], &["session.timeout.ms (-X)", "outside allowed range"]);
    refused("max.poll.interval.ms=1000", &[], &["max.poll.interval.ms (f:1)", "session.timeout.ms"]);
    refused("", &["security.protocol=ssl", "ssl.ca.location=/nowhere"], &["ssl.ca.location (-X)"]);
    refused("", &["error_cb=1"], &["error_cb (-X)", "dedicated"]);
    refused("", &["dump"], &["-X: not KEY=VALUE"]);
    // A key of the other kind of client breaks nothing, and does not reach it.
    let settings = given("", &["linger.ms=7", "fetch.min.bytes=2"]).unwrap();
    settings.check(&roles()).unwrap();
    assert_eq!(settings.client(&group(None)).get("linger.ms"), None);
    assert_eq!(settings.client(&Role::Producer).get("fetch.min.bytes"), None);
}

#[test]
fn a_short_session_is_heard_of_often_enough() {
    let settings = given("", &["session.timeout.ms=6000"]).unwrap();
    assert_eq!(settings.session(), Duration::from_secs(6));
    assert_eq!(settings.client(&group(None)).get("heartbeat.interval.ms"), Some("2000"));
    assert_eq!(Settings::new("h:1").client(&group(None)).get("heartbeat.interval.ms"), Some("3000"));
}

const LOGIN: &str = "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nsasl.username=ann\n";

#[test]
fn logins_that_cannot_work() {
    refused("security.protocol=SASL_SSL", &[], &["without a sasl.mechanism"]);
    refused("security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI", &[], &["sasl.mechanism (f:2)", "Kerberos"]);
    refused("security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER", &[], &["sasl.mechanism (f:2)", "token"]);
    refused("sasl.oauthbearer.method=oidc", &[], &["sasl.oauthbearer.method (f:1)", "OIDC"]);
    refused(LOGIN, &[], &["SCRAM-SHA-512 without sasl.password"]);
    let unsecured = "security.protocol=sasl_plaintext\nsasl.mechanism=OAUTHBEARER\n\
enable.sasl.oauthbearer.unsecure.jwt=true\nsasl.oauthbearer.config=principal=ann\n";
    given(unsecured, &[]).unwrap().check(&roles()).unwrap();
}

#[test]
fn certificates_of_the_distribution_are_looked_for() {
    let of = |text: &str| given(text, &[]).unwrap().client(&Role::Admin).get("ssl.ca.location").map(str::to_owned);
    assert_eq!(of("security.protocol=SSL").as_deref(), Some("probe"));
    assert_eq!(of(LOGIN).as_deref(), Some("probe"));
    assert_eq!(of("security.protocol=sasl_plaintext"), None);
    assert_eq!(of("security.protocol=SSL\nssl.ca.location=/x").as_deref(), Some("/x"));
    assert_eq!(of("security.protocol=SSL\nssl.ca.pem=x"), None);
}

#[test]
fn the_stronger_origin_of_a_password_counts() {
    let weakest_first = [
        Origin::Environment("GPUHM_KAFKA_PASSWORD"),
        Origin::File { file: "f".to_owned(), line: 9 },
        Origin::Named(Box::new(Origin::File { file: "a".to_owned(), line: 1 })),
        Origin::Named(Box::new(Origin::Flag)),
        Origin::Credential("gpuhm_kafka.password"),
        Origin::Flag,
    ];
    for stronger in 1..weakest_first.len() {
        let (weak, strong) = (&weakest_first[stronger - 1], &weakest_first[stronger]);
        for order in [[(weak, "weak"), (strong, "strong")], [(strong, "strong"), (weak, "weak")]] {
            let mut settings = Settings::new("h:1");
            for (origin, value) in order {
                settings.give(Entry::new("sasl.password", value, origin.clone())).unwrap();
            }
            assert_eq!(settings.value("sasl.password"), Some("strong"), "{strong} over {weak}");
        }
    }
}

#[test]
fn no_secret_is_ever_printed() {
    let secrets = [
        "sasl.password",
        "sasl.pasword",
        "ssl.key.password",
        "ssl.key.pem",
        "ssl.keystore.password",
        "sasl.oauthbearer.config",
        "sasl.oauthbearer.client.secret",
        "sasl.jaas.config",
        "SASL.PASSWORD",
    ];
    for key in secrets {
        let entry = Entry::flag(&format!("{key}=hunter2")).unwrap();
        let mut settings = Settings::new("h:1");
        let mut said = vec![format!("{entry:?} {} {}", entry::shown(key, "hunter2"), entry.wrong("x", None))];
        let translated = java::translated(vec![entry.clone()]);
        said.push(format!("{translated:?}"));
        settings.give(entry).unwrap();
        said.push(format!("{settings:?} {:?} {:?}", settings.effective(&Role::Producer), settings.warnings()));
        if let Err(error) = settings.check(&roles()) {
            said.push(format!("{error} {error:?} {:?}", error.hint()));
        }
        let said = said.join("\n");
        assert!(!said.contains("hunter2"), "{key}: {said}");
    }
    assert_eq!(entry::shown("ssl.key.location", "/key"), "/key");
    assert_eq!(entry::shown("sasl.username", "ann"), "ann");
    let broken = format!("{:?}", Entry::flag("sasl.password hunter2").unwrap_err());
    assert!(!broken.contains("hunter2"), "{broken}");
}

#[test]
fn what_a_user_should_hear_about() {
    let warned = |text: &str, x: &[&str]| given(text, x).unwrap().warnings().join("\n");
    assert!(warned(LOGIN, &["sasl.password=p"]).contains("-X sasl.password: other users"));
    assert_eq!(warned(&format!("{LOGIN}sasl.password=p"), &[]), "");
    assert!(warned("sasl.mechanism=PLAIN", &[]).contains("does not log in"));
    assert!(
        warned("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN", &[]).contains("readable over the network")
    );
    assert!(warned("security.protocol=ssl\nssl.endpoint.identification.algorithm=", &[]).contains("not checked"));
    assert!(warned("security.protocol=ssl\nenable.ssl.certificate.verification=false", &[]).contains("anyone"));
}
