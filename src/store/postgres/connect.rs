//! Reaching a server: which hosts are asked in what order, with encryption or without, and what is said where none will do.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::thread::Builder;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::{Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault::{Fault, NOT_POSTGRES, Said, way};
use super::settings::{Settings, Target};
use super::tls::Mode;

/// A connection that was made.
pub(super) struct Reached {
    pub(super) client: Client,
    /// What sends and receives.
    pub(super) carrier: AbortHandle,
    /// Whether nobody listens.
    pub(super) encrypted: bool,
    /// Whether it does not leave this machine.
    pub(super) near: bool,
    /// Who it is.
    pub(super) server: String,
}

/// How long to wait for a word from what did not answer as PostgreSQL does.
const PROBE: Duration = Duration::from_millis(500);
/// What a client that wants TLS says first.
const ASK_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A number by chance.
pub(super) fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The servers in the order in which they are asked.
pub(super) fn order(settings: &Settings) -> Vec<&Target> {
    let mut targets: Vec<&Target> = settings.targets.iter().collect();
    if settings.shuffled {
        targets.sort_by_cached_key(|_| chance());
    }
    targets
}

/// Connects to one server.
pub(super) async fn reach(settings: &Settings, target: &Target) -> Result<Reached, Fault> {
    spare(target)?;
    match timeout(settings.connect, tried(settings, target)).await {
        Ok(Err(fault)) => Err(explained(settings, target, fault).await),
        Ok(reached) => reached,
        Err(_) => {
            let why = format!("no answer within {} s", settings.connect.as_secs());
            let late = Said::passing(why, "is it PostgreSQL that listens there? connect_timeout allows more");
            Err(explained(settings, target, Fault::Said(late)).await)
        }
    }
}

/// Whether a thread can be had where the host is a name: its look-up takes one, and panics where there is none.
fn spare(target: &Target) -> Result<(), Fault> {
    if target.is_local() || target.addr.is_some() || target.host.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    let tried = Builder::new().name("look-up".to_owned()).spawn(|| ());
    let thread = tried.map_err(|error| {
        let why = format!("no thread for the look-up of {}: {error}", target.host);
        Fault::Said(Said::passing(why, "raise TasksMax= of the unit, or ulimit -u"))
    })?;
    // What it took is free again for the look-up.
    drop(thread.join());
    Ok(())
}

/// The ways in which the mode allows to come, one after the other.
async fn tried(settings: &Settings, target: &Target) -> Result<Reached, Fault> {
    let ways: &[bool] = match settings.tls.mode {
        _ if target.is_local() => &[false],
        Mode::Disable => &[false],
        Mode::Allow => &[false, true],
        Mode::Prefer => &[true, false],
        Mode::Require | Mode::VerifyCa | Mode::VerifyFull => &[true],
    };
    let mut first = None;
    for encrypted in ways {
        match once(settings, target, *encrypted).await {
            Ok((client, carrier)) => {
                let near = target.is_local() || is_here(&target.host);
                return Ok(Reached { client, carrier, encrypted: *encrypted, near, server: target.shown() });
            }
            Err(error) if ways.len() > 1 && first.is_none() && other_way(&error, *encrypted) => first = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(first.unwrap_or(Fault::Late))
}

/// Whether the other way may be let in where this one was not.
fn other_way(fault: &Fault, encrypted: bool) -> bool {
    let Fault::Sql(error) = fault else { return false };
    if error.as_db_error().is_some() {
        return fault.code() == Some("28000");
    }
    // The handshake failed, or it was not even offered.
    encrypted && error.to_string().starts_with("error performing TLS handshake")
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|addr| addr.is_loopback())
}

async fn once(settings: &Settings, target: &Target, encrypted: bool) -> Result<(Client, AbortHandle), Fault> {
    let mut config = settings.at(target);
    if !encrypted {
        config.ssl_mode(SslMode::Disable);
        let (client, connection) = config.connect(NoTls).await?;
        return Ok((client, tokio::spawn(connection).abort_handle()));
    }
    config.ssl_mode(SslMode::Require);
    if settings.tls.direct {
        config.ssl_negotiation(SslNegotiation::Direct);
    }
    let (client, connection) = config.connect(MakeRustlsConnect::new(settings.tls.config()?)).await?;
    Ok((client, tokio::spawn(connection).abort_handle()))
}

/// The fault in words that name what is there instead, where something is.
async fn explained(settings: &Settings, target: &Target, fault: Fault) -> Fault {
    let said = match fault {
        Fault::Sql(error) if error.as_db_error().is_none() => way(&error, Some(&target.host)),
        Fault::Said(said) => said,
        fault => {
            let from = settings.password_from.as_ref().filter(|_| fault.code() == Some("28P01"));
            return match (fault, from) {
                (fault, None) => fault,
                (fault, Some(from)) => match fault.said() {
                    Ok(said) => Fault::Said(Said { why: format!("{}; the password is from {from}", said.why), ..said }),
                    Err(error) => Fault::Told(error),
                },
            };
        }
    };
    // Whatever came of talking to it may be because it speaks something else.
    let talked = ["closed", "no answer", "offer TLS", NOT_POSTGRES].iter().any(|sign| said.why.contains(sign));
    if !target.is_local() && talked && speaks_otherwise(target).await {
        return Fault::Said(Said::grave(NOT_POSTGRES, "check host and port"));
    }
    Fault::Said(said)
}

/// Whether what listens there answers, and not as PostgreSQL does.
async fn speaks_otherwise(target: &Target) -> bool {
    let asked = async {
        let host = target.addr.map_or_else(|| target.host.clone(), |addr| addr.to_string());
        let stream = TcpStream::connect((host.as_str(), target.port)).await.ok()?;
        let mut rest: &[u8] = &ASK_TLS;
        while !rest.is_empty() {
            stream.writable().await.ok()?;
            match stream.try_write(rest) {
                Ok(written) => rest = rest.get(written..)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return None,
            }
        }
        let mut answer = [0; 1];
        loop {
            stream.readable().await.ok()?;
            match stream.try_read(&mut answer) {
                Ok(0) => return None,
                Ok(_) => return answer.first().copied(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return None,
            }
        }
    };
    // Yes, no, or an error of one that is too old or too full to say.
    matches!(timeout(PROBE, asked).await, Ok(Some(byte)) if !matches!(byte, b'S' | b'N' | b'E'))
}
