//! This machine, by the first way that works: each candidate is tried in order at every tick until one gives samples, and
//! that one stays. Says which it took, and why not those before it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::endpoint::{Breaker, Endpoint, Taken, Trouble};
use crate::event::Time;

/// Makes a candidate, or says why it cannot be one.
pub type Make = Box<dyn FnMut() -> Result<Box<dyn Endpoint>, Trouble> + Send>;

/// A way to read this machine.
pub struct Candidate {
    /// How it is called in the log: `DCGM at dcgm://127.0.0.1:5555`.
    pub name: String,
    /// Makes it.
    pub make: Make,
}

impl std::fmt::Debug for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Candidate").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The endpoint that chooses.
pub struct Auto {
    candidates: Vec<Candidate>,
    chosen: Option<Box<dyn Endpoint>>,
    breaker: Arc<Latest>,
}

impl std::fmt::Debug for Auto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let chosen = self.chosen.is_some();
        f.debug_struct("Auto").field("candidates", &self.candidates).field("chosen", &chosen).finish_non_exhaustive()
    }
}

impl Auto {
    /// Chooses among `candidates`, the best first.
    #[must_use]
    pub fn new(candidates: Vec<Candidate>) -> Auto {
        Auto { candidates, chosen: None, breaker: Arc::default() }
    }
}

impl Endpoint for Auto {
    fn read(&mut self, now: Time) -> Result<Taken, Trouble> {
        if let Some(chosen) = &mut self.chosen {
            return chosen.read(now);
        }
        let mut why = Vec::new();
        let mut hint = None;
        for candidate in &mut self.candidates {
            let tried = (candidate.make)().and_then(|mut endpoint| {
                self.breaker.set(endpoint.breaker());
                Ok((endpoint.read(now)?, endpoint))
            });
            match tried {
                Ok((taken, endpoint)) => {
                    let not = if why.is_empty() { String::new() } else { format!(" ({})", why.join("; ")) };
                    tracing::info!("auto: reads {}{not}", candidate.name);
                    self.chosen = Some(endpoint);
                    return Ok(taken);
                }
                Err(trouble) => {
                    why.push(format!("no {}: {}", candidate.name, trouble.why));
                    hint = hint.or(trouble.hint);
                }
            }
        }
        Err(Trouble { why: why.join("; "), hint })
    }

    fn kind(&self) -> Option<&'static str> {
        self.chosen.as_ref().and_then(|chosen| chosen.kind())
    }

    fn between(&self) -> Option<Duration> {
        self.chosen.as_ref().and_then(|chosen| chosen.between())
    }

    fn glance(&mut self) {
        if let Some(chosen) = &mut self.chosen {
            chosen.glance();
        }
    }

    fn breaker(&self) -> Arc<dyn Breaker> {
        Arc::clone(&self.breaker) as Arc<dyn Breaker>
    }
}

/// The breaker of the candidate at work.
#[derive(Default)]
struct Latest(Mutex<Option<Arc<dyn Breaker>>>);

impl Latest {
    fn set(&self, breaker: Arc<dyn Breaker>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(breaker);
    }
}

impl Breaker for Latest {
    fn trip(&self) {
        let latest = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(breaker) = latest {
            breaker.trip();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers.
    struct Late;

    impl Endpoint for Late {
        fn read(&mut self, _now: Time) -> Result<Taken, Trouble> {
            Ok(Taken::default())
        }

        fn kind(&self) -> Option<&'static str> {
            Some("b")
        }
    }

    #[test]
    fn the_first_that_answers_is_taken_and_stays() {
        let (mut first, mut second) = (0, 0);
        let mut auto = Auto::new(vec![
            Candidate {
                name: "A".to_owned(),
                make: Box::new(move || {
                    first += 1;
                    if first < 3 { Err(Trouble::new("refused").hint("start A")) } else { Ok(Box::new(Late)) }
                }),
            },
            Candidate {
                name: "B".to_owned(),
                make: Box::new(move || {
                    second += 1;
                    if second < 2 { Err(Trouble::new("no driver")) } else { Ok(Box::new(Late)) }
                }),
            },
        ]);
        let trouble = auto.read(Time(0)).unwrap_err();
        assert_eq!(
            (trouble.why.as_str(), trouble.hint.as_deref()),
            ("no A: refused; no B: no driver", Some("start A"))
        );
        assert_eq!(auto.kind(), None, "nothing is chosen");
        assert!(auto.read(Time(1)).is_ok() && auto.chosen.is_some(), "the second time B answers");
        assert!(auto.read(Time(2)).is_ok(), "A would answer now, but B stays");
        assert_eq!(auto.kind(), Some("b"));
    }
}
