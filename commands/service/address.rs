//! Where metrics are served: a TCP address or a unix socket, from its text to something that listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// An address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// Of TCP.
    Tcp(SocketAddr),
    /// A socket's path.
    Unix(PathBuf),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Address::Tcp(address) => write!(f, "{address}"),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Parses `127.0.0.1:9871`, `localhost:9871`, `[::1]:9871` or `unix:PATH`.
pub(crate) fn parse(text: &str) -> Result<Address, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        if path.is_empty() {
            return Err("unix: names no path".to_owned());
        }
        return Ok(Address::Unix(PathBuf::from(path)));
    }
    let local = |port: &str| port.parse().ok().map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    let address = text.parse().ok().or_else(|| text.strip_prefix("localhost:").and_then(local));
    address.map(Address::Tcp).ok_or_else(|| "an address such as 127.0.0.1:9871, or unix:PATH".to_owned())
}

/// Something that listens.
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Owner and group may connect, as a scraper of the group's does.
const MODE: u32 = 0o660;

impl Address {
    /// Listens there.
    pub(super) fn listen(&self) -> Result<Listener, Failure> {
        let failed = |error: std::io::Error| {
            let failure = Failure::usage(format!("--metrics {self}: {error}"));
            match error.kind() {
                std::io::ErrorKind::AddrInUse => failure.hint("each service of a host needs an address of its own"),
                _ => failure,
            }
        };
        match self {
            Address::Tcp(address) => {
                if !address.ip().is_loopback() {
                    tracing::warn!("--metrics {address}: anybody who reaches this host can read what is served there");
                }
                let listener = TcpListener::bind(address).map_err(failed)?;
                let bound = listener.local_addr().map_err(failed)?;
                tracing::info!("metrics at http://{bound}/metrics");
                Ok(Listener::Tcp(listener))
            }
            Address::Unix(path) => {
                unused(path);
                let listener = UnixListener::bind(path).map_err(failed)?;
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(MODE)).map_err(failed)?;
                Ok(Listener::Unix(listener))
            }
        }
    }
}

/// Takes a socket away that an earlier process left; never one that somebody listens to, nor anything else.
fn unused(path: &Path) {
    let socket = std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if socket && UnixStream::connect(path).is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused) {
        // Where it stays, the bind says so.
        drop(std::fs::remove_file(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        assert_eq!(parse("127.0.0.1:9871").unwrap().to_string(), "127.0.0.1:9871");
        assert_eq!(parse("localhost:80").unwrap().to_string(), "127.0.0.1:80");
        assert_eq!(parse("[::1]:9871").unwrap().to_string(), "[::1]:9871");
        assert_eq!(parse("unix:/run/x.sock").unwrap(), Address::Unix("/run/x.sock".into()));
        for wrong in ["", ":9871", "9871", "unix:", "host.example:1", "127.0.0.1:99999", "http://127.0.0.1:1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_left_socket_is_replaced_and_a_used_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let address = Address::Unix(path.clone());
        let first = address.listen().unwrap();
        assert!(address.listen().is_err(), "somebody listens there");
        drop(first);
        assert!(path.exists());
        drop(address.listen().unwrap());
        let file = folder.path().join("file");
        std::fs::write(&file, "precious").unwrap();
        assert!(Address::Unix(file.clone()).listen().is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    }
}
