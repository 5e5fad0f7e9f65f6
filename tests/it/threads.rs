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

fn source(server: &Server) -> String {
    format!("exporter:http://localhost:{}/metrics", server.address.port())
}

#[test]
fn a_source_that_gets_no_thread_is_named_with_what_to_do() {
    for how in ["--once -o jsonl", "--sink - --ticks 1 --interval 2s"] {
        let ran = with_threads(0, &format!("collect --source nvml {how}"));
        assert_eq!(ran.code, 3, "{how}: {}{}", ran.out, ran.err);
        let lines: Vec<&str> = ran.err.lines().collect();
        assert!(lines[0].starts_with("gpuhm: nvml: no thread for it: "), "{how}: {lines:?}");
        assert!(lines[1].starts_with("hint: ") && lines[1].contains("TasksMax="), "{how}: {lines:?}");
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
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let lines: Vec<&str> = ran.err.lines().collect();
    assert!(lines[0].starts_with("gpuhm: collect --once: no thread for it: "), "{lines:?}");
    assert!(lines[1].starts_with("hint: ") && lines[1].contains("TasksMax="), "{lines:?}");
}

#[test]
fn doctor_tells_a_check_that_gets_no_thread_and_looks_with_those_that_it_gets() {
    let server = Server::start(whole(PAGE));
    let look = |threads| with_threads(threads, &format!("doctor --only exporter.pages --source {}", source(&server)));
    let none = look(0);
    assert_eq!(none.code, 1, "{}{}", none.out, none.err);
    assert!(none.out.starts_with("fault    exporter.pages  no thread for it: "), "{}", none.out);
    assert!(none.out.contains("TasksMax="), "{}", none.out);
    let one = look(1);
    assert_eq!((one.code, one.err.as_str()), (0, ""), "{}", one.out);
    assert!(one.out.contains(": 1 GPU, 1 samples"), "the check's own thread does: {}", one.out);
}
