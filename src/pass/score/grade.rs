//! The grade that is shown: a worse one at once, a better one only after the score was well above its border for a while.
//!
//! What is remembered is the health of last time: the grade shown, and since when a better one was in sight.

use super::numbers::{BETTER_BY, BETTER_FOR};
use crate::event::health::Grade;
use crate::event::{Health, Time};

/// The grade to show, and since when a better one is in sight.
pub(super) fn grade(last: Option<&Health>, score: i64, now: Time) -> (Grade, Option<Time>) {
    let plain = Grade::of(score);
    let Some(last) = last else { return (plain, None) };
    if plain >= last.grade || !in_sight(score, last.grade) {
        return (plain.max(last.grade), None);
    }
    let since = last.better_since.map_or(now, |since| since.min(now));
    if now.since(since) < BETTER_FOR {
        return (last.grade, Some(since));
    }
    // No better than both scores allow: what rose just now has not been there for a while.
    let better = best(score.min(last.score)).min(last.grade);
    (better, in_sight(score, better).then_some(now))
}

/// The best grade whose border the score is well above.
fn best(score: i64) -> Grade {
    let above = |grade: &Grade| score >= grade.border() + BETTER_BY;
    Grade::ALL.iter().copied().find(above).unwrap_or(Grade::Critical)
}

fn in_sight(score: i64, shown: Grade) -> bool {
    best(score) < shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::health::{Action, State};
    use crate::event::time::MINUTE;

    fn health(grade: Grade, score: i64, better_since: Option<i64>) -> Health {
        Health {
            gpu_uuid: String::new(),
            hostname: String::new(),
            device_index: None,
            time: Time(0),
            score,
            grade,
            state: State::Ok,
            confidence: 1.0,
            action: Action::None,
            ledger: Vec::new(),
            notes: Vec::new(),
            better_since: better_since.map(|minute| Time(minute * MINUTE)),
            as_of: Time(0),
            replaced_by: None,
        }
    }

    fn at(last: &Health, score: i64, minute: i64) -> (&'static str, Option<i64>) {
        let (grade, since) = grade(Some(last), score, Time(minute * MINUTE));
        (grade.word(), since.map(|since| since.ms() / MINUTE))
    }

    #[test]
    fn worse_acts_at_once() {
        assert_eq!(at(&health(Grade::Excellent, 100, None), 89, 0), ("good", None));
        assert_eq!(at(&health(Grade::Good, 85, Some(0)), 20, 40), ("critical", None));
    }

    #[test]
    fn better_needs_three_points_for_half_an_hour() {
        assert_eq!(at(&health(Grade::Good, 85, None), 92, 0), ("good", None), "only 2 above the border");
        assert_eq!(at(&health(Grade::Good, 85, None), 93, 0), ("good", Some(0)));
        assert_eq!(at(&health(Grade::Good, 93, Some(0)), 93, 29), ("good", Some(0)));
        assert_eq!(at(&health(Grade::Good, 93, Some(0)), 93, 30), ("excellent", None));
        assert_eq!(at(&health(Grade::Good, 93, Some(0)), 92, 29), ("good", None), "it fell back: it begins anew");
    }

    #[test]
    fn what_rose_just_now_is_not_shown_yet() {
        assert_eq!(at(&health(Grade::Critical, 55, Some(0)), 100, 30), ("poor", Some(30)));
    }

    #[test]
    fn a_first_sight_has_the_plain_grade() {
        assert_eq!(grade(None, 91, Time(0)), (Grade::Excellent, None));
    }
}
