//! Instants on the command line: RFC 3339, a date, `now`, `yesterday`, or a duration from now; and the GPU a person means.

use gpuhm::event::time::DAY;
use gpuhm::event::{GpuNow, Time};

use super::exit::Failure;
use super::options::{duration, ms};

/// Which way a duration without a sign goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toward {
    /// `2h` is two hours ago.
    Past,
    /// `2h` is in two hours.
    Future,
}

/// The instant that `text` names at `now`.
pub(crate) fn moment(flag: &str, text: &str, now: Time, toward: Toward) -> Result<Time, Failure> {
    let span = |text: &str| duration(text).ok().map(ms);
    let found = match text {
        "now" => Some(now),
        "today" => Some(now.floor(DAY)),
        "yesterday" => Some(now.floor(DAY).plus(-DAY)),
        _ => match (text.strip_prefix('-'), text.strip_prefix('+'), toward) {
            (Some(ago), ..) => span(ago).map(|span| now.plus(-span)),
            (_, Some(ahead), _) => span(ahead).map(|span| now.plus(span)),
            (None, None, Toward::Past) => span(text).map(|span| now.plus(-span)),
            (None, None, Toward::Future) => span(text).map(|span| now.plus(span)),
        },
    };
    let date = || Time::parse(&format!("{text}T00:00:00Z"));
    found.or_else(|| Time::parse(text)).or_else(date).ok_or_else(|| {
        Failure::usage(format!("{flag} {text:?}: not a time"))
            .hint("write RFC 3339 (2026-11-24T07:40Z), a date, now, yesterday, or a duration such as 2h or -30m")
    })
}

/// Fewest characters of a UUID that name a GPU.
const PREFIX: usize = 8;

/// The GPU that a selector names: its UUID, at least eight characters of its beginning, or `host/index`.
pub(crate) fn gpu<'g>(gpus: &'g [GpuNow], selector: &str) -> Result<&'g GpuNow, Failure> {
    let place = |gpu: &GpuNow| {
        let index = gpu.latest.device_index.map(|index| index.to_string()).unwrap_or_default();
        format!("{}/{index}", gpu.latest.hostname)
    };
    let digits = selector.strip_prefix("GPU-").unwrap_or(selector);
    let named = |gpu: &&GpuNow| {
        let uuid = gpu.uuid().strip_prefix("GPU-").unwrap_or(gpu.uuid());
        gpu.uuid() == selector || place(gpu) == selector || digits.len() >= PREFIX && uuid.starts_with(digits)
    };
    let mut found: Vec<&GpuNow> = gpus.iter().filter(named).collect();
    if found.len() > 1 {
        // The one in the slot now, where another was before.
        found.retain(|gpu| !gpu.is_replaced());
    }
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::usage(format!("no GPU {selector:?} in the store"))
            .hint("name one by its UUID, by eight characters or more of its beginning, or as host/index")),
        [one, other, ..] => {
            Err(Failure::usage(format!("{selector:?} names several GPUs: {} and {}", one.uuid(), other.uuid())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let now = Time::parse("2026-11-24T12:00:00Z").unwrap();
        let at = |text: &str, toward| moment("--at", text, now, toward).unwrap().to_string();
        assert_eq!(at("2h", Toward::Past), "2026-11-24T10:00:00.000Z");
        assert_eq!(at("2h", Toward::Future), "2026-11-24T14:00:00.000Z");
        assert_eq!(at("-2h", Toward::Future), "2026-11-24T10:00:00.000Z");
        assert_eq!(at("+2h", Toward::Past), "2026-11-24T14:00:00.000Z");
        assert_eq!(at("yesterday", Toward::Past), "2026-11-23T00:00:00.000Z");
        assert_eq!(at("2026-11-02", Toward::Past), "2026-11-02T00:00:00.000Z");
        assert!(moment("--at", "soon", now, Toward::Past).is_err());
    }
}
