//! The live view's loop: messages in, effects out, a frame where something changed. The only place that reads keys.
//!
//! Drawn on data, a key, a resize or a tick, never in a free loop. Whatever ends it, the guard gives the terminal back.

use std::io::stdout;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use crossterm::event::{self, Event};
use gpuhm::pipeline::Flag;
use gpuhm::view::tui::terminal::{Guard, Screen};
use gpuhm::view::tui::{Effect, Model, Msg, render_to, update};

use super::exit::Failure;
use super::process::thread;

/// How often a stop is looked for while nothing happens.
const LOOK: Duration = Duration::from_millis(100);
/// Messages that wait, and that are taken in before a frame is drawn all the same. Beyond it those who send wait: a
/// terminal that stands still must not make readings pile up.
const MOST: usize = 8;
/// Without focus a frame is drawn at every so many ticks (J): the terminal may still be in sight, on another monitor, and
/// must not show an old state as if it were live.
const UNSEEN: u32 = 5;

/// Runs the view until the user leaves or `stop` is set. `inbox` brings readings and, every second of wall time, a tick;
/// `outbox` is given what the loop does not do itself: `Ask`, `Refresh`, `Save`.
pub(crate) fn run(
    model: &mut Model,
    inbox: Receiver<Msg>,
    mut outbox: impl FnMut(Effect),
    stop: &Flag,
) -> Result<(), Failure> {
    let guard = Guard::enter()?;
    let mut screen = Screen::new(stdout());
    let (sender, messages) = mpsc::sync_channel(MOST);
    let ended = Flag::default();
    let begun = listen(sender.clone(), ended.clone()).and_then(|()| forward(inbox, sender));
    let result = begun.and_then(|()| {
        if model.has_mouse() {
            screen.mouse(true)?;
        }
        turn(model, (&guard, &mut screen), &messages, &mut outbox, stop)
    });
    ended.set();
    drop(guard);
    result
}

fn turn(
    model: &mut Model,
    (guard, screen): (&Guard, &mut Screen<std::io::Stdout>),
    messages: &Receiver<Msg>,
    outbox: &mut impl FnMut(Effect),
    stop: &Flag,
) -> Result<(), Failure> {
    let mut size = resized(model)?;
    let mut unseen = 0;
    screen.draw(size, |buffer| render_to(model, buffer))?;
    while !stop.is_set() {
        let first = match messages.recv_timeout(LOOK) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        for msg in newest(std::iter::once(first).chain(messages.try_iter().take(MOST)).collect()) {
            match &msg {
                Msg::Resize(width, height) => size = (*width, *height),
                Msg::Tick(_) => unseen += 1,
                _ => {}
            }
            for effect in update(model, msg) {
                match effect {
                    Effect::Quit => return Ok(()),
                    Effect::Suspend => {
                        suspend(guard, screen, model)?;
                        size = resized(model)?;
                    }
                    Effect::Redraw => screen.forget(),
                    Effect::Mouse(on) => screen.mouse(on)?,
                    Effect::Bell => screen.ring()?,
                    Effect::Copy(text) => screen.copy(&text)?,
                    Effect::Ask(..) | Effect::Refresh(_) | Effect::Save { .. } => outbox(effect),
                }
            }
        }
        if model.is_focused() || unseen >= UNSEEN {
            unseen = 0;
            screen.draw(size, |buffer| render_to(model, buffer))?;
        }
    }
    Ok(())
}

/// Of several readings only the newest: the others would be worked out and never be seen.
fn newest(batch: Vec<Msg>) -> impl Iterator<Item = Msg> {
    let last = batch.iter().rposition(|msg| matches!(msg, Msg::Data(_)));
    let is_old = move |at: usize, msg: &Msg| matches!(msg, Msg::Data(_)) && Some(at) != last;
    batch.into_iter().enumerate().filter(move |(at, msg)| !is_old(*at, msg)).map(|(_, msg)| msg)
}

/// Tells the model the terminal's size.
fn resized(model: &mut Model) -> Result<(u16, u16), Failure> {
    let (width, height) = crossterm::terminal::size()?;
    update(model, Msg::Resize(width, height));
    Ok((width, height))
}

/// Stops the process as the shell's job control does; goes on where it was when the shell continues it.
fn suspend(guard: &Guard, screen: &mut Screen<std::io::Stdout>, model: &Model) -> Result<(), Failure> {
    guard.leave();
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
    guard.resume()?;
    screen.forget();
    if model.has_mouse() {
        screen.mouse(true)?;
    }
    Ok(())
}

/// Reads keys, on a thread of its own, until the view has ended.
fn listen(sender: SyncSender<Msg>, ended: Flag) -> Result<(), Failure> {
    thread("keys", move || {
        while !ended.is_set() {
            let msg = match event::poll(LOOK).and_then(|ready| if ready { event::read().map(Some) } else { Ok(None) }) {
                Ok(Some(Event::Key(key))) => Msg::Key(key),
                Ok(Some(Event::Mouse(mouse))) => Msg::Mouse(mouse),
                Ok(Some(Event::Resize(width, height))) => Msg::Resize(width, height),
                Ok(Some(Event::FocusGained)) => Msg::Focus(true),
                Ok(Some(Event::FocusLost)) => Msg::Focus(false),
                Ok(_) => continue,
                // The terminal is gone.
                Err(_) => return,
            };
            if sender.send(msg).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// Brings readings to where keys arrive, too, so that there is one thing to wait for.
fn forward(inbox: Receiver<Msg>, sender: SyncSender<Msg>) -> Result<(), Failure> {
    thread("messages", move || inbox.into_iter().try_for_each(|msg| sender.send(msg)))?;
    Ok(())
}
