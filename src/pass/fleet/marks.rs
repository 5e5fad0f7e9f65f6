//! What suppresses an alert: a silence, or another alert that tells the same trouble better.
//!
//! In this order: a silence; an incident it is a member of; its host, lost; its GPU, silent; and, of a grade, the GPU's own
//! alert. What inhibits is at least as bad as what it inhibits, so that nothing hides something worse than itself; only
//! people may, by a silence. One exception: a grade that comes of points alone says nothing that an alert of its GPU does not.
//! Each stands above what it inhibits, so that no two can hide each other.

use std::collections::HashMap;

use super::rules::{GPU_SILENT, HEALTH_GRADE, HOST_SILENT, OFF_BUS, POINTS, World, code};
use crate::event::alert::fingerprint;
use crate::event::{Alert, Silence, Time};

/// The fingerprints of alerts that inhibit others, in the order in which they do, with the ids of those.
pub(super) type Inhibits = Vec<(String, Vec<String>)>;

/// The alerts that fire, by what they inhibit.
#[derive(Debug, Default)]
struct Inhibitors<'f> {
    /// By the alert that is inhibited, in the order of the rules.
    members: HashMap<&'f str, Vec<&'f Alert>>,
    hosts: HashMap<&'f str, &'f Alert>,
    silent: HashMap<&'f str, &'f Alert>,
    /// The worst of each GPU that says what is the matter; of equals the one that began first.
    own: HashMap<&'f str, &'f Alert>,
}

/// The silence that an alert matches, if any.
pub(super) fn silence<'s>(silences: &'s [Silence], alert: &Alert, now: Time) -> Option<&'s Silence> {
    let matching = silences.iter().filter(|silence| {
        // One that names nothing would silence everything.
        silence.holds(now) && !silence.matchers.is_empty() && silence.matchers.iter().all(|one| one.matches(alert))
    });
    matching.min_by(|one, other| one.id.cmp(&other.id))
}

/// What suppresses each of the alerts that fire, in their order.
pub(super) fn marks(
    world: &World<'_>,
    firing: &[&Alert],
    inhibits: &Inhibits,
    silences: &[Silence],
) -> Vec<Option<String>> {
    let inhibitors = inhibitors(firing, inhibits);
    let mark = |alert: &&Alert| {
        silence(silences, alert, world.now)
            .map(Silence::mark)
            .or_else(|| inhibitors.of(world, alert).map(|by| by.alert_id.clone()))
    };
    firing.iter().map(mark).collect()
}

fn inhibitors<'f>(firing: &[&'f Alert], inhibits: &'f Inhibits) -> Inhibitors<'f> {
    let by_print: HashMap<&str, &Alert> = firing.iter().map(|alert| (alert.fingerprint.as_str(), *alert)).collect();
    let mut all = Inhibitors::default();
    for (print, members) in inhibits {
        if let Some(by) = by_print.get(print.as_str()) {
            for member in members {
                all.members.entry(member.as_str()).or_default().push(by);
            }
        }
    }
    for alert in firing {
        let host = alert.host.hostname.as_deref().filter(|_| alert.rule == HOST_SILENT);
        if let Some(host) = host {
            all.hosts.insert(host, alert);
        }
        let Some(uuid) = alert.gpu.as_ref().map(|gpu| gpu.gpu_uuid.as_str()) else { continue };
        if alert.rule == GPU_SILENT {
            all.silent.insert(uuid, alert);
        }
        if alert.rule != HEALTH_GRADE {
            let one = all.own.entry(uuid).or_insert(alert);
            let rank =
                |alert: &&Alert| (std::cmp::Reverse(alert.severity), alert.since.clone(), alert.alert_id.clone());
            if rank(alert) < rank(one) {
                *one = alert;
            }
        }
    }
    all
}

impl<'f> Inhibitors<'f> {
    fn of(&self, world: &World<'_>, alert: &Alert) -> Option<&'f Alert> {
        let uuid = alert.gpu.as_ref().map(|gpu| gpu.gpu_uuid.as_str());
        let known = uuid.and_then(|uuid| world.presence.gpu(uuid)).map(|gpu| gpu.known.latest.hostname.as_str());
        let host = known.or(alert.host.hostname.as_deref()).filter(|_| alert.rule != HOST_SILENT);
        let members = self.members.get(alert.alert_id.as_str()).into_iter().flatten().copied();
        let host = host.and_then(|host| self.hosts.get(host).copied());
        let off_bus = code(alert) == Some(OFF_BUS);
        let silent =
            uuid.filter(|_| alert.rule != GPU_SILENT && !off_bus).and_then(|uuid| self.silent.get(uuid).copied());
        let own = uuid.filter(|_| alert.rule == HEALTH_GRADE).and_then(|uuid| self.own.get(uuid).copied());
        let points = uuid.is_some_and(|uuid| alert.fingerprint == fingerprint(HEALTH_GRADE, uuid, POINTS));
        let enough = |by: &&Alert| by.severity >= alert.severity && by.alert_id != alert.alert_id;
        members.chain(host).chain(silent).chain(own).find(enough).or(own.filter(|_| points))
    }
}
