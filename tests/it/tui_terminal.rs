//! The terminal itself: what is sent, what a terminal makes of it, and that it is given back whatever happens.

use std::io::Write as _;
use std::num::NonZeroU16;
use std::process::Command;

use gpuhm::view::tui::terminal::{Guard, Screen};
use gpuhm::view::tui::{Model, Msg, Settings, Theme, render_to, update};

use super::tui_support::{keys, model, now, read, screen, settings};

const SIZE: (u16, u16) = (120, 36);

/// A screen of a terminal that has read `bytes`.
fn seen(bytes: &[u8]) -> vt100::Parser {
    let size = |number: u16| NonZeroU16::new(number).unwrap();
    let mut parser = vt100::Parser::new(size(SIZE.1), size(SIZE.0), 0);
    parser.process(bytes);
    parser
}

#[test]
fn a_terminal_shows_what_was_drawn_and_what_changed() {
    let mut bytes = Vec::new();
    let mut view = model(SIZE);
    let mut out = Screen::new(&mut bytes);
    out.draw(SIZE, |buffer| render_to(&view, buffer)).unwrap();
    for key in ["2", "j", "/21", "3"] {
        keys(&mut view, key);
        out.draw(SIZE, |buffer| render_to(&view, buffer)).unwrap();
    }
    drop(out);
    let parser = seen(&bytes);
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&parser.screen().contents()), lines(screen(&view, SIZE).trim_end()));
}

#[test]
fn what_does_not_change_costs_nothing_and_a_frame_is_one_synchronized_update() {
    let mut bytes = Vec::new();
    let mut view = model(SIZE);
    let mut out = Screen::new(&mut bytes);
    let first = out.draw(SIZE, |buffer| render_to(&view, buffer)).unwrap();
    assert_eq!(out.draw(SIZE, |buffer| render_to(&view, buffer)).unwrap(), 0);
    update(&mut view, Msg::Tick(now().plus(1000)));
    let tick = out.draw(SIZE, |buffer| render_to(&view, buffer)).unwrap();
    assert!(tick < 200, "a tick took {tick} bytes");
    drop(out);
    assert!(first < 40_000, "the first frame took {first} bytes");
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("\u{1b}[?2026h") && text.ends_with("\u{1b}[?2026l"));
    assert_eq!(text.matches("\u{1b}[?2026h").count(), 2);
}

/// Under `NO_COLOR` crossterm turns colours into full resets. In a process of its own, since crossterm asks once.
#[test]
fn without_colours_reverse_and_bold_survive() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["tui_terminal::draws_in_mono", "--exact", "--ignored", "--nocapture"])
        .env("NO_COLOR", "1")
        .env("GPUHM_TEST_CHILD", "1")
        .output()
        .unwrap();
    assert!(output.status.success());
    // What the test runner says comes before the first frame and after the last.
    let begin = output.stdout.windows(8).position(|part| part == b"\x1b[?2026h").unwrap();
    let parser = seen(&output.stdout[begin..]);
    let cells =
        || (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (x, y))).filter_map(|(x, y)| parser.screen().cell(y, x));
    let critical = cells().filter(|cell| cell.inverse() && cell.bold()).count();
    assert!(critical >= 8, "CRIT twice and its cells must stand out: {critical}");
    assert!(cells().all(|cell| cell.fgcolor() == vt100::Color::Default && cell.bgcolor() == vt100::Color::Default));
}

#[test]
#[ignore = "the child of without_colours_reverse_and_bold_survive"]
fn draws_in_mono() {
    if std::env::var_os("GPUHM_TEST_CHILD").is_none() {
        return;
    }
    crossterm::style::force_color_output(true);
    let mut view = Model::new(Settings { theme: Theme::Mono, ..settings(SIZE) }, now());
    update(&mut view, Msg::Data(Box::new(read())));
    Screen::new(std::io::stdout()).draw(SIZE, |buffer| render_to(&view, buffer)).unwrap();
}

/// Runs a test of this binary in a pseudo-terminal of its own, with a report of the terminal's modes behind it.
fn in_terminal(child: &str) -> Option<String> {
    let exe = std::env::current_exe().unwrap();
    let command =
        format!("stty -a | grep -o '[-]*icanon'; '{}' {child} --exact --ignored --nocapture; stty -a", exe.display());
    let output = Command::new("script")
        .args(["-qfec", &command, "/dev/null"])
        .env("GPUHM_TEST_CHILD", "1")
        .stdin(std::process::Stdio::null())
        .output();
    match output {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        // Without util-linux there is no pseudo-terminal to be had here.
        Err(_) => None,
    }
}

fn is_given_back(said: &str) -> (&str, &str) {
    let (_, inside) = said.split_once("\u{1b}[?1049h").expect("took the terminal over");
    let (inside, after) = inside.split_once("\u{1b}[?1049l").expect("left the alternate screen");
    assert!(after.starts_with("\u{1b}[?25h"), "shows the cursor: {after:?}");
    assert!(inside.contains("\u{1b}[?1004l"), "leaves focus events: {inside:?}");
    assert!(!after.contains("\u{1b}[?2026h") && !after.contains("\u{1b}[?1049h"), "{after:?}");
    let modes: Vec<&str> = after.split_whitespace().collect();
    assert!(modes.contains(&"icanon") && modes.contains(&"echo"), "the terminal is raw: {after:?}");
    (inside, after)
}

#[test]
fn a_panic_while_drawing_leaves_a_clean_terminal() {
    let Some(said) = in_terminal("tui_terminal::panics_while_drawing") else { return };
    let (inside, after) = is_given_back(&said);
    assert!(after.contains("the render broke"), "the message comes after the screen: {after:?}");
    assert!(inside.contains("was raw true"), "{inside:?}");
    assert!(!after.contains("half a frame") && !inside.contains("half a frame"), "{said:?}");
}

#[test]
#[ignore = "the child of a_panic_while_drawing_leaves_a_clean_terminal"]
fn panics_while_drawing() {
    if std::env::var_os("GPUHM_TEST_CHILD").is_none() {
        return;
    }
    let _guard = Guard::enter().unwrap();
    let raw = crossterm::terminal::is_raw_mode_enabled().unwrap();
    write!(std::io::stdout(), "was raw {raw}").unwrap();
    let mut out = Screen::new(std::io::stdout());
    out.draw((40, 10), |buffer| {
        buffer.set_string(0, 0, "half a frame", ratatui::style::Style::new());
        panic!("the render broke");
    })
    .unwrap();
}

#[test]
fn an_end_and_another_threads_panic_leave_a_clean_terminal() {
    let Some(said) = in_terminal("tui_terminal::ends_after_a_threads_panic") else { return };
    let (inside, after) = is_given_back(&said);
    assert!(inside.contains("whole"), "the screen lived on: {inside:?}");
    assert!(!inside.contains("the worker broke") && after.contains("the worker broke"), "{said:?}");
}

#[test]
#[ignore = "the child of an_end_and_another_threads_panic_leave_a_clean_terminal"]
fn ends_after_a_threads_panic() {
    if std::env::var_os("GPUHM_TEST_CHILD").is_none() {
        return;
    }
    let guard = Guard::enter().unwrap();
    let mut out = Screen::new(std::io::stdout());
    assert!(std::thread::spawn(|| panic!("the worker broke")).join().is_err());
    out.draw((40, 10), |buffer| buffer.set_string(0, 0, "a whole frame", ratatui::style::Style::new())).unwrap();
    drop(guard);
}
