//! The quick way gives what the general way gives, or nothing.

use proptest::prelude::*;

use super::*;
use crate::event::codec::{Decoder, encode};
use crate::metric::sampled;

/// The seed document's own example.
const SEED: &str = include_str!("../../../../tests/data/seed-event.json");

/// What the general way gives, where nothing is wrong.
fn general(text: &str) -> Option<Event<'_>> {
    let mut problems = Vec::new();
    let event = Decoder::default().read(text, &mut problems);
    event.filter(|_| problems.is_empty())
}

fn written(event: &Event<'_>) -> String {
    let mut out = Vec::new();
    encode(event, &mut out);
    String::from_utf8(out).unwrap()
}

/// The seed's example as gpuhm writes it, with an asset block.
fn usual() -> String {
    let mut text = written(&general(SEED).unwrap());
    assert!(text.ends_with('}'));
    text.truncate(text.len() - 1);
    text + r#","asset":{"hostname":"h","cluster":null,"rack":"r 1","model":"H100"}}"#
}

#[test]
fn what_gpuhm_writes_is_read_the_quick_way() {
    let text = usual();
    let quick = sample(&text).unwrap();
    assert_eq!(Some(&quick), general(&text).as_ref());
    assert_eq!(quick.asset.as_ref().unwrap().span, general(&text).unwrap().asset.unwrap().span);
}

#[test]
fn every_metric_is_read_the_quick_way() {
    let base = general(SEED).unwrap();
    let Body::Sample(gpu, ..) = base.body.clone() else { panic!("a sample") };
    for (at, _) in sampled() {
        let mut values = Values::default();
        values.set_number(at, 12.0);
        let event = Event { body: Body::Sample(gpu.clone(), values, Vec::new()), ..base.clone() };
        assert_eq!(sample(&written(&event)), Some(event), "{}", NAMES[at]);
    }
    let mut values = Values::default();
    sampled().for_each(|(at, _)| values.set_number(at, 3.0));
    let event = Event { body: Body::Sample(gpu, values, Vec::new()), ..base };
    assert_eq!(sample(&written(&event)), Some(event), "all at once");
}

#[test]
fn what_is_not_quite_that_is_left_to_the_general_way() {
    let text = usual();
    for (from, to) in [
        ("\"gpu_temp_c\":65", "\"gpu_temp_c\": 65"),
        ("\"gpu_temp_c\":65", "\"gpu_temp_c\":065"),
        ("\"gpu_temp_c\":65", "\"gpu_temp_c\":65."),
        ("\"gpu_temp_c\":65", "\"gpu_temp_c\":.5"),
        ("\"gpu_temp_c\":65", "\"gpu_temp_c\":-"),
        ("\"gpu_temp_c\":65", "\"gpu_temp_c\":-0"),
        ("\"gpu_temp_c\":65", "\"gpu_temp_c\":65e1"),
        ("\"gpu_temp_c\":65", "\"gpu_temp_c\":6.5e1"),
        ("\"gpu_temp_c\":65", "\"gpu_temp_c\":1234567890.1234567"),
        ("\"gpu_temp_c\":65", "\"gpu_temp_c\":65,\"gpu_temp_c\":66"),
        ("\"gpu_temp_c\":65", "\"x\":65"),
        ("\"gpu_temp_c\":65", "\"gpu_temp_c\":65,"),
        ("\"ecc_dbe_volatile\":0", "\"ecc_dbe_volatile\":0.5"),
        ("\"rack\":\"r 1\"", "\"rack\":\"r\\u0031\""),
        ("\"rack\":\"r 1\"", "\"rack\":\"r\t1\""),
        ("\"rack\":\"r 1\"", "\"rack\":5"),
        ("\"stale\":false", "\"stale\":fals"),
        ("\"schema_version\":\"1.0\",", ""),
        ("gpu_metric_sample", "other"),
        ("\"host\":{", "\"host\":{,"),
    ] {
        assert!(text.contains(from), "{from}");
        assert_eq!(sample(&text.replacen(from, to, 1)), None, "{to}");
    }
    assert_eq!(sample(&format!("{text} ")), None);
    assert_eq!(sample(""), None);
    assert_eq!(sample("{}"), None);
}

#[test]
fn reasons_are_a_list_of_strings() {
    let with = |list: &str| {
        let text = usual();
        let at = text.find("\"throttle_reasons_decoded\":[").unwrap() + "\"throttle_reasons_decoded\":".len();
        let end = at + text[at..].find(']').unwrap() + 1;
        format!("{}{list}{}", &text[..at], &text[end..])
    };
    for list in ["[]", "[\"a\"]", "[\"a\",\"b\"]"] {
        assert!(sample(&with(list)).is_some(), "{list}");
    }
    for list in ["[\"a\",]", "[,]", "[\"a\"\"b\"]", "[\"a\"", "[5]", "5", "[[]]"] {
        assert_eq!(sample(&with(list)), None, "{list}");
    }
}

/// One byte of a text replaced, left out or put in.
fn changed(text: &str, at: usize, how: u8, byte: u8) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let at = at % bytes.len();
    match how {
        0 => bytes[at] = byte,
        1 => drop(bytes.remove(at)),
        _ => bytes.insert(at, byte),
    }
    String::from_utf8(bytes).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn damage_is_never_read_as_anything_else(at in 0_usize..5000, how in 0_u8..3, byte in prop_oneof![
        Just(b'"'), Just(b','), Just(b'{'), Just(b'}'), Just(b'.'), Just(b'-'), Just(b'0'), Just(b'e'), Just(b'['),
        Just(b' '), Just(b'\\'), Just(b'\n'), any::<u8>(),
    ]) {
        if let Some(text) = changed(&usual(), at, how, byte)
            && let Some(quick) = sample(&text)
        {
            prop_assert_eq!(Some(quick), general(&text), "{}", text);
        }
    }

    #[test]
    fn numbers_are_the_same(text in "-?(0|[1-9][0-9]{0,16})(\\.[0-9]{1,17})?([eE][0-9])?") {
        let event = usual().replacen(":312.5", &format!(":{text}"), 1);
        if let Some(quick) = sample(&event) {
            prop_assert_eq!(Some(quick), general(&event), "{}", text);
        }
    }
}
