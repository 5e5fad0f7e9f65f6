//! GPUs of one host and model, and how fast they ran: made once a pass, so that a GPU costs the same however many there are.
//!
//! A GPU is held against those of most alike activity, a fixed number of them at most: on hosts as they are sold that is all
//! of them. Who is slow is for the deduction to say.

use super::numbers::{COMPARED_SPAN, LIKE, MOST_PEERS, STEADY};
use crate::event::facts::Load;
use crate::event::{Known, Time};

/// The GPUs of one host and model.
#[derive(Debug, Default)]
pub(super) struct Peers<'a> {
    /// How many.
    pub(super) gpus: usize,
    /// Their comparable spans: sorted by span, activity and GPU.
    runs: Vec<Run<'a>>,
}

/// A span in which a kernel ran nearly all the time.
#[derive(Debug)]
struct Run<'a> {
    span: (Time, i64),
    activity: f64,
    gpu: &'a str,
    clock: f64,
}

impl<'a> Peers<'a> {
    /// Adds a GPU; then `sort`.
    pub(super) fn add(&mut self, known: &'a Known) {
        self.gpus += 1;
        let runs = known.hours.iter().filter(|span| span.ms >= COMPARED_SPAN).filter_map(|span| {
            let (activity, clock) = (steady_activity(span)?, span.sm_clock?);
            Some(Run { span: (span.start, span.ms), activity, gpu: known.uuid(), clock })
        });
        self.runs.extend(runs);
    }

    pub(super) fn sort(&mut self) {
        self.runs.sort_unstable_by(|a, b| {
            a.span.cmp(&b.span).then(a.activity.total_cmp(&b.activity)).then_with(|| a.gpu.cmp(b.gpu))
        });
    }

    /// The clocks of the others in a span at like activity, unsorted.
    pub(super) fn clocks(&self, span: &Load, own: f64, gpu: &str) -> Vec<f64> {
        let key = (span.start, span.ms);
        let before = |run: &Run<'_>| {
            run.span.cmp(&key).then(run.activity.total_cmp(&own)).then_with(|| run.gpu.cmp(gpu)).is_lt()
        };
        let (less, more) = self.runs.split_at(self.runs.partition_point(before));
        let like = |run: &&Run<'_>| run.span == key && run.activity >= own * LIKE && own >= run.activity * LIKE;
        let less = less.iter().rev().take_while(like).take(MOST_PEERS);
        let more = more.iter().filter(|run| run.gpu != gpu).take_while(like).take(MOST_PEERS);
        less.chain(more).map(|run| run.clock).collect()
    }
}

/// Mean activity of a span, %, if a kernel ran nearly all the time.
pub(super) fn steady_activity(span: &Load) -> Option<f64> {
    span.util.filter(|util| *util >= STEADY).and(span.sm_active.or(span.util))
}
