//! Encryption, by libpq's `sslmode`: what is asked of the server, whom it must be certified by, and as whom we come.
//!
//! The driver knows three of the six modes, so what a mode means is kept to here: which ways are tried, and what is
//! verified. Files are read at each connection: a certificate that was renewed counts at the next.

mod verify;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};

use super::settings::unusable;
use crate::store::StoreError;

/// `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) enum Mode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

const MODES: [(&str, Mode); 6] = [
    ("disable", Mode::Disable),
    ("allow", Mode::Allow),
    ("prefer", Mode::Prefer),
    ("require", Mode::Require),
    ("verify-ca", Mode::VerifyCa),
    ("verify-full", Mode::VerifyFull),
];

/// Whom a server must be certified by.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Root {
    Anyone,
    File(PathBuf),
    System,
}

/// What was said of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) mode: Option<&'a str>,
    pub(super) root: Option<&'a str>,
    pub(super) cert: Option<&'a str>,
    pub(super) key: Option<&'a str>,
    pub(super) sni: bool,
    pub(super) least: Option<&'a str>,
    pub(super) direct: bool,
}

/// How a connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Tls {
    pub(in crate::store) mode: Mode,
    root: Root,
    /// Certificate and key.
    own: Option<(PathBuf, PathBuf)>,
    sni: bool,
    newest: bool,
    /// Without asking first.
    pub(in crate::store) direct: bool,
}

impl Tls {
    /// By what was said; `home` is where libpq keeps a person's files.
    pub(super) fn told(told: &Told<'_>, home: Option<&Path>) -> Result<Tls, StoreError> {
        let there = |name: &str| home.map(|home| home.join(name)).filter(|path| path.exists());
        let system = told.root == Some("system");
        let mode = match told.mode {
            None if system => Mode::VerifyFull,
            None => Mode::Prefer,
            Some(word) => mode(word)?,
        };
        if system && mode != Mode::VerifyFull {
            let why = "sslrootcert=system certifies every server of the world: sslmode must be verify-full";
            return Err(unusable(why, Some("leave out sslmode, or name your own authority: sslrootcert=FILE")));
        }
        let root = match told.root {
            Some("system") => Root::System,
            Some(file) => Root::File(file.into()),
            None => match there("root.crt") {
                Some(file) => Root::File(file),
                None if mode == Mode::VerifyFull => Root::System,
                None if mode == Mode::VerifyCa => {
                    let hint = "sslrootcert=FILE names it; with sslmode=verify-full the system's authorities will do";
                    return Err(unusable("sslmode=verify-ca, and no authority is named", Some(hint)));
                }
                None => Root::Anyone,
            },
        };
        if told.direct && mode < Mode::Require {
            return Err(unusable("sslnegotiation=direct needs sslmode=require or stronger", None));
        }
        let newest = match told.least {
            None | Some("TLSv1" | "TLSv1.1" | "TLSv1.2") => false,
            Some("TLSv1.3") => true,
            Some(other) => {
                let why = format!("ssl_min_protocol_version={other} is not one of TLSv1.2, TLSv1.3");
                return Err(unusable(why, None));
            }
        };
        let cert = told.cert.map(PathBuf::from).or_else(|| there("postgresql.crt"));
        let key = told.key.map(PathBuf::from).or_else(|| home.map(|home| home.join("postgresql.key")));
        let own = match (cert, key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (Some(_), None) => return Err(unusable("sslcert is named, and sslkey is not", Some("sslkey=FILE"))),
            (None, _) => None,
        };
        Ok(Tls { mode, root, own, sni: told.sni, newest, direct: told.direct })
    }

    /// What the library is to do.
    pub(in crate::store) fn config(&self) -> Result<ClientConfig, StoreError> {
        let provider = Arc::new(ring::default_provider());
        let versions = if self.newest { vec![&TLS13] } else { vec![&TLS12, &TLS13] };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions)
            .map_err(|error| unusable(format!("TLS: {error}"), None))?;
        let names = self.mode == Mode::VerifyFull;
        let verifier = match &self.root {
            Root::Anyone => verify::anyone(&provider),
            Root::File(path) if self.mode < Mode::VerifyCa && !path.exists() => verify::anyone(&provider),
            Root::File(path) => verify::by(authorities(path)?, names, &provider)?,
            Root::System => verify::by(systems()?, names, &provider)?,
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        let mut config = match &self.own {
            None => builder.with_no_client_auth(),
            Some((cert, key)) => {
                let (chain, key) = (chain(cert, "client certificate")?, private(key)?);
                let both = builder.with_client_auth_cert(chain, key);
                both.map_err(|error| unusable(format!("client certificate {}: {error}", cert.display()), None))?
            }
        };
        config.enable_sni = self.sni;
        if self.direct {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(config)
    }
}

fn mode(word: &str) -> Result<Mode, StoreError> {
    let found = MODES.iter().find(|(name, _)| *name == word).map(|(_, mode)| *mode);
    found.ok_or_else(|| {
        let all: Vec<&str> = MODES.iter().map(|(name, _)| *name).collect();
        unusable(format!("sslmode={word} is not one of {}", all.join(", ")), None)
    })
}

fn chain(path: &Path, what: &str) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    let wrong = |why: String| {
        unusable(format!("{what} {}: {why}", path.display()), Some("it must be a PEM file that this user may read"))
    };
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| wrong(said(&error)))?;
    if found.is_empty() { Err(wrong("no certificate is in it".to_owned())) } else { Ok(found) }
}

fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    chain(path, "sslrootcert")
}

/// What the system trusts.
fn systems() -> Result<Vec<CertificateDer<'static>>, StoreError> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
        let hint = "install ca-certificates, or name your own authority: sslrootcert=FILE";
        return Err(unusable(format!("the system's authorities: {why}"), Some(hint)));
    }
    Ok(found.certs)
}

/// Permissions that only the owner has; for a file of root's also its group's reading.
const OTHERS: u32 = 0o077;
const GROUP_READS: u32 = 0o040;

fn private(path: &Path) -> Result<PrivateKeyDer<'static>, StoreError> {
    let wrong = |why: String, hint: &str| unusable(format!("sslkey {}: {why}", path.display()), Some(hint));
    let data = path.metadata().map_err(|error| wrong(error.to_string(), "sslkey=FILE names it"))?;
    let allowed = if data.uid() == 0 { GROUP_READS } else { 0 };
    if data.mode() & OTHERS & !allowed != 0 {
        let why = format!("others may read it (mode {:04o})", data.mode() & 0o7777);
        return Err(wrong(why, &format!("chmod 0600 {}", path.display())));
    }
    let plain = "it must be a PEM file without a password: openssl pkey -in OLD -out NEW";
    PrivateKeyDer::from_pem_file(path).map_err(|error| wrong(said(&error), plain))
}

fn said(error: &rustls::pki_types::pem::Error) -> String {
    use rustls::pki_types::pem::Error;
    match error {
        Error::Io(error) => error.to_string(),
        Error::NoItemsFound => "nothing of use is in it".to_owned(),
        error => format!("it is not PEM ({error:?})"),
    }
}
