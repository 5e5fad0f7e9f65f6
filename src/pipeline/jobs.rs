//! What runs on each GPU, from a directory of files that the batch system's prolog and epilog keep: one file a GPU, named by
//! its index or its UUID, a job a line (the layout of dcgm-exporter's HPC job mapping). It becomes a field of the event.
//!
//! Read anew at every tick; a directory that is not there, and a file that is being written, mean no job.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

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
            let mut text = String::new();
            // A pipe or a device among the files must not hold up the tick.
            let plain = fs::metadata(entry.path()).is_ok_and(|kind| kind.is_file());
            let read = plain.then(|| File::open(entry.path())).and_then(Result::ok);
            if read.is_some_and(|file| file.take(MOST_BYTES).read_to_string(&mut text).is_ok()) {
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
}
