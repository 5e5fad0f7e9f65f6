//! A collector whose machine's clock is corrected: set back it is not silenced, set forward it has missed nothing.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use crate::process::{Home, Service, text, until};
use crate::service_support::PATIENCE;

/// Takes the C library's place for one call: the wall clock is off by the seconds that stand in a file.
const SHIM: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = syscall(SYS_clock_gettime, clock, time);
  const char *path = getenv("OFF_BY");
  FILE *file = result == 0 && clock == CLOCK_REALTIME && path ? fopen(path, "r") : 0;
  long seconds = 0;
  if (file) {
    if (fscanf(file, "%ld", &seconds) == 1) time->tv_sec += seconds;
    fclose(file);
  }
  return result;
}
"#;

/// Compiles it; who builds Rust has a C compiler to link by.
fn shim(home: &Home) -> String {
    let (source, library) = (home.file("off_by.c", SHIM), text(&home.path("off_by.so")));
    assert!(Command::new("cc").args(["-shared", "-fPIC", "-o", &library, &source]).status().unwrap().success());
    library
}

/// Sets the clock of those who read it from there, by one step.
fn set(home: &Home, seconds: i64) {
    let new = home.file("new", seconds.to_string());
    std::fs::rename(new, home.path("off_by")).unwrap();
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).unwrap_or_default().lines().count()
}

#[test]
fn a_clock_that_is_set_neither_silences_a_collector_nor_makes_it_tell_of_losses() {
    let home = Home::new();
    set(&home, 0);
    let (events, errors) = (home.path("events"), home.path("errors"));
    let args = ["collect", "--source", "sim", "--gpus", "1", "--hosts", "1", "--interval", "500ms", "--sink"];
    let mut command = home.command(&[&args[..], &[&text(&events)]].concat());
    command.env("LD_PRELOAD", shim(&home)).env("OFF_BY", home.path("off_by"));
    command.stdout(std::process::Stdio::null()).stderr(File::create(&errors).unwrap());
    let service = Service::as_is(&mut command);
    let more = |what: &str| {
        let before = lines(&events);
        until(what, PATIENCE, || lines(&events) >= before + 4);
    };
    more("the first ticks");
    set(&home, -600);
    more("ticks after the clock was set back");
    set(&home, 600);
    more("ticks after the clock was set forward");
    assert_eq!(service.stopped(PATIENCE), 0);
    let said = std::fs::read_to_string(&errors).unwrap();
    let set_back = ["59", "60"].map(|by| said.matches(&format!("the clock was set back by about {by}")).count());
    assert_eq!(set_back.iter().sum::<usize>(), 1, "{said}");
    // 2,400 by the clock; some may be by a busy machine.
    let missed = said.lines().find_map(|line| line.strip_suffix(" missed")?.rsplit_once(", ")?.1.parse::<u64>().ok());
    assert!(missed.is_some_and(|missed| missed < 200), "{said}");
}
