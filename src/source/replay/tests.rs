//! Recordings played: the three formats, what is broken in them, and every recording the project has been lent.

mod ahead;
mod bounds;
mod broken;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::Path;

use super::*;
use crate::event::{Body, Event};
use crate::metric;
use crate::source::identity::gpu_uuid;

/// No line of most tests claims to be from later.
const CEILING: Time = Time(4_000_000_000_000);

/// Writes a file and keeps its directory alive.
fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// Everything of a recording, with the times it was due at, and the complaints.
fn play(path: &str) -> (Vec<(Time, Reading)>, Vec<String>) {
    let mut replay = Replay::open(path, CEILING).unwrap();
    let mut all = Vec::new();
    while let Due::At(now) = replay.due() {
        let mut out = Vec::new();
        replay.read(now, &mut out).unwrap();
        assert!(!out.is_empty() && out.len() <= CHUNK);
        all.extend(out.into_iter().map(|reading| (now, reading)));
    }
    assert!((replay.progress().unwrap() - 1.0).abs() < 1e-9);
    let complaints = replay.complaints();
    assert!(replay.complaints().is_empty());
    (all, complaints)
}

fn event(reading: &Reading) -> &Event<'static> {
    match reading {
        Reading::Event(event) => event,
        Reading::Line { .. } => panic!("not an event: {reading:?}"),
    }
}

fn real(reading: &Reading, name: &str) -> Option<f64> {
    match &event(reading).body {
        Body::Sample(_, values, _) => values.real(metric::index(name).unwrap()),
        _ => panic!("no sample"),
    }
}

fn lines(readings: &[(Time, Reading)]) -> Vec<(String, String, bool)> {
    let line = |reading: &Reading| match reading {
        Reading::Line { key, bytes, report } => (key.clone(), String::from_utf8_lossy(bytes).into_owned(), *report),
        Reading::Event(_) => panic!("no line"),
    };
    readings.iter().map(|(_, reading)| line(reading)).collect()
}

const RECORDED: &str = "t,host,gpu,model,series,gpu_temp_c,power_w,sm_active,energy_mj,fb_used_mib,pstate\n\
    2026-03-09T18:25:28.630Z,h1,0,NVIDIA H100,a,45,56.84,0.29,238749445947,604.6875,0.0\n\
    2026-03-09T18:25:30.630Z,h1,0,NVIDIA H100,a,46,,,,,P0\n\
    2026-03-09T18:25:29,h1,1,NVIDIA H100,a,47,N/A,0.5,1,2,P2\n\
    2026-03-09T18:25:28.630Z,h1,1,NVIDIA H100,a,47,60,0.5,1,2,P2\n";

#[test]
fn a_table_comes_in_time_order_over_all_gpus() {
    for bytes in [RECORDED.as_bytes().to_vec(), gzip(RECORDED.as_bytes())] {
        let (_dir, path) = file("a.csv", &bytes);
        let (all, complaints) = play(&path);
        assert_eq!(complaints, Vec::<String>::new());
        let seen: Vec<_> = all.iter().map(|(now, reading)| (now.ms() % 100_000, real(reading, "gpu_temp_c"))).collect();
        assert_eq!(
            seen,
            [(28_630, Some(45.0)), (28_630, Some(47.0)), (29_000, Some(47.0)), (30_630, Some(46.0))]
                .map(|(ms, temp)| (ms + all[0].0.ms() % 100_000 - 28_630, temp))
        );
        let first = &all[0].1;
        for (name, is) in [
            ("power_usage_w", Some(56.84)),
            ("sm_active_pct", Some(29.0)),
            ("energy_mj", Some(238_749_445_947.0)),
            ("fb_used_mib", Some(605.0)),
            ("pstate", Some(0.0)),
            ("gpu_util_pct", None),
        ] {
            assert_eq!(real(first, name), is, "{name}");
        }
        assert_eq!(real(&all[3].1, "power_usage_w"), None);
        let one = event(first);
        assert_eq!(one.entity().unwrap(), gpu_uuid("h1", "0"));
        assert_eq!(one.host.hostname.as_deref(), Some("h1"));
        assert_eq!((one.quality.interval_ms, event(&all[2].1).quality.interval_ms), (Some(2000), Some(370)));
        assert_eq!((one.quality.stale, one.collected), (None, None));
    }
}

const WITH_UNITS: &str = "timestamp, name, pci.bus_id, uuid, index, driver_version, pstate, temperature.gpu, \
    power.draw [W], power.limit [W], utilization.gpu [%], memory.used [MiB], clocks.current.sm [MHz], \
    clocks_event_reasons.active, remapped_rows.pending, ecc.errors.uncorrected.volatile.total, fan.speed [%], compute_mode\n\
    2026/11/24 07:41:18.123, NVIDIA H100 80GB HBM3, 00000000:1B:00.0, GPU-11111111-2222-3333-4444-555555555555, 0, \
    550.90.07, P0, 34, 70.12 W, 700.00 W, 35 %, 551 MiB, 1410 MHz, 0x0000000000000004, No, 0, [N/A], Default\n\
    2026/11/24 07:41:19.123, NVIDIA H100 80GB HBM3, 00000000:1B:00.0, GPU-11111111-2222-3333-4444-555555555555, 0, \
    550.90.07, P0, 35, [Unknown Error], 700.00 W, 36 %, 551 MiB, 1410 MHz, 0x0000000000000000, Yes, 1, [N/A], Default\n";

#[test]
fn nvidia_smi_with_units() {
    let (_dir, path) = file("gpu-node-7.csv", WITH_UNITS.as_bytes());
    let (all, complaints) = play(&path);
    assert_eq!(complaints, [format!("{path}: columns ignored, nobody knows them: compute_mode")]);
    let one = event(&all[0].1);
    assert_eq!(one.time, Time::parse("2026-11-24T07:41:18.123Z"));
    assert_eq!(one.entity().unwrap(), "GPU-11111111-2222-3333-4444-555555555555");
    assert_eq!(one.host.hostname.as_deref(), Some("gpu-node-7"));
    let Body::Sample(gpu, values, xids) = &one.body else { panic!("a sample") };
    assert_eq!((gpu.device_index, gpu.pci_bus_id.as_deref()), (Some(0), Some("00000000:1B:00.0")));
    assert_eq!(
        (gpu.driver_version.as_deref(), gpu.name.as_deref()),
        (Some("550.90.07"), Some("NVIDIA H100 80GB HBM3"))
    );
    assert_eq!((gpu.architecture.as_deref(), xids.len(), values.len()), (None, 0, 10));
    for (name, first, second) in [
        ("power_usage_w", Some(70.12), None),
        ("power_limit_w", Some(700.0), Some(700.0)),
        ("gpu_util_pct", Some(35.0), Some(36.0)),
        ("fb_used_mib", Some(551.0), Some(551.0)),
        ("sm_clock_mhz", Some(1410.0), Some(1410.0)),
        ("throttle_reasons", Some(4.0), Some(0.0)),
        ("row_remap_pending", Some(0.0), Some(1.0)),
        ("ecc_dbe_volatile", Some(0.0), Some(1.0)),
        ("fan_speed_pct", None, None),
    ] {
        assert_eq!((real(&all[0].1, name), real(&all[1].1, name)), (first, second), "{name}");
    }
}

#[test]
fn nvidia_smi_without_units_and_without_uuid() {
    let text = "timestamp, index, power.limit, enforced.power.limit, temperature.gpu\r\n\
        2026/11/24 07:41:18.123, 3, 700.00, 500.00, 34\r\n2026/11/24 07:41:23.123, 3, 700.00, [N/A], 34\r\n";
    let (_dir, path) = file("node9.csv.gz", &gzip(text.as_bytes()));
    let (all, complaints) = play(&path);
    assert!(complaints.is_empty(), "{complaints:?}");
    assert_eq!(event(&all[0].1).entity().unwrap(), gpu_uuid("node9", "3"));
    assert_eq!(event(&all[0].1).quality.interval_ms, Some(5000));
    let limits: Vec<_> = all.iter().map(|(_, reading)| real(reading, "power_limit_w")).collect();
    assert_eq!(limits, [Some(500.0), Some(700.0)]);
}

#[test]
fn events_pass_byte_for_byte_in_the_order_of_the_file() {
    let text = concat!(
        "\u{feff}{ \"broken\n",
        "{\"event_type\":\"gpu_metric_sample\", \"timestamp\":\"2026-01-01T00:00:02Z\",\"gpu\":{\"gpu_uuid\":\"GPU-1\"}}\r\n",
        "\n",
        "{\"timestamp\":\"2026-01-01T00:00:01Z\",\"gpu\":{\"gpu_uuid\":\"GPU-\\u0032\"},\"more\":[1,{}]}\n",
        "{\"event_type\":\"collector_status\",\"host\":{\"hostname\":\"n1\"}}\n",
        "[1]\n",
        "{\"gpu\":7}"
    );
    let (_dir, path) = file("a.jsonl", text.as_bytes());
    let (all, complaints) = play(&path);
    let start = Time::parse("2026-01-01T00:00:00Z").unwrap();
    // Everything up to the later time is due at once; what comes behind an earlier time is not held back.
    assert!(all.iter().all(|(now, _)| now.since(start) == 2000));
    let keys: Vec<_> = lines(&all).into_iter().map(|(key, _, report)| (key, report)).collect();
    assert_eq!(keys.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["", "GPU-1", "GPU-2", "host:n1", "", ""]);
    assert_eq!(keys.iter().filter(|(_, report)| *report).count(), 1);
    let whole: Vec<String> = lines(&all).into_iter().map(|(_, bytes, _)| bytes).collect();
    let is: Vec<&str> =
        text.trim_start_matches('\u{feff}').split('\n').map(|line| line.trim_end_matches('\r')).collect();
    assert_eq!(whole, is.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>());
    assert_eq!(complaints.len(), 3);
    assert!(complaints[0].starts_with(&format!("{path}:1: no event: ")), "{complaints:?}");
}

#[test]
fn many_lines_come_in_chunks() {
    let line = "{\"timestamp\":\"2026-01-01T00:00:02Z\",\"gpu\":{\"gpu_uuid\":\"GPU-1\"}}\n";
    let (_dir, path) = file("a.jsonl", line.repeat(10_000).as_bytes());
    let (all, complaints) = play(&path);
    assert_eq!((all.len(), complaints.len()), (10_000, 0));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs the lent recordings at ../shared/data/telemetry")]
fn every_lent_recording_plays_whole() {
    let dir = Path::new(env!("GPUHM_SHARED_DATA")).join("telemetry");
    let mut played = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path().to_str().unwrap().to_owned();
        if !path.ends_with(".csv.gz") {
            continue;
        }
        let mut text = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
        let (all, complaints) = play(&path);
        assert_eq!(complaints, Vec::<String>::new(), "{path}");
        assert_eq!(all.len(), text.lines().count() - 1, "{path}");
        assert!(all.is_sorted_by_key(|(_, reading)| event(reading).time), "{path}");
        let intervals = all.iter().map(|(_, reading)| event(reading).quality.interval_ms);
        played.insert(path.rsplit('/').next().unwrap().to_owned(), intervals.min().unwrap());
    }
    for (name, interval) in [
        ("h100x8_sxm_hostD_6workloads_1in10.csv.gz", Some(1001)),
        ("a100x8_80gb_hostA_wandb30s.csv.gz", Some(30_002)),
        ("h200x1_idle_load_cool_1s_hostG.csv.gz", Some(1000)),
        ("h100_fleet_snapshot_247gpus.csv.gz", None),
    ] {
        assert_eq!(played.get(name), Some(&interval), "{name}: {played:?}");
    }
}
