//! `collect --export-gpus`: every GPU under dcgm-exporter's names, with values, and an end to those that are not read.

use crate::process::{Home, Service, text, until};
use crate::service_lint::{Samples, lint};
use crate::service_support::{PATIENCE, get, port, ready};

/// Values of a name.
fn values(page: &Samples, name: &str) -> Vec<f64> {
    let start = format!("{name}{{");
    page.iter().filter(|(key, _)| key.starts_with(&start)).map(|(_, value)| *value).collect()
}

#[test]
fn every_gpu_has_the_exporters_names_units_and_labels() {
    let home = Home::new();
    let socket = home.path("metrics.sock");
    let address = format!("unix:{}", text(&socket));
    let mut args = vec!["collect", "--metrics", &address, "--export-gpus", "--source", "sim", "--interval", "1s"];
    args.extend(["--gpus", "8", "--hosts", "2", "--fault", "xid=79@1/1+1s"]);
    let service = Service::start(home.command(&args));
    ready(&socket);
    let mut page = Samples::new();
    until("an XID", PATIENCE, || {
        page = lint(&get(&socket, "/metrics", "*/*").body, false);
        !values(&page, "gpuhm_gpu_xids_total").is_empty()
    });
    assert!(
        page.keys().any(|key| key.starts_with("gpuhm_gpu_xids_total{") && key.ends_with(",xid=\"79\"}")),
        "{page:?}"
    );
    assert!(values(&page, "DCGM_FI_DEV_XID_ERRORS").is_empty());
    for (name, low, high) in [
        ("DCGM_FI_DEV_GPU_TEMP", 15.0, 110.0),
        ("DCGM_FI_DEV_POWER_USAGE", 1.0, 1500.0),
        ("DCGM_FI_PROF_SM_ACTIVE", 0.0, 1.0),
        ("DCGM_FI_PROF_DRAM_ACTIVE", 0.0, 1.0),
        ("DCGM_FI_PROF_PCIE_TX_BYTES", 0.0, 1e12),
        ("DCGM_FI_DEV_FB_USED", 0.0, 300_000.0),
    ] {
        let values = values(&page, name);
        assert!(values.len() >= 7, "{name}: {values:?}");
        assert!(values.iter().all(|value| (low..=high).contains(value)), "{name}: {values:?}");
    }
    let one = page.keys().find(|key| key.starts_with("DCGM_FI_DEV_GPU_TEMP{gpu=\"0\"")).unwrap();
    for label in ["UUID=\"GPU-", "pci_bus_id=\"0000", "device=\"nvidia0\"", "modelName=\"NVIDIA", "Hostname=\"gpu-node"]
    {
        assert!(one.contains(label), "{label} in {one}");
    }
    lint(&get(&socket, "/metrics", "application/openmetrics-text").body, true);
    assert_eq!(service.stopped(PATIENCE), 0);
}

/// Waits until a collector shows GPUs.
fn shows(socket: &std::path::Path) {
    ready(socket);
    until("GPUs", PATIENCE, || {
        !values(&lint(&get(socket, "/metrics", "*/*").body, false), "DCGM_FI_DEV_GPU_TEMP").is_empty()
    });
}

#[test]
fn flag_and_address_may_stand_in_different_places() {
    let home = Home::new();
    let socket = home.path("metrics.sock");
    let address = format!("unix:{}", text(&socket));
    let sim = ["collect", "--source", "sim", "--gpus", "2", "--hosts", "1", "--interval", "1s"];
    for (file, more) in [
        (format!("[collect]\nmetrics = \"{address}\"\n"), vec!["--export-gpus"]),
        ("[collect]\nexport_gpus = true\n".to_owned(), vec!["--metrics", &address]),
    ] {
        let config = home.file("gpuhm.toml", file);
        let service = Service::start(home.command(&[&sim[..], &["--config", &config], &more].concat()));
        shows(&socket);
        assert_eq!(service.stopped(PATIENCE), 0);
    }
}

#[test]
fn who_looks_once_leaves_the_address_to_the_service_beside_it() {
    let home = Home::new();
    let address = format!("127.0.0.1:{}", port());
    let file = format!("[collect]\nmetrics = \"{address}\"\nexport_gpus = true\n[score]\nmetrics = \"{address}\"\n");
    let path = home.file("gpuhm.toml", file);
    let home = home.with("GPUHM_CONFIG", path);
    let sim = ["--source", "sim", "--gpus", "2", "--hosts", "1"];
    let service = home.start(&[&["collect", "--interval", "1s"], &sim[..]].concat());
    until("the port", PATIENCE, || std::net::TcpStream::connect(&address).is_ok());
    home.ok(&[&["collect", "--once", "-o", "table"], &sim[..]].concat());
    home.ok(&["score", "--once"]);
    assert_eq!(service.stopped(PATIENCE), 0);
}

#[test]
fn it_needs_somewhere_to_be_shown() {
    let home = Home::new();
    let file = home.file("gpuhm.toml", "[collect]\nexport_gpus = true\n");
    for more in [["--export-gpus", "-q"], ["--config", &file]] {
        let ran = home.fails(&[&["collect", "--source", "sim"], &more[..]].concat(), 2, &["--metrics"]);
        assert!(ran.err.contains("hint: "), "{}", ran.err);
    }
}
