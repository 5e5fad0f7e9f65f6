//! How long a GPU was busy, estimated from its hours, and which generation it is of.

use super::numbers::{BUSY_ACTIVE, BUSY_LEAST, BUSY_SHARE};
use super::rule::{Generation, busy_level, model, real};
use crate::event::facts::{HOURS_BACK, Load};
use crate::event::time::MINUTE;
use crate::event::{Known, Time};
use crate::metric::ids;

/// Whether the GPU was busy for long enough in the last day to show what shows under load.
pub(super) fn busy(known: &Known, now: Time) -> bool {
    let from = now.plus(-HOURS_BACK);
    let limit = known.latest.values.real(ids::POWER_LIMIT);
    let spans = known.hours.iter().filter(|span| span.start.plus(span.ms) > from);
    let minutes: f64 = spans.map(|span| share(span, limit) * real(span.ms) / real(MINUTE)).sum();
    minutes >= BUSY_LEAST
}

/// How much of a span was busy, at least, as far as its quantiles tell.
fn share(span: &Load, limit: Option<f64>) -> f64 {
    if span.sm_active.is_some_and(|active| active >= BUSY_ACTIVE) {
        return 1.0;
    }
    let Some(level) = span.limit.or(limit).map(busy_level) else { return 0.0 };
    let at_level = |power: &Option<f64>| power.is_some_and(|power| power >= level);
    span.power.iter().zip(BUSY_SHARE).find(|(power, _)| at_level(power)).map_or(0.0, |(_, share)| share)
}

/// Parts of the names of GPUs that retire pages: Volta, Turing, Pascal and older.
const OLDER: [&str; 16] = [
    "V100", "T4", "P100", "P40", "P4", "P6", "K80", "K40", "K20", "M60", "M40", "M10", "TITAN", "GTX", "Quadro",
    "Tesla",
];
/// Words of the names of GPUs that remap rows, besides a letter and three or more digits.
const AMPERE: [&str; 9] = ["A10", "A16", "A2", "A30", "A40", "L4", "L40", "L40S", "L20"];

/// The generation, from the model's name.
pub(super) fn generation(known: &Known) -> Generation {
    let Some(name) = model(known) else { return Generation::Unknown };
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let ampere = |word: &str| AMPERE.contains(&word) || data_centre(word);
    if words.clone().any(ampere) {
        Generation::Ampere
    } else if words.any(|word| OLDER.contains(&word)) {
        Generation::Older
    } else {
        Generation::Unknown
    }
}

/// A100, A800, A6000, H20, H100, GH200, B200, GB300, and what comes after in that style.
fn data_centre(word: &str) -> bool {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = word.len() - letters.len();
    match letters {
        "A" => digits >= 3,
        "H" | "GH" | "B" | "GB" => digits >= 2,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::rows::{Place, Raw};

    fn named(name: &str) -> Generation {
        let latest = Raw {
            time: Time(0),
            gpu_uuid: String::new(),
            hostname: String::new(),
            device_index: None,
            model: (!name.is_empty()).then(|| name.to_owned()),
            values: crate::event::Values::default(),
            latency_ms: None,
            interval_ms: None,
        };
        generation(&Known {
            latest,
            written: Time(0),
            place: Place::default(),
            first: Time(0),
            asset: None,
            health: None,
            prediction: None,
            events: Vec::new(),
            minutes: Vec::new(),
            hours: Vec::new(),
            corrected: Vec::new(),
            retired_a_week_ago: None,
        })
    }

    #[test]
    fn the_name_tells_the_generation() {
        for name in
            ["NVIDIA A100-SXM4-80GB", "NVIDIA H100 80GB HBM3", "NVIDIA GH200 480GB", "NVIDIA L40S", "NVIDIA A10"]
        {
            assert_eq!(named(name), Generation::Ampere, "{name}");
        }
        for name in ["Tesla V100-SXM2-32GB", "Tesla T4", "Tesla K20X", "Quadro RTX 6000"] {
            assert_eq!(named(name), Generation::Older, "{name}");
        }
        assert_eq!(named("NVIDIA RTX 6000"), Generation::Unknown);
        assert_eq!(named(""), Generation::Unknown);
    }

    #[test]
    fn quantiles_tell_how_much_of_an_hour_was_busy() {
        let span = |power, sm_active| Load { ms: 3_600_000, power, limit: Some(400.0), sm_active, ..Load::default() };
        // Level: 60 + 0.3 × 340 = 162 W.
        let share = |power, active| share(&span(power, active), None);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        near(share([Some(162.0), Some(400.0), Some(400.0)], None), 0.5);
        near(share([Some(161.0), Some(162.0), Some(400.0)], None), 0.05);
        near(share([Some(60.0), Some(60.0), Some(162.0)], None), 0.01);
        near(share([Some(60.0); 3], Some(9.9)), 0.0);
        near(share([Some(60.0); 3], Some(10.0)), 1.0);
        near(share([None; 3], None), 0.0);
    }
}
