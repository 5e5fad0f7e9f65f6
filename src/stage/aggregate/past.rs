//! What happened to a GPU, told from its events: XIDs, resets of its counters, changes of its states.
//!
//! XIDs are things that happened, so an event of any age tells them, each once. Resets and changes are differences to
//! the newest reading, so only an event newer than it tells them. Judging what they mean is for the rules of `detect`.
//!
//! Two things show a reset: a counter since driver load that fell far, and a flag that only a reset takes back. Windows
//! are less strict: there any lower value is a counter that began again (facts on health, 3.5), since a wrong delta of one
//! window is a small error, while a wrong reset ends every fault of the GPU.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::event::rows::Happening;
use crate::event::{Time, Values, Xid};
use crate::metric::{Kind, METRICS, ids};
use crate::stage::detect;

/// How many XIDs are remembered to tell a repetition from a new one: more than a storm brings within the 20 s by which
/// events swap places.
const XIDS: usize = 64;

/// A counter shows a reset when it falls below its old value divided by this. Two collectors of one GPU read it moments
/// apart and stamp what they read with times of their own, so that a counter may seem to step back by what it counted
/// meanwhile: a small share, unless it has counted next to nothing. A reset takes it to 0, and soon after that it is still
/// near 0. One that has counted past half its old value before anyone looks shows nothing; hardly do all of them so.
const FALL: i64 = 2;
/// Flags that stand until a reset does what they wait for: the evidence of sources that report no counter since driver
/// load, such as the CSV of nvidia-smi.
const UNTIL_RESET: [usize; 2] = [ids::REMAP_PENDING, ids::RETIRED_PENDING];

/// What is remembered to see what changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Past {
    xids: VecDeque<Xid>,
    /// Newest values of the metrics of kind `Volatile` and of kind `State`, in order of the table.
    volatile: Vec<Option<i64>>,
    states: Vec<Option<i64>>,
}

/// What an event told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// XIDs not seen before.
    pub(super) xids: Vec<Xid>,
    /// Whether the GPU was reset.
    pub(super) reset: bool,
}

impl Past {
    /// Looks at an event's values and XIDs; `forward` says that it is newer than all others.
    pub(super) fn look(
        &mut self,
        mut row: impl FnMut(Time, &str, i64, String) -> Happening,
        (time, forward): (Time, bool),
        (values, xids): (&Values, &[Xid]),
        out: &mut Vec<Happening>,
    ) -> Told {
        let mut told = Told::default();
        for xid in xids {
            if self.xids.contains(xid) {
                continue;
            }
            if self.xids.len() >= XIDS {
                self.xids.pop_front();
            }
            self.xids.push_back(*xid);
            told.xids.push(*xid);
            out.push(row(xid.at, "xid", xid.code, detect::xid_line(xid.code)));
        }
        if forward {
            if let Some(detail) = self.reset(values) {
                told.reset = true;
                out.push(row(time, "reset", 0, detail));
            }
            self.changes(values, |name, new, detail| out.push(row(time, name, new, detail)));
        }
        told
    }

    /// What shows a reset, for people. Looks at states before `changes` takes them over.
    fn reset(&mut self, values: &Values) -> Option<String> {
        let mut shown = None;
        for (last, (metric, name)) in of_kind(Kind::Volatile, &mut self.volatile) {
            let Some(new) = values.int(metric) else {
                continue;
            };
            if let Some(old) = *last
                && new < old
                && new.saturating_mul(FALL) < old
                && shown.is_none()
            {
                shown = Some(format!("{name} began again: {old}, then {new}"));
            }
            *last = Some(new);
        }
        let flags = of_kind(Kind::State, &mut self.states).filter(|(_, (metric, _))| UNTIL_RESET.contains(metric));
        for (last, (metric, name)) in flags {
            if last.is_some_and(|old| old > 0) && values.int(metric) == Some(0) && shown.is_none() {
                shown = Some(format!("{name} is no longer set, which takes a reset"));
            }
        }
        shown
    }

    fn changes(&mut self, values: &Values, mut tell: impl FnMut(&str, i64, String)) {
        for (last, (metric, name)) in of_kind(Kind::State, &mut self.states) {
            let Some(new) = values.int(metric) else {
                continue;
            };
            match *last {
                Some(old) if old == new => continue,
                Some(old) => tell(name, new, format!("{name} went from {old} to {new}")),
                None if new != 0 => tell(name, new, format!("{name} is {new} at first sight")),
                None => {}
            }
            *last = Some(new);
        }
    }
}

fn of_kind(kind: Kind, list: &mut Vec<Option<i64>>) -> impl Iterator<Item = (&mut Option<i64>, (usize, &'static str))> {
    let metrics = METRICS.iter().enumerate().filter(move |(_, row)| row.kind == kind);
    let metrics = metrics.map(|(metric, row)| (metric, row.name));
    if list.is_empty() {
        list.resize(metrics.clone().count(), None);
    }
    list.iter_mut().zip(metrics)
}
