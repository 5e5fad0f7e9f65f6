//! Signs that this machine has NVIDIA GPUs, whoever may or may not be able to read them: files of the kernel only.

use std::path::Path;

/// NVIDIA's number among the makers of PCI devices, and the class of what displays or computes.
const NVIDIA: &str = "0x10de";
const CLASS: &str = "0x03";
/// What a driver that is loaded leaves.
const DRIVER: [&str; 2] = ["proc/driver/nvidia/version", "dev/nvidiactl"];

/// Whether there is any.
pub(super) fn any() -> bool {
    driver() || on_the_bus() > 0
}

/// Whether NVIDIA's driver is loaded.
pub(super) fn driver() -> bool {
    has_driver(Path::new("/"))
}

/// GPUs of NVIDIA's on this machine's PCI bus.
pub(super) fn on_the_bus() -> usize {
    on_the_bus_of(Path::new("/"))
}

fn has_driver(root: &Path) -> bool {
    DRIVER.iter().any(|mark| root.join(mark).exists())
}

fn on_the_bus_of(root: &Path) -> usize {
    let devices = std::fs::read_dir(root.join("sys/bus/pci/devices")).into_iter().flatten().flatten();
    let says = |folder: &Path, file: &str, word: &str| {
        std::fs::read_to_string(folder.join(file)).is_ok_and(|text| text.trim().starts_with(word))
    };
    devices
        .map(|device| device.path())
        .filter(|device| says(device, "vendor", NVIDIA) && says(device, "class", CLASS))
        .count()
}

/// What runs on this machine of these names.
pub(super) fn running(names: &[&str]) -> Vec<String> {
    running_of(Path::new("/"), names)
}

fn running_of(root: &Path, names: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = std::fs::read_dir(root.join("proc"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().into_string().ok()?;
            let comm = std::fs::read_to_string(entry.path().join("comm")).ok()?;
            let comm = comm.trim();
            names.contains(&comm).then(|| format!("{comm} ({pid})"))
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn gpus_are_seen_on_the_bus_without_a_driver_and_other_devices_are_not_taken_for_them() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!((on_the_bus_of(root.path()), has_driver(root.path())), (0, false));
        for (device, vendor, class) in [
            ("0000:3b:00.0", "0x10de\n", "0x030200\n"),
            ("0000:3c:00.0", "0x10de\n", "0x030000\n"),
            // A bridge and a sound device of the same maker, a display of another.
            ("0000:04:00.0", "0x10de\n", "0x068000\n"),
            ("0000:3c:00.1", "0x10de\n", "0x040300\n"),
            ("0000:02:00.0", "0x1a03\n", "0x030000\n"),
        ] {
            write(root.path(), &format!("sys/bus/pci/devices/{device}/vendor"), vendor);
            write(root.path(), &format!("sys/bus/pci/devices/{device}/class"), class);
        }
        assert_eq!(on_the_bus_of(root.path()), 2);
        write(root.path(), "proc/driver/nvidia/version", "NVRM version: 580\n");
        assert!(has_driver(root.path()));
    }

    #[test]
    fn what_runs_is_named_with_its_number() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "proc/12/comm", "ncu\n");
        write(root.path(), "proc/7/comm", "bash\n");
        assert_eq!(running_of(root.path(), &["ncu", "nsys"]), ["ncu (12)"]);
    }
}
