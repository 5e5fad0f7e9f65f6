//! Where no thread can be had: which source or look that costs is said with what to do, and nothing panics.
//!
//! As under `TasksMax=`, and for root, too: each thread asks for a stack of a gigabyte, and the address space has room for so many.

use crate::exporter::server::{Server, whole};
use crate::process::{Home, Ran};

const PAGE: &str = "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\",Hostname=\"n1\"} 41\n";

/// The binary with arguments, and room for so many threads beside its first.
fn with_threads(threads: u32, args: &str) -> Ran {
    // In KiB; what is over is for the program itself.
    let room = threads * 1_048_576 + 600_000;
    Home::new().shell(&format!("ulimit -v {room}; RUST_MIN_STACK=1073741824 exec \"$GPUHM\" {args}"))
}

/// That it ended for want of a thread, and said of what and what to do.
fn is_threadless(ran: &Ran, what: &str) {
    assert_eq!(ran.code, 3, "{what}: {}{}", ran.out, ran.err);
    let lines: Vec<&str> = ran.err.lines().collect();
    assert!(lines[0].starts_with(&format!("gpuhm: {what}: no thread for it: ")), "{what}: {lines:?}");
    assert!(lines[1].starts_with("hint: ") && lines[1].contains("TasksMax="), "{what}: {lines:?}");
    assert_eq!(lines.len(), 2, "{what}: {lines:?}");
}

fn source(server: &Server) -> String {
    format!("exporter:http://localhost:{}/metrics", server.address.port())
}

#[test]
fn a_source_that_gets_no_thread_is_named_with_what_to_do() {
    for how in ["--once -o jsonl", "--sink - --ticks 1 --interval 2s"] {
        is_threadless(&with_threads(0, &format!("collect --source nvml {how}")), "nvml");
    }
}

#[test]
fn a_page_is_found_by_its_name_without_another_thread() {
    let server = Server::start(whole(PAGE));
    let ran = with_threads(1, &format!("collect --source {} --sink - --ticks 1 --interval 2s", source(&server)));
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("\"GPU-a\""), "{}{}", ran.out, ran.err);
}

#[test]
fn a_look_that_gets_no_thread_of_its_own_says_so() {
    let server = Server::start(whole(PAGE));
    let ran = with_threads(1, &format!("collect --source {} --once -o jsonl", source(&server)));
    is_threadless(&ran, "collect --once");
}

#[test]
fn doctor_tells_a_check_that_gets_no_thread_and_looks_with_those_that_it_gets() {
    let server = Server::start(whole(PAGE));
    let look = |threads| with_threads(threads, &format!("doctor --only exporter.pages --source {}", source(&server)));
    let none = look(0);
    assert_eq!(none.code, 1, "{}{}", none.out, none.err);
    assert!(none.out.starts_with("fault    exporter.pages  doctor: no thread for it: "), "{}", none.out);
    assert!(none.out.contains("TasksMax="), "{}", none.out);
    let one = look(1);
    assert_eq!((one.code, one.err.as_str()), (0, ""), "{}", one.out);
    assert!(one.out.contains(": 1 GPU, 1 samples"), "the check's own thread does: {}", one.out);
}

#[test]
fn a_whole_pipeline_that_gets_too_few_threads_names_the_part_that_has_none_and_ends() {
    let run = "run --source sim --gpus 4 --hosts 1 --speed max --ticks 20";
    for (threads, part) in ["drain", "validate", "aggregate", "judging"].into_iter().enumerate() {
        is_threadless(&with_threads(u32::try_from(threads).unwrap(), run), part);
    }
    let ran = with_threads(4, run);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    is_threadless(&with_threads(0, &format!("{run} --for 1m")), "--for");
    is_threadless(&with_threads(0, "run --source sim --gpus 4 --hosts 1"), "service");
    is_threadless(&with_threads(1, "run --source sim --gpus 4 --hosts 1"), "retention");
    is_threadless(&with_threads(0, "demo --gpus 4 --hosts 1 --history 1m --for 1s -o json"), "--for");
}

#[test]
fn a_service_that_gets_too_few_threads_names_what_has_none() {
    for command in
        ["collect --source sim --gpus 4 --hosts 1", "validate", "aggregate", "score --every 1m", "predict --every 1m"]
    {
        is_threadless(&with_threads(0, command), "service");
        is_threadless(&with_threads(0, &format!("{command} --metrics unix:m.socket")), "metrics");
        is_threadless(&with_threads(1, &format!("{command} --metrics unix:m.socket")), "service");
    }
    is_threadless(&with_threads(1, "collect --source sim --gpus 4 --hosts 1"), "retention");
    is_threadless(&with_threads(1, "aggregate"), "retention");
}

#[test]
fn a_store_by_its_name_is_looked_up_where_a_thread_can_be_had_and_else_says_so() {
    let score = "score --once -d postgres://u@localhost:1/d";
    let none = with_threads(0, score);
    assert_eq!(none.code, 3, "{}{}", none.out, none.err);
    assert!(none.err.contains(": no thread for the look-up of localhost: "), "{}", none.err);
    assert!(none.err.lines().last().unwrap().contains("TasksMax="), "{}", none.err);
    let one = with_threads(1, score);
    assert_eq!(one.code, 3, "{}{}", one.out, one.err);
    assert!(!one.err.contains("no thread"), "the look-up's own thread does: {}", one.err);
    let by_number = with_threads(0, "score --once -d postgres://u@127.0.0.1:1/d");
    assert_eq!(by_number.code, 3, "{}{}", by_number.out, by_number.err);
    assert!(!by_number.err.contains("no thread"), "{}", by_number.err);
}

#[test]
fn a_spool_whose_sender_gets_no_thread_says_so() {
    let ran = with_threads(0, "collect --source sim --gpus 4 --hosts 1 --ticks 1 --spool spool -b localhost:1");
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let lines: Vec<&str> = ran.err.lines().collect();
    assert!(lines[0].contains(": sender: no thread for it: ") && lines[1].contains("TasksMax="), "{lines:?}");
}
