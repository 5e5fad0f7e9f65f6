//! `collect` as those see it who watch it: a service while its source has no end of its own.

use gpuhm::pace::Pace;

use crate::exit::Failure;
use crate::open;
use crate::process::Signals;
use crate::run::LEEWAY;
use crate::service::{Plan, Service};

use super::Options;

/// A GPU's sample is shown for so many intervals after it was read.
const SHOWN: u32 = 3;

/// Begins to be watched. It may drain as long as it was told to; what hangs then is given up a little later.
pub(super) fn begin(options: &Options, pace: &Pace, service: bool, signals: &Signals) -> Result<Service, Failure> {
    // By hand, since for clap an address that stands in the file is none.
    if options.export_gpus && !options.once && options.watch.metrics.is_none() {
        let wrong = "--export-gpus: GPUs are shown where --metrics says, which is not given";
        return Err(Failure::usage(wrong).hint("--metrics 127.0.0.1:9871, or collect.metrics in the file"));
    }
    let watch = &options.watch.of(options.once);
    let plan = Plan {
        watch,
        service,
        bus: open::bus_name(&options.bus)?,
        drain: options.spool.drain().saturating_add(LEEWAY),
        gpus: options.export_gpus.then(|| (pace.clone(), SHOWN)),
        live: Some(&options.source.named.live),
        paced: options.source.paced(pace),
    };
    Service::begin(plan, signals)
}
