//! `gpuhm assets`: the operator's inventory in and out of the store.

use std::fs;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use gpuhm::event::Asset;
use gpuhm::event::asset::FIELDS;
use gpuhm::event::text::is_plain;
use gpuhm::pipeline::retry::Retry;

use super::exit::{Failure, Outcome};
use super::open;
use super::options::{CommonOptions, StoreOptions};
use super::out::Out;

/// Flags of `assets`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Clone, Subcommand)]
enum Act {
    /// Take in records: CSV with a header, or JSON lines; a record replaces the one of the same GPU
    Import {
        /// FILE.csv or FILE.jsonl
        file: String,
        #[command(flatten)]
        store: StoreOptions,
    },
    /// Print every record
    Export {
        /// csv or jsonl
        #[arg(short, long, value_enum, default_value = "csv")]
        output: Format,
        #[command(flatten)]
        store: StoreOptions,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
}

/// An inventory file larger than this is a mistake: 100,000 GPUs take some 20 MB.
const MAX_FILE: u64 = 512 << 20;

/// Runs `assets`.
pub(crate) fn run(common: &CommonOptions, options: &Options) -> Outcome {
    match &options.act {
        Act::Import { file, store } => {
            let wrong = |error: String| {
                Failure::usage(format!("{file}: {error}"))
                    .hint(format!("the fields are gpu_uuid, {}", FIELDS.join(", ")))
            };
            let unread = |error: std::io::Error| Failure::usage(format!("{file}: {error}"));
            let size = fs::metadata(file).map_err(unread)?.len();
            if size > MAX_FILE {
                return Err(wrong(format!("{size} bytes; an inventory has at most {MAX_FILE}")));
            }
            let text = fs::read_to_string(file).map_err(unread)?;
            let is_json = text.trim_start().starts_with('{');
            let assets = if is_json { from_jsonl(&text) } else { from_csv(&text) }.map_err(wrong)?;
            let changed = open::store(common, store, &Retry::never())?.put_assets(&assets)?;
            tracing::info!("{} records read, {changed} new or changed", assets.len());
        }
        Act::Export { output, store } => {
            let assets =
                open::store_to_read(common, store)?.assets(None)?.map(|(_, assets)| assets).unwrap_or_default();
            let mut out = Out::new();
            match output {
                Format::Csv => out.line(to_csv(&assets).map_err(Failure::cannot)?.trim_end())?,
                Format::Jsonl => {
                    for asset in &assets {
                        out.line(&to_json(asset).to_string())?;
                    }
                }
            }
            out.flush()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn checked(asset: Asset, line: usize) -> Result<Asset, String> {
    let uuid = &asset.gpu_uuid;
    if uuid.is_empty() || uuid.chars().count() > 128 || !is_plain(uuid) {
        return Err(format!("line {line}: gpu_uuid is not 1 to 128 printable characters"));
    }
    let hidden = |(_, value): &(&&str, &Option<String>)| value.as_deref().is_some_and(|value| !is_plain(value));
    if let Some((field, _)) = FIELDS.iter().zip(&asset.values).find(hidden) {
        return Err(format!("line {line}: {field} holds characters that are not printable"));
    }
    Ok(asset)
}

fn from_csv(text: &str) -> Result<Vec<Asset>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().map_err(|error| error.to_string())?.iter().map(str::to_owned).collect();
    if !header.iter().any(|name| name == "gpu_uuid") {
        return Err("line 1: the header has no gpu_uuid".to_owned());
    }
    if let Some(unknown) = header.iter().find(|name| *name != "gpu_uuid" && !FIELDS.contains(&name.as_str())) {
        return Err(format!("line 1: unknown field {unknown:?}"));
    }
    let mut assets = Vec::new();
    for (record, line) in reader.records().zip(2..) {
        let record = record.map_err(|error| error.to_string())?;
        let mut asset = Asset::default();
        for (name, value) in header.iter().zip(&record) {
            if name == "gpu_uuid" {
                value.clone_into(&mut asset.gpu_uuid);
            } else {
                asset.set(name, value);
            }
        }
        assets.push(checked(asset, line)?);
    }
    Ok(assets)
}

fn from_jsonl(text: &str) -> Result<Vec<Asset>, String> {
    let mut assets = Vec::new();
    for (text, line) in text.lines().zip(1..).filter(|(text, _)| !text.trim().is_empty()) {
        let record: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).map_err(|error| format!("line {line}: {error}"))?;
        let mut asset = Asset::default();
        for (name, value) in &record {
            let value = match value {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Number(number) => number.to_string(),
                _ => return Err(format!("line {line}: {name} is neither a string nor a number")),
            };
            if name == "gpu_uuid" {
                asset.gpu_uuid = value;
            } else if !asset.set(name, &value) {
                return Err(format!("line {line}: unknown field {name:?}"));
            }
        }
        assets.push(checked(asset, line)?);
    }
    Ok(assets)
}

fn to_csv(assets: &[Asset]) -> anyhow::Result<String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["gpu_uuid"].into_iter().chain(FIELDS))?;
    for asset in assets {
        let values = asset.values.iter().map(|value| value.as_deref().unwrap_or_default());
        csv.write_record([asset.gpu_uuid.as_str()].into_iter().chain(values))?;
    }
    Ok(String::from_utf8(csv.into_inner()?)?)
}

fn to_json(asset: &Asset) -> serde_json::Value {
    let mut record = serde_json::Map::new();
    record.insert("gpu_uuid".to_owned(), asset.gpu_uuid.clone().into());
    for (name, value) in FIELDS.iter().zip(&asset.values) {
        if let Some(value) = value {
            record.insert((*name).to_owned(), value.clone().into());
        }
    }
    serde_json::Value::Object(record)
}
