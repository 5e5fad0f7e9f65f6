//! One GPU as the driver has it: who it is, asked once; its limits, asked now and then; its values, asked at every tick.
//!
//! What the driver does not support is not asked for again until the limits are, and why is kept for `doctor`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use nvml_wrapper::enums::device::DeviceArchitecture;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::structs::device::FieldId;
use nvml_wrapper::{Device, Nvml};

use super::getters::{self, Asked, GETTERS, Get, Getter, HISTOGRAM};
use super::{raw, words};
use crate::event::sample::Instance;
use crate::event::{self, Value, Values};
use crate::metric::{Kind, METRICS};
use crate::source::identity;

/// Limits, and what was not supported, are asked again after this time, in milliseconds (J: somebody may change a power limit).
const AGAIN: i64 = 300_000;
/// Links a GPU may have: 18 on Hopper and Blackwell.
const MOST_LINKS: u32 = 18;

/// A GPU.
#[derive(Debug)]
pub(super) struct Card {
    /// Its index in the driver's order.
    pub(super) index: u32,
    /// Who it is, and its MIG instances.
    pub(super) gpu: event::Gpu<'static>,
    /// Why nothing of it could be read at the last tick.
    pub(super) gone: Option<String>,
    /// What its last event said of that.
    pub(super) told: Option<String>,
    /// Metrics that are absent, with the reason.
    pub(super) absent: BTreeMap<usize, String>,
    /// Metrics that are not asked for before the limits are.
    resting: Vec<usize>,
    limits: Values,
    links: Vec<u32>,
    /// When limits were asked last.
    asked: Option<i64>,
}

impl Card {
    /// GPU `index` of the driver; identity is asked at the first reading that works.
    pub(super) fn new(index: u32) -> Card {
        Card {
            index,
            gpu: event::Gpu::default(),
            gone: None,
            told: None,
            absent: BTreeMap::new(),
            resting: Vec::new(),
            limits: Values::default(),
            links: Vec::new(),
            asked: None,
        }
    }

    /// Notes why there are none, and gives those.
    pub(super) fn without(&mut self, why: &str) -> Values {
        self.gone = Some(why.to_owned());
        Values::default()
    }

    /// Its values, at `now` in milliseconds.
    ///
    /// # Errors
    /// Where nothing of it can be read.
    pub(super) fn read(&mut self, nvml: &Nvml, now: i64) -> Result<Values, NvmlError> {
        let device = nvml.device_by_index(self.index)?;
        if self.gpu.gpu_uuid.is_none() {
            self.gpu = identify(nvml, &device, self.index)?;
        }
        let afresh = self.asked.is_none_or(|asked| now.saturating_sub(asked) >= AGAIN || now < asked);
        if afresh {
            self.resting.clear();
            self.limits = Values::default();
            self.links = links(&device);
            self.gpu.mig = instances(nvml, &device);
        }
        let mut values = self.limits.clone();
        let on = Asked { nvml, device: &device, links: &self.links };
        let mut found = Found { values: &mut values, absent: &mut self.absent, resting: &mut self.resting };
        for getter in GETTERS.iter().filter(|getter| afresh || !is_limit(getter)) {
            if let Get::Call(call) = getter.get
                && !found.rests(getter.metric)
            {
                found.keep(getter, call(on))?;
            }
        }
        found.fields(&device)?;
        found.histogram(nvml, &device)?;
        if afresh {
            let limits = GETTERS.iter().filter(|getter| is_limit(getter));
            for getter in limits {
                if let Some(value) = values.get(getter.metric) {
                    self.limits.set(getter.metric, value);
                }
            }
            self.asked = Some(now);
        }
        Ok(values)
    }
}

/// Whether a GPU gave nothing that is measured: its limits alone, which are kept, tell no life.
pub(super) fn is_silent(values: &Values) -> bool {
    values.iter().all(|(metric, _)| METRICS.get(metric).is_some_and(|row| row.kind == Kind::Limit))
}

fn is_limit(getter: &Getter) -> bool {
    METRICS.get(getter.metric).is_some_and(|row| row.kind == Kind::Limit)
}

/// Where answers go.
struct Found<'a> {
    values: &'a mut Values,
    absent: &'a mut BTreeMap<usize, String>,
    resting: &'a mut Vec<usize>,
}

impl Found<'_> {
    fn rests(&self, metric: usize) -> bool {
        self.resting.contains(&metric)
    }

    /// Keeps an answer, or why there is none; an error where the GPU or the driver is gone.
    fn keep(&mut self, getter: &Getter, answer: Result<i64, NvmlError>) -> Result<(), NvmlError> {
        match answer {
            Ok(number) => {
                self.absent.remove(&getter.metric);
                getters::put(self.values, getter, number);
                Ok(())
            }
            Err(error) => self.refuse(getter.metric, error),
        }
    }

    fn refuse(&mut self, metric: usize, error: NvmlError) -> Result<(), NvmlError> {
        if words::gone(&error).is_some() || words::driver_gone(&error) {
            return Err(error);
        }
        self.absent.insert(metric, words::refusal(&error));
        if words::lasting(&error) {
            self.resting.push(metric);
        }
        Ok(())
    }

    /// Everything that has a field id, in one call.
    fn fields(&mut self, device: &Device<'_>) -> Result<(), NvmlError> {
        let wanted: Vec<(&Getter, u32)> = GETTERS
            .iter()
            .filter_map(|getter| match getter.get {
                Get::Field(id) if !self.rests(getter.metric) => Some((getter, id)),
                _ => None,
            })
            .collect();
        let ids: Vec<FieldId> = wanted.iter().map(|(_, id)| FieldId(*id)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        match device.field_values_for(&ids) {
            Ok(answers) => {
                for ((getter, _), answer) in wanted.into_iter().zip(answers) {
                    let number = answer.and_then(|sample| sample.value).and_then(|value| getters::field_value(&value));
                    self.keep(getter, number)?;
                }
            }
            Err(error) => {
                let reason = words::refusal(&error);
                if words::gone(&error).is_some() || words::driver_gone(&error) {
                    return Err(error);
                }
                self.absent.extend(wanted.into_iter().map(|(getter, _)| (getter.metric, reason.clone())));
            }
        }
        Ok(())
    }

    /// The histogram of spare rows: five metrics of one call.
    fn histogram(&mut self, nvml: &Nvml, device: &Device<'_>) -> Result<(), NvmlError> {
        let [first, ..] = HISTOGRAM;
        if self.rests(first) {
            return Ok(());
        }
        match raw::row_remapper_histogram(nvml, device) {
            Ok(rows) => {
                for (metric, banks) in HISTOGRAM.into_iter().zip(rows) {
                    self.absent.remove(&metric);
                    self.values.set(metric, Value::Int(banks.into()));
                }
                Ok(())
            }
            Err(error) => {
                let reason = words::refusal(&error);
                self.absent.extend(HISTOGRAM.map(|metric| (metric, reason.clone())));
                self.refuse(first, error)
            }
        }
    }
}

/// Who a GPU is. Its UUID must be known; the rest is absent where the driver does not say.
fn identify(nvml: &Nvml, device: &Device<'_>, index: u32) -> Result<event::Gpu<'static>, NvmlError> {
    let own = |text: Result<String, NvmlError>| text.ok().filter(|text| !text.is_empty()).map(Cow::Owned);
    let capability = device.cuda_compute_capability().ok();
    let uuid = device.uuid()?;
    Ok(event::Gpu {
        gpu_id: Some(Cow::Owned(identity::gpu_id(&uuid))),
        gpu_uuid: Some(Cow::Owned(uuid)),
        device_index: Some(index.into()),
        pci_bus_id: own(device.pci_info().map(|pci| identity::pci_bus_id(&pci.bus_id))),
        name: own(device.name()),
        architecture: device.architecture().ok().and_then(|known| architecture(&known)).map(Cow::Borrowed),
        compute_capability: capability.map(|it| Cow::Owned(format!("{}.{}", it.major, it.minor))),
        serial: own(device.serial()),
        driver_version: own(nvml.sys_driver_version()),
        ..event::Gpu::default()
    })
}

fn architecture(known: &DeviceArchitecture) -> Option<&'static str> {
    Some(match known {
        DeviceArchitecture::Kepler => "Kepler",
        DeviceArchitecture::Maxwell => "Maxwell",
        DeviceArchitecture::Pascal => "Pascal",
        DeviceArchitecture::Volta => "Volta",
        DeviceArchitecture::Turing => "Turing",
        DeviceArchitecture::Ampere => "Ampere",
        DeviceArchitecture::Ada => "Ada",
        DeviceArchitecture::Hopper => "Hopper",
        DeviceArchitecture::Blackwell => "Blackwell",
        DeviceArchitecture::Unknown => return None,
    })
}

/// The links that are up.
fn links(device: &Device<'_>) -> Vec<u32> {
    (0..MOST_LINKS).filter(|link| device.link_wrapper_for(*link).is_active().unwrap_or(false)).collect()
}

/// The MIG instances, where the GPU is divided.
fn instances(nvml: &Nvml, device: &Device<'_>) -> Vec<Instance<'static>> {
    let divided = device.mig_mode().is_ok_and(|mode| mode.current == 1);
    let most = if divided { device.mig_device_count().unwrap_or(0) } else { 0 };
    let instance = |index| {
        let instance = device.mig_device_by_index(index).ok()?;
        let (gpu, compute) = raw::instance(nvml, &instance).ok()?;
        Some(Instance {
            gpu_instance: gpu.into(),
            compute_instance: Some(compute.into()),
            profile: instance.name().ok().and_then(|name| profile(&name)).map(Cow::Owned),
            uuid: instance.uuid().ok().map(Cow::Owned),
        })
    };
    (0..most).filter_map(instance).collect()
}

/// The profile in an instance's name, `NVIDIA A100-SXM4-40GB MIG 1g.5gb`.
fn profile(name: &str) -> Option<String> {
    name.rsplit_once(" MIG ").map(|(_, profile)| profile.to_owned())
}

/// The name of a metric.
pub(super) fn name(metric: usize) -> &'static str {
    METRICS.get(metric).map_or("", |row| row.name)
}
