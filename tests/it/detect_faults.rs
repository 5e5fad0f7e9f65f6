//! Faults: an alert at once, one for each fingerprint, until the GPU's next reset.

use super::aggregate_support::{Fed, GPU, sample, with_xids};
use gpuhm::event::alert::{alert_id, fingerprint};
use gpuhm::event::{Severity, Status, Time};

#[test]
fn an_xid_of_the_hardware_fires_at_once_and_ends_with_the_reset() {
    let mut fed = Fed::default();
    fed.feed(&sample(GPU, 0, &[("energy_mj", 500.0)]));
    fed.feed(&with_xids(sample(GPU, 10_000, &[("energy_mj", 600.0)]), &[(79, 7000)]));
    fed.feed(&with_xids(sample(GPU, 20_000, &[("energy_mj", 700.0)]), &[(79, 17_000)]));
    fed.restart();
    fed.feed(&sample(GPU, 3_600_000, &[("energy_mj", 800.0)]));
    fed.feed(&sample(GPU, 7_200_000, &[("energy_mj", 3.0)]));
    let expected = [("xid".into(), "firing", "critical", 7, 10), ("xid".into(), "resolved", "critical", 7, 7200)];
    assert_eq!(fed.alerts(), expected);
    assert_eq!((fed.out.counts.fired, fed.out.counts.resolved), (1, 1));
    assert_eq!(fed.out.save, [GPU, GPU]);
    let kinds: Vec<_> = fed.out.rows.happenings.iter().map(|row| (row.kind.as_str(), row.code)).collect();
    assert_eq!(kinds, [("xid", 79), ("xid", 79), ("reset", 0)]);
}

#[test]
fn an_alert_says_who_what_and_what_to_do() {
    let mut fed = Fed::default();
    fed.feed(&with_xids(sample(GPU, 10_000, &[("ecc_dbe_volatile", 0.0)]), &[(79, 7000)]));
    let alert = &fed.out.rows.alerts[0];
    let print = fingerprint("xid", GPU, "79");
    assert_eq!((&alert.fingerprint, &alert.alert_id), (&print, &alert_id(&print, Time(7000))));
    assert_eq!(alert.summary, "h1 GPU 3: XID 79: the GPU has fallen off the bus");
    assert!(alert.action.contains("RESTART_BM"));
    assert_eq!(alert.gpu.as_ref().unwrap().gpu_uuid, GPU);
    assert_eq!(alert.host.hostname.as_deref(), Some("h1"));
    assert_eq!((alert.evidence["xid"].as_i64(), alert.evidence["ecc_dbe_volatile"].as_i64()), (Some(79), Some(0)));
    let message = &fed.out.events[0];
    assert_eq!((message.topic, &message.key[..]), ("gpu-alerts", GPU.as_bytes()));
    assert_eq!(serde_json::from_slice::<gpuhm::event::Alert>(&message.value).unwrap(), *alert);
}

#[test]
fn what_programs_cause_is_only_told() {
    let mut fed = Fed::default();
    let codes = [13, 31, 43, 45, 63, 154, 0];
    let xids: Vec<(i64, i64)> = codes.iter().map(|code| (*code, 900)).collect();
    fed.feed(&with_xids(sample(GPU, 1000, &[]), &xids));
    assert_eq!(fed.alerts(), []);
    assert_eq!(fed.out.rows.happenings.len(), codes.len());
}

#[test]
fn codes_are_alerts_of_their_own_and_an_unknown_one_warns() {
    let mut fed = Fed::default();
    fed.feed(&with_xids(sample(GPU, 1000, &[]), &[(94, 500), (9999, 600), (48, 700)]));
    let severities: Vec<_> = fed.out.rows.alerts.iter().map(|alert| (alert.severity, alert.status)).collect();
    let firing = Status::Firing;
    assert_eq!(severities, [(Severity::Warning, firing), (Severity::Warning, firing), (Severity::Critical, firing)]);
}

#[test]
fn an_xid_from_before_the_reset_is_answered_by_it() {
    let mut fed = Fed::default();
    fed.feed(&sample(GPU, 0, &[("energy_mj", 500.0)]));
    fed.feed(&sample(GPU, 590_000, &[("energy_mj", 600.0)]));
    fed.feed(&with_xids(sample(GPU, 600_000, &[("energy_mj", 1.0)]), &[(48, 590_000)]));
    fed.feed(&with_xids(sample(GPU, 300_000, &[("ecc_dbe_volatile", 4.0)]), &[(79, 299_000)]));
    fed.feed(&with_xids(sample(GPU, 610_000, &[]), &[(95, 590_000)]));
    assert_eq!(fed.alerts(), []);
    let told = fed.out.rows.happenings.iter().filter(|row| row.kind == "xid").count();
    assert_eq!(told, 3, "it is told all the same");
    fed.feed(&with_xids(sample(GPU, 620_000, &[]), &[(95, 615_000)]));
    assert_eq!(fed.alerts().len(), 1);
}

#[test]
fn an_xid_that_may_have_followed_the_reset_stands_until_the_next() {
    let mut fed = Fed::default();
    fed.feed(&sample(GPU, 0, &[("energy_mj", 500.0)]));
    // One report has both: the counters began again, and the GPU fell off the bus after all.
    fed.feed(&with_xids(sample(GPU, 10_000, &[("energy_mj", 3.0)]), &[(79, 8000)]));
    fed.restart();
    // An event that comes late tells of the same time.
    fed.feed(&with_xids(sample(GPU, 9000, &[]), &[(95, 7000)]));
    fed.feed(&sample(GPU, 20_000, &[("energy_mj", 90.0)]));
    let [lost, uncontained] = [("xid".into(), "firing", "critical", 8, 10), ("xid".into(), "firing", "critical", 7, 9)];
    assert_eq!(fed.alerts(), [lost, uncontained]);
    fed.feed(&sample(GPU, 30_000, &[("energy_mj", 1.0)]));
    let ended = fed.out.rows.alerts[2..].iter().map(|alert| alert.status).collect::<Vec<_>>();
    assert_eq!(ended, [Status::Resolved; 2]);
}

#[test]
fn a_counter_that_steps_back_a_little_is_no_reset() {
    let mut fed = Fed::default();
    let energy = |at: i64, mj: f64| sample(GPU, at, &[("energy_mj", mj)]);
    fed.feed(&with_xids(energy(10_000, 1_001_000.0), &[(79, 7000), (48, 7000), (95, 7000)]));
    // The second collector read first and stamped last.
    fed.feed(&energy(10_003, 1_000_999.0));
    fed.feed(&energy(20_000, 500_500.0));
    assert!(fed.out.rows.alerts.iter().all(|alert| alert.status == Status::Firing));
    assert!(fed.out.rows.happenings.iter().all(|row| row.kind == "xid"));
    fed.feed(&energy(30_000, 250_249.0));
    assert_eq!(fed.out.counts.resolved, 3);
    assert_eq!(fed.out.rows.happenings.last().unwrap().detail, "energy_mj began again: 500500, then 250249");
}

#[test]
fn without_counters_a_flag_that_only_a_reset_takes_back_shows_one() {
    for flag in ["row_remap_pending", "retired_pages_pending"] {
        let mut fed = Fed::default();
        fed.feed(&with_xids(sample(GPU, 10_000, &[(flag, 1.0)]), &[(48, 7000)]));
        fed.restart();
        let before = fed.out.rows.alerts.len();
        // An old event and one without the flag tell nothing.
        fed.feed(&sample(GPU, 5000, &[(flag, 0.0)]));
        fed.feed(&sample(GPU, 20_000, &[]));
        assert_eq!(fed.out.rows.alerts.len(), before, "{flag}");
        fed.feed(&sample(GPU, 30_000, &[(flag, 0.0)]));
        assert_eq!(fed.out.counts.resolved, before as u64, "{flag}");
        let reset = fed.out.rows.happenings.iter().find(|row| row.kind == "reset").expect(flag);
        assert_eq!(reset.detail, format!("{flag} is no longer set, which takes a reset"));
        fed.feed(&sample(GPU, 40_000, &[(flag, 0.0)]));
        assert_eq!(fed.out.rows.happenings.iter().filter(|row| row.kind == "reset").count(), 1);
    }
}

#[test]
fn uncorrectable_errors_fire_when_they_grow_and_at_first_sight() {
    let mut fed = Fed::default();
    let dbe = |at: i64, errors: f64| sample(GPU, at * 1000, &[("ecc_dbe_volatile", errors)]);
    fed.feed(&dbe(0, 0.0));
    fed.feed(&dbe(10, 2.0));
    fed.feed(&dbe(20, 3.0));
    assert_eq!(fed.alerts(), [("ecc_dbe".into(), "firing", "critical", 10, 10)]);
    let alert = &fed.out.rows.alerts[0];
    assert_eq!((alert.value, alert.threshold, alert.unit.as_deref()), (Some(2.0), Some(0.0), Some("errors")));
    // The reset takes the count back to 1: the old alert ends, and 1 is an error since the reset.
    fed.feed(&dbe(30, 1.0));
    assert_eq!(
        fed.alerts()[1..],
        [("ecc_dbe".into(), "resolved", "critical", 10, 30), ("ecc_dbe".into(), "firing", "critical", 30, 30)]
    );
    let mut first = Fed::default();
    first.feed(&dbe(0, 1.0));
    assert_eq!(first.alerts().len(), 1);
}

#[test]
fn flags_fire_once_while_they_stand() {
    let flags = [
        ("row_remap_failure", "row_remap_failure", "critical"),
        ("row_remap_pending", "row_remap_pending", "warning"),
        ("sram_threshold_exceeded", "sram_threshold", "critical"),
    ];
    for (metric, rule, severity) in flags {
        let mut fed = Fed::default();
        fed.every((0, 30, 10), &[(metric, 0.0), ("energy_mj", 9.0)]);
        fed.every((30, 100, 10), &[(metric, 1.0), ("energy_mj", 9.0)]);
        fed.every((100, 86_400, 600), &[]);
        assert_eq!(fed.alerts(), [(rule.to_owned(), "firing", severity, 30, 30)]);
        fed.every((86_400, 86_410, 10), &[(metric, 0.0), ("energy_mj", 1.0)]);
        assert_eq!(fed.alerts()[1..], [(rule.to_owned(), "resolved", severity, 30, 86_400)]);
    }
}
