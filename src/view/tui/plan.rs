//! The map's plan: which GPU, host or rack stands in which cell. Made when data, size, zoom or filter change.

use ratatui::layout::Rect;

use super::derive::{Derived, Rack};
use super::format::columns;
use super::model::Zoom;

/// The map, ready to be drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) zoom: Option<Zoom>,
    pub(super) lines: Vec<Line>,
    /// Columns for the rack's name.
    pub(super) label: u16,
    /// Columns of one block: a host's cells, a host, a rack.
    pub(super) block: u16,
    /// Whether every rack has a line of numbers under its cells.
    pub(super) numbers: bool,
    /// Whether the columns are hosts by number, so that a line above can say so.
    pub(super) heads: usize,
}

/// A line of the map.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub(super) rack: usize,
    /// Whether the rack's name stands before it.
    pub(super) first: bool,
    /// Whether it is the rack's last.
    pub(super) last: bool,
    pub(super) cells: Vec<Cell>,
}

/// A cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    /// Columns from the map's left edge.
    pub(super) x: u16,
    /// The row it stands for: the GPU's, or the worst one's of its host or rack.
    pub(super) row: usize,
}

/// The rack's name: at least so wide, at most so wide.
const LABEL: (usize, usize) = (4, 16);

/// The plan for an area, at the finest zoom that fits or the one that was chosen.
pub(super) fn plan(derived: &Derived, area: Rect, zoom: Option<Zoom>) -> Plan {
    let made = |zoom| match zoom {
        Zoom::Gpu => gpus(derived, area),
        Zoom::Host => hosts(derived, area),
        Zoom::Rack => racks(derived, area),
    };
    if let Some(zoom) = zoom {
        return made(zoom);
    }
    let fits = |plan: &Plan| plan.lines.len() <= usize::from(area.height);
    // A hundred thousand cells are not laid out only to see that they do not fit.
    let room = usize::from(area.width) * usize::from(area.height);
    let fine = Zoom::ALL.into_iter().filter(|zoom| match zoom {
        Zoom::Gpu => derived.rows.len() <= room,
        Zoom::Host => derived.hosts.len() <= room,
        Zoom::Rack => true,
    });
    fine.map(made).find(|plan| fits(plan) || plan.zoom == Some(Zoom::Rack)).unwrap_or_default()
}

fn label(derived: &Derived) -> u16 {
    columns(derived.widths.1.clamp(LABEL.0, LABEL.1)) + 1
}

/// One line a rack where its hosts fit, else several.
fn wrapped(rack: (usize, &Rack), per_line: usize, mut cells: impl FnMut(usize, usize) -> Vec<Cell>) -> Vec<Line> {
    let chunks = rack.1.hosts.chunks(per_line.max(1));
    let count = chunks.len();
    let line = |(at, hosts): (usize, &[usize])| Line {
        rack: rack.0,
        first: at == 0,
        last: at + 1 == count,
        cells: hosts.iter().enumerate().flat_map(|(slot, host)| cells(slot, *host)).collect(),
    };
    chunks.enumerate().map(line).collect()
}

fn gpus(derived: &Derived, area: Rect) -> Plan {
    let label = label(derived);
    // A GPU stands at its index, so that one that is gone leaves a gap.
    let most = derived.hosts.iter().map(|host| columns(host.len)).max().unwrap_or(1);
    let slots = derived.rows.iter().filter_map(|row| row.slot).max().map_or(0, |slot| slot + 1);
    let block = most.max(slots).saturating_add(1);
    // The last block of a line needs no blank behind it.
    let per_line = usize::from(area.width.saturating_sub(label) / block.max(1)).max(1);
    let place = |slot: usize| label + 1 + columns(slot).saturating_mul(block);
    let cells = |slot: usize, host: usize| -> Vec<Cell> {
        let Some(host) = derived.hosts.get(host) else { return Vec::new() };
        let rows = (host.first..host.first + host.len).zip(0u16..);
        let index = |row: usize, at: u16| derived.rows.get(row).and_then(|row| row.slot).unwrap_or(at);
        rows.map(|(row, at)| Cell { x: place(slot) + index(row, at), row }).collect()
    };
    let lines: Vec<Line> = derived.racks.iter().enumerate().flat_map(|rack| wrapped(rack, per_line, cells)).collect();
    // A line of numbers a rack and one of heads where there is room for both.
    let room = usize::from(area.height);
    let alone = lines.len() == derived.racks.len();
    let numbers = alone && derived.racks.len() > 1 && 2 * lines.len() < room;
    let widest = derived.racks.iter().map(|rack| rack.hosts.len()).max().unwrap_or_default();
    let heads = if alone && numbers && block >= 4 { widest } else { 0 };
    Plan { zoom: Some(Zoom::Gpu), lines, label, block, numbers, heads }
}

fn hosts(derived: &Derived, area: Rect) -> Plan {
    let label = label(derived);
    let widest = derived.racks.iter().map(|rack| rack.hosts.len()).max().unwrap_or(1);
    let room = area.width.saturating_sub(label);
    // Cells stand apart where all of a rack fit into a line so.
    let block = if columns(widest).saturating_mul(2) <= room { 2 } else { 1 };
    let per_line = usize::from(room / block).max(1);
    let cells = |slot: usize, host: usize| -> Vec<Cell> {
        let x = label + 1 + columns(slot).saturating_mul(block);
        derived.hosts.get(host).map(|host| Cell { x, row: host.worst }).into_iter().collect()
    };
    let lines: Vec<Line> = derived.racks.iter().enumerate().flat_map(|rack| wrapped(rack, per_line, cells)).collect();
    let alone = lines.len() == derived.racks.len();
    let numbers = alone && derived.racks.len() > 1 && 2 * lines.len() < usize::from(area.height);
    Plan { zoom: Some(Zoom::Host), lines, label, block, numbers, heads: 0 }
}

fn racks(derived: &Derived, area: Rect) -> Plan {
    let label = label(derived);
    // Name, worst cell, how many are not well of how many, two columns apart.
    let block = label + 12;
    let per_line = usize::from((area.width.saturating_sub(1) / block).max(1));
    let line = |(at, racks): (usize, &[Rack])| Line {
        rack: at * per_line,
        first: true,
        last: true,
        cells: racks
            .iter()
            .enumerate()
            .map(|(slot, rack)| Cell { x: 1 + columns(slot).saturating_mul(block), row: rack.worst })
            .collect(),
    };
    let lines = derived.racks.chunks(per_line).enumerate().map(line).collect();
    Plan { zoom: Some(Zoom::Rack), lines, label, block, numbers: false, heads: 0 }
}

impl Plan {
    /// Screen lines that one line of the plan takes.
    pub(super) fn height(&self) -> usize {
        if self.numbers { 2 } else { 1 }
    }

    /// Lines of the plan that an area of this height shows.
    pub(super) fn shown(&self, height: u16) -> usize {
        (usize::from(height).saturating_sub(usize::from(self.heads > 0)) / self.height()).max(1)
    }

    /// Line and cell of the row under the cursor, or of what it belongs to.
    pub(super) fn find(&self, derived: &Derived, row: usize) -> Option<(usize, usize)> {
        let own = derived.rows.get(row)?;
        let rack_of = |host: usize| derived.racks.iter().position(|rack| rack.hosts.contains(&host));
        let rack = rack_of(own.host)?;
        let is = |cell: &Cell| match self.zoom {
            Some(Zoom::Gpu) => cell.row == row,
            Some(Zoom::Host) => derived.rows.get(cell.row).is_some_and(|other| other.host == own.host),
            _ => derived.racks.get(rack).is_some_and(|rack| rack.worst == cell.row),
        };
        let line = |(at, line): (usize, &Line)| line.cells.iter().position(is).map(|cell| (at, cell));
        let rows = self.lines.iter().enumerate();
        match self.zoom {
            Some(Zoom::Gpu | Zoom::Host) => rows.filter(|(_, line)| line.rack == rack).find_map(line),
            _ => rows.into_iter().find_map(line),
        }
    }
}
