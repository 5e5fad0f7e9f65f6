//! What is broken, cut off or no recording at all: said clearly, never a panic, and nothing of the file lost.

use proptest::prelude::*;

use super::*;

fn refused(name: &str, bytes: &[u8]) -> String {
    let (_dir, path) = file(name, bytes);
    let said = Replay::open(&path, CEILING).unwrap_err().to_string();
    assert!(said.starts_with(&path), "{said}");
    said
}

#[test]
fn broken_rows_are_passed_on_in_their_place_and_complained_of() {
    let text = "t,host,gpu,model,gpu_temp_c\n???\n2026-01-01T00:00:01Z,h,0,m,40\n2026-01-01T00:00:02Z,h,0,m,hot\n\n\
        2026-01-01T00:00:02Z,h,0,m\nlater,h,0,m,40\n2026-01-01T00:00:02Z,h,x,m,40\n2026-01-01T00:00:02Z,,0,m,40\n\
        2026-01-01T00:00:03Z,h,0,m,41";
    let (_dir, path) = file("a.csv", text.as_bytes());
    let (all, complaints) = play(&path);
    assert_eq!(all.len(), 8);
    let start = Time::parse("2026-01-01T00:00:00Z").unwrap();
    let seconds: Vec<i64> = all.iter().map(|(now, _)| now.since(start) / 1000).collect();
    assert_eq!(seconds, [1, 1, 2, 2, 2, 2, 2, 3]);
    let broken: Vec<_> = all.iter().filter(|(_, reading)| matches!(reading, Reading::Line { .. })).cloned().collect();
    assert_eq!(lines(&broken[..2])[0].1, "???");
    assert_eq!(lines(&broken)[1], (String::new(), "2026-01-01T00:00:02Z,h,0,m,hot".to_owned(), false));
    for (said, (line, why)) in complaints.iter().zip([
        (2, "1 fields where the header has 5"),
        (4, "gpu_temp_c is \"hot\", which is no number"),
        (6, "4 fields"),
        (7, "\"later\" is no time"),
        (8, "\"x\" is no GPU index"),
        (9, "no host"),
    ]) {
        assert!(said.starts_with(&format!("{path}:{line}: ")) && said.contains(why), "{said}");
    }
    assert_eq!(complaints.len(), 6);
}

#[test]
fn complaints_are_bounded() {
    let text = format!("timestamp, index\n{}", "nonsense\n".repeat(1000));
    let (_dir, path) = file("a.csv", text.as_bytes());
    let (all, complaints) = play(&path);
    assert_eq!((all.len(), complaints.len()), (1000, 21));
    assert_eq!(complaints[20], format!("{path}: 980 more lines are as broken"));
}

#[test]
fn an_endless_line_is_cut_and_counted() {
    let text = format!("{{\"a\":\"{}\"}}\n{{}}\n", "x".repeat(3 << 20));
    let (_dir, path) = file("a.jsonl", text.as_bytes());
    let (all, complaints) = play(&path);
    let lengths: Vec<usize> = lines(&all).iter().map(|(_, bytes, _)| bytes.len()).collect();
    assert_eq!(lengths, [(1 << 20) + 1, 2]);
    assert!(complaints[0].contains(":1: longer than a line may be"), "{complaints:?}");
}

#[test]
fn a_cut_off_gzip_gives_what_can_be_read() {
    let rows: String =
        (0..20_000).flat_map(|n| [format!("2026-01-01T00:00:00.{:03}Z,h,{},m,{n}.5\n", n % 1000, n % 8)]).collect();
    for (head, name) in [("t,host,gpu,model,power_w\n", "a.csv.gz"), ("{}\n", "a.jsonl.gz")] {
        let whole = gzip(format!("{head}{rows}").as_bytes());
        let (_dir, path) = file(name, &whole[..whole.len() / 2]);
        let (all, complaints) = play(&path);
        assert!(all.len() > 5_000, "{}", all.len());
        let last = complaints.last().unwrap();
        let early = complaints.iter().find(|said| said.contains("ends early, after line"));
        assert!(early.is_some(), "{last}");
        // Every line but a cut last one is whole.
        let broken = all.iter().filter(|(_, reading)| matches!(reading, Reading::Line { .. })).count();
        assert!(name != "a.csv.gz" || broken <= 1, "{broken}");
    }
}

#[test]
fn what_is_no_recording_is_refused_by_name() {
    assert!(refused("a", b"").contains("empty; none of the formats"));
    assert!(refused("a", b"\n\n").contains("empty"));
    assert!(refused("a", b"\x7fELF\0\0").contains("\"\\x7fELF\\x00\\x00\""));
    assert!(refused("a", b"Attached GPUs : 8\n").contains("it starts with \"Attached GPUs : 8\""));
    assert!(refused("a", b"index, power.draw [W]\n0, 1 W\n").contains("no timestamp column"));
    assert!(
        refused("a.gz", &[0x1f, 0x8b, 8, 0, 0]).contains("none of the formats")
            || !refused("a.gz", &[0x1f, 0x8b]).is_empty()
    );
    let dir = tempfile::tempdir().unwrap();
    assert!(Replay::open(dir.path().to_str().unwrap(), CEILING).is_err());
    assert!(
        Replay::open(dir.path().join("none").to_str().unwrap(), CEILING).unwrap_err().to_string().contains("none: ")
    );
}

#[test]
fn a_header_alone_is_an_empty_recording() {
    let (_dir, path) = file("a.csv", b"t,host,gpu\n");
    assert_eq!(play(&path), (Vec::new(), vec![format!("{path}: no rows behind its header")]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_line_that_is_not_blank_is_one_reading(
        head in prop::sample::select(vec!["t,host,gpu,power_w", "timestamp, index, power.draw [W]", "{}"]),
        rows in prop::collection::vec("[ -~\u{e9}]{0,40}|2026-01-01T00:00:0[0-9]Z,h?,[0-9],[0-9]{1,3}", 0..40),
        tail in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let text = [format!("{head}\n{}\n", rows.join("\n")).as_bytes(), &tail].concat();
        let blank = |line: &&[u8]| line.trim_ascii().is_empty();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !blank(line)).count();
        let (_dir, path) = file("a", &text);
        let (all, _) = play(&path);
        prop_assert_eq!(all.len(), lines - usize::from(head != "{}"));
    }
}
