//! How the screen is divided, by its size alone: both what is drawn and what a click means are asked of this.
//!
//! The two models are 120x36 (everything) and 80x24 (compact); larger screens give the room to what is read longest.

use ratatui::layout::Rect;

/// Below this nothing sensible can be shown.
pub(super) const LEAST: (u16, u16) = (60, 15);
/// Below this the screen is compact.
const FULL: (u16, u16) = (100, 30);

/// The parts every pane has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Screen {
    pub(super) header: Rect,
    pub(super) tabs: Option<Rect>,
    pub(super) banner: Option<Rect>,
    pub(super) body: Rect,
    /// One line, or two while a filter is written.
    pub(super) footer: Rect,
    pub(super) compact: bool,
    pub(super) too_small: bool,
}

/// The screen of this size.
pub(super) fn screen((width, height): (u16, u16), banner: bool, input: bool) -> Screen {
    let compact = width < FULL.0 || height < FULL.1;
    let line = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
    let mut top = 1;
    let tabs = (!compact).then(|| line(1));
    top += u16::from(!compact);
    let banner = banner.then(|| line(top));
    top += u16::from(banner.is_some());
    let low = if input { 2 } else { 1 };
    let body = Rect::new(0, top.min(height), width, height.saturating_sub(top + low));
    let footer = Rect::new(0, height.saturating_sub(low), width, low.min(height));
    let too_small = width < LEAST.0 || height < LEAST.1;
    Screen { header: line(0), tabs, banner, body, footer, compact, too_small }
}

/// The boxes of the fleet pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fleet {
    pub(super) map: Rect,
    pub(super) worst: Option<Rect>,
    pub(super) alerts: Rect,
    pub(super) pipeline: Option<Rect>,
}

/// The fleet pane.
pub(super) fn fleet(screen: &Screen) -> Fleet {
    let body = screen.body;
    let pipeline = if body.height >= 18 { 4 } else { 0 };
    let rest = body.height - pipeline.min(body.height);
    let alerts = if screen.compact { (rest * 4 / 9).max(4) } else { 7 + rest.saturating_sub(29) / 3 }.min(rest);
    let upper = rest - alerts;
    let worst = if screen.compact { 0 } else { 38 + screen.body.width.saturating_sub(120) / 4 };
    let map = Rect::new(0, body.y, body.width.saturating_sub(worst), upper);
    Fleet {
        map,
        worst: (worst > 0).then(|| Rect::new(map.right(), body.y, worst, upper)),
        alerts: Rect::new(0, body.y + upper, body.width, alerts),
        pipeline: (pipeline > 0).then(|| Rect::new(0, body.y + upper + alerts, body.width, pipeline)),
    }
}

/// What is inside a box.
pub(super) fn inside(area: Rect) -> Rect {
    if area.width < 4 || area.height < 2 {
        return Rect::ZERO;
    }
    Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
}

/// Lines under the map for the GPU under the cursor.
const CURSOR: u16 = 2;

/// Where the cells of the map go.
pub(super) fn map(screen: &Screen) -> Rect {
    let inner = inside(fleet(screen).map);
    let low = if screen.compact { 0 } else { CURSOR.min(inner.height) };
    Rect { height: inner.height - low, ..inner }
}

/// The boxes of one GPU's page: the path, the score, the numbers, the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct One {
    pub(super) path: Rect,
    pub(super) score: Rect,
    pub(super) now: Rect,
    pub(super) events: Rect,
}

/// One GPU's page.
pub(super) fn one(screen: &Screen) -> One {
    let body = screen.body;
    let path = Rect { height: 1.min(body.height), ..body };
    let rest = body.height.saturating_sub(1);
    // The numbers need 17 lines with their box, a few events five.
    let upper = (17 + rest.saturating_sub(32) / 2).min(rest.saturating_sub(5));
    let left = body.width * if screen.compact { 45 } else { 47 } / 100;
    let y = body.y + path.height;
    One {
        path,
        score: Rect::new(0, y, left, upper),
        now: Rect::new(left, y, body.width - left, upper),
        events: Rect::new(0, y + upper, body.width, rest - upper),
    }
}

/// The list of alerts, and the one under the cursor.
pub(super) fn alerts(screen: &Screen) -> (Rect, Rect) {
    let body = screen.body;
    let low = (body.height / 3).clamp(5.min(body.height), 9.min(body.height));
    let list = Rect { height: body.height - low, ..body };
    (list, Rect { y: body.y + list.height, height: low, ..body })
}

/// Stages, and collectors.
pub(super) fn pipeline(screen: &Screen, stages: usize) -> (Rect, Rect) {
    let body = screen.body;
    let lines = super::format::columns(stages).saturating_add(5);
    let upper = lines.clamp(6, (body.height / 2).max(6)).min(body.height);
    let stages = Rect { height: upper, ..body };
    (stages, Rect { y: body.y + upper, height: body.height - upper, ..body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_have_the_boxes_of_the_drawings() {
        let full = fleet(&screen((120, 36), false, false));
        let worst = full.worst.unwrap();
        assert_eq!((full.map.width, full.map.height, worst.width), (82, 22, 38));
        assert_eq!((full.alerts.height, full.pipeline.unwrap().height), (7, 4));
        let compact = fleet(&screen((80, 24), false, false));
        assert_eq!((compact.map.height, compact.alerts.height, compact.worst), (10, 8, None));
    }

    #[test]
    fn every_size_is_divided_without_overlap() {
        for width in 0..230 {
            for height in 0..75 {
                for (banner, input) in [(false, false), (true, true)] {
                    let screen = screen((width, height), banner, input);
                    let fleet = fleet(&screen);
                    let pipeline = fleet.pipeline.map_or(0, |area| area.height);
                    assert_eq!(fleet.map.height + fleet.alerts.height + pipeline, screen.body.height);
                    let one = one(&screen);
                    assert_eq!(one.path.height + one.score.height + one.events.height, screen.body.height);
                    map(&screen);
                    alerts(&screen);
                    super::pipeline(&screen, 5);
                }
            }
        }
    }
}
