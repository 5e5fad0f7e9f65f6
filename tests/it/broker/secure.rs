//! The broker that wants TLS and a login, and allows each user only what ACLs say.

use std::path::PathBuf;

/// The directory in which `tests/run` says what a client needs.
///
/// Users: `admin` may all; `gpuhm` all on topics, groups and transactional ids that begin with `gpu`; `reader` only read
/// such topics; `nobody` nothing. All log in by PLAIN, and `gpuhm` by SCRAM-SHA-512 too.
#[derive(Debug)]
pub(crate) struct Secure {
    dir: PathBuf,
}

impl Secure {
    pub(crate) fn at(dir: &str) -> Secure {
        Secure { dir: PathBuf::from(dir) }
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.join(name)).unwrap().trim().to_owned()
    }

    /// `127.0.0.1:PORT` of the listener that is `SASL_SSL`.
    pub(crate) fn address(&self) -> String {
        self.read("address")
    }

    /// `127.0.0.1:PORT` of the listener without TLS and login; who comes in there may nothing.
    pub(crate) fn plaintext(&self) -> String {
        self.read("plaintext")
    }

    /// The certificate that the broker's is signed by, PEM.
    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// A certificate that signed nothing here, PEM.
    pub(crate) fn other_ca(&self) -> PathBuf {
        self.dir.join("other-ca.pem")
    }

    /// A user's password.
    pub(crate) fn password(&self, user: &str) -> String {
        let users = self.read("users");
        let mut lines = users.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(name, _)| *name == user).map(|(_, password)| password.to_owned()).unwrap()
    }

    /// As [`super::prefix`], on what `gpuhm` has rights.
    pub(crate) fn prefix() -> String {
        format!("gpu-{}", super::prefix())
    }
}
