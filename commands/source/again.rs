//! The file of targets on SIGHUP: it is compared by what it names, so that a source that was added or taken away is never
//! believed to count. Sources are opened at the start only.

use gpuhm::source::place::Place;

use crate::service::reload::Act;

use super::live::LiveOptions;

/// So many sources are named; of more their number is said.
const NAMED: usize = 4;

/// Compares the file with what it named at the start, which is now.
pub(crate) fn act(live: &LiveOptions) -> Option<Act> {
    let file = live.file()?.display().to_string();
    let (live, before) = (live.clone(), live.targets().ok()?);
    Some(Box::new(move || {
        let now = live.targets().map_err(|failure| failure.text())?;
        if let Some(what) = differing(&before, &now) {
            tracing::warn!("needs a restart: sources in {file}: {what}");
        }
        Ok(())
    }))
}

/// What is in one of them only.
fn differing(before: &[Place], now: &[Place]) -> Option<String> {
    let only = |these: &[Place], those: &[Place], what: &str| {
        let only: Vec<_> = these.iter().filter(|place| !those.contains(place)).map(ToString::to_string).collect();
        let more = only.len().saturating_sub(NAMED);
        let mut names = only.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        if more > 0 {
            names = format!("{names} and {more} more");
        }
        (!names.is_empty()).then(|| format!("{what}: {names}"))
    };
    let parts: Vec<_> =
        [only(now, before, "not read yet"), only(before, now, "still read")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_and_much_of_it_is_counted() {
        let places = |from: u16, to: u16| -> Vec<Place> {
            (from..to).map(|port| format!("exporter:http://h:{port}/metrics").parse().unwrap()).collect()
        };
        assert_eq!(differing(&places(1, 3), &places(1, 3)), None);
        let all: Vec<_> = places(1, 3).into_iter().rev().collect();
        assert_eq!(differing(&places(1, 3), &all), None, "their order says nothing");
        let said = differing(&places(1, 3), &places(2, 4)).unwrap();
        assert_eq!(said, "not read yet: exporter:http://h:3/metrics; still read: exporter:http://h:1/metrics");
        assert!(differing(&[], &places(1, 9)).unwrap().ends_with(":4/metrics and 4 more"));
    }
}
