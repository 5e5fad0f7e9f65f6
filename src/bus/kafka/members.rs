//! Who a group's members are, as brokers describe them: a name from the member id, topics from its subscription.

/// A member as the broker lists it.
pub(super) type Member = rdkafka::groups::GroupMemberInfo;

/// Characters of the UUID that a broker puts behind a member's name, with its hyphen.
const SUFFIX: usize = 37;

/// The instance's or client's name in a member id.
pub(super) fn name(id: &str) -> &str {
    id.len().checked_sub(SUFFIX).and_then(|at| id.split_at_checked(at)).map_or(id, |(name, _)| name)
}

/// The topics of a subscription in Kafka's consumer protocol: version (2 bytes), count (4), then length (2) and name.
pub(super) fn topics(subscription: &[u8]) -> Option<Vec<String>> {
    let (_, rest) = subscription.split_at_checked(2)?;
    let (count, mut rest) = rest.split_first_chunk::<4>()?;
    let mut topics = Vec::new();
    for _ in 0..i32::from_be_bytes(*count) {
        let (length, behind) = rest.split_first_chunk::<2>()?;
        let (name, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        topics.push(String::from_utf8_lossy(name).into_owned());
        rest = behind;
    }
    Some(topics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_stands_before_the_uuid() {
        assert_eq!(name("node-7-9f3b4f0e-52a5-4f1e-8a52-0c2a7c7f0a11"), "node-7");
        assert_eq!(name("short"), "short");
    }

    #[test]
    fn subscriptions_are_read_and_damage_is_not() {
        let bytes = [0, 1, 0, 0, 0, 2, 0, 1, b'a', 0, 2, b'b', b'c', 0, 0, 0, 0];
        assert_eq!(topics(&bytes), Some(vec!["a".to_owned(), "bc".to_owned()]));
        assert_eq!(topics(&bytes[..10]), None);
        assert_eq!(topics(&[]), None);
    }
}
