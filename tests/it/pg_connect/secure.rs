//! A server that asks who comes: certificates of an authority of its own, roles let in in different ways.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::database::Server;
use crate::database::schema::fill;
use crate::process::text;

/// What no message may show.
pub(crate) const PASSWORD: &str = "s3cret:of\\theirs";

/// The server, and the files of its authority.
pub(crate) struct Secure {
    pub(crate) server: Server,
    dir: tempfile::TempDir,
}

/// `app` comes as it likes, `wrapped` by TLS alone, `bare` without, `certified` with its certificate, `poor` may nothing,
/// `crowd` has no connection left.
const ENTRIES: &str = "
local all all trust
host all postgres 127.0.0.1/32 trust
hostssl all wrapped 127.0.0.1/32 scram-sha-256
hostnossl all bare 127.0.0.1/32 scram-sha-256
hostssl all certified 127.0.0.1/32 cert
host all app,poor,crowd,nobody 127.0.0.1/32 scram-sha-256
";

const ROLES: &str = "
CREATE ROLE app LOGIN PASSWORD '{p}'; CREATE ROLE wrapped LOGIN PASSWORD '{p}'; CREATE ROLE bare LOGIN PASSWORD '{p}';
CREATE ROLE certified LOGIN; CREATE ROLE poor LOGIN PASSWORD '{p}';
CREATE ROLE crowd LOGIN PASSWORD '{p}' CONNECTION LIMIT 0;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO app, wrapped, bare, certified, crowd;
CREATE DATABASE empty";

fn openssl(dir: &Path, args: &str) {
    let mut command = Command::new("openssl");
    let ran = command.args(args.split_whitespace()).current_dir(dir).output().unwrap();
    assert!(ran.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A certificate `name`, signed by `ca`.
fn signed(dir: &Path, name: &str, subject: &str, extensions: &str) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(dir, &format!("req {key} -subj {subject} -keyout {name}.key -out {name}.csr"));
    std::fs::write(dir.join(format!("{name}.ext")), extensions).unwrap();
    let by = "-CA ca.crt -CAkey ca.key -CAcreateserial -days 2";
    openssl(dir, &format!("x509 -req -in {name}.csr {by} -extfile {name}.ext -out {name}.crt"));
}

impl Secure {
    /// Starts it; its certificate is for `localhost` and for no address.
    pub(crate) fn start(test: &str) -> Option<Secure> {
        let server = Server::start(test, &["log_connections=on", "log_line_prefix='%a '"])?;
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        for name in ["ca", "other"] {
            openssl(at, &format!("req -x509 {key} -days 2 -subj /CN=tests-{name} -keyout {name}.key -out {name}.crt"));
        }
        signed(at, "server", "/CN=localhost", "subjectAltName=DNS:localhost\n");
        signed(at, "certified", "/CN=certified", "extendedKeyUsage=clientAuth\n");
        // One that is its own authority, as people make them.
        openssl(
            at,
            &format!(
                "req -x509 {key} -days 2 -subj /CN=self -addext subjectAltName=DNS:localhost -keyout self.key -out self.crt"
            ),
        );
        let secure = Secure { server, dir };
        for name in ["server.key", "server.crt", "ca.crt", "self.key", "self.crt"] {
            secure.give(name);
        }
        fill(&secure.server.url());
        let roles = ROLES.replace("{p}", PASSWORD);
        let mut direct = secure.server.direct();
        for statement in roles.split(';') {
            direct.run(statement);
        }
        std::fs::write(secure.data().join("pg_hba.conf"), ENTRIES).unwrap();
        secure.set("ssl_cert_file", "server.crt");
        secure.set("ssl_key_file", "server.key");
        secure.set("ssl_ca_file", "ca.crt");
        secure.set("ssl", "on");
        Some(secure)
    }

    fn data(&self) -> PathBuf {
        self.server.dir().join("data")
    }

    /// Hands a file to the server, as its user's own.
    fn give(&self, name: &str) {
        let to = self.data().join(name);
        std::fs::copy(self.dir.path().join(name), &to).unwrap();
        let user = format!("--reference={}", self.data().display());
        assert!(Command::new("chown").args([&user, &text(&to)]).status().unwrap().success());
        assert!(Command::new("chmod").args(["0600", &text(&to)]).status().unwrap().success());
    }

    /// Changes a setting of the running server.
    pub(crate) fn set(&self, name: &str, value: &str) {
        let mut direct = self.server.direct();
        direct.run(&format!("ALTER SYSTEM SET {name} = '{value}'"));
        direct.run("SELECT pg_reload_conf()");
        std::thread::sleep(Duration::from_millis(300));
    }

    /// A file of the authority's.
    pub(crate) fn file(&self, name: &str) -> String {
        text(&self.dir.path().join(name))
    }

    /// Where `role` connects to `host` with some more keys.
    pub(crate) fn url(&self, role: &str, host: &str, more: &str) -> String {
        let more = more.replace("CA", &self.file("ca.crt")).replace("OTHER", &self.file("other.crt"));
        format!("postgres://{role}@{host}:{}/postgres?{more}", self.server.port())
    }

    /// What the server's log says of the newest connection that it let in for `role`.
    pub(crate) fn admitted(&self, role: &str) -> String {
        let log = std::fs::read_to_string(self.server.dir().join("log")).unwrap();
        let of = format!("connection authorized: user={role} ");
        log.lines().rfind(|line| line.contains(&of)).unwrap_or_default().to_owned()
    }
}
