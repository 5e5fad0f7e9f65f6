//! What a broker answers, by its code. What is not here is told in librdkafka's words and tried again.

use rdkafka::error::RDKafkaErrorCode as Code;

use super::fault::{About, Answer, AnswerRow, Person};

const fn said(codes: &'static [Code], person: Person, words: &'static str, hint: &'static str) -> AnswerRow {
    AnswerRow { codes, answer: Answer::Said, person, words, hint }
}

const fn denied(code: &'static [Code], about: About, words: &'static str) -> AnswerRow {
    AnswerRow { codes: code, answer: Answer::Denied(about), person: Person::AtStart, words, hint: "" }
}

const fn veiled(codes: &'static [Code], words: &'static str, hint: &'static str) -> AnswerRow {
    AnswerRow { codes, answer: Answer::Veiled, person: Person::Never, words, hint }
}

/// A row a fault.
pub(super) const ROWS: [AnswerRow; 28] = [
    // Nothing but that it failed: librdkafka tells the reason to its error callback (facts/kafka.md section 6).
    veiled(&[Code::AllBrokersDown], "no broker answers", "are the brokers running? Check --bus"),
    veiled(
        &[
            Code::BrokerTransportFailure,
            Code::BrokerDestroy,
            Code::DestroyBroker,
            Code::NetworkException,
            Code::Fail,
            Code::Resolve,
            Code::SSL,
            Code::BadMessage,
            Code::Authentication,
            Code::SaslAuthenticationFailed,
            Code::UnsupportedSASLMechanism,
            Code::IllegalSASLState,
        ],
        "the connection failed",
        "are the brokers running? Their log says more",
    ),
    veiled(
        &[
            Code::OperationTimedOut,
            Code::MessageTimedOut,
            Code::RequestTimedOut,
            Code::TimedOutQueue,
            Code::WaitingForCoordinator,
        ],
        "no answer in time",
        "are the brokers running, and is one of them overloaded? Check --bus",
    ),
    denied(&[Code::TopicAuthorizationFailed], About::Topic, "not allowed to {act} topic {subject}"),
    denied(&[Code::GroupAuthorizationFailed], About::Group, "not allowed to use group {subject}"),
    denied(
        &[Code::TransactionalIdAuthorizationFailed],
        About::Id,
        "not allowed to publish in transactions as {subject}",
    ),
    denied(&[Code::ClusterAuthorizationFailed], About::Cluster, "not allowed to {act} the cluster"),
    AnswerRow {
        codes: &[Code::UnknownTopicOrPartition, Code::UnknownTopic, Code::UnknownTopicId, Code::UnknownPartition],
        answer: Answer::NoTopic,
        person: Person::Always,
        words: "no topic {subject}",
        hint: "`gpuhm migrate topics` makes the topics that are missing",
    },
    said(
        &[Code::MessageSizeTooLarge, Code::InvalidMessageSize, Code::MessageBatchTooLarge],
        Person::Always,
        "an event for {subject} is larger than the topic takes",
        "raise the topic's max.message.bytes",
    ),
    said(
        &[Code::QueueFull],
        Person::Never,
        "too much waits to be sent",
        "are the brokers slow? It goes on when they catch up",
    ),
    said(
        &[Code::KafkaStorageError, Code::LogDirNotFound],
        Person::Never,
        "a broker cannot use its disk",
        "look at the brokers' logs and at their disks: full, or faulty",
    ),
    said(
        &[Code::NotEnoughReplicas, Code::NotEnoughReplicasAfterAppend, Code::ISRInsufficient],
        Person::Never,
        "too few replicas are in sync",
        "a broker is down or behind; the topic's min.insync.replicas says how many are wanted",
    ),
    // Offsets inside transactions by group metadata (KIP-447) came with Kafka 2.5.
    said(
        &[
            Code::UnsupportedVersion,
            Code::UnsupportedFeature,
            Code::UnsupportedForMessageFormat,
            Code::UnsupportedCompressionType,
        ],
        Person::Always,
        "the broker does not know this request",
        "gpuhm needs Apache Kafka 2.5 or newer, or what does all that it does",
    ),
    said(
        &[Code::SecurityDisabled],
        Person::Always,
        "the broker has no authorizer",
        "set the broker's authorizer.class.name, or leave ACLs out",
    ),
    said(
        &[Code::PolicyViolation],
        Person::Always,
        "the cluster's policy refuses it",
        "ask who runs the cluster which settings its policy wants",
    ),
    said(
        &[Code::InvalidReplicationFactor, Code::InvalidReplicaAssignment],
        Person::Always,
        "fewer brokers than the replication factor asks for",
        "ask for fewer replicas, or start the missing brokers",
    ),
    said(
        &[Code::InvalidConfig, Code::InvalidPartitions, Code::InvalidTopic],
        Person::Always,
        "Kafka refuses the name or a setting of topic {subject}",
        "a topic's name has letters, digits, dots, - and _ only; check its settings",
    ),
    said(
        &[Code::FencedInstanceId, Code::UnreleasedInstanceId],
        Person::Always,
        "another process runs as instance {subject}",
        "give each process an --instance of its own, or stop the other one",
    ),
    // A time-out of the transaction looks the same (facts/kafka.md section 0, the trap): who publishes tries anew first.
    said(
        &[
            Code::ProducerFenced,
            Code::Fenced,
            Code::InvalidProducerEpoch,
            Code::TransactionCoordinatorFenced,
            Code::InvalidProducerIdMapping,
        ],
        Person::Never,
        "another process publishes as {subject} by now, or the transaction ran out of time",
        "give each process an --instance of its own",
    ),
    said(
        &[Code::InvalidTransactionTimeout],
        Person::Always,
        "transaction.timeout.ms is longer than the broker allows",
        "lower it by -X, or raise the broker's transaction.max.timeout.ms",
    ),
    said(
        &[Code::InvalidSessionTimeout],
        Person::Always,
        "session.timeout.ms is not what the broker allows",
        "see the broker's group.min.session.timeout.ms and group.max.session.timeout.ms",
    ),
    said(
        &[Code::InconsistentGroupProtocol],
        Person::Always,
        "members of group {subject} share partitions out in another way",
        "another program is in this group; stop it, or use a --topic-prefix of your own",
    ),
    said(&[Code::InvalidGroupId], Person::Always, "Kafka refuses the group name {subject}", ""),
    said(
        &[Code::GroupMaxSizeReached],
        Person::Never,
        "group {subject} is full",
        "the broker's group.max.size says how many members it takes",
    ),
    said(
        &[
            Code::CoordinatorLoadInProgress,
            Code::CoordinatorNotAvailable,
            Code::NotCoordinator,
            Code::LeaderNotAvailable,
            Code::NotLeaderForPartition,
            Code::BrokerNotAvailable,
            Code::ReplicaNotAvailable,
            Code::FencedLeaderEpoch,
            Code::UnknownLeaderEpoch,
        ],
        Person::Never,
        "the cluster is choosing a leader",
        "",
    ),
    said(
        &[Code::RebalanceInProgress, Code::IllegalGeneration, Code::UnknownMemberId, Code::MemberIdRequired],
        Person::Never,
        "the group is sharing its partitions out anew",
        "",
    ),
    said(&[Code::ThrottlingQuotaExceeded], Person::Never, "the broker holds us back by a quota", ""),
    said(
        &[Code::PollExceeded],
        Person::Never,
        "a batch took longer than max.poll.interval.ms",
        "is the store slow? max.poll.interval.ms can be raised by -X",
    ),
];

/// The row of a code.
pub(super) fn row(code: Code) -> Option<&'static AnswerRow> {
    ROWS.iter().find(|row| row.codes.contains(&code))
}
