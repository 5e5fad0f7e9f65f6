//! What can go wrong with a bus, told apart by what the caller can do about it: nothing, try again, recover, or mend.

/// What can go wrong with a bus.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The log cannot be opened, made or used as it stands; a person must act.
    #[error("bus {place}: {why}")]
    Unusable {
        /// File or address.
        place: String,
        /// What is wrong with it.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// It cannot be reached or failed now; trying again may help. After a time-out it may have been done all the same.
    #[error("bus {place}: {what}: {why}")]
    Failed {
        /// File or address.
        place: String,
        /// The operation.
        what: &'static str,
        /// What happened.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The partition is to be dropped and recovered: it has another owner now, or none can tell how far its owner is.
    #[error("{topic} partition {partition} of group {group} has a new owner")]
    Fenced {
        /// The group.
        group: String,
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// No topic of that name.
    #[error("no topic {0:?}")]
    NoTopic(String),
    /// A record larger than the bus takes.
    #[error("record of {size} bytes for {topic}: the bus takes at most {limit}")]
    TooLarge {
        /// The topic.
        topic: String,
        /// The record's size.
        size: usize,
        /// The limit.
        limit: usize,
    },
}

impl BusError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            BusError::Unusable { hint, .. } | BusError::Failed { hint, .. } => hint.as_deref(),
            BusError::Fenced { .. } | BusError::NoTopic(_) | BusError::TooLarge { .. } => None,
        }
    }
}
