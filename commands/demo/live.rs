//! `demo` on a terminal: the live view in front, the pipeline behind it.

use std::process::ExitCode;
use std::sync::atomic::AtomicI64;
use std::sync::mpsc::{SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gpuhm::event::time::{DAY, HOUR};
use gpuhm::pipeline::Flag;
use gpuhm::pipeline::clock::{nap, wall};
use gpuhm::pipeline::whole::Outcome as Ran;
use gpuhm::store::Retention;
use gpuhm::view::fleet::ago;
use gpuhm::view::tui::{Model, Msg, Progress as Far, Settings};

use super::{DRAIN_SEEN, Demo, Options};
use crate::exit::{Failure, Outcome};
use crate::options::Speed;
use crate::process::{Signals, scoped};
use crate::screen;
use crate::watch::{ON_THE_WAY, outward, tick};

/// Simulated ms that a sample may be late on screen, for each unit of speed: the pipeline's own second.
const LATE_MS: f64 = 3000.0;

/// How often the files are looked at.
const KEEP_EVERY: Duration = Duration::from_secs(10);
/// Raw rows of two hours and windows of two days of the fleet's clock, in half a GiB.
const KEEP: Retention = Retention { raw_ms: 2 * HOUR, windows_ms: 2 * DAY, fresh_ms: 0, bytes: 512 << 20 };

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
    let (to, inbox) = sync_channel(ON_THE_WAY);
    let (ask, asked) = channel();
    let stop = &signals.stop;
    if let Some(limit) = options.limit {
        demo.limit(limit, stop)?;
    }
    let ran: Mutex<Option<Result<Ran, Failure>>> = Mutex::new(None);
    let shown = std::thread::scope(|scope| {
        let ran = &ran;
        // However the view ends, by a panic or for want of a thread too, the others end with it.
        let _ends = Ends(stop);
        let watcher = demo.watcher(options.look.refresh());
        let shown: Arc<AtomicI64> = Arc::clone(&watcher.shown);
        scoped(scope, "pipeline", || {
            let worked = demo.setup(DRAIN_SEEN, None).and_then(|setup| setup.run(signals)).map(|(ran, _)| ran);
            if worked.is_err() {
                // Nothing more comes: whoever looks at it should be told, not left with a picture that stands still.
                stop.set();
            }
            if let Ok(mut slot) = ran.lock() {
                *slot = Some(worked);
            }
        })?;
        let (reader, clock, progress) = (to.clone(), to.clone(), to.clone());
        scoped(scope, "readings", move || watcher.run(&reader, &asked))?;
        scoped(scope, "clock", move || tick(&demo.clock, &shown, &clock, stop))?;
        scoped(scope, "history", move || history(demo, &progress, stop))?;
        scoped(scope, "retention", || keep(demo, stop))?;
        let shown = screen::run(&mut model, inbox, |effect| outward(effect, &ask, &to), stop);
        drop((ask, to));
        shown
    });
    shown?;
    if let Some(result) = ran.into_inner().ok().flatten() {
        let ran = result?;
        tracing::info!("demo: {} samples of {} GPUs; its files are gone", ran.collected.collected, ran.gpus);
    }
    Ok(ExitCode::SUCCESS)
}

/// Sets the flag at its end.
struct Ends<'a>(&'a Flag);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.set();
    }
}

/// Tells the view how far the history is.
fn history(demo: &Demo, to: &SyncSender<Msg>, stop: &Flag) {
    let word = format!("{} of history through every stage", ago(demo.history / 1000));
    while demo.part() < 1.0 {
        let far = Far { part: demo.part(), word: word.clone() };
        if to.send(Msg::Progress(Some(far))).is_err() || !nap(Duration::from_millis(250), stop) {
            return;
        }
    }
    drop(to.send(Msg::Progress(None)));
}

/// Keeps the files of a demo that is left open small: what its screens show, and little more.
fn keep(demo: &Demo, stop: &Flag) {
    let mut store = None;
    while nap(KEEP_EVERY, stop) {
        // The screen is the view's: what fails is tried again, and said only to who asked for everything.
        if let Err(error) = demo.bus.retain(wall()) {
            tracing::debug!("{error}");
        }
        store = store.or_else(|| demo.store_to_keep().ok());
        if let Some(Err(error)) = store.as_mut().map(|store| store.retain(demo.clock.now(), KEEP)) {
            tracing::debug!("{error}");
        }
    }
}
