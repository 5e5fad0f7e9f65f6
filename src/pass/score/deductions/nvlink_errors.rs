//! `NVLink` errors: CRC errors matter from 100 a second on, replays and recoveries from the first (DCGM).
//!
//! Those beside an XID 74 are the fault that it tells of, and its row's.

use super::xids;
use crate::event::facts::FaultMinute;
use crate::event::health::{Action, Dimension};
use crate::event::time::MINUTE;
use crate::pass::score::ids::{NVLINK_CRC, NVLINK_RECOVERY, NVLINK_REPLAY};
use crate::pass::score::numbers::DAY_WINDOW;
use crate::pass::score::rule::{Case, Found, Look, Needs, Rule, real};

const POINTS: f64 = 10.0;
/// CRC errors in a minute.
const CRC: i64 = 100 * 60;
/// Replays and recoveries in a minute.
const OTHER: i64 = 1;

pub(super) const RULE: Rule = Rule {
    id: "nvlink_errors",
    dimension: Dimension::Bus,
    points: "10, fading over a day",
    looks_for: "100 NVLink CRC errors a second over a minute, or any replay or recovery",
    hard: false,
    action: Action::Monitor,
    needs: Needs::Optional(&[&[NVLINK_CRC, NVLINK_REPLAY, NVLINK_RECOVERY]]),
    look,
    full: |_| POINTS,
};

fn look(case: &Case<'_>) -> Look {
    let bad = |minute: &&FaultMinute| minute.nvlink_crc >= CRC || minute.nvlink_other >= OTHER;
    let from = case.now.plus(-DAY_WINDOW);
    let all = case.known.minutes.iter().filter(|minute| minute.start > from).filter(bad);
    let (explained, minutes): (Vec<&FaultMinute>, Vec<&FaultMinute>) =
        all.partition(|minute| case.explained(xids::NVLINK_CODES, minute.start));
    // A row is of the end of its minute.
    let elsewhere = explained.iter().flat_map(|minute| [minute.start, minute.start.plus(MINUTE)]).collect();
    let Some(worst) = minutes.into_iter().max_by_key(|minute| minute.start) else {
        return Look { elsewhere, ..Look::CLEAR };
    };
    let (shown, limit, what) = if worst.nvlink_other >= OTHER {
        (worst.nvlink_other, OTHER, "replays and recoveries")
    } else {
        (worst.nvlink_crc, CRC, "CRC errors")
    };
    let at = worst.start.plus(MINUTE).min(case.now);
    let found = Found {
        points: case.faded(POINTS, at, DAY_WINDOW),
        at,
        window: Some(DAY_WINDOW),
        value: Some(real(shown)),
        limit: Some(real(limit)),
        unit: "a minute",
        text: format!("{shown} NVLink {what} in a minute"),
    };
    Look { elsewhere, ..Look::of(Some(found), true) }
}
