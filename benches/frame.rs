//! A frame of the live view over 100,000 GPUs against one over 1,000, at 200x60; and the bytes that frames take.
//!
//! A frame costs what is on screen, whatever the fleet's size: the ratio says whether that holds. What a reading costs
//! (counts, order, the map) stands beside it, since it is made once a second and not for each frame.

use std::hint::black_box;

use gpuhm::event::health::{Action, Grade, Health};
use gpuhm::event::rows::{Place, Raw};
use gpuhm::event::{FleetNow, GpuNow, Time, Value, Values};
use gpuhm::metric::ids;
use gpuhm::view::tui::terminal::Screen;
use gpuhm::view::tui::{Model, Msg, Read, Settings, View, render_to, update};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::harness::{Pair, Random, Rounds, Took, real, timed};

const LARGE: usize = 100_000;
const SMALL: usize = 1_000;
const SIZE: (u16, u16) = (200, 60);
const FRAMES: usize = 200;

pub(crate) fn run() -> anyhow::Result<()> {
    for (view, name) in [(View::Fleet, "map"), (View::Gpus, "table")] {
        let (large, small) = (model(LARGE, view), model(SMALL, view));
        let rounds = Rounds::of(|| Ok(frames(&large)), || Ok(frames(&small)))?;
        let pair = Pair {
            subject: format!("frame of the {name}, 200x60, 100,000 GPUs"),
            baseline: "1,000 GPUs",
            unit: "frame",
            items: real(FRAMES),
            bytes: 0.0,
            aim: Some(1.2),
        };
        println!("{}", rounds.line(&pair, |took| took.cpu));
    }
    let mut view = model(LARGE, View::Fleet);
    let again = Box::new(reading(LARGE, 3));
    let (took, _) = timed(|| update(&mut view, Msg::Data(again)));
    println!("a reading of 100,000 GPUs taken in: {:.1} ms", took.cpu.as_secs_f64() * 1e3);
    bytes()
}

/// Bytes of a whole frame, of one that shows nothing new, and of one where 2 % of the cells changed, at 120x36.
fn bytes() -> anyhow::Result<()> {
    let size = (120, 36);
    let settings = Settings { size, ..Settings::default() };
    let mut view = Model::new(settings, Time(0));
    let base = reading(512, 1);
    update(&mut view, Msg::Data(Box::new(base.clone())));
    let mut screen = Screen::new(Vec::new());
    let first = screen.draw(size, |buffer| render_to(&view, buffer))?;
    let same = screen.draw(size, |buffer| render_to(&view, buffer))?;
    let mut changed = base;
    for gpu in changed.fleet.gpus.iter_mut().step_by(50) {
        if let Some(health) = &mut gpu.health {
            health.score = 75;
        }
    }
    update(&mut view, Msg::Data(Box::new(changed)));
    let after = screen.draw(size, |buffer| render_to(&view, buffer))?;
    println!("bytes at 120x36: first frame {first}, unchanged {same} (aim <= 64), 2 % of the GPUs changed {after}");
    Ok(())
}

fn model(gpus: usize, view: View) -> Model {
    let mut model = Model::new(Settings { size: SIZE, view, ..Settings::default() }, Time(0));
    update(&mut model, Msg::Data(Box::new(reading(gpus, 1))));
    model
}

fn frames(model: &Model) -> Took {
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    let (took, ()) = timed(|| {
        for _ in 0..FRAMES {
            buffer.reset();
            render_to(model, &mut buffer);
            black_box(&buffer);
        }
    });
    took
}

/// A fleet of eight GPUs a host and eight hosts a rack, one in twenty of them not well.
fn reading(gpus: usize, seed: u64) -> Read {
    let mut random = Random(seed);
    let gpus = (0..gpus).map(|at| gpu(at, random.below(100)));
    Read { fleet: FleetNow { gpus: gpus.collect(), ..FleetNow::default() }, ..Read::default() }
}

fn gpu(at: usize, luck: usize) -> GpuNow {
    let (hostname, index) = (format!("gpu-node-{:05}", at / 8), i64::try_from(at % 8).unwrap_or_default());
    let gpu_uuid = format!("GPU-{at:08x}-86f3-7a43-b711-4771313afc00");
    let score = if luck < 5 { i64::try_from(luck).unwrap_or_default() * 15 } else { 100 };
    let mut values = Values::default();
    values.set(ids::GPU_TEMP, Value::Real(60.0 + real(luck) / 10.0));
    values.set(ids::POWER, Value::Real(600.0 + real(luck)));
    let texts = [None, Some(format!("rack-{:04}", at / 64)), None, None, None, None];
    let health = Health {
        gpu_uuid: gpu_uuid.clone(),
        hostname: hostname.clone(),
        device_index: Some(index),
        time: Time(0),
        score,
        grade: Grade::of(score),
        state: Grade::of(score).state(),
        confidence: 1.0,
        action: Action::None,
        ledger: Vec::new(),
        notes: Vec::new(),
        better_since: None,
        as_of: Time(0),
        replaced_by: None,
    };
    GpuNow {
        latest: Raw {
            time: Time(0),
            gpu_uuid: gpu_uuid.clone(),
            hostname: hostname.clone(),
            device_index: Some(index),
            model: Some("NVIDIA H100-SXM-80G".to_owned()),
            values,
            latency_ms: None,
            interval_ms: Some(10_000),
        },
        place: Place { gpu_uuid, since: Time(0), hostname, device_index: Some(index), texts },
        health: Some(health),
        prediction: None,
    }
}
