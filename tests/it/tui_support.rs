//! A fleet for the live view's tests, always the same: 8 racks, 64 hosts, 512 GPUs, and what is wrong with a few of them.

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use gpuhm::event::alert::{ALERT, AlertGpu, AlertHost, alert_id, fingerprint};
use gpuhm::event::fleet::{FleetNow, GpuNow, GpuPast};
use gpuhm::event::health::{Action, Deduction, Dimension, FleetHealth, Grade, Health};
use gpuhm::event::prediction::{Advice, Odds, Reason, Standing};
use gpuhm::event::rows::{CollectorRow, Happening, Place, Raw};
use gpuhm::event::window::Size;
use gpuhm::event::{Alert, Matcher, Prediction, Severity, Silence, Status, Time, Value, Values, Window, time};
use gpuhm::metric;
use gpuhm::view::tui::{Effect, Model, Msg, Pipeline, Read, Settings, Stage, picture, text, update};

/// The instant of everything.
pub(crate) fn now() -> Time {
    Time::parse("2026-11-24T07:41:30Z").unwrap()
}

pub(crate) fn uuid(host: u32, index: u32) -> String {
    format!("GPU-{:08x}-86f3-7a43-b711-47713{host:03}{index:04}", 0x5fd4_f087_u32.wrapping_mul(host * 8 + index + 1))
}

/// What is wrong: host, GPU, rule, points, severity, summary.
type Fault = (u32, u32, &'static str, i64, Severity, i64, &'static str);
use Severity::{Critical, Info, Warning};

const FAULTS: [Fault; 9] = [
    (21, 3, "ecc_dbe", 62, Critical, 12, "2 uncorrectable ECC errors since boot (limit 0)"),
    (43, 2, "xid_79", 100, Critical, 199, "XID 79: GPU has fallen off the bus"),
    (43, 3, "hw_thermal", 48, Warning, 868, "hardware thermal slowdown for 14 min, 88 C"),
    (10, 3, "row_remap", 36, Warning, 2486, "1 row remapping pending: reset needed"),
    (4, 3, "hbm_temp", 27, Warning, 3659, "HBM 96 C, 4 C under its limit"),
    (31, 5, "power_cap", 19, Info, 900, "held at its power limit for 15 min"),
    (62, 1, "pcie_replay", 18, Info, 7000, "18 PCIe replays in an hour"),
    (33, 7, "sbe_rate", 16, Info, 9000, "118 correctable errors in 15 min"),
    (17, 0, "hbm_temp", 12, Info, 9900, "HBM 91 C"),
];
/// GPUs that are silent.
const SILENT: [(u32, u32); 2] = [(56, 6), (56, 7)];

fn values(host: u32, index: u32) -> Values {
    let mut values = Values::default();
    let mut set = |name: &str, number: f64| values.set_number(metric::index(name).unwrap(), number);
    let spread = f64::from((host * 7 + index * 13) % 11);
    let hot = FAULTS.iter().any(|fault| (fault.0, fault.1) == (host, index) && fault.2.contains("th"));
    set("gpu_temp_c", if hot { 88.0 } else { 58.0 + spread });
    if host != 5 {
        set("memory_temp_c", 70.0 + spread);
    }
    set("power_usage_w", 600.0 + 5.0 * spread);
    set("power_limit_w", 700.0);
    set("slowdown_temp_c", 90.0);
    set("memory_max_operating_temp_c", 95.0);
    set("throttle_reasons", if hot { 72.0 } else { 0.0 });
    set("fb_used_mib", 73_728.0);
    set("fb_total_mib", 81_920.0);
    set("ecc_sbe_volatile", f64::from(index * 3));
    set("ecc_dbe_volatile", if (host, index) == (21, 3) { 2.0 } else { 0.0 });
    set("sm_active_pct", if index == 0 && host.is_multiple_of(2) { 0.0 } else { 88.0 + spread });
    set("gpu_util_pct", 90.0);
    set("sm_clock_mhz", 1980.0);
    set("sm_clock_max_mhz", 1980.0);
    set("row_remap_pending", if (host, index) == (10, 3) { 1.0 } else { 0.0 });
    values
}

fn health(host: u32, index: u32) -> Health {
    let fault = FAULTS.iter().find(|fault| (fault.0, fault.1) == (host, index));
    let row = |id: &str, points: i64, text: &str| Deduction {
        id: id.to_owned(),
        dimension: Dimension::Memory,
        points,
        capped: None,
        text: text.to_owned(),
        value: None,
        limit: None,
        unit: String::new(),
        at: now(),
        window_s: None,
        held: false,
        hard: points >= 50,
        action: Action::Drain,
    };
    let mut ledger = Vec::new();
    if let Some((_, _, rule, points, ..)) = fault {
        let most = points * 2 / 3;
        ledger.push(row(rule, most, fault.unwrap().6));
        ledger.push(Deduction {
            capped: Some(50),
            held: true,
            ..row("temp_trend", points - most, "temperature trend +0.8 C/h")
        });
    }
    let score = 100 - ledger.iter().map(|row| row.points).sum::<i64>();
    Health {
        gpu_uuid: uuid(host, index),
        hostname: format!("gpu-node-{host:03}"),
        device_index: Some(i64::from(index)),
        time: now().plus(-20 * time::SECOND),
        score,
        grade: Grade::of(score),
        state: Grade::of(score).state(),
        confidence: 0.97,
        action: fault.map_or(Action::None, |_| Action::Drain),
        ledger,
        notes: Vec::new(),
        better_since: None,
        as_of: now().plus(-22 * time::SECOND),
        replaced_by: None,
    }
}

fn prediction(host: u32, index: u32) -> Prediction {
    let bad = (host, index) == (21, 3);
    let p = if bad { 0.63 } else { 0.002 };
    let odds = |days: i64, factor: f64| Odds {
        days,
        p: p * factor,
        low: p * factor * 0.65,
        high: p * factor * 1.25,
        base: 0.003,
    };
    Prediction {
        gpu_uuid: uuid(host, index),
        hostname: format!("gpu-node-{host:03}"),
        device_index: Some(i64::from(index)),
        time: now(),
        odds: [odds(7, 1.0), odds(30, 1.2), odds(90, 1.4)],
        hazard: 1.0,
        base_hazard: 0.1,
        reasons: if bad {
            vec![Reason { id: "ecc_dbe".into(), factor: 8.0, text: "uncorrectable errors in the last 7 days".into() }]
        } else {
            Vec::new()
        },
        advice: if bad { Advice::ScheduleDiagnostics } else { Advice::None },
        standing: Standing::PriorOnly,
        model: "prior-1".into(),
        labels: 0,
        exposure_years: 3.5,
        as_of: now(),
    }
}

pub(crate) fn gpu(host: u32, index: u32) -> GpuNow {
    let silent = SILENT.contains(&(host, index)) || (host, index) == (43, 2);
    let hostname = format!("gpu-node-{host:03}");
    let model = Some("NVIDIA H100-SXM-80G".to_owned());
    let rack = format!("rack-{:02}", 9 + (host - 1) / 8);
    let texts = [Some("prod"), Some(rack.as_str()), Some("dc-1"), model.as_deref(), Some("1651223"), Some("580.65")];
    GpuNow {
        latest: Raw {
            time: now().plus(if silent { -199 } else { -2 } * time::SECOND),
            gpu_uuid: uuid(host, index),
            hostname: hostname.clone(),
            device_index: Some(i64::from(index)),
            model: model.clone(),
            values: values(host, index),
            latency_ms: Some(12),
            interval_ms: Some(10_000),
        },
        place: Place {
            gpu_uuid: uuid(host, index),
            since: Time(0),
            hostname,
            device_index: Some(i64::from(index)),
            texts: texts.map(|text| text.map(str::to_owned)),
        },
        health: Some(health(host, index)),
        prediction: Some(prediction(host, index)),
    }
}

fn alert(fault: &Fault, status: Status, by: Option<String>) -> Alert {
    let (host, index, rule, points, severity, age, summary) = *fault;
    let since = now().plus(-age * time::SECOND);
    let print = fingerprint(rule, &uuid(host, index), "");
    Alert {
        schema_version: "1.0".into(),
        event_type: ALERT.into(),
        alert_id: alert_id(&print, since),
        fingerprint: print,
        rule: rule.into(),
        status,
        severity,
        gpu: Some(AlertGpu {
            gpu_uuid: uuid(host, index),
            device_index: Some(i64::from(index)),
            name: Some("H100".into()),
            pci_bus_id: None,
        }),
        host: AlertHost {
            hostname: Some(format!("gpu-node-{host:03}")),
            cluster: Some("prod".into()),
            rack: Some(format!("rack-{:02}", 9 + (host - 1) / 8)),
            datacenter: None,
        },
        value: Some(f64::from(u32::try_from(points).unwrap())),
        threshold: Some(0.0),
        unit: None,
        since: since.to_string(),
        at: now().plus(if status == Status::Resolved { -60 } else { -age } * time::SECOND).to_string(),
        summary: format!("gpu-node-{host:03} GPU {index}: {summary}"),
        action: "drain gpu-node, reset the GPU, run dcgmi diag -r 3".into(),
        evidence: BTreeMap::from([("ecc_dbe_volatile".to_owned(), serde_json::json!(points))]),
        suppressed_by: by,
    }
}

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
