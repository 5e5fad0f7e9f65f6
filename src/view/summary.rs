//! The summary of a run: what came in, what became of it, and whether the sums add up.

use serde::Serialize;

/// Alerts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Alerts {
    /// That began.
    pub fired: u64,
    /// That ended.
    pub resolved: u64,
}

/// `gpuhm.summary/1`. All counts are of GPU samples.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Summary {
    /// Always `gpuhm.summary/1`.
    pub schema: &'static str,
    /// Wall time of the run.
    pub seconds: f64,
    /// GPUs whose samples were stored.
    pub gpus: u64,
    /// Samples the source gave.
    pub read: u64,
    /// Samples the bus took.
    pub collected: u64,
    /// Samples that passed validation.
    pub validated: u64,
    /// Samples that were refused.
    pub refused: u64,
    /// Samples that were duplicates.
    pub duplicates: u64,
    /// Samples whose row is in the store.
    pub stored: u64,
    /// Of these, samples whose GPU and time had a row already: repeats older than the duplicate check remembers.
    pub repeated: u64,
    /// Window rows: closed ones and those still open at the end.
    pub windows: u64,
    /// GPUs scored at the last pass.
    pub scored: u64,
    /// GPUs whose odds were stated at the last pass.
    pub predicted: u64,
    /// Alerts, of single GPUs and of the passes.
    pub alerts: Alerts,
    /// Samples that went in and did not come out.
    pub lost: u64,
    /// Samples that wait on the bus because the run was cut short; the next one finishes them.
    #[serde(skip_serializing_if = "is_zero")]
    pub waiting: u64,
    /// Samples an earlier run had left on the bus, which this one finished before it began; not in the other counts.
    #[serde(skip_serializing_if = "is_zero")]
    pub backlog: u64,
    /// Where the sums do not add up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Summary {
    /// Works out what is lost and where the sums differ. What a run that was `cut` short had not come to is waiting, not
    /// lost.
    pub fn check(&mut self, cut: bool) {
        let mut differ = |came: u64, became: u64, text: &str| {
            if came != became {
                self.differences.push(format!("{text}: {came} against {became}"));
            }
            came.saturating_sub(became)
        };
        let read = differ(self.read, self.collected, "read and collected");
        let judged = self.validated + self.refused + self.duplicates;
        let judged = differ(self.collected, judged, "collected and validated + refused + duplicates");
        let stored = differ(self.validated, self.stored, "validated and stored");
        if cut {
            self.waiting = judged + stored;
            self.differences.clear();
        }
        self.lost = read + if cut { 0 } else { judged + stored };
    }

    /// Lines for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!(
                "{} samples of {} GPUs in {:.1} s: {} validated, {} refused, {} duplicates",
                self.collected, self.gpus, self.seconds, self.validated, self.refused, self.duplicates
            ),
            format!(
                "{} stored ({} known already), {} windows, {} alerts fired, {} resolved, {} lost",
                self.stored, self.repeated, self.windows, self.alerts.fired, self.alerts.resolved, self.lost
            ),
            format!("{} GPUs scored, odds stated for {}", self.scored, self.predicted),
        ];
        if self.backlog > 0 {
            lines.push(format!("{} samples that an earlier run left on the bus were finished first", self.backlog));
        }
        if self.waiting > 0 {
            lines.push(format!("{} samples wait on the bus; the next run finishes them", self.waiting));
        }
        lines.extend(self.differences.iter().map(|difference| format!("the sums differ: {difference}")));
        lines
    }
}
