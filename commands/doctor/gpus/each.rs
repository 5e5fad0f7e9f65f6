//! Many looks side by side within one deadline, each on a thread of its own: one that hangs costs itself.
//!
//! What has not answered by the deadline has its call ended; what cannot be ended is left behind, and ends with the process.
//! Nothing is logged by them: what they find is told once, by who asked.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gpuhm::source::endpoint::Breaker;
use tracing::subscriber::{NoSubscriber, with_default};

/// Threads at most: more than anyone has engines that hang.
const SIDE_BY_SIDE: usize = 256;
/// How long a call that was ended has to say so.
const GRACE: Duration = Duration::from_millis(700);
/// How often a breaker is tripped: setting up spares some.
const TRIPS: usize = 3;

/// What ends one look.
#[derive(Default)]
pub(super) struct Ending(Mutex<Option<Arc<dyn Breaker>>>);

impl Ending {
    /// Ends by this from now on.
    pub(super) fn by(&self, breaker: Arc<dyn Breaker>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(breaker);
    }

    fn end(&self) {
        let breaker = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(breaker) = breaker {
            for _ in 0..TRIPS {
                breaker.trip();
            }
        }
    }
}

/// What a look at each gave, in their order; nothing where it did not come back.
pub(super) fn each<T, R>(
    of: &[T],
    patience: Duration,
    look: impl Fn(&T, &Ending) -> R + Send + Sync + 'static,
) -> Vec<Option<R>>
where
    T: Clone + Send + 'static,
    R: Send + 'static,
{
    let queue: Arc<Mutex<VecDeque<(usize, T)>>> = Arc::new(Mutex::new(of.iter().cloned().enumerate().collect()));
    let endings: Arc<Vec<Ending>> = Arc::new(of.iter().map(|_| Ending::default()).collect());
    let look = Arc::new(look);
    let (tell, told) = channel();
    let work = {
        let endings = endings.clone();
        move || {
            with_default(NoSubscriber::default(), || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some((at, one)) = next else { return };
                    let Some(ending) = endings.get(at) else { return };
                    if tell.send((at, look(&one, ending))).is_err() {
                        return;
                    }
                }
            });
        }
    };
    let threads = (0..of.len().min(SIDE_BY_SIDE)).map(|_| std::thread::Builder::new().spawn(work.clone()));
    // Where there are no more, those that there are look at the rest; where there is none, this one does.
    if threads.take_while(Result::is_ok).count() == 0 {
        work();
    }
    drop(work);
    let mut found: Vec<Option<R>> = of.iter().map(|_| None).collect();
    gather(&told, patience, &mut found);
    for (ending, _) in endings.iter().zip(&found).filter(|(_, found)| found.is_none()) {
        ending.end();
    }
    gather(&told, GRACE, &mut found);
    found
}

#[expect(clippy::disallowed_methods, reason = "how long a look may take is real time")]
fn gather<R>(told: &Receiver<(usize, R)>, patience: Duration, found: &mut [Option<R>]) {
    let until = Instant::now() + patience;
    while found.iter().any(Option::is_none) {
        let Ok((at, one)) = told.recv_timeout(until.saturating_duration_since(Instant::now())) else { return };
        if let Some(place) = found.get_mut(at) {
            *place = Some(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    struct Bell(Arc<AtomicBool>);

    impl Breaker for Bell {
        fn trip(&self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[test]
    fn what_hangs_costs_itself_and_what_can_be_ended_still_answers() {
        let found = each(&[1, 2, 3], Duration::from_millis(300), |one, ending| {
            let rung = Arc::new(AtomicBool::new(false));
            match one {
                2 => ending.by(Arc::new(Bell(rung.clone()))),
                3 => {}
                _ => rung.store(true, Ordering::SeqCst),
            }
            while !rung.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            one * 10
        });
        assert_eq!(found, [Some(10), Some(20), None]);
        assert_eq!(each(&[] as &[u8], Duration::ZERO, |_, _| 1), []);
    }
}
