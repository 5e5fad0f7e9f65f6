//! What a small file may cost, and what a recorder leaves in its file that was started again.

use super::*;
use crate::source::replay::complaint::Complaints;
use crate::source::replay::header::{Format, detect};
use crate::source::replay::input::Input;
use crate::source::replay::table::{Limits, Table};

/// What is read of a file at one time, in bytes.
fn chunks(path: &str) -> Vec<usize> {
    let mut replay = Replay::open(path, CEILING).unwrap();
    let mut chunks = Vec::new();
    while let Due::At(now) = replay.due() {
        let mut out = Vec::new();
        replay.read(now, &mut out).unwrap();
        chunks.push(out.iter().map(Reading::weight).sum());
    }
    chunks
}

#[test]
fn a_chunk_of_long_lines_is_bounded_by_bytes() {
    let line = format!("{{\"timestamp\":\"2026-01-01T00:00:02Z\",\"more\":\"{}\"}}\n", "x".repeat(1_000_000));
    let (_dir, path) = file("a.jsonl.gz", &gzip(line.repeat(30).as_bytes()));
    let chunks = chunks(&path);
    assert!(chunks.iter().all(|bytes| *bytes <= CHUNK_BYTES + line.len()), "{chunks:?}");
    assert_eq!(chunks.iter().sum::<usize>(), 30 * (line.len() - 1));
}

#[test]
fn a_broken_line_of_a_table_keeps_its_beginning() {
    let long = "x".repeat(900_000);
    let text =
        format!("t,host,gpu\n2026-01-01T00:00:01Z,h,0\n{long}\n2026-01-01T00:00:02Z,h,{long}\n{}\n", long.repeat(3));
    let (_dir, path) = file("a.csv", text.as_bytes());
    let (all, complaints) = play(&path);
    assert_eq!(lines(&all[1..]).iter().map(|(_, bytes, _)| bytes.len()).collect::<Vec<_>>(), [4096; 3]);
    assert_eq!(complaints.len(), 3);
    for said in complaints {
        assert!(said.ends_with("; only its first 4096 bytes are kept") && said.len() < 600, "{said}");
    }
}

#[test]
fn a_table_of_nothing_but_broken_lines_is_refused() {
    let text = format!("t,host,gpu\n2026-01-01T00:00:01Z,h,0\n{}", "???\n".repeat(40_000));
    let (_dir, path) = file("a.csv", text.as_bytes());
    let mut input = Input::open(&path).unwrap();
    let Ok(Format::Table(header)) = detect(&input.line().unwrap().bytes) else { panic!("a table") };
    let limits = Limits { ceiling: CEILING, broken: 1 << 20 };
    let why = Table::load(&mut input, &header, "h", &mut Complaints::new(&path), limits).unwrap_err();
    assert!(why.starts_with("no table: ") && why.contains("than 1 MiB of memory; line 3: 1 fields"), "{why}");
    assert_eq!(play(&path).0.len(), 40_001);
}

#[test]
fn its_header_again_is_skipped() {
    let (head, row) = WITH_UNITS.split_once('\n').unwrap();
    let text = format!("\u{feff}{head}\n{row}{head}\r\n{row}\u{feff}{head}\n{row}");
    let (_dir, path) = file("n.csv", text.as_bytes());
    let (all, complaints) = play(&path);
    assert_eq!((all.len(), complaints.len()), (6, 1), "{complaints:?}");
    assert!(all.iter().all(|(_, reading)| matches!(reading, Reading::Event(_))));
}

#[test]
fn another_header_is_broken_and_what_stands_under_it_is_not_guessed_at() {
    let text = "timestamp, index, power.draw [W]\n2026/11/24 07:41:18, 0, 1 W\ntimestamp, index, temperature.gpu\n\
        2026/11/24 07:41:19, 0, 34\ntimestamp, index, power.draw [W]\n2026/11/24 07:41:20, 0, 2 W\n";
    let (_dir, path) = file("n.csv", text.as_bytes());
    let (all, complaints) = play(&path);
    let power: Vec<_> = [&all[0].1, &all[3].1].map(|reading| real(reading, "power_usage_w")).into();
    assert_eq!((all.len(), power), (4, vec![Some(1.0), Some(2.0)]));
    let broken: Vec<_> = lines(&all[1..3]).into_iter().map(|(_, bytes, _)| bytes).collect();
    assert_eq!(broken, ["timestamp, index, temperature.gpu", "2026/11/24 07:41:19, 0, 34"]);
    assert!(complaints[0].starts_with(&format!("{path}:3: a second header, and another")), "{complaints:?}");
    assert!(complaints[1].starts_with(&format!("{path}:4: stands under another header")), "{complaints:?}");
}

#[test]
fn a_blank_number_is_no_value() {
    let text = "timestamp, index, power.draw [W], memory.used [MiB], utilization.gpu [%]\n\
        2026/11/24 07:41:18, 0, 140737488355328.000000, 9223372036854775794, 35\n";
    let (_dir, path) = file("n.csv", text.as_bytes());
    let (all, complaints) = play(&path);
    assert!(complaints.is_empty(), "{complaints:?}");
    let values = ["power_usage_w", "fb_used_mib", "gpu_util_pct"].map(|name| real(&all[0].1, name));
    assert_eq!(values, [None, None, Some(35.0)]);
}
