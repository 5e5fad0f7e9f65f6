//! What each action of the key table does.

use super::format::model as short;
use super::keys::Action;
use super::message::Effect;
use super::model::{Measure, Mode, Model, SPANS, View, Zoom};
use super::{alerts, motion, picture};
use crate::event::Severity;
use crate::event::fleet::GpuNow;
use crate::metric::METRICS;

/// Steps of `i`, seconds.
const REFRESH: [u64; 4] = [1, 2, 5, 10];

/// Does it.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Quit => return vec![Effect::Quit],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Help => model.mode = Mode::Help(0),
        Action::Back => return back(model),
        Action::Pane(view) => return model.go(view),
        Action::Turn(ahead) => return turn(model, ahead),
        Action::Move(step) => motion::step(model, step),
        Action::Open => return open(model),
        Action::Hit(ahead) => motion::hit(model, ahead),
        Action::Neighbour(ahead) => match motion::neighbour(model, ahead) {
            Some(gpu) => return model.open_gpu(gpu),
            None => model.say("there is no other in the table"),
        },
        Action::Span => {
            model.span = (model.span + 1) % SPANS.len();
            model.redetail();
            return model.ask();
        }
        Action::Copy => return copy(model),
        Action::Write(svg) => return write(model, svg),
        Action::Json => json(model),
        Action::Refresh => {
            let next = REFRESH.into_iter().find(|seconds| *seconds > model.refresh);
            model.refresh = next.unwrap_or(1);
            return vec![Effect::Refresh(model.refresh)];
        }
        Action::Redraw => return vec![Effect::Refresh(model.refresh), Effect::Redraw],
        Action::Mouse => {
            model.mouse = !model.mouse;
            model.say(if model.mouse { "mouse on: click cells and heads, wheel scrolls" } else { "mouse off" });
            return vec![Effect::Mouse(model.mouse)];
        }
        _ => show(model, action),
    }
    Vec::new()
}

/// What only changes how things are shown.
fn show(model: &mut Model, action: Action) {
    match action {
        Action::Filter => start_filter(model),
        Action::Sort => model.mode = Mode::Sort,
        Action::Clear => clear(model),
        Action::Reverse => {
            model.sort.descending = !model.sort.descending;
            model.reorder();
        }
        Action::Mark => mark(model),
        Action::OnlyBad => {
            model.only_bad = !model.only_bad;
            model.say(if model.only_bad { "only GPUs that are not well" } else { "all GPUs" });
            model.reorder();
        }
        Action::Wide => {
            let wide = model.wide.unwrap_or(model.size.0 >= super::gpus::ROOMY);
            model.wide = Some(!wide);
        }
        Action::Zoom(finer) => zoom(model, finer),
        Action::Measure => {
            let at = Measure::ALL.iter().position(|measure| *measure == model.measure).unwrap_or_default();
            model.measure = Measure::ALL.get(at + 1).copied().unwrap_or(Measure::Score);
            model.rebuild();
        }
        Action::Theme => {
            model.theme = model.theme.next();
            model.say(format!("theme {}", model.theme.word()));
        }
        Action::Ascii => model.ascii = !model.ascii,
        Action::Freeze => freeze(model),
        Action::Bell => {
            model.bell = !model.bell;
            model.say(if model.bell { "bell on: rings at a new critical alert" } else { "bell off" });
        }
        Action::Zone => {
            model.utc = !model.utc;
            model.say(if model.utc { "times in UTC" } else { "times local" });
        }
        Action::Floor => {
            model.floor = match model.floor {
                Severity::Info => Severity::Warning,
                Severity::Warning => Severity::Critical,
                Severity::Critical => Severity::Info,
            };
            model.realert();
        }
        Action::Seen => toggle(model, |model| &mut model.seen, false),
        Action::Fold => toggle(model, |model| &mut model.folded, true),
        _ => {}
    }
}

fn back(model: &mut Model) -> Vec<Effect> {
    if model.open.take().is_some() {
        model.detail = None;
        motion::scroll(model);
        return model.ask();
    }
    let filtered = if model.view == View::Alerts { model.alert_filter.is_some() } else { model.filter.is_some() };
    if filtered || model.only_bad || !model.marked.is_empty() {
        clear(model);
        return Vec::new();
    }
    model.go(View::Fleet)
}

fn turn(model: &mut Model, ahead: bool) -> Vec<Effect> {
    let at = View::ALL.iter().position(|view| *view == model.view).unwrap_or_default();
    let count = View::ALL.len();
    let to = (at + if ahead { 1 } else { count - 1 }) % count;
    View::ALL.get(to).map(|view| model.go(*view)).unwrap_or_default()
}

fn open(model: &mut Model) -> Vec<Effect> {
    if model.open.is_some() {
        return Vec::new();
    }
    let gpu = match model.view {
        View::Alerts => alerts::position(model).and_then(|at| model.derived.alerts.get(at)).and_then(|row| row.gpu),
        View::Pipeline => return model.go(View::Fleet),
        View::Fleet | View::Gpus => model.selected_at(),
    };
    if gpu.is_none() {
        model.say("this is about no one GPU");
    }
    gpu.map(|gpu| model.open_gpu(gpu)).unwrap_or_default()
}

fn start_filter(model: &mut Model) {
    if model.open.is_some() || model.view == View::Pipeline {
        // There is nothing to filter here: the filter is the table's.
        model.open = None;
        model.view = View::Gpus;
    }
    let filter = if model.view == View::Alerts { &model.alert_filter } else { &model.filter };
    let text = filter.as_ref().map(|filter| filter.text().to_owned()).unwrap_or_default();
    model.mode = Mode::Filter { at: text.chars().count(), text, wrong: None, before: filter.clone() };
    model.replan();
}

fn clear(model: &mut Model) {
    if model.view == View::Alerts {
        model.alert_filter = None;
        model.realert();
        return;
    }
    model.filter = None;
    model.only_bad = false;
    model.marked.clear();
    model.still = 0;
    model.rebuild();
}

fn mark(model: &mut Model) {
    let Some((uuid, _)) = model.selected.clone() else { return };
    model.touched = true;
    if !model.marked.remove(&uuid) {
        model.marked.insert(uuid);
    }
    model.say(format!("{} marked: y copies their UUIDs", model.marked.len()));
}

fn zoom(model: &mut Model, finer: bool) {
    let now = model.derived.plan.zoom.unwrap_or(Zoom::Gpu);
    let at = Zoom::ALL.iter().position(|zoom| *zoom == now).unwrap_or_default();
    let to = if finer { at.checked_sub(1) } else { Some(at + 1) };
    // Beyond the ends lies what fits.
    model.zoom = to.and_then(|to| Zoom::ALL.get(to)).copied();
    model.replan();
    if model.zoom.is_none() {
        model.say("zoom picked to fit");
    }
}

fn freeze(model: &mut Model) {
    model.frozen = !model.frozen;
    if let Some(read) = model.waiting.take().filter(|_| !model.frozen) {
        model.take(read);
    }
}

/// Takes the alert under the cursor into a set, or the incident it belongs to; or out of it.
fn toggle(model: &mut Model, set: impl Fn(&mut Model) -> &mut std::collections::BTreeSet<String>, incident: bool) {
    let Some(at) = alerts::position(model) else { return };
    let row = model.derived.alerts.get(at).copied();
    let Some(alert) = row.and_then(|row| model.alert_at(row.at)) else { return };
    let id = match (&alert.suppressed_by, row) {
        (Some(by), Some(row)) if incident && row.member => by.clone(),
        (_, Some(row)) if incident && row.members == 0 => {
            model.say("nothing stands under this one");
            return;
        }
        _ => alert.alert_id.clone(),
    };
    let set = set(model);
    if !set.remove(&id) {
        set.insert(id.clone());
    }
    model.alert = Some(id);
    model.realert();
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let marked = model.marked.iter().cloned().collect::<Vec<_>>().join("\n");
    let one = model.open.clone().or_else(|| model.selected.as_ref().map(|(uuid, _)| uuid.clone()));
    match (marked.is_empty(), one) {
        (false, _) => {
            model.say(format!("copied {} UUIDs", model.marked.len()));
            vec![Effect::Copy(marked)]
        }
        (true, Some(uuid)) => {
            model.say(format!("copied {uuid}"));
            vec![Effect::Copy(uuid)]
        }
        (true, None) => {
            model.say("there is no GPU to copy");
            Vec::new()
        }
    }
}

fn write(model: &mut Model, svg: bool) -> Vec<Effect> {
    let buffer = picture::buffer(model);
    let pane = if model.open.is_some() { "gpu" } else { model.view.word() };
    let stamp: String = model.now.to_string().chars().filter(char::is_ascii_alphanumeric).take(15).collect();
    let (text, ending) =
        if svg { (picture::svg(&buffer, model.theme), "svg") } else { (picture::text(&buffer), "txt") };
    let name = format!("gpuhm-{}-{stamp}.{ending}", pane.to_lowercase());
    model.say(format!("writing {name}"));
    vec![Effect::Save { name, text }]
}

fn json(model: &mut Model) {
    let (title, value) = if model.open.is_some() {
        let Some(gpu) = model.selected_at().and_then(|at| model.gpu(at)) else { return };
        (super::subject::name(gpu), gpu_json(gpu))
    } else {
        let at = alerts::position(model).and_then(|at| model.derived.alerts.get(at));
        let Some(alert) = at.and_then(|row| model.alert_at(row.at)) else { return };
        (alert.alert_id.clone(), serde_json::to_value(alert).unwrap_or_default())
    };
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    model.mode = Mode::Text { title, lines: text.lines().map(|line| line.trim_end().to_owned()).collect(), top: 0 };
}

fn gpu_json(gpu: &GpuNow) -> serde_json::Value {
    let latest = &gpu.latest;
    let values = latest.values.iter().filter_map(|(at, value)| Some((METRICS.get(at)?.name, value.real())));
    let metrics: serde_json::Map<String, serde_json::Value> =
        values.map(|(name, value)| (name.to_owned(), value.into())).collect();
    let health = gpu.health.as_ref().map(|health| {
        serde_json::json!({
            "score": health.score, "grade": health.grade, "state": health.state, "confidence": health.confidence,
            "action": health.action, "ledger": health.ledger, "notes": health.notes, "as_of": health.as_of.to_string(),
        })
    });
    let prediction = gpu.prediction.as_ref().map(|odds| {
        serde_json::json!({
            "odds": odds.odds, "hazard": odds.hazard, "base_hazard": odds.base_hazard, "reasons": odds.reasons,
            "advice": odds.advice, "standing": odds.standing, "model": odds.model,
        })
    });
    serde_json::json!({
        "gpu_uuid": latest.gpu_uuid, "host": latest.hostname, "index": latest.device_index,
        "model": latest.model.as_deref().map(short), "rack": gpu.place.rack(), "time": latest.time.to_string(),
        "metrics": metrics, "health": health, "prediction": prediction,
    })
}
