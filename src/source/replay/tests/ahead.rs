//! Times ahead of the present: passed on as they stand, and played with the line before.

use super::*;

const FUTURE: &str = "2099-01-01T00:00:00Z";

/// The second of 2026 each reading is due at, in the order of delivery.
fn seconds(all: &[(Time, Reading)]) -> Vec<i64> {
    let start = Time::parse("2026-01-01T00:00:00Z").unwrap();
    all.iter().map(|(now, _)| now.since(start) / 1000).collect()
}

fn at(second: usize) -> String {
    format!("2026-01-01T00:00:{second:02}Z")
}

fn events(times: &[String]) -> String {
    let line = |time: &String| format!("{{\"timestamp\":\"{time}\",\"gpu\":{{\"gpu_uuid\":\"GPU-1\"}}}}\n");
    times.iter().map(line).collect::<Vec<_>>().concat()
}

#[test]
fn a_line_is_played_with_the_one_before_it_and_those_after_it_in_their_own_time() {
    let future = FUTURE.to_owned();
    let text = events(&[future.clone(), at(1), at(2), future.clone(), at(3), at(4), future]);
    let (_dir, path) = file("a.jsonl", text.as_bytes());
    let (all, complaints) = play(&path);
    assert_eq!((seconds(&all), complaints.len()), (vec![1, 1, 2, 2, 3, 4, 4], 0));
    let passed: String = lines(&all).into_iter().map(|(_, line, _)| line + "\n").collect();
    assert_eq!(passed, text);
}

#[test]
fn a_row_keeps_its_time_and_its_place_behind_the_row_before_it() {
    let row = |time: &str, gpu| format!("{time},h,{gpu},{gpu}.5\n");
    let rows = [(FUTURE, 0), (&at(1), 0), (FUTURE, 1), (&at(3), 0), (&at(1), 2), (&at(2), 2), (FUTURE, 2)]
        .map(|(time, gpu)| row(time, gpu));
    let text = format!("t,host,gpu,power_w\n{}{FUTURE},h,0,hot\n{}", rows.concat(), row(&at(4), 2));
    let (_dir, path) = file("a.csv", text.as_bytes());
    let (all, complaints) = play(&path);
    assert_eq!((seconds(&all), complaints.len()), (vec![1, 1, 1, 1, 2, 2, 2, 3, 4], 1));
    let own = |reading: &Reading| match reading {
        Reading::Event(event) => event.time.unwrap().to_string(),
        Reading::Line { .. } => "broken".to_owned(),
    };
    let year = |reading: &Reading| own(reading)[..4].to_owned();
    let years: Vec<String> = all.iter().map(|(_, reading)| year(reading)).collect();
    assert_eq!(years, ["2099", "2026", "2099", "2026", "2026", "2099", "brok", "2026", "2026"]);
    assert_eq!(real(&all[2].1, "power_usage_w"), Some(1.5));
    assert_eq!(event(&all[1].1).quality.interval_ms, Some(2000));
}

#[test]
fn where_all_are_ahead_they_are_played_at_present() {
    let present = CEILING.plus(-AHEAD);
    let table = format!("t,host,gpu\n{FUTURE},h,0\n{FUTURE},h,1\n");
    for (name, text) in [("a.jsonl", events(&[FUTURE.to_owned(), FUTURE.to_owned()])), ("a.csv", table)] {
        let (_dir, path) = file(name, text.as_bytes());
        let (all, _) = play(&path);
        assert_eq!(all.iter().map(|(now, _)| *now).collect::<Vec<_>>(), [present; 2], "{name}");
    }
}
