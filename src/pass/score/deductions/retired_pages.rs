//! Pages retired on GPUs before Ampere: DCGM's limits for running the field diagnostic.

use crate::event::health::{Action, Dimension};
use crate::pass::score::ids::{RETIRED_DBE, RETIRED_SBE};
use crate::pass::score::rule::{Case, Found, Generation, Look, Needs, Rule, real};

const POINTS: f64 = 60.0;
/// Pages in all.
const MOST: i64 = 63;
/// Pages for uncorrectable errors …
const MOST_DBE: i64 = 15;
/// … with more than so many of them in a week.
const MOST_A_WEEK: i64 = 1;

pub(super) const RULE: Rule = Rule {
    id: "retired_pages",
    dimension: Dimension::Memory,
    points: "60",
    looks_for: "63 retired pages, or more than 15 for uncorrectable errors with more than 1 in a week (before Ampere)",
    hard: true,
    action: Action::RunFieldDiag,
    needs: Needs::Older(&[&[RETIRED_DBE], &[RETIRED_SBE]]),
    look,
    full: |_| POINTS,
};

fn look(case: &Case<'_>) -> Look {
    if case.generation == Generation::Ampere {
        return Look::CLEAR;
    }
    let (dbe, sbe) = (case.int(RETIRED_DBE), case.int(RETIRED_SBE));
    let all = dbe.unwrap_or_default().saturating_add(sbe.unwrap_or_default());
    let week = dbe.zip(case.known.retired_a_week_ago).map(|(now, then)| now.saturating_sub(then));
    let growing = dbe.is_some_and(|dbe| dbe > MOST_DBE) && week.is_some_and(|week| week > MOST_A_WEEK);
    let (shown, limit, text) = if all >= MOST {
        (all, MOST, format!("{all} memory pages are retired"))
    } else if growing {
        let (dbe, week) = (dbe.unwrap_or_default(), week.unwrap_or_default());
        (dbe, MOST_DBE, format!("{dbe} pages are retired for uncorrectable errors, {week} of them in a week"))
    } else {
        return Look::CLEAR;
    };
    let found = Found {
        points: POINTS,
        at: case.latest(),
        window: None,
        value: Some(real(shown)),
        limit: Some(real(limit)),
        unit: "pages",
        text,
    };
    Look::of(Some(found), true)
}
