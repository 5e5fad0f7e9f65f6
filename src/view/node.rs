//! One reading of some GPUs as a table: a row a metric, a column a GPU, host by host. What a GPU does not give is `-`.

use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::escape::escaped;
use crate::event::{Body, Event, Gpu, Value, Values, Xid};
use crate::metric::{Kind, METRICS, REASONS, ids};

/// Columns of GPUs side by side: what 120 characters hold.
const ABREAST: usize = 8;

/// A GPU's column.
struct Column<'e> {
    event: &'e Event<'e>,
    gpu: &'e Gpu<'e>,
    values: &'e Values,
    xids: &'e [Xid],
}

/// The table of all samples among `events`.
#[must_use]
pub fn table(events: &[Event<'_>]) -> String {
    let mut columns: Vec<Column<'_>> = events.iter().filter_map(column).collect();
    columns.sort_by_key(|column| (host(column), column.gpu.device_index));
    let mut parts = Vec::new();
    for group in columns.chunk_by(|a, b| host(a) == host(b)) {
        let name = group.first().map(host).unwrap_or_default();
        for some in group.chunks(ABREAST) {
            parts.push(format!("{}\n{}", escaped(&name), grid(some)));
        }
    }
    parts.join("\n\n")
}

fn host(column: &Column<'_>) -> String {
    column.event.host.hostname.as_deref().unwrap_or_default().to_owned()
}

fn column<'e>(event: &'e Event<'e>) -> Option<Column<'e>> {
    match &event.body {
        Body::Sample(gpu, values, xids) => Some(Column { event, gpu, values, xids }),
        Body::Collector(_) | Body::Other(_) => None,
    }
}

/// What a row shows of a GPU beside its metrics.
type Fact = (&'static str, fn(&Column<'_>) -> Option<String>);

/// The rows above the metrics.
const ABOVE: [Fact; 7] = [
    ("uuid", |column| column.gpu.gpu_uuid.as_deref().map(short)),
    ("name", |column| column.gpu.name.as_deref().map(|name| name.trim_start_matches("NVIDIA ").to_owned())),
    ("pci_bus_id", |column| column.gpu.pci_bus_id.as_deref().map(str::to_owned)),
    ("serial", |column| column.gpu.serial.as_deref().map(str::to_owned)),
    ("driver_version", |column| column.gpu.driver_version.as_deref().map(str::to_owned)),
    ("job", |column| column.gpu.job.as_deref().map(str::to_owned)),
    ("mig instances", |column| (!column.gpu.mig.is_empty()).then(|| column.gpu.mig.len().to_string())),
];

/// The rows below them.
const BELOW: [Fact; 2] = [
    ("stale", |column| column.event.quality.stale.filter(|stale| *stale).map(|_| "yes".to_owned())),
    ("error", |column| column.event.quality.error.as_deref().map(str::to_owned)),
];

/// As much of a UUID as tells GPUs apart.
fn short(uuid: &str) -> String {
    uuid.chars().take("GPU-12345678".len()).collect()
}

fn grid(columns: &[Column<'_>]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let index =
        |column: &Column<'_>| format!("GPU {}", column.gpu.device_index.map_or("?".to_owned(), |n| n.to_string()));
    table.set_header(["METRIC".to_owned(), "UNIT".to_owned()].into_iter().chain(columns.iter().map(index)));
    facts(&ABOVE, columns, &mut table);
    for (at, metric) in METRICS.iter().enumerate() {
        let cell = |column: &Column<'_>| match (metric.kind, column.values.get(at)) {
            (Kind::Events, _) => codes(column.xids),
            (_, None) => "-".to_owned(),
            (_, Some(value)) => shown(at, value),
        };
        table.add_row([metric.name.to_owned(), metric.unit.to_owned()].into_iter().chain(columns.iter().map(cell)));
    }
    facts(&BELOW, columns, &mut table);
    for nth in 2..columns.len() + 2 {
        if let Some(column) = table.column_mut(nth) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Rows of facts that at least one GPU has.
fn facts(rows: &[Fact], columns: &[Column<'_>], table: &mut Table) {
    for (name, of) in rows {
        let cells: Vec<Option<String>> = columns.iter().map(of).collect();
        if cells.iter().any(Option::is_some) {
            let cells = cells.into_iter().map(|cell| cell.map_or("-".to_owned(), |cell| escaped(&cell).into_owned()));
            table.add_row([(*name).to_owned(), String::new()].into_iter().chain(cells));
        }
    }
}

fn codes(xids: &[Xid]) -> String {
    let codes: Vec<String> = xids.iter().map(|xid| xid.code.to_string()).collect();
    if codes.is_empty() { "-".to_owned() } else { codes.join(" ") }
}

/// A value as people read it; reasons by their names.
fn shown(metric: usize, value: Value) -> String {
    match value {
        Value::Int(0) if metric == ids::THROTTLE => "none".to_owned(),
        Value::Int(mask) if metric == ids::THROTTLE => {
            let names = REASONS.iter().filter(|reason| mask & reason.mask() != 0).map(|reason| reason.name);
            let names: Vec<&str> = names.collect();
            if names.is_empty() { mask.to_string() } else { names.join(" ") }
        }
        Value::Int(value) => value.to_string(),
        Value::Real(value) => {
            let text = format!("{value:.2}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Host;

    fn event(index: i64, values: Values, xids: Vec<Xid>) -> Event<'static> {
        let gpu = Gpu { gpu_uuid: Some("GPU-0123456789".into()), device_index: Some(index), ..Gpu::default() };
        Event {
            host: Host { hostname: Some("n7".into()), ..Host::default() },
            body: Body::Sample(gpu, values, xids),
            ..Event::default()
        }
    }

    #[test]
    fn every_metric_has_a_row_and_every_gpu_a_column_in_order() {
        let mut values = Values::default();
        values.set(ids::POWER, Value::Real(612.25));
        values.set(ids::THROTTLE, Value::Int(4));
        let xid = Xid { code: 79, at: crate::event::Time(0) };
        let text = table(&[event(1, values, vec![xid]), event(0, Values::default(), Vec::new())]);
        for metric in &METRICS {
            assert!(text.lines().any(|line| line.split_whitespace().next() == Some(metric.name)), "{}", metric.name);
        }
        let row = |name: &str| -> Vec<String> {
            let line = text.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
            line.split_whitespace().map(str::to_owned).collect()
        };
        assert_eq!(row("METRIC"), ["METRIC", "UNIT", "GPU", "0", "GPU", "1"]);
        assert_eq!(row("power_usage_w"), ["power_usage_w", "W", "-", "612.25"]);
        assert_eq!(row("throttle_reasons"), ["throttle_reasons", "bits", "-", "SW_POWER_CAP"]);
        assert_eq!(row("xids"), ["xids", "XID", "-", "79"]);
    }

    #[test]
    fn a_ninth_gpu_is_in_a_second_table() {
        let events: Vec<_> = (0..9).map(|index| event(index, Values::default(), Vec::new())).collect();
        assert_eq!(table(&events).matches("METRIC").count(), 2);
    }
}
