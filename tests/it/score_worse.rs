//! P2 of the score: whatever gets worse, the score never gets better.
//!
//! Told apart: an XID 94, 95, 140 or 74 beside counted errors says what these were, which may be milder than it seemed.
//!
//! More cases than of the other properties, and what happens aims at what is there: one fault told twice is one, and that
//! is where a score could rise.

use gpuhm::event::Known;
use gpuhm::event::facts::FaultMinute;
use gpuhm::event::time::{DAY, HOUR, MINUTE};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::score_support::{NOW, happening, host, judge, minute, shift};

/// Adds to the minutes: to the one that is there, or another one.
fn add(known: &mut Known, more: &FaultMinute) {
    let minutes = &mut known.minutes;
    let Some(minute) = minutes.iter_mut().find(|minute| minute.start == more.start) else {
        minutes.push(*more);
        minutes.sort_by_key(|minute| minute.start);
        return;
    };
    let longer = |a: f64, b: f64| (a + b).min(60.0);
    minute.hw_thermal_s = longer(minute.hw_thermal_s, more.hw_thermal_s);
    minute.power_brake_s = longer(minute.power_brake_s, more.power_brake_s);
    minute.sw_thermal_s = longer(minute.sw_thermal_s, more.sw_thermal_s);
    // What explains bit 3 comes with it, or it would take seconds away that count.
    minute.hw_slowdown_s += more.hw_slowdown_s;
    minute.dbe += more.dbe;
    minute.nvlink_crc += more.nvlink_crc;
    minute.nvlink_other += more.nvlink_other;
    minute.pcie_replays += more.pcie_replays;
}

/// Something that is worse than before.
#[derive(Debug, Clone)]
enum Worse {
    /// A code, and how long ago.
    Xid(i64, i64),
    Minute(FaultMinute),
    /// One of the GPU's own XIDs again, so much later; or uncorrectable errors in its minute.
    Again(Index, i64),
    Errors(Index, i64),
    /// A metric and how much more of it.
    More(&'static str, f64),
    /// Degrees warmer: the driver's margin shrinks with it.
    Warmer(f64),
}

fn worse() -> impl Strategy<Value = Worse> {
    let codes = select(vec![13, 31, 46, 48, 48, 48, 63, 64, 74, 79, 94, 95, 119, 140, 158]);
    let more = select(vec![
        ("row_remap_failure", 1.0),
        ("row_remap_pending", 1.0),
        ("retired_pages_pending", 1.0),
        ("sram_threshold_exceeded", 1.0),
        ("remapped_rows_uncorrectable", 3.0),
        ("bank_remap_none", 1.0),
        ("bank_remap_low", 1.0),
        ("retired_pages_dbe", 30.0),
        ("retired_pages_sbe", 63.0),
        ("pcie_link_width", -8.0),
        ("pcie_link_gen", -2.0),
    ]);
    prop_oneof![
        (codes, prop_oneof![0..31 * DAY, 0..HOUR]).prop_map(|(code, ago)| Worse::Xid(code, ago)),
        minute().prop_map(Worse::Minute),
        (any::<Index>(), 0..3 * MINUTE).prop_map(|(which, later)| Worse::Again(which, later)),
        (any::<Index>(), 1..4_i64).prop_map(|(which, errors)| Worse::Errors(which, errors)),
        more.prop_map(|(name, by)| Worse::More(name, by)),
        (1..30_i32).prop_map(|degrees| Worse::Warmer(f64::from(degrees))),
    ]
}

impl Worse {
    fn happen(&self, known: &mut Known) {
        match self {
            Worse::Xid(code, ago) => {
                known.events.push(happening("xid", *code, NOW.plus(-ago)));
                known.events.sort_by_key(|event| event.at);
            }
            Worse::Minute(minute) => add(known, minute),
            Worse::Again(which, later) => {
                let xids: Vec<_> = known.events.iter().filter(|event| event.kind == "xid").cloned().collect();
                if !xids.is_empty() {
                    let xid = which.get(&xids);
                    known.events.push(happening("xid", xid.code, xid.at.plus(*later).min(NOW)));
                    known.events.sort_by_key(|event| event.at);
                }
            }
            Worse::Errors(which, errors) => {
                let xids: Vec<_> = known.events.iter().filter(|event| event.code == 48).map(|event| event.at).collect();
                if !xids.is_empty() {
                    let start = which.get(&xids).floor(MINUTE);
                    add(known, &FaultMinute { start, dbe: *errors, ..FaultMinute::default() });
                }
            }
            Worse::More(name, by) => shift(&mut known.latest.values, &[name], *by),
            Worse::Warmer(by) => {
                shift(&mut known.latest.values, &["gpu_temp_c", "memory_temp_c"], *by);
                shift(&mut known.latest.values, &["temp_margin_c"], -by);
            }
        }
    }
}

/// Whether an XID that was added tells of errors that were counted before.
fn explains(before: &Known, after: &Known) -> bool {
    let new = after.events.iter().filter(|event| !before.events.contains(event));
    new.into_iter().any(|event| {
        let near = |minute: &&FaultMinute| minute.start.since(event.at.floor(MINUTE)).abs() <= MINUTE;
        let counted = |of: fn(&FaultMinute) -> i64| before.minutes.iter().filter(near).any(|minute| of(minute) > 0);
        match event.code {
            94 | 95 | 140 => counted(|minute| minute.dbe),
            74 => counted(|minute| minute.nvlink_crc + minute.nvlink_other),
            _ => false,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn p2_worse_never_scores_better(host in host(), worse in worse(), absence: bool) {
        let mut sick = host.clone();
        worse.happen(&mut sick[0]);
        prop_assume!(!explains(&host[0], &sick[0]));
        prop_assert!(judge(&sick, NOW, absence).score <= judge(&host, NOW, absence).score, "{:?}", worse);
    }
}
