//! The cursor file: how far a topic was shown, a number a partition, without a group.
//!
//! It is put in place whole, after what it speaks of was given to the reader of standard output: killed at any moment, the
//! next run repeats what came since, and misses nothing. It names its topic and bus, so that one of another is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use gpuhm::bus::Record;
use gpuhm::pipeline::clock::monotonic;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// How often it is written while records come.
const EVERY: Duration = Duration::from_secs(1);
/// No file of ours is longer.
const LONGEST: u64 = 1 << 20;
const SCHEMA: &str = "gpuhm.cursor/1";

/// What a cursor file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cursors {
    schema: String,
    /// What it is about; see [`About`].
    #[serde(flatten)]
    about: About,
    /// The next offset to show, by partition.
    partitions: BTreeMap<i32, i64>,
}

/// What the positions are positions of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    /// The bus's URL.
    pub(super) bus: String,
    /// What stands before its topics' names.
    pub(super) prefix: String,
    /// The topic.
    pub(super) topic: String,
}

/// A cursor file, and what of the topic is read but not yet shown.
#[derive(Debug)]
pub(super) struct Cursor {
    path: PathBuf,
    about: About,
    /// As the file stands.
    stands: Option<BTreeMap<i32, i64>>,
    written: Instant,
    /// The next offset to read.
    next: BTreeMap<i32, i64>,
    /// Offsets that were read and are not done with.
    open: BTreeMap<i32, BTreeSet<i64>>,
}

impl Cursor {
    /// Reads the file, where there is one.
    pub(super) fn open(path: &Path, about: About) -> Result<Cursor, Failure> {
        let stands = read(path, &about)?;
        let (next, open) = (BTreeMap::new(), BTreeMap::new());
        Ok(Cursor { path: path.to_owned(), about, stands, written: monotonic(), next, open })
    }

    /// Where the last run stopped.
    pub(super) fn stands(&self) -> Option<&BTreeMap<i32, i64>> {
        self.stands.as_ref()
    }

    /// Takes note of what was read, and where reading stands now.
    pub(super) fn read(&mut self, next: BTreeMap<i32, i64>, records: &[(i32, Record)]) {
        self.next = next;
        for (partition, record) in records {
            self.open.entry(*partition).or_default().insert(record.offset);
        }
    }

    /// Takes note that a record was shown or is not wanted.
    pub(super) fn done(&mut self, partition: i32, offset: i64) {
        if let Some(open) = self.open.get_mut(&partition) {
            open.remove(&offset);
        }
    }

    /// Whether it is time to write it.
    pub(super) fn is_due(&self) -> bool {
        self.written.elapsed() >= EVERY
    }

    /// Writes what is done; to be called when that has left this process.
    pub(super) fn write(&mut self) -> Result<(), Failure> {
        self.written = monotonic();
        let mut partitions = self.stands.clone().unwrap_or_default();
        for (partition, next) in &self.next {
            let first = self.open.get(partition).and_then(BTreeSet::first);
            partitions.insert(*partition, first.map_or(*next, |first| *first.min(next)));
        }
        if self.next.is_empty() || self.stands.as_ref() == Some(&partitions) {
            return Ok(());
        }
        let cursors = Cursors { schema: SCHEMA.to_owned(), about: self.about.clone(), partitions };
        put(&self.path, &cursors).with_context(|| said(&self.path)).map_err(Failure::cannot)?;
        self.stands = Some(cursors.partitions);
        Ok(())
    }
}

fn said(path: &Path) -> String {
    format!("cursor file {}", path.display())
}

fn read(path: &Path, about: &About) -> Result<Option<BTreeMap<i32, i64>>, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", said(path)));
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() || path.file_name().is_none() {
        return Err(wrong(format!("there is no directory {}", parent.display())));
    }
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| wrong(error.to_string()))?,
    };
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Err(wrong("not a file, which could be replaced".to_owned()));
    }
    let mut text = String::new();
    let read = file.take(LONGEST).read_to_string(&mut text);
    let anew = "remove the file to begin anew, or name another";
    let cursors = read
        .map_err(|error| error.to_string())
        .and_then(|_| serde_json::from_str::<Cursors>(&text).map_err(|error| error.to_string()));
    let cursors = cursors.map_err(|why| wrong(format!("not one that gpuhm made: {why}")).hint(anew))?;
    if cursors.schema != SCHEMA || cursors.partitions.values().any(|next| *next < 0) {
        return Err(wrong(format!("not {SCHEMA}: {}", cursors.schema)).hint(anew));
    }
    let names = |about: &About| [about.bus.clone(), about.prefix.clone(), about.topic.clone()];
    let pairs = ["bus", "topic prefix", "topic"].into_iter().zip(names(&cursors.about)).zip(names(about));
    if let Some(((what, is), wanted)) = pairs.into_iter().find(|((_, is), wanted)| is != wanted) {
        return Err(wrong(format!("its {what} is {is:?}, not {wanted:?}")).hint(anew));
    }
    Ok(Some(cursors.partitions))
}

/// Puts it in place whole: first beside it, under a name of this process, then over it.
fn put(path: &Path, cursors: &Cursors) -> anyhow::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = || -> anyhow::Result<()> {
        let mut file = File::create(&beside)?;
        let mut text = serde_json::to_vec(cursors)?;
        text.push(b'\n');
        file.write_all(&text)?;
        // Else a power cut could leave an empty file under the name.
        file.sync_data()?;
        Ok(std::fs::rename(&beside, path)?)
    };
    written().inspect_err(|_| drop(std::fs::remove_file(&beside)))
}

#[cfg(test)]
mod tests {
    use gpuhm::event::Time;

    use super::*;

    fn record(offset: i64) -> Record {
        Record { offset, time: Time(0), key: Vec::new().into(), value: Vec::new().into() }
    }

    #[test]
    fn never_beyond_what_was_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cursor");
        let about = |topic: &str| About { bus: "file:/b".into(), prefix: String::new(), topic: topic.into() };
        let mut cursor = Cursor::open(&path, about("t")).unwrap();
        cursor.write().unwrap();
        assert!(!path.exists(), "nothing is known before anything was read");
        cursor.read([(0, 4), (1, 9)].into(), &[(0, record(1)), (0, record(3)), (1, record(8))]);
        let stands = |cursor: &mut Cursor| {
            cursor.write().unwrap();
            Cursor::open(&path, about("t")).unwrap().stands().cloned().unwrap()
        };
        assert_eq!(stands(&mut cursor), [(0, 1), (1, 8)].into());
        cursor.done(0, 3);
        cursor.done(1, 8);
        assert_eq!(stands(&mut cursor), [(0, 1), (1, 9)].into());
        cursor.done(0, 1);
        assert_eq!(stands(&mut cursor), [(0, 4), (1, 9)].into());
        // Of partitions that were not read this time, what was known stays.
        let mut other = Cursor::open(&path, about("t")).unwrap();
        other.read([(2, 5)].into(), &[]);
        assert_eq!(stands(&mut other), [(0, 4), (1, 9), (2, 5)].into());
        assert!(Cursor::open(&path, about("u")).is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "what is written first is left behind");
    }
}
