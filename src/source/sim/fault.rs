//! Scripted faults: their text (`KIND@HOST/IDX+20s~10m`) and what the text may say.
//!
//! One list names the kinds; parsing, help and every error message are loops over it. What a fault does to a GPU stands
//! in `strike`. Knows no hosts: whether a named one exists is for the fleet to say.

use std::str::FromStr;

use crate::event::time::{DAY, HOUR, MINUTE, SECOND};
use crate::event::values::whole;
use crate::source::SourceError;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Hardware thermal slowdown: temperature over the limit, clocks cut.
    HwThermal,
    /// The power supply asks for less: clocks and power cut.
    PowerBrake,
    /// One uncorrectable memory error, with XID 48 and a row remap that waits for a reset.
    EccDbe,
    /// Thousands of corrected memory errors a second.
    SbeStorm,
    /// A row remap waits for a reset.
    RowRemapPending,
    /// A row could not be remapped, with XID 64.
    RowRemapFailed,
    /// The driver reports this XID once, and what comes with it shows: errors counted, a remap, silence.
    Xid(i64),
    /// The GPU falls off the bus: XID 79, then silence.
    GpuLost,
    /// The host falls silent.
    HostLost,
    /// The same values again and again, with new times.
    Frozen,
    /// Reset: counters since driver load start at 0 and a waiting remap is done.
    CounterReset,
    /// The host's clock is ten minutes ahead.
    ClockSkew,
    /// Paste that dries: at full load so many thousandths of a °C more every hour. What has dried stays dry.
    PasteDrift(i64),
    /// The host's fans fail: all its GPUs run hotter within minutes, the busy ones most.
    FanLoss,
    /// Memory heats up to its largest operating temperature while the die stays as it is.
    HbmTemp,
    /// The PCIe link is narrower and slower than the board's.
    PcieDowntrain,
    /// So many CRC errors a second on the links to other GPUs, with replays and recoveries.
    NvlinkErrors(i64),
    /// The host is silent, then back with its counters since driver load at 0, one GPU after the other.
    Reboot,
    /// Another board in the slot: new UUID, serial number and counters.
    GpuSwap,
    /// No fault: a job that takes the GPU to its limit for as long as it lasts, so that others show.
    FullLoad,
}

/// How fast paste dries unless the text says, thousandths of a °C an hour (J): 2 °C in four hours.
const PASTE_DRIFT: i64 = 500;
/// CRC errors a second on NVLink unless the text says; they matter from 100 (facts on health, 2).
const NVLINK_ERRORS: i64 = 200;
/// How long a host reboots unless the text says, ms (J).
const REBOOT: i64 = 4 * MINUTE;

/// Whom a kind strikes and whether it lasts.
struct Row {
    word: &'static str,
    kind: Kind,
    /// Strikes hosts, not GPUs.
    host: bool,
    /// Happens at one instant and cannot end.
    instant: bool,
}

const fn row(word: &'static str, kind: Kind, host: bool, instant: bool) -> Row {
    Row { word, kind, host, instant }
}

const KINDS: [Row; 20] = [
    row("hw_thermal", Kind::HwThermal, false, false),
    row("power_brake", Kind::PowerBrake, false, false),
    row("ecc_dbe", Kind::EccDbe, false, true),
    row("sbe_storm", Kind::SbeStorm, false, false),
    row("row_remap_pending", Kind::RowRemapPending, false, false),
    row("row_remap_failed", Kind::RowRemapFailed, false, false),
    row("xid=N", Kind::Xid(0), false, true),
    row("gpu_lost", Kind::GpuLost, false, false),
    row("host_lost", Kind::HostLost, true, false),
    row("frozen", Kind::Frozen, false, false),
    row("counter_reset", Kind::CounterReset, false, true),
    row("clock_skew", Kind::ClockSkew, true, false),
    row("paste_drift[=N]", Kind::PasteDrift(PASTE_DRIFT), false, false),
    row("fan_loss", Kind::FanLoss, true, false),
    row("hbm_temp", Kind::HbmTemp, false, false),
    row("pcie_downtrain", Kind::PcieDowntrain, false, false),
    row("nvlink_errors[=N]", Kind::NvlinkErrors(NVLINK_ERRORS), false, false),
    row("reboot", Kind::Reboot, true, false),
    row("gpu_swap", Kind::GpuSwap, false, true),
    row("full_load", Kind::FullLoad, false, false),
];

/// A fault of the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// The host: its name, or its number from 1; or all hosts of a rack, as `rack-03` or `rack:3`.
    pub host: String,
    /// The GPU's index in the host; `None` strikes all of its GPUs, or the host itself.
    pub gpu: Option<usize>,
    /// When, in ms after the first tick.
    pub after_ms: i64,
    /// How long, in ms; `None` never ends.
    pub lasts_ms: Option<i64>,
    /// All of it as it was written.
    text: String,
}

/// A fault as it stands for one GPU or host.
#[derive(Debug, Clone)]
pub(super) struct Scripted {
    /// What.
    pub(super) kind: Kind,
    /// From when, ms after the first tick.
    pub(super) from_ms: i64,
    /// Until when; `None` never ends.
    pub(super) until_ms: Option<i64>,
    /// Whether it holds: `None` before, `Some(false)` after.
    pub(super) on: Option<bool>,
}

impl Scripted {
    /// A fault that has not begun.
    pub(super) fn new(kind: Kind, from_ms: i64, lasts_ms: Option<i64>) -> Scripted {
        Scripted { kind, from_ms, until_ms: lasts_ms.map(|lasts| from_ms.saturating_add(lasts)), on: None }
    }

    /// Goes on to `elapsed` ms after the first tick. Returns whether it began (true) or ended (false) now; a fault
    /// shorter than the interval shows in one sample.
    pub(super) fn step(&mut self, elapsed: i64) -> Option<bool> {
        let now = match self.on {
            None if self.from_ms <= elapsed => true,
            Some(true) if self.until_ms.is_some_and(|until| until <= elapsed) => false,
            _ => return None,
        };
        self.on = Some(now);
        Some(now)
    }
}

/// The kinds as they are written, for help and errors.
#[must_use]
pub fn kinds() -> String {
    KINDS.map(|row| row.word).join(", ")
}

/// An error about the text of a fault.
fn wrong(text: &str, why: &str) -> SourceError {
    SourceError::Usage(format!(
        "fault {text:?}: {why}; write KIND@HOST/IDX+20s[~10m], HOST a host or a rack, KIND one of {}",
        kinds()
    ))
}

impl Fault {
    /// The same fault, `ms` later.
    #[must_use]
    pub fn later(&self, ms: i64) -> Fault {
        Fault { after_ms: self.after_ms.saturating_add(ms), ..self.clone() }
    }

    /// The error that parsing would give, for what only the fleet can know.
    pub(super) fn wrong(&self, why: &str) -> SourceError {
        wrong(&self.text, why)
    }
}

impl FromStr for Fault {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Fault, SourceError> {
        let bad = |why: &str| wrong(text, why);
        let (word, rest) = text.split_once('@').ok_or_else(|| bad("no @HOST"))?;
        let (place, when) = rest.rsplit_once('+').ok_or_else(|| bad("no +TIME after the host"))?;
        let (kind, row) = kind(word).map_err(|why| bad(&why))?;
        let (after, lasts) = when.split_once('~').map_or((when, None), |(after, lasts)| (after, Some(lasts)));
        let after_ms = duration(after).map_err(|why| bad(&why))?;
        let lasts_ms = lasts.map(duration).transpose().map_err(|why| bad(&why))?;
        let (host, gpu) = place.split_once('/').map_or((place, None), |(host, gpu)| (host, Some(gpu)));
        if host.is_empty() {
            return Err(bad("the host is empty"));
        }
        let index = |gpu: &str| gpu.parse().map_err(|_| bad(&format!("{gpu:?} is no GPU index")));
        // What befalls a host befalls all its GPUs, whichever of them the text names.
        let gpu = gpu.map(index).transpose()?.filter(|_| !row.host);
        if row.instant && lasts_ms.is_some() {
            return Err(bad("this kind happens at one instant: leave out ~TIME"));
        }
        let lasts_ms = lasts_ms.or((kind == Kind::Reboot).then_some(REBOOT));
        Ok(Fault { kind, host: host.to_owned(), gpu, after_ms, lasts_ms, text: text.to_owned() })
    }
}

fn kind(word: &str) -> Result<(Kind, &'static Row), String> {
    let (name, number) = word.split_once('=').map_or((word, None), |(name, number)| (name, Some(number)));
    let stem = |row: &&Row| row.word.split(['[', '=']).next() == Some(name);
    let row = KINDS.iter().find(stem).ok_or_else(|| format!("no such kind as {name:?}"))?;
    let Some(number) = number else {
        return if matches!(row.kind, Kind::Xid(_)) {
            Err("xid wants a number: xid=79".to_owned())
        } else {
            Ok((row.kind, row))
        };
    };
    let above_0 = |number: f64| Some(number).filter(|number| *number > 0.0 && *number <= f64::from(u16::MAX));
    let kind = match row.kind {
        Kind::Xid(_) => number.parse::<u16>().ok().filter(|code| *code > 0).map(|code| Kind::Xid(code.into())),
        Kind::NvlinkErrors(_) => number.parse::<u16>().ok().map(|rate| Kind::NvlinkErrors(rate.into())),
        Kind::PasteDrift(_) => {
            let rate = number.parse().ok().and_then(above_0).and_then(|rate: f64| whole((rate * 1000.0).round()));
            rate.map(Kind::PasteDrift)
        }
        _ => return Err(format!("{name} takes no number")),
    };
    let what = if matches!(row.kind, Kind::Xid(_)) { "XID" } else { "rate" };
    Ok((kind.ok_or_else(|| format!("{number:?} is no {what}"))?, row))
}

/// A duration such as `20s`, `5m`, `1h`, in ms.
fn duration(text: &str) -> Result<i64, String> {
    let bad = || format!("{text:?} is no duration (20s, 5m, 1h)");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or_default() {
        "ms" => 1,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return Err(bad()),
    };
    let count: u32 = digits.parse().map_err(|_| bad())?;
    i64::from(count).checked_mul(unit).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_the_help_shows() {
        let fault: Fault = "hw_thermal@gpu-node-003/5+20s~10m".parse().unwrap();
        let is = Fault {
            kind: Kind::HwThermal,
            host: "gpu-node-003".to_owned(),
            gpu: Some(5),
            after_ms: 20_000,
            lasts_ms: Some(600_000),
            text: "hw_thermal@gpu-node-003/5+20s~10m".to_owned(),
        };
        assert_eq!(fault, is);
        assert_eq!("xid=79@1/0+1h".parse::<Fault>().unwrap().kind, Kind::Xid(79));
        assert_eq!("paste_drift=2.5@1/0+1h".parse::<Fault>().unwrap().kind, Kind::PasteDrift(2500));
        assert_eq!("reboot@1+1h".parse::<Fault>().unwrap().lasts_ms, Some(REBOOT));
        assert_eq!("power_brake@rack-03+1h".parse::<Fault>().unwrap().host, "rack-03");
        assert_eq!("host_lost@2+5m".parse::<Fault>().unwrap().gpu, None);
        assert_eq!("clock_skew@2/3+5m".parse::<Fault>().unwrap().gpu, None);
        for row in &KINDS {
            let place = if row.host { "1" } else { "1/0" };
            let text = format!("{}@{place}+0s", row.word.replace("[=N]", "=13").replace("=N", "=13"));
            assert!(text.parse::<Fault>().is_ok(), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_and_which_kinds_there_are() {
        let cases = [
            ("melted@1/0+20s", "no such kind as \"melted\""),
            ("hw_thermal", "no @HOST"),
            ("hw_thermal@1/0", "no +TIME"),
            ("hw_thermal@1/x+20s", "\"x\" is no GPU index"),
            ("hw_thermal@1/-1+20s", "is no GPU index"),
            ("hw_thermal@/0+20s", "the host is empty"),
            ("hw_thermal@1/0+20", "\"20\" is no duration"),
            ("hw_thermal@1/0+20s~", "\"\" is no duration"),
            ("hw_thermal@1/0+99999999999h", "is no duration"),
            ("hw_thermal=3@1/0+20s", "takes no number"),
            ("xid@1/0+20s", "xid wants a number"),
            ("xid=zero@1/0+20s", "\"zero\" is no XID"),
            ("paste_drift=0@1/0+20s", "\"0\" is no rate"),
            ("nvlink_errors=-3@1/0+20s", "\"-3\" is no rate"),
            ("gpu_swap@1/0+20s~1m", "one instant"),
            ("ecc_dbe@1/0+20s~1m", "one instant"),
            ("", "no @HOST"),
        ];
        for (text, why) in cases {
            let said = text.parse::<Fault>().unwrap_err().to_string();
            assert!(said.contains(why), "{text}: {said}");
            assert!(said.contains("row_remap_pending, row_remap_failed, xid=N"), "{said}");
        }
    }
}
