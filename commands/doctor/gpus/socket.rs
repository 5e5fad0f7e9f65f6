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

/// The user and the group of gpuhm's services.
const SERVICE: &str = "gpuhm";
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
        Ok(_) => open(path, &data, is_root(), Service::here().as_ref()),
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
fn open(path: &str, data: &Metadata, root: bool, service: Option<&Service>) -> Finding {
    let text = owned(data);
    if root && service.is_some_and(|service| !service.may_connect(data)) {
        let text = format!("{text}: root may connect, and gpuhm's services, which run as gpuhm, may not");
        return Finding::warning(text).remedy(opening(path));
    }
    Finding::ok(format!("can be connected to; {text}"))
}

fn owned(data: &Metadata) -> String {
    let owner = if data.uid() == 0 { "root's".to_owned() } else { format!("user {}'s", data.uid()) };
    format!("{owner}, group {}, mode {:04o}", data.gid(), data.mode() & 0o777)
}

/// Not for everyone: who connects to an engine of root's may change power limits and run diagnostics.
fn opening(path: &str) -> String {
    format!(
        "give it to a group whose members may change power limits and run diagnostics by it: chgrp {SERVICE} {path} && \
         chmod 0770 {path}, after each start of the engine (ExecStartPost= of nvidia-dcgm.service), {BY_TCP}"
    )
}

/// Whether this process is root's.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Who gpuhm's services run as.
struct Service {
    user: u32,
    groups: Vec<u32>,
}

impl Service {
    /// The one of this machine, where there is one.
    fn here() -> Option<Service> {
        let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
        Service::of(&std::fs::read_to_string("/etc/passwd").ok()?, &groups)
    }

    /// By the lines of `passwd` and `group`.
    fn of(users: &str, groups: &str) -> Option<Service> {
        let line = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let (user, own) = line
            .filter(|parts| parts.first() == Some(&SERVICE))
            .find_map(|parts| Some((parts.get(2)?.parse().ok()?, parts.get(3)?.parse().ok()?)))?;
        let others = groups.lines().filter_map(|line| {
            let mut parts = line.split(':');
            let id = parts.nth(2)?.parse().ok()?;
            parts.next()?.split(',').any(|member| member == SERVICE).then_some(id)
        });
        Some(Service { user, groups: std::iter::once(own).chain(others).collect() })
    }

    /// Whether it may write to this, which is what connecting takes.
    fn may_connect(&self, data: &Metadata) -> bool {
        let bit = match () {
            () if data.uid() == self.user => 0o200,
            () if self.groups.contains(&data.gid()) => 0o020,
            () => 0o002,
        };
        data.mode() & bit != 0
    }
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
        let group = path.metadata().unwrap().gid();
        let stranger = Service { user: u32::MAX, groups: vec![u32::MAX] };
        let member = Service { user: u32::MAX, groups: vec![u32::MAX, group] };
        let with = |mode: u32, root: bool, service: Option<&Service>| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            open("/s", &path.metadata().unwrap(), root, service)
        };
        let closed = with(0o755, true, Some(&stranger));
        assert_eq!(closed.state, State::Warning);
        let remedy = closed.remedy.unwrap();
        assert!(
            remedy.contains("chgrp gpuhm /s && chmod 0770 /s, after each start") && remedy.contains(BY_TCP),
            "{remedy}"
        );
        assert_eq!(with(0o770, true, Some(&stranger)).state, State::Warning);
        assert_eq!(with(0o755, true, Some(&member)).state, State::Warning);
        assert_eq!(with(0o770, true, Some(&member)).state, State::Ok, "what the remedy makes of it");
        assert_eq!(with(0o777, true, Some(&stranger)).state, State::Ok);
        assert_eq!(with(0o755, true, None).state, State::Ok, "no services here");
        assert_eq!(with(0o755, false, Some(&stranger)).state, State::Ok, "whoever asks could connect");
    }

    #[test]
    fn the_services_user_has_its_own_group_and_those_it_is_a_member_of() {
        let groups = "gpuhm:x:900:\ndcgm:x:77:nobody,gpuhm\nother:x:78:gpuhm2\n";
        let service = Service::of("root:x:0:0::/:\ngpuhm:x:901:900::/:\n", groups).unwrap();
        assert_eq!((service.user, service.groups), (901, vec![900, 77]));
        assert!(Service::of("gpuhm2:x:901:900::/:\n", groups).is_none());
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
