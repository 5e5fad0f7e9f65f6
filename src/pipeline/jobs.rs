//! What runs on each GPU, from a directory of files that the batch system's prolog and epilog keep: one file a GPU, named by
//! its index or its UUID, a job a line (the layout of dcgm-exporter's HPC job mapping). It becomes a field of the event.
//!
//! Read anew at every tick; a directory that is not there, and a file that is being written, mean no job.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::event::Gpu;

/// Files looked at, at most: as many GPUs and instances as a host can have, and more.
const MOST_FILES: usize = 1024;
/// Bytes read of a file, at most.
const MOST_BYTES: u64 = 4096;
/// Characters of a job's label, at most.
const LONGEST: usize = 1024;

/// The directory.
#[derive(Debug)]
pub struct Jobs {
    directory: PathBuf,
    /// Events of this host only: the files are this machine's.
    host: String,
    by_name: HashMap<String, String>,
}

impl Jobs {
    /// Jobs of the GPUs of `host` from the files in `directory`.
    #[must_use]
    pub fn new(directory: PathBuf, host: String) -> Jobs {
        Jobs { directory, host, by_name: HashMap::new() }
    }

    /// Reads the files anew.
    pub fn look(&mut self) {
        self.by_name.clear();
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        for entry in entries.flatten().take(MOST_FILES) {
            let Ok(name) = entry.file_name().into_string() else { continue };
            if let Some(text) = read(&entry.path()) {
                let jobs: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
                if !jobs.is_empty() {
                    self.by_name.insert(name, jobs.join(",").chars().take(LONGEST).collect());
                }
            }
        }
    }

    /// Writes the job of a GPU of `host` into it.
    pub fn label(&self, host: Option<&str>, gpu: &mut Gpu<'static>) {
        if host != Some(self.host.as_str()) {
            return;
        }
        let index = gpu.device_index.map(|index| index.to_string());
        let names = [gpu.gpu_uuid.as_deref(), index.as_deref()];
        if let Some(job) = names.into_iter().flatten().find_map(|name| self.by_name.get(name)) {
            gpu.job = Some(job.clone().into());
        }
    }
}

/// The text of a file, as far as it counts; nothing where it is no plain file, or no text. A link is not followed: who may
/// write here must not have other files read.
fn read(path: &Path) -> Option<String> {
    // A pipe or a device among the files must not hold up the tick.
    let how = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, how, Mode::empty()).ok()?);
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    // A character that lies over the last byte that is read is left out.
    if u64::try_from(bytes.len()) == Ok(MOST_BYTES)
        && let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_has_the_jobs_of_its_file_on_this_host_only() {
        let directory = tempfile::tempdir().unwrap();
        let mut jobs = Jobs::new(directory.path().to_owned(), "n7".to_owned());
        let gpu = |index, uuid: &'static str| Gpu {
            device_index: Some(index),
            gpu_uuid: Some(uuid.into()),
            ..Gpu::default()
        };
        let job = |jobs: &Jobs, host, mut gpu: Gpu<'static>| {
            jobs.label(Some(host), &mut gpu);
            gpu.job.map(std::borrow::Cow::into_owned)
        };
        fs::write(directory.path().join("0"), "4711\n\n 4712 \n").unwrap();
        fs::write(directory.path().join("GPU-b"), "4713").unwrap();
        fs::write(directory.path().join("2"), [0xff, 0xfe]).unwrap();
        jobs.look();
        assert_eq!(job(&jobs, "n7", gpu(0, "GPU-a")).as_deref(), Some("4711,4712"));
        assert_eq!(job(&jobs, "n7", gpu(1, "GPU-b")).as_deref(), Some("4713"));
        assert_eq!((job(&jobs, "n8", gpu(0, "GPU-a")), job(&jobs, "n7", gpu(2, "GPU-c"))), (None, None));
        fs::remove_file(directory.path().join("0")).unwrap();
        jobs.look();
        assert_eq!(job(&jobs, "n7", gpu(0, "GPU-a")), None, "the job has ended");
    }

    #[test]
    fn a_link_is_not_followed_and_a_character_over_the_end_costs_itself_alone() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("elsewhere"), "secret").unwrap();
        std::os::unix::fs::symlink(at("elsewhere"), at("0")).unwrap();
        // 4095 bytes, then a character of two.
        fs::write(at("1"), format!("4711\n{}é\n", "x".repeat(4090))).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("2"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        let mut jobs = Jobs::new(directory.path().to_owned(), "n7".to_owned());
        jobs.look();
        let job = |index| {
            let mut gpu = Gpu { device_index: Some(index), ..Gpu::default() };
            jobs.label(Some("n7"), &mut gpu);
            gpu.job
        };
        assert_eq!(job(0), None);
        assert!(job(1).unwrap().starts_with("4711,xx"));
        assert_eq!(job(2), None);
    }
}
