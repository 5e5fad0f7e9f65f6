//! What is wrong with a host engine, in an operator's words, with what to do; and what is to be done about it here.
//!
//! Texts are built from codes, never from DCGM's own messages.

use super::code::Code;
use super::layout::codes::{
    COMPUTE_INSTANCE_NOT_FOUND, CONNECTION_NOT_VALID, FUNCTION_NOT_FOUND, GPUS_DETACHED, INSTANCE_NOT_FOUND, MAX_LIMIT,
    NO_DATA, NOT_CONFIGURED, NVML_DRIVER_TIMEOUT, NVML_NOT_LOADED, PAUSED, TIMEOUT, VER_MISMATCH,
};
use super::version::Version;
use crate::source::endpoint::Trouble;

/// State of an engine that stopped talking to the driver: all values of all GPUs blank.
pub(super) const LATCHED: &str = "host engine latched (XID 119?): restart nvidia-dcgm";
/// State of an engine that a diagnostic has paused.
pub(super) const PAUSED_STATE: &str = "host engine paused (by a diagnostic or dcgmi profile --pause)";
/// State of an engine without GPUs.
pub(super) const NO_GPUS: &str = "host engine has no GPUs";
/// What the connection's failure says of a port.
pub(super) const STRANGER: &str = "no host engine behind this port (connected, but it does not answer as DCGM)";

/// What to do about it.
pub(super) const STRANGER_HINT: &str =
    "DCGM's port is 5555; is it nv-hostengine that listens, and does it answer dcgmi?";

/// What a failed call means for the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// This tick has no values; the next may.
    Skip(&'static str),
    /// What was found has changed: connect anew, at once.
    Anew,
    /// Connect anew, after a pause.
    Lost,
}

/// What a call's failure means.
pub(super) fn fate(code: Code) -> Fate {
    match code.0 {
        PAUSED => Fate::Skip(PAUSED_STATE),
        NVML_DRIVER_TIMEOUT => Fate::Skip(LATCHED),
        CONNECTION_NOT_VALID | INSTANCE_NOT_FOUND | COMPUTE_INSTANCE_NOT_FOUND | NOT_CONFIGURED | NO_DATA => Fate::Anew,
        _ => Fate::Lost,
    }
}

/// Library and engine, as versions that differ are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) library: Option<Version>,
    pub(super) engine: Option<Version>,
}

impl Pair {
    /// Whether the library is the newer.
    pub(super) fn is_newer(self) -> bool {
        matches!((self.library, self.engine), (Some(library), Some(engine)) if library > engine)
    }

    /// Whether it is known that no value can be read.
    pub(super) fn is_deaf(self) -> bool {
        matches!((self.library, self.engine), (Some(library), Some(engine)) if !library.reads(engine))
    }

    /// That the library is newer, in words.
    pub(super) fn trouble(self) -> Trouble {
        let word = |version: Option<Version>| version.map_or_else(|| "?".to_owned(), |version| version.to_string());
        let (library, engine) = (word(self.library), word(self.engine));
        Trouble::new(format!(
            "host engine {engine} is older than libdcgm {library}: it does not know this library's requests"
        ))
        .hint(format!("update the host engine to {library}, or load its own libdcgm {engine}"))
    }
}

/// A failed call of a session in words; `doing` says what was tried.
pub(super) fn trouble(code: Code, doing: &str, pair: Pair) -> Trouble {
    match code.0 {
        FUNCTION_NOT_FOUND | VER_MISMATCH if pair.engine.is_none() || pair.is_newer() => pair.trouble(),
        FUNCTION_NOT_FOUND | VER_MISMATCH => Trouble::new(format!("{doing}: {code}"))
            .hint("host engine and libdcgm do not fit: install both from one version of DCGM"),
        CONNECTION_NOT_VALID => {
            Trouble::new("connection lost").hint("did the host engine stop? systemctl status nvidia-dcgm")
        }
        TIMEOUT => Trouble::new("no answer from the host engine for 60 s").hint("systemctl restart nvidia-dcgm"),
        GPUS_DETACHED => Trouble::new("GPUs are detached from the driver: waiting for them"),
        NVML_NOT_LOADED => Trouble::new("the host engine runs without a driver")
            .hint("load the NVIDIA driver (nvidia-smi must work), then restart nvidia-dcgm"),
        MAX_LIMIT => {
            Trouble::new(format!("{doing}: the host engine has no room for another group (64 for all clients)"))
                .hint("end clients that are not needed, or restart nvidia-dcgm: dcgmi group -l, dcgmi fieldgroup -l")
        }
        _ => Trouble::new(format!("{doing}: {code}")),
    }
}

/// What to do where profiling cannot be had.
pub(super) fn profiling_hint(code: Code) -> &'static str {
    match code.0 {
        -29 => "profiling before Hopper needs a host engine that runs as root",
        -33 => "profiling before Hopper needs the package datacenter-gpu-manager-4-proprietary",
        -36 => "this GPU or driver has no profiling",
        -38 => "these profiling fields cannot be read together on this GPU",
        _ => "another profiler may hold the GPU (Nsight, CUPTI, a second host engine)",
    }
}

/// A call that was ended from another thread.
pub(super) fn slow() -> Trouble {
    Trouble::new("the host engine did not answer in time: the connection was cut")
        .hint("a GPU or its driver may hang: see dmesg for XIDs; systemctl restart nvidia-dcgm")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Pair = Pair { library: Some(Version(4, 6, 0)), engine: Some(Version(4, 5, 3)) };
    const SAME: Pair = Pair { library: Some(Version(4, 6, 0)), engine: Some(Version(4, 6, 0)) };

    #[test]
    fn a_library_newer_than_its_engine_is_named_with_both_versions() {
        assert!(OLD.is_newer() && OLD.is_deaf() && !SAME.is_newer() && !SAME.is_deaf());
        let trouble = trouble(Code(-20), "reading", OLD);
        assert!(trouble.why.starts_with("host engine 4.5.3 is older than libdcgm 4.6.0: "), "{}", trouble.why);
        assert!(trouble.hint.unwrap().contains("4.5.3"));
        assert!(super::trouble(Code(-20), "reading", SAME).why.contains("-20"), "no skew, so the code is told");
    }

    #[test]
    fn what_is_lost_is_told_apart_from_what_waits() {
        assert_eq!(fate(Code(-54)), Fate::Skip(PAUSED_STATE));
        assert_eq!(fate(Code(-57)), Fate::Skip(LATCHED));
        assert_eq!(fate(Code(-21)), Fate::Anew);
        assert_eq!(fate(Code(-11)), Fate::Lost);
        assert_eq!(fate(Code(-67)), Fate::Lost);
        assert_eq!(fate(Code(-99)), Fate::Lost);
        assert_eq!(trouble(Code(-99), "reading", SAME).why, "reading: DCGM's error -99");
    }
}
