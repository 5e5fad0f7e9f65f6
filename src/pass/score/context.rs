//! What stands around a GPU: its host's other GPUs, whether it is missed, and whether another has its slot.
//!
//! Made once a pass, so that a pass costs the same for each GPU however many there are. Who is there is `presence`'s to
//! say, as for the rules over the fleet: one pass must not call a GPU lost and found.

use std::collections::HashMap;

use crate::event::{Facts, Known};
use crate::pass::Now;
use crate::pass::presence::Presence;

/// A GPU's surroundings.
#[derive(Debug)]
pub(super) struct Context<'a> {
    /// All GPUs of its host, it among them.
    pub(super) host: &'a [&'a Known],
    /// Whether its host goes on reporting without it; `None` where silence may not be judged.
    pub(super) gone: Option<bool>,
    /// The GPU that has its slot now.
    pub(super) replaced_by: Option<&'a str>,
}

/// The hosts of a fleet.
#[derive(Debug)]
pub(super) struct Hosts<'a> {
    hosts: HashMap<&'a str, Vec<&'a Known>>,
    presence: Presence<'a>,
}

impl<'a> Hosts<'a> {
    pub(super) fn new(facts: &'a Facts) -> Hosts<'a> {
        let mut hosts: HashMap<&str, Vec<&Known>> = HashMap::new();
        for known in &facts.gpus {
            hosts.entry(&known.latest.hostname).or_default().push(known);
        }
        Hosts { hosts, presence: Presence::new(facts) }
    }

    /// The surroundings of a GPU.
    pub(super) fn of<'h>(&'h self, known: &'h Known, now: Now) -> Context<'h> {
        let host = self.hosts.get(known.latest.hostname.as_str()).map_or(&[][..], Vec::as_slice);
        let gone = if now.absence { self.presence.missed(known.uuid(), now.at) } else { None };
        Context { host, gone, replaced_by: self.presence.replaced_by(known.uuid()) }
    }
}
