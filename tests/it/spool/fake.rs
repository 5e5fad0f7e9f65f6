//! A broker for the spool's tests: it takes, fails, takes a part and fails, keeps a sender waiting, or sees it die.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use gpuhm::bus::{BusError, Message, Producer, RAW};
use gpuhm::pipeline::Flag;
use gpuhm::pipeline::spool::{Connect, Limits, Patience, Spool};

/// What the broker does with one send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Keeps all of it.
    Take,
    /// Keeps this many of its events, and fails.
    Fail(usize),
    /// Keeps this many, and the sender never hears of it: it is dead until the broker is given to another.
    Die(usize),
    /// Says that an event is too large.
    TooLarge(usize),
}

/// Decides what the broker does with so many events; asked under the lock.
pub(crate) type Plan = Box<dyn FnMut(&[Message]) -> Act + Send>;

struct State {
    arrived: Vec<Message>,
    plan: Plan,
    connects: u32,
    /// How many senders there were; those before the last are dead.
    life: u32,
    dead: bool,
}

/// The broker.
#[derive(Clone)]
pub(crate) struct Broker(Arc<(Mutex<State>, Condvar)>);

impl Broker {
    pub(crate) fn new(plan: impl FnMut(&[Message]) -> Act + Send + 'static) -> Broker {
        let state = State { arrived: Vec::new(), plan: Box::new(plan), connects: 0, life: 0, dead: false };
        Broker(Arc::new((Mutex::new(state), Condvar::new())))
    }

    /// One that is there.
    pub(crate) fn well() -> Broker {
        Broker::new(|_| Act::Take)
    }

    /// One that is away.
    pub(crate) fn away() -> Broker {
        Broker::new(|_| Act::Fail(0))
    }

    /// From now on it does this.
    pub(crate) fn will(&self, plan: impl FnMut(&[Message]) -> Act + Send + 'static) {
        self.0.0.lock().unwrap().plan = Box::new(plan);
    }

    /// Connections for a new sender; the former one's do nothing any more.
    pub(crate) fn connect(&self) -> Connect {
        let broker = self.clone();
        let life = {
            let mut state = self.0.0.lock().unwrap();
            state.life += 1;
            state.dead = false;
            self.0.1.notify_all();
            state.life
        };
        Box::new(move || {
            broker.0.0.lock().unwrap().connects += 1;
            Ok(Box::new(Connection { broker: broker.clone(), life }))
        })
    }

    pub(crate) fn connects(&self) -> u32 {
        self.0.0.lock().unwrap().connects
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.0.0.lock().unwrap().dead
    }

    pub(crate) fn arrived(&self) -> Vec<Message> {
        self.0.0.lock().unwrap().arrived.clone()
    }

    /// What arrived of each key, in order.
    pub(crate) fn by_key(&self) -> BTreeMap<String, Vec<u64>> {
        let mut keys: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for message in self.arrived() {
            keys.entry(text(&message.key)).or_default().push(number(&message));
        }
        keys
    }
}

struct Connection {
    broker: Broker,
    life: u32,
}

impl Producer for Connection {
    fn send(&mut self, messages: &[Message]) -> Result<(), BusError> {
        let (mutex, bell) = &*self.broker.0;
        let mut state = mutex.lock().unwrap();
        if state.life != self.life {
            return Err(failed());
        }
        let act = (state.plan)(messages);
        let (kept, answer) = match act {
            Act::Take => (messages.len(), Ok(())),
            Act::Fail(kept) | Act::Die(kept) => (kept.min(messages.len()), Err(failed())),
            Act::TooLarge(limit) => (0, Err(BusError::TooLarge { topic: RAW.to_owned(), size: limit + 1, limit })),
        };
        state.arrived.extend_from_slice(&messages[..kept]);
        if let Act::Die(_) = act {
            state.dead = true;
            drop(bell.wait_while(state, |state| state.life == self.life).unwrap());
        }
        answer
    }
}

fn failed() -> BusError {
    BusError::Failed { place: "fake".to_owned(), what: "send", why: "away".to_owned(), hint: None }
}

/// An event of `key` with its number.
pub(crate) fn event(key: &str, number: u64) -> Message {
    Message { topic: RAW, key: key.to_owned().into(), value: number.to_string().into() }
}

/// The same of about `bytes`, which compress badly.
pub(crate) fn noise(key: &str, number: u64, bytes: usize) -> Message {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut value = format!("{number} ").into_bytes();
    while value.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        value.extend(state.to_le_bytes());
    }
    Message { topic: RAW, key: key.to_owned().into(), value: value.into() }
}

/// The number of an event.
pub(crate) fn number(message: &Message) -> u64 {
    let end = message.value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(message.value.len());
    text(&message.value[..end]).parse().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Everything is sent; how it ended.
pub(crate) fn drain(spool: Spool) {
    let patience = Patience { drain: Duration::from_mins(1), silence: Some(Duration::from_mins(1)) };
    assert_eq!(spool.drain(patience, &Flag::default()).unwrap().events, 0);
}

/// What a machine finds whose collector was killed at this moment.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for name in ["spool-t.db", "spool-t.db-wal"] {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// Keys of one host.
pub(crate) const KEYS: [&str; 5] = ["GPU-a", "GPU-b", "GPU-c", "GPU-d", "host:n"];

/// A collector's spool that sends to `broker`.
pub(crate) fn start(path: &Path, broker: &Broker, limits: Limits) -> Spool {
    Spool::start(path, "t", limits, broker.connect()).unwrap()
}

/// Waits until something has come true.
pub(crate) fn until(what: &str, done: impl FnMut() -> bool) {
    crate::process::until(what, Duration::from_mins(1), done);
}

/// Whatever failed: of each key the first copies come in order and none is missing, and a sender's death repeats no more
/// than 16 of a key.
pub(crate) fn whole(broker: &Broker, put: &BTreeMap<&str, u64>, most_repeats: usize) {
    let arrived = broker.by_key();
    for (key, count) in put {
        let got = arrived.get(*key).cloned().unwrap_or_default();
        let mut next = 0;
        for number in &got {
            assert!(*number <= next, "{key}: {number} before {next} in {got:?}");
            next = next.max(number + 1);
        }
        assert_eq!(next, *count, "{key}: {got:?}");
        let repeats = got.len() - usize::try_from(*count).unwrap();
        assert!(repeats <= most_repeats, "{key}: {repeats} repeats");
    }
}
