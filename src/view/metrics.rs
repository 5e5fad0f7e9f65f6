//! `docs/metrics.md`: the metric table for readers, made from the table itself.

use crate::event::window::Size;
use crate::metric::{Kind, METRICS, Metric, REASONS, Stats};

fn stats(metric: &Metric) -> String {
    let names = [
        (Stats::MIN, "min"),
        (Stats::MAX, "max"),
        (Stats::MEAN, "mean"),
        (Stats::LAST, "last"),
        (Stats::DELTA, "delta"),
        (Stats::QUANTILES, "p50 p95 p99"),
        (Stats::TIMES, "seconds a reason"),
    ];
    let has: Vec<&str> = names.iter().filter(|(stat, _)| metric.stats.has(*stat)).map(|(_, name)| *name).collect();
    has.join(", ")
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Gauge => "gauge",
        Kind::Volatile => "counter since driver load",
        Kind::Lifetime => "counter over the board's life",
        Kind::State => "state",
        Kind::Limit => "limit",
        Kind::Mask => "bit mask",
        Kind::Events => "events",
    }
}

/// The document.
#[must_use]
pub fn document() -> String {
    let mut text = String::from(
        "# Metrics\n\nMade from `src/metric.rs` by `gpuhm generate .`; do not edit.\n\n\
         A value outside its range is refused. Windows carry the statistics named; quantiles are in the 15 min and 1 h \
         windows only, by nearest rank (the ⌈q·n⌉-th smallest of n readings).\n\n\
         | name | event path | column | unit | kind | range | windows | DCGM | NVML | nvidia-smi |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for metric in &METRICS {
        let path = format!("metrics.{}.{}", metric.block.key(), metric.name);
        let column = if metric.kind == Kind::Events { "(gpu_events)" } else { metric.column };
        let dcgm = metric.dcgm.map(|id| id.to_string()).unwrap_or_default();
        let (low, high) = metric.range;
        let range = format!("{low}–{high}");
        let (unit, windows, smi) = (metric.unit, stats(metric), metric.smi.join(", "));
        text += &format!(
            "| `{}` | `{path}` | `{column}` | {unit} | {} | {range} | {windows} | {dcgm} | {} | {smi} |\n",
            metric.name,
            kind(metric.kind),
            metric.nvml
        );
    }
    text.push_str(
        "\n## Throttle reasons\n\n| bit | name | window column | says that something is wrong |\n|---|---|---|---|\n",
    );
    for reason in &REASONS {
        let fault = if reason.fault { "yes" } else { "no" };
        text += &format!("| {} | {} | `{}_s` | {fault} |\n", reason.bit, reason.name, reason.column);
    }
    for size in [Size::Minute, Size::Hour] {
        let columns: Vec<String> = size.columns().iter().map(|column| format!("`{}`", column.name)).collect();
        let tables = if size == Size::Minute { "`gpu_metrics_1m`" } else { "`gpu_metrics_15m` and `gpu_metrics_1h`" };
        text += &format!("\n## Columns of {tables}\n\n{}\n", columns.join(", "));
    }
    text
}
