//! `demo` on a terminal: the live view in front, the pipeline behind it.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use gpuhm::event::time::HOUR;
use gpuhm::pipeline::whole::Outcome as Ran;
use gpuhm::view::tui::{Model, Msg, Progress as Far, Settings};

use super::{DRAIN_SEEN, Demo, Options};
use crate::exit::{Failure, Outcome};
use crate::options::Speed;
use crate::process::Signals;
use crate::screen;
use crate::watch::{outward, tick};

/// Simulated ms that a sample may be late on screen, for each unit of speed: the pipeline's own second.
const LATE_MS: f64 = 3000.0;

/// On a terminal: the live view in front, the pipeline behind it.
pub(super) fn show(demo: &Demo, options: &Options, signals: &Signals) -> Outcome {
    let settings = Settings {
        title: String::new(),
        demo: true,
        grace_ms: match options.speed {
            Speed::Times(speed) => gpuhm::event::values::whole((speed * LATE_MS).round()).unwrap_or(0),
            Speed::Max => HOUR,
        },
        ..options.look.settings()
    };
    let mut model = Model::new(settings, demo.live.plus(-demo.history));
    let (to, inbox) = channel();
    let (ask, asked) = channel();
    if let Some(limit) = options.limit {
        demo.limit(limit, &signals.stop);
    }
    let ran: Mutex<Option<Result<Ran, Failure>>> = Mutex::new(None);
    let shown = std::thread::scope(|scope| {
        let ran = &ran;
        let watcher = demo.watcher(options.look.refresh());
        scope.spawn(|| {
            let worked = demo.setup(DRAIN_SEEN, None).and_then(|setup| setup.run(signals)).map(|(ran, _)| ran);
            if worked.is_err() {
                // Nothing more comes: whoever looks at it should be told, not left with a picture that stands still.
                signals.stop.set();
            }
            if let Ok(mut slot) = ran.lock() {
                *slot = Some(worked);
            }
        });
        let (reader, clock, progress) = (to.clone(), to.clone(), to);
        scope.spawn(move || watcher.run(&reader, &asked));
        scope.spawn(move || tick(&demo.clock, &clock));
        scope.spawn(move || history(demo, &progress));
        let shown = screen::run(&mut model, inbox, |effect| outward(effect, &ask), &signals.stop);
        drop(ask);
        signals.stop.set();
        shown
    });
    shown?;
    if let Some(result) = ran.into_inner().ok().flatten() {
        let ran = result?;
        tracing::info!("demo: {} samples of {} GPUs; its files are gone", ran.collected.collected, ran.gpus);
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells the view how far the history is.
fn history(demo: &Demo, to: &Sender<Msg>) {
    while demo.clock.is_driven() {
        let word = "two hours of history through every stage".to_owned();
        if to.send(Msg::Progress(Some(Far { part: demo.part(), word }))).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    drop(to.send(Msg::Progress(None)));
}
