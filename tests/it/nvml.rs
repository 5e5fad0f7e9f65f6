//! The NVML source on a stand-in for the driver's library: values in the table's units, what is absent and why, and its faults.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use gpuhm::event::sample::Body;
use gpuhm::event::{Event, Time};
use gpuhm::metric::METRICS;
use gpuhm::source::Reading;
use gpuhm::source::endpoint::{Endpoint, Taken};
use gpuhm::source::nvml::{Driver, Options};

use crate::process::{example, text};

const NOW: Time = Time(1_752_871_354_000);

/// The stand-in, built once.
fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| example::library("nvml_standin"))
}

/// A machine of its own: a copy of the library and its script.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    pub(crate) fn new() -> Machine {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(library(), folder.path().join("libnvidia-ml.so.1")).unwrap();
        Machine { folder }
    }

    /// The library's path.
    pub(crate) fn library(&self) -> String {
        text(&self.folder.path().join("libnvidia-ml.so.1"))
    }

    /// What befell its GPUs.
    pub(crate) fn script(&self, text: &str) {
        std::fs::write(self.folder.path().join("script"), text).unwrap();
    }

    fn driver(&self) -> Driver {
        let options = Options { hostname: "n1".to_owned(), pace: 10_000.into() };
        Driver::open(Some(Path::new(&self.library())), options).unwrap()
    }
}

fn event(taken: &Taken, at: usize) -> &Event<'static> {
    match &taken.readings[at] {
        Reading::Event(event) => event,
        line @ Reading::Line { .. } => panic!("{line:?}"),
    }
}

fn real(taken: &Taken, at: usize, metric: &str) -> Option<f64> {
    let Body::Sample(_, values, _) = &event(taken, at).body else { panic!("{taken:?}") };
    values.real(METRICS.iter().position(|row| row.name == metric).unwrap())
}

fn xids(taken: &Taken) -> Vec<(usize, i64)> {
    let of = |at: usize| match &event(taken, at).body {
        Body::Sample(_, _, xids) => xids.iter().map(|xid| (at, xid.code)).collect(),
        _ => Vec::new(),
    };
    (0..taken.readings.len()).flat_map(of).collect()
}

#[test]
fn every_value_comes_in_the_tables_unit() {
    let machine = Machine::new();
    let mut driver = machine.driver();
    assert_eq!(driver.gpus(), 2);
    let taken = driver.read(NOW).unwrap();
    let Body::Sample(gpu, ..) = &event(&taken, 0).body else { panic!("{taken:?}") };
    assert_eq!(gpu.gpu_uuid.as_deref(), Some("GPU-00000000-0000-4000-8000-000000000000"));
    assert_eq!((gpu.device_index, gpu.pci_bus_id.as_deref()), (Some(0), Some("0000:3B:00.0")));
    assert_eq!((gpu.name.as_deref(), gpu.serial.as_deref()), (Some("NVIDIA H100 80GB HBM3"), Some("1650000000000")));
    assert_eq!((gpu.architecture.as_deref(), gpu.compute_capability.as_deref()), (Some("Hopper"), Some("9.0")));
    assert_eq!(gpu.driver_version.as_deref(), Some("580.95.05"));
    for (metric, value) in [
        ("gpu_temp_c", 41.0),
        ("memory_temp_c", 55.0),
        ("power_usage_w", 312.456),
        ("power_instant_w", 299.0),
        ("power_limit_w", 700.0),
        ("power_limit_max_w", 700.0),
        ("shutdown_temp_c", 94.0),
        ("slowdown_temp_c", 88.0),
        ("memory_max_operating_temp_c", 95.0),
        ("max_operating_temp_c", 86.0),
        ("temp_margin_c", -3.0),
        ("fan_speed_pct", 30.0),
        ("power_violation_ns", 5_000_000_000.0),
        ("thermal_violation_ns", 5_000_000_001.0),
        ("fb_used_mib", 1000.0),
        ("fb_total_mib", 81559.0),
        ("ecc_sbe_volatile", 0.0),
        ("ecc_dbe_aggregate", 11.0),
        ("remapped_rows_correctable", 6.0),
        ("remapped_rows_uncorrectable", 2.0),
        ("row_remap_pending", 1.0),
        ("bank_remap_max", 640.0),
        ("bank_remap_none", 1.0),
        ("sram_threshold_exceeded", 1.0),
        ("gpu_util_pct", 97.0),
        ("mem_clock_mhz", 2619.0),
        ("pcie_replays", 120.0),
        // Four links: 4 × 100 × kind + 0 + 1 + 2 + 3.
        ("nvlink_replay_errors", 6.0),
        ("nvlink_recovery_errors", 406.0),
        ("nvlink_crc_errors", 806.0),
    ] {
        assert_eq!(real(&taken, 0, metric), Some(value), "{metric}");
    }
    let Body::Sample(_, values, _) = &event(&taken, 0).body else { panic!("{taken:?}") };
    let int = |name: &str| values.int(METRICS.iter().position(|row| row.name == name).unwrap());
    assert_eq!(int("throttle_reasons"), Some(0x1_0004), "a bit without a name is kept");
    assert_eq!(int("energy_mj"), Some(9_007_199_254_740_993), "every digit of a counter");
    assert_eq!(taken.hosts[0].state, "ok");
    assert_eq!((taken.hosts[0].seen, taken.hosts[0].expected), (2, Some(2)));
    assert_eq!(driver.read(NOW.plus(10_000)).unwrap().readings.len(), 2);
}

#[test]
fn what_a_gpu_does_not_support_is_absent_with_the_reason() {
    let machine = Machine::new();
    let mut driver = machine.driver();
    let first = driver.read(NOW).unwrap();
    // A later look asks less; limits stay.
    let later = driver.read(NOW.plus(10_000)).unwrap();
    for taken in [&first, &later] {
        for metric in ["fan_speed_pct", "nvlink_crc_errors", "ecc_sbe_volatile", "retired_pages_sbe", "sm_active_pct"] {
            assert_eq!(real(taken, 1, metric), None, "{metric}");
        }
        assert_eq!(real(taken, 1, "gpu_temp_c"), Some(42.0));
        assert_eq!(real(taken, 1, "power_limit_w"), Some(700.0));
    }
    let absent = driver.absent();
    let fan: Vec<_> = absent.iter().filter(|absent| absent.metric == "fan_speed_pct").collect();
    assert_eq!(fan.len(), 1, "GPU 0 has one: {absent:?}");
    assert_eq!(
        (fan[0].gpu.as_str(), fan[0].why.as_str()),
        ("GPU-00000000-0000-4000-8000-000000000001", "not supported by this GPU")
    );
}

#[test]
fn a_gpu_that_fell_off_the_bus_is_told_by_name_and_comes_back() {
    let machine = Machine::new();
    let mut driver = machine.driver();
    driver.read(NOW).unwrap();
    machine.script("lost 1\n");
    let taken = driver.read(NOW.plus(10_000)).unwrap();
    assert_eq!(taken.readings.len(), 2);
    let lost = event(&taken, 1);
    assert_eq!(lost.entity().as_deref(), Some("GPU-00000000-0000-4000-8000-000000000001"));
    assert_eq!(lost.quality.error.as_deref(), Some("the GPU is lost: it fell off the bus"));
    let Body::Sample(_, values, _) = &lost.body else { panic!("{lost:?}") };
    assert!(values.is_empty(), "{values:?}");
    assert_eq!(event(&taken, 0).quality.error, None, "the other is read");
    assert_eq!(taken.hosts[0].state, "GPU 1: the GPU is lost: it fell off the bus");
    assert_eq!((taken.hosts[0].seen, taken.hosts[0].expected), (1, Some(2)));
    machine.script("");
    let taken = driver.read(NOW.plus(20_000)).unwrap();
    assert_eq!((event(&taken, 1).quality.error.clone(), taken.hosts[0].state.as_str()), (None, "ok"));
}

#[test]
fn a_gpu_that_gives_nothing_says_so_once_and_is_silent_then() {
    let machine = Machine::new();
    let mut driver = machine.driver();
    driver.read(NOW).unwrap();
    let uuids = |taken: &Taken| {
        let of = |at| event(taken, at).entity().map(|entity| entity.to_string());
        (0..taken.readings.len()).map(of).collect::<Vec<_>>()
    };
    let first = Some("GPU-00000000-0000-4000-8000-000000000000".into());
    let mut at = NOW;
    for (script, error) in [
        ("lost 1\n", "the GPU is lost: it fell off the bus"),
        // Another reason is another state.
        ("mute 1\n", "the driver gives no value of the GPU"),
    ] {
        machine.script(script);
        at = at.plus(10_000);
        let told = driver.read(at).unwrap();
        assert_eq!(told.readings.len(), 2, "{script}");
        assert_eq!(event(&told, 1).quality.error.as_deref(), Some(error));
        for _ in 0..3 {
            at = at.plus(10_000);
            let later = driver.read(at).unwrap();
            assert_eq!(uuids(&later), std::slice::from_ref(&first), "{script}: its silence is what the rules judge");
            assert_eq!(later.hosts[0].state, format!("GPU 1: {error}"));
            assert_eq!((later.hosts[0].seen, later.hosts[0].expected), (1, Some(2)));
        }
    }
    machine.script("");
    assert_eq!(driver.read(at.plus(10_000)).unwrap().readings.len(), 2, "it is back");
}

#[test]
fn xids_that_came_before_the_driver_went_away_are_told() {
    let machine = Machine::new();
    let mut driver = machine.driver();
    driver.read(NOW).unwrap();
    machine.script("xid 1 79\n");
    // The thread that waits for XIDs has it, and nobody has looked since.
    std::thread::sleep(Duration::from_millis(1500));
    machine.script("xid 1 79\ngone\n");
    let taken = driver.read(NOW.plus(10_000)).unwrap();
    assert_eq!(taken.readings.len(), 1, "of the other GPU there is nothing to say");
    let last = event(&taken, 0);
    assert_eq!(last.entity().as_deref(), Some("GPU-00000000-0000-4000-8000-000000000001"));
    assert_eq!(xids(&taken), [(0, 79)]);
    assert_eq!(last.quality.error.as_deref(), Some("the NVIDIA driver went away"));
    assert_eq!((taken.hosts[0].seen, taken.hosts[0].state.as_str()), (0, "the NVIDIA driver went away"));
    assert_eq!(driver.read(NOW.plus(20_000)).unwrap_err().why, "the NVIDIA driver is not loaded");
}

#[test]
fn xids_come_once_each_with_their_gpu_also_from_one_that_is_lost() {
    let machine = Machine::new();
    let mut driver = machine.driver();
    driver.read(NOW).unwrap();
    machine.script("xid 0 13\nxid 0 13\nlost 1\nxid 1 79\n");
    let (mut seen, mut at) = (Vec::new(), NOW);
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(20));
        at = at.plus(10_000);
        seen.extend(xids(&driver.read(at).unwrap()));
        if seen.len() >= 3 {
            break;
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, [(0, 13), (0, 13), (1, 79)]);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(xids(&driver.read(at.plus(10_000)).unwrap()), [], "none again");
}

#[test]
fn a_driver_that_is_unloaded_is_said_and_found_again() {
    let machine = Machine::new();
    let mut driver = machine.driver();
    driver.read(NOW).unwrap();
    machine.script("gone\n");
    assert_eq!(driver.read(NOW.plus(10_000)).unwrap_err().why, "the NVIDIA driver went away");
    let trouble = driver.read(NOW.plus(20_000)).unwrap_err();
    assert_eq!(trouble.why, "the NVIDIA driver is not loaded");
    assert!(trouble.hint.unwrap().contains("modprobe nvidia"));
    machine.script("");
    assert_eq!(driver.read(NOW.plus(30_000)).unwrap().readings.len(), 2);
}
