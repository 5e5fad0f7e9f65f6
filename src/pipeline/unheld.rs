//! Rows that a store cannot hold: said when the first comes, and then once a minute with how many came since.
//!
//! Their events stay on the bus, and everything else of the step is stored. It knows no stage and no store by name.

use std::time::{Duration, Instant};

use tracing::warn;

use crate::store::Refused;

/// How often it is said again.
const SAY_AGAIN: Duration = Duration::from_mins(1);

/// What was refused and not said yet.
#[derive(Debug, Default)]
pub(super) struct Unheld {
    waiting: Refused,
    said: Option<Instant>,
}

impl Unheld {
    /// Takes note of what a write of `stage` left out.
    pub(super) fn note(&mut self, stage: &str, refused: Refused, now: Instant) {
        if let Some(line) = self.line(stage, refused, now) {
            warn!("{line}");
        }
    }

    fn line(&mut self, stage: &str, refused: Refused, now: Instant) -> Option<String> {
        self.waiting.count += refused.count;
        if !refused.examples.is_empty() {
            self.waiting.examples = refused.examples;
        }
        let early = self.said.is_some_and(|said| now.saturating_duration_since(said) < SAY_AGAIN);
        if early || self.waiting.count == 0 {
            return None;
        }
        self.said = Some(now);
        let Refused { count, examples } = std::mem::take(&mut self.waiting);
        let rows = if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
        Some(format!("{stage}: the store cannot hold {rows}, and has everything else: {}", examples.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::clock::monotonic;

    #[test]
    fn it_is_said_once_and_then_once_a_minute_with_all_that_came() {
        let (mut unheld, start) = (Unheld::default(), monotonic());
        let at = |seconds| start + Duration::from_secs(seconds);
        let some = |count| Refused { count, examples: vec![format!("row {count}: why")] };
        assert_eq!(unheld.line("aggregate", Refused::default(), at(0)), None);
        let said = unheld.line("aggregate", some(1), at(1)).unwrap();
        assert_eq!(said, "aggregate: the store cannot hold 1 row, and has everything else: row 1: why");
        assert_eq!(unheld.line("aggregate", some(2), at(2)), None);
        assert_eq!(unheld.line("aggregate", some(3), at(60)), None);
        // Also where nothing more came.
        let said = unheld.line("aggregate", Refused::default(), at(61)).unwrap();
        assert_eq!(said, "aggregate: the store cannot hold 5 rows, and has everything else: row 3: why");
        assert_eq!(unheld.line("aggregate", Refused::default(), at(999)), None);
    }
}
