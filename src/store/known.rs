//! What every store makes of the rows of one GPU, whatever database they are from. Knows no database.

use crate::event::facts::FaultMinute;
use crate::event::rows::{PLACE_TEXTS, Place, Raw};
use crate::event::{Known, Time};

/// A GPU as its raw rows show it: the newest, when that was written, and the time of the first.
pub(super) fn seen_as(latest: Raw, written: Time, first: Time) -> Known {
    Known {
        written,
        place: unplaced(&latest, first),
        first,
        latest,
        asset: None,
        health: None,
        prediction: None,
        events: Vec::new(),
        minutes: Vec::new(),
        hours: Vec::new(),
        corrected: Vec::new(),
        retired_a_week_ago: None,
    }
}

/// The place of a GPU that has no row of `gpu_places`: an older gpuhm wrote its samples.
fn unplaced(raw: &Raw, since: Time) -> Place {
    let mut place = Place {
        gpu_uuid: raw.gpu_uuid.clone(),
        since,
        hostname: raw.hostname.clone(),
        device_index: raw.device_index,
        ..Place::default()
    };
    for (text, _) in place.texts.iter_mut().zip(PLACE_TEXTS).filter(|(_, name)| *name == "model") {
        text.clone_from(&raw.model);
    }
    place
}

/// Orders minutes by time; one that has several faults becomes one.
pub(super) fn in_order(minutes: &mut Vec<FaultMinute>) {
    minutes.sort_by_key(|minute| minute.start);
    minutes.dedup_by(|later, kept| {
        let same = later.start == kept.start;
        if same {
            *kept = both(kept, later);
        }
        same
    });
}

/// One minute of two parts, each of which has 0 where the other counts.
fn both(one: &FaultMinute, other: &FaultMinute) -> FaultMinute {
    FaultMinute {
        start: one.start,
        hw_slowdown_s: one.hw_slowdown_s.max(other.hw_slowdown_s),
        hw_thermal_s: one.hw_thermal_s.max(other.hw_thermal_s),
        power_brake_s: one.power_brake_s.max(other.power_brake_s),
        sw_thermal_s: one.sw_thermal_s.max(other.sw_thermal_s),
        dbe: one.dbe.max(other.dbe),
        remaps: one.remaps.max(other.remaps),
        nvlink_crc: one.nvlink_crc.max(other.nvlink_crc),
        nvlink_other: one.nvlink_other.max(other.nvlink_other),
        pcie_replays: one.pcie_replays.max(other.pcie_replays),
    }
}
