//! The driver's calls, a row a metric: which call gives it and how it becomes the table's unit.
//!
//! What the driver cannot give (profiling, PCIe rates over time) has no row. The driver's numbers are whole; conversions are
//! functions of their own.

use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::{
    Clock, EccCounter, MemoryError, PerformancePolicy, TemperatureSensor, TemperatureThreshold,
};
use nvml_wrapper::enum_wrappers::nv_link::ErrorCounter;
use nvml_wrapper::enums::device::SampleValue;
use nvml_wrapper::error::{Bits, NvmlError};
use nvml_wrapper::sys_exports::field_id;
use nvml_wrapper::{Device, Nvml};

use super::raw;
use crate::event::values::whole;
use crate::event::{Value, Values};
use crate::metric::ids::{self, find};
use crate::metric::{METRICS, Type};

/// What a getter is given.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The library.
    pub(super) nvml: &'a Nvml,
    /// The GPU.
    pub(super) device: &'a Device<'a>,
    /// Its links that are up.
    pub(super) links: &'a [u32],
}

type Answer = Result<i64, NvmlError>;

/// How a metric is got.
#[derive(Clone, Copy)]
pub(super) enum Get {
    /// By a call of its own.
    Call(fn(Asked<'_>) -> Answer),
    /// By its field id; all of them in one call.
    Field(u32),
}

/// A metric the driver gives.
#[derive(Clone, Copy)]
pub(super) struct Getter {
    /// Its index in the metric table.
    pub(super) metric: usize,
    /// The driver's number is in the table's unit after division by it.
    pub(super) per: f64,
    /// How it is got.
    pub(super) get: Get,
}

const fn call(name: &str, get: fn(Asked<'_>) -> Answer) -> Getter {
    Getter { metric: find(name), per: 1.0, get: Get::Call(get) }
}

/// A power, which the driver has in mW.
const fn power(name: &str, get: Get) -> Getter {
    Getter { metric: find(name), per: 1000.0, get }
}

const fn field(name: &str, id: u32) -> Getter {
    Getter { metric: find(name), per: 1.0, get: Get::Field(id) }
}

/// Every metric the driver gives, less those of the [`HISTOGRAM`].
#[rustfmt::skip]
pub(super) static GETTERS: [Getter; 48] = [
    call("gpu_temp_c", |on| on.device.temperature(TemperatureSensor::Gpu).map(i64::from)),
    field("memory_temp_c", field_id::NVML_FI_DEV_MEMORY_TEMP),
    power("power_usage_w", Get::Call(|on| on.device.power_usage().map(i64::from))),
    call("throttle_reasons", |on| reasons(on.device.current_throttle_reasons_strict())),
    power("power_instant_w", Get::Field(field_id::NVML_FI_DEV_POWER_INSTANT)),
    power("power_limit_w", Get::Call(|on| on.device.enforced_power_limit().map(i64::from))),
    power("power_limit_default_w", Get::Call(|on| on.device.power_management_limit_default().map(i64::from))),
    power("power_limit_max_w", Get::Call(|on| on.device.power_management_limit_constraints().map(|limits| limits.max_limit.into()))),
    call("slowdown_temp_c", |on| threshold(on, TemperatureThreshold::Slowdown)),
    call("shutdown_temp_c", |on| threshold(on, TemperatureThreshold::Shutdown)),
    call("max_operating_temp_c", |on| threshold(on, TemperatureThreshold::GpuMax)),
    call("memory_max_operating_temp_c", |on| threshold(on, TemperatureThreshold::MemoryMax)),
    call("temp_margin_c", |on| raw::margin_temperature(on.nvml, on.device).map(i64::from)),
    call("fan_speed_pct", |on| on.device.fan_speed(0).map(i64::from)),
    call("pstate", |on| on.device.performance_state().map(|state| state.as_c().into())),
    call("energy_mj", |on| on.device.total_energy_consumption().and_then(counter)),
    call("power_violation_ns", |on| violation(on, PerformancePolicy::Power)),
    call("thermal_violation_ns", |on| violation(on, PerformancePolicy::Thermal)),
    field("recovery_action", field_id::NVML_FI_DEV_GET_GPU_RECOVERY_ACTION),
    call("fb_used_mib", |on| on.device.memory_info().map(|memory| mib(memory.used))),
    call("fb_free_mib", |on| on.device.memory_info().map(|memory| mib(memory.free))),
    call("fb_total_mib", |on| on.device.memory_info().map(|memory| mib(memory.total))),
    call("ecc_sbe_volatile", |on| ecc(on, MemoryError::Corrected, EccCounter::Volatile)),
    call("ecc_dbe_volatile", |on| ecc(on, MemoryError::Uncorrected, EccCounter::Volatile)),
    call("ecc_sbe_aggregate", |on| ecc(on, MemoryError::Corrected, EccCounter::Aggregate)),
    call("ecc_dbe_aggregate", |on| ecc(on, MemoryError::Uncorrected, EccCounter::Aggregate)),
    field("retired_pages_sbe", field_id::NVML_FI_DEV_RETIRED_SBE),
    field("retired_pages_dbe", field_id::NVML_FI_DEV_RETIRED_DBE),
    field("retired_pages_pending", field_id::NVML_FI_DEV_RETIRED_PENDING),
    field("remapped_rows_uncorrectable", field_id::NVML_FI_DEV_REMAPPED_UNC),
    field("remapped_rows_correctable", field_id::NVML_FI_DEV_REMAPPED_COR),
    field("row_remap_failure", field_id::NVML_FI_DEV_REMAPPED_FAILURE),
    field("row_remap_pending", field_id::NVML_FI_DEV_REMAPPED_PENDING),
    call("sram_threshold_exceeded", |on| raw::sram_threshold_exceeded(on.nvml, on.device).map(i64::from)),
    call("gpu_util_pct", |on| on.device.utilization_rates().map(|rates| rates.gpu.into())),
    call("mem_copy_util_pct", |on| on.device.utilization_rates().map(|rates| rates.memory.into())),
    call("sm_clock_mhz", |on| on.device.clock_info(Clock::SM).map(i64::from)),
    call("mem_clock_mhz", |on| on.device.clock_info(Clock::Memory).map(i64::from)),
    call("sm_clock_max_mhz", |on| on.device.max_clock_info(Clock::SM).map(i64::from)),
    call("mem_clock_max_mhz", |on| on.device.max_clock_info(Clock::Memory).map(i64::from)),
    call("pcie_replays", |on| on.device.pcie_replay_counter().map(i64::from)),
    call("pcie_link_gen", |on| on.device.current_pcie_link_gen().map(i64::from)),
    call("pcie_link_width", |on| on.device.current_pcie_link_width().map(i64::from)),
    call("pcie_link_gen_max", |on| on.device.max_pcie_link_gen().map(i64::from)),
    call("pcie_link_width_max", |on| on.device.max_pcie_link_width().map(i64::from)),
    call("nvlink_crc_errors", |on| links(on, ErrorCounter::DlCrcFlit)),
    call("nvlink_replay_errors", |on| links(on, ErrorCounter::DlReplay)),
    call("nvlink_recovery_errors", |on| links(on, ErrorCounter::DlRecovery)),
];

/// The metrics of the histogram of spare rows, in its order.
pub(super) const HISTOGRAM: [usize; 5] = [
    find("bank_remap_max"),
    find("bank_remap_high"),
    find("bank_remap_partial"),
    find("bank_remap_low"),
    find("bank_remap_none"),
];

fn threshold(on: Asked<'_>, which: TemperatureThreshold) -> Answer {
    // A threshold that a board does not have reads as 0 in some drivers.
    let degrees = on.device.temperature_threshold(which).map(i64::from)?;
    if degrees > 0 { Ok(degrees) } else { Err(NvmlError::NotSupported) }
}

fn violation(on: Asked<'_>, policy: PerformancePolicy) -> Answer {
    on.device.violation_status(policy).and_then(|status| counter(status.violation_time))
}

fn ecc(on: Asked<'_>, error: MemoryError, since: EccCounter) -> Answer {
    on.device.total_ecc_errors(error, since).and_then(counter)
}

/// Errors of every link together. One that does not answer leaves the sum unknown: less would look as if it had begun anew.
fn links(on: Asked<'_>, which: ErrorCounter) -> Answer {
    if on.links.is_empty() {
        return Err(NvmlError::NotSupported);
    }
    let mut sum = 0_u64;
    for link in on.links {
        sum = sum.saturating_add(on.device.link_wrapper_for(*link).error_counter(which)?);
    }
    counter(sum)
}

/// The mask of throttle reasons; bits this version knows no name for are kept.
fn reasons(answer: Result<ThrottleReasons, NvmlError>) -> Answer {
    match answer {
        Ok(reasons) => counter(reasons.bits()),
        Err(NvmlError::IncorrectBits(Bits::U64(bits))) => counter(bits),
        Err(NvmlError::IncorrectBits(Bits::U32(bits))) => Ok(bits.into()),
        Err(other) => Err(other),
    }
}

fn counter(number: u64) -> Answer {
    i64::try_from(number).map_err(|_| NvmlError::NoData)
}

/// Bytes as MiB, rounded down as DCGM does.
fn mib(bytes: u64) -> i64 {
    i64::try_from(bytes >> 20).unwrap_or(i64::MAX)
}

/// A field's value as a whole number.
pub(super) fn field_value(value: &SampleValue) -> Answer {
    match *value {
        SampleValue::F64(real) => whole(real.round()).ok_or(NvmlError::NoData),
        SampleValue::U32(number) => Ok(number.into()),
        SampleValue::U64(number) => counter(number),
        SampleValue::I64(number) => Ok(number),
    }
}

/// Puts the driver's number into a sample, in the table's unit.
pub(super) fn put(values: &mut Values, getter: &Getter, number: i64) {
    /// A memory temperature above it is no reading (facts/dcgm.md section 4.3).
    const HOTTEST_MEMORY: i64 = 200;
    let no_sensor = getter.metric == ids::MEMORY_TEMP && !(1..=HOTTEST_MEMORY).contains(&number);
    if no_sensor {
        return;
    }
    let int = METRICS.get(getter.metric).is_some_and(|row| row.ty == Type::Int);
    if int && getter.per <= 1.0 {
        values.set(getter.metric, Value::Int(number));
    } else {
        values.set_number(getter.metric, Value::Int(number).real() / getter.per);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_one(name: &str, number: i64) -> Option<f64> {
        let mut values = Values::default();
        let getter = GETTERS.iter().find(|getter| METRICS[getter.metric].name == name).unwrap();
        put(&mut values, getter, number);
        values.real(getter.metric)
    }

    #[test]
    fn every_metric_that_names_a_call_of_the_driver_has_a_getter_and_no_other() {
        for (metric, row) in METRICS.iter().enumerate() {
            let here = GETTERS.iter().filter(|getter| getter.metric == metric).count();
            let by_histogram = HISTOGRAM.contains(&metric);
            let wanted = !row.nvml.is_empty() && row.name != "xids";
            assert_eq!(here + usize::from(by_histogram), usize::from(wanted), "{}", row.name);
        }
    }

    #[test]
    fn numbers_become_the_tables_units() {
        assert_eq!(put_one("power_usage_w", 312_456), Some(312.456));
        assert_eq!(put_one("power_limit_w", 700_000), Some(700.0));
        assert_eq!(put_one("gpu_temp_c", 41), Some(41.0));
        assert_eq!(put_one("energy_mj", 123), Some(123.0));
        assert_eq!(put_one("memory_temp_c", 0), None, "no sensor");
        assert_eq!(put_one("memory_temp_c", 250), None);
        assert_eq!(mib(80 << 30), 81920);
        assert_eq!(mib((1 << 20) - 1), 0);
    }

    #[test]
    fn bits_without_a_name_are_kept() {
        assert_eq!(reasons(Ok(ThrottleReasons::SW_POWER_CAP)).unwrap(), 4);
        assert_eq!(reasons(Err(NvmlError::IncorrectBits(Bits::U64(0x1004)))).unwrap(), 0x1004);
        assert!(reasons(Err(NvmlError::NotSupported)).is_err());
    }

    #[test]
    fn fields_come_in_any_type() {
        assert_eq!(field_value(&SampleValue::F64(2.0)).unwrap(), 2);
        assert_eq!(field_value(&SampleValue::U64(7)).unwrap(), 7);
        assert!(field_value(&SampleValue::U64(u64::MAX)).is_err());
        assert!(field_value(&SampleValue::F64(f64::NAN)).is_err());
    }
}
