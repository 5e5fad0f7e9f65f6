//! Power against the GPU's own limit, or its model's: no board draws twice what it is built for.
//!
//! The seed's flat 750 W refuses newer boards and lets a broken reading of a small one pass. Normal readings exceed the
//! limit by up to 50 % for moments (`AcmeTrace`, A100: 600 W of 400), so the factor is 2.

use super::{Problem, Rule, Subject, problem};
use crate::event::{Body, Values};
use crate::metric::ids;

/// Times its limit that a board may report.
const FACTOR: f64 = 2.0;

/// Board power limits in W by a part of the model's name, from NVIDIA's data sheets; the first match counts.
const MODELS: [(&str, f64); 10] = [
    ("H200", 700.0),
    ("H100", 700.0),
    ("A100", 400.0),
    ("V100", 300.0),
    ("L40", 350.0),
    ("A40", 300.0),
    ("A30", 165.0),
    ("A10", 150.0),
    ("L4", 72.0),
    ("T4", 70.0),
];

fn limit(values: &Values, model: Option<&str>) -> Option<f64> {
    let own = values.real(ids::POWER_LIMIT_MAX).or_else(|| values.real(ids::POWER_LIMIT));
    own.filter(|limit| *limit > 0.0).or_else(|| {
        let model = model?;
        MODELS.iter().find(|(part, _)| model.contains(part)).map(|(_, limit)| *limit)
    })
}

/// Accepts power up to twice the GPU's own limit, or its model's where it does not say; any where neither is known.
pub(super) struct PowerLimit;

impl Rule for PowerLimit {
    fn id(&self) -> &'static str {
        "power_limit"
    }

    fn refuses(&self) -> &'static str {
        "power above twice the GPU's own limit, or its model's where the event has none"
    }

    fn check(&self, subject: &Subject<'_>, problems: &mut Vec<Problem>) {
        let Body::Sample(gpu, values, _) = &subject.event.body else { return };
        let (Some(power), Some(limit)) = (values.real(ids::POWER), limit(values, gpu.name.as_deref())) else { return };
        if power > FACTOR * limit {
            let wanted = format!("W is more than twice the limit of {limit} W");
            problems.push(problem(self, "metrics.health.power_usage_w", power.to_string(), &wanted));
        }
    }
}
