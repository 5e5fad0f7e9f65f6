//! Passwords in and beside the configuration file: refused where everyone may read them, and shown by nothing.

use std::os::unix::fs::PermissionsExt;

use crate::process::{Home, Ran};

const PASSWORD: &str = "s3cret-hunter";

/// A home with this file, open as `mode` says.
fn home(file: &str, mode: u32) -> Home {
    let home = Home::new();
    let path = home.file("gpuhm.toml", file);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    home.with("GPUHM_CONFIG", path)
}

fn told(ran: &Ran) -> String {
    let all = format!("{}{}", ran.out, ran.err);
    assert!(!all.contains(PASSWORD), "a password is shown: {all}");
    all
}

#[test]
fn a_password_in_the_file_is_warned_of_once_refused_where_everyone_may_read_it_and_never_shown() {
    let files = [
        format!("[store]\nurl = \"postgres://u:{PASSWORD}@127.0.0.1:1/d\"\n"),
        format!("[store]\nurl = \"host=127.0.0.1 port=1 password={PASSWORD}\"\n"),
        format!("[bus]\nurl = \"127.0.0.1:1\"\n[kafka.properties]\nsasl.password = \"{PASSWORD}\"\n"),
    ];
    for file in files {
        let open = home(&file, 0o644);
        let said = told(&open.run(&["doctor", "--config"]));
        assert!(said.contains("everyone may read") && said.contains("chmod 0640"), "{said}");
        assert_eq!(open.run(&["doctor", "--config"]).code, 2);
        let home = home(&file, 0o640);
        let shown = home.run(&["doctor", "--config"]);
        assert_eq!(shown.code, 0);
        let said = told(&shown);
        assert_eq!(said.matches("a password stands in the configuration file").count(), 1, "{said}");
        assert!(said.contains("***"), "{said}");
        told(&home.run(&["doctor", "--config", "-o", "json"]));
        let said = told(&home.run(&["doctor", "--only", "config.secrets", "--timeout", "1s"]));
        assert!(said.contains("warning  config.secrets"), "{said}");
        told(&home.run(&["migrate", "status", "--log", "debug"]));
    }
}

#[test]
fn settings_of_kafka_clients_are_the_weakest_and_say_where_they_stand() {
    let file = "[bus]\nurl = \"127.0.0.1:1\"\n[kafka.properties]\nsecurity.protocol = \"SSL\"\nlinger.ms = 7\n\"reconnect.backoff.max.ms\" = 7000\n";
    let home = home(file, 0o600);
    let shown = home.ok(&["tail", "-X", "dump", "-X", "reconnect.backoff.max.ms=8000"]);
    let line = |start: &str| shown.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{shown}"));
    assert!(line("security.protocol=SSL").ends_with("gpuhm.toml:4"), "{shown}");
    assert!(line("reconnect.backoff.max.ms=8000").ends_with("-X"), "{shown}");
    let other = home.file("client.properties", "security.protocol=PLAINTEXT\n");
    let shown = home.ok(&["tail", "-X", "dump", "-F", &other]);
    assert!(shown.lines().any(|line| line.starts_with("security.protocol=PLAINTEXT")), "{shown}");
    let owned = self::home("[bus]\nurl = \"127.0.0.1:1\"\n[kafka.properties]\nenable.auto.commit = true\n", 0o600);
    owned.fails(&["tail", "-X", "dump"], 2, &["enable.auto.commit", "gpuhm.toml:4"]);
    let stop = "[bus]\nurl = \"127.0.0.1:1\"\n";
    let seed = self::home(stop, 0o600).with("KAFKA_BROKERS", "127.0.0.1:2");
    assert!(seed.ok(&["tail", "-X", "dump"]).contains("bootstrap.servers=127.0.0.1:2"), "the environment is stronger");
}

#[test]
fn the_stores_password_may_stand_in_a_file_of_its_own() {
    let base = "[store]\nurl = \"postgres://u@127.0.0.1:1/d\"\npassword_file = \"store.password\"\n";
    let home = home(base, 0o644);
    home.fails(&["migrate", "status"], 2, &["store.password_file", "there is no store.password"]);
    let fault = home.run(&["doctor", "--only", "config.secrets"]);
    assert_eq!(fault.code, 1, "{}", fault.out);
    let path = home.file("store.password", format!("{PASSWORD}\n"));
    for (mode, state) in [(0o600, "ok"), (0o640, "warning"), (0o644, "fault")] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let said = told(&home.run(&["doctor", "--only", "config.secrets"]));
        assert!(said.starts_with(state), "{mode:o}: {said}");
    }
    // It is read: the server is what is missing now.
    let ran = home.run(&["migrate", "status"]);
    assert_eq!(ran.code, 3, "{}", told(&ran));
}

#[test]
fn a_help_shows_no_password_of_the_environment() {
    let home = Home::new()
        .with("GPUHM_SOURCE", "exporter:http://u:s3cret@h/m")
        .with("GPUHM_STORE", "postgres://u:s3cret@h/d")
        .with("GPUHM_BUS", "kafka://u:s3cret@h:9092");
    for command in ["collect", "run", "doctor", "top"] {
        let help = home.ok(&[command, "--help"]);
        assert!(help.contains("[env: GPUHM_BUS]"), "{command}: {help}");
        assert!(help.contains("[env: GPUHM_STORE]") || help.contains("[env: GPUHM_SOURCE]"), "{command}: {help}");
        assert!(!help.contains("s3cret"), "{command}: {help}");
    }
}
