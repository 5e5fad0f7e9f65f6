//! What Java's spelling becomes.

use super::super::entry::{Entry, Origin};
use super::super::properties;
use super::*;

fn made(text: &str) -> Result<Vec<(String, String)>, SettingsError> {
    let translated = translated(properties::entries("f", text)?)?;
    let mut pairs: Vec<_> = translated.entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
    pairs.sort();
    Ok(pairs)
}

fn is(text: &str, want: &[(&str, &str)]) {
    let want: Vec<_> = want.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    assert_eq!(made(text).unwrap(), want, "{text}");
}

fn refused(text: &str, says: &[&str]) {
    let error = made(text).unwrap_err();
    let said = format!("{error} {}", error.hint().unwrap_or_default());
    for what in says {
        assert!(said.contains(what), "{what:?} is not in: {said}");
    }
    assert!(!format!("{said} {error:?}").contains("hunter2"), "{said}");
}

#[test]
fn logins() {
    let plain = "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\\n  \
username=\"ann\" \\\n  password=\"p=;\\\\\"'q\";\nsasl.mechanism=PLAIN\n";
    is(plain, &[("sasl.mechanism", "PLAIN"), ("sasl.password", "p=;\"'q"), ("sasl.username", "ann")]);
    let scram = "sasl.jaas.config = a.ScramLoginModule required username = ann password='x y' ;";
    is(scram, &[("sasl.password", "x y"), ("sasl.username", "ann")]);
    let both = "sasl.username=bob\nsasl.jaas.config=a.ScramLoginModule required username=ann;";
    is(both, &[("sasl.username", "bob")]);
    for bad in [
        "PlainLoginModule required username=ann password=hunter2",
        "PlainLoginModule username=ann password=hunter2;",
        "PlainLoginModule required hunter2;",
        "PlainLoginModule required password=\"hunter2;",
        "PlainLoginModule required password=hunter2; PlainLoginModule required;",
        "",
    ] {
        refused(&format!("a=1\nsasl.jaas.config={bad}"), &["sasl.jaas.config (f:2)", "not understood"]);
    }
    refused("sasl.jaas.config=com.sun.Krb5LoginModule required keyTab=hunter2;", &["Kerberos"]);
    refused("sasl.jaas.config=a.OAuthBearerLoginModule required clientSecret=hunter2;", &["libcurl"]);
    refused("sasl.jaas.config=my.OwnLoginModule required x=hunter2;", &["other than"]);
    refused("sasl.jaas.config=a.PlainLoginModule required password=\"${file:/hunter2:p}\";", &["config provider"]);
}

#[test]
fn stores() {
    is("ssl.truststore.type=pem\nssl.truststore.location=/ca.pem", &[("ssl.ca.location", "/ca.pem")]);
    is(
        "ssl.keystore.type=PEM\nssl.keystore.location=/me.pem\nssl.key.password=x",
        &[("ssl.certificate.location", "/me.pem"), ("ssl.key.location", "/me.pem"), ("ssl.key.password", "x")],
    );
    is(
        "ssl.keystore.type=PKCS12\nssl.keystore.location=me.p12\nssl.keystore.password=x",
        &[("ssl.keystore.location", "me.p12"), ("ssl.keystore.password", "x")],
    );
    is("ssl.keystore.location=me.p12", &[("ssl.keystore.location", "me.p12")]);
    refused("ssl.truststore.location=t.jks\nssl.truststore.password=hunter2", &["keytool -list", "t.jks", "(f:1)"]);
    refused("ssl.truststore.type=PKCS12\nssl.truststore.location=t.p12", &["openssl pkcs12 -in t.p12 -nokeys"]);
    refused("ssl.keystore.location=k.JKS\nssl.keystore.password=hunter2", &["PKCS12", "-srckeystore k.JKS"]);
    refused("ssl.keystore.type=JKS\nssl.keystore.location=k", &["keytool -importkeystore"]);
}

#[test]
fn pem_on_one_line() {
    let body = "A".repeat(100);
    let text = format!(
        "ssl.truststore.certificates=-----BEGIN CERTIFICATE----- {body} -----END CERTIFICATE----- -----BEGIN CERTIFICATE-----\\n\
QQ==\\n-----END CERTIFICATE-----"
    );
    let want = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n{}\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n",
        "A".repeat(64),
        "A".repeat(36)
    );
    is(&text, &[("ssl.ca.pem", &want)]);
    let key = "ssl.keystore.type=PEM\nssl.keystore.key=-----BEGIN PRIVATE KEY----- QQ== -----END PRIVATE KEY-----";
    is(key, &[("ssl.key.pem", "-----BEGIN PRIVATE KEY-----\nQQ==\n-----END PRIVATE KEY-----\n")]);
    for bad in ["hunter2", "-----BEGIN CERTIFICATE----- hunter2", "-----BEGIN A-----x-----END B-----"] {
        refused(&format!("ssl.truststore.certificates={bad}"), &["ssl.truststore.certificates (f:1)", "no PEM"]);
    }
}

#[test]
fn names_and_values() {
    is(
        "ssl.endpoint.identification.algorithm=\nsend.buffer.bytes=-1\nfetch.max.wait.ms=7 \n",
        &[
            ("fetch.wait.max.ms", "7"),
            ("socket.send.buffer.bytes", "0"),
            ("ssl.endpoint.identification.algorithm", "none"),
        ],
    );
    is(
        "topic.acks=all\ntopic.metadata.refresh.interval.ms=5",
        &[("acks", "all"), ("topic.metadata.refresh.interval.ms", "5")],
    );
    is("sasl.mechanisms=PLAIN\nsasl.mechanism=SCRAM-SHA-256", &[("sasl.mechanism", "SCRAM-SHA-256")]);
    is("key.serializer=a.B\nschema.registry.url=http://x\nmax.poll.records=5", &[]);
    let entries = vec![Entry::new("ssl.ca.location", "${env:CA}", Origin::Flag)];
    assert!(super::translated(entries).unwrap_err().to_string().contains("ssl.ca.location (-X)"));
}
