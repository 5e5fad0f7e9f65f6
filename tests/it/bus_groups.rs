//! What every bus must do with groups: shares, takeover, fencing. Part of the contract suite.

use gpuhm::bus::{Bus, BusError, Finish, PARTITIONS, RAW, VALIDATED};
use gpuhm::event::time::DAY;
use gpuhm::pipeline::clock::wall;

use crate::bus_member::{Member, ROUNDS, WAIT, everything, fill, message, whole};

pub(crate) fn not_owned_is_fenced(bus: &dyn Bus) {
    fill(bus, 20);
    let mut member = Member::join(bus, "g", "a");
    member.until("the records", |member| member.seen.len() == 20);
    let (partition, positions) = (member.seen[0].0, member.positions());
    member.consumer.release(&[partition]).unwrap();
    let finish = Finish { events: vec![message(VALIDATED, "k", "no")], positions, ..Finish::default() };
    let error = member.consumer.finish(&finish).unwrap_err();
    assert!(matches!(error, BusError::Fenced { partition: at, .. } if at == partition), "{error}");
    assert!(whole(bus, VALIDATED).is_empty());
    assert_eq!(bus.lag("g", RAW).unwrap(), 20);
}

pub(crate) fn one_bearer(bus: &dyn Bus) {
    fill(bus, 20);
    let mut older = Member::join(bus, "g", "a");
    older.until("the records", |member| member.seen.len() == 20);
    let mut newer = Member::join(bus, "g", "a");
    newer.until("everything", |member| member.own == everything());
    let (events, positions) = (vec![message(VALIDATED, "k", "no")], older.positions());
    assert!(older.consumer.finish(&Finish { events, positions, ..Finish::default() }).is_err());
    assert!(whole(bus, VALIDATED).is_empty());
    assert_eq!(bus.lag("g", RAW).unwrap(), 20);
}

pub(crate) fn two_share(bus: &dyn Bus) {
    let mut first = Member::join(bus, "g", "a");
    first.until("everything", |member| member.own == everything());
    assert!(first.consumer.others().unwrap().is_empty());
    let mut second = Member::join(bus, "g", "b");
    second.step();
    assert!(second.own.is_empty(), "nobody takes from the living");
    first.until("what to give up", |member| member.revoking.len() == 16);
    first.release();
    for _ in 0..ROUNDS {
        // Each looks after itself: a group changes when its members take part.
        first.step();
        second.step();
        if second.own.len() == 16 {
            break;
        }
    }
    assert!(first.own.is_disjoint(&second.own));
    fill(bus, 200);
    for _ in 0..ROUNDS {
        first.step();
        second.step();
        if first.seen.len() + second.seen.len() >= 200 {
            break;
        }
    }
    assert_eq!(first.seen.len() + second.seen.len(), 200);
    assert_eq!((first.own.len(), second.own.len()), (16, 16), "the shares stay");
    assert_eq!(first.consumer.others().unwrap(), ["b"]);
}

pub(crate) fn leaver(bus: &dyn Bus) {
    let mut first = Member::join(bus, "g", "a");
    first.until("everything", |member| member.own == everything());
    let mut second = Member::join(bus, "g", "b");
    second.step();
    drop(first);
    second.until("everything", |member| member.own == everything());
    let mut other_group = Member::join(bus, "h", "a");
    other_group.until("everything", |member| member.own == everything());
}

pub(crate) fn members_without_joining(bus: &dyn Bus) {
    let members = |group| bus.members(group, RAW).unwrap();
    assert!(members("g").is_empty());
    let mut first = Member::join(bus, "g", "b");
    first.until("everything", |member| member.own == everything());
    for _ in 0..40 {
        assert_eq!(members("g"), ["b"]);
        first.step();
        assert!(first.revoking.is_empty() && first.lost.is_empty(), "who only asked was given something");
        assert!(bus.members("g", VALIDATED).unwrap().is_empty(), "of another topic");
    }
    let mut second = Member::join(bus, "g", "a");
    let told = (0..ROUNDS).any(|_| {
        first.step();
        second.step();
        members("g") == ["a", "b"]
    });
    assert!(told, "a member that joined is never told");
    drop(first);
    let gone = (0..ROUNDS).any(|_| {
        std::thread::sleep(WAIT);
        members("g") == ["a"]
    });
    assert!(gone, "a member that left is told for ever");
    assert!(members("h").is_empty());
    assert!(matches!(bus.members("g", "none"), Err(BusError::NoTopic(_))));
}

pub(crate) fn dropped_is_passed(bus: &dyn Bus) {
    let mut member = Member::join(bus, "g", "a");
    member.until("everything", |member| member.own == everything() && member.ends == everything());
    fill(bus, 50);
    // A bus whose retention is its server's need not drop anything now: then the records come.
    bus.retain(wall().plus(3650 * DAY)).unwrap();
    let ends = member.consumer.ends().unwrap();
    let at_end = |member: &Member| (0..PARTITIONS).zip(&ends).all(|(at, end)| member.next[&at] == *end);
    member.until("the end", |member| member.ends == everything() && at_end(member));
    assert_eq!(member.skipped + u64::try_from(member.seen.len()).unwrap(), 50);
    member.consumer.finish(&Finish { positions: member.positions(), ..Finish::default() }).unwrap();
    let recovery = member.consumer.recover(member.positions()[0].partition).unwrap();
    assert_eq!(recovery.committed, ends[0]);
    fill(bus, 7);
    let seen = member.seen.len();
    member.until("what comes next", |member| member.seen.len() == seen + 7);
}
