//! What names a GPU: UUIDs for those whose source has only host and index, and PCI addresses in one spelling.

use uuid::Uuid;

/// The UUID of GPU `index` of `host`: `GPU-` and UUIDv5 of `host/index` in the namespace of `gpuhm`.
#[must_use]
pub fn gpu_uuid(host: &str, index: &str) -> String {
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"gpus.gpuhm");
    format!("GPU-{}", Uuid::new_v5(&namespace, format!("{host}/{index}").as_bytes()))
}

/// A GPU's short name beside its UUID, as the seed has it: `GPU-` and the first twelve digits.
#[must_use]
pub fn gpu_id(uuid: &str) -> String {
    let digits = uuid.trim_start_matches("GPU-").chars().filter(|digit| *digit != '-').take(12);
    format!("GPU-{}", digits.collect::<String>())
}

/// A PCI address as events have it, `0000:3B:00.0`: NVML writes the domain with eight digits, sysfs in lower case.
#[must_use]
pub fn pci_bus_id(text: &str) -> String {
    match text.split_once(':') {
        Some((domain, rest)) if domain.len() > 4 && domain.chars().all(|c| c.is_ascii_hexdigit()) => {
            let domain = domain.trim_start_matches('0');
            format!("{domain:0>4}:{rest}").to_ascii_uppercase()
        }
        _ => text.to_ascii_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_name_is_of_the_first_twelve_digits() {
        assert_eq!(gpu_id("GPU-8a56f7b2-6c1d-4e3f-9a0b-1c2d3e4f5a6b"), "GPU-8a56f7b26c1d");
        assert_eq!(gpu_id("GPU-a"), "GPU-a");
    }

    #[test]
    fn an_address_is_spelt_one_way() {
        assert_eq!(pci_bus_id("00000000:3b:00.0"), "0000:3B:00.0");
        assert_eq!(pci_bus_id("0000:3b:00.0"), "0000:3B:00.0");
        assert_eq!(pci_bus_id("00018000:65:00.0"), "18000:65:00.0");
        assert_eq!(pci_bus_id("N/A"), "N/A");
    }
}
