//! Every number of the fleet rules in one table, with where it comes from; (J) marks judgement.
//!
//! Times in milliseconds, shares in percent. One place, so that rules cannot disagree about when something is silent.

use crate::event::time::{HOUR, MINUTE, SECOND};

/// The interval of a source that does not state its own: the seed's.
pub(crate) const INTERVAL: i64 = 10 * SECOND;
/// A host is alive only if its newest sample was written this soon after its own time; else it is a replay of the past
/// (design, section 4: a replay raises no absence). (J)
pub(crate) const PROMPT: i64 = 5 * MINUTE;
/// A GPU is silent when its host is ahead of it by more than this many intervals … (facts on health, 3: freshness)
pub(crate) const GPU_INTERVALS: i64 = 3;
/// … and by more than this. (J)
pub(crate) const GPU_AT_LEAST: i64 = MINUTE;
/// A host is silent after more than this many intervals … (J)
pub(crate) const HOST_INTERVALS: i64 = 6;
/// … and more than this: as long as a gap that restarts `for` times (design, section 4).
pub(crate) const HOST_AT_LEAST: i64 = 3 * MINUTE;
/// A silent host is critical from here on. Critical is what pages; a planned reboot is over before, and pages nobody. (J)
pub(crate) const HOST_CRITICAL: i64 = 10 * MINUTE;
/// Boot grace: so long after a boot, absence and grades do not begin (facts on operators, F.2).
pub(crate) const GRACE: i64 = 10 * MINUTE;
/// A collector that starts over and over claims a boot each time; a GPU silent for longer than this is told all the same
/// (facts on operators, C.3: the lost GPU that takes its monitor down). (J)
pub(crate) const LONGEST_BOOT: i64 = HOUR;
/// A silent host that is back in part stays one alert until it is whole, no longer than this after it fell silent. (J)
pub(crate) const COMING_BACK: i64 = 30 * MINUTE;
/// A report older than this against its host's samples is no report; collectors report every minute. (J)
pub(crate) const REPORT: i64 = 3 * MINUTE;
/// An incident begins at this share of a scope's GPUs in one state (facts on health, 5.5; on operators, F.6) …
pub(crate) const INCIDENT: usize = 20;
/// … and goes on down to this one. (J)
pub(crate) const INCIDENT_ENDS: usize = 10;
/// An incident of a host has at least so many GPUs, one of a rack GPUs of at least so many hosts: one is no common cause.
pub(crate) const INCIDENT_AT_LEAST: usize = 2;
/// It begins only with as many that got into the state within this of each other: two a week apart have no common cause. (J)
pub(crate) const INCIDENT_WITHIN: i64 = HOUR;
/// Hosts silent at once, above this share: look at the pipeline first (facts on operators, F: breaker at 50 %, F.6) …
pub(crate) const PIPELINE: usize = 50;
/// … and down to this one. (J)
pub(crate) const PIPELINE_ENDS: usize = 25;
/// … and at least so many hosts. (J)
pub(crate) const PIPELINE_AT_LEAST: usize = 3;
/// Silences that begin within this of the newest are "at once": a host that died last week is no part of it. (J)
pub(crate) const AT_ONCE: i64 = HOUR;
/// Members of an incident that began further apart than this are not one outbreak. (J)
pub(crate) const OUTBREAK: i64 = 10 * MINUTE;
/// A beginning that is known only roughly is stated to this, so that a repeated pass states the same.
pub(crate) const ROUGHLY: i64 = HOUR;
/// At most so many names in an alert's evidence; counts stand beside them. An event must fit the bus.
pub(crate) const MOST_LISTED: usize = 100;
