//! The forms of the log: the journal's priorities where standard error is the journal's, JSON where that is asked for.

use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use crate::process::{Home, Service, parsed};
use crate::service_support::PATIENCE;

/// What `collect` says on a pipe; `journal` says whether that is announced as the journal's.
fn said(journal: bool, more: &[&str]) -> String {
    let home = Home::new();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let found = std::fs::metadata(format!("/proc/self/fd/{}", writer.as_raw_fd())).unwrap();
    let inode = if journal { found.ino() } else { found.ino() + 1 };
    let args = [&["collect", "--source", "sim", "--gpus", "1", "--hosts", "1", "--speed", "max", "--ticks", "1"], more];
    let mut command = home.command(&args.concat());
    command.env("JOURNAL_STREAM", format!("{}:{inode}", found.dev())).stderr(writer);
    let mut service = Service::as_is(&mut command);
    // The command holds the writing end, too.
    drop(command);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(service.ended(PATIENCE), 0, "{text}");
    text
}

#[test]
fn the_journal_gets_priorities_and_others_do_not() {
    let text = said(true, &[]);
    assert!(text.lines().count() >= 1 && text.lines().all(|line| line.starts_with("<6>")), "{text}");
    assert!(text.contains("<6>collected 1 samples"), "{text}");
    let text = said(false, &[]);
    assert!(text.contains(" INFO collected 1 samples") && !text.contains("<6>"), "redirected: {text}");
    let text = said(true, &["--log-format", "text"]);
    assert!(text.contains(" INFO collected") && !text.contains("<6>"), "{text}");
}

#[test]
fn json_is_an_object_a_line() {
    let text = said(true, &["--log-format", "json"]);
    assert!(text.lines().count() >= 1);
    for line in text.lines() {
        let object = parsed(line);
        assert!(object["ts"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
        assert_eq!(object["level"], "info", "{line}");
        assert!(object["message"].as_str().is_some_and(|message| !message.is_empty()), "{line}");
    }
}
