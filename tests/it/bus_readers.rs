//! Checks of the contract about readers without a group: the partitions they keep to, and where they say they stand.

use std::collections::BTreeMap;

use gpuhm::bus::{Bus, BusError, From, PARTITIONS, RAW, Reader, Record, key};

use crate::bus_member::{ROUNDS, WAIT, all, fill, message, text};

fn place(key: &str) -> i32 {
    key::partition(key.as_bytes(), PARTITIONS)
}

/// Reads on until it stands at the end of all it reads; returns what came.
fn to_the_end(reader: &mut dyn Reader) -> Vec<(i32, Record)> {
    let ends: Vec<i64> = reader.ranges().unwrap().iter().map(|(_, next)| *next).collect();
    let mut records = Vec::new();
    for _ in 0..ROUNDS {
        let positions = reader.positions();
        if positions.iter().all(|(partition, at)| *at >= ends[usize::try_from(*partition).unwrap()]) {
            return records;
        }
        records.extend(reader.read(100, WAIT).unwrap());
    }
    panic!("it never says that it stands at the end: {:?}, {ends:?}", reader.positions());
}

pub(crate) fn reader_keeps_to(bus: &dyn Bus) {
    fill(bus, 100);
    let (one, other) = (place("k0"), (1..7).map(|n| place(&format!("k{n}"))).find(|at| *at != place("k0")).unwrap());
    let mut reader = bus.reader(RAW, From::Beginning).unwrap();
    assert_eq!(reader.positions().len(), 32);
    assert!(matches!(reader.only(&[one, 99]), Err(BusError::Unusable { .. })));
    reader.only(&[one, other]).unwrap();
    reader.only(&[one]).unwrap();
    let records = to_the_end(&mut *reader);
    let expected = (0..100).filter(|n| place(&format!("k{}", n % 7)) == one).map(|n| n.to_string());
    assert!(records.iter().all(|(partition, _)| *partition == one));
    assert_eq!(records.iter().map(|(_, record)| text(record).1).collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    assert_eq!(reader.positions().keys().copied().collect::<Vec<_>>(), [one]);
    let (mut producer, away) = (bus.producer().unwrap(), (1..7).find(|n| place(&format!("k{n}")) == other).unwrap());
    producer.send(&[message(RAW, &format!("k{away}"), "not this one"), message(RAW, "k0", "this one")]).unwrap();
    let more = all(&mut *reader, 1);
    assert_eq!(more.iter().map(|(_, record)| text(record).1).collect::<Vec<_>>(), ["this one"]);
    assert!(reader.read(10, WAIT).unwrap().is_empty());
}

pub(crate) fn reader_goes_on(bus: &dyn Bus) {
    for _ in 0..10 {
        fill(bus, 30);
    }
    let whole = to_the_end(&mut *bus.reader(RAW, From::Beginning).unwrap());
    assert_eq!(whole.len(), 300);
    // At every stop a new reader takes over: nothing is missed, nothing comes again.
    let mut seen: Vec<(i32, Record)> = Vec::new();
    let mut at: BTreeMap<i32, i64> = bus.reader(RAW, From::Beginning).unwrap().positions();
    while seen.len() < 300 {
        let mut reader = bus.reader(RAW, From::Cursors(at.clone())).unwrap();
        assert_eq!(reader.positions(), at);
        seen.extend(all(&mut *reader, 1));
        at = reader.positions();
        for (partition, record) in &seen {
            assert!(record.offset < at[partition], "{partition} stands at {} before what it gave", at[partition]);
        }
    }
    let sorted = |records: &[(i32, Record)]| {
        let mut places: Vec<(i32, i64)> =
            records.iter().map(|(partition, record)| (*partition, record.offset)).collect();
        places.sort_unstable();
        places
    };
    assert_eq!(sorted(&seen), sorted(&whole));
    // A partition that the cursors do not name begins at its oldest record.
    let named = at.iter().filter(|(partition, _)| **partition != place("k0")).map(|(at, next)| (*at, *next)).collect();
    let rest = to_the_end(&mut *bus.reader(RAW, From::Cursors(named)).unwrap());
    let expected: Vec<_> = sorted(&whole).into_iter().filter(|(partition, _)| *partition == place("k0")).collect();
    assert_eq!(sorted(&rest), expected);
}
