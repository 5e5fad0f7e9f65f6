//! The exporter source on pages of real exporters, over HTTP: every GPU of the text becomes a sample with every value of it.
//!
//! The texts are lent and no part of the project; without them these tests count as ignored.

pub(crate) mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use gpuhm::event::sample::Body;
use gpuhm::event::{Event, Time, codec};
use gpuhm::metric::{METRICS, Metric};
use gpuhm::source::Reading;
use gpuhm::source::endpoint::{Endpoint, Taken};
use gpuhm::source::exporter::{Options, Page};

use server::{Server, whole};

/// The instant of the looks.
pub(crate) const NOW: Time = Time(1_752_871_354_000);

/// A page at an address, read every ten seconds, each time within two.
pub(crate) fn page(server: &Server) -> Page {
    page_within(server, Duration::from_secs(2))
}

/// A page that must come within a time.
pub(crate) fn page_within(server: &Server, timeout: Duration) -> Page {
    let place = format!("exporter:http://{}/metrics", server.address).parse().unwrap();
    Page::new(place, Options { hostname: "here".to_owned(), pace: 10_000.into(), timeout: Some(timeout) })
}

/// The samples of a look.
pub(crate) fn events(taken: &Taken) -> Vec<&Event<'static>> {
    taken.readings.iter().map(event).collect()
}

fn event(reading: &Reading) -> &Event<'static> {
    match reading {
        Reading::Event(event) => event,
        line @ Reading::Line { .. } => panic!("{line:?}"),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("GPUHM_SHARED_DATA")).join("telemetry/dcgm-exporter")
}

fn text(name: &str) -> String {
    let bytes = std::fs::read(folder().join(name)).unwrap();
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return String::from_utf8(bytes).unwrap();
    }
    let mut text = String::new();
    MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    text
}

/// A sample by eye: name, the labels between the braces, value. Written apart from the source's own parser.
fn samples(text: &str) -> Vec<(&str, &str, f64)> {
    text.lines()
        .filter(|line| line.starts_with("DCGM_") && line.contains('{'))
        .filter_map(|line| {
            let (name, rest) = line.split_once('{').unwrap();
            // One of the quoted lines has no value.
            let (labels, value) = rest.rsplit_once("} ")?;
            Some((name, labels, value.parse().unwrap()))
        })
        .collect()
}

fn label<'a>(labels: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = labels.split_once(&format!("{key}=\""))?;
    Some(rest.split('"').next().unwrap())
}

fn row(name: &str) -> Option<(usize, &'static Metric)> {
    METRICS.iter().enumerate().find(|(_, row)| row.exporter.contains(&name) && row.name != "xids")
}

/// Every value of the text stands in the sample of its GPU, and nothing else does.
fn all_there(text: &str, taken: &Taken) -> usize {
    let mut wanted: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for (name, labels, value) in samples(text) {
        let (Some(uuid), Some((_, row))) = (label(labels, "UUID"), row(name)) else { continue };
        if value < 9e18 {
            wanted.insert((uuid, row.name), value * row.dcgm_factor);
        }
    }
    let mut found: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for event in events(taken) {
        let Body::Sample(gpu, values, _) = &event.body else { panic!("{event:?}") };
        let uuid = gpu.gpu_uuid.as_deref().unwrap();
        found.extend(values.iter().map(|(metric, value)| ((uuid, METRICS[metric].name), value.real())));
    }
    assert_eq!(found, wanted);
    found.len()
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs the lent scrapes at ../shared/data/telemetry/dcgm-exporter")]
fn a_real_fleets_scrape_becomes_247_samples_of_31_hosts() {
    let text = text("dgx_h100_31hosts_247gpus_prometheus_samples.txt.gz");
    let server = Server::start(whole(&text));
    let taken = page(&server).read(NOW).unwrap();
    // Ten metrics; encoder and decoder utilisation are none of the table's.
    assert_eq!(all_there(&text, &taken), 247 * 8);
    let hosts: BTreeMap<&str, i64> = taken.hosts.iter().map(|host| (host.hostname.as_str(), host.seen)).collect();
    assert_eq!((hosts.len(), hosts["dgx10"], hosts["dgx00"]), (31, 7, 8), "{hosts:?}");
    assert!(taken.hosts.iter().all(|host| host.state == "ok" && host.missed == 0));
    let mut uuids = BTreeSet::new();
    for event in events(&taken) {
        let Body::Sample(gpu, ..) = &event.body else { panic!("{event:?}") };
        uuids.insert(gpu.gpu_uuid.clone().unwrap());
        assert_eq!(gpu.name.as_deref(), Some("NVIDIA H100 80GB HBM3"));
        assert_eq!(gpu.driver_version.as_deref(), Some("535.129.03"));
        assert!((0..8).contains(&gpu.device_index.unwrap()));
        assert_eq!((event.time, event.quality.interval_ms), (Some(NOW), Some(10_000)));
        assert_eq!(event.quality.error, None);
    }
    assert_eq!(uuids.len(), 247);
    // What is made can be read again: the codec takes every one.
    for event in events(&taken) {
        let mut bytes = Vec::new();
        codec::encode(event, &mut bytes);
        let mut problems = Vec::new();
        let again = codec::Decoder::default().decode(&bytes, &mut problems).unwrap();
        assert_eq!((again.entity(), problems.len()), (event.entity(), 0));
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs the lent scrapes at ../shared/data/telemetry/dcgm-exporter")]
fn the_exporters_own_sample_loses_only_its_blank() {
    let text = text("dcgm_exporter_readme_4.x_sample.txt");
    let server = Server::start(whole(&text));
    let taken = page(&server).read(NOW).unwrap();
    assert_eq!(all_there(&text, &taken), 2, "two clocks; the memory temperature is blank");
    assert_eq!(taken.hosts[0].hostname, "here", "the page names no host, and 127.0.0.1 is this machine");
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs the lent scrapes at ../shared/data/telemetry/dcgm-exporter")]
fn what_issues_quote_is_read() {
    let text = text("issue_excerpts_verbatim.txt");
    let server = Server::start(whole(&text));
    let taken = page(&server).read(NOW).unwrap();
    let all = events(&taken);
    let temperature = |uuid: &str| {
        let of = |event: &&&Event<'static>| event.entity().as_deref() == Some(uuid);
        let Body::Sample(_, values, _) = &all.iter().find(of).unwrap().body else { panic!("{uuid}") };
        METRICS.iter().position(|row| row.name == "memory_temp_c").and_then(|metric| values.real(metric))
    };
    assert_eq!(temperature("GPU-265c9814-6156-355b-e589-ff2064894f16"), Some(35.0), "beside MIG instances only");
    let wanted: BTreeSet<&str> = samples(&text).iter().filter_map(|(_, labels, _)| label(labels, "UUID")).collect();
    assert_eq!(all.len(), wanted.len(), "the XID without a GPU is none");
    let hosts: BTreeSet<&str> = taken.hosts.iter().map(|host| host.hostname.as_str()).collect();
    assert_eq!(hosts, BTreeSet::from(["hostM", "hostO", "hostP", "workstation"]));
}
