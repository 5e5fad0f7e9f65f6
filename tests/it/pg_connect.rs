//! Reaching a store on a server by the real binary: every `sslmode`, every place a password may be in, what is said where it
//! cannot be; and what a connection that is lost costs.

mod commits;
mod doctor;
mod elsewhere;
mod passwords;
mod pooler;
mod secure;
mod strangers;
mod tls;

use std::time::Duration;

use crate::process::{Home, Ran, child};

/// Longer than any of these takes, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A try to reach a store: where, what is in the environment, how it ends, what is said.
pub(crate) struct Try<'a> {
    pub(crate) store: String,
    pub(crate) env: &'a [(&'a str, &'a str)],
    pub(crate) code: i32,
    pub(crate) says: &'a [&'a str],
}

/// Makes a try; no secret may be in what is said.
pub(crate) fn tried(home: &Home, one: &Try<'_>) -> Ran {
    let mut command = home.command(&["silence", "list"]);
    command.env("GPUHM_STORE", &one.store).envs(one.env.iter().copied());
    let ran = child::output(&mut command, PATIENCE);
    let what = format!("{} with {:?}", one.store, one.env);
    assert_eq!(ran.code, one.code, "{what}: {}{}", ran.out, ran.err);
    for says in one.says {
        assert!(ran.err.contains(says), "{what} does not say {says:?}: {}", ran.err);
    }
    if one.code != 0 {
        assert!(ran.err.starts_with("gpuhm: store "), "{what}: {}", ran.err);
        assert_eq!(ran.err.lines().filter(|line| line.starts_with("gpuhm: ")).count(), 1, "{what}: {}", ran.err);
    }
    assert!(!ran.err.contains(secure::PASSWORD) && !ran.out.contains(secure::PASSWORD), "{what}: {}", ran.err);
    ran
}
