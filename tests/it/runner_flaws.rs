//! The proof's proof: in a world with something wrong in bus or store, the comparison must fail.

use crate::support::case::{Case, Stages, differences};
use crate::support::world::Flaw;

/// Streams after which a flaw counts as unnoticed.
const TRIES: u64 = 300;

fn is_noticed(stages: Stages, flaw: Flaw) -> bool {
    (0..TRIES).any(|seed| {
        let case = Case::random(seed, stages);
        let (wanted, _) = case.undisturbed();
        let (found, _) = case.disturbed(seed, Some(flaw));
        !differences(&wanted, &found).is_empty()
    })
}

#[test]
fn flaws_of_bus_and_store_are_noticed_in_aggregate() {
    for flaw in [Flaw::SettledTooFar, Flaw::TokensUnchecked, Flaw::FinishUnfenced, Flaw::LastRawStays, Flaw::StatesLost]
    {
        assert!(is_noticed(Stages::Aggregate, flaw), "{flaw:?} goes unnoticed");
    }
}

#[test]
fn flaws_of_the_bus_are_noticed_in_validate() {
    for flaw in [Flaw::SettledTooFar, Flaw::FinishUnfenced, Flaw::StatesLost] {
        assert!(is_noticed(Stages::Validate, flaw), "{flaw:?} goes unnoticed");
    }
}
