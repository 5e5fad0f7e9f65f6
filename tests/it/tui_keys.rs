//! Keys: each of the table does something, the cursor stays on its thing, the order holds still, nothing panics.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use gpuhm::event::time;
use gpuhm::view::tui::keys::{Action, KEYS, Press};
use gpuhm::view::tui::{Effect, Model, Msg, View, picture, text, update};
use proptest::prelude::*;

use super::tui_support::{code, keys, model, now, past, read, screen, uuid};

const SIZE: (u16, u16) = (120, 36);

fn press(press: Press) -> Msg {
    let (code, modifiers) = match press {
        Press::Char(c) => (KeyCode::Char(c), KeyModifiers::NONE),
        Press::Ctrl(c) => (KeyCode::Char(c), KeyModifiers::CONTROL),
        Press::Code(code) => (code, KeyModifiers::NONE),
    };
    Msg::Key(KeyEvent::new(code, modifiers))
}

/// The states in which a key is tried: each pane with the cursor in the middle, a filter, a mark; and a GPU's page.
fn states() -> Vec<(View, bool, Model)> {
    let mut states = Vec::new();
    for (key, view) in ["1", "2", "3", "4"].into_iter().zip(View::ALL) {
        let mut state = model(SIZE);
        keys(&mut state, key);
        keys(&mut state, "jjj");
        update(&mut state, Msg::Tick(now()));
        update(&mut state, Msg::Tick(now()));
        states.push((view, false, state));
    }
    let mut marked = model(SIZE);
    keys(&mut marked, "2j ");
    (0..6).for_each(|_| drop(update(&mut marked, Msg::Tick(now()))));
    states.push((View::Gpus, false, marked));
    let mut page = model(SIZE);
    keys(&mut page, "2jjj");
    update(&mut page, code(KeyCode::Enter));
    states.push((View::Gpus, true, page));
    states
}

#[test]
fn every_key_of_the_table_does_something() {
    for binding in &KEYS {
        for key in binding.keys {
            let does = |(view, one, state): &(View, bool, Model)| {
                if !binding.works(*view, *one) {
                    return false;
                }
                let mut after = state.clone();
                let effects = update(&mut after, press(*key));
                let look = |model: &Model| picture(model, SIZE.0, SIZE.1);
                !effects.is_empty() || look(&after) != look(state)
            };
            // Right of the last cell, above the first line and so on nothing is to be done; somewhere it must be.
            assert!(states().iter().any(does), "{key:?} ({}) does nothing anywhere", binding.help);
        }
    }
}

#[test]
fn what_the_footer_lists_works() {
    for (view, one, state) in states() {
        let seen = screen(&state, SIZE);
        let footer = seen.lines().last().unwrap();
        let listed = KEYS.iter().filter(|binding| {
            !binding.footer.is_empty() && footer.contains(&format!("{} {}", binding.shown, binding.footer))
        });
        let listed: Vec<_> = listed.collect();
        assert!(listed.len() >= 5, "{footer}");
        assert!(listed.iter().any(|binding| binding.action == Action::Help));
        assert!(listed.iter().all(|binding| binding.works(view, one)
            || KEYS.iter().any(|other| other.shown == binding.shown && other.works(view, one))));
    }
}

fn cursor_line(model: &Model) -> String {
    screen(model, SIZE).lines().find(|line| line.contains("│>")).unwrap_or_default().to_owned()
}

#[test]
fn the_cursor_stays_on_its_gpu_when_the_order_changes() {
    let mut view = model(SIZE);
    keys(&mut view, "2jjjj");
    let before = cursor_line(&view);
    let host = before.split_whitespace().next().unwrap().to_owned();
    let index = before.split_whitespace().nth(1).unwrap().to_owned();
    // Another order, then other GPUs before it.
    keys(&mut view, "st");
    assert!(cursor_line(&view).contains(&format!("{host} ")), "{before}\n{}", cursor_line(&view));
    let mut fewer = read();
    fewer.fleet.gpus.retain(|gpu| gpu.latest.hostname != "gpu-node-001");
    update(&mut view, Msg::Data(Box::new(fewer)));
    let after = cursor_line(&view);
    assert!(after.contains(&host) && after.split_whitespace().nth(1) == Some(index.as_str()), "{before}\n{after}");
}

#[test]
fn the_order_holds_still_while_the_user_moves() {
    let worse = || {
        let mut read = read();
        let gpu = read.fleet.gpus.iter_mut().find(|gpu| gpu.uuid() == uuid(50, 0)).unwrap();
        gpu.health.as_mut().unwrap().score = 1;
        Msg::Data(Box::new(read))
    };
    let high = |model: &Model| screen(model, SIZE).lines().take(7).any(|line| line.contains("node-050"));
    let mut view = model(SIZE);
    keys(&mut view, "2j");
    update(&mut view, worse());
    assert!(!high(&view), "a row jumped under the finger");
    update(&mut view, Msg::Tick(now().plus(time::SECOND)));
    update(&mut view, Msg::Tick(now().plus(2 * time::SECOND)));
    assert!(high(&view));
    let mut view = model(SIZE);
    keys(&mut view, "2");
    update(&mut view, worse());
    assert!(high(&view));
}

#[test]
fn a_filter_works_as_it_is_typed_and_a_mistake_keeps_the_last() {
    let mut view = model(SIZE);
    keys(&mut view, "2/rack=rack-14");
    assert!(screen(&view, SIZE).contains("64 of 512"));
    keys(&mut view, " and scor<3");
    let seen = screen(&view, SIZE);
    assert!(seen.contains("there is no field scor: did you mean score?") && seen.contains("64 of 512"), "{seen}");
    let caret = seen.lines().rev().nth(1).unwrap().find('^').unwrap();
    let typed = seen.lines().last().unwrap().find("scor<3").unwrap();
    assert_eq!(caret, typed, "{seen}");
    update(&mut view, code(KeyCode::Enter));
    assert!(screen(&view, SIZE).contains("did you mean score?"), "enter took a filter that does not read");
    update(&mut view, code(KeyCode::Esc));
    assert!(screen(&view, SIZE).contains("512 of 512"));
    // A question mark and a q are text while a filter is written.
    keys(&mut view, "/q?");
    assert!(screen(&view, SIZE).contains("/ q?"));
}

#[test]
fn a_page_asks_for_its_past_and_lets_it_go() {
    let mut view = model(SIZE);
    keys(&mut view, "2/21/3");
    update(&mut view, code(KeyCode::Enter));
    let asked = update(&mut view, code(KeyCode::Enter));
    assert_eq!(asked, [Effect::Ask(Some(uuid(21, 3)), 30 * time::MINUTE)]);
    assert_eq!(keys(&mut view, "H"), [Effect::Ask(Some(uuid(21, 3)), 6 * time::HOUR)]);
    let mut read = read();
    read.past = Some(past());
    update(&mut view, Msg::Data(Box::new(read)));
    let seen = screen(&view, SIZE);
    assert!(seen.contains("was 60 until") && seen.contains("XID 48"), "{seen}");
    assert_eq!(update(&mut view, code(KeyCode::Esc)), [Effect::Ask(None, 6 * time::HOUR)]);
}

#[test]
fn frozen_keeps_the_picture_and_then_catches_up() {
    let mut view = model(SIZE);
    keys(&mut view, "z");
    let mut other = read();
    other.fleet.gpus.truncate(8);
    update(&mut view, Msg::Data(Box::new(other)));
    assert!(screen(&view, SIZE).contains("FROZEN") && screen(&view, SIZE).contains("512 GPUs"));
    keys(&mut view, "z");
    assert!(screen(&view, SIZE).contains("8 GPUs"));
}

#[test]
fn the_bell_rings_once_for_a_new_critical_alert() {
    let mut view = model(SIZE);
    keys(&mut view, "b");
    assert_eq!(update(&mut view, Msg::Data(Box::new(read()))), []);
    let mut more = read();
    let mut new = more.fleet.alerts[0].clone();
    new.alert_id = "new".into();
    more.fleet.alerts.push(new);
    assert_eq!(update(&mut view, Msg::Data(Box::new(more.clone()))), [Effect::Bell]);
    assert_eq!(update(&mut view, Msg::Data(Box::new(more))), []);
}

#[test]
fn an_incident_folds_over_its_members() {
    let mut view = model(SIZE);
    keys(&mut view, "3/host_degraded");
    update(&mut view, code(KeyCode::Enter));
    keys(&mut view, "x");
    let members = |view: &Model| screen(view, SIZE).matches("gpu_silent").count();
    assert_eq!(members(&view), 2, "{}", screen(&view, SIZE));
    keys(&mut view, " ");
    let seen = screen(&view, SIZE);
    assert!(members(&view) == 0 && seen.contains("[2 under it]"), "{seen}");
}

#[test]
fn a_click_takes_the_cell_it_points_at() {
    let mut view = model(SIZE);
    let click = |column, row| {
        Msg::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column,
            row,
            modifiers: KeyModifiers::NONE,
        })
    };
    update(&mut view, click(13, 4));
    assert!(!screen(&view, SIZE).contains("gpu-node-001 / GPU 3"), "the mouse is off until m");
    keys(&mut view, "m");
    // The first rack's line is under the borders and the heads; its cells begin behind the label.
    update(&mut view, click(13, 4));
    let seen = screen(&view, SIZE);
    assert!(seen.contains("gpu-node-001 / GPU 3"), "{seen}");
    update(&mut view, click(14, 1));
    assert!(screen(&view, SIZE).contains("[2 GPUs]"));
}

/// What a person, or a cat, may do.
fn message() -> impl Strategy<Value = Msg> {
    let of_table = (0..KEYS.len(), 0usize..2).prop_map(|(at, key)| {
        let keys = KEYS[at].keys;
        press(keys[key % keys.len()])
    });
    let strange = any::<char>().prop_map(|c| code(KeyCode::Char(c)));
    let typed = "[a-z0-9=<>()!~ /-]".prop_map(|text: String| code(KeyCode::Char(text.chars().next().unwrap_or(' '))));
    let size = (1u16..220, 1u16..70).prop_map(|(width, height)| Msg::Resize(width, height));
    let mouse = (0u16..220, 0u16..70, 0u8..3).prop_map(|(column, row, kind)| {
        let kind = [MouseEventKind::Down(MouseButton::Left), MouseEventKind::ScrollDown, MouseEventKind::ScrollUp]
            [usize::from(kind)];
        Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
    });
    let data = (0usize..20, any::<bool>()).prop_map(|(gpus, gone)| {
        let mut read = read();
        read.fleet.gpus.truncate(gpus * 3);
        if gone {
            read.fleet.alerts.clear();
            read.fleet.collectors.clear();
            read.past = Some(past());
        }
        Msg::Data(Box::new(read))
    });
    prop_oneof![12 => of_table, 2 => strange, 4 => typed, 2 => size, 2 => mouse, 1 => data, 1 => (0i64..100).prop_map(|s| Msg::Tick(now().plus(s * time::SECOND)))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_whatever_comes(messages in prop::collection::vec(message(), 200)) {
        let mut view = model((80, 24));
        let mut size = (80, 24);
        for msg in messages {
            if let Msg::Resize(width, height) = msg {
                size = (width, height);
            }
            update(&mut view, msg);
            let seen = text(&picture(&view, size.0, size.1));
            prop_assert_eq!(seen.lines().count(), usize::from(size.1));
        }
    }
}
