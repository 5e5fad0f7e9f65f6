//! A fixed recording with faults, disorder, a late burst, repeats and broken lines; and how it is cut for sending.

use std::collections::HashMap;

use gpuhm::event::time::HOUR;
use gpuhm::pipeline::clock::wall;

use super::{Home, parsed};

/// What breaks, and when.
const FAULTS: [&str; 9] = [
    "xid=79@3/1+5m",
    "xid=48@3/2+7m",
    "hw_thermal@1/1+12m~6m",
    "ecc_dbe@2/0+13m",
    "power_brake@4/1+14m~4m",
    "row_remap_failed@2/3+15m",
    "frozen@1/3+11m~9m",
    "gpu_lost@4/2+20m",
    "counter_reset@2/0+25m",
];

/// The most events of one GPU that a collector has on the way at a time.
const ON_THE_WAY: usize = 16;

/// Lines of JSON, as `collect --sink FILE` wrote them: 16 GPUs on 4 hosts, a tick every 10 s.
pub(crate) fn simulated(home: &Home, ticks: u32) -> Vec<String> {
    let ticks = ticks.to_string();
    // Some hours ago: services drop rows that are older than their retention by the wall clock.
    let from = wall().floor(HOUR).plus(-3 * HOUR).to_string();
    let mut args = vec!["collect", "--source", "sim", "--speed", "max", "--from", &from];
    args.extend(["--gpus", "16", "--hosts", "4", "--ticks", &ticks, "--sink", "simulated.jsonl"]);
    args.extend(FAULTS.iter().flat_map(|fault| ["--fault", *fault]));
    home.ok(&args);
    let text = std::fs::read_to_string(home.path("simulated.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The entity of a line: the GPU, or the host of a report.
fn entity(line: &str) -> String {
    let Ok(event) = serde_json::from_str::<serde_json::Value>(line) else { return String::new() };
    let of = |pointer: &str| event.pointer(pointer).and_then(|text| text.as_str()).map(str::to_owned);
    of("/gpu/gpu_uuid").or_else(|| of("/host/hostname")).unwrap_or_default()
}

fn minutes(line: &str) -> String {
    parsed(line)["timestamp"].as_str().unwrap()[14..16].to_owned()
}

/// Spoils the order: neighbours change places, two GPUs' minutes 8 and 9 come when the others are at 12 (one of them
/// after its own newer events, the other with them held back), some lines come twice, some are no events.
pub(crate) fn spoilt(lines: Vec<String>) -> Vec<String> {
    let mut names: Vec<String> =
        lines.iter().map(|line| entity(line)).filter(|name| name.starts_with("GPU-")).collect();
    names.sort_unstable();
    names.dedup();
    let (late, held) = (names[3].clone(), names[8].clone());
    let (mut out, mut burst): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for (at, line) in lines.into_iter().enumerate() {
        let (name, minute) = (entity(&line), minutes(&line));
        let is_late = name == late && ("08".."10").contains(&minute.as_str());
        let is_held = name == held && ("08".."12").contains(&minute.as_str());
        if is_late || is_held {
            burst.push(line);
            continue;
        }
        if minute == "12" {
            out.append(&mut burst);
        }
        out.push(line);
        let last = out.len() - 1;
        match at % 97 {
            11 if last > 16 => out.swap(last, last - 16),
            40 => out.push(out[last].clone()),
            77 => out.push(out[last].replace("\"gpu_temp_c\":", "\"gpu_temp_c\":9")),
            90 => out.push(format!("{{\"broken\": {at}")),
            _ => {}
        }
    }
    out
}

/// Pieces that a killed sender may send again: a GPU has no more events in one than a collector has on the way.
pub(crate) fn pieces(lines: &[String]) -> Vec<Vec<String>> {
    let mut pieces: Vec<Vec<String>> = vec![Vec::new()];
    let mut counts: HashMap<String, usize> = HashMap::new();
    for line in lines {
        let count = counts.entry(entity(line)).or_default();
        // What is no event has no key and no limit.
        if *count >= ON_THE_WAY && line.contains("gpu_uuid") {
            pieces.push(Vec::new());
            counts.clear();
            counts.insert(entity(line), 1);
        } else {
            *count += 1;
        }
        pieces.last_mut().unwrap().push(line.clone());
    }
    pieces
}
