//! How evidence is put for people.

/// Seconds, whole.
pub(super) fn seconds(seconds: f64) -> String {
    format!("{} s", seconds.round())
}

/// A count: `1 error`, `2 errors`.
pub(super) fn counted(count: i64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
