//! Exporters and the driver's library through the real binary: `collect --once` shows and publishes what they have, and says
//! which of them it could not read.

use serde_json::Value;

use crate::exporter::server::{Server, raw, whole};
use crate::nvml::Machine;
use crate::process::{Home, Service, parsed, until};
use crate::service_support::{Manager, PATIENCE};

const PAGE: &str = "# TYPE DCGM_FI_DEV_GPU_TEMP gauge\n\
    DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\",modelName=\"NVIDIA H100 80GB HBM3\",Hostname=\"n1\",hpc_job=\"42\"} 41\n\
    DCGM_FI_DEV_GPU_TEMP{gpu=\"1\",UUID=\"GPU-b\",Hostname=\"n1\",GPU_I_ID=\"3\",GPU_I_PROFILE=\"1g.10gb\"} 52\n\
    DCGM_FI_PROF_SM_ACTIVE{gpu=\"0\",UUID=\"GPU-a\",Hostname=\"n1\"} 0.875\n\
    DCGM_FI_DEV_MEMORY_TEMP{gpu=\"0\",UUID=\"GPU-a\",Hostname=\"n1\"} 9223372036854775794\n";

fn of<'a>(events: &'a [Value], uuid: &str) -> &'a Value {
    events.iter().find(|event| event["gpu"]["gpu_uuid"] == uuid).unwrap_or_else(|| panic!("{uuid} of {events:?}"))
}

#[test]
fn a_page_is_shown_and_published() {
    let server = Server::start(whole(PAGE));
    let (home, source) = (Home::new(), format!("exporter:http://{}/metrics", server.address));
    let out = home.ok(&["collect", "--source", &source, "--once", "-o", "jsonl"]);
    let events: Vec<Value> = out.lines().map(parsed).filter(|event| event["gpu"].is_object()).collect();
    assert_eq!(events.len(), 2, "{out}");
    let (a, b) = (of(&events, "GPU-a"), of(&events, "GPU-b"));
    assert_eq!((&a["host"]["hostname"], &a["gpu"]["job"]), (&Value::from("n1"), &Value::from("42")));
    assert_eq!(a["metrics"]["health"]["gpu_temp_c"], 41);
    assert_eq!(a["metrics"]["performance"]["sm_active_pct"], 87.5);
    assert!(a["metrics"]["health"].get("memory_temp_c").is_none(), "a blank: {a}");
    assert_eq!(b["gpu"]["mig"][0]["profile"], "1g.10gb");
    let table = home.ok(&["collect", "--source", &source, "--once", "-o", "table"]);
    assert!(table.contains("87.5") && table.contains("41"), "{table}");
    home.ok(&["collect", "-q", "--source", &source, "--once"]);
    let published = home.topic("gpu-metrics-raw");
    assert_eq!(published.iter().filter(|line| line.contains("\"GPU-a\"")).count(), 1, "{published:?}");
}

#[test]
fn of_many_targets_the_bad_one_is_named_and_the_others_are_read() {
    let (good, bad) = (Server::start(whole(PAGE)), Server::start(raw("HTTP/1.1 200 OK\r\n\r\n<html>\n<body>\n")));
    let home = Home::new();
    let list = format!("# two\n{}\nhttp://{}/metrics#host=n2,gpus=8  # ours\n", good.address, bad.address);
    let targets = home.file("targets", list);
    let ran = home.run(&["collect", "--targets", &targets, "--once", "-o", "jsonl"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("not a page of metrics"), "{}", ran.err);
    assert!(ran.err.contains(&bad.address.to_string()), "{}", ran.err);
    assert!(ran.out.contains("\"GPU-a\"") && ran.out.contains("\"GPU-b\""), "{}", ran.out);
    let wrong = home.file("wrong", "a:9400\n\nhttps://b/metrics\n");
    home.fails(&["collect", "--targets", &wrong, "--once"], 2, &["line 3"]);
}

#[test]
fn a_page_that_was_never_read_is_told_and_published_as_no_host() {
    let answers = || raw("HTTP/1.1 503 Busy\r\n\r\n");
    let (unnamed, named) = (Server::start(answers()), Server::start(answers()));
    let home = Home::new();
    let manager = Manager::new(&home);
    let [one, two] = [&unnamed, &named].map(|server| format!("exporter:http://{}/metrics", server.address));
    let two = format!("{two}#host=n2");
    let args = ["collect", "--source", &one, "--source", &two, "--interval", "1s", "--sink", "out.jsonl"];
    let mut command = manager.command(&home, &args);
    command.stderr(std::fs::File::create(home.path("errors")).unwrap());
    let service = Service::as_is(&mut command);
    let hosts = || {
        let text = std::fs::read_to_string(home.path("out.jsonl")).unwrap_or_default();
        let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(parsed);
        let reports = lines.filter(|event| event["event_type"] == "collector_status");
        let host = |event: Value| event["host"]["hostname"].as_str().unwrap().to_owned();
        reports.map(host).collect::<std::collections::BTreeSet<_>>()
    };
    until("the host that is named", PATIENCE, || !hosts().is_empty());
    let tells = |line: &String| line.contains("HTTP 503") && line.contains("and 1 more");
    until("the status of both", PATIENCE, || manager.said().iter().any(tells));
    let said = std::fs::read_to_string(home.path("errors")).unwrap();
    assert!(said.contains(&format!("{one}: HTTP 503")), "{said}");
    assert_eq!(hosts(), ["n2".to_owned()].into());
    unnamed.then(whole(PAGE));
    until("the page's own host", PATIENCE, || hosts().len() > 1);
    assert_eq!(hosts(), ["n1".to_owned(), "n2".to_owned()].into());
    assert_eq!(service.stopped(PATIENCE), 0);
}

#[test]
fn the_same_gpus_by_two_names_are_told() {
    let (home, server) = (Home::new(), Server::start(whole(PAGE)));
    let [one, two] =
        ["127.0.0.1", "localhost"].map(|host| format!("exporter:http://{host}:{}/metrics", server.address.port()));
    let ran = home.run(&["collect", "--source", &one, "--source", &two, "--once", "-o", "jsonl"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let said: Vec<&str> = ran.err.lines().filter(|line| line.contains("read the same GPUs")).collect();
    assert!(
        said.len() == 1 && said[0].contains(&one) && said[0].contains(&two) && said[0].contains("GPU-"),
        "{}",
        ran.err
    );
}

#[test]
fn the_driver_is_read_and_its_absence_is_said_with_what_to_do() {
    let machine = Machine::new();
    let (home, library) = (Home::new(), machine.library());
    let out = home.ok(&["collect", "--source", "nvml#host=n1", "--libnvml", &library, "--once", "-o", "jsonl"]);
    let events: Vec<Value> = out.lines().map(parsed).filter(|event| event["gpu"].is_object()).collect();
    let first = of(&events, "GPU-00000000-0000-4000-8000-000000000000");
    assert_eq!((events.len(), &first["host"]["hostname"]), (2, &Value::from("n1")));
    assert_eq!(first["metrics"]["health"]["power_usage_w"], 312.456);
    let ran = home.run(&["collect", "--source", "nvml", "--libnvml", "/nowhere/lib.so", "--once", "-o", "jsonl"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("no NVIDIA driver on this machine") && ran.err.contains("install"), "{}", ran.err);
}

#[test]
fn the_collectors_report_names_what_auto_chose() {
    let machine = Machine::new();
    let library = machine.library();
    let args = ["collect", "--source", "auto", "--libdcgm", "/nowhere/libdcgm.so", "--libnvml", &library];
    let out = Home::new().ok(&[&args[..], &["--once", "-o", "jsonl"]].concat());
    let report = out.lines().map(parsed).find(|event| event["event_type"] == "collector_status").unwrap();
    assert_eq!(report["collector"]["source"], "nvml", "{report}");
}
