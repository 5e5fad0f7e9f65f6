//! The table of faults: a row a kind, with how it is recognised, what a person reads, and whether one must act.
//!
//! Two lists: what stands between a client and a broker ([`super::connection`]), known by the text that librdkafka tells
//! its error callback, and what a broker answers ([`super::answer`]), known by its code. Exit 2 (and no restart by
//! systemd) is for what a broker itself refuses definitely; where something else than the broker may have answered, or
//! it may pass, it is tried again.

use rdkafka::error::RDKafkaErrorCode as Code;

/// When a person must act, so that trying again is useless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Person {
    /// At any time.
    Always,
    /// At a bus's start. Later it may be a hiccup of the broker's authoriser, and a service outlives that.
    AtStart,
    /// Until the cluster has answered once. Later it may be a hiccup of the broker's login.
    AtContact,
    /// Never: it may pass.
    Never,
}

/// What was asked for, where an answer is about one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// A topic, or nothing in particular.
    Topic,
    /// A group.
    Group,
    /// A transactional id.
    Id,
    /// The cluster.
    Cluster,
}

/// How an answer is handed up, besides by [`Person`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// As the row says.
    Said,
    /// Not allowed: with the line that allows it.
    Denied(About),
    /// As the bus's own error for a topic that is not there.
    NoTopic,
    /// It says only that something failed: a reason that was heard says more.
    Veiled,
}

/// A row of what a broker answers.
#[derive(Debug)]
pub(super) struct AnswerRow {
    /// The codes that mean it.
    pub(super) codes: &'static [Code],
    /// How it is handed up.
    pub(super) answer: Answer,
    /// Who must act.
    pub(super) person: Person,
    /// What is read; `{subject}` is the topic, group or id.
    pub(super) words: &'static str,
    /// What to do; empty where nothing.
    pub(super) hint: &'static str,
}

/// What stands between a client and a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Refused,
    Unresolved,
    NoNames,
    Unroutable,
    Http,
    Foreign,
    NoTls,
    WantsTls,
    WantsLogin,
    BadCertificate,
    WantsCertificate,
    NoMechanism,
    Login,
    Mute,
    Unreachable,
    HungUp,
}

/// A row of what stands between.
#[derive(Debug)]
pub(super) struct ConnectionRow {
    /// Which.
    pub(super) kind: Kind,
    /// Any of these in a text means it.
    pub(super) texts: &'static [&'static str],
    /// Of two that are heard one after the other the weaker does not replace the stronger: what librdkafka tries after
    /// a refusal ends in vaguer words.
    pub(super) strength: u8,
    /// Who must act.
    pub(super) person: Person,
    /// What is read; `{broker}`, `{host}`, `{login}` and `{reason}` are filled in.
    pub(super) words: &'static str,
    /// What to do.
    pub(super) hint: &'static str,
}
