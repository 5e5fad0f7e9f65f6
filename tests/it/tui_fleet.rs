//! GPUs for the live view's tests, always the same: their numbers, and what is wrong with a few of them.

use std::collections::BTreeMap;

use gpuhm::event::alert::{ALERT, AlertGpu, AlertHost, alert_id, fingerprint};
use gpuhm::event::fleet::GpuNow;
use gpuhm::event::health::{Action, Deduction, Dimension, Grade, Health};
use gpuhm::event::prediction::{Advice, Odds, Reason, Standing};
use gpuhm::event::rows::{Place, Raw};
use gpuhm::event::{Alert, Prediction, Severity, Status, Time, Values, time};
use gpuhm::metric;

/// The instant of everything.
pub(crate) fn now() -> Time {
    Time::parse("2026-11-24T07:41:30Z").unwrap()
}

pub(crate) fn uuid(host: u32, index: u32) -> String {
    format!("GPU-{:08x}-86f3-7a43-b711-47713{host:03}{index:04}", 0x5fd4_f087_u32.wrapping_mul(host * 8 + index + 1))
}

/// What is wrong: host, GPU, rule, points, severity, summary.
pub(crate) type Fault = (u32, u32, &'static str, i64, Severity, i64, &'static str);
use Severity::{Critical, Info, Warning};

pub(crate) const FAULTS: [Fault; 9] = [
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
    let heated = FAULTS.iter().any(|fault| (fault.0, fault.1) == (host, index) && fault.2.contains("th"));
    set("gpu_temp_c", if heated { 88.0 } else { 58.0 + spread });
    if host != 5 {
        set("memory_temp_c", 70.0 + spread);
    }
    set("power_usage_w", 600.0 + 5.0 * spread);
    set("power_limit_w", 700.0);
    set("slowdown_temp_c", 90.0);
    set("memory_max_operating_temp_c", 95.0);
    set("throttle_reasons", if heated { 72.0 } else { 0.0 });
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

pub(crate) fn alert(fault: &Fault, status: Status, by: Option<String>) -> Alert {
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
