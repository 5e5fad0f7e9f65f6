//! What the collect loop holds at once, whatever a recording's lines are like.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use gpuhm::bus::Message;
use gpuhm::event::Time;
use gpuhm::pipeline::collect::{Collect, Labels};
use gpuhm::pipeline::sink::Sink;
use gpuhm::pipeline::{Clock, Flag, PipelineError};
use gpuhm::source::replay::Replay;

/// Takes note of the bytes of each batch.
struct Scale(Arc<Mutex<Vec<usize>>>);

impl Sink for Scale {
    fn put(&mut self, messages: Vec<Message>) -> Result<(), PipelineError> {
        self.0.lock().unwrap().push(messages.iter().map(|message| message.value.len()).sum());
        Ok(())
    }
}

#[test]
fn what_is_gathered_is_bounded_by_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let mut file = std::fs::File::create(&path).unwrap();
    for second in 0..40 {
        let more = "x".repeat(1_000_000);
        writeln!(file, "{{\"timestamp\":\"2026-01-01T00:00:{second:02}Z\",\"more\":\"{more}\"}}").unwrap();
    }
    let batches = Arc::default();
    let mut collect = Collect {
        source: Box::new(Replay::open(path.to_str().unwrap(), Time(i64::MAX)).unwrap()),
        sink: Box::new(Scale(Arc::clone(&batches))),
        clock: Arc::new(Clock::driven(Time(0))),
        pace: 1000.into(),
        from: None,
        ticks: None,
        labels: Labels::default(),
        jobs: None,
        room: None,
        watch: None,
        ticked: std::sync::Arc::default(),
        pulse: gpuhm::pipeline::pulse::Beats::default(),
    };
    assert_eq!(collect.run(&Flag::default()).unwrap().collected, 40);
    let batches = batches.lock().unwrap();
    assert!(batches.iter().all(|bytes| *bytes < 10 << 20), "{batches:?}");
}
