//! Where a GPU is and what it is: a row whenever its newest event says otherwise than the one before it did.
//!
//! The state holds a hash of the place and not the place, for a state is saved often and a place hardly changes; FNV-1a,
//! because the hash is saved and must be the same in every build. Looking allocates nothing while nothing changed. Late
//! events say where the GPU was and are not asked. Knows no store.

use serde::{Deserialize, Serialize};

use crate::event::rows::Place;
use crate::event::{Event, Gpu, Time};

/// What is remembered of a GPU's place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Home(Option<u64>);

impl Home {
    /// The row to write where this event, the GPU's newest, tells a place other than the last.
    pub(super) fn look(&mut self, event: &Event<'_>, gpu: &Gpu<'_>, uuid: &str, time: Time) -> Option<Place> {
        let host = event.place();
        let model = event.asset.as_ref().and_then(|asset| asset.model.as_deref()).or(gpu.name.as_deref());
        let hostname = host.hostname.as_deref().unwrap_or_default();
        // In the order of `PLACE_TEXTS`.
        let texts = [
            host.cluster.as_deref(),
            host.rack.as_deref(),
            host.datacenter.as_deref(),
            model,
            gpu.serial.as_deref(),
            gpu.driver_version.as_deref(),
        ];
        let said = hash(hostname, gpu.device_index, &texts);
        if self.0 == Some(said) {
            return None;
        }
        self.0 = Some(said);
        Some(Place {
            gpu_uuid: uuid.to_owned(),
            since: time,
            hostname: hostname.to_owned(),
            device_index: gpu.device_index,
            texts: texts.map(|text| text.map(str::to_owned)),
        })
    }
}

/// FNV-1a over the parts; each ends with a byte that no UTF-8 text holds, one for what is there and one for what is not.
fn hash(hostname: &str, index: Option<i64>, texts: &[Option<&str>]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |bytes: &[u8], end: u8| {
        for byte in bytes.iter().chain(std::iter::once(&end)) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    take(hostname.as_bytes(), THERE);
    match index {
        Some(index) => take(&index.to_le_bytes(), THERE),
        None => take(&[], ABSENT),
    }
    for text in texts {
        take(text.unwrap_or_default().as_bytes(), if text.is_some() { THERE } else { ABSENT });
    }
    hash
}

const THERE: u8 = 0xff;
const ABSENT: u8 = 0xfe;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::rows::PLACE_TEXTS;
    use crate::event::sample::{AssetBlock, Host};

    fn event() -> (Event<'static>, Gpu<'static>) {
        let host = Host { hostname: Some("h1".into()), rack: Some("r1".into()), ..Host::default() };
        let gpu = Gpu {
            device_index: Some(3),
            name: Some("H100".into()),
            serial: Some("s".into()),
            driver_version: Some("550.54".into()),
            ..Gpu::default()
        };
        (Event { host, ..Event::default() }, gpu)
    }

    #[test]
    fn a_row_at_first_sight_and_at_every_change() {
        let (mut home, (mut event, mut gpu)) = (Home::default(), event());
        let first = home.look(&event, &gpu, "GPU-a", Time(1)).unwrap();
        let texts =
            [None, Some("r1"), None, Some("H100"), Some("s"), Some("550.54")].map(|text| text.map(str::to_owned));
        let want =
            Place { gpu_uuid: "GPU-a".into(), since: Time(1), hostname: "h1".into(), device_index: Some(3), texts };
        assert_eq!(first, want);
        let said = |name: &str| first.get(name).unwrap_or_default().to_owned();
        assert_eq!(PLACE_TEXTS.map(said), ["", "r1", "", "H100", "s", "550.54"].map(str::to_owned));
        assert_eq!(home.look(&event, &gpu, "GPU-a", Time(2)), None);
        gpu.driver_version = Some("560.28".into());
        assert_eq!(home.look(&event, &gpu, "GPU-a", Time(3)).unwrap().since, Time(3));
        // The asset record's word wins, so that its rack, not the collector's, is what changes.
        let rack = Host { rack: Some("r9".into()), ..Host::default() };
        event.asset = Some(AssetBlock { host: rack, model: Some("H200".into()), ..AssetBlock::default() });
        let moved = home.look(&event, &gpu, "GPU-a", Time(4)).unwrap();
        assert_eq!((moved.rack(), moved.get("model"), moved.hostname.as_str()), (Some("r9"), Some("H200"), "h1"));
        event.host.rack = Some("r2".into());
        assert_eq!(home.look(&event, &gpu, "GPU-a", Time(5)), None);
    }

    #[test]
    fn what_moves_from_one_part_to_the_next_is_another_place() {
        let all = [
            hash("ab", None, &[Some("c"), None]),
            hash("a", None, &[Some("bc"), None]),
            hash("ab", None, &[None, Some("c")]),
            hash("ab", None, &[Some("c"), Some("")]),
            hash("ab", Some(0), &[Some("c"), None]),
        ];
        let different: std::collections::BTreeSet<u64> = all.into();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn the_hash_is_the_same_in_every_build() {
        assert_eq!(hash("", None, &[]), PINNED);
    }

    /// Saved states hold these numbers: another means another `STATE_VERSION`.
    const PINNED: u64 = 0x0a99_c807_b6f6_45b0;
}
