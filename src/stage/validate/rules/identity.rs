//! Names that become keys: the GPU's UUID, and the host of a collector's report.

use super::{Problem, Rule, Subject, problem};
use crate::event::Body;
use crate::event::text::is_plain;

/// Longest identity. NVIDIA's are 40 characters; the bound keeps keys and indexes small.
const LONGEST: usize = 128;

/// Keys of hosts and racks begin so; a GPU of such a name would share their state.
const KEYS: [&str; 2] = ["host:", "rack:"];

/// Accepts 1 to 128 printable characters; the seed's own UUID is not hexadecimal.
pub(super) struct Identity;

impl Rule for Identity {
    fn id(&self) -> &'static str {
        "identity"
    }

    fn refuses(&self) -> &'static str {
        "a gpu_uuid or host name that is not 1 to 128 printable characters, a gpu_uuid that begins with host: or rack:"
    }

    fn check(&self, subject: &Subject<'_>, problems: &mut Vec<Problem>) {
        let mut hold = |field: &str, name: Option<&str>| {
            let Some(name) = name else { return };
            let length = if name.is_ascii() { name.len() } else { name.chars().count() };
            let shown = || format!("{:?}", name.chars().take(64).collect::<String>());
            if length == 0 || length > LONGEST || !is_plain(name) {
                problems.push(problem(self, field, shown(), "is not 1 to 128 printable characters"));
            } else if field == "gpu.gpu_uuid" && KEYS.iter().any(|key| name.starts_with(key)) {
                problems.push(problem(self, field, shown(), "reads like the key of a host or rack"));
            }
        };
        if let Body::Sample(gpu, ..) = &subject.event.body {
            hold("gpu.gpu_uuid", gpu.gpu_uuid.as_deref());
        }
        hold("host.hostname", subject.event.host.hostname.as_deref());
    }
}
