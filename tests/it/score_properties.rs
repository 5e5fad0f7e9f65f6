//! The properties of the score (facts on health, section 3: P1 to P12), over any history; P2 is in `score_worse`.

use gpuhm::event::health::{Dimension, Grade, State};
use gpuhm::event::time::{DAY, HOUR, MINUTE, SECOND};
use gpuhm::event::{Facts, Health, Known, Time, Values};
use gpuhm::metric::ids;
use gpuhm::pass::Now;
use gpuhm::pass::score::score;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::score_support::{NOW, happening, host, judge, shift};

/// Most points of each dimension.
const CAPS: [(Dimension, i64); 5] = [
    (Dimension::Memory, 70),
    (Dimension::Bus, 60),
    (Dimension::Thermal, 40),
    (Dimension::Power, 30),
    (Dimension::Performance, 10),
];

/// The same host with another first GPU.
fn with(host: &[Known], change: impl FnOnce(&mut Known)) -> Vec<Known> {
    let mut host = host.to_vec();
    change(&mut host[0]);
    host
}

/// The same host after passes at these instants, each with the health of the one before.
fn after(host: &[Known], passes: &[Time]) -> Vec<Known> {
    let mut host = host.to_vec();
    for at in passes {
        host[0].health = Some(judge(&host, *at, true));
    }
    host
}

/// What a health says of the GPU, all but the instant.
fn says(health: &Health) -> (i64, String, String, State) {
    (health.score, format!("{:?}", health.ledger), format!("{:?}", health.notes), health.state)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn p1_the_ledger_adds_up(host in host(), absence: bool) {
        let health = judge(&host, NOW, absence);
        prop_assert!((0..=100).contains(&health.score));
        prop_assert_eq!(health.ledger.iter().map(|row| row.points).sum::<i64>(), 100 - health.score);
        for (dimension, cap) in CAPS {
            let of = health.ledger.iter().filter(|row| row.dimension == dimension);
            prop_assert!(of.map(|row| row.points).sum::<i64>() <= cap, "{:?}", dimension);
        }
        let full = |row: &gpuhm::event::health::Deduction| row.capped.unwrap_or(row.points);
        prop_assert!(health.ledger.iter().all(|row| row.points >= 0 && full(row) >= row.points));
        prop_assert!(health.ledger.is_sorted_by(|a, b| (a.hard, full(a)) >= (b.hard, full(b))), "hard, then worst first");
        prop_assert!((0.0..=1.0).contains(&health.confidence));
    }

    #[test]
    fn p3_a_missing_metric_neither_hides_nor_makes_a_fault(host in host(), lost: Index, ago in 0..10 * MINUTE) {
        let have: Vec<usize> = host[0].latest.values.iter().map(|(metric, _)| metric).collect();
        prop_assume!(!have.is_empty());
        let lose = |host: &[Known]| with(host, |known| known.latest.values.clear(*lost.get(&have)));
        // Seen for the first time: only less can be found.
        let (all, less) = (judge(&host, NOW, true), judge(&lose(&host), NOW, true));
        prop_assert!(less.score >= all.score);
        prop_assert!(less.confidence <= all.confidence);
        // Seen before: what it carried is held, to the point.
        let host = after(&host, &[NOW.plus(-ago)]);
        let (all, less) = (judge(&host, NOW, true), judge(&lose(&host), NOW, true));
        prop_assert_eq!(less.score, all.score, "{:#?}\n{:#?}", less.ledger, all.ledger);
        prop_assert!(less.confidence <= all.confidence);
    }

    #[test]
    fn p4_order_and_duplicates_do_not_matter(host in host(), again: Index, turn in 0..4_usize) {
        let mixed = with(&host, |known| {
            let twice = |length: usize| (length > 0).then(|| again.index(length));
            known.events.extend(twice(known.events.len()).map(|at| known.events[at].clone()));
            known.minutes.extend(twice(known.minutes.len()).map(|at| known.minutes[at]));
            known.events.reverse();
            known.minutes.reverse();
            known.corrected.reverse();
        });
        let mut gpus = mixed;
        gpus.rotate_left(turn);
        let healths = score(&Facts { gpus, ..Facts::default() }, Now { at: NOW, absence: true, stalled: false });
        let found = healths.iter().find(|health| health.gpu_uuid == "GPU-0").unwrap();
        prop_assert_eq!(says(found), says(&judge(&host, NOW, true)));
    }

    #[test]
    fn p5_a_counter_that_begins_again_changes_nothing(host in host(), ago in 0..DAY) {
        let reset = with(&host, |known| {
            for name in ["ecc_dbe_volatile", "ecc_sbe_volatile", "pcie_replays", "nvlink_crc_errors"] {
                shift(&mut known.latest.values, &[name], -1e9);
            }
            known.events.push(happening("reset", 0, NOW.plus(-ago)));
        });
        // A reset tells of a boot, too, which excuses silence: that is for the rules of presence.
        let (was, is) = (judge(&host, NOW, false), judge(&reset, NOW, false));
        prop_assert_eq!(was.score, is.score);
        prop_assert!(is.state == was.state || was.state == State::Critical, "a reset can only lift what is hard");
    }

    #[test]
    fn p6_idleness_caps_and_chosen_clocks_change_nothing(host in host(), mask in 0..512_i32) {
        let harmless = mask & 0b1_0001_0111;
        let set = with(&host, |known| {
            if known.latest.values.int(ids::THROTTLE).is_some() {
                known.latest.values.set_number(ids::THROTTLE, f64::from(harmless));
            }
        });
        prop_assert_eq!(says(&judge(&set, NOW, true)), says(&judge(&host, NOW, true)));
    }

    #[test]
    fn p7_bit_3_beside_6_or_7_is_not_counted_again(host in host()) {
        let shown = |with_3: bool| with(&host, |known| {
            for minute in &mut known.minutes {
                let explained = minute.hw_thermal_s + minute.power_brake_s;
                minute.hw_slowdown_s = if with_3 { explained } else { 0.0 };
            }
        });
        prop_assert_eq!(says(&judge(&shown(true), NOW, true)), says(&judge(&shown(false), NOW, true)));
    }

    #[test]
    fn p8_nothing_seen_is_unknown(host in host(), old: bool) {
        let blind = with(&host, |known| {
            known.events.clear();
            known.minutes.clear();
            if old {
                known.latest.time = NOW.plus(-15 * MINUTE);
            } else {
                known.latest.values = Values::default();
                known.latest.time = NOW;
            }
        });
        let health = judge(&blind, NOW, false);
        let hard = health.ledger.iter().any(|row| row.hard);
        prop_assert_eq!(health.state, if hard { State::Critical } else { State::Unknown });
        prop_assert!(health.confidence < 1e-9);
        prop_assert!(old || health.score >= 87, "only history costs points");
    }

    #[test]
    fn p9_the_same_twice_is_the_same(host in host(), absence: bool) {
        prop_assert_eq!(judge(&host, NOW, absence), judge(&host, NOW, absence));
    }

    #[test]
    fn p10_time_alone_never_lowers_the_score(host in host(), steps in prop::collection::vec(0..3 * DAY, 1..8)) {
        let mut host = host;
        let (mut at, mut last) = (NOW, judge(&host, NOW, true));
        let first = host.clone();
        for step in steps {
            at = at.plus(step);
            prop_assert!(judge(&first, at, true).score >= judge(&first, at.plus(-step), true).score, "without a past");
            host[0].health = Some(last.clone());
            let health = judge(&host, at, true);
            prop_assert!(health.score >= last.score, "{:#?}\n{:#?}", last.ledger, health.ledger);
            last = health;
        }
    }

    #[test]
    fn p11_a_hard_deduction_fixes_the_state(host in host(), old: bool) {
        let host = with(&host, |known| if old { known.latest.time = NOW.plus(-HOUR) });
        let health = judge(&host, NOW, false);
        if health.ledger.iter().any(|row| row.hard) {
            prop_assert_eq!(health.state, State::Critical);
        } else if health.confidence < 0.5 {
            prop_assert_eq!(health.state, State::Unknown);
        } else {
            prop_assert_eq!(health.state, Grade::of(health.score).state());
        }
    }

    #[test]
    fn p11_only_a_later_reset_answers(host in host(), ago in MINUTE..6 * DAY, wait in -10 * MINUTE..10 * MINUTE) {
        let at = NOW.plus(-ago).floor(MINUTE).plus(SECOND);
        let host = with(&host, |known| {
            known.events.retain(|event| event.kind != "reset");
            known.events.push(happening("xid", 95, at));
            known.events.push(happening("reset", 0, at.plus(wait)));
        });
        let later = host[0].events.iter().filter(|event| event.kind == "xid" && [95, 140].contains(&event.code));
        let newest = later.map(|event| event.at).max().unwrap();
        let health = judge(&host, NOW, true);
        let row = health.ledger.iter().find(|row| row.id == "uncontained_error").unwrap();
        prop_assert_eq!(row.hard, at.plus(wait) <= newest);
    }

    #[test]
    fn p12_only_the_distance_to_the_own_limit_counts(host in host(), by in -20..20_i32) {
        let names = ["gpu_temp_c", "memory_temp_c", "slowdown_temp_c", "memory_max_operating_temp_c", "shutdown_temp_c"];
        let shifted = with(&host, |known| shift(&mut known.latest.values, &names, f64::from(by)));
        prop_assert_eq!(says(&judge(&shifted, NOW, true)), says(&judge(&host, NOW, true)));
    }
}
