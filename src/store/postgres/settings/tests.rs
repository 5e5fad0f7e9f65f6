//! What is read from strings, variables and password files.

use std::collections::HashMap;
use std::ffi::OsString;

use super::*;

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Settings, StoreError> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    let variable = |name: &str| variables.get(name).map(OsString::from);
    Settings::read(text, &Surroundings { variable: &variable, credential: None })
}

fn wrong(text: &str, variables: &[(&str, &str)]) -> String {
    let error = read(text, variables).unwrap_err();
    assert!(
        !error.to_string().contains("s3cret") && !error.hint().is_some_and(|hint| hint.contains("s3cret")),
        "{error}"
    );
    error.to_string()
}

fn of(text: &str) -> (String, Option<String>, Option<String>) {
    let settings = read(text, &[]).unwrap();
    let config = settings.at(&settings.targets[0]);
    let password = config.get_password().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
    (settings.place, config.get_user().map(str::to_owned), password)
}

#[test]
fn a_url_reads_as_libpq_reads_it() {
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(of("postgres://u:p%40%2F@h:1/d"), ("h:1/d".to_owned(), some("u"), some("p@/")));
    assert_eq!(of("postgresql://[::1]:77/d"), ("[::1]:77/d".to_owned(), None, None));
    assert_eq!(of("postgres://a,b:2/d?user=u").0, "a:5432,b:2/d");
    assert_eq!(of("postgres://%2Frun%2Fpg/d?password=x"), ("/run/pg:5432/d".to_owned(), None, some("x")));
    assert_eq!(of("postgres:///d?host=h&port=5").0, "h:5/d");
    assert_eq!(of("postgres://u@h").0, "h:5432/u");
}

#[test]
fn key_value_reads_as_libpq_reads_it() {
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        of("host=h dbname = d user='u v' password='a\\'b\\\\'"),
        ("h:5432/d".to_owned(), some("u v"), some("a'b\\"))
    );
    assert_eq!(of("host=h user=u password=a\\ b"), ("h:5432/u".to_owned(), some("u"), some("a b")));
}

#[test]
fn what_does_not_read_is_said_without_what_was_written() {
    assert!(wrong("postgres://u:s3cret/x", &[]).contains("the port is not a number"));
    assert!(wrong("host=h password=a s3cret", &[]).contains("not KEY=VALUE"));
    assert!(wrong("host=h password=a S3=s3cret", &[]).contains("something is no key"));
    assert!(wrong("postgres://u:s3cret%4@h/d", &[]).contains("hexadecimal"));
    assert!(wrong("host='h", &[]).contains("does not end"));
    assert!(wrong("host=h connect_timeout=soon", &[]).contains("connect_timeout=soon is not a whole number"));
    assert!(wrong("host=h gssencmode=require", &[]).contains("Kerberos"));
    assert!(wrong("host=h", &[("PGSERVICE", "x")]).contains("PGSERVICE is not supported"));
    assert!(wrong("host=h hst=x", &[]).contains("\"hst\" is no key"));
    assert!(wrong("host=a,b hostaddr=1.2.3.4", &[]).contains("do not go together"));
}

#[test]
fn an_at_that_a_password_may_hold_is_told_without_it() {
    for text in [
        "postgres://u:pa@s3cret@127.0.0.1:5540/fleet",
        "postgres://u:12/s3cret@127.0.0.1/fleet",
        "postgres://u:s3cret/x@h/d",
        "postgres://u:12/x?s3cret=y@h/fleet",
        "postgres://u:12/x?a=s3cret@h/fleet",
        "PostgreSQL://u:s3cret@s3cret@h/d",
        "postgres://a@s3cret@h,b/d",
    ] {
        let error = read(text, &[]).unwrap_err();
        assert!(wrong(text, &[]).contains("an @ stands where"), "{text}");
        assert!(error.hint().is_some_and(|hint| hint.contains("%40 %2F")), "{text}");
        assert!(!has_password(text));
    }
    // Where it means nothing but itself.
    assert_eq!(read("postgres://h/d?user=u@x&application_name=a@b", &[]).unwrap().place(), "h:5432/d");
    assert_eq!(of("postgres://u@h/a%40b").0, "h:5432/a@b");
    assert!(wrong("host=h dbname=postgres://u:s3cret@h/d", &[]).contains("is a URL"));
    assert!(wrong("host=h", &[("PGDATABASE", "postgres://u:s3cret@h/d")]).contains("is a URL"));
}

#[test]
fn a_statement_is_waited_for_as_long_as_the_server_works_on_it() {
    let limit = |options: &str| {
        let text = format!("host=h options='{options}'");
        read(&text, &[]).unwrap().statement.as_millis()
    };
    assert_eq!(limit("-csearch_path=x"), 30_000);
    assert_eq!(limit("-cstatement_timeout=5000"), 5_000);
    assert_eq!(limit("-c statement_timeout=250ms -c x=y"), 250);
    assert_eq!(limit("-cstatement_timeout=1s -cstatement_timeout=120s"), 120_000);
    assert_eq!(limit("-cstatement_timeout=2min"), 120_000);
    assert_eq!(limit("-cstatement_timeout=1.5\\\\ min"), 90_000);
    assert_eq!(limit("-cstatement_timeout=0"), 86_400_000);
    assert_eq!(limit("-cstatement_timeout=soon"), 30_000);
    assert_eq!(limit("-cstatement_timeout=-5"), 30_000);
}

#[test]
fn nothing_shows_a_password() {
    let settings = read("postgres://u:s3cret@h/d", &[]).unwrap();
    let shown = format!("{settings:?}{}{:?}", settings.place(), settings.config);
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(
        has_password("postgres://u:s3cret@h/d")
            && has_password("host=h password=x")
            && !has_password("postgres://u@h/d")
    );
}

#[test]
fn which_texts_name_a_server() {
    for text in [
        "postgres://",
        "postgresql://h/d",
        "PostgreSQL://h/d",
        "POSTGRES://h",
        "host=h",
        "dbname = d user=x",
        "service=x",
    ] {
        assert!(is_postgres(text), "{text}");
    }
    for text in ["sqlite:host=h", "none", "kafka://h", "a=b", "", "=x", "/var/lib/store.db"] {
        assert!(!is_postgres(text), "{text}");
    }
}

#[test]
fn variables_complete_what_is_open_and_no_more() {
    let variables =
        [("PGHOST", "h"), ("PGPORT", "7"), ("PGUSER", "u"), ("PGDATABASE", "d"), ("PGCONNECT_TIMEOUT", "3")];
    let settings = read("dbname=own", &variables).unwrap();
    assert_eq!((settings.place(), settings.connect.as_secs()), ("h:7/own", 3));
    assert_eq!(read("postgres://x/y", &[("PGPORT", "7")]).unwrap().place(), "x:7/y");
    let mut named = read("host=h", &[("PGAPPNAME", "mine")]).unwrap();
    named.name("top");
    assert_eq!(named.config.get_application_name(), Some("mine"));
    let mut named = read("host=h", &[]).unwrap();
    named.name("top");
    assert_eq!(named.config.get_application_name(), Some("gpuhm-top"));
}

#[test]
fn of_several_servers_a_writer_wants_the_one_that_writes() {
    let several = read("host=a,b", &[]).unwrap();
    assert_eq!(several.wanted(), Wanted::ReadWrite);
    assert_eq!(Settings { read_only: true, ..several }.wanted(), Wanted::Any);
    assert_eq!(read("host=a", &[]).unwrap().wanted(), Wanted::Any);
    assert_eq!(read("host=a,b target_session_attrs=any", &[]).unwrap().wanted(), Wanted::Any);
}

#[test]
fn a_password_file_reads_as_libpq_reads_it() {
    let target = |host: &str| Target { host: host.to_owned(), addr: None, port: 5432, password: None };
    let text =
        "#h:5432:d:u:no\nh:5433:*:*:other\n\nh:*:d:u:a\\:b\\\\c:d\nlocalhost:5432:*:u:here\n*:*:*:v:any\nbroken\n";
    let password = |host: &str, user: &str| passfile::password(text, &target(host), "d", user);
    assert_eq!(password("h", "u").as_deref(), Some("a:b\\c:d"));
    assert_eq!(password("/var/run/postgresql", "u").as_deref(), Some("here"));
    assert_eq!(password("/elsewhere", "v").as_deref(), Some("any"));
    assert_eq!(password("x", "u"), None);
}
