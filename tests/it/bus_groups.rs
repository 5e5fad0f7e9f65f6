//! What every bus must do with groups: shares, takeover, fencing. Part of the contract suite.

use gpuhm::bus::{Bus, BusError, Finish, RAW, VALIDATED};

use crate::bus_member::{Member, ROUNDS, everything, fill, message, whole};

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
    second.until("its half", |member| member.own.len() == 16);
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
