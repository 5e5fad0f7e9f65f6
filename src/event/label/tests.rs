//! Labels read from text, good and bad.

use super::*;

const NOW: Time = Time(1_800_000_000_000);

fn of(text: &str) -> (Vec<Failure>, Vec<String>) {
    let (good, bad) = read(text.as_bytes(), "ann", NOW);
    (good, bad.iter().map(ToString::to_string).collect())
}

fn only_error(text: &str) -> String {
    let (_, bad) = of(text);
    assert_eq!(bad.len(), 1, "{bad:?}");
    bad.into_iter().next().unwrap()
}

#[test]
fn csv_with_dates_and_instants_in_any_order_of_columns() {
    let (good, bad) = of(
        "\u{feff}kind, gpu_uuid ,at,who,note\r\ndbe,GPU-1,2026-11-02,,\"seat 3, again\"\r\n\r\nrma,GPU-2,2026-11-02T08:30:00+01:00,bob,\r\n",
    );
    assert_eq!(bad, Vec::<String>::new());
    let label = |gpu: &str, at: &str, kind, who: &str, note: Option<&str>| Failure {
        gpu_uuid: gpu.to_owned(),
        at: Time::parse(at).unwrap(),
        kind,
        who: who.to_owned(),
        note: note.map(str::to_owned),
    };
    let first = label("GPU-1", "2026-11-02T00:00:00Z", FailureKind::Dbe, "ann", Some("seat 3, again"));
    assert_eq!(good, [first, label("GPU-2", "2026-11-02T07:30:00Z", FailureKind::Rma, "bob", None)]);
}

#[test]
fn json_lines_and_every_kind() {
    let line = |kind: &FailureKind| {
        format!("{{\"gpu_uuid\":\"GPU-1\",\"at\":\"2026-11-02\",\"kind\":\"{}\",\"note\":null}}\n", kind.word())
    };
    let (good, bad) = of(&FailureKind::ALL.iter().map(line).collect::<String>());
    assert!(bad.is_empty() && good.iter().map(|label| label.kind).eq(FailureKind::ALL.iter().copied()), "{bad:?}");
}

#[test]
fn every_bad_row_is_told_by_line_and_the_good_ones_come_back() {
    let (good, bad) = of("gpu_uuid,at,kind,note\n\
        GPU-1,2026-11-02,off-bus,\n\
        GPU-1,2026-13-02,dbe,\n\
        ,2026-11-02,dbe,\n\
        GPU-1,2026-11-02,dbe\n\
        GPU-1,2026-11-02,dbe,a,b\n\
        GPU-1,1926-11-02,dbe,\n\
        GPU-1,2026-11-02T10:00:00,dbe,\n\
        GPU-\u{202e}1,2026-11-02,dbe,\n\
        GPU-1,2026-11-02,dbe,\"open\n\
        GPU-9,2026-11-02,removed,\n");
    let parts = [
        ("line 2: kind \"off-bus\" is none of dbe, off_bus,", "; did you mean off_bus?"),
        ("line 3: at \"2026-13-02\" is neither", "nor a date (2026-11-02)"),
        ("line 4: gpu_uuid is not 1 to 128", "characters"),
        ("line 5: 3 fields where the header has 4", "4"),
        ("line 6: 5 fields where the header has 4", "needs quotes"),
        ("line 7: at 1926-11-02T00:00:00.000Z lies before 2000", ""),
        ("line 8: at \"2026-11-02T10:00:00\" is neither", ""),
        ("line 9: gpu_uuid is not 1 to 128", ""),
        ("line 10: a quote is not closed", ""),
    ];
    assert_eq!(bad.len(), parts.len(), "{bad:#?}");
    for (text, (begin, end)) in bad.iter().zip(parts) {
        assert!(text.starts_with(begin) && text.ends_with(end), "{text}");
    }
    assert_eq!(good.iter().map(|label| label.gpu_uuid.as_str()).collect::<Vec<_>>(), ["GPU-9"]);
}

#[test]
fn the_future_is_refused_beyond_what_clocks_differ_by() {
    let at = |ms: i64| format!("gpu_uuid,at,kind\nG,{},dbe\n", NOW.plus(ms));
    assert_eq!(of(&at(5 * MINUTE)).0.len(), 1);
    assert!(only_error(&at(5 * MINUTE + 1)).contains("lies in the future"));
}

#[test]
fn a_wrong_header_is_one_error_not_a_thousand() {
    let rows = "G,2026-11-02,dbe\n".repeat(100);
    for (header, says) in [
        ("gpu,at,kind", "line 1: the header names \"gpu\", which is none of gpu_uuid, at, kind, note, who"),
        ("gpu_uuid,at", "line 1: the header has no kind; known are gpu_uuid, at, kind, note, who"),
        ("gpu_uuid,at,kind,at", "line 1: the header names at twice"),
    ] {
        assert_eq!(only_error(&format!("{header}\n{rows}")), says);
    }
    assert_eq!(of(""), (Vec::new(), Vec::new()));
}

#[test]
fn json_errors_name_the_field() {
    assert!(only_error("{\"gpu_uuid\":\"G\",\"at\":\"2026-11-02\"}").starts_with("line 1: missing field `kind`"));
    let unknown = only_error("\n{\"gpu_uuid\":\"G\",\"at\":\"2026-11-02\",\"kind\":\"dbe\",\"notes\":1}");
    assert!(unknown.starts_with("line 2: unknown field `notes`") && !unknown.contains("at line"), "{unknown}");
    assert!(only_error("{\"gpu_uuid\":\"G\",\"at\":").starts_with("line 1: EOF"));
}

#[test]
fn sizes_are_bounded_and_reading_goes_on_behind_a_long_line() {
    let text = format!("gpu_uuid,at,kind,note\nG,2026-11-02,dbe,{}\nG,2026-11-02,dbe,ok\n", "x".repeat(100_000));
    let (good, bad) = of(&text);
    assert_eq!((good.len(), bad), (1, vec!["line 2: longer than 8192 bytes".to_owned()]));
    let long = format!("gpu_uuid,at,kind,note\nG,2026-11-02,dbe,{}\n", "é".repeat(1001));
    assert!(only_error(&long).contains("longer than 1000 characters"));
    let many = format!("gpu_uuid,at,kind\n{}", "G,never,dbe\n".repeat(5000));
    assert_eq!(of(&many).1.len(), MOST.1 + 1);
    let (_, bad) = read(&b"gpu_uuid,at,kind\nG,2026-11-02,db\xff\n"[..], "ann", NOW);
    assert_eq!(bad[0].to_string(), "line 2: is not UTF-8 text");
}

#[test]
fn the_nearest_kind_is_the_one_meant() {
    for (word, kind) in
        [("DBE", "dbe"), ("Off Bus", "off_bus"), ("RAM", "rma"), ("remove", "removed"), ("interupted", "interruption")]
    {
        assert_eq!(nearest(word).word(), kind, "{word}");
    }
}

proptest::proptest! {
    #[test]
    fn every_row_of_any_bytes_is_a_label_or_an_error(
        rows in proptest::collection::vec("(G|)[,\"{}a-z0-9:\\-]{1,40}(2026-11-02,dbe)?", 0..20),
        junk in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
    ) {
        let text = format!("gpu_uuid,at,kind\n{}\n", rows.join("\n"));
        let (good, bad) = read(text.as_bytes(), "ann", NOW);
        proptest::prop_assert_eq!(good.len() + bad.len(), rows.len());
        read(junk.as_slice(), "ann", NOW);
    }
}
