//! Rows for the store's tests: full of values, distinct by their arguments, and as a store gives them back.

use gpuhm::event::alert::{ALERT, AlertGpu, AlertHost, alert_id, fingerprint};
use gpuhm::event::rows::{CollectorRow, Happening, Raw};
use gpuhm::event::values::rounded;
use gpuhm::event::{Alert, Severity, Size, Status, Time, Value, Values, Window};
use gpuhm::metric::{self, Type};
use serde_json::json;

/// 2026-02-11T10:30:00Z
pub(crate) const T0: Time = Time(1_770_805_800_000);

/// A value that its column holds exactly.
fn value(ty: Type, seed: i64) -> Value {
    match ty {
        Type::Int => Value::Int(i64::MAX - seed),
        Type::Real => Value::Real(f64::from(rounded(Value::Int(seed).real() / 7.0))),
    }
}

/// A raw row `seconds` after [`T0`] with most values set.
pub(crate) fn raw(gpu: &str, seconds: i64) -> Raw {
    let mut values = Values::default();
    for ((index, row), nth) in metric::sampled().zip(0_i64..) {
        if (nth + seconds).rem_euclid(5) != 0 {
            values.set(index, value(row.ty, nth * 1000 + seconds));
        }
    }
    Raw {
        time: T0.plus(seconds * 1000),
        gpu_uuid: gpu.into(),
        hostname: format!("host-{}", &gpu[gpu.len() - 1..]),
        device_index: Some(seconds.rem_euclid(8)),
        model: Some("NVIDIA H100 80GB HBM3".into()),
        values,
        latency_ms: Some(seconds),
        interval_ms: None,
    }
}

/// Window number `nth` after [`T0`].
pub(crate) fn window(gpu: &str, size: Size, nth: i64, closed: bool) -> Window {
    let cells = size.columns().iter().zip(0_i64..);
    let cells = cells.map(|(column, at)| (at % 4 != 0).then(|| value(column.ty, at * 100 + nth))).collect();
    let start = T0.floor(size.ms()).plus(nth * size.ms());
    Window { gpu_uuid: gpu.into(), hostname: "host-a".into(), size, start, closed, count: 6, expected: 6, cells }
}

/// Something that happened.
pub(crate) fn happening(gpu: &str, code: i64, detail: &str) -> Happening {
    Happening {
        gpu_uuid: gpu.into(),
        at: T0,
        kind: "xid".into(),
        code,
        hostname: "host-a".into(),
        detail: detail.into(),
    }
}

/// An alert on a GPU that began `seconds` after [`T0`].
pub(crate) fn alert(gpu: &str, seconds: i64, status: Status) -> Alert {
    let (since, print) = (T0.plus(seconds * 1000), fingerprint("gpu_temp_high", gpu, ""));
    Alert {
        schema_version: "1.0".into(),
        event_type: ALERT.into(),
        alert_id: alert_id(&print, since),
        fingerprint: print,
        rule: "gpu_temp_high".into(),
        status,
        severity: Severity::Warning,
        gpu: Some(AlertGpu {
            gpu_uuid: gpu.into(),
            device_index: Some(3),
            name: Some("NVIDIA H100".into()),
            pci_bus_id: None,
        }),
        host: AlertHost { hostname: Some("host-a".into()), rack: Some("r1".into()), ..AlertHost::default() },
        // Neither is an f32: an alert keeps all bits.
        value: Some(83.7),
        threshold: Some(0.1 + 0.2),
        unit: Some("°C".into()),
        since: since.to_string(),
        at: since.plus(1500).to_string(),
        summary: "GPU 3 is hot; \"quoted\"".into(),
        action: "Look at the fans".into(),
        evidence: [
            ("readings".to_owned(), json!([83.7, 84.1, 1e-320, 5e300, null, -3, u64::MAX])),
            ("limits".to_owned(), json!({"slowdown": 87.3, "nested": {"x": [0.1, 2.675]}})),
        ]
        .into(),
        suppressed_by: None,
    }
}

/// An alert with nothing but what it must have: on a rack.
pub(crate) fn bare_alert() -> Alert {
    Alert {
        gpu: None,
        host: AlertHost::default(),
        value: None,
        threshold: None,
        unit: None,
        evidence: [].into(),
        alert_id: "bare".into(),
        ..alert("GPU-x", 0, Status::Firing)
    }
}

/// A collector's report.
pub(crate) fn report(host: &str, seconds: i64) -> CollectorRow {
    CollectorRow {
        hostname: host.into(),
        time: T0.plus(seconds * 1000),
        counts: [Some(seconds), None, Some(2), Some(3), Some(8), Some(8)],
        source: Some("dcgm".into()),
        source_state: None,
        version: Some("0.1.0".into()),
    }
}
