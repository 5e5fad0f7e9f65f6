//! What is printed: the bytes as they are, JSON in lines, in an array and in envelopes, and lines for people.

use std::process::Stdio;

use gpuhm::bus::{ALERTS, RAW};
use serde_json::Value;

use super::Topic;

const ODD: &str = "\u{1b}[2J\u{7} not json\nin two lines";

#[test]
fn raw_is_the_bytes_and_a_line_end() {
    let topic = Topic::new();
    topic.send(RAW, "k", &["{ \"a\" : 1 }", ODD, "", "\u{9b}"]);
    let ran = topic.tail(&["-t", RAW, "--offset", "beginning", "--no-follow", "-o", "raw"]);
    assert_eq!((ran.code, ran.out), (0, format!("{{ \"a\" : 1 }}\n{ODD}\n\n\u{9b}\n")));
    assert_eq!(ran.err, "", "nothing is read, so nothing is wrong");
    // A filter has to read it, and says what it cannot.
    let ran = topic.tail(&["-t", RAW, "--offset", "beginning", "--no-follow", "-o", "raw", "--where", ".a=1"]);
    assert_eq!(ran.out, "{ \"a\" : 1 }\n");
    assert!(ran.err.contains(&format!("offset 1: {} bytes that are not JSON", ODD.len())), "{}", ran.err);
    assert_eq!(topic.tail(&["-q", "-t", RAW, "--no-follow", "-o", "raw", "-g", "a"]).err, "");
}

#[test]
fn a_large_backlog_is_raw_to_the_last_byte() {
    let topic = Topic::new();
    // Longer and shorter than a block of output, and just as long.
    let values: Vec<String> = [1, 65_534, 65_535, 65_536, 65_537, 200_000, 0, 7]
        .iter()
        .cycle()
        .take(80)
        .enumerate()
        .map(|(n, length)| format!("{n}:{}", "x".repeat(*length)))
        .collect();
    topic.send(RAW, "k", &values.iter().map(String::as_str).collect::<Vec<_>>());
    let ran = topic.tail(&["-t", RAW, "--offset", "beginning", "--no-follow", "-o", "raw"]);
    assert_eq!(ran.out.lines().collect::<Vec<_>>(), values);
    let ran = topic.tail(&["-t", RAW, "--offset", "-3", "--no-follow", "-o", "raw"]);
    assert_eq!(ran.out.lines().collect::<Vec<_>>(), values[77..]);
}

#[test]
fn json_in_lines_and_in_an_array() {
    let topic = Topic::new();
    topic.send(RAW, "k", &["{\n \"a\": \"\u{9b}\"}", ODD, "{\"a\":2}"]);
    let past = |format: &str| topic.tail(&["-t", RAW, "--no-follow", "-o", format]);
    assert_eq!(past("jsonl").out, "{  \"a\": \"\\u009b\"}\n{\"a\":2}\n");
    assert!(past("jsonl").err.contains("bytes that are not JSON"));
    let array: Vec<Value> = serde_json::from_str(&past("json").out).unwrap();
    assert_eq!(array.len(), 2);
    let none = topic.tail(&["--no-follow", "-o", "json"]);
    assert_eq!((none.code, none.out.as_str()), (1, "[]\n"));
    let refused = topic.tail(&["-t", RAW, "-p", "99", "--no-follow", "-o", "json"]);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
}

#[test]
fn an_envelope_says_where_it_stood() {
    let topic = Topic::new();
    topic.send(RAW, "GPU-a", &["{\"a\":1}", ODD]);
    let ran = topic.tail(&["-t", RAW, "--no-follow", "--envelope"]);
    let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{}", ran.out);
    let partition = gpuhm::bus::key::partition(b"GPU-a", 32);
    for (offset, line) in lines.iter().enumerate() {
        assert_eq!(line["topic"], RAW);
        assert_eq!(line["partition"], partition);
        assert_eq!(line["offset"], offset);
        assert_eq!(line["key"], "GPU-a");
        let time = gpuhm::event::Time::parse(line["time"].as_str().unwrap()).unwrap();
        assert_eq!(time.ms(), topic.clock.load(std::sync::atomic::Ordering::Relaxed));
    }
    assert_eq!((&lines[0]["value"]["a"], lines[0].get("value_base64")), (&Value::from(1), None));
    assert!(lines[1].get("value").is_none());
    let array: Vec<Value> =
        serde_json::from_str(&topic.tail(&["-t", RAW, "--no-follow", "--envelope", "-o", "json"]).out).unwrap();
    assert_eq!(array, lines);
    for format in ["raw", "pretty"] {
        assert_eq!(topic.tail(&["--envelope", "-o", format]).code, 2);
    }
}

#[test]
fn lines_for_people_act_on_no_terminal() {
    let topic = Topic::new();
    topic.alert("xid", "critical", "n7");
    topic.send(ALERTS, "k\u{1b}[2J", &["{\"x\":\"\u{1b}]0;title\u{7}\"}", ODD]);
    let ran = topic.tail(&["--no-follow", "-o", "pretty"]);
    assert!(ran.out.contains("CRIT n7/3"), "{}", ran.out);
    assert!(!ran.out.contains(['\u{1b}', '\u{7}']) && !ran.err.contains('\u{1b}'), "{:?}{:?}", ran.out, ran.err);
    assert!(ran.err.contains("bytes that are not JSON"));
}

/// A follower that no one reads fast holds little: what comes is given away as it comes.
#[test]
fn what_comes_is_given_away_at_once() {
    use std::io::{BufRead as _, BufReader};
    let topic = Topic::new();
    let mut child = topic
        .home
        .command(&["tail", "-t", RAW, "-n", "0", "-o", "raw", "--timeout", "1m"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // It may begin after the first ones; each is small beside its buffer, and would stay there.
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            for n in 0..100 {
                topic.send(RAW, "k", &[&n.to_string()]);
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        });
        let first = lines.next().unwrap().unwrap();
        assert!(!sender.is_finished(), "{first} was held back");
    });
    child.kill().unwrap();
    child.wait().unwrap();
}
