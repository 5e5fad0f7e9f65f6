//! The script beside the library: what befell its GPUs.

use std::path::PathBuf;
use std::sync::Mutex;

/// What the script says now.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// GPUs that fell off the bus.
    pub(crate) lost: Vec<u32>,
    /// GPUs that are there and answer nothing.
    pub(crate) mute: Vec<u32>,
    /// XIDs in the order they are raised: GPU and code.
    xids: Vec<(u32, u64)>,
    /// The driver was unloaded.
    pub(crate) gone: bool,
}

impl Script {
    /// The script as it stands.
    pub(crate) fn now() -> Script {
        let text = beside().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let mut script = Script::default();
        for line in text.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["lost", gpu] => script.lost.extend(gpu.parse::<u32>()),
                ["mute", gpu] => script.mute.extend(gpu.parse::<u32>()),
                ["xid", gpu, code] => script.xids.extend(gpu.parse().ok().zip(code.parse().ok())),
                ["gone"] => script.gone = true,
                _ => {}
            }
        }
        script
    }
}

/// The next XID that was not raised yet.
pub(crate) fn next_xid() -> Option<(u32, u64)> {
    static RAISED: Mutex<usize> = Mutex::new(0);
    let mut raised = RAISED.lock().ok()?;
    let next = Script::now().xids.get(*raised).copied()?;
    *raised += 1;
    Some(next)
}

/// Where the script is: beside the file that this code was loaded from. Each copy of the library has its own.
fn beside() -> Option<PathBuf> {
    let own = (beside as fn() -> Option<PathBuf>) as usize;
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let file = maps.lines().find_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let (from, to) = range.split_once('-')?;
        let address = |text| usize::from_str_radix(text, 16).ok();
        (address(from)? <= own && own < address(to)?)
            .then(|| rest.split_once('/').map(|(_, path)| format!("/{path}")))?
    })?;
    Some(PathBuf::from(file).with_file_name("script"))
}
