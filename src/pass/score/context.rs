//! What stands around a GPU: its host's other GPUs, whether it is missed, and whether another has its slot.
//!
//! Made once a pass, so that a pass costs the same for each GPU however many there are. Who is there is `presence`'s to
//! say, as for the rules over the fleet: one pass must not call a GPU lost and found.
//! A GPU without a host's name has no peers and is missed by nobody.

use std::collections::HashMap;

use super::peers::Peers;
use super::rule::model;
use crate::event::{Facts, Known};
use crate::pass::Now;
use crate::pass::presence::Presence;

/// A GPU's surroundings.
#[derive(Debug)]
pub(super) struct Context<'a> {
    /// The GPUs of its host and model, it among them; `None` where either is not known.
    pub(super) peers: Option<&'a Peers<'a>>,
    /// Whether its host goes on reporting without it; `None` where silence may not be judged.
    pub(super) gone: Option<bool>,
    /// The GPU that has its slot now.
    pub(super) replaced_by: Option<&'a str>,
}

/// The hosts of a fleet.
#[derive(Debug)]
pub(super) struct Hosts<'a> {
    /// By host and model.
    peers: HashMap<(&'a str, &'a str), Peers<'a>>,
    presence: Presence<'a>,
}

impl<'a> Hosts<'a> {
    pub(super) fn new(facts: &'a Facts) -> Hosts<'a> {
        let mut peers: HashMap<(&str, &str), Peers<'_>> = HashMap::new();
        for known in &facts.gpus {
            if let Some(key) = key(known) {
                peers.entry(key).or_default().add(known);
            }
        }
        peers.values_mut().for_each(Peers::sort);
        Hosts { peers, presence: Presence::new(facts) }
    }

    /// The surroundings of a GPU.
    pub(super) fn of<'h>(&'h self, known: &'h Known, now: Now) -> Context<'h> {
        let peers = key(known).and_then(|key| self.peers.get(&key));
        let gone = if known.latest.hostname.is_empty() {
            Some(false)
        } else if now.absence {
            self.presence.missed(known.uuid(), now.at)
        } else {
            None
        };
        Context { peers, gone, replaced_by: self.presence.replaced_by(known.uuid()) }
    }
}

/// Host and model, where both are known.
fn key(known: &Known) -> Option<(&str, &str)> {
    let host = known.latest.hostname.as_str();
    Some((host, model(known)?)).filter(|_| !host.is_empty())
}
