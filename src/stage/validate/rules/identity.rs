//! Names that become keys: the GPU's UUID, and the host of a collector's report.

use super::{Problem, Rule, Subject, problem};
use crate::event::Body;

/// Longest identity. NVIDIA's are 40 characters; the bound keeps keys and indexes small.
const LONGEST: usize = 128;

/// Accepts 1 to 128 printable characters; the seed's own UUID is not hexadecimal.
pub(super) struct Identity;

impl Rule for Identity {
    fn id(&self) -> &'static str {
        "identity"
    }

    fn refuses(&self) -> &'static str {
        "a gpu_uuid or host name that is not 1 to 128 printable characters"
    }

    fn check(&self, subject: &Subject<'_>, problems: &mut Vec<Problem>) {
        let mut hold = |field: &str, name: Option<&str>| {
            let Some(name) = name else { return };
            let length = name.chars().count();
            if length == 0 || length > LONGEST || name.chars().any(char::is_control) {
                let shown: String = name.chars().take(64).collect();
                problems.push(problem(self, field, format!("{shown:?}"), "is not 1 to 128 printable characters"));
            }
        };
        if let Body::Sample(gpu, ..) = &subject.event.body {
            hold("gpu.gpu_uuid", gpu.gpu_uuid.as_deref());
        }
        hold("host.hostname", subject.event.host.hostname.as_deref());
    }
}
