//! Odds as people and scripts see them.

use super::*;
use crate::event::prediction::{Reason, Standing};

/// A prediction on the prior alone, with one factor.
pub(in crate::view) fn prediction(uuid: &str, factor: f64) -> Prediction {
    let width = (1.281_551_565_544_6 * (std::f64::consts::PI.powi(2) / 6.0 + 0.6279_f64.powi(2)).sqrt()).exp();
    let odds = [7, 30, 90].map(|days| {
        let base = 0.05 * f64::from(days) / 365.25;
        let p = |expected: f64| -(-expected).exp_m1();
        Odds {
            days: days.into(),
            p: p(base * factor),
            low: p(base * factor / width),
            high: p(base * factor * width),
            base: p(base),
        }
    });
    Prediction {
        gpu_uuid: uuid.to_owned(),
        hostname: format!("node\u{1b}{uuid}"),
        device_index: Some(3),
        time: Time(1_800_000_000_000),
        odds,
        hazard: 0.05 * factor,
        base_hazard: 0.05,
        reasons: vec![Reason { id: "own_failure_recent".to_owned(), factor, text: "failed 41 days ago".to_owned() }],
        advice: Advice::ScheduleDiagnostics,
        standing: Standing::PriorOnly,
        model: "gpuhm-rates/1".to_owned(),
        labels: 0,
        exposure_years: 0.0,
        as_of: Time(1_799_999_990_000),
    }
}

#[test]
fn numbers_have_two_digits() {
    let texts = [0.5, 0.0995, 0.0123, 0.00123, 0.000_123, 0.000_000_1].map(percent);
    assert_eq!(texts, ["50 %", "10 %", "1.2 %", "0.12 %", "0.012 %", "<0.001 %"]);
    assert_eq!([9.0, 1.5, 12.3, 0.4217].map(times), ["×9", "×1.5", "×12", "×0.42"]);
}

#[test]
fn the_likeliest_comes_first_and_nothing_moves_the_cursor() {
    let text = table(&[prediction("a", 2.0), prediction("b", 9.0)]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].trim_start().starts_with("HOST") && lines[1].contains("node\\u{1b}b"), "{text}");
    assert!(lines[1].contains("3.6 %") && lines[1].contains("×9 failed 41 days ago"), "{text}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn json_has_units_and_no_nulls() {
    let mut odd = prediction("a", 2.0);
    odd.device_index = None;
    odd.hazard = f64::NAN;
    let value = json(&[odd], Time(0));
    let gpu = &value["gpus"][0];
    assert_eq!(value["schema"], "gpuhm.predictions/1");
    assert!(gpu.get("index").is_none() && gpu.get("hazard_per_gpu_year").is_none() && gpu.get("lift").is_none());
    assert_eq!(gpu["odds"][2]["days"], 90);
    assert_eq!(gpu["reasons"][0]["factor"], 2.0);
    assert_eq!((&gpu["advice"], &gpu["status"]), (&"schedule_diagnostics".into(), &"prior_only".into()));
}

#[test]
fn csv_rows_have_as_many_fields_as_the_header() {
    let mut out = Vec::new();
    csv(&[prediction("a", 2.0)], &mut out).unwrap();
    let mut reader = ::csv::Reader::from_reader(out.as_slice());
    let names = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let at = |name: &str| &row[names.iter().position(|of| of == name).unwrap()];
    assert_eq!((at("index"), at("status"), at("why")), ("3", "prior_only", "×2 failed 41 days ago"));
    assert!(at("p30_high_80").parse::<f64>().unwrap() > at("p30").parse::<f64>().unwrap());
}
