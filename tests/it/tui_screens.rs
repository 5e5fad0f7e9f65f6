//! What each pane looks like at the sizes it is made for, and what the screen must say in trouble.
//!
//! The screens are kept under `tests/screens/`; `GPUHM_BLESS=1` writes them anew, and the difference is for a reader.

use std::path::Path;

use crossterm::event::KeyCode;
use gpuhm::event::health::State;
use gpuhm::event::time;
use gpuhm::view::tui::{Model, Msg, Progress, Theme, picture, svg, update};

use super::tui_support::{code, keys, model, now, past, read, screen, settings, uuid};

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 36), (160, 50), (200, 60)];

fn check(name: &str, seen: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens").join(format!("{name}.txt"));
    if std::env::var_os("GPUHM_BLESS").is_some() {
        std::fs::write(&path, seen).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs =
        |(at, (kept, seen)): (usize, (&str, &str))| (kept != seen).then(|| format!("line {}:\n{kept}\n{seen}", at + 1));
    let first = kept.lines().zip(seen.lines()).enumerate().find_map(differs);
    assert!(kept == seen, "{name} looks otherwise; GPUHM_BLESS=1 keeps it so. {}", first.unwrap_or_default());
}

/// Opens the page of gpu-node-021's GPU 3 with its past.
fn open_worst(model: &mut Model) {
    keys(model, "/21/3");
    update(model, code(KeyCode::Enter));
    update(model, code(KeyCode::Enter));
    let mut read = read();
    read.past = Some(past());
    update(model, Msg::Data(Box::new(read)));
}

#[test]
fn panes_look_as_kept() {
    for size in SIZES {
        let name = |pane: &str| format!("{pane}-{}x{}", size.0, size.1);
        let mut view = model(size);
        check(&name("fleet"), &screen(&view, size));
        for (key, pane) in [("2", "gpus"), ("3", "alerts"), ("4", "pipeline"), ("?", "help")] {
            keys(&mut view, key);
            check(&name(pane), &screen(&view, size));
        }
        let mut view = model(size);
        open_worst(&mut view);
        check(&name("gpu"), &screen(&view, size));
    }
}

/// One machine without a rack: the first thing many see.
#[test]
fn one_host_is_shown_with_what_is_wrong_with_it() {
    let mut reading = read();
    reading.fleet.gpus.retain(|gpu| gpu.latest.hostname == "gpu-node-021");
    reading.fleet.gpus.iter_mut().for_each(|gpu| gpu.place.texts[1] = None);
    reading.fleet.alerts.retain(|alert| alert.host.hostname.as_deref() == Some("gpu-node-021"));
    reading.fleet.collectors.retain(|row| row.hostname == "gpu-node-021");
    for size in [(80, 24), (120, 36)] {
        let mut view = Model::new(settings(size), now());
        update(&mut view, Msg::Data(Box::new(reading.clone())));
        check(&format!("one-host-{}x{}", size.0, size.1), &screen(&view, size));
    }
}

#[test]
fn every_line_fits_and_every_box_closes() {
    for size in SIZES {
        for key in ["1", "2", "3", "4"] {
            let mut view = model(size);
            keys(&mut view, key);
            let seen = screen(&view, size);
            assert!(seen.lines().all(|line| line.chars().count() <= usize::from(size.0)), "{seen}");
            let count = |c: char| seen.matches(c).count();
            assert_eq!([count('┐'), count('└'), count('┘')], [count('┌'); 3], "{seen}");
        }
    }
}

#[test]
fn zoom_filter_and_trouble_are_said_in_characters() {
    let size = (120, 36);
    let mut view = model(size);
    keys(&mut view, "-");
    check("fleet-hosts", &screen(&view, size));
    keys(&mut view, "-");
    check("fleet-racks", &screen(&view, size));
    keys(&mut view, "2/rack=rack-14 and scor<90");
    check("filter-wrong", &screen(&view, size));
    let mut view = model(size);
    keys(&mut view, "2/rack=rack-14 and score<90");
    update(&mut view, code(KeyCode::Enter));
    check("filter", &screen(&view, size));
    let mut view = model(size);
    let error = "database unreachable (connection refused 10.0.0.5:5432)".to_owned();
    update(&mut view, Msg::Failed { error, retry_in_s: 4, attempt: 6 });
    update(&mut view, Msg::Tick(now().plus(42 * time::SECOND)));
    let seen = screen(&view, size);
    check("stale", &seen);
    assert!(seen.contains("STALE 42 s") && seen.contains("retry 6 in 3 s"), "{seen}");
    // 42 s are more than three intervals: nothing is known any more.
    assert!(seen.contains("rack-09 xxxxxxxx"), "{seen}");
}

/// A reader that hangs says nothing: the screen must not go on as if it were live.
#[test]
fn silence_is_stale_too() {
    let size = (120, 36);
    let mut view = model(size);
    for second in 1..=40 {
        update(&mut view, Msg::Tick(now().plus(second * time::SECOND)));
    }
    let seen = screen(&view, size);
    assert!(seen.contains("STALE: no reading for 40 s") && seen.contains("rack-09 xxxxxxxx"), "{seen}");
    update(&mut view, Msg::Data(Box::new(read())));
    assert!(screen(&view, size).contains("LIVE") && screen(&view, size).contains("rack-09 ........"));
}

#[test]
fn the_first_screen_waits_and_says_how_far_the_work_is() {
    let mut view = Model::new(settings((80, 24)), now());
    check("waiting", &screen(&view, (80, 24)));
    update(&mut view, Msg::Progress(Some(Progress { part: 0.5, word: "history of 2 h".into() })));
    let seen = screen(&view, (80, 24));
    assert!(seen.contains("50 %  history of 2 h") && seen.contains("HISTORY"), "{seen}");
    update(&mut view, Msg::Failed { error: "no such table".into(), retry_in_s: 1, attempt: 2 });
    update(&mut view, Msg::Progress(None));
    assert!(screen(&view, (80, 24)).contains("NO STORE YET: retry 2 in 1 s: no such table"));
    assert_eq!(screen(&view, (52, 12)).trim(), "too small: 52x12, need 60x15");
}

#[test]
fn ascii_is_ascii() {
    for size in SIZES {
        let mut view = model(size);
        keys(&mut view, "A");
        for key in ["1", "2", "3", "4", "?"] {
            keys(&mut view, key);
            let seen = screen(&view, size);
            assert!(seen.is_ascii(), "{seen}");
        }
        let mut view = model(size);
        keys(&mut view, "A");
        open_worst(&mut view);
        assert!(screen(&view, size).is_ascii());
    }
}

#[test]
fn colour_only_repeats_what_characters_say() {
    // Two themes differ in nothing but colours.
    for key in ["1", "2", "3", "4"] {
        let look = |theme| {
            let mut view = Model::new(gpuhm::view::tui::Settings { theme, ..settings((120, 36)) }, now());
            update(&mut view, Msg::Data(Box::new(read())));
            keys(&mut view, key);
            let buffer = picture(&view, 120, 36);
            let cells = buffer.content().iter().map(|cell| (cell.symbol().to_owned(), cell.modifier));
            (cells.collect::<Vec<_>>(), buffer.content().iter().any(|cell| cell.fg != ratatui::style::Color::Reset))
        };
        let (mono, coloured) = look(Theme::Mono);
        assert!(!coloured);
        for theme in [Theme::Dark, Theme::Light, Theme::Cvd] {
            let (cells, coloured) = look(theme);
            assert!(cells == mono && coloured, "{theme:?} says more than mono");
        }
    }
}

#[test]
fn what_is_missing_is_a_dash_and_a_replaced_gpu_is_not_shown() {
    let mut reading = read();
    let gone = reading.fleet.gpus.iter_mut().find(|gpu| gpu.uuid() == uuid(7, 2)).unwrap();
    gone.health.as_mut().unwrap().replaced_by = Some(uuid(99, 0));
    let unknown = reading.fleet.gpus.iter_mut().find(|gpu| gpu.uuid() == uuid(8, 2)).unwrap();
    (unknown.health, unknown.prediction) = (None, None);
    unknown.latest.values = gpuhm::event::Values::default();
    let unsure = reading.fleet.gpus.iter_mut().find(|gpu| gpu.uuid() == uuid(9, 2)).unwrap();
    unsure.health.as_mut().unwrap().state = State::Unknown;
    let mut view = Model::new(settings((120, 36)), now());
    update(&mut view, Msg::Data(Box::new(reading)));
    let seen = screen(&view, (120, 36));
    assert!(
        seen.contains("511 GPUs") && seen.contains(" .. ..... ..-.....") && seen.contains("rack-10 ..x....."),
        "{seen}"
    );
    keys(&mut view, "2/node-008/2");
    let seen = screen(&view, (120, 36));
    let line = seen.lines().find(|line| line.contains("│>gpu-node-008")).unwrap();
    let cells: Vec<&str> = line.split_whitespace().skip(3).collect();
    assert_eq!(cells, ["-", "-", "-", "-", "-", "-", "-", "-/-", "-", "2", "s", "│"], "{seen}");
}

#[test]
fn text_from_the_wire_cannot_act() {
    let mut reading = read();
    let bad = "\u{1b}[2J\u{7}evil\u{202e}";
    for gpu in &mut reading.fleet.gpus {
        gpu.latest.hostname = bad.into();
        gpu.latest.model = Some(bad.into());
        gpu.place.texts[1] = Some(bad.into());
    }
    for alert in &mut reading.fleet.alerts {
        alert.summary = bad.into();
        alert.rule = bad.into();
        alert.action = bad.into();
    }
    reading.pipeline.store = bad.into();
    for size in SIZES {
        let mut view = Model::new(settings(size), now());
        update(&mut view, Msg::Data(Box::new(reading.clone())));
        for key in ["1", "2", "3", "J", "4"] {
            keys(&mut view, key);
            let seen = screen(&view, size);
            assert!(!seen.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{seen:?}");
            update(&mut view, code(KeyCode::Esc));
        }
    }
}

#[test]
fn the_picture_is_whole_xml_of_the_screen() {
    let view = model((120, 36));
    let picture = svg(&picture(&view, 120, 36), Theme::Dark);
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert_eq!(picture.matches("<text").count(), picture.matches("</text>").count());
    assert!(picture.contains("Worst\u{a0}first") && picture.contains("&gt;"), "{picture}");
}
