//! What is told of a connection that could not be made or was lost: the network's, the name's, the certificates' faults.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

use super::Said;

/// What to do about a pooler that hands each transaction to another session.
pub(in crate::store) const POOLED: &str =
    "use session pooling (PgBouncer: pool_mode = session), or connect to the server itself";

/// What is said of something that answers otherwise.
pub(in crate::store) const NOT_POSTGRES: &str = "what answers there is not PostgreSQL";

/// What is told of `error`; `host` is whom the certificate must name.
pub(in crate::store) fn way(error: &(dyn Error + 'static), host: Option<&str>) -> Said {
    let mut cause = Some(error);
    let mut last = String::new();
    while let Some(inner) = cause {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return encrypted(tls, host);
        }
        if let Some(found) = inner.downcast_ref::<io::Error>() {
            // An `io::Error` hides what it holds from `source`.
            if let Some(tls) = found.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                return encrypted(tls, host);
            }
            return plain(found);
        }
        last = inner.to_string();
        cause = inner.source();
    }
    worded(&last)
}

/// What the driver says in words alone.
fn worded(text: &str) -> Said {
    let said = Said::grave;
    match text {
        "server does not support TLS" => said(
            "the server does not offer TLS",
            "ssl = on in its postgresql.conf; or sslmode=prefer, where the way is safe",
        ),
        "password missing" => said(
            "the server asks for a password, and none is known",
            "set PGPASSWORD, or write host:port:database:user:password into ~/.pgpass (chmod 0600), or the credential gpuhm_store.password",
        ),
        "unsupported authentication method" => said(
            "the server asks for a login of a kind that is not supported",
            "use scram-sha-256 or a certificate in its pg_hba.conf",
        ),
        "server did not use channel binding" => said(
            "the server does not bind the login to the encryption",
            "leave out channel_binding=require, or use TLS with scram-sha-256",
        ),
        "connection closed" => Said::passing("the connection was closed", "the server's log says why"),
        text => Said { grave: false, why: text.to_owned(), hint: None },
    }
}

fn plain(error: &io::Error) -> Said {
    let text = error.to_string();
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            Said::passing(text, "does the server run, and does it listen there? (listen_addresses, port, firewall)")
        }
        io::ErrorKind::NotFound => Said::passing(
            "no server has its socket there",
            "does the server run here? name its host and port, or the socket's directory",
        ),
        io::ErrorKind::PermissionDenied if text.contains("allow writes") => {
            Said::passing("it does not take writes", "it is a standby: name all servers, host=a,b")
        }
        io::ErrorKind::PermissionDenied => Said::grave(text, "this user may not use the server's socket"),
        io::ErrorKind::TimedOut => {
            Said::passing("no answer in time", "a firewall may be between; connect_timeout allows more")
        }
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            Said::passing("the connection was closed", "the server's log says why")
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            Said::grave(format!("{NOT_POSTGRES}: {text}"), "check host and port")
        }
        _ if text.contains("lookup address") || text.contains("resolve") => {
            Said::passing(text, "check the host's name, and the name server")
        }
        _ => Said::passing(text, "check host, port and network"),
    }
}

fn encrypted(error: &rustls::Error, host: Option<&str>) -> Said {
    use rustls::Error as Tls;
    match error {
        Tls::InvalidCertificate(error) => certificate(error, host),
        Tls::AlertReceived(AlertDescription::CertificateRequired) => {
            Said::grave("TLS: the server wants a certificate of ours", "name it with sslcert=FILE and sslkey=FILE")
        }
        Tls::AlertReceived(alert) => {
            let ours = format!("{alert:?}");
            let hint = if ours.contains("Certificate") || ours.contains("CA") {
                "the server refuses our certificate: its ssl_ca_file must hold who signed it"
            } else {
                "the server's log says why; ssl_min_protocol_version there may be newer than ours"
            };
            Said::grave(format!("TLS: the server refused ({ours})"), hint)
        }
        Tls::InvalidMessage(_) => Said::grave(format!("{NOT_POSTGRES}, or not over TLS"), "check host and port"),
        Tls::PeerIncompatible(_) => Said::grave(format!("TLS: {error}"), "the server needs TLS 1.2 or 1.3"),
        error => Said::grave(format!("TLS: {error}"), "the server's log says more"),
    }
}

fn certificate(error: &CertificateError, host: Option<&str>) -> Said {
    let host = host.unwrap_or("the host");
    match error {
        CertificateError::UnknownIssuer => Said::grave(
            "TLS: the server's certificate is from an authority that is not trusted",
            "sslrootcert=FILE names the authority that signed it (PGSSLROOTCERT)",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Said::grave(
            format!("TLS: the server's certificate is not for {host}"),
            "name the host as its subjectAltName does (a common name does not count), or use sslmode=verify-ca where that is enough",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Said::grave(
            "TLS: the server's certificate has expired",
            "renew it on the server; check this machine's clock",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Said::grave("TLS: the server's certificate is not valid yet", "check this machine's clock")
        }
        CertificateError::BadSignature => Said::grave(
            "TLS: the server's certificate was not signed by the authority in sslrootcert",
            "sslrootcert=FILE names the authority that signed it (PGSSLROOTCERT)",
        ),
        error => Said::grave(
            format!("TLS: the server's certificate cannot be used: {error:?}"),
            "it must be a version 3 certificate of a server, with a subjectAltName",
        ),
    }
}
