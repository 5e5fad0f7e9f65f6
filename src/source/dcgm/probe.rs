//! Whether anything listens, asked by a plain connection before DCGM is asked: DCGM retries a refused port until its own
//! time-out and says no more than that it failed.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::source::endpoint::Trouble;

/// How long a TCP connection may take to come about.
const CONNECT: Duration = Duration::from_secs(1);

const LISTENS: &str = "is nv-hostengine running there? It listens on 127.0.0.1 only, unless started with -b ADDRESS: systemctl status nvidia-dcgm";
const SOCKET: &str = "start it with nv-hostengine -d PATH, which then listens on no TCP port";

/// The address that answers, as DCGM wants it: names have IPv4 addresses only, as DCGM resolves them.
pub(super) fn tcp(host: &str, port: u16) -> Result<String, Trouble> {
    let found = (host, port).to_socket_addrs().map_err(|error| {
        Trouble::new(format!("the name does not resolve: {}", plain(&error))).hint("check the name, or use an address")
    })?;
    let literal = host.parse::<IpAddr>().is_ok();
    let addresses: Vec<SocketAddr> = found.filter(|address| literal || address.is_ipv4()).collect();
    let mut trouble = Trouble::new("the name has no IPv4 address")
        .hint("DCGM resolves names to IPv4 only: use the IPv6 address in [brackets]");
    for address in addresses {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(_) => return Ok(address.to_string()),
            Err(error) => trouble = refused(&error),
        }
    }
    Err(trouble)
}

fn refused(error: &Error) -> Trouble {
    match error.kind() {
        ErrorKind::ConnectionRefused => Trouble::new("connection refused").hint(LISTENS),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => {
            Trouble::new("no answer within 1 s").hint("is the host up, and does a firewall drop the port?")
        }
        _ => Trouble::new(plain(error)),
    }
}

/// Whether a socket listens.
pub(super) fn socket(path: &str) -> Result<(), Trouble> {
    let Err(error) = UnixStream::connect(path) else { return Ok(()) };
    Err(match error.kind() {
        ErrorKind::NotFound => Trouble::new("there is no such socket").hint(SOCKET),
        ErrorKind::PermissionDenied => Trouble::new("permission denied on the socket")
            .hint("the socket of a root engine is root's: run as root, change its mode, or use loopback TCP"),
        ErrorKind::ConnectionRefused => Trouble::new("connection refused: nothing listens on the socket").hint(SOCKET),
        _ => Trouble::new(plain(&error)),
    })
}

/// An error of the system without its number.
fn plain(error: &Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_that_listens_is_found_and_a_closed_one_is_refused_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(tcp("localhost", port).unwrap(), format!("127.0.0.1:{port}"));
        drop(listener);
        let trouble = tcp("127.0.0.1", port).unwrap_err();
        assert_eq!(trouble.why, "connection refused");
        assert!(trouble.hint.unwrap().contains("nv-hostengine"));
    }

    #[test]
    fn a_missing_socket_is_told() {
        assert_eq!(socket("/nowhere/socket").unwrap_err().why, "there is no such socket");
    }
}
