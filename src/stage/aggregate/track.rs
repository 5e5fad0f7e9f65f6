//! The open windows of one GPU, and when they close: minutes by the GPU's own newer events, longer ones from minutes.
//!
//! The model's `event` and `apply` in Rust. Open are the minutes that lateness allows (two at the default), one 15 min
//! and one hour. A quarter nests in its hour, so readings for quantiles are kept once, with the index where the open
//! quarter begins. Showing what is open works on a copy: nothing here depends on having been shown.

use serde::{Deserialize, Serialize};

use super::minute::Minute;
use super::packed;
use super::plan::PLAN;
use super::reading::Reading;
use super::tally::Tally;
use crate::event::time::MINUTE;
use crate::event::{Size, Time, Values, Window};

/// The number of the minute that holds an instant.
const fn minute_of(time: Time) -> i64 {
    time.ms().div_euclid(MINUTE)
}

/// Where closed (or shown) windows go.
#[derive(Debug)]
pub(super) struct Sink<'a> {
    /// The GPU.
    pub(super) gpu: &'a str,
    /// What the rows say in `closed`.
    pub(super) closed: bool,
    /// The rows.
    pub(super) windows: &'a mut Vec<Window>,
    /// Scratch space, used again from close to close.
    pub(super) sorted: &'a mut Vec<Vec<f32>>,
}

/// The readings of one metric with quantiles in the open hour.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Readings {
    #[serde(with = "packed")]
    hour: Vec<f32>,
    /// Where the open quarter begins.
    quarter: u32,
}

impl Readings {
    fn of(&self, size: Size) -> &[f32] {
        let quarter = usize::try_from(self.quarter).unwrap_or(usize::MAX);
        match size {
            Size::Minute => &[],
            Size::Quarter => self.hour.get(quarter..).unwrap_or_default(),
            Size::Hour => &self.hour,
        }
    }
}

/// The open windows of one GPU.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Track {
    /// The newest closed minute.
    closed: Option<i64>,
    /// Open minutes, oldest first.
    open: Vec<Minute>,
    /// Counters at the end of the newest closed minute, by `PLAN.counters`.
    counters: Vec<Option<i64>>,
    quarter: Tally,
    hour: Tally,
    /// By `PLAN.ranked`.
    readings: Vec<Readings>,
    /// A closed minute's memory, for the next.
    #[serde(skip)]
    spare: Option<Minute>,
}

impl Track {
    /// A track whose counters begin where `before` left them.
    pub(super) fn after(before: Option<&Values>) -> Track {
        let mut track = Track::default();
        if let Some(values) = before {
            track.counters = PLAN.counters.iter().map(|metric| values.int(*metric)).collect();
        }
        track
    }

    /// Takes a reading; false where its minute is closed.
    pub(super) fn add(&mut self, reading: &Reading<'_>) -> bool {
        let index = minute_of(reading.time);
        if self.closed.is_some_and(|closed| index <= closed) {
            return false;
        }
        let place = match self.open.iter().rposition(|minute| minute.tally.index <= index) {
            Some(at) if self.open.get(at).is_some_and(|minute| minute.tally.index == index) => at,
            before => {
                let place = before.map_or(0, |at| at + 1);
                let mut minute = self.spare.take().unwrap_or_default();
                minute.reset(index);
                self.open.insert(place, minute);
                place
            }
        };
        if let Some(minute) = self.open.get_mut(place) {
            minute.add(reading);
        }
        true
    }

    /// Closes what an event at `time` is past by `lateness`.
    pub(super) fn pass(&mut self, time: Time, lateness: i64, sink: &mut Sink<'_>) {
        let last = minute_of(time.plus(-lateness)) - 1;
        if self.closed.is_some_and(|closed| last <= closed) {
            return;
        }
        while self.open.first().is_some_and(|minute| minute.tally.index <= last) {
            let minute = self.open.remove(0);
            self.spare = Some(self.close(minute, sink));
        }
        self.closed = Some(last);
        for size in [Size::Quarter, Size::Hour] {
            let tally = self.longer(size);
            if tally.count > 0 && (tally.index + 1) * minutes(size) - 1 <= last {
                self.put_out(size, sink);
            }
        }
    }

    /// Puts out all that is open, as it stands. The track is of no use afterwards.
    pub(super) fn finish(mut self, sink: &mut Sink<'_>) {
        for minute in std::mem::take(&mut self.open) {
            self.close(minute, sink);
        }
        for size in [Size::Quarter, Size::Hour] {
            if self.longer(size).count > 0 {
                self.put_out(size, sink);
            }
        }
    }

    /// How many windows [`Track::finish`] would put out.
    pub(super) fn windows(&self) -> u64 {
        let mut all = 0;
        for size in Size::ALL {
            let open = (size != Size::Minute).then(|| self.longer(size)).filter(|tally| tally.count > 0);
            let mut newest = open.map(|tally| tally.index);
            all += u64::from(newest.is_some());
            for minute in &self.open {
                let index = minute.tally.index.div_euclid(minutes(size));
                all += u64::from(newest != Some(index));
                newest = Some(index);
            }
        }
        all
    }

    fn longer(&self, size: Size) -> &Tally {
        if size == Size::Hour { &self.hour } else { &self.quarter }
    }

    /// Closes the oldest minute; its memory comes back.
    fn close(&mut self, mut minute: Minute, sink: &mut Sink<'_>) -> Minute {
        self.counters.resize(PLAN.counters.len(), None);
        self.readings.resize(PLAN.ranked.len(), Readings::default());
        minute.complete(&mut self.counters);
        sink.windows.push(minute.tally.window(sink.gpu, Size::Minute, sink.closed, &[]));
        // Both are put out before the minute's readings join theirs: a quarter that begins here may open an hour, too.
        for size in [Size::Quarter, Size::Hour] {
            let tally = self.longer(size);
            if tally.count > 0 && tally.index != minute.tally.index.div_euclid(minutes(size)) {
                self.put_out(size, sink);
            }
        }
        for (size, tally) in [(Size::Quarter, &mut self.quarter), (Size::Hour, &mut self.hour)] {
            if tally.count == 0 {
                tally.reset(minute.tally.index.div_euclid(minutes(size)));
            }
            tally.merge(&minute.tally);
        }
        for (metric, value) in minute.ranked() {
            if let Some(readings) = self.readings.get_mut(metric) {
                readings.hour.push(value);
            }
        }
        minute
    }

    /// Puts out an open longer window and empties it.
    fn put_out(&mut self, size: Size, sink: &mut Sink<'_>) {
        sink.sorted.resize_with(PLAN.ranked.len(), Vec::new);
        for (sorted, readings) in sink.sorted.iter_mut().zip(&self.readings) {
            sorted.clear();
            sorted.extend_from_slice(readings.of(size));
            sorted.sort_unstable_by(f32::total_cmp);
        }
        sink.windows.push(self.longer(size).window(sink.gpu, size, sink.closed, sink.sorted));
        for readings in &mut self.readings {
            if size == Size::Hour {
                readings.hour.clear();
            }
            readings.quarter = u32::try_from(readings.hour.len()).unwrap_or(u32::MAX);
        }
        let tally = if size == Size::Hour { &mut self.hour } else { &mut self.quarter };
        tally.count = 0;
    }
}

const fn minutes(size: Size) -> i64 {
    size.ms() / MINUTE
}
