//! Real Kafka brokers for the tests: the one that all share, and those that a test may kill, log in to, or have three of.
//!
//! `tests/run` fetches Kafka, starts brokers and names them in the environment. A test that needs what is absent says
//! so on stderr, past the capture of the test harness, and ends.

pub(crate) mod node;
pub(crate) mod own;
pub(crate) mod secure;
pub(crate) mod three;
pub(crate) mod topics;

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

pub(crate) use own::Own;
pub(crate) use secure::Secure;
pub(crate) use three::Three;

/// The address of the broker that all tests of a run share; their topics begin with a [`prefix`] of their own.
pub(crate) fn shared(test: &str) -> Option<String> {
    let address = told("GPUHM_TEST_KAFKA");
    if address.is_none() {
        ignored(test, "a Kafka broker (tests/run starts one, or GPUHM_TEST_KAFKA=host:port)");
    }
    address
}

/// The broker with TLS, logins and ACLs.
pub(crate) fn secure(test: &str) -> Option<Secure> {
    let dir = told("GPUHM_TEST_KAFKA_SECURE");
    if dir.is_none() {
        ignored(test, "a Kafka broker with TLS (tests/run starts one)");
    }
    dir.as_deref().map(Secure::at)
}

/// The cluster of three, for this test alone until it is dropped. Only tests with `kafka_three` in their path get it.
pub(crate) fn three(test: &str) -> Option<Three> {
    let dir = told("GPUHM_TEST_KAFKA_THREE");
    // `tests/run` runs everything first, then these tests again, with three brokers.
    if dir.as_deref() == Some("later") {
        return None;
    }
    if dir.is_none() {
        ignored(test, "three Kafka brokers (tests/run starts them)");
    }
    dir.as_deref().map(Three::at)
}

/// What topics, groups and transactional ids of one test begin with: nothing else in this or another run has it.
pub(crate) fn prefix() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // Process ids come again on a broker that outlives the run.
    let second = UNIX_EPOCH.elapsed().unwrap().as_secs();
    format!("t{}-{second}-{count}-", std::process::id())
}

/// Says on stderr, whatever the harness captures, that a test was not run.
pub(crate) fn ignored(test: &str, needs: &str) {
    // In one write, on a line of its own: tests run side by side.
    std::io::stderr().write_all(format!("\nignored: {test}: needs {needs}\n").as_bytes()).unwrap();
}

/// What the environment names; an empty value names nothing.
pub(crate) fn told(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok().filter(|value| !value.is_empty())
}

/// Says on stderr what a test measured, for who runs it with `--nocapture`; nothing is asserted on it.
pub(crate) fn measured(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}
