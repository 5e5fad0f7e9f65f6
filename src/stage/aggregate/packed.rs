//! How lists of readings are saved: each number's bits turned round, so that round numbers become short varints.
//!
//! Temperatures are whole degrees: two bytes instead of four, and readings are most of a state. Exact for every f32.

use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(readings: &[f32], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(readings.iter().map(|reading| reading.to_bits().reverse_bits()))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f32>, D::Error> {
    let turned = Vec::<u32>::deserialize(from)?;
    Ok(turned.into_iter().map(|bits| f32::from_bits(bits.reverse_bits())).collect())
}
