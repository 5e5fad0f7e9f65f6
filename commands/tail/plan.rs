//! Where `tail` begins and ends: what the flags mean together, with the time of their instants.

use std::collections::BTreeMap;

use gpuhm::bus::From;
use gpuhm::event::Time;
use gpuhm::event::time::MINUTE;

use super::options::{Newest, Options};
use crate::exit::Failure;
use crate::moment::{Toward, moment};

/// An event never reaches the bus more than this before its own time, so that nothing newer is missed.
const AHEAD: i64 = 5 * MINUTE;

/// Where to begin and end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Where to begin.
    pub(super) from: From,
    /// Whether the backlog is shown by the time of its events.
    pub(super) sorted: bool,
    /// How many of the newest are kept of the backlog.
    pub(super) keep: Option<u64>,
    /// Times of the events that are wanted.
    pub(super) window: Window,
    /// Whether to go on behind the backlog.
    pub(super) follow: bool,
}

/// Events between two instants; without one, on that side all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) since: Option<Time>,
    pub(super) until: Option<Time>,
}

impl Window {
    /// Whether it is all of time.
    pub(super) fn is_everything(self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Whether an instant is in it.
    pub(super) fn holds(self, at: Time) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at <= until)
    }
}

impl Plan {
    /// The plan at `now`. Behind `cursors`, where a run before this one stopped, the other positions count no more.
    /// `choosy` says that not every record is wanted.
    pub(super) fn of(
        options: &Options,
        choosy: bool,
        cursors: Option<BTreeMap<i32, i64>>,
        now: Time,
    ) -> Result<Plan, Failure> {
        let instant =
            |flag, text: &Option<String>| text.as_deref().map(|text| moment(flag, text, now, Toward::Past)).transpose();
        let (since, until) = (instant("--since", &options.since)?, instant("--until", &options.until)?);
        if since.zip(until).is_some_and(|(since, until)| since > until) {
            return Err(Failure::usage("--since is later than --until: there is nothing between them"));
        }
        let follow = !options.no_follow && until.is_none_or(|until| until > now);
        // What is there now is what `now` means, whatever the clocks of its senders showed.
        let until = until.filter(|until| *until != now);
        let window = Window { since, until };
        let plan = |from, sorted, keep, window| Ok(Plan { from, sorted, keep, window, follow });
        if let Some(cursors) = cursors {
            let sorted = options.offset.is_none();
            return plan(From::Cursors(cursors), sorted, None, Window { since: None, until });
        }
        if let Some(from) = &options.offset {
            return plan(from.clone(), false, None, window);
        }
        if let Some(since) = since {
            return plan(From::Arrived(since.plus(-AHEAD)), true, None, window);
        }
        match options.lines {
            Newest::All => plan(From::Beginning, true, None, window),
            Newest::Count(0) => plan(From::End, true, None, window),
            // The newest that are wanted may lie anywhere.
            Newest::Count(count) if choosy || until.is_some() => plan(From::Beginning, true, Some(count), window),
            Newest::Count(count) => plan(From::Newest(count), true, Some(count), window),
        }
    }
}
