//! One GPU as a page shows it: its samples put together, and those of its MIG instances kept apart from them.
//!
//! The exporter labels what belongs to an instance with the parent's UUID. A value that exists for each instance says nothing of
//! the GPU; a value that the GPU has only once (its temperature) is printed beside an instance all the same, and is the GPU's.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::line::{self, Reading};
use super::number::{self, Meaning};
use crate::event::sample::Instance;
use crate::event::{self, Values};
use crate::metric::ids::find;
use crate::metric::{COUNT, ids};
use crate::source::identity;

/// Most MIG instances of a GPU: seven are possible (J: twice and some).
const MOST_INSTANCES: usize = 16;
/// Most XID series of one GPU (J).
const MOST_SERIES: usize = 64;
/// Most jobs of one GPU that are named (J).
const MOST_JOBS: usize = 8;
/// Longest label text that is taken over, in bytes: a host name's bound (J).
const MOST_TEXT: usize = 256;
/// Largest XID that can be one (J: NVIDIA counts below 200).
const MOST_XID: f64 = 100_000.0;

/// What DCGM has for each instance (facts/dcgm.md section 4: level `GPU_CI` or `GPU_I`).
const PER_INSTANCE: [usize; 9] = [
    find("fb_used_mib"),
    find("fb_free_mib"),
    find("fb_total_mib"),
    find("utilization_pct"),
    ids::SM_ACTIVE,
    find("sm_occupancy_pct"),
    find("tensor_active_pct"),
    find("dram_active_pct"),
    find("gr_engine_active_pct"),
];
/// Added to the rank of a value that stands beside an instance: the GPU's own line goes first.
const BESIDE: u8 = 128;

/// A GPU on a page.
#[derive(Debug, Clone)]
pub(super) struct Board {
    /// Who it is, and its MIG instances; without its host.
    pub(super) gpu: event::Gpu<'static>,
    /// Its host, where the page names one.
    pub(super) host: Option<String>,
    /// Its values.
    pub(super) values: Values,
    /// Which name each value came by.
    ranks: [u8; COUNT],
    /// What runs on it, by the exporter's mapping of jobs.
    jobs: BTreeSet<String>,
    /// The last XID of the GPU and of each instance.
    pub(super) last: Vec<(String, i64)>,
    /// XIDs counted within the exporter's window, by instance and code.
    pub(super) counts: Vec<((String, i64), i64)>,
    /// Values of it were left out, being old.
    pub(super) stale: bool,
}

/// Why a GPU on a page has no values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// There are none.
    Empty,
    /// They are old by their own time.
    Old,
}

impl Silence {
    /// The error of its last event.
    pub(super) fn error(self) -> &'static str {
        match self {
            Silence::Empty => "no value of it on the page",
            Silence::Old => "no fresh value of it on the page",
        }
    }

    /// After "GPU 3".
    pub(super) fn word(self) -> &'static str {
        match self {
            Silence::Empty => "has no values on the page",
            Silence::Old => "has no fresh values on the page",
        }
    }
}

/// What a sample's labels say.
#[derive(Debug, Default)]
pub(super) struct Labels<'s> {
    /// The GPU's UUID.
    pub(super) uuid: Option<&'s str>,
    /// Its index.
    pub(super) index: Option<&'s str>,
    /// Its host.
    pub(super) host: Option<&'s str>,
    model: Option<&'s str>,
    pci: Option<&'s str>,
    driver: Option<&'s str>,
    serial: Option<&'s str>,
    instance: Option<&'s str>,
    profile: Option<&'s str>,
    job: Option<&'s str>,
    xid: Option<&'s str>,
    /// Whether it is about something else beside a GPU, such as one of its links.
    pub(super) other: bool,
}

impl<'s> Labels<'s> {
    pub(super) fn of(labels: &'s line::Labels<'_>) -> Labels<'s> {
        let mut all = Labels::default();
        for (key, value) in labels {
            let slot = match *key {
                "UUID" | "uuid" => &mut all.uuid,
                "gpu" => &mut all.index,
                "Hostname" | "hostname" => &mut all.host,
                "modelName" => &mut all.model,
                "pci_bus_id" => &mut all.pci,
                "DCGM_FI_DRIVER_VERSION" | "DCGM_FI_SYSTEM_DRIVER_VERSION" => &mut all.driver,
                "DCGM_FI_DEV_SERIAL" | "DCGM_FI_DEV_BOARD_SERIAL" => &mut all.serial,
                "GPU_I_ID" => &mut all.instance,
                "GPU_I_PROFILE" => &mut all.profile,
                "hpc_job" => &mut all.job,
                "xid" => &mut all.xid,
                "nvlink" | "nvswitch" | "cpu" | "cpucore" => {
                    all.other = true;
                    continue;
                }
                _ => continue,
            };
            if !value.is_empty() && value.len() <= MOST_TEXT {
                slot.get_or_insert(value);
            }
        }
        all
    }

    /// Whether it says of a GPU what it says of it at every metric, so that having seen it once is enough.
    pub(super) fn is_plain(&self) -> bool {
        !self.other && self.instance.is_none() && self.xid.is_none()
    }
}

impl Board {
    pub(super) fn new(uuid: String, labels: &Labels<'_>) -> Board {
        let gpu = event::Gpu {
            gpu_id: Some(Cow::Owned(identity::gpu_id(&uuid))),
            gpu_uuid: Some(Cow::Owned(uuid)),
            device_index: labels.index.and_then(|index| index.parse::<u32>().ok()).map(i64::from),
            ..event::Gpu::default()
        };
        Board {
            gpu,
            host: labels.host.map(str::to_owned),
            values: Values::default(),
            ranks: [u8::MAX; COUNT],
            jobs: BTreeSet::new(),
            last: Vec::new(),
            counts: Vec::new(),
            stale: false,
        }
    }

    /// Its UUID.
    pub(super) fn uuid(&self) -> &str {
        self.gpu.gpu_uuid.as_deref().unwrap_or_default()
    }

    /// Its number for operators, else its UUID.
    pub(super) fn word(&self) -> String {
        self.gpu.device_index.map_or_else(|| self.uuid().to_owned(), |index| index.to_string())
    }

    /// Why it gives nothing, where it gives nothing.
    pub(super) fn silence(&self) -> Option<Silence> {
        let why = if self.stale { Silence::Old } else { Silence::Empty };
        self.values.is_empty().then_some(why)
    }

    /// Takes a sample of it, unless it is a value of a time before `oldest`; without labels where those were taken before,
    /// and were plain. What an XID's series shows is a level, which holds however old it is.
    pub(super) fn take(&mut self, meaning: Option<Meaning>, sample: Reading<'_>, labels: &Labels<'_>, oldest: i64) {
        self.identify(labels);
        let old = sample.stamp.is_some_and(|stamp| stamp < oldest);
        let instance = || labels.instance.unwrap_or_default().to_owned();
        match meaning {
            Some(Meaning::Value(..)) if old => self.stale = true,
            Some(Meaning::Value(metric, rank)) => self.value(metric, rank, sample, labels.instance.is_some()),
            Some(Meaning::LastXid) if self.last.len() < MOST_SERIES => {
                self.last.extend(code(sample.text).map(|code| (instance(), code)));
            }
            Some(Meaning::XidCount) if self.counts.len() < MOST_SERIES => {
                let code = labels.xid.and_then(code);
                let count = number::number(sample.text).and_then(|count| event::values::whole(count.round()));
                self.counts.extend(code.zip(count).map(|(code, count)| ((instance(), code), count)));
            }
            _ => {}
        }
    }

    fn value(&mut self, metric: usize, rank: u8, sample: Reading<'_>, beside: bool) {
        if beside && PER_INSTANCE.contains(&metric) {
            return;
        }
        let rank = if beside { rank.saturating_add(BESIDE) } else { rank };
        let Some(best) = self.ranks.get_mut(metric).filter(|best| rank < **best) else { return };
        if let Some(value) = number::value(metric, sample.text, sample.number) {
            *best = rank;
            self.values.set(metric, value);
        }
    }

    /// Fills in what was not known of it yet.
    fn identify(&mut self, labels: &Labels<'_>) {
        let learn = |slot: &mut Option<Cow<'static, str>>, text: Option<&str>| {
            if let (None, Some(text)) = (slot.as_ref(), text) {
                *slot = Some(Cow::Owned(text.to_owned()));
            }
        };
        learn(&mut self.gpu.name, labels.model);
        learn(&mut self.gpu.driver_version, labels.driver);
        learn(&mut self.gpu.serial, labels.serial);
        if self.gpu.pci_bus_id.is_none() {
            self.gpu.pci_bus_id = labels.pci.map(|text| Cow::Owned(identity::pci_bus_id(text)));
        }
        if let Some(id) = labels.instance.and_then(|id| id.parse::<u32>().ok()).map(i64::from)
            && self.gpu.mig.len() < MOST_INSTANCES
            && self.gpu.mig.iter().all(|known| known.gpu_instance != id)
        {
            let profile = labels.profile.map(|profile| Cow::Owned(profile.to_owned()));
            self.gpu.mig.push(Instance { gpu_instance: id, profile, ..Instance::default() });
        }
        if let Some(job) = labels.job
            && self.jobs.len() < MOST_JOBS
            && !self.jobs.contains(job)
        {
            self.jobs.insert(job.to_owned());
            let jobs: Vec<&str> = self.jobs.iter().map(String::as_str).collect();
            self.gpu.job = Some(Cow::Owned(jobs.join(",")));
        }
    }
}

/// A number that can be an XID.
fn code(text: &str) -> Option<i64> {
    let number = number::number(text).filter(|number| (0.0..MOST_XID).contains(number))?;
    event::values::whole(number)
}
