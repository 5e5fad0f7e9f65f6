//! What is said in the log of endpoints in trouble: when it begins, changes and ends, and no more than a person can read.

use std::io::Write;
use std::sync::{Arc, Mutex};

use gpuhm::event::Time;
use gpuhm::source::Source;
use gpuhm::source::endpoint::{Endpoint, Taken, Trouble};
use gpuhm::source::endpoints::Endpoints;

/// What was said, a line each.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// The lines so far, without what stands before the source's name.
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.split_once("nvml: ").unwrap().1.to_owned()).collect()
    }
}

/// In a trouble that its script gives for each second, or in none.
struct Ill(fn(i64) -> Option<String>);

impl Endpoint for Ill {
    fn read(&mut self, now: Time) -> Result<Taken, Trouble> {
        (self.0)(now.ms() / 1000).map_or_else(|| Ok(Taken::default()), |why| Err(Trouble::new(why)))
    }
}

/// What is said in so many seconds, each of them a tick.
fn said(seconds: std::ops::Range<i64>, ill: fn(i64) -> Option<String>) -> Vec<String> {
    let log = Log::default();
    let to = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || to.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        let endpoint = Box::new(Ill(ill)) as Box<dyn Endpoint>;
        // Patience for half a minute: no tick is left without its answer.
        let mut source = Endpoints::start(vec![("nvml".parse().unwrap(), endpoint)], "here", 1000).unwrap();
        source = source.patiently(std::time::Duration::from_secs(30));
        for second in seconds {
            source.read(Time(second * 1000), &mut Vec::new()).unwrap();
        }
    });
    log.lines()
}

#[test]
fn a_trouble_that_is_always_another_is_said_once_a_minute_with_how_many_there_were() {
    let lines = said(0..125, |second| Some(format!("oddity {second}")));
    let more = "(and 59 times otherwise since the last line)";
    assert_eq!(lines, ["oddity 0".to_owned(), format!("oddity 60 {more}"), format!("oddity 120 {more}")]);
}

#[test]
fn a_trouble_that_comes_and_goes_is_said_once_a_minute() {
    let lines = said(0..125, |second| (second % 2 == 0).then(|| "refused".to_owned()));
    let more = "refused (and 29 times otherwise since the last line)";
    assert_eq!(lines, ["refused", "answers again", more, "answers again", more, "answers again"]);
}

#[test]
fn a_trouble_that_stays_is_said_once_and_its_end_once() {
    let lines = said(0..300, |second| (10..290).contains(&second).then(|| "refused".to_owned()));
    assert_eq!(lines, ["refused", "answers again"]);
}

#[test]
fn a_trouble_that_comes_back_and_stays_is_one_and_its_line_speaks_of_no_other() {
    let lines = said(0..125, |second| (second != 5).then(|| "refused".to_owned()));
    assert_eq!(lines, ["refused", "answers again", "refused"]);
}

#[test]
fn of_troubles_that_were_not_said_each_counts_once_however_long_it_stayed() {
    let lines = said(0..125, |second| {
        let why = match second {
            5 => return None,
            20..40 => "silent",
            40..70 => "garbled",
            _ => "refused",
        };
        Some(why.to_owned())
    });
    let garbled = "garbled (and 2 times otherwise since the last line)";
    assert_eq!(lines, ["refused", "answers again", garbled, "refused"]);
}

#[test]
fn one_trouble_that_was_not_said_is_told_as_once() {
    let lines = said(0..70, |second| {
        let why = match second {
            0..20 => "refused",
            20..40 => "silent",
            _ => "garbled",
        };
        Some(why.to_owned())
    });
    assert_eq!(lines, ["refused", "garbled (and once otherwise since the last line)"]);
}

#[test]
fn a_trouble_that_gives_way_to_another_for_a_while_is_said_once() {
    let lines = said(0..125, |second| Some(if (10..20).contains(&second) { "silent" } else { "refused" }.to_owned()));
    assert_eq!(lines, ["refused"]);
}
