//! The first line of a recording: which of the three formats it is, and what each of a table's columns means.
//!
//! Metrics are found by the names the metric table gives them (`smi`, `recorded`); only the columns that identify a
//! GPU are named here. Knows no rows.

use crate::metric::{METRICS, Metric};

use super::cell::unit_fits;

/// Characters of a line shown in an error.
const SHOWN: usize = 80;
/// Columns of recordings that carry nothing of a GPU.
const IGNORED: [&str; 4] = ["series", "phase", "system_power_w", "power_pct_of_limit"];

/// What identifies a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// The instant.
    Time,
    /// GPU UUID.
    Uuid,
    /// Index in the host.
    Index,
    /// Host name.
    Host,
    /// Model.
    Model,
    /// PCI bus id.
    Pci,
    /// Serial number.
    Serial,
    /// Driver version.
    Driver,
}

/// Identifying columns of `nvidia-smi`, and the two names that people add for the host.
const SMI: [(&str, Identity); 13] = [
    ("timestamp", Identity::Time),
    ("uuid", Identity::Uuid),
    ("gpu_uuid", Identity::Uuid),
    ("index", Identity::Index),
    ("name", Identity::Model),
    ("gpu_name", Identity::Model),
    ("pci.bus_id", Identity::Pci),
    ("gpu_bus_id", Identity::Pci),
    ("serial", Identity::Serial),
    ("gpu_serial", Identity::Serial),
    ("driver_version", Identity::Driver),
    ("hostname", Identity::Host),
    ("host", Identity::Host),
];

/// Identifying columns of recordings.
const RECORDED: [(&str, Identity); 4] =
    [("t", Identity::Time), ("host", Identity::Host), ("gpu", Identity::Index), ("model", Identity::Model)];

/// What a column means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    /// It identifies.
    Is(Identity),
    /// It carries the metric with this index, times the factor. Of two columns with one metric the lower rank is asked
    /// first.
    Metric {
        /// Index of the metric.
        metric: usize,
        /// Value in the metric's unit = value in the file × `factor`.
        factor: f64,
        /// Place among the names that mean the metric.
        rank: usize,
    },
    /// Nothing of ours.
    Ignored,
}

/// A table's header.
#[derive(Debug)]
pub(super) struct Header {
    /// The line's bytes.
    line: Vec<u8>,
    /// What each column means.
    pub(super) columns: Vec<Column>,
    /// Columns nobody knows, with the reason.
    pub(super) unknown: Vec<String>,
}

/// A format.
#[derive(Debug)]
pub(super) enum Format {
    /// Events, one JSON object a line.
    Lines,
    /// A table.
    Table(Header),
}

/// A line behind a header that looks like one itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// The same header: the recorder was started again and appended to its file.
    Same,
    /// Another one.
    Other,
}

impl Header {
    /// Whether a line of the table is a header.
    pub(super) fn again(&self, line: &[u8]) -> Option<Again> {
        if unmarked(line).trim_ascii() == self.line.trim_ascii() {
            return Some(Again::Same);
        }
        match detect(line) {
            Ok(Format::Table(_)) => Some(Again::Other),
            Ok(Format::Lines) | Err(_) => None,
        }
    }
}

/// The format that the first line shows, or what is wrong with it.
pub(super) fn detect(first: &[u8]) -> Result<Format, String> {
    let first = unmarked(first);
    if first.trim_ascii_start().first() == Some(&b'{') {
        return Ok(Format::Lines);
    }
    let Ok(text) = std::str::from_utf8(first) else {
        return Err(none_of_them(first));
    };
    let names: Vec<&str> = text.split(',').map(|name| name.trim().trim_matches('"')).collect();
    let has = |name: &str| names.contains(&name);
    if has("t") && has("host") && has("gpu") {
        return Ok(Format::Table(recorded(first, &names)));
    }
    let header = smi(first, &names);
    let is = |what: Identity| header.columns.iter().any(|column| matches!(column, Column::Is(is) if *is == what));
    let metrics = header.columns.iter().any(|column| matches!(column, Column::Metric { .. }));
    match (is(Identity::Time), is(Identity::Uuid) || is(Identity::Index)) {
        (true, true) => Ok(Format::Table(header)),
        (false, _) if metrics => Err(lacks("no timestamp column")),
        (true, false) if metrics => Err(lacks("neither a uuid nor an index column")),
        _ => Err(none_of_them(first)),
    }
}

/// A line without the mark by which some editors begin a file.
fn unmarked(line: &[u8]) -> &[u8] {
    line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line)
}

fn lacks(what: &str) -> String {
    format!("looks like nvidia-smi's CSV but has {what}: record it with --query-gpu=timestamp,uuid,index,…")
}

/// What is said of a file that is none of the formats.
pub(super) fn none_of_them(first: &[u8]) -> String {
    let start: String = first.escape_ascii().take(SHOWN).map(char::from).collect();
    format!(
        "none of the formats of a recording (events as JSON lines; nvidia-smi --query-gpu=… --format=csv; \
         CSV with columns t,host,gpu,…): it starts with \"{start}\""
    )
}

fn recorded(line: &[u8], names: &[&str]) -> Header {
    let mut header = Header { line: line.to_vec(), columns: Vec::new(), unknown: Vec::new() };
    for name in names {
        let known = RECORDED.iter().find(|(known, _)| known == name).map(|(_, identity)| Column::Is(*identity));
        let metric = |metric: &Metric| metric.recorded.filter(|recorded| recorded.column == *name);
        let metric = METRICS.iter().enumerate().find_map(|(at, row)| Some((at, metric(row)?.factor)));
        let column = known.or(metric.map(|(metric, factor)| Column::Metric { metric, factor, rank: 0 }));
        if column.is_none() && !IGNORED.contains(name) {
            header.unknown.push((*name).to_owned());
        }
        header.columns.push(column.unwrap_or(Column::Ignored));
    }
    header
}

fn smi(line: &[u8], names: &[&str]) -> Header {
    let mut header = Header { line: line.to_vec(), columns: Vec::new(), unknown: Vec::new() };
    for full in names {
        let (name, unit) = match full.split_once('[') {
            Some((name, unit)) => (name.trim(), unit.trim_end_matches(']').trim()),
            None => (*full, ""),
        };
        let known = SMI.iter().find(|(known, _)| *known == name).map(|(_, identity)| Column::Is(*identity));
        let rank = |row: &Metric| row.smi.iter().position(|known| *known == name);
        let metric = METRICS.iter().enumerate().find_map(|(at, row)| Some((at, row, rank(row)?)));
        let column = match (known, metric) {
            (Some(known), _) => known,
            (None, Some((_, row, _))) if !unit.is_empty() && !unit_fits(unit, row) => {
                header.unknown.push(format!("{full} (unit {} was expected)", row.unit));
                Column::Ignored
            }
            (None, Some((metric, _, rank))) => Column::Metric { metric, factor: 1.0, rank },
            (None, None) => {
                header.unknown.push((*full).to_owned());
                Column::Ignored
            }
        };
        header.columns.push(column);
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart_by_the_first_line() {
        assert!(matches!(detect(b" {\"schema_version\""), Ok(Format::Lines)));
        assert!(matches!(detect(b"t,host,gpu,model,gpu_temp_c"), Ok(Format::Table(_))));
        assert!(matches!(detect("\u{feff}timestamp, index, power.draw [W]".as_bytes()), Ok(Format::Table(_))));
    }

    #[test]
    fn refusals_name_the_formats_or_what_lacks() {
        for (line, why) in [
            (&b"hello, world"[..], "it starts with \"hello, world\""),
            (b"", "it starts with \"\""),
            (b"\x7fELF\x02\x01\x01\0", "\"\\x7fELF\\x02\\x01\\x01\\x00\""),
            (b"\xff\xfet\0", "\\xff\\xfet"),
            (b"index, power.draw [W]", "no timestamp column"),
            (b"timestamp, power.draw [W]", "neither a uuid nor an index"),
            (b"t,host,gpu_temp_c", "none of the formats"),
        ] {
            let said = detect(line).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
        assert!(detect(&[b'\0'; 5000]).unwrap_err().len() < 400);
    }

    #[test]
    fn a_unit_that_does_not_fit_is_not_taken() {
        let Ok(Format::Table(header)) = detect(b"timestamp, index, power.draw [kW], fan.speed [%]") else {
            panic!("a table");
        };
        assert_eq!(header.unknown, ["power.draw [kW] (unit W was expected)"]);
    }
}
