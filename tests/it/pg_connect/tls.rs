//! What each `sslmode` lets in and refuses.

use super::secure::{PASSWORD, Secure};
use super::{Try, tried};
use crate::process::Home;

const UNTRUSTED: &str = "from an authority that is not trusted";

#[test]
fn each_sslmode_means_what_libpq_says() {
    let Some(secure) = Secure::start("pg_connect::tls::each_sslmode_means_what_libpq_says") else { return };
    let home = Home::new();
    let env = [("PGPASSWORD", PASSWORD)];
    let run = |store: String, code, says: &[&str]| tried(&home, &Try { store, env: &env, code, says });
    let at = |more: &str| secure.url("app", "localhost", more);
    let near = |more: &str| secure.url("app", "127.0.0.1", more);
    for (mode, encrypted) in [
        ("sslmode=disable", false),
        ("sslmode=allow", false),
        ("", true),
        ("sslmode=prefer", true),
        ("sslmode=require", true),
        ("ssl=true", true),
        ("sslmode=verify-ca&sslrootcert=CA", true),
        ("sslmode=verify-full&sslrootcert=CA", true),
    ] {
        run(at(mode), 0, &[]);
        let line = secure.admitted("app");
        assert_eq!(line.contains("SSL enabled"), encrypted, "{mode}: {line}");
        assert!(line.contains("application_name=gpuhm-silence"), "{line}");
    }
    // Whose certificate, for what name.
    run(near("sslmode=verify-ca&sslrootcert=CA"), 0, &[]);
    run(
        near("sslmode=verify-full&sslrootcert=CA"),
        2,
        &["the server's certificate is not for 127.0.0.1", "\nhint: name the host as its subjectAltName does"],
    );
    for mode in ["verify-ca", "verify-full", "require"] {
        run(
            at(&format!("sslmode={mode}&sslrootcert=OTHER")),
            2,
            &[UNTRUSTED, "\nhint: sslrootcert=FILE names the authority"],
        );
    }
    run(
        at("sslmode=verify-ca"),
        2,
        &["sslmode=verify-ca, and no authority is named", "\nhint: sslrootcert=FILE names it"],
    );
    run(at("sslmode=verify-full&sslrootcert=/no/such"), 2, &["sslrootcert /no/such: No such file", "\nhint: "]);
    run(at("sslrootcert=system&sslmode=require"), 2, &["sslmode must be verify-full", "\nhint: "]);
    run(
        at("sslmode=maybe"),
        2,
        &["sslmode=maybe is not one of disable, allow, prefer, require, verify-ca, verify-full"],
    );
    run(at("sslcrl=x"), 2, &["sslcrl is not supported", "\nhint: "]);
}

#[test]
fn what_the_system_and_the_variables_say_counts() {
    let Some(secure) = Secure::start("pg_connect::tls::what_the_system_and_the_variables_say_counts") else { return };
    let home = Home::new();
    let (ca, other) = (secure.file("ca.crt"), secure.file("other.crt"));
    let run = |store: String, env: &[(&str, &str)], code, says: &[&str]| {
        let all: Vec<(&str, &str)> = [("PGPASSWORD", PASSWORD)].iter().chain(env).copied().collect();
        tried(&home, &Try { store, env: &all, code, says })
    };
    let at = |more: &str| secure.url("app", "localhost", more);
    // The system's authorities are what OpenSSL's variable says they are.
    run(at("sslmode=verify-full"), &[("SSL_CERT_FILE", &ca)], 0, &[]);
    run(at("sslrootcert=system"), &[("SSL_CERT_FILE", &ca)], 0, &[]);
    run(at("sslrootcert=system"), &[("SSL_CERT_FILE", &other)], 2, &[UNTRUSTED]);
    run(at(""), &[("PGSSLMODE", "verify-full"), ("PGSSLROOTCERT", &other)], 2, &[UNTRUSTED]);
    run(at("sslmode=require"), &[("PGSSLMODE", "disable")], 0, &[]);
    assert!(secure.admitted("app").contains("SSL enabled"));
    // Who is let in only so is let in so, where the mode leaves it open.
    let role = |role: &str, more: &str| secure.url(role, "localhost", more);
    for mode in ["allow", "prefer"] {
        run(role("wrapped", &format!("sslmode={mode}")), &[], 0, &[]);
        run(role("bare", &format!("sslmode={mode}")), &[], 0, &[]);
    }
    run(role("wrapped", "sslmode=disable"), &[], 2, &["(28000)", "no encryption", "\nhint: the server's pg_hba.conf"]);
    run(role("bare", "sslmode=require"), &[], 2, &["(28000)", "\nhint: the server's pg_hba.conf"]);
    // A certificate of ours.
    let (cert, key) = (secure.file("certified.crt"), secure.file("certified.key"));
    let ours = format!("sslmode=require&sslcert={cert}&sslkey={key}");
    run(role("certified", &ours), &[], 0, &[]);
    run(role("certified", "sslmode=require"), &[], 2, &["certificate", "(28000)"]);
    run(role("certified", &format!("sslmode=require&sslcert={cert}")), &[], 2, &["sslkey", "\nhint: sslkey=FILE"]);
    assert!(std::process::Command::new("chmod").args(["0644", &key]).status().unwrap().success());
    run(role("certified", &ours), &[], 2, &["others may read it (mode 0644)", "\nhint: chmod 0600"]);
    // One that is its own authority.
    secure.set("ssl_key_file", "self.key");
    secure.set("ssl_cert_file", "self.crt");
    let own = secure.file("self.crt");
    run(at(&format!("sslmode=verify-full&sslrootcert={own}")), &[], 0, &[]);
    let near = secure.url("app", "127.0.0.1", &format!("sslmode=verify-full&sslrootcert={own}"));
    run(near, &[], 2, &["the server's certificate is not for 127.0.0.1"]);
    run(at("sslmode=verify-full&sslrootcert=CA"), &[], 2, &["gpuhm: store localhost"]);
    // A server without.
    secure.set("ssl", "off");
    run(at("sslmode=require"), &[], 2, &["the server does not offer TLS", "\nhint: ssl = on"]);
    run(at("sslmode=prefer"), &[], 0, &[]);
}
