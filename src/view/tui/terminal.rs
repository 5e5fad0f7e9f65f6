//! The terminal: taken over and given back whatever happens, and drawn on by difference.
//!
//! Given back on return, on an error, and on a panic, before its message is printed; a panic of another thread waits until
//! the screen is free. A frame is gathered whole and written at once, between the marks of a synchronized update; what did
//! not change costs nothing. Knows no model: it is given what to draw.

use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crossterm::event::{DisableFocusChange, DisableMouseCapture, EnableFocusChange, EnableMouseCapture};
use crossterm::style::force_color_output;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, queue};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Whether the terminal is ours now.
static OURS: AtomicBool = AtomicBool::new(false);
/// What other threads' panics said meanwhile.
static LATER: Mutex<Vec<String>> = Mutex::new(Vec::new());

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// The terminal, taken over; dropping it gives the terminal back.
pub struct Guard {
    before: Arc<Box<Hook>>,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guard")
    }
}

impl Guard {
    /// Takes it over.
    ///
    /// # Errors
    /// Where standard output is no terminal, or cannot be written to.
    pub fn enter() -> io::Result<Guard> {
        take()?;
        let before: Arc<Box<Hook>> = Arc::new(std::panic::take_hook());
        let (own, called) = (std::thread::current().id(), Arc::clone(&before));
        std::panic::set_hook(Box::new(move |info| {
            if OURS.load(Ordering::SeqCst) && std::thread::current().id() != own {
                if let Ok(mut later) = LATER.lock() {
                    later.push(info.to_string());
                }
                return;
            }
            give_back();
            called(info);
        }));
        Ok(Guard { before })
    }

    /// Gives it back for a while.
    pub fn leave(&self) {
        give_back();
    }

    /// Takes it over again.
    ///
    /// # Errors
    /// As [`Guard::enter`].
    pub fn resume(&self) -> io::Result<()> {
        take()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
        // A panicking thread may not touch the hook; ours calls the one before it from now on.
        if !std::thread::panicking() {
            let before = Arc::clone(&self.before);
            std::panic::set_hook(Box::new(move |info| before(info)));
        }
        let later = LATER.lock().map(|mut later| std::mem::take(&mut *later)).unwrap_or_default();
        for text in later {
            // Nobody can be told where standard error is closed.
            drop(writeln!(io::stderr(), "{text}"));
        }
    }
}

fn take() -> io::Result<()> {
    // NO_COLOR makes crossterm send a full reset for each colour; a theme without colours honours it better.
    force_color_output(true);
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    let mut out = io::stdout();
    queue!(out, EnterAlternateScreen, EnableFocusChange, cursor::Hide, Clear(ClearType::All))?;
    out.flush()
}

/// Gives the terminal back, once. What fails is passed over: nothing better can be done, and the rest must still happen.
fn give_back() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let sent =
        queue!(out, EndSynchronizedUpdate, DisableMouseCapture, DisableFocusChange, LeaveAlternateScreen, cursor::Show);
    drop(sent.and_then(|()| out.flush()));
    drop(disable_raw_mode());
}

/// What is on the screen, and what is written to change it.
#[derive(Debug)]
pub struct Screen<W: Write> {
    out: W,
    shown: Buffer,
    next: Buffer,
    frame: Vec<u8>,
    whole: bool,
}

impl<W: Write> Screen<W> {
    /// A screen whose content is not known.
    #[must_use]
    pub fn new(out: W) -> Screen<W> {
        Screen {
            out,
            shown: Buffer::empty(Rect::ZERO),
            next: Buffer::empty(Rect::ZERO),
            frame: Vec::new(),
            whole: true,
        }
    }

    /// Draws a frame of so many columns and rows; returns the bytes it took, 0 where nothing changed.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn draw(&mut self, (width, height): (u16, u16), render: impl FnOnce(&mut Buffer)) -> io::Result<usize> {
        let area = Rect::new(0, 0, width, height);
        if self.shown.area != area {
            self.whole = true;
            self.next.resize(area);
            self.shown.resize(area);
        }
        if self.whole {
            self.shown.reset();
        }
        self.next.reset();
        render(&mut self.next);
        let changed = self.shown.diff(&self.next);
        if changed.is_empty() && !self.whole {
            return Ok(0);
        }
        self.frame.clear();
        queue!(self.frame, BeginSynchronizedUpdate)?;
        if self.whole {
            queue!(self.frame, Clear(ClearType::All))?;
        }
        CrosstermBackend::new(&mut self.frame).draw(changed.into_iter())?;
        queue!(self.frame, EndSynchronizedUpdate)?;
        self.whole = false;
        std::mem::swap(&mut self.shown, &mut self.next);
        self.send()
    }

    /// The next frame is drawn whole: what is on the screen is not known any more.
    pub fn forget(&mut self) {
        self.whole = true;
    }

    /// Rings.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn ring(&mut self) -> io::Result<()> {
        self.put(b"\x07")
    }

    /// Puts a text on the clipboard of the user's own terminal (OSC 52), also over SSH.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(text);
        self.put(format!("\x1b]52;c;{text}\x07").as_bytes())
    }

    /// Takes the mouse, or leaves it to the terminal.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn mouse(&mut self, on: bool) -> io::Result<()> {
        self.frame.clear();
        if on {
            queue!(self.frame, EnableMouseCapture)?;
        } else {
            queue!(self.frame, DisableMouseCapture)?;
        }
        self.send().map(drop)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    fn send(&mut self) -> io::Result<usize> {
        self.out.write_all(&self.frame)?;
        self.out.flush()?;
        Ok(self.frame.len())
    }
}
