//! This machine, by the first way that works: each candidate is tried in order at every tick until one gives samples, and
//! that one stays until a better one does: those before it are tried again now and then. What answers and has no GPUs does not
//! work. Says which it took, and why not those before it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::HostReport;
use super::endpoint::{Breaker, Endpoint, Taken, Trouble};
use crate::event::Time;
use crate::event::time::MINUTE;

/// While a lesser candidate is read, the better ones are tried so often, in milliseconds (J: a host engine that starts late).
const AGAIN: i64 = MINUTE;

/// Makes a candidate, or says why it cannot be one.
pub type Make = Box<dyn FnMut() -> Result<Box<dyn Endpoint>, Trouble> + Send>;

/// A way to read this machine.
pub struct Candidate {
    /// How it is called in the log: `DCGM at dcgm://127.0.0.1:5555`.
    pub name: String,
    /// A file without which there is none, and nothing is said of it.
    pub needs: Option<&'static str>,
    /// Makes it.
    pub make: Make,
}

impl std::fmt::Debug for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Candidate").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The candidate's name.
    pub name: String,
    /// Why not those before it, a line each.
    pub not: Vec<String>,
}

/// The endpoint that chooses.
pub struct Auto {
    candidates: Vec<Candidate>,
    /// The one at work, and which candidate it is.
    chosen: Option<(usize, Box<dyn Endpoint>)>,
    /// When candidates were last tried.
    tried: Option<Time>,
    choice: Option<Choice>,
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
        Auto { candidates, chosen: None, tried: None, choice: None, breaker: Arc::default() }
    }

    /// What it chose, once it has.
    #[must_use]
    pub fn choice(&self) -> Option<&Choice> {
        self.choice.as_ref()
    }
}

impl Auto {
    /// Tries the first `most` candidates and takes the first that works.
    fn choose(&mut self, most: usize, now: Time) -> Result<Taken, Trouble> {
        self.tried = Some(now);
        let mut why = Vec::new();
        let mut hint = None;
        for (at, candidate) in self.candidates.iter_mut().enumerate().take(most) {
            if candidate.needs.is_some_and(|file| !Path::new(file).exists()) {
                continue;
            }
            let tried = (candidate.make)().and_then(|mut endpoint| {
                self.breaker.set(endpoint.breaker());
                let taken = endpoint.read(now)?;
                if is_empty(&taken) { Err(Trouble::new("it has no GPUs")) } else { Ok((taken, endpoint)) }
            });
            match tried {
                Ok((taken, endpoint)) => {
                    let not = if why.is_empty() { String::new() } else { format!(" ({})", why.join("; ")) };
                    tracing::info!("auto: reads {}{not}", candidate.name);
                    self.chosen = Some((at, endpoint));
                    self.choice = Some(Choice { name: candidate.name.clone(), not: why });
                    return Ok(taken);
                }
                Err(trouble) => {
                    why.push(format!("no {}: {}", candidate.name, trouble.why));
                    hint = hint.or(trouble.hint);
                }
            }
        }
        if let Some((_, chosen)) = &self.chosen {
            self.breaker.set(chosen.breaker());
        }
        Err(Trouble { why: why.join("; "), hint })
    }
}

/// Whether what was taken tells of hosts that have no GPU, and none that is missed.
fn is_empty(taken: &Taken) -> bool {
    let none = |host: &HostReport| host.seen == 0 && host.expected.unwrap_or(0) == 0;
    taken.readings.is_empty() && !taken.hosts.is_empty() && taken.hosts.iter().all(none)
}

impl Endpoint for Auto {
    fn read(&mut self, now: Time) -> Result<Taken, Trouble> {
        let Some((at, _)) = &self.chosen else { return self.choose(self.candidates.len(), now) };
        let rests = self.tried.is_some_and(|tried| (0..AGAIN).contains(&now.since(tried)));
        let better = *at;
        if better > 0
            && !rests
            && let Ok(taken) = self.choose(better, now)
        {
            return Ok(taken);
        }
        match &mut self.chosen {
            Some((_, chosen)) => chosen.read(now),
            None => Err(Trouble::new("nothing is chosen")),
        }
    }

    fn kind(&self) -> Option<&'static str> {
        self.chosen.as_ref().and_then(|(_, chosen)| chosen.kind())
    }

    fn between(&self) -> Option<Duration> {
        self.chosen.as_ref().and_then(|(_, chosen)| chosen.between())
    }

    fn glance(&mut self) {
        if let Some((_, chosen)) = &mut self.chosen {
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
    fn what_needs_a_file_is_passed_over_until_it_is_there() {
        let make = || -> Make { Box::new(|| Ok(Box::new(Late))) };
        let of = |needs| Auto::new(vec![Candidate { name: "A".to_owned(), needs, make: make() }]);
        assert_eq!(of(Some("/nowhere/socket")).read(Time(0)).unwrap_err().why, "");
        assert!(of(Some("/dev/null")).read(Time(0)).is_ok() && of(None).read(Time(0)).is_ok());
    }

    #[test]
    fn the_first_that_answers_is_taken_and_stays() {
        let (mut first, mut second) = (0, 0);
        let mut auto = Auto::new(vec![
            Candidate {
                name: "A".to_owned(),
                needs: None,
                make: Box::new(move || {
                    first += 1;
                    if first < 3 { Err(Trouble::new("refused").hint("start A")) } else { Ok(Box::new(Late)) }
                }),
            },
            Candidate {
                name: "B".to_owned(),
                needs: None,
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
        assert_eq!(auto.choice(), None);
        assert!(auto.read(Time(1)).is_ok() && auto.chosen.is_some(), "the second time B answers");
        assert_eq!(auto.choice().unwrap(), &Choice { name: "B".into(), not: vec!["no A: refused".into()] });
        assert!(auto.read(Time(2)).is_ok(), "A would answer now, but B stays");
        assert_eq!(auto.kind(), Some("b"));
    }

    /// Has as many GPUs as it is given.
    struct With(i64);

    impl Endpoint for With {
        fn read(&mut self, _now: Time) -> Result<Taken, Trouble> {
            let host = HostReport {
                hostname: "n1".to_owned(),
                place: [None, None, None],
                seen: self.0,
                missed: 0,
                guessed: false,
                expected: None,
                state: "ok".to_owned(),
                kind: None,
            };
            Ok(Taken { readings: Vec::new(), hosts: vec![host] })
        }
    }

    #[test]
    fn what_has_no_gpus_is_not_taken_and_what_is_better_is_taken_when_it_comes() {
        let mut first = 0;
        let better = Candidate {
            name: "A".to_owned(),
            needs: None,
            make: Box::new(move || {
                first += 1;
                Ok(Box::new(With(if first < 3 { 0 } else { 8 })))
            }),
        };
        let lesser = Candidate { name: "B".to_owned(), needs: None, make: Box::new(|| Ok(Box::new(With(2)))) };
        let mut auto = Auto::new(vec![better, lesser]);
        let mut seen = |second: i64| auto.read(Time(second * 1000)).unwrap().hosts[0].seen;
        assert_eq!(seen(0), 2, "A answers, and has none");
        assert_eq!(seen(50), 2, "not asked again yet");
        assert_eq!(seen(60), 2, "still none");
        assert_eq!(seen(110), 2);
        assert_eq!(seen(120), 8, "A has them now");
        assert_eq!(auto.choice().unwrap().name, "A");
    }
}
