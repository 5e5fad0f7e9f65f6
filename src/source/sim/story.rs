//! The default script of `demo`: what happens to a simulated fleet, told in the same order for every seed.
//!
//! As text, in the words of `--fault`, so that a reader can try a line of it. Where a fault needs work to show, the
//! script brings the work. A smaller fleet has fewer places, so that several faults meet in one. Knows no dynamics.

use super::fault::Fault;
use crate::event::time::MINUTE;

/// One act.
struct Act {
    /// The kind, as `--fault` has it.
    kind: &'static str,
    place: Place,
    /// Minutes after the live part begins; before it where negative.
    at: i32,
    /// For how many minutes.
    lasts: Option<u16>,
}

/// Where, counted from 1 for hosts and racks and from 0 for GPUs.
#[derive(Clone, Copy)]
enum Place {
    Gpu(usize, usize),
    Host(usize),
    Rack(usize),
}

const fn act(kind: &'static str, place: Place, at: i32, lasts: Option<u16>) -> Act {
    Act { kind, place, at, lasts }
}

/// The GPU whose paste dries, under work from before the live part on.
const DRY: Place = Place::Gpu(3, 5);
/// The GPU that is lost, and its board replaced.
const LOST: Place = Place::Gpu(11, 1);
/// The host that loses its fans, which is at work then.
const WINDLESS: Place = Place::Host(30);

/// The story. Racks are eight hosts each: 2 and 6 hold A100, 4 and 8 H200, the others H100.
#[rustfmt::skip]
const STORY: [Act; 21] = [
    // Long before anyone looks: what a fleet of this size carries about.
    act("sbe_storm", Place::Gpu(19, 6), -110, Some(3)),
    act("paste_drift=2", DRY, -110, None),
    act("ecc_dbe", Place::Gpu(23, 2), -70, None),
    act("xid=13", Place::Gpu(41, 0), -45, None),
    // Memory fails, twice on one GPU.
    act("ecc_dbe", Place::Gpu(2, 3), 1, None),
    act("ecc_dbe", Place::Gpu(2, 3), 4, None),
    // Dry paste: slowly until now, and then no more contact.
    act("full_load", DRY, -10, None),
    act("paste_drift=400", DRY, 1, Some(4)),
    act("gpu_lost", LOST, 6, None),
    act("xid=74", Place::Gpu(37, 7), 8, None),
    act("power_brake", Place::Rack(5), 12, Some(10)),
    act("pcie_downtrain", Place::Gpu(44, 5), 15, Some(60)),
    act("host_lost", Place::Host(17), 20, Some(8)),
    act("nvlink_errors=300", Place::Gpu(52, 1), 26, Some(30)),
    act("full_load", WINDLESS, 30, Some(25)),
    act("fan_loss", WINDLESS, 35, Some(20)),
    act("row_remap_failed", Place::Gpu(58, 4), 45, None),
    act("hbm_temp", Place::Gpu(14, 6), 50, Some(20)),
    act("gpu_swap", LOST, 60, None),
    act("xid=119", Place::Gpu(26, 3), 66, None),
    act("reboot", Place::Host(26), 75, None),
];

/// The story for a fleet of `gpus` on `hosts`, its live part `begins_ms` after the first tick. What lies further back
/// than the first tick happens at once with it.
#[must_use]
pub fn story(gpus: usize, hosts: usize, begins_ms: i64) -> Vec<Fault> {
    STORY.iter().filter_map(|act| act.text(gpus, hosts, begins_ms).parse().ok()).collect()
}

impl Act {
    fn text(&self, gpus: usize, hosts: usize, begins_ms: i64) -> String {
        let hosts = hosts.max(1);
        // Every host has at least so many GPUs.
        let a_host = (gpus / hosts).max(1);
        let host = |host: usize| (host - 1) % hosts + 1;
        let place = match self.place {
            Place::Gpu(at, gpu) => format!("{}/{}", host(at), gpu % a_host),
            Place::Host(at) => host(at).to_string(),
            Place::Rack(rack) => format!("rack:{}", (rack - 1) % hosts.div_ceil(super::RACK) + 1),
        };
        let after = (begins_ms + i64::from(self.at) * MINUTE).max(0);
        let lasts = self.lasts.map_or_else(String::new, |minutes| format!("~{minutes}m"));
        format!("{}@{place}+{after}ms{lasts}", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::sim::{Options, Sim};

    #[test]
    fn fits_every_fleet() {
        for (gpus, hosts, begins) in [(512, 64, 7_200_000), (8, 1, 0), (21, 10, 60_000), (1, 1, 7_200_000), (24, 3, 0)]
        {
            let faults = story(gpus, hosts, begins);
            assert_eq!(faults.len(), STORY.len());
            assert!(faults.iter().all(|fault| fault.after_ms >= 0));
            Sim::new(Options { gpus, hosts, seed: 1, interval_ms: 10_000, faults }).unwrap();
        }
        let first = &story(512, 64, 7_200_000)[1];
        assert_eq!((first.after_ms, first.host.as_str(), first.gpu), (600_000, "3", Some(5)));
    }
}
