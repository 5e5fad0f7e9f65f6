//! One line of a table as a row: its time, its GPU and its numbers, or what is wrong with it.
//!
//! GPUs are kept once each, with all that identifies them; a row only holds the number of its GPU. Nothing is invented:
//! what the file does not say stays absent, but for the identity, which falls back to host and index.

use std::borrow::Cow;
use std::collections::HashMap;

use csv::StringRecord;

use super::cell;
use super::header::{Column, Header, Identity};
use crate::event::{self, Time};
use crate::metric::METRICS;
use crate::source::identity::gpu_uuid;

/// A GPU of the file.
#[derive(Debug)]
pub(super) struct Known {
    /// What identifies it.
    pub(super) gpu: event::Gpu<'static>,
    /// Its host.
    pub(super) host: String,
}

/// A column that carries a metric.
#[derive(Debug)]
struct Carrier {
    column: usize,
    slot: usize,
    metric: usize,
    factor: f64,
}

/// Turns lines into rows.
#[derive(Debug)]
pub(super) struct Reader {
    columns: Vec<Column>,
    carriers: Vec<Carrier>,
    /// The metrics that a row has a slot for.
    pub(super) metrics: Vec<usize>,
    /// The GPUs seen so far; a row names one by its place here.
    pub(super) gpus: Vec<Known>,
    by_identity: HashMap<String, usize>,
    host: String,
    record: StringRecord,
    key: String,
}

impl Reader {
    /// A reader for a table with this header; `host` names the host where no column does.
    pub(super) fn new(header: &Header, host: &str) -> Reader {
        let mut found: Vec<(usize, Carrier)> = Vec::new();
        let mut metrics = Vec::new();
        for (column, means) in header.columns.iter().enumerate() {
            if let Column::Metric { metric, factor, rank } = *means {
                let slot = metrics.iter().position(|known| *known == metric).unwrap_or_else(|| {
                    metrics.push(metric);
                    metrics.len() - 1
                });
                found.push((rank, Carrier { column, slot, metric, factor }));
            }
        }
        found.sort_by_key(|(rank, _)| *rank);
        Reader {
            columns: header.columns.clone(),
            carriers: found.into_iter().map(|(_, carrier)| carrier).collect(),
            metrics,
            gpus: Vec::new(),
            by_identity: HashMap::new(),
            host: host.to_owned(),
            record: StringRecord::new(),
            key: String::new(),
        }
    }

    /// The time of the line last given to `read`, where that much of it can be read.
    pub(super) fn time(&self) -> Option<Time> {
        cell::time(self.cell(Identity::Time)?).ok()
    }

    /// Reads a line; its numbers are added to `cells`, one a slot, NaN where there is none. Returns the time and the GPU.
    pub(super) fn read(&mut self, line: &[u8], cells: &mut Vec<f64>) -> Result<(Time, usize), String> {
        let start = cells.len();
        let read = self.fields(line).and_then(|()| self.row(cells));
        if read.is_err() {
            cells.truncate(start);
        }
        read
    }

    fn fields(&mut self, line: &[u8]) -> Result<(), String> {
        self.record.clear();
        let text = std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned())?;
        if text.contains('"') {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line);
            reader.read_record(&mut self.record).map_err(|error| error.to_string())?;
            self.record.trim();
        } else {
            for field in text.split(',') {
                self.record.push_field(field.trim());
            }
        }
        match (self.record.len(), self.columns.len()) {
            (has, wants) if has != wants => Err(format!("{has} fields where the header has {wants}")),
            _ => Ok(()),
        }
    }

    fn row(&mut self, cells: &mut Vec<f64>) -> Result<(Time, usize), String> {
        let time = cell::time(self.cell(Identity::Time).unwrap_or_default())?;
        let start = cells.len();
        cells.resize(start + self.metrics.len(), f64::NAN);
        for carrier in &self.carriers {
            let (Some(text), Some(metric)) = (self.record.get(carrier.column), METRICS.get(carrier.metric)) else {
                continue;
            };
            let number = cell::number(text, metric)?;
            if let (Some(number), Some(slot)) =
                (number, cells.get_mut(start + carrier.slot).filter(|slot| slot.is_nan()))
            {
                *slot = scaled(number, carrier.factor);
            }
        }
        Ok((time, self.gpu()?))
    }

    /// The cell that identifies in this way; `None` where there is no such column or nothing in it.
    fn cell(&self, what: Identity) -> Option<&str> {
        let at = self.columns.iter().position(|column| matches!(column, Column::Is(is) if *is == what))?;
        self.record.get(at).filter(|cell| !cell::absent(cell))
    }

    /// The place in `gpus` of the row's GPU.
    fn gpu(&mut self) -> Result<usize, String> {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        for (column, text) in self.columns.iter().zip(&self.record) {
            if matches!(column, Column::Is(what) if *what != Identity::Time) {
                key.push_str(text);
                key.push('\n');
            }
        }
        let found = match self.by_identity.get(&key) {
            Some(at) => Ok(*at),
            None => self.known().map(|known| {
                self.gpus.push(known);
                self.by_identity.insert(key.clone(), self.gpus.len() - 1);
                self.gpus.len() - 1
            }),
        };
        self.key = key;
        found
    }

    fn known(&self) -> Result<Known, String> {
        let host = match self.cell(Identity::Host) {
            Some(host) => host,
            None if self.columns.iter().any(|column| matches!(column, Column::Is(Identity::Host))) => {
                return Err("no host".to_owned());
            }
            None => &self.host,
        };
        let whole = |text: &str| text.parse::<u32>().map_err(|_| format!("{text:?} is no GPU index"));
        let index = self.cell(Identity::Index).map(whole).transpose()?;
        let uuid = match (self.cell(Identity::Uuid), index) {
            (Some(uuid), _) => uuid.to_owned(),
            (None, Some(index)) => gpu_uuid(host, &index.to_string()),
            (None, None) => return Err("neither a uuid nor an index".to_owned()),
        };
        let own = |what| self.cell(what).map(|text| Cow::Owned(text.to_owned()));
        let gpu = event::Gpu {
            gpu_uuid: Some(Cow::Owned(uuid)),
            device_index: index.map(i64::from),
            pci_bus_id: own(Identity::Pci),
            name: own(Identity::Model),
            serial: own(Identity::Serial),
            driver_version: own(Identity::Driver),
            ..event::Gpu::default()
        };
        Ok(Known { gpu, host: host.to_owned() })
    }
}

/// The number in the metric's unit. A fraction times 100 is brought back to the decimal it stands for.
fn scaled(number: f64, factor: f64) -> f64 {
    const FINE: f64 = 1e9;
    if (factor - 1.0).abs() < f64::EPSILON { number } else { (number * factor * FINE).round() / FINE }
}
