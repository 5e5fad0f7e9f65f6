//! A small fleet for the rules over it: facts that advance a minute at a time, and what a pass says applied to them.
//!
//! Stands for the store: alerts by id, those that fire kept; marks put on them; and every alert event in order. The GPUs
//! and hosts do what a test tells them. Knows nothing of how the rules judge.

use std::collections::{BTreeMap, BTreeSet};

use crate::fleet_health::{Hard, health};
use gpuhm::event::alert::{AlertGpu, AlertHost, alert_id, fingerprint};
use gpuhm::event::health::{Health, State};
use gpuhm::event::matcher::Fields;
use gpuhm::event::rows::{CollectorRow, Happening, Place, Raw};
use gpuhm::event::time::{DAY, MINUTE, SECOND};
use gpuhm::event::{Alert, Facts, Known, Matcher, Severity, Silence, Status, Time, Values};
use gpuhm::pass::Now;
use gpuhm::pass::fleet::{Outcome, judge};

/// Milliseconds between samples.
const STEP: i64 = 10 * SECOND;

/// A fleet and what was said of it.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    pub(crate) facts: Facts,
    pub(crate) now: Time,
    /// Whether passes may judge absence.
    pub(crate) absence: bool,
    /// Whether the stages stand still: nothing new is stored.
    pub(crate) stalled: bool,
    /// GPUs that send nothing, by UUID.
    pub(crate) mute: BTreeSet<String>,
    /// Hosts whose GPUs and collector send nothing.
    pub(crate) down: BTreeSet<String>,
    /// Hosts whose collector alone does not report.
    pub(crate) unreported: BTreeSet<String>,
    /// States other than ok.
    pub(crate) states: BTreeMap<String, State>,
    /// Hard rows in ledgers, by UUID: of an event, with its time; of a flag, whose time is the newest sample's.
    pub(crate) hard: BTreeMap<String, Option<Time>>,
    /// Every alert event, in order.
    pub(crate) said: Vec<Alert>,
}

/// The host with this number; four to a rack.
pub(crate) fn host(number: usize) -> String {
    format!("node-{number:03}")
}

/// The GPU at an index of the host with this number.
pub(crate) fn uuid(number: usize, index: usize) -> String {
    format!("GPU-{number:03}-{index}")
}

/// The rack of the host with this number.
pub(crate) fn rack(number: usize) -> String {
    format!("rack-{:02}", number / 4)
}

impl Fleet {
    /// `hosts` of `gpus` each, all well and long known.
    pub(crate) fn new(hosts: usize, gpus: usize) -> Fleet {
        let now = Time::parse("2026-02-11T07:20:00Z").unwrap();
        let mut facts = Facts::default();
        for number in 0..hosts {
            facts.gpus.extend((0..gpus).map(|index| known(number, index, now)));
            let expected = i64::try_from(gpus).ok();
            let counts = [Some(100_000), Some(0), Some(0), Some(0), expected, expected];
            facts.collectors.push(CollectorRow { hostname: host(number), time: now, counts, ..Default::default() });
        }
        let none = BTreeSet::new;
        Fleet {
            facts,
            now,
            absence: true,
            stalled: false,
            mute: none(),
            down: none(),
            unreported: none(),
            states: BTreeMap::new(),
            hard: BTreeMap::new(),
            said: Vec::new(),
        }
    }

    /// Lets `ms` pass: those that send do, up to the last step.
    pub(crate) fn wait(&mut self, ms: i64) {
        self.now = self.now.plus(ms);
        if self.stalled {
            return;
        }
        let (time, minute) = (self.now.floor(STEP), self.now.floor(MINUTE));
        for known in &mut self.facts.gpus {
            if !self.down.contains(&known.latest.hostname) && !self.mute.contains(&known.latest.gpu_uuid) {
                (known.latest.time, known.written) = (time, self.now);
            }
        }
        for row in &mut self.facts.collectors {
            if !self.down.contains(&row.hostname) && !self.unreported.contains(&row.hostname) && minute > row.time {
                row.counts[0] = row.counts[0].map(|ticks| ticks + minute.since(row.time) / STEP);
                row.time = minute;
            }
        }
    }

    /// What a pass would say now.
    pub(crate) fn judge(&self) -> Outcome {
        judge(&self.facts, &self.healths(), Now { at: self.now, absence: self.absence, stalled: self.stalled })
    }

    /// A pass: what it says is said and written.
    pub(crate) fn pass(&mut self) -> Outcome {
        let out = self.judge();
        self.said.extend(out.alerts.iter().cloned());
        apply(&mut self.facts, &out);
        let healths = self.healths();
        for (known, health) in self.facts.gpus.iter_mut().zip(healths) {
            known.health = Some(health);
        }
        out
    }

    /// Minutes, with a pass after each.
    pub(crate) fn minutes(&mut self, count: usize) {
        for _ in 0..count {
            self.wait(MINUTE);
            self.pass();
        }
    }

    pub(crate) fn gpu(&mut self, number: usize, index: usize) -> &mut Known {
        let uuid = uuid(number, index);
        self.facts.gpus.iter_mut().find(|known| known.uuid() == uuid).unwrap()
    }

    /// Its collector starts anew.
    pub(crate) fn restart_collector(&mut self, number: usize) {
        let name = host(number);
        let row = self.facts.collectors.iter_mut().find(|row| row.hostname == name).unwrap();
        (row.counts[0], row.counts[3], row.time) = (Some(1), Some(0), self.now.floor(STEP));
    }

    /// The GPU shows a reset now.
    pub(crate) fn reset(&mut self, number: usize, index: usize) {
        let at = self.now.floor(STEP);
        let (gpu_uuid, hostname) = (uuid(number, index), host(number));
        let event = Happening { gpu_uuid, at, kind: "reset".into(), code: 0, hostname, detail: "began again".into() };
        self.gpu(number, index).events.push(event);
    }

    /// `detect` raises an alert on a GPU, as aggregate would write it.
    pub(crate) fn detect(
        &mut self,
        (number, index): (usize, usize),
        (rule, code): (&str, Option<i64>),
        severity: Severity,
    ) {
        let alert = detected((number, index), (rule, code), severity, self.now.floor(STEP));
        if !self.facts.alerts.iter().any(|open| open.fingerprint == alert.fingerprint) {
            self.facts.alerts.push(alert);
        }
    }

    /// `detect` ends its alerts of a rule, as aggregate would write it.
    pub(crate) fn clear(&mut self, rule: &str) {
        self.facts.alerts.retain(|alert| alert.rule != rule);
    }

    /// Silences what matches from now on.
    pub(crate) fn silence(&mut self, matchers: &[&str], ms: i64) -> String {
        let read = |text: &&str| Matcher::parse(text, <Alert as Fields>::names()).unwrap();
        let until = self.now.plus(ms);
        let silence = Silence::new(matchers.iter().map(read).collect(), self.now, until, "works", "ana");
        let mark = silence.mark();
        self.facts.silences.push(silence);
        mark
    }

    /// The alerts that fire, of a rule.
    pub(crate) fn firing(&self, rule: &str) -> Vec<&Alert> {
        self.facts.alerts.iter().filter(|alert| alert.rule == rule).collect()
    }

    /// The alerts that are open.
    pub(crate) fn open(&self) -> Vec<&Alert> {
        self.facts.alerts.iter().filter(|alert| alert.is_open()).collect()
    }

    /// Rule and status of every event so far.
    pub(crate) fn events(&self) -> Vec<(&str, &str)> {
        self.said.iter().map(|alert| (alert.rule.as_str(), alert.status.word())).collect()
    }

    fn healths(&self) -> Vec<Health> {
        let health = |known: &Known| {
            let hard = match self.hard.get(known.uuid()) {
                None => return health(known, self.states.get(known.uuid()).copied(), (Hard::No, self.now)),
                Some(at) => at.map_or(Hard::Flag, Hard::At),
            };
            health(known, Some(State::Critical), (hard, self.now))
        };
        self.facts.gpus.iter().map(health).collect()
    }
}

/// What a store does with an outcome.
pub(crate) fn apply(facts: &mut Facts, out: &Outcome) {
    for alert in &out.alerts {
        facts.alerts.retain(|open| open.alert_id != alert.alert_id);
        if alert.status == Status::Firing {
            facts.alerts.push(alert.clone());
        }
    }
    for mark in &out.suppressions {
        for alert in facts.alerts.iter_mut().filter(|alert| alert.alert_id == mark.alert_id) {
            alert.suppressed_by.clone_from(&mark.by);
        }
    }
}

/// A GPU that was known for a month.
pub(crate) fn known(number: usize, index: usize, now: Time) -> Known {
    let device_index = i64::try_from(index).ok();
    let texts = [Some("c1".into()), Some(rack(number)), Some("dc1".into()), Some("H100".into()), None, None];
    let (gpu_uuid, hostname) = (uuid(number, index), host(number));
    let since = now.plus(-30 * DAY);
    let latest = Raw {
        time: now,
        gpu_uuid: gpu_uuid.clone(),
        hostname: hostname.clone(),
        device_index,
        model: Some("H100".into()),
        values: Values::default(),
        latency_ms: None,
        interval_ms: Some(STEP),
    };
    Known {
        latest,
        written: now,
        place: Place { gpu_uuid, since, hostname, device_index, texts },
        first: since,
        asset: None,
        health: None,
        prediction: None,
        events: Vec::new(),
        minutes: Vec::new(),
        hours: Vec::new(),
        corrected: Vec::new(),
        retired_a_week_ago: None,
    }
}

/// An alert as `detect` raises it.
pub(crate) fn detected(
    (number, index): (usize, usize),
    (rule, code): (&str, Option<i64>),
    severity: Severity,
    since: Time,
) -> Alert {
    let gpu_uuid = uuid(number, index);
    let print = fingerprint(rule, &gpu_uuid, &code.map(|code| code.to_string()).unwrap_or_default());
    Alert {
        schema_version: "1.0".into(),
        event_type: "gpu_alert".into(),
        alert_id: alert_id(&print, since),
        fingerprint: print,
        rule: rule.into(),
        status: Status::Firing,
        severity,
        gpu: Some(AlertGpu { gpu_uuid, device_index: i64::try_from(index).ok(), ..AlertGpu::default() }),
        host: AlertHost { hostname: Some(host(number)), rack: Some(rack(number)), ..AlertHost::default() },
        value: None,
        threshold: None,
        unit: None,
        since: since.to_string(),
        at: since.to_string(),
        summary: format!("{} GPU {index}: {rule}", host(number)),
        action: "Look.".into(),
        evidence: code.map(|code| (rule.to_owned(), code.into())).into_iter().collect(),
        suppressed_by: None,
    }
}
