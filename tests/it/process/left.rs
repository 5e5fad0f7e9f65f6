//! What a run of the pipeline left in its store and on its bus, held against an undisturbed run of a fixed recording: for
//! tests that kill, on either bus.

use super::recording::{pieces, simulated, spoilt};
use super::tables::{PASSES, Tables, all, all_same, same};
use super::{Home, parsed};

/// What a run left behind.
pub(crate) struct Left {
    pub(crate) tables: Tables,
    pub(crate) alerts: Vec<String>,
    pub(crate) refused: Vec<String>,
}

impl Left {
    pub(crate) fn of(home: &Home) -> Left {
        Left::with(home, &home.topic("gpu-alerts"), &home.topic("gpu-metrics-invalid"))
    }

    /// The same of a store on a server, whose tables were read already.
    pub(crate) fn on_server(home: &Home, tables: Tables) -> Left {
        Left::told(tables, &home.topic("gpu-alerts"), &home.topic("gpu-metrics-invalid"))
    }

    /// The same with topics that were read by other means: a line a record.
    pub(crate) fn with(home: &Home, alerts: &[String], refused: &[String]) -> Left {
        Left::told(all(&home.store()), alerts, refused)
    }

    fn told(tables: Tables, alerts: &[String], refused: &[String]) -> Left {
        let mut refused: Vec<String> = refused.iter().map(|line| reasons(line)).collect();
        refused.sort_unstable();
        let alerts = alerts.iter().map(|line| parsed(line));
        let alerts = alerts.filter(|alert| !PASSES.contains(&alert["rule"].as_str().unwrap()));
        let mut alerts: Vec<String> = alerts.map(|alert| alert.to_string()).collect();
        alerts.sort_unstable();
        Left { tables, alerts, refused }
    }

    /// Holds what another run left against it; a sender that repeats itself repeats refused events, too.
    pub(crate) fn same(&self, told: &str, mut other: Left, repeats: bool) {
        all_same(told, &self.tables, &other.tables);
        same(told, "gpu-alerts", &self.alerts, &other.alerts);
        let mut refused = self.refused.clone();
        if repeats {
            refused.dedup();
            other.refused.dedup();
        }
        same(told, "gpu-metrics-invalid", &refused, &other.refused);
    }
}

/// A refusal without when it came and where it stood in the log.
fn reasons(line: &str) -> String {
    let mut refusal = parsed(line);
    let object = refusal.as_object_mut().unwrap();
    object.remove("timestamp");
    object.remove("source");
    refusal.to_string()
}

/// The recording, in one file and in pieces, and what an undisturbed run on the embedded bus makes of it.
pub(crate) struct Fixed {
    pub(crate) home: Home,
    pub(crate) whole: String,
    pub(crate) pieces: Vec<String>,
    pub(crate) left: Left,
}

impl Fixed {
    pub(crate) fn new() -> Fixed {
        let home = Home::new();
        let lines = spoilt(simulated(&home, 210));
        let join = |lines: &[String]| lines.join("\n") + "\n";
        let whole = home.file("recording.jsonl", join(&lines));
        let pieces = pieces(&lines).into_iter().enumerate();
        let pieces = pieces.map(|(at, lines)| home.file(&format!("piece-{at}.jsonl"), join(&lines))).collect();
        through(&home, &whole);
        let left = Left::of(&home);
        Fixed { home, whole, pieces, left }
    }
}

/// Sends a recording through the pipeline, stage by stage.
pub(crate) fn through(home: &Home, file: &str) {
    home.ok(&["collect", "--source", &replay(file), "--speed", "max"]);
    home.ok(&["validate", "--once"]);
    home.ok(&["aggregate", "--once"]);
}

/// A file as a source.
pub(crate) fn replay(file: &str) -> String {
    format!("replay:{file}")
}

/// The environment variable as a number.
pub(crate) fn setting(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}
