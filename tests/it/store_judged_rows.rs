//! Rows of judgement for the store's tests, distinct by their arguments, with numbers that no rounding leaves as they are.

use gpuhm::event::health::{Action, Deduction, Dimension, FleetHealth, Grade, State};
use gpuhm::event::matcher::Fields as _;
use gpuhm::event::prediction::{Advice, FailureKind, Odds, Reason, Standing};
use gpuhm::event::rows::Place;
use gpuhm::event::time::DAY;
use gpuhm::event::window::Stat;
use gpuhm::event::{Alert, Failure, Health, Matcher, Prediction, Silence, Size, Time, Value, Window};

use crate::store_fixtures::T0;

/// A window in which only the named columns say something.
pub(crate) fn window_of(gpu: &str, size: Size, start: Time, cells: &[(&str, f64)]) -> Window {
    let of = |name: &str| cells.iter().find(|(cell, _)| *cell == name).map(|(_, number)| *number);
    let cells = size.columns().iter().map(|column| {
        let number = of(&column.name)?;
        #[expect(clippy::cast_possible_truncation, reason = "small whole numbers")]
        let whole = number as i64;
        let real = matches!(column.stat, Stat::Mean | Stat::Quantile(_) | Stat::Seconds(_));
        let real = real || column.ty == gpuhm::metric::Type::Real;
        Some(if real { Value::Real(number) } else { Value::Int(whole) })
    });
    let cells = cells.collect();
    Window { gpu_uuid: gpu.into(), hostname: "h".into(), size, start, closed: true, count: 6, expected: 6, cells }
}

/// A place since `seconds` after [`T0`].
pub(crate) fn place(gpu: &str, seconds: i64, rack: &str) -> Place {
    let texts = [None, Some(rack.to_owned()), None, Some("H100".into()), Some("serial".into()), Some("550.54".into())];
    Place { gpu_uuid: gpu.into(), since: T0.plus(seconds * 1000), hostname: "h".into(), device_index: Some(3), texts }
}

/// A health `seconds` after [`T0`].
pub(crate) fn health(gpu: &str, seconds: i64) -> Health {
    let deduction = Deduction {
        id: "ecc_dbe".into(),
        dimension: Dimension::Memory,
        points: 30,
        capped: Some(40),
        text: "2 \"uncorrectable\" errors".into(),
        value: Some(0.1 + 0.2),
        limit: Some(1e-320),
        unit: "°C".into(),
        at: T0,
        window_s: Some(3600),
        held: true,
        hard: true,
        action: Action::Drain,
    };
    let bare = Deduction { value: Some(5e300), limit: None, capped: None, window_s: None, ..deduction.clone() };
    Health {
        gpu_uuid: gpu.into(),
        hostname: "h".into(),
        device_index: Some(3),
        time: T0.plus(seconds * 1000),
        score: 64,
        grade: Grade::Degraded,
        state: State::Critical,
        confidence: 0.1 + 0.2,
        action: Action::RunFieldDiag,
        ledger: vec![deduction, bare],
        notes: vec!["XID 31".into()],
        better_since: Some(T0.plus(1)),
        as_of: T0.plus(2),
        replaced_by: Some("GPU-z".into()),
    }
}

/// A health with nothing but what it must have.
pub(crate) fn bare_health(gpu: &str, seconds: i64) -> Health {
    Health {
        device_index: None,
        state: State::Unknown,
        ledger: vec![],
        notes: vec![],
        better_since: None,
        replaced_by: None,
        ..health(gpu, seconds)
    }
}

/// A prediction `seconds` after [`T0`].
pub(crate) fn prediction(gpu: &str, seconds: i64) -> Prediction {
    let odds = |days, p: f64| Odds { days, p, low: p / 3.0, high: p * 3.0, base: p / 7.0 };
    Prediction {
        gpu_uuid: gpu.into(),
        hostname: "h".into(),
        device_index: None,
        time: T0.plus(seconds * 1000),
        odds: [odds(7, 0.01), odds(30, 0.04), odds(90, 0.1)],
        hazard: 0.1 + 0.2,
        base_hazard: 1.0 / 3.0,
        reasons: vec![Reason { id: "dbe".into(), factor: 0.1 + 0.7, text: "failed 41 days ago".into() }],
        advice: Advice::ScheduleDiagnostics,
        standing: Standing::PriorOnly,
        model: "prior 1".into(),
        labels: 3,
        exposure_years: 12.7,
        as_of: T0,
    }
}

/// The fleet's numbers `seconds` after [`T0`].
pub(crate) fn numbers(seconds: i64) -> FleetHealth {
    let mean = (seconds % 2 == 0).then_some(0.1 + 0.2);
    FleetHealth { time: T0.plus(seconds * 1000), states: [1, 2, 3, 4], mean, worst: mean.map(|_| 7), open: [5, 6, 8] }
}

/// A silence that begins `seconds` after [`T0`] and lasts a day.
pub(crate) fn silence(id: &str, seconds: i64) -> Silence {
    let matcher = |text| Matcher::parse(text, Alert::names()).unwrap();
    let from = T0.plus(seconds * 1000);
    Silence {
        id: id.into(),
        matchers: ["rule=gpu_temp_high", "host=~\"gpu-node-04[0-9]\"", "index<3", "rack!=\"\""].map(matcher).into(),
        from,
        until: from.plus(DAY),
        reason: "fans".into(),
        who: "ann".into(),
        ended: None,
    }
}

/// A failure `seconds` after [`T0`].
pub(crate) fn failure(gpu: &str, seconds: i64, kind: FailureKind) -> Failure {
    Failure { gpu_uuid: gpu.into(), at: T0.plus(seconds * 1000), kind, who: "ann".into(), note: None }
}
