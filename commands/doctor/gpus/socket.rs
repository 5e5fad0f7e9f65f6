//! `dcgm.socket`: whether the unix socket of a host engine is there, is one, and may be used by this user and by the services'.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;

use gpuhm::source::place::{Kind, Place};

use super::super::registry::{Finding, State, Subject};
use super::each::each;
use super::{by_itself, is_there, severe, together};
use crate::source::live::SOCKET;

pub(super) const ID: &str = "dcgm.socket";

/// The bits that let a user who is neither the owner nor of the group write, which is what connecting takes.
const OTHERS: u32 = 0o002;
/// The user of gpuhm's services.
const SERVICE: &str = "gpuhm:";
const BY_TCP: &str = "or read it by TCP, without -d: --source dcgm://localhost:5555";

/// Sockets that are named, and this machine's usual one where it is there and `auto` would look.
pub(super) fn paths(subject: &Subject) -> Vec<(Place, String)> {
    let named = subject.places.iter().filter_map(|place| match &place.kind {
        Kind::DcgmSocket(path) => Some((place.clone(), path.clone())),
        _ => None,
    });
    let mut all: Vec<(Place, String)> = named.collect();
    if by_itself(subject) && is_there() {
        let place = Place { kind: Kind::DcgmSocket(SOCKET.to_owned()), host: None, gpus: None };
        all.push((place, SOCKET.to_owned()));
    }
    all
}

pub(super) fn run(subject: &Subject) -> Finding {
    let auto = by_itself(subject);
    let all = paths(subject);
    let looked = each(&all, subject.patience(), move |(_, path), _| look(path, !auto));
    let silent = || Finding::fault("connecting hangs: its queue is full".to_owned()).remedy(restart());
    let found = all.into_iter().zip(looked).map(|((place, _), found)| (place, found.unwrap_or_else(silent)));
    together(found.collect(), "sockets", "all can be connected to")
}

fn restart() -> String {
    "systemctl restart nvidia-dcgm".to_owned()
}

/// Whether an engine may be looked at through it.
pub(super) fn is_well(path: &str) -> bool {
    look(path, true).state != State::Fault
}

/// Looks at a socket, which was named or found.
fn look(path: &str, named: bool) -> Finding {
    let wrong = |text: String, remedy: String| severe(named, text).remedy(remedy);
    let data = match std::fs::metadata(path) {
        Ok(data) => data,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let remedy =
                format!("start the host engine with it: nv-hostengine -d {path} (nvidia-dcgm's ExecStart), {BY_TCP}");
            return wrong("there is no such socket".to_owned(), remedy);
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let remedy = format!("open the folder it is in, {BY_TCP}");
            return wrong("its folder is closed to this user".to_owned(), remedy);
        }
        Err(error) => return wrong(error.to_string(), "name another path".to_owned()),
    };
    if !data.file_type().is_socket() {
        let is = if data.is_dir() { "a folder" } else { "a file" };
        let remedy = "name the path that the host engine listens on: ss -xlp | grep nv-hostengine".to_owned();
        return wrong(format!("is {is}, and no socket"), remedy);
    }
    match UnixStream::connect(path) {
        Ok(_) => open(path, &data, is_root(), has_service_user()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let text = format!("this user may not connect: {}", owned(&data));
            wrong(text, opening(path))
        }
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            wrong("nothing listens on it: its host engine has ended".to_owned(), restart())
        }
        Err(error) => wrong(error.to_string(), restart()),
    }
}

/// One that can be connected to: by this user. The services' may be another.
fn open(path: &str, data: &Metadata, root: bool, service: bool) -> Finding {
    let text = owned(data);
    if root && service && data.mode() & OTHERS == 0 {
        let text = format!("{text}: root may connect, and gpuhm's services, which run as gpuhm, may not");
        return Finding::warning(text).remedy(opening(path));
    }
    Finding::ok(format!("can be connected to; {text}"))
}

fn owned(data: &Metadata) -> String {
    let owner = if data.uid() == 0 { "root's".to_owned() } else { format!("user {}'s", data.uid()) };
    format!("{owner}, mode {:04o}", data.mode() & 0o777)
}

fn opening(path: &str) -> String {
    format!(
        "let others write after the engine's start: ExecStartPost=chmod 0777 {path} in nvidia-dcgm.service, {BY_TCP}"
    )
}

/// Whether this process is root's.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn has_service_user() -> bool {
    std::fs::read_to_string("/etc/passwd").is_ok_and(|users| users.lines().any(|line| line.starts_with(SERVICE)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_socket_that_only_root_may_use_is_a_warning_where_services_run_as_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _listens = UnixListener::bind(&path).unwrap();
        let with = |mode: u32, root: bool, service: bool| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            open("/s", &path.metadata().unwrap(), root, service).state
        };
        assert_eq!(with(0o755, true, true), State::Warning);
        assert_eq!(with(0o777, true, true), State::Ok);
        assert_eq!(with(0o755, true, false), State::Ok, "no services here");
        assert_eq!(with(0o755, false, true), State::Ok, "whoever asks could connect");
    }

    #[test]
    fn each_way_in_which_it_is_none_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        assert_eq!(look(&path("none"), true).text, "there is no such socket");
        assert_eq!(look(&path("none"), false).state, State::Warning);
        std::fs::write(path("file"), "").unwrap();
        assert_eq!(look(&path("file"), true).text, "is a file, and no socket");
        assert_eq!(look(&path("."), true).text, "is a folder, and no socket");
        drop(UnixListener::bind(path("left")).unwrap());
        assert!(look(&path("left"), true).text.starts_with("nothing listens"));
        let _listens = UnixListener::bind(path("well")).unwrap();
        assert!(is_well(&path("well")) && !is_well(&path("left")));
    }
}
