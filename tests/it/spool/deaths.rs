//! A sender that is killed, at any moment, and a broker that fails at random: order and completeness of each key.

use std::collections::BTreeMap;
use std::time::Duration;

use gpuhm::pipeline::sink::Sink as _;
use gpuhm::pipeline::spool::{Limits, OF_A_KEY};

use super::fake::{Act, Broker, KEYS, copy, drain, event, start, until, whole};
use crate::support::random::splitmix;

/// One run of puts against a broker that fails at random and kills the sender `kills` times.
fn ordeal(seed: u64, kills: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut random = seed;
    let mut dice = seed ^ 0xabcd;
    let mut left = kills;
    let broker = Broker::new(move |messages| {
        let roll = splitmix(&mut dice);
        let part = usize::try_from(roll >> 32).unwrap() % (messages.len() + 1);
        match roll % 16 {
            0 if left > 0 => {
                left -= 1;
                Act::Die(part)
            }
            1 => Act::Fail(part),
            2 => Act::Fail(messages.len()),
            _ => Act::Take,
        }
    });
    let mut life = 0;
    let mut place = folder.path().join("0");
    let mut spool = start(&place, &broker, Limits::default());
    let mut put: BTreeMap<&str, u64> = BTreeMap::new();
    for _ in 0..60 {
        let messages = (0..splitmix(&mut random) % 40).map(|_| {
            let key = KEYS[usize::try_from(splitmix(&mut random) % 5).unwrap()];
            let count = put.entry(key).or_default();
            *count += 1;
            event(key, *count - 1)
        });
        spool.sink().put(messages.collect()).unwrap();
        std::thread::sleep(Duration::from_millis(splitmix(&mut random) % 8));
        if broker.is_dead() {
            life += 1;
            let next = folder.path().join(life.to_string());
            copy(&place, &next);
            (place, spool) = (next.clone(), start(&next, &broker, Limits::default()));
        }
    }
    until("the end", || {
        if broker.is_dead() {
            life += 1;
            let next = folder.path().join(life.to_string());
            copy(&place, &next);
            (place, spool) = (next.clone(), start(&next, &broker, Limits::default()));
        }
        spool.backlog().unwrap().waiting == 0
    });
    assert_eq!(spool.backlog().unwrap().dropped, 0, "seed {seed}");
    drain(spool);
    whole(&broker, &put, usize::MAX);
}

#[test]
fn whatever_fails_each_keys_events_come_in_order_and_none_is_missing() {
    std::thread::scope(|scope| {
        for seed in 0..8 {
            scope.spawn(move || ordeal(seed, 3));
        }
    });
}

#[test]
fn a_killed_sender_repeats_at_most_sixteen_of_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a"), folder.path().join("b"));
    // It takes two waves, and of the third the sender never learns that all of it arrived.
    let mut sends = 0;
    let broker = Broker::new(move |messages| {
        sends += 1;
        if sends == 3 { Act::Die(messages.len()) } else { Act::Take }
    });
    let spool = start(&first, &broker, Limits::default());
    spool.sink().put((0..500).map(|n| event(KEYS[usize::try_from(n % 5).unwrap()], n / 5)).collect()).unwrap();
    until("its death", || broker.is_dead());
    copy(&first, &second);
    let other = start(&second, &broker, Limits::default());
    drain(other);
    whole(&broker, &KEYS.map(|key| (key, 100)).into(), usize::from(OF_A_KEY));
    assert!(broker.arrived().len() > 500, "something was repeated, so this was a death");
}
