//! The pages of each service: they read by the strict reader, they tell what was done, and nobody who asks does harm.

use std::io::{Read, Write};
use std::time::Duration;

use crate::process::{Home, Service, text, until};
use crate::service_lint::{Samples, lint};
use crate::service_support::{PATIENCE, get, port, raw, ready, tcp};

const SIM: [&str; 8] = ["--source", "sim", "--gpus", "4", "--hosts", "1", "--interval", "1s"];
const OPEN: &str = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";

/// Both forms of a service's page, once `enough` says that it has done something; by the names of Prometheus' own form.
fn pages(home: &Home, args: &[&str], enough: impl Fn(&Samples) -> bool) -> Samples {
    let socket = home.path("metrics.sock");
    let address = format!("unix:{}", text(&socket));
    let service = Service::start(home.command(&[args, &["--metrics", &address]].concat()));
    ready(&socket);
    assert_eq!(get(&socket, "/healthz", "*/*").code, 200);
    let mut page = Samples::new();
    until("numbers", PATIENCE, || {
        let answer = get(&socket, "/metrics", "*/*");
        assert!(answer.code == 200 && answer.head.contains("text/plain; version=0.0.4"), "{answer:?}");
        page = lint(&answer.body, false);
        enough(&page)
    });
    let open = get(&socket, "/metrics", OPEN);
    assert!(open.head.contains("application/openmetrics-text; version=1.0.0"), "{}", open.head);
    let open = lint(&open.body, true);
    let info = "gpuhm_build_info{version=\"0.1.0\"}";
    assert!(page.contains_key(info) && open.contains_key(info), "{page:?}");
    // Both tell the same names, but for how bounds of buckets are spelt.
    let names = |page: &Samples| page.keys().filter(|key| !key.contains("le=")).cloned().collect::<Vec<_>>();
    assert_eq!(names(&page), names(&open));
    assert_eq!(service.stopped(PATIENCE), 0);
    page
}

fn at_least(name: &'static str, least: f64) -> impl Fn(&Samples) -> bool {
    move |page| page.get(name).is_some_and(|value| *value >= least)
}

#[test]
fn collect_shows_its_work() {
    let home = Home::new();
    let page = pages(&home, &[&["collect"], SIM.as_slice()].concat(), at_least("gpuhm_collect_ticks_total", 2.0));
    assert!(page["gpuhm_collect_samples_total{result=\"ok\"}"] >= 8.0);
    assert!(page["gpuhm_collect_last_success_timestamp_seconds"] > 1.7e9);
    for (name, value) in [
        ("gpuhm_collect_gpus", 4.0),
        ("gpuhm_dependency_up{name=\"bus\"}", 1.0),
        ("gpuhm_dependency_up{name=\"sim\"}", 1.0),
        ("gpuhm_collect_ticks_missed_total", 0.0),
        ("gpuhm_collect_spool_bytes", 0.0),
        ("gpuhm_collect_spool_dropped_total", 0.0),
    ] {
        assert!((page[name] - value).abs() < 0.1, "{name}: {page:?}");
    }
    assert!(page["gpuhm_collect_tick_duration_seconds_count"] >= 2.0);
}

#[test]
fn stages_show_their_work() {
    let home = Home::new();
    home.ok(&["collect", "--source", "sim", "--gpus", "4", "--hosts", "1", "--ticks", "3", "--interval", "1s"]);
    let path = home.path("broken.jsonl");
    std::fs::write(&path, "{\"no\": \"event\"}\n").unwrap();
    home.ok(&["collect", "--source", &format!("replay:{}", text(&path))]);
    let enough = at_least("gpuhm_stage_consumed_total{stage=\"validate\"}", 14.0);
    let page = pages(&home, &["validate"], enough);
    let stage = |name: &str, more: &str| page[&format!("gpuhm_stage_{name}{{stage=\"validate\"{more}}}")];
    assert!(stage("refused_total", ",rule=\"required\"") >= 1.0, "{page:?}");
    // 12 samples and reports go on, and what is refused goes to its own topic.
    assert!(stage("emitted_total", "") >= 13.0 && stage("commits_total", ",result=\"ok\"") >= 1.0);
    assert!(stage("commits_total", ",result=\"fenced\"") < 0.5);
    assert!(stage("event_age_seconds", "") >= 0.0 && stage("batch_duration_seconds_count", "") >= 1.0);
    let lags = page.keys().filter(|key| key.starts_with("gpuhm_stage_lag_events{")).count();
    assert_eq!(lags, 32, "a lag for every partition it owns");
    let enough = at_least("gpuhm_store_rows_total{table=\"gpu_metrics\"}", 12.0);
    let page = pages(&home, &["aggregate"], enough);
    assert!(page["gpuhm_store_write_duration_seconds_count"] >= 1.0);
    assert!(page["gpuhm_store_errors_total"] < 0.5 && page["gpuhm_dependency_up{name=\"store\"}"] > 0.5);
    assert!(page["gpuhm_stage_consumed_total{stage=\"aggregate\"}"] >= 12.0);
}

#[test]
fn passes_show_their_work_and_alerts() {
    let home = Home::new();
    // One that falls off the bus: a recording of it that ends now.
    let mut args = vec!["run", "--source", "sim", "--gpus", "4", "--hosts", "1", "--fault", "xid=79@1/1+2s"];
    let socket = home.path("run.sock");
    let address = format!("unix:{}", text(&socket));
    args.extend(["--interval", "1s", "--metrics", &address]);
    let service = Service::start(home.command(&args));
    ready(&socket);
    let mut page = Samples::new();
    until("an alert", PATIENCE, || {
        page = lint(&get(&socket, "/metrics", "*/*").body, false);
        page.keys().any(|key| key.starts_with("gpuhm_alerts_total{severity=\"critical\",rule="))
            && page.contains_key("gpuhm_pass_duration_seconds_count{pass=\"predict\"}")
    });
    for stage in ["validate", "aggregate"] {
        assert!(page[&format!("gpuhm_stage_consumed_total{{stage=\"{stage}\"}}")] >= 1.0, "{page:?}");
    }
    assert!(page["gpuhm_collect_ticks_total"] >= 1.0);
    assert_eq!(service.stopped(PATIENCE), 0);
    for pass in ["score", "predict"] {
        let count = format!("gpuhm_pass_duration_seconds_count{{pass=\"{pass}\"}}");
        let page = pages(&home, &[pass, "--every", "1s"], |page| page.get(&count).is_some_and(|count| *count >= 1.0));
        assert!(page[&format!("gpuhm_pass_gpus{{pass=\"{pass}\"}}")] >= 1.0, "{page:?}");
    }
}

#[test]
fn a_one_shot_leaves_its_numbers_in_a_file() {
    let home = Home::new();
    home.ok(&["run", "--source", "sim", "--gpus", "4", "--hosts", "1", "--speed", "max", "--ticks", "30"]);
    let file = home.path("score.prom");
    home.ok(&["score", "--once", "--metrics-file", &text(&file)]);
    let page = lint(&std::fs::read_to_string(&file).unwrap(), false);
    assert!((page["gpuhm_pass_gpus{pass=\"score\"}"] - 4.0).abs() < 0.1, "{page:?}");
    let left: Vec<_> =
        std::fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains(".prom.")), "{left:?}");
    let ran = home.run(&["score", "--once", "--metrics-file", "/no/such/dir/x.prom"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
}

#[test]
fn who_asks_wrongly_does_no_harm() {
    let home = Home::new();
    let port = port();
    let address = format!("127.0.0.1:{port}");
    let args = [&["collect", "--metrics", &address], SIM.as_slice()].concat();
    let mut service = Service::start(home.command(&args));
    until("the port", PATIENCE, || std::net::TcpStream::connect(&address).is_ok());
    let code = |request: &[u8]| raw(tcp(port), request).code;
    assert_eq!(code(b"GET /metrics HTTP/1.1\r\n\r\n"), 200);
    assert_eq!(code(b"GET /metrics?x=1 HTTP/1.0\r\n\r\n"), 200);
    assert_eq!(code(b"GET / HTTP/1.1\r\n\r\n"), 404);
    assert_eq!(code(b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"), 405);
    assert_eq!(code(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), 400);
    assert_eq!(code(b"GET /metrics\r\n\r\n"), 400);
    assert_eq!(code(b"\xff\xfe \xff HTTP/1.1\r\n\r\n"), 400);
    let head = raw(tcp(port), b"HEAD /metrics HTTP/1.1\r\n\r\n");
    assert!(head.code == 200 && head.body.is_empty(), "{head:?}");
    // A huge one: it is told so, or cut off.
    let huge = [b"GET /metrics HTTP/1.1\r\nA: ".as_slice(), &vec![b'a'; 4 << 20]].concat();
    assert!([0, 431].contains(&code(&huge)));
    // Slow ones take all places; the next is told to come again, and they are thrown out in the end.
    let mut slow: Vec<_> = (0..8).map(|_| tcp(port)).collect();
    for connection in &mut slow {
        connection.write_all(b"GET /met").unwrap();
    }
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(code(b"GET /metrics HTTP/1.1\r\n\r\n"), 503);
    until("free places", PATIENCE, || code(b"GET /metrics HTTP/1.1\r\n\r\n") == 200);
    for connection in &mut slow {
        let mut said = String::new();
        drop(connection.read_to_string(&mut said));
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
    }
    assert!(service.runs());
    let taken = home.run(&args);
    assert_eq!(taken.code, 2, "the port is taken: {}", taken.err);
    assert!(taken.err.contains("--metrics") && taken.err.contains("hint:"), "{}", taken.err);
    assert_eq!(service.stopped(PATIENCE), 0);
}

#[test]
fn what_is_away_is_not_ready_but_lives() {
    let home = Home::new();
    let socket = home.path("metrics.sock");
    let address = format!("unix:{}", text(&socket));
    let service = Service::start(home.command(&["validate", "-b", "127.0.0.1:1", "--metrics", &address]));
    until("the socket", PATIENCE, || socket.exists());
    until("what is away", PATIENCE, || {
        let page = lint(&get(&socket, "/metrics", "*/*").body, false);
        page.get("gpuhm_dependency_up{name=\"kafka\"}").is_some_and(|up| *up < 0.5)
    });
    let told = get(&socket, "/readyz", "*/*");
    assert!(told.code == 503 && told.body.contains("kafka down"), "{told:?}");
    assert_eq!(get(&socket, "/healthz", "*/*").code, 200);
    drop(service);
}
