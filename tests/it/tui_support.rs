//! A fleet for the live view's tests, always the same: 8 racks, 64 hosts, 512 GPUs; and a view that has read it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use gpuhm::event::Severity::{Info, Warning};
use gpuhm::event::fleet::{FleetNow, GpuPast};
use gpuhm::event::health::{FleetHealth, Health};
use gpuhm::event::rows::{CollectorRow, Happening};
use gpuhm::event::window::Size;
use gpuhm::event::{Alert, Matcher, Silence, Status, Value, Window, time};
use gpuhm::metric;
use gpuhm::view::tui::{Effect, Model, Msg, Pipeline, Read, Settings, Stage, picture, text, update};

use super::tui_fleet::{FAULTS, alert, gpu};
pub(crate) use super::tui_fleet::{now, uuid};

/// Alerts of every kind: open, ended, silenced, and an incident on a host with two under it.
fn alerts() -> Vec<Alert> {
    let mut alerts: Vec<Alert> = FAULTS.iter().map(|fault| alert(fault, Status::Firing, None)).collect();
    let incident = Alert {
        gpu: None,
        summary: "gpu-node-056: 2 GPUs of 8 are silent".into(),
        ..alert(&(56, 0, "host_degraded", 2, Warning, 171, "2 GPUs of 8 are silent"), Status::Firing, None)
    };
    let id = incident.alert_id.clone();
    for index in [6, 7] {
        let silent = (56, index, "gpu_silent", 1, Warning, 171, "no sample for 3 min");
        alerts.push(alert(&silent, Status::Firing, Some(id.clone())));
    }
    alerts.push(incident);
    let quiet = (12, 1, "fan_speed", 5, Warning, 4000, "fan at 100 %");
    alerts.push(alert(&quiet, Status::Firing, Some("silence:ab12".into())));
    alerts.push(alert(&(3, 3, "xid_31", 5, Info, 5000, "XID 31: MMU fault"), Status::Resolved, None));
    alerts
}

fn collectors() -> Vec<CollectorRow> {
    let row = |host: u32| CollectorRow {
        hostname: format!("gpu-node-{host:03}"),
        time: now().plus(if host == 43 { -600 } else { -12 } * time::SECOND),
        counts: [
            Some(8640),
            Some(i64::from(host % 3)),
            Some(0),
            Some(0),
            Some(if host == 56 { 6 } else { 8 }),
            Some(8),
        ],
        source: Some("dcgm".into()),
        source_state: Some("ok".into()),
        version: Some("0.1.0".into()),
    };
    (1..=64).map(row).collect()
}

pub(crate) fn fleet() -> FleetNow {
    let gpus = (1..=64).flat_map(|host| (0..8).map(move |index| gpu(host, index))).collect();
    let number = |at: i64| FleetHealth {
        time: now().plus(-(60 - at) * time::MINUTE),
        states: [510, 1, 1, 0],
        mean: Some(98.0 + if at < 40 { 1.4 } else { 0.6 }),
        worst: Some(0),
        open: [4, 3, 2],
    };
    FleetNow {
        gpus,
        alerts: alerts(),
        collectors: collectors(),
        numbers: (0..60).map(number).collect(),
        silences: vec![Silence {
            id: "ab12".into(),
            matchers: vec![Matcher::parse("host=gpu-node-012", &["host"]).unwrap()],
            from: now().plus(-time::HOUR),
            until: now().plus(time::HOUR),
            reason: "fan on order".into(),
            who: "kim".into(),
            ended: None,
        }],
    }
}

/// The past of gpu-node-021's GPU 3, half an hour of readings and an hour of windows.
pub(crate) fn past() -> GpuPast {
    let base = gpu(21, 3);
    let raw = (0..180).map(|at: i64| {
        let mut row = base.latest.clone();
        row.time = now().plus(-(180 - at) * 10 * time::SECOND);
        row.values.set(metric::ids::GPU_TEMP, Value::Real(60.0 + f64::from(i32::try_from(at / 6).unwrap())));
        row
    });
    let window = |at: i64| Window {
        gpu_uuid: base.uuid().to_owned(),
        hostname: base.latest.hostname.clone(),
        size: Size::Minute,
        start: now().plus(-(60 - at) * time::MINUTE),
        closed: true,
        count: 6,
        expected: 6,
        cells: Size::Minute
            .columns()
            .iter()
            .map(|column| column.name.starts_with("gpu_temp").then_some(Value::Real(70.0)))
            .collect(),
    };
    let then = Health { score: 60, time: now().plus(-2 * time::HOUR), ..base.health.clone().unwrap() };
    GpuPast {
        gpu_uuid: base.uuid().to_owned(),
        windows: (0..60).map(window).collect(),
        raw: raw.collect(),
        events: vec![Happening {
            gpu_uuid: base.uuid().to_owned(),
            at: now().plus(-30 * time::MINUTE),
            kind: "xid".into(),
            code: 48,
            hostname: base.latest.hostname.clone(),
            detail: "XID 48: double-bit ECC error".into(),
        }],
        healths: vec![then, base.health.clone().unwrap()],
        alerts: vec![alert(&FAULTS[0], Status::Firing, None), alert(&FAULTS[8], Status::Resolved, None)],
    }
}

pub(crate) fn read() -> Read {
    let stage = |name: &str, lag: Option<u64>, members: &[&str]| Stage {
        name: name.into(),
        lag,
        members: members.iter().map(|member| (*member).to_owned()).collect(),
        newest: Some(now().plus(-4 * time::SECOND)),
    };
    Read {
        fleet: fleet(),
        past: None,
        pipeline: Pipeline {
            bus: Some("kafka ok 3 brokers".into()),
            store: "db ok".into(),
            stages: vec![
                stage("validate", Some(0), &["validate-1", "validate-2"]),
                stage("aggregate", Some(1212), &["aggregate-1"]),
                stage("score", Some(3), &["score-1"]),
                stage("predict", None, &[]),
            ],
        },
        at: now(),
        took_ms: 4,
    }
}

pub(crate) fn settings(size: (u16, u16)) -> Settings {
    Settings { title: "prod-cluster-1".into(), size, ..Settings::default() }
}

/// A view that has read the fleet once.
pub(crate) fn model(size: (u16, u16)) -> Model {
    let mut model = Model::new(settings(size), now());
    update(&mut model, Msg::Data(Box::new(read())));
    model
}

pub(crate) fn code(code: KeyCode) -> Msg {
    Msg::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

/// Types a text.
pub(crate) fn keys(model: &mut Model, text: &str) -> Vec<Effect> {
    text.chars().flat_map(|c| update(model, code(KeyCode::Char(c)))).collect()
}

pub(crate) fn screen(model: &Model, (width, height): (u16, u16)) -> String {
    text(&picture(model, width, height))
}
