//! What a message does to the model. Pure: what must happen outside is returned.

use crossterm::event::{KeyEvent, KeyEventKind};

use super::derive::derive;
use super::message::{Effect, Msg, Read};
use super::model::{Mode, Model, SPANS, STILL, Trouble, View};
use super::now::detail;
use super::plan::plan;
use super::rows::Rule;
use super::{act, dialog, keys, layout, listing, motion, mouse};
use crate::event::{Severity, Time};

/// Takes a message in.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(event) if event.kind == KeyEventKind::Release => Vec::new(),
        Msg::Key(event) => key(model, event),
        Msg::Mouse(event) => mouse::mouse(model, event),
        Msg::Resize(width, height) => {
            model.size = (width, height);
            model.replan();
            Vec::new()
        }
        Msg::Focus(focused) => {
            model.focused = focused;
            Vec::new()
        }
        Msg::Data(read) => data(model, read),
        Msg::Failed { error, retry_in_s, attempt } => {
            let before = model.banner().is_some();
            model.trouble = Some(Trouble { error, retry_in_s, attempt });
            model.silent = 0;
            if !before {
                model.replan();
            }
            Vec::new()
        }
        Msg::Progress(progress) => {
            model.progress = progress;
            model.replan();
            Vec::new()
        }
        Msg::Said(text) => {
            model.say(text);
            Vec::new()
        }
        Msg::Tick(now) => {
            tick(model, now);
            Vec::new()
        }
    }
}

fn key(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    let press = keys::press(event);
    if press == keys::Press::Ctrl('c') {
        return vec![Effect::Quit];
    }
    if press == keys::Press::Ctrl('z') {
        return vec![Effect::Suspend];
    }
    if !matches!(model.mode, Mode::Normal) {
        return dialog::key(model, event);
    }
    let one = model.open.is_some();
    match keys::find(event, model.view, one) {
        Some(action) => act::act(model, action),
        None => Vec::new(),
    }
}

/// A reading came: it is shown at once, or kept while the screen is frozen.
fn data(model: &mut Model, read: Box<Read>) -> Vec<Effect> {
    model.trouble = None;
    model.silent = 0;
    let first = model.read.is_none();
    let rings = note_alerts(model, &read, first);
    if model.frozen {
        model.waiting = Some(read);
    } else {
        model.take(read);
    }
    // Where the clock stands still, readings let go of what is held.
    model.beat();
    if rings && model.bell { vec![Effect::Bell] } else { Vec::new() }
}

/// Notes when each alert was first read; whether a critical one is new.
fn note_alerts(model: &mut Model, read: &Read, first: bool) -> bool {
    let mut rings = false;
    let before = std::mem::take(&mut model.news);
    for alert in &read.fleet.alerts {
        // What was there before the view was is not new.
        let tick = before.get(&alert.alert_id).copied().unwrap_or(if first { 0 } else { model.ticks + 1 });
        rings |=
            !before.contains_key(&alert.alert_id) && !first && alert.is_open() && alert.severity == Severity::Critical;
        model.news.insert(alert.alert_id.clone(), tick);
    }
    rings
}

fn tick(model: &mut Model, now: Time) {
    let stale = model.is_stale();
    model.now = now;
    model.ticks += 1;
    model.silent = model.silent.saturating_add(1);
    model.beat();
    let late = model.derived.next_stale.is_some_and(|next| next < model.reference());
    if late || stale != model.is_stale() {
        model.rebuild();
    }
}

impl Model {
    /// A tick or a reading: what is held for a while comes nearer to its end.
    fn beat(&mut self) {
        self.beats += 1;
        if self.notice.as_ref().is_some_and(|(_, until)| *until <= self.beats) {
            self.notice = None;
        }
        if self.still > 0 {
            self.still -= 1;
            if self.still == 0 {
                self.reorder();
            }
        }
    }

    /// Shows a reading.
    pub(super) fn take(&mut self, read: Box<Read>) {
        let same = |old: &Read| {
            old.fleet.gpus.len() == read.fleet.gpus.len()
                && old
                    .fleet
                    .gpus
                    .iter()
                    .zip(&read.fleet.gpus)
                    .all(|(old, new)| old.uuid() == new.uuid() && old.is_replaced() == new.is_replaced())
        };
        let same = self.read.as_deref().is_some_and(same);
        self.now = self.now.max(read.at);
        self.read = Some(read);
        self.rebuild_with(same && self.still > 0);
    }

    /// Works everything out anew.
    pub(super) fn rebuild(&mut self) {
        self.rebuild_with(self.still > 0);
    }

    /// … and keeps the table's order where the user is moving in it and the rows are the same.
    fn rebuild_with(&mut self, keep: bool) {
        let at = self.reference();
        let Some(read) = self.read.take() else { return };
        let order = std::mem::take(&mut self.derived.order);
        let rule = Rule { at, grace_ms: self.grace_ms, measure: self.measure, filter: self.filter.as_ref() };
        self.derived = derive(&read.fleet, &rule);
        self.read = Some(read);
        self.keep_cursor();
        if keep && !order.is_empty() {
            let shown = |at: &usize| self.derived.rows.get(*at).is_some_and(|row| row.hit);
            self.derived.order = order.into_iter().filter(shown).collect();
        } else {
            self.reorder();
        }
        self.realert();
        self.replan();
        self.redetail();
    }

    /// The cursor stays on its GPU; where that is gone, or none was, it is on the worst.
    fn keep_cursor(&mut self) {
        // Until the user moves it follows the worst.
        let own = self.selected.as_ref().filter(|_| self.touched || self.open.is_some());
        let found = own.and_then(|(uuid, _)| self.find(uuid));
        // One that the filter keeps out is not seen any more; the cursor is where the eye is.
        let seen = |gpu: &usize| {
            self.derived
                .row_of
                .get(*gpu)
                .copied()
                .flatten()
                .and_then(|at| self.derived.rows.get(at))
                .is_some_and(|row| row.hit)
        };
        let found = if self.derived.worst.is_empty() { found } else { found.filter(seen) };
        let worst =
            || self.derived.worst.first().or(self.derived.order.first()).and_then(|at| self.derived.rows.get(*at));
        match found.or_else(|| worst().map(|row| row.gpu)).or((!self.derived.rows.is_empty()).then_some(0)) {
            Some(at) => self.select(at),
            None => self.selected = None,
        }
    }

    /// Filters and sorts the table.
    pub(super) fn reorder(&mut self) {
        let Some(read) = &self.read else { return };
        let shown =
            |(at, row): (usize, &super::rows::Row)| (row.hit && !(self.only_bad && row.is_well())).then_some(at);
        let mut order: Vec<usize> = self.derived.rows.iter().enumerate().filter_map(shown).collect();
        self.sort.apply(&self.derived.rows, &read.fleet.gpus, &mut order);
        self.derived.order = order;
        if self.view == View::Gpus && super::gpus::position(self).is_none() {
            let first = self.derived.order.first().and_then(|at| self.derived.rows.get(*at)).map(|row| row.gpu);
            if let Some(gpu) = first {
                self.select(gpu);
            }
        }
        motion::scroll(self);
    }

    /// Makes the list of alerts anew.
    pub(super) fn realert(&mut self) {
        self.derived.alerts = listing::list(self);
        let known = |id: &String| {
            self.derived.alerts.iter().any(|row| self.alert_at(row.at).is_some_and(|alert| alert.alert_id == *id))
        };
        if !self.alert.as_ref().is_some_and(known) {
            let first = self.derived.alerts.first().and_then(|row| self.alert_at(row.at));
            self.alert = first.map(|alert| alert.alert_id.clone());
        }
        motion::scroll(self);
    }

    /// Lays the map out anew.
    pub(super) fn replan(&mut self) {
        let area = layout::map(&self.screen());
        self.derived.plan = plan(&self.derived, area, self.zoom);
        motion::scroll(self);
    }

    /// Makes the open GPU's page anew.
    pub(super) fn redetail(&mut self) {
        let Some(read) = &self.read else { return };
        let gpu = self.open.as_ref().and_then(|uuid| self.find(uuid)).and_then(|at| read.fleet.gpus.get(at));
        self.detail = gpu.map(|gpu| detail(&read.fleet, gpu, read.past.as_ref(), self.span, read.at));
    }

    pub(super) fn alert_at(&self, at: usize) -> Option<&crate::event::Alert> {
        self.fleet()?.alerts.get(at)
    }

    /// The user moved: the order holds still for a moment.
    pub(super) fn moved(&mut self) {
        self.still = STILL;
        self.touched = true;
        motion::scroll(self);
    }

    /// Opens a GPU's page.
    pub(super) fn open_gpu(&mut self, at: usize) -> Vec<Effect> {
        self.select(at);
        self.touched = true;
        self.open = self.selected.as_ref().map(|(uuid, _)| uuid.clone());
        self.tops.events = 0;
        self.redetail();
        motion::scroll(self);
        self.ask()
    }

    /// What past is wanted.
    pub(super) fn ask(&self) -> Vec<Effect> {
        vec![Effect::Ask(self.open.clone(), SPANS.get(self.span).map_or(0, |(ms, _)| *ms))]
    }

    /// To a pane.
    pub(super) fn go(&mut self, view: View) -> Vec<Effect> {
        self.view = view;
        let closed = self.open.take().is_some();
        self.detail = None;
        motion::scroll(self);
        if closed { self.ask() } else { Vec::new() }
    }
}
