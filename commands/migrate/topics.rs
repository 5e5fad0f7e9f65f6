//! `migrate topics`: what each topic on Kafka should be, what is made, and what differs.

use std::process::ExitCode;

use clap::Args;
use gpuhm::bus::BusError;
use gpuhm::bus::kafka::Kafka;
use gpuhm::bus::kafka::topics::{self, Difference, TopicPlan};
use serde_json::json;

use super::Format;
use crate::brokers;
use crate::exit::{BAD_NEWS, Failure, Outcome};
use crate::options::{BusOptions, CommonOptions};
use crate::out::Out;

/// Flags of `migrate topics`.
#[derive(Debug, Clone, Args)]
pub(super) struct Options {
    /// Partitions of each topic, for a new set [default: as many as the existing have, else 32]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=1000))]
    partitions: Option<i32>,
    /// Say what would be made, do nothing
    #[arg(long)]
    dry_run: bool,
    /// Look only: exit 1 where a topic is missing or differs
    #[arg(long)]
    check: bool,
    /// Also change the settings that differ; partitions and replication are never changed
    #[arg(long, conflicts_with_all = ["dry_run", "check"])]
    alter: bool,
    #[command(flatten)]
    bus: BusOptions,
}

/// A topic as it is shown.
struct Row<'a> {
    plan: &'a TopicPlan,
    state: &'static str,
}

/// Runs `migrate topics`.
pub(super) fn run(_common: &CommonOptions, options: &Options, output: Format) -> Outcome {
    let mut out = Out::new();
    let Some(settings) = brokers::settings(&options.bus)? else {
        match output {
            Format::Table => out.line("the embedded bus makes its topics by itself: nothing to do")?,
            Format::Json => out.line(&json!({"schema": "gpuhm.topics/1", "topics": []}).to_string())?,
        }
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    };
    let kafka = Kafka::open(settings)?;
    let plans = topics::plan(&kafka, topics::Options { partitions: options.partitions })?;
    let done = if options.dry_run || options.check { Ok(Done::default()) } else { act(&kafka, &plans, options.alter) };
    let nothing = Done::default();
    let rows: Vec<Row<'_>> = plans.iter().map(|plan| row(plan, done.as_ref().unwrap_or(&nothing))).collect();
    match output {
        Format::Table => rows.iter().try_for_each(|row| show(row, &mut out))?,
        Format::Json => {
            let list: Vec<_> = rows.iter().map(object).collect();
            out.line(&json!({"schema": "gpuhm.topics/1", "topics": list}).to_string())?;
        }
    }
    out.flush()?;
    done?;
    advise(&rows);
    let well = rows.iter().all(|row| ["as wanted", "made", "altered"].contains(&row.state));
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(BAD_NEWS) })
}

/// Names of topics that were made and altered.
#[derive(Debug, Default)]
struct Done {
    made: Vec<String>,
    altered: Vec<String>,
}

fn act(kafka: &Kafka, plans: &[TopicPlan], alter: bool) -> Result<Done, BusError> {
    let made = topics::make(kafka, plans)?;
    let altered = if alter { topics::alter(kafka, plans)? } else { Vec::new() };
    Ok(Done { made, altered })
}

fn row<'a>(plan: &'a TopicPlan, done: &Done) -> Row<'a> {
    let fixed = plan.differences.iter().all(|difference| difference.alterable);
    let state = if done.made.contains(&plan.name) {
        "made"
    } else if fixed && done.altered.contains(&plan.name) {
        "altered"
    } else if !plan.exists {
        "missing"
    } else if plan.settled() {
        "as wanted"
    } else {
        "differs"
    };
    Row { plan, state }
}

fn show(row: &Row<'_>, out: &mut Out) -> Result<(), Failure> {
    let TopicPlan { name, partitions, replication, differences, .. } = row.plan;
    let copies = if *replication == 1 { "copy" } else { "copies" };
    out.line(&format!("{name:<24} {partitions:>3} partitions  {replication} {copies:<6}  {}", row.state))?;
    for Difference { setting, is, wanted, .. } in differences {
        let (is, wanted) = (spoken(setting, is), spoken(setting, wanted));
        let line = if row.state == "altered" {
            format!("  {setting}: was {is}, is {wanted}")
        } else {
            format!("  {setting}: is {is}, wanted {wanted}")
        };
        out.line(&line)?;
    }
    Ok(())
}

/// A value with its unit, where its name tells one.
fn spoken(setting: &str, value: &str) -> String {
    const UNITS: [(&str, &[(i64, &str)]); 2] = [
        (".ms", &[(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")]),
        (".bytes", &[(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]),
    ];
    let Ok(number) = value.parse::<i64>() else { return value.to_owned() };
    let units = UNITS.iter().find(|(end, _)| setting.ends_with(end)).map_or(&[][..], |(_, units)| units);
    let unit = units.iter().find(|(size, _)| number >= *size && number % size == 0);
    unit.map_or_else(|| value.to_owned(), |(size, unit)| format!("{value} ({} {unit})", number / size))
}

/// What a person does next, on standard error.
fn advise(rows: &[Row<'_>]) {
    let has = |wanted: &dyn Fn(&Difference) -> bool| {
        let open = rows.iter().filter(|row| row.state == "differs").flat_map(|row| &row.plan.differences);
        open.into_iter().any(wanted)
    };
    if rows.iter().any(|row| row.state == "missing") {
        tracing::info!("gpuhm migrate topics without --check and --dry-run makes what is missing");
    }
    if has(&|difference| difference.alterable) {
        tracing::info!("gpuhm migrate topics --alter sets what differs; whoever set it may have had a reason");
    }
    if has(&|difference| difference.setting == "replication.factor") {
        tracing::info!("more copies are made with Kafka's own kafka-reassign-partitions.sh");
    }
}

fn object(row: &Row<'_>) -> serde_json::Value {
    let differences = row.plan.differences.iter().map(|difference| {
        json!({
            "setting": difference.setting, "is": difference.is, "wanted": difference.wanted,
            "alterable": difference.alterable,
        })
    });
    json!({
        "name": row.plan.name, "state": row.state.replace(' ', "_"), "partitions": row.plan.partitions,
        "replication": row.plan.replication, "differences": differences.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_with_their_units() {
        assert_eq!(spoken("retention.ms", "604800000"), "604800000 (7 d)");
        assert_eq!(spoken("segment.bytes", "33554432"), "33554432 (32 MiB)");
        assert_eq!(spoken("max.message.bytes", "1048588"), "1048588");
        assert_eq!(spoken("retention.ms", "-1"), "-1");
        assert_eq!(spoken("partitions", "8"), "8");
    }
}
