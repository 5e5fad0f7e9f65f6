//! Being fenced from the group: by a namesake, which is for a person to mend, or by an outage, which is not.
//!
//! A client that takes its session for over forgets its member id. Where its caller is busy meanwhile, in a transaction
//! that cannot be finished, its next heartbeat has no id, and the coordinator that is back fences the instance for it:
//! for good, as far as librdkafka is concerned. So a client whose session was over is made anew once; what has a session
//! and is fenced has a namesake.

use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::{KafkaConsumer, Standing};
use crate::bus::BusError;

impl KafkaConsumer {
    /// What a client's error means for this member; `None` where it passes by itself, or did.
    pub(super) fn trouble(&mut self, error: &KafkaError) -> Option<BusError> {
        match error {
            KafkaError::MessageConsumptionFatal(code)
            | KafkaError::MessageConsumption(code @ Code::FencedInstanceId) => self.exiled(*code).err(),
            // Who reads by assignment names a group without a right to it; a member needs the right.
            error if error.rdkafka_error_code() == Some(Code::GroupAuthorizationFailed) => {
                Some(self.kafka.words.error("join group", &self.join.group, error))
            }
            // It was there when this member came. A broker that has just started may not know it yet.
            error if unknown(error) => {
                let why = format!("{} is not known to the brokers now", self.join.topic);
                Some(self.kafka.words.failed("read topic", why))
            }
            error if crate::bus::kafka::scan::passes(error) => None,
            error => Some(self.kafka.words.error("read topic", &self.join.topic, error)),
        }
    }

    /// Whether the client is of no use any more.
    pub(super) fn is_over(&self) -> bool {
        self.client.client().fatal_error().is_some()
    }

    /// Joins anew where nobody else is to blame.
    pub(super) fn exiled(&mut self, code: Code) -> Result<(), BusError> {
        // That it is over is one code for every reason; the client keeps the reason.
        let code = self.client.client().fatal_error().map_or(code, |(code, _)| code);
        if !self.client.context().expired() || code != Code::FencedInstanceId {
            return Err(self.fatal(code));
        }
        tracing::debug!("kafka: group {}: fenced after its session was over; joins anew", self.group);
        let client = Self::client(&self.kafka, &self.join, &self.topic, &self.group)?;
        for (partition, own) in std::mem::take(&mut self.owned) {
            if own.standing != (Standing::Given { told: false }) {
                self.untold.lost.push(partition);
            }
        }
        self.revoked.clear();
        self.recovered.clear();
        self.writer = None;
        self.leave();
        self.client = client;
        Ok(())
    }

    /// Answers whatever the group still waits for; from here on callbacks answer by themselves. A client that closes with
    /// an answer open never does.
    pub(super) fn leave(&self) {
        self.client.context().close();
        drop(self.client.context().changes());
        if let Err(error) = self.client.unassign() {
            tracing::debug!("kafka: leaving group {}: {error}", self.group);
        }
    }

    fn fatal(&self, code: Code) -> BusError {
        let instance = &self.join.instance;
        let (why, hint) = if code == Code::FencedInstanceId {
            (
                format!("group {}: another process has joined as instance {instance}", self.join.group),
                Some("give each process a name of its own with --instance".to_owned()),
            )
        } else {
            (format!("group {}: {code}", self.join.group), None)
        };
        self.kafka.words.unusable(why, hint)
    }
}

fn unknown(error: &KafkaError) -> bool {
    matches!(error.rdkafka_error_code(), Some(Code::UnknownTopicOrPartition | Code::UnknownTopic))
}
