//! A real host engine, where one is at hand: fake GPUs, injected values, read by the real binary.
//!
//! `GPUHM_TEST_DCGM=HOST:PORT` names an engine that the test may fill (one without a driver: fakes cannot be removed), and
//! `GPUHM_TEST_LIBDCGM=PATH` its library. Without them these tests are ignored, by name.

mod inject;

use std::sync::{Mutex, MutexGuard, PoisonError};

use gpuhm::source::dcgm::layout::codes::BLANK_INT;

use crate::broker::{ignored, told};
use crate::dcgm_support::{PATIENCE, Told, ended, now_us, rows, value, whole};
use crate::process::{Home, Service, until};
use inject::{Injector, Shape};

/// One test at a time: they share the engine's GPUs.
static ALONE: Mutex<()> = Mutex::new(());
/// GPUs a test needs.
const GPUS: usize = 2;

/// The engine, with fake GPUs of known UUIDs.
struct Real {
    address: String,
    library: String,
    injector: Injector,
    gpus: Vec<u32>,
    _alone: MutexGuard<'static, ()>,
}

impl Real {
    fn at_hand(test: &str) -> Option<Real> {
        let (Some(address), Some(library)) = (told("GPUHM_TEST_DCGM"), told("GPUHM_TEST_LIBDCGM")) else {
            ignored(test, "a DCGM host engine (GPUHM_TEST_DCGM=host:port and GPUHM_TEST_LIBDCGM=libdcgm.so.4)");
            return None;
        };
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let injector = Injector::connect(&library, &address);
        let gpus = injector.gpus(GPUS);
        for gpu in &gpus {
            let name = |field, text: String| assert_eq!(injector.put(*gpu, field, &Shape::Text(text)), 0, "{field}");
            name(54, uuid(*gpu));
            name(50, "NVIDIA H100 80GB HBM3".to_owned());
            name(53, format!("16500{gpu}"));
            name(57, format!("00000000:{:02X}:00.0", 0x10 + gpu));
        }
        Some(Real { address, library, injector, gpus, _alone: alone })
    }

    fn source(&self) -> String {
        format!("dcgm://{}#host=node-0", self.address)
    }

    fn once(&self) -> Told {
        let home = Home::new();
        let mut command = home.command(&["collect", "--once", "-o", "jsonl", "--source", &self.source()]);
        command.env("GPUHM_LIBDCGM", &self.library);
        let ran = ended(command);
        assert_eq!(ran.code, 0, "{}", ran.err);
        Told::of(&ran.out, &ran.err)
    }
}

fn uuid(gpu: u32) -> String {
    format!("GPU-5e1ec7ed-0000-4000-8000-{gpu:012x}")
}

/// Whether DCGM has a field as a real number.
fn is_real(field: u16) -> bool {
    (1001..=1008).contains(&field) || [155, 157, 162, 163, 164, 254].contains(&field)
}

#[test]
fn injected_values_arrive_with_their_units() {
    let Some(real) = Real::at_hand("dcgm_real::injected_values_arrive_with_their_units") else { return };
    let mut known = Vec::new();
    for (metric, field, expected) in rows() {
        let raw = expected / metric.dcgm_factor;
        let shape = if is_real(field) { Shape::Real(raw) } else { Shape::Int(whole(raw)) };
        let taken: Vec<i32> = real.gpus.iter().map(|gpu| real.injector.put(*gpu, field, &shape)).collect();
        // An older engine does not know the newest fields.
        if taken.iter().all(|code| *code == 0) {
            known.push((metric, field, expected));
        }
    }
    assert!(known.len() > 40, "only {} fields could be injected", known.len());
    let told = real.once();
    for gpu in &real.gpus {
        let sample = told.samples.iter().find(|sample| sample["gpu"]["gpu_uuid"] == uuid(*gpu).as_str());
        let sample = sample.unwrap_or_else(|| panic!("no sample of GPU {gpu}: {}", told.said));
        for (metric, field, expected) in &known {
            let found = value(sample, metric).as_f64();
            let close = found.is_some_and(|found| (found - expected).abs() < 1e-6 * expected);
            assert!(close, "{} (field {field}): {found:?} is not {expected}", metric.name);
        }
    }
}

#[test]
fn injected_blanks_are_absent() {
    let Some(real) = Real::at_hand("dcgm_real::injected_blanks_are_absent") else { return };
    for added in 0..4 {
        assert_eq!(real.injector.put(real.gpus[0], 150, &Shape::Int(BLANK_INT + added)), 0);
        assert_eq!(real.injector.put(real.gpus[1], 150, &Shape::Int(41)), 0);
        let told = real.once();
        let of = |gpu: u32| {
            let found = told.samples.iter().find(|sample| sample["gpu"]["gpu_uuid"] == uuid(gpu).as_str());
            found.map(|sample| sample["metrics"]["health"]["gpu_temp_c"].clone())
        };
        assert!(of(real.gpus[0]).is_none_or(|temperature| temperature.is_null()), "blank {added}");
        assert_eq!(of(real.gpus[1]), Some(serde_json::json!(41)));
    }
}

#[test]
fn injected_xids_arrive_once_each() {
    let Some(real) = Real::at_hand("dcgm_real::injected_xids_arrive_once_each") else { return };
    for gpu in &real.gpus {
        assert_eq!(real.injector.put(*gpu, 150, &Shape::Int(41)), 0);
    }
    let home = Home::new();
    let out = home.path("out.jsonl");
    let mut command = home.command(&["collect", "--sink", "-", "--interval", "1s", "--source", &real.source()]);
    command.env("GPUHM_LIBDCGM", &real.library).stdout(std::fs::File::create(&out).unwrap());
    let mut service = Service::as_is(&mut command);
    let so_far = || {
        let text = std::fs::read_to_string(&out).unwrap();
        Told::of(text.rfind('\n').map_or("", |end| &text[..end]), "")
    };
    let ours = |told: &Told| {
        let mut found = Vec::new();
        for sample in &told.samples {
            let uuid = sample["gpu"]["gpu_uuid"].as_str().unwrap_or_default().to_owned();
            let xids = sample["metrics"]["errors"]["xids"].as_array().into_iter().flatten();
            found.extend(xids.map(|xid| (uuid.clone(), xid["code"].as_i64().unwrap())));
        }
        found
    };
    until("a tick", PATIENCE, || !so_far().samples.is_empty());
    // Values of the past run of another test may be there; these codes are not.
    let codes = [136, 143];
    let at = now_us();
    for (nth, code) in (0..).zip(codes) {
        assert_eq!(real.injector.put_at(real.gpus[0], 230, &Shape::Int(code), at + nth), 0);
    }
    let count = |told: &Told| ours(told).iter().filter(|(_, code)| codes.contains(code)).count();
    until("both XIDs", PATIENCE, || count(&so_far()) >= 2);
    let ticks = so_far().samples.len();
    until("two ticks more", PATIENCE, || so_far().samples.len() >= ticks + 2 * GPUS);
    assert_eq!(count(&so_far()), 2, "{:?}", ours(&so_far()));
    assert!(service.runs());
}
